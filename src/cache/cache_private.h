/* What the wrapper asks of a driver of the cache. */
#ifndef PAR_CACHE_PRIVATE_H
#define PAR_CACHE_PRIVATE_H

#include "parley/cache.h"

struct par_cache__driver {
    const char *name;
    enum par_err (*open)(const struct par_cache_config *config, void **impl_r);
    void (*close)(void *impl);
    /* The list with a top not below last_seq; the wrapper checks it again. */
    size_t (*get)(void *impl, const struct par_conv *conv, uint64_t last_seq,
                  struct par_arena *arena, struct par_cache_entry **entries_r);
    void (*put)(void *impl, const struct par_conv *conv, const struct par_cache_entry *entries,
                size_t n);
    void (*extend)(void *impl, const struct par_conv *conv, uint64_t seq, struct par_str value);
    void (*stats)(void *impl, struct par_cache_stats *stats_r);
};

extern const struct par_cache__driver par_cache__local;
extern const struct par_cache__driver par_cache__fail;
extern const struct par_cache__driver par_cache__redis; /* with PARLEY_CLUSTER only */
/* One more, of a simulated world; NULL in the product. Set before any cache is opened. */
extern const struct par_cache__driver *par_cache__extra;

#endif
