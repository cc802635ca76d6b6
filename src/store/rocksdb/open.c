/* Opening and closing the database. */
#include "store/rocksdb/rocksdb.h"

#include "store/store_state.h"

#include "base/log.h"

#include <stdlib.h>

/* What RocksDB said, as an error of ours and a line for the operator. Takes over the text. */
static enum par_err refused(struct par_rocksdb *r, char *error, struct par_buf *why_r)
{
    enum par_err err = PAR_E_CONFLICT;
    if (strstr(error, "No space left") != NULL) {
        par_store__why(why_r, "the store in %s cannot be opened, the disk is full: %s",
                       r->folder.path, error);
        err = PAR_E_UNAVAILABLE;
    } else if (strstr(error, "Permission denied") != NULL ||
               strstr(error, "Too many open files") != NULL ||
               strstr(error, "Read-only file system") != NULL) {
        par_store__why(why_r, "the store in %s cannot be opened: %s", r->folder.path, error);
        err = PAR_E_UNAVAILABLE;
    } else if (strstr(error, "lock ") != NULL && strstr(error, "LOCK") != NULL) {
        par_store__why(why_r, "the store in %s is in use by another process: %s", r->folder.path,
                       error);
    } else {
        par_store__why(why_r,
                       "the store in %s is damaged, nothing was changed: restore a backup into an "
                       "empty folder (%s)",
                       r->folder.path, error);
    }
    rocksdb_free(error);
    return err;
}

struct names {
    const char **name;
    const rocksdb_options_t **options;
    rocksdb_column_family_handle_t **handle;
    size_t count;
    char **listed;
    size_t listed_count;
};

static bool is_ours(const char *name)
{
    return strcmp(name, "default") == 0 || par_table_by_name(par_str(name)) >= 0;
}

static void add_name(struct names *names, const char *name, const rocksdb_options_t *options)
{
    names->name[names->count] = name;
    names->options[names->count] = options;
    names->count++;
}

/* "default", our tables, and those that the folder has besides. */
static enum par_err list(struct par_rocksdb *r, bool create, struct names *names,
                         struct par_buf *why_r)
{
    char *error = NULL;
    if (!create) {
        names->listed =
            rocksdb_list_column_families(r->db_options, r->folder.db, &names->listed_count, &error);
        if (error != NULL) {
            names->listed = NULL;
            return refused(r, error, why_r);
        }
    }
    size_t most = names->listed_count + PAR_T_COUNT + 1;
    names->name = calloc(most, sizeof *names->name);
    names->options = calloc(most, sizeof *names->options);
    names->handle = calloc(most, sizeof(rocksdb_column_family_handle_t *));
    if (names->name == NULL || names->options == NULL || names->handle == NULL)
        return PAR_E_UNAVAILABLE;
    add_name(names, "default", r->table_options[PAR_T_META]);
    for (int t = 0; t < PAR_T_COUNT; t++)
        add_name(names, par_table_name((enum par_table)t), r->table_options[t]);
    r->stranger[0] = '\0';
    for (size_t i = 0; i < names->listed_count; i++) {
        if (is_ours(names->listed[i]))
            continue;
        strncpy(r->stranger, names->listed[i], sizeof r->stranger - 1);
        add_name(names, names->listed[i], r->table_options[PAR_T_META]);
    }
    return PAR_OK;
}

static void free_names(struct names *names)
{
    if (names->listed != NULL)
        rocksdb_list_column_families_destroy(names->listed, names->listed_count);
    free(names->name);
    free(names->options);
    free(names->handle);
}

enum par_err par_rocksdb__db_open(struct par_rocksdb *r, bool create, struct par_buf *why_r)
{
    struct names names = {0};
    char *error = NULL;
    rocksdb_options_set_create_if_missing(r->db_options, create);
    enum par_err err = list(r, create, &names, why_r);
    if (err == PAR_OK) {
        r->strangers = calloc(names.count - PAR_T_COUNT, sizeof(rocksdb_column_family_handle_t *));
        if (r->strangers == NULL)
            err = PAR_E_UNAVAILABLE;
    }
    if (err == PAR_OK) {
        r->db = rocksdb_open_column_families(r->db_options, r->folder.db, (int)names.count,
                                             names.name, names.options, names.handle, &error);
        if (error != NULL) {
            r->db = NULL;
            err = refused(r, error, why_r);
        }
    }
    if (err == PAR_OK) {
        memcpy(r->tables, names.handle + 1, sizeof r->tables);
        r->stranger_count = names.count - PAR_T_COUNT;
        r->strangers[0] = names.handle[0];
        for (size_t i = 1; i < r->stranger_count; i++)
            r->strangers[i] = names.handle[PAR_T_COUNT + i];
    } else {
        free(r->strangers);
        r->strangers = NULL;
    }
    free_names(&names);
    return err;
}

void par_rocksdb__db_close(struct par_rocksdb *r, bool flush)
{
    if (r->db == NULL)
        return;
    if (flush) {
        rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
        rocksdb_flushoptions_set_wait(options, 1);
        for (int t = 0; t < PAR_T_COUNT; t++) {
            char *error = NULL;
            rocksdb_flush_cf(r->db, options, r->tables[t], &error);
            if (error == NULL)
                continue;
            /* The log has it all; the next start only takes longer. */
            par_log_warn("store.flush_failed", PAR_KV("table", par_table_name((enum par_table)t)),
                         PAR_KV("why", (const char *)error));
            rocksdb_free(error);
            break;
        }
        rocksdb_flushoptions_destroy(options);
    }
    for (int t = 0; t < PAR_T_COUNT; t++)
        rocksdb_column_family_handle_destroy(r->tables[t]);
    for (size_t i = 0; i < r->stranger_count; i++)
        rocksdb_column_family_handle_destroy(r->strangers[i]);
    free(r->strangers);
    r->strangers = NULL;
    r->stranger_count = 0;
    rocksdb_close(r->db);
    r->db = NULL;
    if (flush)
        par_rocksdb__manifest_follow(r);
    par_rocksdb__manifest_forget(r);
}
