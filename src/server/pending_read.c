/* Stands in for the reading side and the cache until they land; then this file and its line in
 * meson.build go. */
#include "conv/read.h"
#include "parley/cache.h"
enum par_err par_cache_open(const struct par_cache_config *c, struct par_cache **r)
{
    (void)c;
    *r = NULL;
    return PAR_OK;
}
void par_cache_close(struct par_cache **c)
{
    (void)c;
}
void par_cache_stats(const struct par_cache *c, struct par_cache_stats *s)
{
    (void)c;
    (void)s;
}
