/* The cache family; the real contract replaces this file when it lands. */
#ifndef PARLEY_CACHE_H
#define PARLEY_CACHE_H
#include "parley/err.h"
#include <stddef.h>
#include <stdint.h>
struct par_cache;
struct par_cache_config {
    const char *driver;
    size_t max_bytes;
};
struct par_cache_stats {
    uint64_t bytes, max_bytes;
};
enum par_err par_cache_open(const struct par_cache_config *c, struct par_cache **r);
void par_cache_close(struct par_cache **c);
void par_cache_stats(const struct par_cache *c, struct par_cache_stats *s);
#endif
