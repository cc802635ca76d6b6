/* The simulated store on one disk: RocksDB with a log that is synced or is not, as a driver of the
 * store family.
 *
 * A batch goes to the page cache first (the list `wal`), and to the disk when a sync has ended;
 * readers see it then, or at once when nobody asked for a sync. A process that is killed leaves the
 * page cache; the loss of power leaves what reached the disk and some of the rest, from its front.
 * After a failed write or sync nothing is written until the store was opened again, which finds
 * what the page cache still has, and syncs it before it shows it (E3). */
#include "base/mutant.h"
#include "sim/engine/store_private.h"

#include <stdlib.h>

/* One batch that the disk does not have for sure. */
struct sim_wal {
    struct sim_wal *next;
    uint64_t seq; /* of batches: an older one is not applied over a newer one */
    size_t count;
    struct sim_landing_row row[];
};

/* ---- rows ---- */

static void apply(struct sim_rows *tables, const struct sim_wal *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct sim_landing_row *put = &w->row[i];
        struct sim_rows *rows = &tables[put->table];
        if (put->value != NULL) {
            struct sim_row *row = sim_rows_make(rows, sim_bytes_str(put->key));
            if (row->version > w->seq)
                continue;
            sim_bytes_unref(&row->value);
            row->value = sim_bytes_ref(put->value);
            row->version = w->seq;
        } else if (sim_rows_find(rows, sim_bytes_str(put->key)) != NULL) {
            sim_rows_remove(rows, sim_rows_seek(rows, sim_bytes_str(put->key)));
        }
    }
}

static struct sim_wal *add_wal(struct sim_store *store, const struct par_batch *batch)
{
    struct sim_wal *w = calloc(1, sizeof *w + batch->count * sizeof w->row[0]);
    PAR_ASSERT(w != NULL);
    w->seq = ++store->seq;
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *p = par_store__put(batch, i);
        w->row[w->count++] = (struct sim_landing_row){
            .key = sim_bytes_new(par_store__put_key(batch, p)),
            .value = p->deletes ? NULL : sim_bytes_new(par_store__put_value(batch, p)),
            .table = p->table,
        };
    }
    *store->wal_end = w;
    store->wal_end = &w->next;
    return w;
}

static void drop(struct sim_wal **at)
{
    while (*at != NULL) {
        struct sim_wal *w = *at;
        *at = w->next;
        for (size_t i = 0; i < w->count; i++) {
            sim_bytes_unref(&w->row[i].key);
            sim_bytes_unref(&w->row[i].value);
        }
        free(w);
    }
}

/* A random part of a list from its front. */
static struct sim_wal **some_of(struct sim_store *store, struct sim_wal **list)
{
    uint64_t n = 0;
    for (struct sim_wal *w = *list; w != NULL; w = w->next)
        n++;
    for (uint64_t keep = sim_random_below(&store->random, n + 1); keep > 0; keep--)
        list = &(*list)->next;
    return list;
}

void sim_store__drop_wal(struct sim_store *store)
{
    drop(&store->wal);
    drop(&store->old_wal);
    store->wal_end = &store->wal;
}

/* Everything up to `last` reaches the disk, and is seen. False: somebody else has done that. */
static bool reach_disk(struct sim_store *store, const struct sim_wal *last)
{
    struct sim_wal *w = store->wal;
    while (w != NULL && w != last)
        w = w->next;
    if (w == NULL)
        return false;
    for (bool done = false; !done;) {
        w = store->wal;
        done = w == last;
        apply(store->disk, w);
        apply(store->tables, w);
        store->wal = w->next;
        if (store->wal == NULL)
            store->wal_end = &store->wal;
        w->next = NULL;
        drop(&w);
    }
    return true;
}

/* What is on the disk and in the page cache becomes what is seen; with a sync, unless a mutant does
 * without: then no later sync reaches it, as it is in another file. */
static void recover(struct sim_store *store)
{
    bool unsynced = store->plan.recovery_unsynced || PAR_MUTANT(E3_UNSYNCED);
    struct sim_wal **old_end = &store->old_wal;
    for (int t = 0; t < PAR_T_COUNT; t++) {
        sim_rows_clear(&store->tables[t]);
        sim_rows_copy(&store->tables[t], &store->disk[t]);
    }
    while (*old_end != NULL)
        old_end = &(*old_end)->next;
    *old_end = store->wal;
    store->wal = NULL;
    store->wal_end = &store->wal;
    for (struct sim_wal *w = store->old_wal; w != NULL; w = w->next) {
        apply(store->tables, w);
        if (!unsynced)
            apply(store->disk, w);
    }
    if (!unsynced)
        drop(&store->old_wal);
    store->broken = false;
}

static bool full(const struct sim_store *store)
{
    return !sim_healed() && sim_now_ns() < store->full_until_ns;
}

/* ---- life ---- */

static enum par_err disk_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                              struct par_buf *why_r)
{
    struct sim_store *store = sim_store__current;
    const char *why = NULL;
    enum par_err err = PAR_E_CONFLICT;
    *impl_r = NULL;
    sim_engine_enter();
    *is_new_r = store->disk[PAR_T_META].count == 0 && store->wal == NULL && store->old_wal == NULL;
    if (store->open)
        why = "another process has the store";
    else if (*is_new_r && options->must_exist)
        why = "there is no store";
    else if (!*is_new_r && options->must_be_new)
        why = "there is a store";
    else if (full(store)) {
        why = "the disk is full";
        err = PAR_E_UNAVAILABLE;
    }
    if (why == NULL) {
        recover(store);
        store->open = true;
        options->new_incarnation |= store->copied;
        store->copied = false;
        *impl_r = store;
        err = PAR_OK;
    } else if (why_r != NULL) {
        par_buf_addz(why_r, why);
    }
    sim_engine_leave();
    return err;
}

static void disk_close(void *impl)
{
    struct sim_store *store = impl;
    sim_engine_enter();
    store->open = false;
    sim_engine_leave();
}

static enum par_err disk_reopen(void *impl, struct par_buf *why_r)
{
    struct sim_store *store = impl;
    enum par_err err = PAR_OK;
    sim_engine_enter();
    sim_sleep_ns(sim_random_skew(&store->random, 0, store->plan.sync_ns));
    if (full(store) || sim_store__due(store, store->plan.write_failed_ppm)) {
        par_buf_addz(why_r, "the disk takes nothing");
        err = PAR_E_UNAVAILABLE;
    } else {
        recover(store);
    }
    sim_engine_leave();
    return err;
}

void sim_store_killed(struct sim_store *store)
{
    sim_engine_enter();
    store->open = false;
    sim_engine_leave();
}

void sim_store_power_loss(struct sim_store *store)
{
    sim_engine_enter();
    struct sim_wal **old = some_of(store, &store->old_wal), **at = some_of(store, &store->wal);
    bool lost = *old != NULL || *at != NULL;
    drop(old);
    drop(at);
    store->wal_end = at;
    for (struct sim_wal *w = store->old_wal; w != NULL; w = w->next)
        apply(store->disk, w);
    drop(&store->old_wal);
    sim_fault(SIM_FAULT_STORE_POWER_LOSS, lost ? "writes lost" : "nothing lost");
    store->open = false;
    sim_engine_leave();
}

void sim_store_keep_copy(struct sim_store *store)
{
    sim_engine_enter();
    for (int t = 0; t < PAR_T_COUNT; t++) {
        sim_rows_clear(&store->copy[t]);
        sim_rows_copy(&store->copy[t], &store->disk[t]);
    }
    sim_engine_leave();
}

void sim_store_restore_copy(struct sim_store *store)
{
    sim_engine_enter();
    PAR_ASSERT(!store->open);
    for (int t = 0; t < PAR_T_COUNT; t++) {
        sim_rows_clear(&store->disk[t]);
        sim_rows_copy(&store->disk[t], &store->copy[t]);
    }
    sim_store__drop_wal(store);
    store->copied = true;
    sim_engine_leave();
}

/* ---- reading ---- */

static enum par_err disk_read(void *impl, size_t n, const struct par_store_key *keys,
                              par_store__value_fn found, void *arg)
{
    struct sim_store *store = impl;
    enum par_err err = PAR_OK;
    sim_engine_enter();
    if (sim_store__due(store, store->plan.read_failed_ppm)) {
        sim_fault(SIM_FAULT_STORE_READ_FAILED, par_table_name(keys[0].table));
        err = PAR_E_UNAVAILABLE;
    }
    for (size_t i = 0; i < n && err == PAR_OK; i++) {
        struct sim_row *row = sim_rows_find(&store->tables[keys[i].table], keys[i].key);
        if (row != NULL && !found(arg, i, sim_bytes_str(row->value)))
            err = PAR_E_UNAVAILABLE;
    }
    sim_engine_leave();
    return err;
}

static enum par_err disk_scan(void *impl, enum par_table table, struct par_str start,
                              struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct sim_store *store = impl;
    struct sim_rows *rows = &store->tables[table];
    size_t seen = 0;
    sim_engine_enter();
    for (size_t i = sim_rows_seek(rows, start); i < rows->count; i++) {
        struct par_str key = sim_bytes_str(rows->row[i]->key);
        if ((end.len > 0 && par_str_cmp(key, end) >= 0) || (limit > 0 && seen++ == limit) ||
            !fn(arg, key, sim_bytes_str(rows->row[i]->value)))
            break;
    }
    bool failed = sim_store__due(store, store->plan.read_failed_ppm);
    if (failed)
        sim_fault(SIM_FAULT_STORE_READ_FAILED, "within a scan");
    sim_engine_leave();
    return failed ? PAR_E_UNAVAILABLE : PAR_OK;
}

/* ---- writing ---- */

static enum par_outcome refused(struct sim_store *store)
{
    store->broken = true;
    return PAR_OUTCOME_FAILED;
}

/* The sync failed: the batch is in the page cache still, or the system has dropped it. */
static enum par_outcome sync_fails(struct sim_store *store)
{
    sim_fault(SIM_FAULT_STORE_FAILED, "a sync");
    if (sim_random_below(&store->random, 2))
        sim_store__drop_wal(store);
    store->broken = true;
    return PAR_OUTCOME_UNCERTAIN;
}

static enum par_outcome as_ordered(struct sim_store *store, const struct par_batch *batch,
                                   const struct sim_store_order *order)
{
    struct sim_wal *w = order->lands ? add_wal(store, batch) : NULL;
    if (order->outcome == PAR_OUTCOME_OK && w != NULL)
        reach_disk(store, w);
    store->broken = order->outcome != PAR_OUTCOME_OK;
    return order->outcome;
}

static enum par_outcome disk_commit(void *impl, const struct par_batch *batch, bool sync)
{
    struct sim_store *store = impl;
    const struct sim_store_plan *plan = &store->plan;
    struct sim_store_order order;
    enum par_outcome outcome = PAR_OUTCOME_OK;
    sim_engine_enter();
    if (store->broken) {
        outcome = PAR_OUTCOME_FAILED;
        goto out;
    }
    if (sim_store__order(store, &order)) {
        outcome = as_ordered(store, batch, &order);
        goto out;
    }
    if (sim_store__due(store, plan->full_ppm)) {
        sim_fault(SIM_FAULT_STORE_FULL, "");
        store->full_until_ns = sim_now_ns() + sim_random_in(&store->random, 1, plan->full_ns);
    }
    if (full(store) || sim_store__due(store, plan->write_failed_ppm)) {
        sim_fault(SIM_FAULT_STORE_FAILED, "a write");
        outcome = refused(store);
        goto out;
    }
    uint64_t whole = sim_random_skew(&store->random, 0, plan->sync_ns);
    uint64_t before = whole > 0 ? sim_random_below(&store->random, whole / 2 + 1) : 0;
    if (before > 0)
        sim_sleep_ns(before);
    if (store->broken) {
        outcome = PAR_OUTCOME_FAILED;
        goto out;
    }
    struct sim_wal *w = add_wal(store, batch);
    if (!sync) {
        apply(store->tables, w);
        goto out;
    }
    if (whole > before)
        sim_sleep_ns(whole - before);
    if (store->broken)
        outcome = PAR_OUTCOME_UNCERTAIN;
    else if (sim_store__due(store, plan->sync_failed_ppm))
        outcome = sync_fails(store);
    else
        reach_disk(store, w);
out:
    sim_engine_leave();
    return outcome;
}

static void disk_stats(void *impl, struct par_store_stats *stats_r)
{
    struct sim_store *store = impl;
    sim_engine_enter();
    for (int t = 0; t < PAR_T_COUNT; t++)
        stats_r->disk_bytes += store->disk[t].count * sizeof(struct sim_row);
    sim_engine_leave();
}

const struct par_store__driver sim_store__whole = {
    .name = "sim",
    .open = disk_open,
    .close = disk_close,
    .reopen = disk_reopen,
    .read = disk_read,
    .scan = disk_scan,
    .commit = disk_commit,
    .stats = disk_stats,
};
