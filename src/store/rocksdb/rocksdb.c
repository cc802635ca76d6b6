/* The driver `rocksdb`: life, reading, writing. */
#include "store/rocksdb/rocksdb.h"

#include "store/store_state.h"

#include "base/log.h"

#include <stdlib.h>

/* ---- Life ---- */

static void free_all(struct par_rocksdb *r)
{
    par_rocksdb__db_close(r, false);
    if (r->db_options != NULL)
        par_rocksdb__options_fini(r);
    par_rocksdb__folder_close(&r->folder);
    pthread_mutex_destroy(&r->manifest.lock);
    free(r);
}

/* E4: recovery that ends at damage inside the synced part of the log ends silently. What was told
 * to somebody has a number not above the one noted. */
static enum par_err check_note(struct par_rocksdb *r, uint64_t recovered, bool *noted_r,
                               struct par_buf *why_r)
{
    uint64_t noted;
    *noted_r = par_rocksdb__note_read(&r->folder, &noted);
    if (!*noted_r || recovered >= noted)
        return PAR_OK;
    par_store__why(
        why_r,
        "the store in %s is damaged: it ends at %llu, but what was confirmed to clients "
        "reached %llu; restore a backup, or, to go on with what is left, remove the file "
        "%s/released",
        r->folder.path, (unsigned long long)recovered, (unsigned long long)noted, r->folder.path);
    return PAR_E_CONFLICT;
}

static enum par_err open_all(struct par_rocksdb *r, struct par_store_options *options,
                             bool *is_new_r, struct par_buf *why_r)
{
    bool noted;
    uint64_t before;
    enum par_err err = par_rocksdb__folder_open(options, &r->folder, why_r);
    if (err != PAR_OK)
        return err;
    noted = par_rocksdb__note_read(&r->folder, &before);
    err = par_rocksdb__manifest_check(&r->folder, why_r);
    if (err == PAR_OK && noted)
        err = par_rocksdb__wal_check(&r->folder, before, why_r);
    if (err != PAR_OK)
        return err;
    par_rocksdb__manifest_cut(&r->folder);
    par_rocksdb__options_init(r, options);
    par_rocksdb__backup_clean(r);
    err = par_rocksdb__db_open(r, !r->folder.existed, why_r);
    if (err != PAR_OK)
        return err;
    uint64_t recovered = rocksdb_get_latest_sequence_number(r->db);
    err = check_note(r, recovered, &noted, why_r);
    if (err != PAR_OK)
        return err;
    /* A database without one row is a creation that was interrupted, or this one. */
    *is_new_r = recovered == 0;
    if (!*is_new_r && !noted)
        options->new_incarnation = true;
    return PAR_OK;
}

static enum par_err rocks_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                               struct par_buf *why_r)
{
    *impl_r = NULL;
    *is_new_r = false;
    struct par_rocksdb *r = calloc(1, sizeof *r);
    if (r == NULL)
        return PAR_E_UNAVAILABLE;
    pthread_mutex_init(&r->manifest.lock, NULL);
    r->manifest.fd = -1;
    r->no_sync = options->no_sync;
    enum par_err err = open_all(r, options, is_new_r, why_r);
    if (err != PAR_OK)
        free_all(r);
    else
        *impl_r = r;
    return err;
}

static enum par_err rocks_opened(void *impl, struct par_buf *why_r)
{
    struct par_rocksdb *r = impl;
    uint64_t ignored;
    if (r->stranger[0] != '\0') {
        par_store__why(
            why_r,
            "the store in %s has a table %s that this program does not know: use the newer "
            "parley that wrote it",
            r->folder.path, r->stranger);
        return PAR_E_CONFLICT;
    }
    enum par_err err = par_rocksdb__format_write(r->folder.path, why_r);
    if (err == PAR_OK && !par_rocksdb__note_read(&r->folder, &ignored))
        err = par_rocksdb__note_start(&r->folder, rocksdb_get_latest_sequence_number(r->db), why_r);
    if (err == PAR_OK)
        par_rocksdb__manifest_follow(r);
    return err;
}

static void rocks_close(void *impl)
{
    struct par_rocksdb *r = impl;
    par_rocksdb__db_close(r, true);
    free_all(r);
}

static enum par_err rocks_reopen(void *impl, struct par_buf *why_r)
{
    struct par_rocksdb *r = impl;
    bool noted;
    par_rocksdb__db_close(r, false);
    enum par_err err = par_rocksdb__db_open(r, false, why_r);
    if (err == PAR_OK)
        err = check_note(r, rocksdb_get_latest_sequence_number(r->db), &noted, why_r);
    if (err != PAR_OK)
        par_rocksdb__db_close(r, false);
    return err;
}

/* ---- Reading ---- */

static bool read_failed(char *error)
{
    if (error == NULL)
        return false;
    par_log_error("store.read_failed", PAR_KV("why", (const char *)error));
    rocksdb_free(error);
    return true;
}

static bool tell(rocksdb_pinnableslice_t *slice, size_t i, par_store__value_fn found, void *arg)
{
    size_t len;
    const char *value = rocksdb_pinnableslice_value(slice, &len);
    return found(arg, i, par_str_of(value, len));
}

static enum par_err read_one(struct par_rocksdb *r, const struct par_store_key *key, size_t i,
                             par_store__value_fn found, void *arg)
{
    char *error = NULL;
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned_cf(r->db, r->read, r->tables[key->table],
                                                           key->key.ptr, key->key.len, &error);
    bool ok = !read_failed(error);
    if (slice != NULL) {
        ok = ok && tell(slice, i, found, arg);
        rocksdb_pinnableslice_destroy(slice);
    }
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

enum { READ_CHUNK = 128 };

/* n <= READ_CHUNK keys of one table. */
static enum par_err read_run(struct par_rocksdb *r, size_t first, size_t n,
                             const struct par_store_key *keys, par_store__value_fn found, void *arg)
{
    const char *ptrs[READ_CHUNK] = {0};
    size_t lens[READ_CHUNK] = {0};
    rocksdb_pinnableslice_t *slices[READ_CHUNK];
    char *errors[READ_CHUNK];
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        ptrs[i] = keys[first + i].key.ptr;
        lens[i] = keys[first + i].key.len;
        slices[i] = NULL;
        errors[i] = NULL;
    }
    rocksdb_batched_multi_get_cf(r->db, r->read, r->tables[keys[first].table], n, ptrs, lens,
                                 slices, errors, false);
    for (size_t i = 0; i < n; i++) {
        if (read_failed(errors[i]))
            ok = false;
        if (slices[i] == NULL)
            continue;
        ok = ok && tell(slices[i], first + i, found, arg);
        rocksdb_pinnableslice_destroy(slices[i]);
    }
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

static enum par_err rocks_read(void *impl, size_t n, const struct par_store_key *keys,
                               par_store__value_fn found, void *arg)
{
    struct par_rocksdb *r = impl;
    enum par_err err = PAR_OK;
    for (size_t i = 0, run; i < n && err == PAR_OK; i += run) {
        for (run = 1; i + run < n && run < READ_CHUNK && keys[i + run].table == keys[i].table;)
            run++;
        err =
            run == 1 ? read_one(r, &keys[i], i, found, arg) : read_run(r, i, run, keys, found, arg);
    }
    return err;
}

static const uint8_t prefixes[PAR_T_COUNT] = {
#define X(name, text, prefix, size) [PAR_T_##name] = prefix,
#include "parley/tbl/tables.h"
#undef X
};

/* True when every key between the two begins with the table's prefix of `start`. */
static bool within_prefix(enum par_table table, struct par_str start, struct par_str end)
{
    size_t n = prefixes[table];
    if (n == 0 || start.len < n || end.len == 0)
        return false;
    if (end.len >= n && memcmp(start.ptr, end.ptr, n) == 0)
        return true;
    /* The key after the prefix: its last byte that is not 0xFF raised, the rest cut off. */
    while (n > 0 && (uint8_t)start.ptr[n - 1] == 0xFF)
        n--;
    return n > 0 && end.len == n && memcmp(start.ptr, end.ptr, n - 1) == 0 &&
           (uint8_t)end.ptr[n - 1] == (uint8_t)start.ptr[n - 1] + 1;
}

/* The bounds are read until the iterator is gone, so it does not outlive this call, nor them. */
static enum par_err rocks_scan(void *impl, enum par_table table, struct par_str start,
                               struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct par_rocksdb *r = impl;
    rocksdb_readoptions_t *read = rocksdb_readoptions_create();
    if (end.len > 0)
        rocksdb_readoptions_set_iterate_upper_bound(read, end.ptr, end.len);
    if (within_prefix(table, start, end))
        rocksdb_readoptions_set_prefix_same_as_start(read, 1);
    else
        rocksdb_readoptions_set_total_order_seek(read, 1);
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(r->db, read, r->tables[table]);
    size_t rows = 0;
    for (rocksdb_iter_seek(it, start.ptr ? start.ptr : "", start.len); rocksdb_iter_valid(it);
         rocksdb_iter_next(it)) {
        size_t key_len, value_len;
        if (limit > 0 && rows++ == limit)
            break;
        const char *key = rocksdb_iter_key(it, &key_len);
        const char *value = rocksdb_iter_value(it, &value_len);
        if (!fn(arg, par_str_of(key, key_len), par_str_of(value, value_len)))
            break;
    }
    char *error = NULL;
    rocksdb_iter_get_error(it, &error);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(read);
    return read_failed(error) ? PAR_E_UNAVAILABLE : PAR_OK;
}

/* ---- Writing ---- */

static enum par_outcome rocks_commit(void *impl, const struct par_batch *batch, bool sync)
{
    struct par_rocksdb *r = impl;
    rocksdb_writebatch_t *rows = rocksdb_writebatch_create();
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *p = par_store__put(batch, i);
        struct par_str key = par_store__put_key(batch, p), value = par_store__put_value(batch, p);
        if (p->deletes)
            rocksdb_writebatch_delete_cf(rows, r->tables[p->table], key.ptr, key.len);
        else
            rocksdb_writebatch_put_cf(rows, r->tables[p->table], key.ptr, key.len, value.ptr,
                                      value.len);
    }
    if (!sync)
        atomic_fetch_add(&r->plain_begun, 1);
    uint64_t plain = atomic_load(&r->plain_begun);
    bool alone = plain == atomic_load(&r->plain_ended);
    uint64_t before = sync ? rocksdb_get_latest_sequence_number(r->db) : 0;
    char *error = NULL;
    rocksdb_write(r->db, sync ? r->write_sync : r->write_plain, rows, &error);
    rocksdb_writebatch_destroy(rows);
    if (!sync)
        atomic_fetch_add(&r->plain_ended, 1);
    if (error != NULL) {
        /* The log may hold the batch all the same, and recovery finds it then. */
        par_log_error("store.commit_failed", PAR_KV("why", (const char *)error));
        rocksdb_free(error);
        return PAR_OUTCOME_UNCERTAIN;
    }
    if (!sync || r->no_sync)
        return PAR_OUTCOME_OK;
    par_rocksdb__manifest_follow(r);
    /* The newest number may be that of a commit without sync, which a loss of power takes back:
     * noted it must not be. But each row has a number of its own, and with this batch all before it
     * is durable. */
    uint64_t number = before + batch->count;
    uint64_t newest = rocksdb_get_latest_sequence_number(r->db);
    if (alone && atomic_load(&r->plain_begun) == plain)
        number = newest;
    par_rocksdb__note(&r->folder, number);
    return PAR_OUTCOME_OK;
}

/* Flushes and compactions of a store that nobody writes to. */
static void rocks_tick(void *impl)
{
    struct par_rocksdb *r = impl;
    if (!r->no_sync)
        par_rocksdb__manifest_follow(r);
}

static void rocks_stats(void *impl, struct par_store_stats *stats_r)
{
    struct par_rocksdb *r = impl;
    for (int t = 0; t < PAR_T_COUNT; t++) {
        uint64_t n = 0;
        if (rocksdb_property_int_cf(r->db, r->tables[t], "rocksdb.total-sst-files-size", &n) == 0)
            stats_r->disk_bytes += n;
        if (rocksdb_property_int_cf(r->db, r->tables[t], "rocksdb.cur-size-all-mem-tables", &n) ==
            0)
            stats_r->memory_bytes += n;
    }
    stats_r->memory_bytes += rocksdb_cache_get_usage(r->cache);
}

const struct par_store__driver par_store__rocksdb = {
    .name = "rocksdb",
    .has_folder = true,
    .open = rocks_open,
    .opened = rocks_opened,
    .close = rocks_close,
    .reopen = rocks_reopen,
    .read = rocks_read,
    .scan = rocks_scan,
    .commit = rocks_commit,
    .tick = rocks_tick,
    .copy_begin = par_rocksdb__copy_begin,
    .copy_end = par_rocksdb__copy_end,
    .stats = rocks_stats,
};
