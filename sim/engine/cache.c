/* The driver "sim" of the cache family, on the simulated Redis: a list of a conversation is one
 * value, which scripts compare and replace. Writes are sent and not waited for. */
#include "sim/engine/redis_private.h"

#include <stdlib.h>

struct cache {
    struct sim_redis *redis;
    struct sim_node *node;
    size_t max_bytes;
};

/* A write on its way. */
struct write {
    struct sim_redis *redis;
    struct sim_node *node;
    size_t max_bytes;
    bool extends;
    struct sim_key key;
    uint64_t top;
    struct par_buf list; /* the whole value, or the one entry */
};

static struct sim_key key_of(const struct par_conv *conv)
{
    struct sim_key key = sim_redis__kind('c');
    memcpy(key.bytes + 1, conv, sizeof *conv);
    key.len += sizeof *conv;
    return key;
}

static enum par_err cache_open(const struct par_cache_config *config, void **impl_r)
{
    struct cache *c = calloc(1, sizeof *c);
    PAR_ASSERT(c != NULL && sim_redis__current != NULL);
    c->redis = sim_redis__current;
    c->node = sim_node_current();
    c->max_bytes = config->max_bytes;
    *impl_r = c;
    return PAR_OK;
}

static void cache_close(void *impl)
{
    free(impl);
}

/* The newest first: top, count, then the entries. */
static size_t decode(struct par_str value, struct par_arena *arena,
                     struct par_cache_entry **entries_r)
{
    struct par_cursor at = par_cursor(value);
    uint64_t top;
    uint32_t count;
    if (!par_cursor_u64(&at, &top) || !par_cursor_u32(&at, &count))
        return 0;
    struct par_cache_entry *entries = par_arena_alloc(arena, count * sizeof *entries);
    for (uint32_t i = 0; entries != NULL && i < count; i++) {
        struct par_str text;
        if (!par_cursor_lstr(&at, &text))
            return 0;
        entries[i] = (struct par_cache_entry){top - i, par_arena_copy(arena, text)};
    }
    *entries_r = entries;
    return entries != NULL ? count : 0;
}

static size_t cache_get(void *impl, const struct par_conv *conv, uint64_t last_seq,
                        struct par_arena *arena, struct par_cache_entry **entries_r)
{
    struct cache *c = impl;
    struct sim_key key = key_of(conv);
    bool answered;
    size_t n = 0;
    (void)last_seq;
    sim_engine_enter();
    sim_sleep_ns(sim_delay_ns(c->node, SIM_REDIS));
    struct sim_rows *db = sim_redis__begin(c->redis, c->node, &answered);
    struct sim_row *row = db != NULL ? sim_redis__get(db, sim_key_str(&key)) : NULL;
    if (row != NULL) {
        row->version = ++c->redis->uses;
        n = decode(sim_bytes_str(row->value), arena, entries_r);
    }
    if (sim_redis__end(c->redis, c->node, db, answered) != PAR_OK)
        n = 0;
    sim_engine_leave();
    return n;
}

static size_t bytes_of(const struct sim_rows *db)
{
    struct sim_key prefix = sim_redis__kind('c');
    struct sim_row *row;
    size_t n = 0;
    for (size_t at = SIZE_MAX; (row = sim_redis__next(db, sim_key_str(&prefix), &at)) != NULL;)
        n += row->value->len + sizeof *row;
    return n;
}

/* The longest unused lists go. */
static void evict(struct sim_redis *redis, struct sim_rows *db, size_t max_bytes)
{
    struct sim_key prefix = sim_redis__kind('c');
    while (bytes_of(db) > max_bytes) {
        struct sim_row *row, *oldest = NULL;
        for (size_t at = SIZE_MAX; (row = sim_redis__next(db, sim_key_str(&prefix), &at)) != NULL;)
            if (oldest == NULL || row->version < oldest->version)
                oldest = row;
        struct sim_bytes *key = sim_bytes_ref(oldest->key);
        sim_redis__del(redis, db, sim_bytes_str(key));
        sim_bytes_unref(&key);
        redis->evicted++;
    }
}

/* One more entry in front of a list that ends one below it. */
static bool extend(struct write *w, struct par_str old, struct par_buf *value)
{
    struct par_cursor at = par_cursor(old);
    struct par_str text;
    uint64_t top;
    uint32_t count;
    if (!par_cursor_u64(&at, &top) || !par_cursor_u32(&at, &count) || top != w->top - 1)
        return false;
    uint32_t keep = count < PAR_CACHE_ENTRIES ? count : PAR_CACHE_ENTRIES - 1;
    par_buf_add_u64(value, w->top);
    par_buf_add_u32(value, keep + 1);
    par_buf_add_lstr(value, par_buf_str(&w->list));
    for (uint32_t i = 0; i < keep; i++)
        if (par_cursor_lstr(&at, &text))
            par_buf_add_lstr(value, text);
    return !at.bad;
}

static void arrive(void *arg)
{
    struct write *w = arg;
    struct sim_redis *redis = w->redis;
    struct sim_rows *db = sim_redis__db(redis, w->node);
    struct par_buf value = {0};
    if (db != NULL && !sim_redis__due(redis, redis->plan.failed_ppm)) {
        struct sim_row *row = sim_redis__get(db, sim_key_str(&w->key));
        struct par_str old = row != NULL ? sim_bytes_str(row->value) : (struct par_str){0};
        bool set = w->extends ? row != NULL && extend(w, old, &value)
                              : row == NULL || sim_redis__number(old, 0) < w->top;
        if (set) {
            sim_redis__set(redis, db, sim_key_str(&w->key),
                           par_buf_str(w->extends ? &value : &w->list), 0);
            sim_rows_find(db, sim_key_str(&w->key))->version = ++redis->uses;
            evict(redis, db, w->max_bytes);
        }
    }
    par_buf_fini(&value);
    par_buf_fini(&w->list);
    free(w);
}

static void send(struct cache *c, const struct par_conv *conv, uint64_t top, bool extends,
                 struct par_buf *list)
{
    struct sim_redis *redis = c->redis;
    struct write *w = calloc(1, sizeof *w);
    PAR_ASSERT(w != NULL && !list->failed);
    *w = (struct write){.redis = redis,
                        .node = c->node,
                        .max_bytes = c->max_bytes,
                        .extends = extends,
                        .key = key_of(conv),
                        .top = top,
                        .list = *list};
    uint64_t when = sim_now_ns() + sim_delay_ns(c->node, SIM_REDIS);
    if (sim_redis__due(redis, redis->plan.put_late_ppm))
        when += sim_random_in(&redis->random, 1, redis->plan.put_late_ns);
    if (when > sim_now_ns())
        sim_at_ns(when, arrive, w);
    else
        arrive(w);
}

static void cache_put(void *impl, const struct par_conv *conv,
                      const struct par_cache_entry *entries, size_t n)
{
    struct par_buf list = {0};
    par_buf_add_u64(&list, entries[0].seq);
    par_buf_add_u32(&list, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        par_buf_add_lstr(&list, entries[i].value);
    sim_engine_enter();
    send(impl, conv, entries[0].seq, false, &list);
    sim_engine_leave();
}

static void cache_extend(void *impl, const struct par_conv *conv, uint64_t seq,
                         struct par_str value)
{
    struct par_buf entry = {0};
    par_buf_add_str(&entry, value);
    sim_engine_enter();
    send(impl, conv, seq, true, &entry);
    sim_engine_leave();
}

static void cache_stats(void *impl, struct par_cache_stats *stats_r)
{
    struct cache *c = impl;
    sim_engine_enter();
    stats_r->bytes = bytes_of(&c->redis->rows);
    stats_r->max_bytes = c->max_bytes;
    stats_r->lists = sim_redis_keys(c->redis, 'c');
    stats_r->evicted = c->redis->evicted;
    sim_engine_leave();
}

const struct par_cache__driver sim_redis__cache = {
    .name = "sim",
    .open = cache_open,
    .close = cache_close,
    .get = cache_get,
    .put = cache_put,
    .extend = cache_extend,
    .stats = cache_stats,
};
