/* The driver `local`: lists in memory, in shards with a lock each, the longest unused ones evicted
 * by bytes. */
#include "cache/cache_private.h"

#include "base/list.h"
#include "base/map.h"
#include "base/stats.h"
#include "loop/env.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SHARDS = 16 };

/* The entries lie in a ring, so that a new top overwrites the oldest. */
struct list {
    struct par_map_node node;
    struct par_list lru;
    struct par_conv conv;
    uint64_t top;
    unsigned count;
    size_t bytes;                             /* of the values */
    struct par_str values[PAR_CACHE_ENTRIES]; /* of seq s: values[s % PAR_CACHE_ENTRIES], owned */
};

struct shard {
    pthread_mutex_t lock;
    struct par_map map;
    struct par_list lru; /* the most recently used first */
    size_t bytes;
};

struct local {
    size_t max_bytes; /* of a shard */
    uint64_t seed[2];
    _Atomic uint64_t evicted;
    struct shard shards[SHARDS];
};

static bool is_conv(const struct par_map_node *node, const void *key, size_t len)
{
    (void)len;
    return par_conv_eq(&PAR_CONTAINER(node, struct list, node)->conv, key);
}

static struct par_str conv_key(const struct par_conv *conv)
{
    return par_str_of(conv, sizeof *conv);
}

static enum par_err local_open(const struct par_cache_config *config, void **impl_r)
{
    struct local *l = calloc(1, sizeof *l);
    *impl_r = l;
    if (l == NULL)
        return PAR_E_UNAVAILABLE;
    l->max_bytes = config->max_bytes / SHARDS;
    l->seed[0] = par_random_u64();
    l->seed[1] = par_random_u64();
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&l->shards[i].lock, NULL);
        par_map_init(&l->shards[i].map, l->seed, is_conv);
        par_list_init(&l->shards[i].lru);
    }
    return PAR_OK;
}

static void forget(struct shard *s, struct list *list)
{
    par_map_remove(&s->map, &list->node);
    par_list_remove(&list->lru);
    s->bytes -= sizeof *list + list->bytes;
    for (size_t i = 0; i < PAR_CACHE_ENTRIES; i++)
        free((void *)(uintptr_t)list->values[i].ptr);
    free(list);
}

static void local_close(void *impl)
{
    struct local *l = impl;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &l->shards[i];
        while (!par_list_empty(&s->lru))
            forget(s, PAR_CONTAINER(s->lru.next, struct list, lru));
        par_map_fini(&s->map);
        pthread_mutex_destroy(&s->lock);
    }
    free(l);
}

static struct shard *enter(struct local *l, const struct par_conv *conv)
{
    struct shard *s = &l->shards[par_siphash(l->seed, conv, sizeof *conv) >> 60];
    pthread_mutex_lock(&s->lock);
    return s;
}

static struct list *find(struct shard *s, const struct par_conv *conv)
{
    struct par_map_node *node = par_map_find(&s->map, conv_key(conv));
    return node ? PAR_CONTAINER(node, struct list, node) : NULL;
}

static size_t local_get(void *impl, const struct par_conv *conv, uint64_t last_seq,
                        struct par_arena *arena, struct par_cache_entry **entries_r)
{
    struct local *l = impl;
    struct shard *s = enter(l, conv);
    struct list *list = find(s, conv);
    size_t n = 0;
    if (list != NULL && list->top >= last_seq) {
        struct par_cache_entry *entries = par_arena_alloc(arena, list->count * sizeof *entries);
        for (n = 0; entries != NULL && n < list->count; n++) {
            entries[n].seq = list->top - n;
            entries[n].value =
                par_arena_copy(arena, list->values[entries[n].seq % PAR_CACHE_ENTRIES]);
            if (entries[n].value.ptr == NULL)
                break;
        }
        *entries_r = entries;
        par_list_remove(&list->lru);
        par_list_prepend(&s->lru, &list->lru);
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static bool set_value(struct shard *s, struct list *list, uint64_t seq, struct par_str value)
{
    struct par_str *slot = &list->values[seq % PAR_CACHE_ENTRIES];
    char *copy = malloc(value.len > 0 ? value.len : 1);
    if (copy == NULL)
        return false;
    if (value.len > 0)
        memcpy(copy, value.ptr, value.len);
    s->bytes += value.len - slot->len;
    list->bytes += value.len - slot->len;
    free((void *)(uintptr_t)slot->ptr);
    *slot = par_str_of(copy, value.len);
    return true;
}

static void evict(struct local *l, struct shard *s)
{
    while (s->bytes > l->max_bytes && !par_list_empty(&s->lru)) {
        forget(s, PAR_CONTAINER(s->lru.prev, struct list, lru));
        atomic_fetch_add_explicit(&l->evicted, 1, memory_order_relaxed);
        par_stats_inc(PAR_C_CACHE_EVICTED);
    }
}

static struct list *add(struct shard *s, const struct par_conv *conv)
{
    struct list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return NULL;
    list->conv = *conv;
    if (!par_map_insert(&s->map, &list->node, conv_key(conv))) {
        free(list);
        return NULL;
    }
    par_list_prepend(&s->lru, &list->lru);
    s->bytes += sizeof *list;
    return list;
}

static void local_put(void *impl, const struct par_conv *conv,
                      const struct par_cache_entry *entries, size_t n)
{
    struct local *l = impl;
    struct shard *s = enter(l, conv);
    struct list *list = find(s, conv);
    if (list == NULL || list->top < entries[0].seq) {
        if (list != NULL)
            forget(s, list);
        list = add(s, conv);
        for (size_t i = 0; list != NULL && i < n; i++) {
            if (!set_value(s, list, entries[i].seq, entries[i].value))
                break;
            list->top = entries[0].seq;
            list->count++;
        }
        if (list != NULL && list->count == 0)
            forget(s, list);
        evict(l, s);
    }
    pthread_mutex_unlock(&s->lock);
}

static void local_extend(void *impl, const struct par_conv *conv, uint64_t seq,
                         struct par_str value)
{
    struct local *l = impl;
    struct shard *s = enter(l, conv);
    struct list *list = find(s, conv);
    if (list != NULL && list->top == seq - 1 && set_value(s, list, seq, value)) {
        list->top = seq;
        if (list->count < PAR_CACHE_ENTRIES)
            list->count++;
        evict(l, s);
    }
    pthread_mutex_unlock(&s->lock);
}

static void local_stats(void *impl, struct par_cache_stats *stats_r)
{
    struct local *l = impl;
    stats_r->max_bytes = l->max_bytes * SHARDS;
    stats_r->evicted = atomic_load_explicit(&l->evicted, memory_order_relaxed);
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&l->shards[i].lock);
        stats_r->bytes += l->shards[i].bytes + par_map_bytes(&l->shards[i].map);
        stats_r->lists += par_map_count(&l->shards[i].map);
        pthread_mutex_unlock(&l->shards[i].lock);
    }
}

const struct par_cache__driver par_cache__local = {
    .name = "local",
    .open = local_open,
    .close = local_close,
    .get = local_get,
    .put = local_put,
    .extend = local_extend,
    .stats = local_stats,
};
