/* The simulated Redis: keys with leases, a master that is replaced, and how calls end. */
#include "sim/engine/redis_private.h"

#include <stdlib.h>

enum { TURN_MS = 500, TIMEOUT_DEFAULT_MS = 500, UNDO_KEPT = 4096 };

struct sim_redis *sim_redis__current;

bool sim_redis__due(struct sim_redis *redis, uint32_t ppm)
{
    return ppm > 0 && !sim_healed() && sim_random_ppm(&redis->random, ppm);
}

/* ---- keys ---- */

static void add_number(struct sim_key *key, uint64_t n)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        key->bytes[key->len++] = (char)(n >> shift);
}

struct sim_key sim_redis__kind(char kind)
{
    return (struct sim_key){.len = 1, .bytes = {kind}};
}

struct sim_key sim_redis__prefix(char kind, uint64_t a)
{
    struct sim_key key = sim_redis__kind(kind);
    add_number(&key, a);
    return key;
}

struct sim_key sim_redis__key(char kind, uint64_t a, uint64_t b)
{
    struct sim_key key = sim_redis__prefix(kind, a);
    add_number(&key, b);
    return key;
}

struct sim_key sim_redis__value(uint64_t n)
{
    struct sim_key value = {0};
    add_number(&value, n);
    return value;
}

uint64_t sim_redis__number(struct par_str bytes, size_t at)
{
    uint64_t n = 0;
    for (size_t i = at; i < at + 8; i++)
        n = n << 8 | (uint8_t)bytes.ptr[i];
    return n;
}

/* ---- rows and leases ---- */

/* Of a lease that ends late, the version is when it should have ended. */
static bool ended(struct sim_row *row)
{
    uint64_t now = sim_now_ns();
    bool over = row->until_ns > 0 && row->until_ns <= now;
    if (!over && row->until_ns > 0 && row->version > 0 && row->version <= now) {
        sim_fault(SIM_FAULT_REDIS_EXPIRED_LATE, "");
        row->version = 0;
    }
    return over;
}

struct sim_row *sim_redis__get(const struct sim_rows *db, struct par_str key)
{
    struct sim_row *row = sim_rows_find(db, key);
    return row != NULL && !ended(row) ? row : NULL;
}

/* Writes to the old master are lost anyhow. */
static void remember(struct sim_redis *redis, const struct sim_rows *db, struct par_str key)
{
    if (db != &redis->rows || redis->plan.lost_ns == 0)
        return;
    if (redis->undo_count == redis->undo_cap && redis->undo_cap >= UNDO_KEPT) {
        size_t drop = redis->undo_count / 2;
        for (size_t i = 0; i < drop; i++) {
            sim_bytes_unref(&redis->undo[i].key);
            sim_bytes_unref(&redis->undo[i].value);
        }
        redis->undo_count -= drop;
        memmove(redis->undo, redis->undo + drop, redis->undo_count * sizeof redis->undo[0]);
    } else if (redis->undo_count == redis->undo_cap) {
        redis->undo_cap = redis->undo_cap > 0 ? redis->undo_cap * 2 : 64;
        redis->undo = realloc(redis->undo, redis->undo_cap * sizeof redis->undo[0]);
        PAR_ASSERT(redis->undo != NULL);
    }
    struct sim_row *row = sim_rows_find(db, key);
    redis->undo[redis->undo_count++] = (struct sim_undo){
        .when_ns = sim_now_ns(),
        .key = sim_bytes_new(key),
        .value = row != NULL && row->value != NULL ? sim_bytes_ref(row->value) : NULL,
        .until_ns = row != NULL ? row->until_ns : 0,
    };
}

void sim_redis__set(struct sim_redis *redis, struct sim_rows *db, struct par_str key,
                    struct par_str value, uint64_t lease_ns)
{
    remember(redis, db, key);
    struct sim_row *row = sim_rows_make(db, key);
    sim_row_set(row, value);
    row->until_ns = lease_ns > 0 ? sim_now_ns() + lease_ns : 0;
    row->version = 0;
    if (lease_ns > 0 && redis->plan.late_ns > 0 && !sim_healed()) {
        row->version = row->until_ns;
        row->until_ns += sim_random_skew(&redis->random, 0, redis->plan.late_ns);
    }
}

static void take_out(struct sim_rows *db, struct par_str key)
{
    size_t i = sim_rows_seek(db, key);
    if (i < db->count && par_str_eq(sim_bytes_str(db->row[i]->key), key))
        sim_rows_remove(db, i);
}

void sim_redis__del(struct sim_redis *redis, struct sim_rows *db, struct par_str key)
{
    if (sim_rows_find(db, key) == NULL)
        return;
    remember(redis, db, key);
    take_out(db, key);
}

struct sim_row *sim_redis__next(const struct sim_rows *db, struct par_str prefix, size_t *at)
{
    size_t i = *at == SIZE_MAX ? sim_rows_seek(db, prefix) : *at + 1;
    for (; i < db->count; i++) {
        struct par_str key = sim_bytes_str(db->row[i]->key);
        if (key.len < prefix.len || memcmp(key.ptr, prefix.ptr, prefix.len) != 0)
            return NULL;
        if (ended(db->row[i]))
            continue;
        *at = i;
        return db->row[i];
    }
    return NULL;
}

/* ---- calls ---- */

struct sim_rows *sim_redis__db(struct sim_redis *redis, const struct sim_node *node)
{
    unsigned n = sim_node_number(node);
    if (!sim_reaches(node, SIM_REDIS))
        return NULL;
    if (!sim_healed() && n < SIM_REDIS_NODES && sim_now_ns() < redis->stale_ns[n]) {
        sim_fault(SIM_FAULT_REDIS_STALE, "");
        return &redis->old;
    }
    return !sim_healed() && sim_now_ns() < redis->down_ns ? NULL : &redis->rows;
}

struct sim_rows *sim_redis__begin(struct sim_redis *redis, const struct sim_node *node,
                                  bool *answered_r)
{
    struct sim_rows *db = sim_redis__db(redis, node);
    *answered_r = db != NULL;
    if (db != NULL && sim_redis__due(redis, redis->plan.failed_ppm)) {
        sim_fault(SIM_FAULT_REDIS_FAILED, "");
        *answered_r = false;
        return sim_random_below(&redis->random, 2) ? db : NULL;
    }
    return db;
}

enum par_err sim_redis__end(struct sim_redis *redis, const struct sim_node *node,
                            const struct sim_rows *db, bool answered)
{
    uint64_t timeout =
        redis->plan.timeout_ns > 0 ? redis->plan.timeout_ns : TIMEOUT_DEFAULT_MS * SIM_MS;
    uint64_t end = sim_now_ns() + timeout;
    (void)db;
    if (answered) {
        sim_sleep_ns(sim_delay_ns(node, SIM_REDIS) + sim_delay_ns(node, SIM_REDIS));
        if (sim_reaches(node, SIM_REDIS))
            return PAR_OK;
    }
    if (sim_now_ns() < end)
        sim_sleep_ns(end - sim_now_ns());
    return PAR_E_UNAVAILABLE;
}

/* ---- what goes wrong by itself ---- */

static void failover(struct sim_redis *redis, uint64_t lost_ns, uint64_t down_ns)
{
    uint64_t now = sim_now_ns(), from = now > lost_ns ? now - lost_ns : 0;
    sim_fault(SIM_FAULT_REDIS_FAILOVER, "");
    sim_rows_clear(&redis->old);
    sim_rows_copy(&redis->old, &redis->rows);
    for (unsigned i = 0; i < SIM_REDIS_NODES; i++) {
        bool stays = redis->plan.stale_ns > 0 && sim_random_below(&redis->random, 3) == 0;
        redis->stale_ns[i] =
            stays ? now + sim_random_in(&redis->random, 1, redis->plan.stale_ns) : 0;
    }
    while (redis->undo_count > 0 && redis->undo[redis->undo_count - 1].when_ns >= from) {
        struct sim_undo *u = &redis->undo[--redis->undo_count];
        if (u->value != NULL) {
            struct sim_row *row = sim_rows_make(&redis->rows, sim_bytes_str(u->key));
            sim_row_set(row, sim_bytes_str(u->value));
            row->until_ns = u->until_ns;
        } else {
            take_out(&redis->rows, sim_bytes_str(u->key));
        }
        sim_bytes_unref(&u->key);
        sim_bytes_unref(&u->value);
    }
    redis->down_ns = now + down_ns;
}

static void flush(struct sim_redis *redis)
{
    sim_fault(SIM_FAULT_REDIS_FLUSH, "");
    sim_rows_clear(&redis->rows);
    while (redis->undo_count > 0) {
        struct sim_undo *u = &redis->undo[--redis->undo_count];
        sim_bytes_unref(&u->key);
        sim_bytes_unref(&u->value);
    }
}

static void end_some_leases(struct sim_redis *redis)
{
    bool any = false;
    for (size_t i = 0; i < redis->rows.count; i++) {
        struct sim_row *row = redis->rows.row[i];
        if (row->until_ns == 0 || ended(row) || sim_random_below(&redis->random, 4) > 0)
            continue;
        row->until_ns = 1;
        any = true;
    }
    if (any)
        sim_fault(SIM_FAULT_REDIS_EXPIRED_EARLY, "");
}

/* Rows whose leases ended long ago are of no use to anybody. */
static void sweep(struct sim_rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct sim_row *row = rows->row[i];
        if (!ended(row)) {
            rows->row[kept++] = row;
            continue;
        }
        sim_bytes_unref(&row->key);
        sim_bytes_unref(&row->value);
        free(row);
    }
    rows->count = kept;
}

static void turn(void *arg)
{
    struct sim_redis *redis = arg;
    const struct sim_redis_plan *plan = &redis->plan;
    if (sim_redis__due(redis, plan->failover_ppm))
        failover(redis, sim_random_below(&redis->random, plan->lost_ns + 1),
                 sim_random_below(&redis->random, plan->down_ns + 1));
    if (sim_redis__due(redis, plan->flush_ppm))
        flush(redis);
    if (sim_redis__due(redis, plan->early_ppm))
        end_some_leases(redis);
    sweep(&redis->rows);
    redis->turn = sim_at_ns(sim_now_ns() + TURN_MS * SIM_MS, turn, redis);
}

/* ---- life ---- */

static void node_ended(void *arg, struct sim_node *node, unsigned life)
{
    (void)arg;
    if (sim_redis__current != NULL)
        sim_redis__presence_gone(sim_redis__current, node, life);
}

struct sim_redis *sim_redis_new(const struct sim_redis_plan *plan)
{
    struct sim_redis *redis = calloc(1, sizeof *redis);
    PAR_ASSERT(redis != NULL && sim_redis__current == NULL);
    sim_engine_enter();
    redis->plan = *plan;
    sim_random_init(&redis->random, "redis", 0);
    par_route__extra = &sim_redis__route;
    par_presence__extra = &sim_redis__presence;
    par_cache__extra = &sim_redis__cache;
    sim_redis__current = redis;
    sim_on_node_end(node_ended, NULL);
    redis->turn = sim_at_ns(sim_now_ns(), turn, redis);
    sim_engine_leave();
    return redis;
}

void sim_redis_free(struct sim_redis **predis)
{
    struct sim_redis *redis = *predis;
    *predis = NULL;
    if (redis == NULL)
        return;
    sim_engine_enter();
    sim_cancel(redis->turn);
    sim_rows_clear(&redis->rows);
    sim_rows_clear(&redis->old);
    for (size_t i = 0; i < redis->undo_count; i++) {
        sim_bytes_unref(&redis->undo[i].key);
        sim_bytes_unref(&redis->undo[i].value);
    }
    free(redis->undo);
    par_route__extra = NULL;
    par_presence__extra = NULL;
    par_cache__extra = NULL;
    sim_redis__current = NULL;
    sim_engine_leave();
    free(redis);
}

void sim_redis_set_plan(struct sim_redis *redis, const struct sim_redis_plan *plan)
{
    sim_engine_enter();
    redis->plan = *plan;
    sim_engine_leave();
}

void sim_redis_failover(struct sim_redis *redis, uint64_t lost_ns, uint64_t down_ns)
{
    sim_engine_enter();
    failover(redis, lost_ns, down_ns);
    sim_engine_leave();
}

void sim_redis_flush(struct sim_redis *redis)
{
    sim_engine_enter();
    flush(redis);
    sim_engine_leave();
}

void sim_redis_outage(struct sim_redis *redis, uint64_t ns)
{
    sim_engine_enter();
    redis->down_ns = sim_now_ns() + ns;
    sim_fault(SIM_FAULT_REDIS_FAILED, "all of it");
    sim_engine_leave();
}

void sim_redis_expire(struct sim_redis *redis, char kind)
{
    struct sim_key prefix = sim_redis__kind(kind);
    struct sim_row *row;
    sim_engine_enter();
    for (size_t at = SIZE_MAX; (row = sim_redis__next(&redis->rows, sim_key_str(&prefix), &at));)
        if (row->until_ns > 0)
            row->until_ns = 1;
    sim_engine_leave();
}

size_t sim_redis_keys(const struct sim_redis *redis, char kind)
{
    struct sim_key prefix = sim_redis__kind(kind);
    size_t n = 0, at = SIZE_MAX;
    sim_engine_enter();
    while (sim_redis__next(&redis->rows, sim_key_str(&prefix), &at) != NULL)
        n++;
    sim_engine_leave();
    return n;
}
