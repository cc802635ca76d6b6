/* Files and folders of a store. */
#include "store/rocksdb/files.h"

#include "base/file.h"

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
        if (par_file_sync_name(part) != 0 && made)
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
        result = par_file_write_all(out, chunk, (size_t)n);
    }
    int failed = errno;
    free(chunk);
    close(in);
    if (out >= 0 && par_file_sync_and_close(out) != 0 && result == 0) {
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
    return result == 0 ? par_file_sync_folder(to) : -1;
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
