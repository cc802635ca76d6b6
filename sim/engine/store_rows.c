/* The simulated store by rows: HBase behind a gateway, as a driver of the store family. */
#include "sim/engine/store_private.h"

#include <stdlib.h>

/* Moments at which the rows of one batch land: enough for every order to be seen in time. */
enum { MOMENTS = 6, SCAN_PAGE = 16, TIMEOUT_DEFAULT_S = 5 };

static enum par_err rows_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                              struct par_buf *why_r)
{
    struct sim_store *store = sim_store__current;
    *impl_r = NULL;
    sim_engine_enter();
    *is_new_r = store->tables[PAR_T_META].count == 0;
    bool refused = !sim_reaches(sim_node_current(), SIM_STORE) || sim_now_ns() < store->down_ns;
    sim_engine_leave();
    if (refused || (*is_new_r && options->must_exist)) {
        if (why_r != NULL)
            par_buf_addz(why_r, refused ? "the store cannot be reached" : "there is no store");
        return refused ? PAR_E_UNAVAILABLE : PAR_E_CONFLICT;
    }
    *impl_r = store;
    return PAR_OK;
}

static void rows_close(void *impl)
{
    (void)impl;
}

/* ---- the way there and back ---- */

static unsigned region_of(const struct sim_store *store, struct par_str key)
{
    unsigned n = store->plan.regions;
    if (n > SIM_STORE_REGIONS_MAX)
        n = SIM_STORE_REGIONS_MAX;
    return n > 0 && key.len > 0 ? (unsigned)(uint8_t)key.ptr[0] * n / 256 : 0;
}

static uint64_t timeout_ns(const struct sim_store *store)
{
    return store->plan.timeout_ns > 0 ? store->plan.timeout_ns : TIMEOUT_DEFAULT_S * SIM_S;
}

/* A call from its start until the server has it. False: it does not get there, and its time is
 * over. */
static bool arrives(struct sim_store *store, uint64_t began, enum par_table table,
                    struct par_str key)
{
    struct sim_node *node = sim_node_current();
    uint64_t *region = &store->region_ns[table][region_of(store, key)];
    uint64_t end = began + timeout_ns(store);
    bool reaches = sim_reaches(node, SIM_STORE);
    if (reaches)
        sim_sleep_ns(sim_delay_ns(node, SIM_STORE));
    if (sim_store__due(store, store->plan.move_ppm)) {
        *region = sim_now_ns() + sim_random_skew(&store->random, 1, store->plan.move_ns);
        sim_fault(SIM_FAULT_STORE_STALL, par_table_name(table));
    }
    /* The gateway tries again until the region is served, or its own time is over. */
    while (reaches && !sim_healed() && (sim_now_ns() < *region || sim_now_ns() < store->down_ns)) {
        uint64_t until = *region > store->down_ns ? *region : store->down_ns;
        if (until >= end) {
            reaches = false;
            break;
        }
        sim_sleep_ns(until - sim_now_ns() < 100 * SIM_MS ? until - sim_now_ns() : 100 * SIM_MS);
    }
    if (!reaches && sim_now_ns() < end)
        sim_sleep_ns(end - sim_now_ns());
    return reaches;
}

/* The answer on its way back. False: it was lost, and the time of the call is over. */
static bool answered(struct sim_store *store, uint64_t began)
{
    struct sim_node *node = sim_node_current();
    uint64_t end = began + timeout_ns(store);
    sim_sleep_ns(sim_delay_ns(node, SIM_STORE));
    if (sim_reaches(node, SIM_STORE))
        return true;
    if (sim_now_ns() < end)
        sim_sleep_ns(end - sim_now_ns());
    return false;
}

/* ---- reading ---- */

static enum par_err rows_read(void *impl, size_t n, const struct par_store_key *keys,
                              par_store__value_fn found, void *arg)
{
    struct sim_store *store = impl;
    enum par_err err = PAR_OK;
    sim_engine_enter();
    uint64_t began = sim_now_ns();
    struct sim_bytes **values = calloc(n, sizeof(struct sim_bytes *));
    PAR_ASSERT(values != NULL);
    if (!arrives(store, began, keys[0].table, keys[0].key)) {
        err = PAR_E_UNAVAILABLE;
    } else if (sim_store__due(store, store->plan.read_failed_ppm)) {
        sim_fault(SIM_FAULT_STORE_READ_FAILED, par_table_name(keys[0].table));
        err = PAR_E_UNAVAILABLE;
    }
    for (size_t i = 0; i < n && err == PAR_OK; i++) {
        if (i > 0 && i % SCAN_PAGE == 0 && sim_store__due(store, store->plan.scan_moves_ppm))
            sim_sleep_ns(sim_random_skew(&store->random, 1, 2 * SIM_MS));
        struct sim_row *row = sim_rows_find(&store->tables[keys[i].table], keys[i].key);
        if (row != NULL && sim_store__visible(row))
            values[i] = sim_bytes_ref(row->value);
    }
    if (err == PAR_OK && !answered(store, began))
        err = PAR_E_UNAVAILABLE;
    for (size_t i = 0; i < n; i++) {
        if (values[i] != NULL && err == PAR_OK && !found(arg, i, sim_bytes_str(values[i])))
            err = PAR_E_UNAVAILABLE;
        sim_bytes_unref(&values[i]);
    }
    free(values);
    sim_engine_leave();
    return err;
}

/* Each row as of its own moment: between two pages others may land. */
static enum par_err rows_scan(void *impl, enum par_table table, struct par_str start,
                              struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct sim_store *store = impl;
    struct sim_rows *rows = &store->tables[table];
    enum par_err err = PAR_OK;
    size_t seen = 0, page = 0;
    sim_engine_enter();
    uint64_t began = sim_now_ns();
    if (!arrives(store, began, table, start))
        err = PAR_E_UNAVAILABLE;
    struct sim_bytes *last = NULL;
    for (size_t i = sim_rows_seek(rows, start); err == PAR_OK && i < rows->count; i++) {
        if (page++ == SCAN_PAGE) {
            page = 0;
            if (sim_store__due(store, store->plan.scan_moves_ppm)) {
                last = sim_bytes_ref(rows->row[i]->key);
                sim_sleep_ns(sim_random_skew(&store->random, 1, 5 * SIM_MS));
                i = sim_rows_seek(rows, sim_bytes_str(last));
                sim_bytes_unref(&last);
            }
            if (sim_store__due(store, store->plan.read_failed_ppm)) {
                sim_fault(SIM_FAULT_STORE_READ_FAILED, "within a scan");
                err = PAR_E_UNAVAILABLE;
                break;
            }
        }
        struct sim_row *row = rows->row[i];
        struct par_str key = sim_bytes_str(row->key);
        if (end.len > 0 && par_str_cmp(key, end) >= 0)
            break;
        if (!sim_store__visible(row))
            continue;
        if ((limit > 0 && seen++ == limit) || !fn(arg, key, sim_bytes_str(row->value)))
            break;
    }
    if (err == PAR_OK && (sim_store__due(store, store->plan.read_failed_ppm))) {
        sim_fault(SIM_FAULT_STORE_READ_FAILED, par_table_name(table));
        err = PAR_E_UNAVAILABLE;
    }
    if (err == PAR_OK && !answered(store, began))
        err = PAR_E_UNAVAILABLE;
    sim_engine_leave();
    return err;
}

/* ---- writing ---- */

#define NEVER UINT64_MAX

/* When each part of a batch lands, and how the call ends. */
struct fate {
    uint64_t moment_ns[MOMENTS];
    enum par_outcome outcome;
    bool at_once; /* an error that does not wait for the timeout */
};

/* Which of its moments a row has: what is put twice into one row of a table keeps its order. */
static unsigned moment_of(enum par_table table, struct par_str key, uint64_t salt)
{
    uint64_t hash = (14695981039346656037u ^ salt ^ (uint64_t)table) * 1099511628211u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.ptr[i]) * 1099511628211u;
    return (unsigned)((hash >> 32) % MOMENTS);
}

static enum par_outcome some_error(struct sim_store *store)
{
    return sim_random_below(&store->random, 2) ? PAR_OUTCOME_FAILED : PAR_OUTCOME_UNCERTAIN;
}

/* Some of the moments, at least one and not all, are given another time. */
static void change_some(struct sim_store *store, struct fate *fate, uint64_t from, uint64_t to)
{
    unsigned first = (unsigned)sim_random_below(&store->random, MOMENTS);
    unsigned count = 1 + (unsigned)sim_random_below(&store->random, MOMENTS - 1);
    for (unsigned i = 0; i < count; i++)
        fate->moment_ns[(first + i) % MOMENTS] =
            from < NEVER ? sim_random_in(&store->random, from, to) : NEVER;
}

static void draw(struct sim_store *store, uint64_t began, struct fate *fate)
{
    const struct sim_store_plan *plan = &store->plan;
    uint64_t now = sim_now_ns(), timeout = began + timeout_ns(store);
    *fate = (struct fate){.outcome = PAR_OUTCOME_OK};
    for (int i = 0; i < MOMENTS; i++)
        fate->moment_ns[i] = now + sim_random_skew(&store->random, 0, plan->landing_ns);
    if (sim_store__due(store, plan->refused_ppm)) {
        sim_fault(SIM_FAULT_STORE_FAILED, "");
        for (int i = 0; i < MOMENTS; i++)
            fate->moment_ns[i] = NEVER;
        fate->outcome = some_error(store);
        fate->at_once = true;
    } else if (sim_store__due(store, plan->partial_ppm)) {
        sim_fault(SIM_FAULT_STORE_PARTIAL, "");
        change_some(store, fate, NEVER, NEVER);
        fate->outcome = some_error(store);
        fate->at_once = sim_random_below(&store->random, 2);
    } else if (sim_store__due(store, plan->answer_lost_ppm)) {
        sim_fault(SIM_FAULT_STORE_ANSWER_LOST, "");
        fate->outcome = some_error(store);
    } else if (sim_store__due(store, plan->late_ppm)) {
        sim_fault(SIM_FAULT_STORE_LATE, "");
        fate->outcome = some_error(store);
        fate->at_once = sim_random_below(&store->random, 4) == 0;
        change_some(store, fate, now + 1, timeout + plan->late_ns);
        if (sim_random_below(&store->random, 2))
            change_some(store, fate, NEVER, NEVER);
    }
}

/* Rows land in the order of a test. */
static void land_as_ordered(struct sim_store *store, const struct par_batch *batch,
                            const struct sim_store_order *order)
{
    for (size_t i = 0; i < batch->count; i++) {
        bool now = i < 64 && (order->lands >> i & 1);
        if (!now && order->rest == SIM_STORE_NEVER)
            continue;
        struct sim_landing *l = sim_store__landing(store, 1);
        sim_store__landing_add(l, batch, i);
        sim_store__landing_at(l, now ? 0 : UINT64_MAX);
    }
}

/* Sends the rows on their way; returns when the last of them lands. */
static uint64_t send(struct sim_store *store, const struct par_batch *batch,
                     const struct fate *fate)
{
    struct sim_landing *landing[MOMENTS] = {0};
    uint64_t salt = sim_random_u64(&store->random), last = sim_now_ns();
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *put = par_store__put(batch, i);
        unsigned m = moment_of((enum par_table)put->table, par_store__put_key(batch, put), salt);
        if (fate->moment_ns[m] == NEVER)
            continue;
        if (landing[m] == NULL)
            landing[m] = sim_store__landing(store, batch->count - i);
        sim_store__landing_add(landing[m], batch, i);
        if (fate->moment_ns[m] > last)
            last = fate->moment_ns[m];
    }
    for (int m = 0; m < MOMENTS; m++)
        if (landing[m] != NULL)
            sim_store__landing_at(landing[m], fate->moment_ns[m]);
    return last;
}

static void sleep_until(uint64_t when_ns)
{
    if (when_ns > sim_now_ns())
        sim_sleep_ns(when_ns - sim_now_ns());
}

static enum par_outcome rows_commit(void *impl, const struct par_batch *batch, bool sync)
{
    struct sim_store *store = impl;
    const struct par_store__put *first = par_store__put(batch, 0);
    struct sim_store_order order;
    struct fate fate;
    (void)sync;
    sim_engine_enter();
    uint64_t began = sim_now_ns(), timeout = began + timeout_ns(store);
    enum par_outcome outcome = PAR_OUTCOME_UNCERTAIN;
    if (!arrives(store, began, first->table, par_store__put_key(batch, first)))
        goto out;
    if (sim_store__order(store, &order)) {
        land_as_ordered(store, batch, &order);
        outcome = order.outcome;
        goto out;
    }
    draw(store, began, &fate);
    uint64_t last = send(store, batch, &fate);
    outcome = fate.outcome;
    if (outcome == PAR_OUTCOME_OK && last >= timeout) {
        sleep_until(timeout);
        outcome = PAR_OUTCOME_UNCERTAIN;
    } else if (outcome == PAR_OUTCOME_OK) {
        sleep_until(last);
        if (!answered(store, began)) {
            sim_fault(SIM_FAULT_STORE_ANSWER_LOST, "cut off");
            outcome = PAR_OUTCOME_UNCERTAIN;
        }
    } else {
        sleep_until(fate.at_once ? sim_now_ns() + sim_delay_ns(sim_node_current(), SIM_STORE)
                                 : timeout);
    }
out:
    sim_engine_leave();
    return outcome;
}

/* ---- compare and swap ---- */

static void send_swap(struct sim_store *store, enum par_table table, struct par_str key,
                      const struct par_str *expected, struct par_str value, uint64_t version,
                      uint64_t when_ns)
{
    struct sim_landing *l = sim_store__landing(store, 1);
    l->swaps = true;
    l->expected = expected != NULL ? sim_bytes_new(*expected) : NULL;
    l->row[l->count++] = (struct sim_landing_row){sim_bytes_new(key),
                                                  value.ptr != NULL ? sim_bytes_new(value) : NULL,
                                                  version, (uint8_t)table};
    store->landing_rows++;
    sim_store__landing_at(l, when_ns);
}

static int rows_swap(void *impl, enum par_table table, struct par_str key, struct par_str expected,
                     struct par_str value, uint64_t version, struct par_buf *value_r)
{
    struct sim_store *store = impl;
    const struct sim_store_plan *plan = &store->plan;
    const struct par_str *compare = expected.ptr != NULL ? &expected : NULL;
    struct sim_store_order order;
    size_t had = value_r != NULL ? value_r->len : 0;
    int result = -1;
    sim_engine_enter();
    uint64_t began = sim_now_ns(), timeout = began + timeout_ns(store);
    if (!arrives(store, began, table, key))
        goto out;
    if (sim_store__order(store, &order)) {
        if (order.lands & 1)
            result = sim_store__swap(store, table, key, compare, value, version, value_r);
        else if (order.rest == SIM_STORE_HELD)
            send_swap(store, table, key, compare, value, version, UINT64_MAX);
        if (order.outcome != PAR_OUTCOME_OK)
            result = -1;
        goto out;
    }
    if (sim_store__due(store, plan->refused_ppm)) {
        sim_fault(SIM_FAULT_STORE_FAILED, "swap");
    } else if (sim_store__due(store, plan->answer_lost_ppm + plan->partial_ppm)) {
        sim_fault(SIM_FAULT_STORE_ANSWER_LOST, "swap");
        (void)sim_store__swap(store, table, key, compare, value, version, NULL);
        sleep_until(timeout);
    } else if (sim_store__due(store, plan->late_ppm)) {
        sim_fault(SIM_FAULT_STORE_LATE, "swap");
        send_swap(store, table, key, compare, value, version,
                  sim_random_in(&store->random, sim_now_ns() + 1, timeout + plan->late_ns));
        sleep_until(sim_random_below(&store->random, 4) ? timeout : sim_now_ns() + SIM_MS);
    } else {
        sleep_until(sim_now_ns() + sim_random_skew(&store->random, 0, plan->landing_ns));
        result = sim_store__swap(store, table, key, compare, value, version, value_r);
        if (!answered(store, began)) {
            sim_fault(SIM_FAULT_STORE_ANSWER_LOST, "cut off");
            result = -1;
        }
    }
out:
    if (result < 0 && value_r != NULL && !value_r->failed)
        value_r->len = had;
    sim_engine_leave();
    return result;
}

static void rows_stats(void *impl, struct par_store_stats *stats_r)
{
    struct sim_store *store = impl;
    for (int t = 0; t < PAR_T_COUNT; t++)
        stats_r->memory_bytes += store->tables[t].count * sizeof(struct sim_row);
}

const struct par_store__driver sim_store__by_rows = {
    .name = "sim",
    .by_rows = true,
    .open = rows_open,
    .close = rows_close,
    .read = rows_read,
    .scan = rows_scan,
    .commit = rows_commit,
    .swap = rows_swap,
    .stats = rows_stats,
};
