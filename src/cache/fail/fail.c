/* The driver `fail`: a cache in memory that misses, or serves what is stale, as configured. */
#include "cache/cache_private.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fail {
    void *local;
    uint32_t miss_every; /* 1: always */
    bool stale;          /* gives lists whatever their top; for the wrapper to refuse */
    _Atomic uint64_t calls;
};

static bool parse(struct fail *f, struct par_str text)
{
    uint64_t n;
    if (par_str_is(text, "stale")) {
        f->stale = true;
        return true;
    }
    if (text.len == 0) {
        f->miss_every = 1;
        return true;
    }
    size_t words = strlen("miss_every=");
    if (!par_str_starts(text, "miss_every=") ||
        !par_str_to_u64(par_str_of(text.ptr + words, text.len - words), &n) || n > UINT32_MAX)
        return false;
    f->miss_every = (uint32_t)n;
    return true;
}

static enum par_err fail_open(const struct par_cache_config *config, void **impl_r)
{
    struct fail *f = calloc(1, sizeof *f);
    *impl_r = NULL;
    if (f == NULL)
        return PAR_E_UNAVAILABLE;
    enum par_err err = parse(f, par_str(config->fail)) ? par_cache__local.open(config, &f->local)
                                                       : PAR_E_BAD_REQUEST;
    if (err != PAR_OK)
        free(f);
    else
        *impl_r = f;
    return err;
}

static void fail_close(void *impl)
{
    struct fail *f = impl;
    par_cache__local.close(f->local);
    free(f);
}

static bool misses(struct fail *f)
{
    return f->miss_every > 0 && (atomic_fetch_add(&f->calls, 1) + 1) % f->miss_every == 0;
}

static size_t fail_get(void *impl, const struct par_conv *conv, uint64_t last_seq,
                       struct par_arena *arena, struct par_cache_entry **entries_r)
{
    struct fail *f = impl;
    if (misses(f))
        return 0;
    return par_cache__local.get(f->local, conv, f->stale ? 0 : last_seq, arena, entries_r);
}

static void fail_put(void *impl, const struct par_conv *conv, const struct par_cache_entry *entries,
                     size_t n)
{
    struct fail *f = impl;
    if (!misses(f))
        par_cache__local.put(f->local, conv, entries, n);
}

static void fail_extend(void *impl, const struct par_conv *conv, uint64_t seq, struct par_str value)
{
    struct fail *f = impl;
    if (!misses(f))
        par_cache__local.extend(f->local, conv, seq, value);
}

static void fail_stats(void *impl, struct par_cache_stats *stats_r)
{
    struct fail *f = impl;
    par_cache__local.stats(f->local, stats_r);
}

const struct par_cache__driver par_cache__fail = {
    .name = "fail",
    .open = fail_open,
    .close = fail_close,
    .get = fail_get,
    .put = fail_put,
    .extend = fail_extend,
    .stats = fail_stats,
};
