/* What a driver of the route family is: a table of functions behind parley/route.h. */
#ifndef PAR_ROUTE_DRIVER_H
#define PAR_ROUTE_DRIVER_H

#include "parley/route.h"

/* Functions as their namesakes in parley/route.h, on the state that open made. All are required but
 * `fail`. Drivers know base and loop, and call nobody back. */
struct par_route_ops {
    const char *name;
    enum par_err (*open)(const struct par_route_config *config, void **state_r);
    void (*close)(void *state);
    enum par_err (*add)(void *state, uint64_t user, uint64_t server, uint64_t boot);
    enum par_err (*remove)(void *state, uint64_t user, uint64_t server, uint64_t boot);
    enum par_err (*lookup)(void *state, const uint64_t *users, size_t count,
                           struct par_route_hits *hits);
    /* routes, max_routes and bytes only. */
    void (*gauges)(void *state, struct par_route_stats *stats);
    /* Optional. */
    void (*fail)(void *state, enum par_route_fault fault, enum par_err err, uint32_t count);

    /* Remote drivers only. */
    bool remote;
    enum par_err (*beat)(void *state, uint64_t server, uint64_t boot, bool *lost_r);
    enum par_err (*serve)(void *state, uint64_t server, bool serves, unsigned *others_r);
    enum par_err (*forget)(void *state, const uint64_t *users, size_t count, uint64_t server,
                           uint64_t boot);
    enum par_err (*bye)(void *state, uint64_t server, uint64_t boot);
    enum par_err (*dead)(void *state, uint64_t server, uint64_t *server_r, uint64_t *boot_r);
    enum par_err (*clear)(void *state, uint64_t server, uint64_t boot, uint64_t **users_r,
                          size_t *count_r);
    enum par_err (*boot)(void *state, uint64_t server, uint64_t *boot_r);
};

extern const struct par_route_ops par_route__local;
extern const struct par_route_ops par_route__fail;
extern const struct par_route_ops par_route__redis; /* with PARLEY_CLUSTER only */

/* One more driver, of a simulated world; NULL in the product. Set before any table is opened. */
extern const struct par_route_ops *par_route__extra;

/* Appends a hit; false when memory is refused. */
bool par_route__hit(struct par_route_hits *hits, uint32_t index, uint64_t server, uint64_t boot);

#endif
