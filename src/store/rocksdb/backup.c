/* Copies of a store: made while it serves, and made a store again. */
#include "store/rocksdb/rocksdb.h"

#include "store/store_state.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINT "checkpoint."

void par_rocksdb__backup_clean(struct par_rocksdb *r)
{
    DIR *dir = opendir(r->folder.path);
    struct dirent *entry;
    char path[PAR_STORE_PATH_MAX];
    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, CHECKPOINT, strlen(CHECKPOINT)) == 0 &&
            par_rocksdb__path(path, r->folder.path, entry->d_name))
            par_rocksdb__remove_tree(path);
    }
    closedir(dir);
}

/* RocksDB's checkpoint: hard links to its tables, and a copy of what is in the log. */
static enum par_err checkpoint(struct par_rocksdb *r, const char *path, struct par_buf *why_r)
{
    char *error = NULL;
    rocksdb_checkpoint_t *checkpoint = rocksdb_checkpoint_object_create(r->db, &error);
    if (error == NULL) {
        rocksdb_checkpoint_create(checkpoint, path, 0, &error);
        rocksdb_checkpoint_object_destroy(checkpoint);
    }
    if (error == NULL)
        return PAR_OK;
    par_store__why(why_r, "no checkpoint of the store could be made: %s", error);
    rocksdb_free(error);
    return PAR_E_UNAVAILABLE;
}

static enum par_err copy(const char *db, const char *dir, struct par_buf *why_r)
{
    char to[PAR_STORE_PATH_MAX];
    enum par_err err = PAR_OK;
    if (!par_rocksdb__path(to, dir, "db"))
        return PAR_E_BAD_REQUEST;
    if (par_rocksdb__copying_begin(dir) != 0 || par_rocksdb__copy_folder(db, to) != 0) {
        par_store__why(why_r, "the copy to %s failed: %s", to, strerror(errno));
        err = PAR_E_UNAVAILABLE;
    }
    if (err == PAR_OK)
        err = par_rocksdb__format_write(dir, why_r);
    if (err == PAR_OK && par_rocksdb__copying_end(dir) != 0) {
        par_store__why(why_r, "the copy to %s cannot be ended: %s", to, strerror(errno));
        err = PAR_E_UNAVAILABLE;
    }
    if (err != PAR_OK)
        par_rocksdb__copying_undo(dir);
    return err;
}

static void clear_up(const struct par_store__copy *made, const char *dir, enum par_err err)
{
    par_rocksdb__remove_tree(made->from);
    if (err != PAR_OK && made->made)
        rmdir(dir);
}

enum par_err par_rocksdb__copy_begin(void *impl, const char *dir, struct par_store__copy *copy_r,
                                     struct par_buf *why_r)
{
    static atomic_uint number;
    struct par_rocksdb *r = impl;
    if (snprintf(copy_r->from, sizeof copy_r->from, "%s/" CHECKPOINT "%u", r->folder.path,
                 atomic_fetch_add(&number, 1)) >= (int)sizeof copy_r->from)
        return PAR_E_BAD_REQUEST;
    copy_r->made = !par_rocksdb__exists(dir);
    if (!copy_r->made && !par_rocksdb__is_empty(dir)) {
        par_store__why(why_r, "%s is not an empty folder", dir);
        return PAR_E_CONFLICT;
    }
    if (par_rocksdb__make_folders(dir) != 0) {
        par_store__why(why_r, "the folder %s cannot be made: %s", dir, strerror(errno));
        return PAR_E_UNAVAILABLE;
    }
    enum par_err err = checkpoint(r, copy_r->from, why_r);
    if (err != PAR_OK)
        clear_up(copy_r, dir, err);
    return err;
}

enum par_err par_rocksdb__copy_end(const struct par_store__copy *made, const char *dir,
                                   struct par_buf *why_r)
{
    enum par_err err = copy(made->from, dir, why_r);
    clear_up(made, dir, err);
    return err;
}

static enum par_err check_backup(const char *dir, const char *from, struct par_buf *why_r)
{
    char current[PAR_STORE_PATH_MAX];
    bool no_format;
    if (!par_rocksdb__path(current, from, "CURRENT"))
        return PAR_E_BAD_REQUEST;
    enum par_err err = par_rocksdb__format_check(dir, &no_format, why_r);
    if (err == PAR_OK &&
        (no_format || par_rocksdb__copying(dir) || !par_rocksdb__exists(current))) {
        par_store__why(why_r, "%s is not a complete backup", dir);
        err = PAR_E_CONFLICT;
    }
    return err;
}

/* The backup is checked, copied, and opened once, which gives it its new incarnation. */
enum par_err par_store_restore(const char *dir, const char *path, struct par_buf *why_r)
{
    char from[PAR_STORE_PATH_MAX];
    struct par_rocksdb__folder folder;
    struct par_store *store;
    struct par_store_options options = {
        .path = path, .must_be_new = true, .copying = PAR_STORE_COPYING_BEGINS};

    if (!par_rocksdb__path(from, dir, "db"))
        return PAR_E_BAD_REQUEST;
    enum par_err err = check_backup(dir, from, why_r);
    if (err != PAR_OK)
        return err;
    err = par_rocksdb__folder_open(&options, &folder, why_r);
    if (err != PAR_OK) {
        par_rocksdb__folder_close(&folder);
        return err;
    }
    if (par_rocksdb__exists(folder.db) && !par_rocksdb__is_empty(folder.db)) {
        par_store__why(why_r, "%s is not empty", folder.db);
        par_rocksdb__copying_end(path);
        par_rocksdb__folder_close(&folder);
        return PAR_E_CONFLICT;
    }
    rmdir(folder.db);
    if (par_rocksdb__copy_folder(from, folder.db) != 0 || par_file_sync_folder(path) != 0) {
        par_store__why(why_r, "the copy from %s failed: %s", dir, strerror(errno));
        err = PAR_E_UNAVAILABLE;
    }
    par_rocksdb__folder_close(&folder);
    if (err == PAR_OK) {
        options = (struct par_store_options){.path = path,
                                             .must_exist = true,
                                             .new_incarnation = true,
                                             .copying = PAR_STORE_COPYING_GOES_ON};
        err = par_store_open(&options, &store, why_r);
    }
    if (err == PAR_OK) {
        par_store_close(&store);
        if (par_rocksdb__copying_end(path) != 0) {
            par_store__why(why_r, "the copy to %s cannot be ended: %s", path, strerror(errno));
            err = PAR_E_UNAVAILABLE;
        }
    }
    if (err != PAR_OK)
        par_rocksdb__copying_undo(path);
    return err;
}
