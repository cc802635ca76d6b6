/* Small files, read and written as a whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int par_file_write_all(int fd, const void *data, size_t n)
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

int par_file_sync_and_close(int fd)
{
    int failed = fsync(fd) != 0 ? errno : 0;
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    errno = failed;
    return failed ? -1 : 0;
}

int par_file_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : par_file_sync_and_close(fd);
}

int par_file_sync_name(const char *path)
{
    char folder[PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return par_file_sync_folder(".");
    *slash = '\0';
    return par_file_sync_folder(slash == folder ? "/" : folder);
}

int par_file_write(const char *path, struct par_str content)
{
    char next[PATH_MAX];
    if (snprintf(next, sizeof next, "%s.new", path) >= (int)sizeof next) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int result = par_file_write_all(fd, content.ptr, content.len);
    int failed = errno;
    if (par_file_sync_and_close(fd) != 0 && result == 0) {
        result = -1;
        failed = errno;
    }
    if (result == 0 && rename(next, path) != 0) {
        result = -1;
        failed = errno;
    }
    if (result != 0) {
        unlink(next);
        errno = failed;
        return -1;
    }
    return par_file_sync_name(path);
}

int par_file_read(const char *path, size_t max, struct par_buf *content_r)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = 0;
    for (size_t left = max; left > 0;) {
        uint8_t *to = par_buf_reserve(content_r, left);
        if (to == NULL)
            errno = ENOMEM;
        ssize_t n = to == NULL ? -1 : read(fd, to, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            result = n < 0 ? -1 : 0;
            break;
        }
        content_r->len += (size_t)n;
        left -= (size_t)n;
    }
    int failed = errno;
    close(fd);
    errno = failed;
    return result;
}
