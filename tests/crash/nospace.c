/* Preloaded into a server: from the k-th operation on that needs space below $NOSPACE_ROOT, each
 * fails with ENOSPC, as on a full disk. The file $NOSPACE_FILE holds "k n part", and is read anew
 * whenever it is replaced: n operations fail, 0: all until it is replaced again; k = 0: none. Only
 * those on files with `part` in their path count, all if there is none. The first that fails makes
 * the file $NOSPACE_FILE.hit. */
#include "preload.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 65536 };

static char *paths[FDS]; /* of files open for writing below the root */
static char part[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long first, failing, operations;
static struct timespec read_at;
static ino_t read_inode;

static void tell(const char *path)
{
    REAL(open);
    REAL(close);
    char hit[4096];
    snprintf(hit, sizeof hit, "%s.hit", path);
    int fd = real_open(hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        real_close(fd);
}

static void look_at_file(const char *path)
{
    REAL(open);
    REAL(close);
    struct stat st;
    char text[64];
    if (stat(path, &st) != 0 || (st.st_ino == read_inode && st.st_mtim.tv_sec == read_at.tv_sec &&
                                 st.st_mtim.tv_nsec == read_at.tv_nsec))
        return;
    int fd = real_open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        real_close(fd);
    if (n <= 0)
        return;
    text[n] = '\0';
    read_inode = st.st_ino;
    read_at = st.st_mtim;
    first = failing = operations = 0;
    part[0] = '\0';
    sscanf(text, "%lu %lu %63s", &first, &failing, part);
}

/* True when this operation on a path finds no space; NULL: a path that does not matter. */
static bool full(const char *on)
{
    const char *path = getenv("NOSPACE_FILE");
    if (!on)
        return false;
    int saved = errno;
    pthread_mutex_lock(&lock);
    if (path)
        look_at_file(path);
    bool counts = strstr(on, part) != NULL;
    operations += counts;
    bool fails = counts && first > 0 && operations >= first &&
                 (failing == 0 || operations < first + failing);
    if (fails && path)
        tell(path);
    pthread_mutex_unlock(&lock);
    errno = fails ? ENOSPC : saved;
    return fails;
}

static bool below(const char *path)
{
    const char *root = getenv("NOSPACE_ROOT");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static const char *path_of(int fd)
{
    return fd >= 0 && fd < FDS ? paths[fd] : NULL;
}

static int do_open(const char *path, int flags, mode_t mode)
{
    REAL(open);
    bool in = below(path) && (flags & O_ACCMODE) != O_RDONLY;
    if (in && (flags & O_CREAT) && access(path, F_OK) != 0 && full(path))
        return -1;
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        free(paths[fd]);
        paths[fd] = in ? strdup(path) : NULL;
    }
    return fd;
}

PRELOAD_OPEN(do_open)

int close(int fd)
{
    REAL(close);
    if (fd >= 0 && fd < FDS) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    return real_close(fd);
}

ssize_t write(int fd, const void *data, size_t n)
{
    REAL(write);
    /* A disk fills up in the middle of a write, too. */
    if (n > 0 && full(path_of(fd)))
        return n > 1 && operations % 2 == 0 ? real_write(fd, data, n / 2) : -1;
    return real_write(fd, data, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    REAL(pwrite);
    return full(path_of(fd)) ? -1 : real_pwrite(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    return pwrite(fd, data, n, at);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    REAL(fallocate);
    return full(path_of(fd)) ? -1 : real_fallocate(fd, mode, at, n);
}

/* Blocks that were promised only are found missing here. */
int fdatasync(int fd)
{
    REAL(fdatasync);
    return full(path_of(fd)) ? -1 : real_fdatasync(fd);
}

int fsync(int fd)
{
    REAL(fsync);
    return full(path_of(fd)) ? -1 : real_fsync(fd);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    return below(path) && full(path) ? -1 : real_mkdir(path, mode);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return below(from) && full(to) ? -1 : real_rename(from, to);
}

int link(const char *from, const char *to)
{
    REAL(link);
    return below(from) && full(to) ? -1 : real_link(from, to);
}
