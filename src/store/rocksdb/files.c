/* Files and folders of a store. */
#include "store/rocksdb/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool par_rocksdb__path(char to[PAR_STORE_PATH_MAX], const char *folder, const char *name)
{
    int n = snprintf(to, PAR_STORE_PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < PAR_STORE_PATH_MAX;
}

static int sync_and_close(int fd)
{
    int failed = fsync(fd) != 0 ? errno : 0;
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    errno = failed;
    return failed ? -1 : 0;
}

int par_rocksdb__sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : sync_and_close(fd);
}

/* The folder that the name at the end of `path` stands in. */
static int sync_parent(const char *path)
{
    char folder[PAR_STORE_PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return par_rocksdb__sync_folder(".");
    *slash = '\0';
    return par_rocksdb__sync_folder(slash == folder ? "/" : folder);
}

int par_rocksdb__make_folders(const char *path)
{
    char part[PAR_STORE_PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if ((part[i] != '/' && part[i] != '\0') || part[i - 1] == '/')
            continue;
        part[i] = '\0';
        bool made = mkdir(part, 0700) == 0;
        if (!made && errno != EEXIST)
            return -1;
        /* One that is there may have been made by a process that was killed before it synced; one
         * that is not ours may not let itself be synced. */
        if (sync_parent(part) != 0 && made)
            return -1;
        part[i] = path[i];
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int par_rocksdb__remove_tree(const char *path)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return 0;
    return -1;
}

static int write_all(int fd, const void *data, size_t n)
{
    const char *p = data;
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

static int copy_file(const char *from, const char *to)
{
    enum { CHUNK = 1 << 20 };
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return -1;
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char *chunk = malloc(CHUNK);
    int result = out < 0 || chunk == NULL ? -1 : 0;
    while (result == 0) {
        ssize_t n = read(in, chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            result = n < 0 ? -1 : 0;
            break;
        }
        result = write_all(out, chunk, (size_t)n);
    }
    int failed = errno;
    free(chunk);
    close(in);
    if (out >= 0 && sync_and_close(out) != 0 && result == 0) {
        failed = errno;
        result = -1;
    }
    errno = failed;
    return result;
}

int par_rocksdb__copy_folder(const char *from, const char *to)
{
    char a[PAR_STORE_PATH_MAX], b[PAR_STORE_PATH_MAX];
    if (mkdir(to, 0700) != 0)
        return -1;
    DIR *dir = opendir(from);
    if (dir == NULL)
        return -1;
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
        struct stat st;
        if (!par_rocksdb__path(a, from, entry->d_name) ||
            !par_rocksdb__path(b, to, entry->d_name)) {
            errno = ENAMETOOLONG;
            result = -1;
        } else if (lstat(a, &st) != 0) {
            result = -1;
        } else if (S_ISREG(st.st_mode)) {
            result = copy_file(a, b);
        }
    }
    if (result == 0 && errno != 0)
        result = -1;
    int failed = errno;
    closedir(dir);
    errno = failed;
    return result == 0 ? par_rocksdb__sync_folder(to) : -1;
}

int par_rocksdb__write_file(const char *path, struct par_str content)
{
    char next[PAR_STORE_PATH_MAX];
    if (snprintf(next, sizeof next, "%s.new", path) >= (int)sizeof next) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int result = write_all(fd, content.ptr, content.len);
    int failed = errno;
    if (sync_and_close(fd) != 0 && result == 0) {
        result = -1;
        failed = errno;
    }
    if (result != 0) {
        unlink(next);
        errno = failed;
        return -1;
    }
    if (rename(next, path) != 0)
        return -1;
    return sync_parent(path);
}

int par_rocksdb__read_file(const char *path, size_t max, struct par_buf *content_r)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = 0;
    while (content_r->len < max) {
        size_t room = max - content_r->len;
        uint8_t *to = par_buf_reserve(content_r, room);
        ssize_t n = to == NULL ? -1 : read(fd, to, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            result = n < 0 ? -1 : 0;
            break;
        }
        content_r->len += (size_t)n;
    }
    int failed = errno;
    close(fd);
    errno = failed;
    return result;
}

bool par_rocksdb__exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool par_rocksdb__is_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT;
    bool empty = true;
    struct dirent *entry;
    while (empty && (entry = readdir(dir)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return empty;
}
