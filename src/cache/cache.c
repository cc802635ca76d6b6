/* The wrapper of the cache's drivers: it counts, and lets nothing through that is stale or has a
 * hole. */
#include "cache/cache_private.h"

#include "base/stats.h"
#include "loop/env.h"

#include <stdatomic.h>
#include <stdlib.h>

struct par_cache {
    const struct par_cache__driver *driver;
    void *impl;
    _Atomic uint64_t hits, misses;
};

const struct par_cache__driver *par_cache__extra;

static const struct par_cache__driver *driver(const char *name)
{
    static const struct par_cache__driver *const drivers[] = {&par_cache__local, &par_cache__fail,
#ifdef PARLEY_CLUSTER
                                                              &par_cache__redis
#endif
    };
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return par_cache__extra != NULL && strcmp(par_cache__extra->name, name) == 0 ? par_cache__extra
                                                                                 : NULL;
}

enum par_err par_cache_open(const struct par_cache_config *config, struct par_cache **cache_r)
{
    const char *name = config->driver != NULL ? config->driver : "local";
    const struct par_cache__driver *found = driver(name);
    *cache_r = NULL;
    if (found == NULL)
        return PAR_E_BAD_REQUEST;
    struct par_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return PAR_E_UNAVAILABLE;
    cache->driver = found;
    enum par_err err = cache->driver->open(config, &cache->impl);
    if (err == PAR_OK)
        *cache_r = cache;
    else
        free(cache);
    return err;
}

void par_cache_close(struct par_cache **cache)
{
    struct par_cache *c = *cache;
    *cache = NULL;
    if (c == NULL)
        return;
    c->driver->close(c->impl);
    free(c);
}

/* V6, whoever the driver is. */
static bool serves(const struct par_cache_entry *entries, size_t n, uint64_t last_seq)
{
    if (n == 0 || entries[0].seq < last_seq)
        return false;
    for (size_t i = 1; i < n; i++)
        if (entries[i].seq != entries[i - 1].seq - 1)
            return false;
    return entries[n - 1].seq > 0;
}

size_t par_cache_get(struct par_cache *cache, const struct par_conv *conv, uint64_t last_seq,
                     struct par_arena *arena, struct par_cache_entry **entries_r)
{
    *entries_r = NULL;
    if (cache == NULL)
        return 0;
    uint64_t began = par_mono_ns();
    size_t n = cache->driver->get(cache->impl, conv, last_seq, arena, entries_r);
    if (!serves(*entries_r, n, last_seq)) {
        *entries_r = NULL;
        n = 0;
    }
    atomic_fetch_add_explicit(n > 0 ? &cache->hits : &cache->misses, 1, memory_order_relaxed);
    par_stats_inc_at(PAR_C_CACHE_READS, n > 0);
    par_stats_record(PAR_H_DRIVER_TIME, PAR_FAMILY_CACHE, par_mono_ns() - began);
    return n;
}

void par_cache_put(struct par_cache *cache, const struct par_conv *conv,
                   const struct par_cache_entry *entries, size_t n)
{
    if (n > PAR_CACHE_ENTRIES)
        n = PAR_CACHE_ENTRIES;
    if (cache != NULL && serves(entries, n, 0))
        cache->driver->put(cache->impl, conv, entries, n);
}

void par_cache_extend(struct par_cache *cache, const struct par_conv *conv, uint64_t seq,
                      struct par_str value)
{
    if (cache != NULL && seq > 0)
        cache->driver->extend(cache->impl, conv, seq, value);
}

void par_cache_stats(const struct par_cache *cache, struct par_cache_stats *stats_r)
{
    *stats_r = (struct par_cache_stats){0};
    if (cache == NULL)
        return;
    stats_r->hits = atomic_load_explicit(&cache->hits, memory_order_relaxed);
    stats_r->misses = atomic_load_explicit(&cache->misses, memory_order_relaxed);
    cache->driver->stats(cache->impl, stats_r);
}
