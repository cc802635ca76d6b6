/* The folder of a store: lock and format. */
#include "store/rocksdb/folder.h"

#include "store/store_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_WORDS "parley store "

enum par_err par_rocksdb__format_check(const char *path, bool *missing_r, struct par_buf *why_r)
{
    char file[PAR_STORE_PATH_MAX];
    struct par_buf text = {0};
    enum par_err err = PAR_OK;
    uint64_t format = 0;
    *missing_r = false;
    if (!par_rocksdb__path(file, path, "FORMAT"))
        return PAR_E_BAD_REQUEST;
    if (par_file_read(file, 64, &text) != 0) {
        *missing_r = errno == ENOENT;
        if (!*missing_r) {
            par_store__why(why_r, "%s cannot be read: %s", file, strerror(errno));
            err = PAR_E_UNAVAILABLE;
        }
        par_buf_fini(&text);
        return err;
    }
    struct par_str s = par_buf_str(&text);
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    size_t words = strlen(FORMAT_WORDS);
    if (!par_str_starts(s, FORMAT_WORDS) ||
        !par_str_to_u64(par_str_of(s.ptr + words, s.len - words), &format)) {
        par_store__why(
            why_r, "the store in %s is damaged: FORMAT is not readable; restore a backup", path);
        err = PAR_E_CONFLICT;
    } else if (format > PAR_STORE_FORMAT) {
        par_store__why(
            why_r,
            "the store in %s has format %llu, this program knows up to %d: use the newer "
            "parley that wrote it",
            path, (unsigned long long)format, PAR_STORE_FORMAT);
        err = PAR_E_CONFLICT;
    }
    par_buf_fini(&text);
    return err;
}

enum par_err par_rocksdb__format_write(const char *path, struct par_buf *why_r)
{
    char file[PAR_STORE_PATH_MAX];
    struct par_buf text = {0};
    if (!par_rocksdb__path(file, path, "FORMAT"))
        return PAR_E_BAD_REQUEST;
    if (par_rocksdb__exists(file))
        return PAR_OK;
    par_buf_printf(&text, FORMAT_WORDS "%d\n", PAR_STORE_FORMAT);
    int result = text.failed ? -1 : par_file_write(file, par_buf_str(&text));
    par_buf_fini(&text);
    if (result == 0)
        return PAR_OK;
    par_store__why(why_r, "%s cannot be written: %s", file, strerror(errno));
    return PAR_E_UNAVAILABLE;
}

/* ---- Copies ---- */

int par_rocksdb__copying_begin(const char *path)
{
    char file[PAR_STORE_PATH_MAX];
    if (!par_rocksdb__path(file, path, "copying")) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return par_file_write(file, PAR_STR("a copy is written here; until it has ended, "
                                        "this is no store\n"));
}

bool par_rocksdb__copying(const char *path)
{
    char file[PAR_STORE_PATH_MAX];
    return par_rocksdb__path(file, path, "copying") && par_rocksdb__exists(file);
}

int par_rocksdb__copying_end(const char *path)
{
    char file[PAR_STORE_PATH_MAX];
    if (!par_rocksdb__path(file, path, "copying") || unlink(file) != 0)
        return errno == ENOENT ? 0 : -1;
    return par_file_sync_folder(path);
}

void par_rocksdb__copying_undo(const char *path)
{
    static const char *const parts[] = {"db", "FORMAT", "FORMAT.new", "released", "released.new"};
    char part[PAR_STORE_PATH_MAX];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (par_rocksdb__path(part, path, parts[i]))
            par_rocksdb__remove_tree(part);
    par_file_sync_folder(path);
    par_rocksdb__copying_end(path);
}

/* ---- Opening ---- */

static enum par_err take_lock(struct par_rocksdb__folder *folder, struct par_buf *why_r)
{
    char file[PAR_STORE_PATH_MAX];
    if (!par_rocksdb__path(file, folder->path, "lock"))
        return PAR_E_BAD_REQUEST;
    folder->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->lock_fd < 0) {
        par_store__why(why_r, "%s cannot be opened: %s", file, strerror(errno));
        return PAR_E_UNAVAILABLE;
    }
    if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return PAR_OK;
    bool other = errno == EWOULDBLOCK;
    if (other)
        par_store__why(why_r,
                       "the store in %s is in use by another parley process: stop it first, or use "
                       "another data folder",
                       folder->path);
    else
        par_store__why(why_r, "%s cannot be locked: %s", file, strerror(errno));
    return other ? PAR_E_CONFLICT : PAR_E_UNAVAILABLE;
}

/* Whether the database's folder, without its CURRENT, holds files with rows in them: tables, or a
 * log that is not empty. What an interrupted creation leaves holds none. */
static bool has_rows(const char *db)
{
    DIR *dir = opendir(db);
    bool found = false;
    struct dirent *entry;
    if (dir == NULL)
        return false;
    while (!found && (entry = readdir(dir)) != NULL) {
        const char *point = strrchr(entry->d_name, '.');
        struct stat st;
        if (point == NULL)
            continue;
        if (strcmp(point, ".sst") == 0)
            found = true;
        else if (strcmp(point, ".log") == 0)
            found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_size > 0;
    }
    closedir(dir);
    return found;
}

static enum par_err look(const struct par_store_options *options,
                         struct par_rocksdb__folder *folder, struct par_buf *why_r)
{
    char current[PAR_STORE_PATH_MAX], note[PAR_STORE_PATH_MAX];
    bool no_format;
    if (!par_rocksdb__path(current, folder->db, "CURRENT") ||
        !par_rocksdb__path(note, folder->path, "released"))
        return PAR_E_BAD_REQUEST;
    enum par_err err = par_rocksdb__format_check(folder->path, &no_format, why_r);
    if (err != PAR_OK)
        return err;
    bool has_db = par_rocksdb__exists(current);
    if (!has_db && (!no_format || par_rocksdb__exists(note) || has_rows(folder->db))) {
        par_store__why(why_r,
                       "the store in %s is damaged: files of its database are missing; restore a "
                       "backup into an empty folder",
                       folder->path);
        return PAR_E_CONFLICT;
    }
    folder->existed = has_db;
    if (!has_db && options->must_exist) {
        par_store__why(why_r, "there is no store in %s", folder->path);
        return PAR_E_CONFLICT;
    }
    if (has_db && options->must_be_new) {
        par_store__why(why_r, "there is a store in %s already: use an empty folder", folder->path);
        return PAR_E_CONFLICT;
    }
    return PAR_OK;
}

enum par_err par_rocksdb__folder_open(const struct par_store_options *options,
                                      struct par_rocksdb__folder *folder, struct par_buf *why_r)
{
    memset(folder, 0, sizeof *folder);
    folder->lock_fd = folder->note_fd = -1;
    pthread_mutex_init(&folder->note_lock, NULL);
    size_t n = options->path != NULL ? strlen(options->path) : 0;
    if (n == 0 || n >= PAR_STORE_PATH_MAX - 64) {
        par_store__why(why_r, "store.path is empty or too long");
        return PAR_E_BAD_REQUEST;
    }
    memcpy(folder->path, options->path, n + 1);
    par_rocksdb__path(folder->db, folder->path, "db");
    if (options->must_exist && !par_rocksdb__exists(folder->path)) {
        par_store__why(why_r, "there is no store in %s", folder->path);
        return PAR_E_CONFLICT;
    }
    if (par_rocksdb__make_folders(folder->path) != 0) {
        par_store__why(why_r, "the folder %s cannot be made: %s", folder->path, strerror(errno));
        return PAR_E_UNAVAILABLE;
    }
    enum par_err err = take_lock(folder, why_r);
    if (err == PAR_OK && par_rocksdb__copying(folder->path)) {
        if (options->copying == PAR_STORE_COPYING_NOT) {
            par_store__why(why_r,
                           "%s holds a part of a copy that did not end: remove the folder, or "
                           "restore or import again",
                           folder->path);
            return PAR_E_CONFLICT;
        }
        if (options->copying == PAR_STORE_COPYING_BEGINS)
            par_rocksdb__copying_undo(folder->path);
    }
    if (err == PAR_OK)
        err = look(options, folder, why_r);
    if (err == PAR_OK && options->copying == PAR_STORE_COPYING_BEGINS &&
        par_rocksdb__copying_begin(folder->path) != 0) {
        par_store__why(why_r, "%s cannot be written to: %s", folder->path, strerror(errno));
        err = PAR_E_UNAVAILABLE;
    }
    return err;
}

void par_rocksdb__folder_close(struct par_rocksdb__folder *folder)
{
    if (folder->note_fd >= 0)
        close(folder->note_fd);
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    folder->note_fd = folder->lock_fd = -1;
    pthread_mutex_destroy(&folder->note_lock);
}
