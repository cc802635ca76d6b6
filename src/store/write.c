/* Writing through the wrapper: commit, put_if_absent, swap; and the copies. */
#include "store/store_state.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "loop/env.h"

/* Bytes written between two looks at the free space. */
enum { SPACE_STEP = 8 << 20 };

/* What is too large is a bug of ours that must not reach an engine. */
bool par_batch_fits(const struct par_batch *batch)
{
    if (batch->_open || batch->_bytes.failed)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *put = par_store__put(batch, i);
        if (put->key_len == 0 || put->key_len > PAR_STORE_KEY_MAX ||
            put->value_len > PAR_STORE_VALUE_MAX) {
            par_log_error("store.row_too_large", PAR_KV("table", par_table_name(put->table)),
                          PAR_KV("key", put->key_len), PAR_KV("value", put->value_len));
            return false;
        }
    }
    return true;
}

static void count_commit(struct par_store *store, const struct par_batch *batch, bool sync,
                         enum par_outcome outcome, uint64_t began)
{
    uint64_t ns = par_mono_ns() - began;
    atomic_fetch_add_explicit(&store->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&store->commit_ns, ns, memory_order_relaxed);
    par_stats_record(PAR_H_STORE_TIME, PAR_STORE_OP_COMMIT, ns);
    par_stats_inc_at(PAR_C_STORE_COMMITS, outcome);
    if (outcome != PAR_OUTCOME_OK) {
        atomic_fetch_add(
            outcome == PAR_OUTCOME_FAILED ? &store->commits_failed : &store->commits_uncertain, 1);
        par_stats_inc_at(PAR_C_STORE_ERRORS, PAR_STORE_OP_COMMIT);
        return;
    }
    atomic_fetch_add_explicit(&store->rows_written, batch->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&store->bytes_written, par_batch_bytes(batch), memory_order_relaxed);
    par_stats_record(PAR_H_STORE_BATCH, 0, batch->count);
    par_stats_add(PAR_C_STORE_ROWS, batch->count);
    par_stats_add(PAR_C_STORE_BYTES, par_batch_bytes(batch));
    if (sync)
        par_stats_inc(PAR_C_STORE_SYNCS);
}

enum par_outcome par_store__commit_inside(struct par_store *store, const struct par_batch *batch,
                                          bool sync)
{
    return par_moving__commit(store, batch, sync);
}

enum par_outcome par_store__commit_driver(struct par_store *store, const struct par_batch *batch,
                                          bool sync)
{
    uint64_t began = par_mono_ns();
    sync = sync && !store->no_sync;
    enum par_outcome outcome = store->driver->commit(store->impl, batch, sync);
    count_commit(store, batch, sync, outcome, began);
    /* A store that lands rows one by one has nothing to reopen: the caller writes again. */
    if (outcome != PAR_OUTCOME_OK && store->driver->by_rows)
        return outcome;
    if (outcome != PAR_OUTCOME_OK) {
        int open = PAR_STORE__OPEN;
        if (atomic_compare_exchange_strong(&store->phase, &open, PAR_STORE__BROKEN))
            par_log_error("store.write_failed", PAR_KV("path", store->path),
                          PAR_KV("uncertain", outcome == PAR_OUTCOME_UNCERTAIN));
        return outcome;
    }
    if (store->driver->has_folder &&
        atomic_fetch_add_explicit(&store->unchecked_bytes, par_batch_bytes(batch),
                                  memory_order_relaxed) > SPACE_STEP)
        par_store__check_space(store);
    return outcome;
}

enum par_outcome par_store_commit(struct par_store *store, const struct par_batch *batch, bool sync)
{
    enum par_outcome outcome = PAR_OUTCOME_FAILED;
    if (batch->count == 0)
        return batch->_bytes.failed ? PAR_OUTCOME_FAILED : PAR_OUTCOME_OK;
    if (!par_store_writable(store) || !par_batch_fits(batch) || !par_store__enter(store)) {
        par_stats_inc_at(PAR_C_STORE_COMMITS, PAR_OUTCOME_FAILED);
        atomic_fetch_add(&store->commits_failed, 1);
        return outcome;
    }
    outcome = par_store__commit_inside(store, batch, sync && !PAR_MUTANT(ACK_BEFORE_SYNC));
    par_store__leave(store);
    return outcome;
}

static enum par_outcome commit_one(struct par_store *store, enum par_table table,
                                   struct par_str key, const struct par_str *value,
                                   uint64_t version)
{
    struct par_batch batch = {0};
    if (value != NULL)
        par_batch_put(&batch, table, key, *value, version);
    else
        par_batch_delete(&batch, table, key, version);
    enum par_outcome outcome = par_store_commit(store, &batch, true);
    par_batch_fini(&batch);
    return outcome;
}

enum par_outcome par_store_put(struct par_store *store, enum par_table table, struct par_str key,
                               struct par_str value, uint64_t version)
{
    return commit_one(store, table, key, &value, version);
}

enum par_outcome par_store_delete(struct par_store *store, enum par_table table, struct par_str key,
                                  uint64_t version)
{
    return commit_one(store, table, key, NULL, version);
}

static pthread_mutex_t *stripe_of(struct par_store *store, struct par_str key)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.ptr[i]) * 16777619u;
    return &store->stripe[hash % PAR_STORE__STRIPES];
}

/* Under the lock of the key: reads, compares, commits. */
static int swap_locked(struct par_store *store, enum par_table table, struct par_str key,
                       struct par_str expected, struct par_str value, uint64_t version,
                       struct par_buf *value_r)
{
    struct par_buf now = {0};
    int found = par_store_get(store, table, key, &now);
    int result = -1;
    if (found >= 0) {
        bool same = expected.ptr == NULL ? found == 0
                                         : found == 1 && par_str_eq(par_buf_str(&now), expected);
        if (same) {
            const struct par_str *set = value.ptr != NULL ? &value : NULL;
            result = commit_one(store, table, key, set, version) == PAR_OUTCOME_OK ? 1 : -1;
        } else {
            result = 0;
            if (value_r != NULL)
                par_buf_add_str(value_r, par_buf_str(&now));
        }
    }
    par_buf_fini(&now);
    return result;
}

int par_store_swap(struct par_store *store, enum par_table table, struct par_str key,
                   struct par_str expected, struct par_str value, uint64_t version,
                   struct par_buf *value_r)
{
    uint64_t began = par_mono_ns();
    int result = -1;
    if (store->driver->swap != NULL) {
        if (par_store_writable(store) && par_store__enter(store)) {
            result =
                store->driver->swap(store->impl, table, key, expected, value, version, value_r);
            par_store__leave(store);
        }
    } else {
        pthread_mutex_t *stripe = stripe_of(store, key);
        pthread_mutex_lock(stripe);
        result = swap_locked(store, table, key, expected, value, version, value_r);
        pthread_mutex_unlock(stripe);
    }
    if (result >= 0 && value_r != NULL && value_r->failed)
        result = -1;
    par_stats_record(PAR_H_STORE_TIME, PAR_STORE_OP_PUT_IF_ABSENT, par_mono_ns() - began);
    if (result < 0)
        par_stats_inc_at(PAR_C_STORE_ERRORS, PAR_STORE_OP_PUT_IF_ABSENT);
    return result;
}

int par_store_put_if_absent(struct par_store *store, enum par_table table, struct par_str key,
                            struct par_str value, uint64_t version, struct par_buf *value_r)
{
    return par_store_swap(store, table, key, (struct par_str){0}, value, version, value_r);
}

enum par_outcome par_store_set(struct par_store *store, enum par_table table, struct par_str key,
                               struct par_str value, uint64_t version)
{
    enum { TRIES = 8 };
    const struct par_str *set = value.ptr != NULL ? &value : NULL;
    enum par_outcome outcome = PAR_OUTCOME_FAILED;
    struct par_buf now = {0};
    if (store->driver->swap == NULL)
        return commit_one(store, table, key, set, version);
    for (int i = 0; i < TRIES; i++) {
        par_buf_clear(&now);
        int found = par_store_get(store, table, key, &now);
        bool same = found == 0 ? set == NULL : set != NULL && par_str_eq(par_buf_str(&now), value);
        struct par_str expected = found == 1 ? par_buf_str(&now) : (struct par_str){0};
        int done = found < 0 ? -1
                   : same    ? 1
                             : par_store_swap(store, table, key, expected, value, version, NULL);
        outcome = done > 0 ? PAR_OUTCOME_OK : done < 0 ? PAR_OUTCOME_UNCERTAIN : PAR_OUTCOME_FAILED;
        if (done != 0)
            break;
    }
    par_buf_fini(&now);
    return outcome;
}

enum par_err par_store_backup(struct par_store *store, const char *dir, struct par_buf *why_r)
{
    struct par_store__copy copy = {0};
    enum par_err err = PAR_E_UNAVAILABLE;
    if (store->driver->copy_begin == NULL) {
        par_store__why(why_r, "the store driver %s has no backup", store->driver->name);
        return PAR_E_BAD_REQUEST;
    }
    if (!par_store__enter(store)) {
        par_store__why(why_r, "the store is being reopened after a failed write: try again");
        return err;
    }
    err = store->driver->copy_begin(store->impl, dir, &copy, why_r);
    par_store__leave(store);
    /* Outside: a write that fails meanwhile does not have to wait for its end. */
    return err ? err : store->driver->copy_end(&copy, dir, why_r);
}
