/* Preloaded into a process: writes down every change it makes to files below $CRASH_ROOT, every
 * sync, and every byte it sends, in the order in which they took place, to the file $CRASH_LOG
 * (record.h).
 *
 * $CRASH_CONTROL names a fifo: a byte 'k' read from it ends the process at once, between two
 * operations; 's' in the middle of the next sync of a write-ahead log, when its bytes are written
 * and may be lost. An operation that the disk model does not know ends the process, loudly. */
#include "record.h"

#include "preload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 65536, PATH_BYTES = 4096 };

static struct file {
    uint64_t handle; /* 0: none of ours */
    bool is_wal;
    bool is_stdio; /* written by the C library behind our back: read back at each sync */
    uint32_t connection;
} files[FDS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static char root[PATH_BYTES];
static size_t root_len;
static uint64_t last_handle, last_sync;
static uint32_t last_connection;
static bool kill_in_sync;

static void refuse(const char *what, const char *path)
{
    fprintf(stderr, "crash recorder: %s of %s: the disk model has no such thing\n", what, path);
    abort();
}

static void write_log(const void *data, size_t n)
{
    REAL(write);
    const char *p = data;
    while (n > 0) {
        ssize_t done = real_write(log_fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            perror("crash recorder: the log cannot be written");
            abort();
        }
        p += done;
        n -= (size_t)done;
    }
}

/* Under the lock. Leaves errno alone. */
static void record(enum crash_type type, uint64_t a, uint64_t b, const void *data, size_t n)
{
    struct crash_record r = {.size = (uint32_t)n, .type = type, .a = a, .b = b};
    int saved = errno;
    write_log(&r, sizeof r);
    write_log(data, n);
    errno = saved;
}

/* ---- Control ---- */

static void *control(void *path)
{
    REAL(open);
    char command;
    int fd = real_open(path, O_RDWR | O_CLOEXEC);
    while (fd >= 0 && read(fd, &command, 1) == 1) {
        pthread_mutex_lock(&lock);
        if (command == 'k')
            kill(getpid(), SIGKILL);
        kill_in_sync = command == 's';
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void)
{
    REAL(open);
    const char *folder = getenv("CRASH_ROOT"), *path = getenv("CRASH_LOG");
    char *fifo = getenv("CRASH_CONTROL");
    pthread_t thread;
    if (!folder || !path)
        return;
    root_len = strlen(folder);
    if (root_len == 0 || root_len >= sizeof root)
        refuse("root", folder);
    memcpy(root, folder, root_len + 1);
    log_fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        refuse("log", path);
    record(CRASH_START, (uint64_t)getpid(), 0, NULL, 0);
    /* Signals are for the threads of the process. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (fifo && pthread_create(&thread, NULL, control, fifo) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Paths ---- */

/* The path below the root, in its one form; false: it is elsewhere. */
static bool ours(const char *path, char to[PATH_BYTES])
{
    size_t n = 0;
    if (log_fd < 0 || !path || strncmp(path, root, root_len) != 0 ||
        (path[root_len] != '/' && path[root_len] != '\0'))
        return false;
    for (path += root_len; *path; path++) {
        if (*path == '/' && (n == 0 || to[n - 1] == '/'))
            continue;
        if (n + 1 == PATH_BYTES)
            refuse("length", path);
        to[n++] = *path;
    }
    while (n > 0 && to[n - 1] == '/')
        n--;
    to[n] = '\0';
    if (strstr(to, "../"))
        refuse("..", to);
    return true;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* RocksDB's own log file tells nothing, and is written by the C library. */
static bool is_text_log(const char *path)
{
    const char *name = strrchr(path, '/');
    return strncmp(name ? name + 1 : path, "LOG", 3) == 0 && !ends_with(path, "LOCK");
}

static void record_two(enum crash_type type, const char *from, const char *to)
{
    char both[2 * PATH_BYTES];
    size_t n = strlen(from), m = strlen(to);
    memcpy(both, from, n + 1);
    memcpy(both + n + 1, to, m + 1);
    record(type, 0, 0, both, n + m + 2);
}

static struct file *file_of(int fd)
{
    return log_fd >= 0 && fd >= 0 && fd < FDS && files[fd].handle ? &files[fd] : NULL;
}

/* ---- Opening and closing ---- */

static int do_open(const char *path, int flags, mode_t mode)
{
    REAL(open);
    char rel[PATH_BYTES];
    if (!ours(path, rel) || is_text_log(rel))
        return real_open(path, flags, mode);
    if ((flags & O_TMPFILE) == O_TMPFILE)
        refuse("O_TMPFILE", path);
    pthread_mutex_lock(&lock);
    int fd = real_open(path, flags, mode);
    if (fd >= FDS)
        refuse("number", path);
    if (fd >= 0) {
        files[fd].handle = ++last_handle;
        files[fd].is_wal = ends_with(rel, ".log");
        files[fd].is_stdio = false;
        record(CRASH_OPEN, last_handle, (uint64_t)flags, rel, strlen(rel) + 1);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

PRELOAD_OPEN(do_open)

int openat(int dir, const char *path, int flags, ...)
{
    PRELOAD_MODE(flags, mode)
    REAL(openat);
    if (file_of(dir) && (flags & O_ACCMODE) != O_RDONLY)
        refuse("openat", path);
    return path[0] == '/' ? do_open(path, flags, mode) : real_openat(dir, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return do_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static void check_fopen(const char *path, const char *mode)
{
    char rel[PATH_BYTES];
    if (ours(path, rel) && !is_text_log(rel) && strpbrk(mode, "wa+"))
        refuse("fopen", path);
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    check_fopen(path, mode);
    return real_fopen(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    REAL(fopen64);
    check_fopen(path, mode);
    return real_fopen64(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
    REAL(fdopen);
    if (file_of(fd))
        files[fd].is_stdio = true;
    return real_fdopen(fd, mode);
}

int close(int fd)
{
    REAL(close);
    if (log_fd < 0 || fd < 0 || fd >= FDS)
        return real_close(fd);
    pthread_mutex_lock(&lock);
    if (files[fd].handle)
        record(CRASH_CLOSE, files[fd].handle, 0, NULL, 0);
    files[fd].handle = 0;
    files[fd].connection = 0;
    int result = real_close(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

/* ---- Writing ---- */

static ssize_t written(struct file *file, uint64_t at, const struct iovec *iov, int count,
                       ssize_t n)
{
    size_t left = n > 0 ? (size_t)n : 0;
    for (int i = 0; i < count && left > 0; i++) {
        size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;
        record(CRASH_WRITE, file->handle, at, iov[i].iov_base, part);
        at += part;
        left -= part;
    }
    return n;
}

ssize_t write(int fd, const void *data, size_t n)
{
    REAL(write);
    struct file *file = file_of(fd);
    if (!file)
        return real_write(fd, data, n);
    pthread_mutex_lock(&lock);
    uint64_t at = (uint64_t)lseek(fd, 0, SEEK_CUR);
    struct iovec iov = {(void *)(uintptr_t)data, n};
    ssize_t result = written(file, at, &iov, 1, real_write(fd, data, n));
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    REAL(writev);
    struct file *file = file_of(fd);
    if (!file)
        return real_writev(fd, iov, count);
    pthread_mutex_lock(&lock);
    uint64_t at = (uint64_t)lseek(fd, 0, SEEK_CUR);
    ssize_t result = written(file, at, iov, count, real_writev(fd, iov, count));
    pthread_mutex_unlock(&lock);
    return result;
}

static ssize_t do_pwrite(int fd, const void *data, size_t n, off_t at)
{
    REAL(pwrite);
    struct file *file = file_of(fd);
    if (!file)
        return real_pwrite(fd, data, n, at);
    pthread_mutex_lock(&lock);
    struct iovec iov = {(void *)(uintptr_t)data, n};
    ssize_t result = written(file, (uint64_t)at, &iov, 1, real_pwrite(fd, data, n, at));
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    return do_pwrite(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    return do_pwrite(fd, data, n, at);
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t at)
{
    REAL(pwritev);
    if (file_of(fd))
        refuse("pwritev", "a file");
    return real_pwritev(fd, iov, count, at);
}

static int do_truncate(int fd, off_t size)
{
    REAL(ftruncate);
    struct file *file = file_of(fd);
    if (!file)
        return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    int result = real_ftruncate(fd, size);
    if (result == 0)
        record(CRASH_TRUNCATE, file->handle, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t size)
{
    return do_truncate(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return do_truncate(fd, size);
}

/* Only what changes no content: room set aside behind the end, and given back. */
int fallocate(int fd, int mode, off_t at, off_t n)
{
    REAL(fallocate);
    struct stat st;
    if (file_of(fd) && !(mode & FALLOC_FL_KEEP_SIZE))
        refuse("fallocate", "a file");
    if (file_of(fd) && (mode & FALLOC_FL_PUNCH_HOLE) && fstat(fd, &st) == 0 && at < st.st_size)
        refuse("a hole", "a file");
    return real_fallocate(fd, mode, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    REAL(posix_fallocate);
    if (file_of(fd))
        refuse("posix_fallocate", "a file");
    return real_posix_fallocate(fd, at, n);
}

void *mmap(void *where, size_t n, int prot, int flags, int fd, off_t at)
{
    REAL(mmap);
    if (file_of(fd) && (prot & PROT_WRITE) && (flags & MAP_SHARED))
        refuse("a writable mapping", "a file");
    return real_mmap(where, n, prot, flags, fd, at);
}

/* ---- Syncing ---- */

/* What the C library wrote by itself is taken from the file. */
static void read_back(int fd, struct file *file)
{
    REAL(open);
    REAL(close);
    static char bytes[1 << 16];
    char path[64];
    ssize_t n;
    /* It may be open for writing only. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = real_open(path, O_RDONLY | O_CLOEXEC);
    if (again < 0)
        refuse("reading back", path);
    for (off_t at = 0; (n = pread(again, bytes, sizeof bytes, at)) > 0; at += n)
        record(CRASH_WRITE, file->handle, (uint64_t)at, bytes, (size_t)n);
    real_close(again);
}

static int do_sync(int fd, int (*real)(int))
{
    struct file *file = file_of(fd);
    if (!file)
        return real(fd);
    pthread_mutex_lock(&lock);
    uint64_t handle = file->handle, number = ++last_sync;
    if (file->is_stdio)
        read_back(fd, file);
    record(CRASH_SYNC_BEGIN, handle, number, NULL, 0);
    if (kill_in_sync && file->is_wal)
        kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&lock);
    int result = real(fd);
    pthread_mutex_lock(&lock);
    if (result == 0)
        record(CRASH_SYNC_END, handle, number, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd)
{
    REAL(fsync);
    return do_sync(fd, real_fsync);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return do_sync(fd, real_fdatasync);
}

/* ---- Names ---- */

#define ONE_PATH(name, call, type)                                                                 \
    {                                                                                              \
        REAL(name);                                                                                \
        char rel[PATH_BYTES];                                                                      \
        if (!ours(path, rel) || is_text_log(rel))                                                  \
            return call;                                                                           \
        pthread_mutex_lock(&lock);                                                                 \
        int result = call;                                                                         \
        if (result == 0)                                                                           \
            record(type, 0, 0, rel, strlen(rel) + 1);                                              \
        pthread_mutex_unlock(&lock);                                                               \
        return result;                                                                             \
    }

int mkdir(const char *path, mode_t mode)
    ONE_PATH(mkdir, real_mkdir(path, mode), CRASH_MKDIR) int unlink(const char *path)
        ONE_PATH(unlink, real_unlink(path), CRASH_REMOVE) int rmdir(const char *path)
            ONE_PATH(rmdir, real_rmdir(path), CRASH_REMOVE) int remove(const char *path)
                ONE_PATH(remove, real_remove(path), CRASH_REMOVE)

#define TWO_PATHS(name, type)                                                                      \
    {                                                                                              \
        REAL(name);                                                                                \
        char rel[PATH_BYTES], rel_to[PATH_BYTES];                                                  \
        bool in = ours(from, rel), in_to = ours(to, rel_to);                                       \
        if (in != in_to)                                                                           \
            refuse(#name " over the border", to);                                                  \
        if (!in || is_text_log(rel))                                                               \
            return real_##name(from, to);                                                          \
        pthread_mutex_lock(&lock);                                                                 \
        int result = real_##name(from, to);                                                        \
        if (result == 0)                                                                           \
            record_two(type, rel, rel_to);                                                         \
        pthread_mutex_unlock(&lock);                                                               \
        return result;                                                                             \
    }

                    int rename(const char *from, const char *to)
                        TWO_PATHS(rename, CRASH_RENAME) int link(const char *from, const char *to)
                            TWO_PATHS(link, CRASH_LINK)

    /* ---- Sending ---- */

    ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    REAL(sendmsg);
    if (log_fd < 0 || fd < 0 || fd >= FDS)
        return real_sendmsg(fd, msg, flags);
    pthread_mutex_lock(&lock);
    ssize_t n = real_sendmsg(fd, msg, flags);
    size_t left = n > 0 ? (size_t)n : 0;
    if (left > 0 && files[fd].connection == 0)
        files[fd].connection = ++last_connection;
    for (size_t i = 0; i < msg->msg_iovlen && left > 0; i++) {
        const struct iovec *iov = &msg->msg_iov[i];
        size_t part = iov->iov_len < left ? iov->iov_len : left;
        record(CRASH_SENT, files[fd].connection, 0, iov->iov_base, part);
        left -= part;
    }
    pthread_mutex_unlock(&lock);
    return n;
}
