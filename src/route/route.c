/* The route family's wrapper: chooses the driver, is its only caller, counts and times. */
#include "route/driver.h"

#include "base/stats.h"
#include "loop/env.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct par_route {
    const struct par_route_ops *ops;
    void *state;
    atomic_uint_fast64_t registers, unregisters, lookups, looked_up, hits, failures;
};

const struct par_route_ops *par_route__extra;

static const struct par_route_ops *driver(const char *name)
{
    static const struct par_route_ops *const drivers[] = {&par_route__local, &par_route__fail,
#ifdef PARLEY_CLUSTER
                                                          &par_route__redis
#endif
    };
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return par_route__extra && strcmp(par_route__extra->name, name) == 0 ? par_route__extra : NULL;
}

static void count(atomic_uint_fast64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static enum par_err ended(struct par_route *r, enum par_err err)
{
    par_stats_inc_at(PAR_C_ROUTE_CALLS, err == PAR_OK ? PAR_OUTCOME_OK : PAR_OUTCOME_FAILED);
    if (err != PAR_OK) {
        count(&r->failures, 1);
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_ROUTE);
    }
    return err;
}

enum par_err par_route_open(const struct par_route_config *config, struct par_route **route_r)
{
    *route_r = NULL;
    const char *name = config->driver ? config->driver : par_route__local.name;
    const struct par_route_ops *ops = driver(name);
    if (!ops)
        return PAR_E_BAD_REQUEST;
    struct par_route *r = calloc(1, sizeof *r);
    if (!r)
        return PAR_E_UNAVAILABLE;
    r->ops = ops;
    enum par_err err = r->ops->open(config, &r->state);
    if (err != PAR_OK) {
        free(r);
        return err;
    }
    *route_r = r;
    return PAR_OK;
}

void par_route_close(struct par_route **route)
{
    if (!*route)
        return;
    (*route)->ops->close((*route)->state);
    free(*route);
    *route = NULL;
}

enum par_err par_route_register(struct par_route *r, uint64_t user, uint64_t server, uint64_t boot)
{
    count(&r->registers, 1);
    return ended(r, r->ops->add(r->state, user, server, boot));
}

enum par_err par_route_unregister(struct par_route *r, uint64_t user, uint64_t server,
                                  uint64_t boot)
{
    count(&r->unregisters, 1);
    return ended(r, r->ops->remove(r->state, user, server, boot));
}

enum par_err par_route_lookup(struct par_route *r, const uint64_t *users, size_t n,
                              struct par_route_hits *hits_r)
{
    hits_r->count = 0;
    count(&r->lookups, 1);
    count(&r->looked_up, n);
    uint64_t began_ns = par_mono_ns();
    enum par_err err = ended(r, r->ops->lookup(r->state, users, n, hits_r));
    par_stats_record(PAR_H_DRIVER_TIME, PAR_FAMILY_ROUTE, par_mono_ns() - began_ns);
    if (err != PAR_OK)
        hits_r->count = 0;
    count(&r->hits, hits_r->count);
    return err;
}

bool par_route_remote(const struct par_route *r)
{
    return r->ops->remote;
}

enum par_err par_route_beat(struct par_route *r, uint64_t server, uint64_t boot, bool *lost_r)
{
    *lost_r = false;
    return r->ops->remote ? ended(r, r->ops->beat(r->state, server, boot, lost_r)) : PAR_OK;
}

enum par_err par_route_serve(struct par_route *r, uint64_t server, bool serves, unsigned *others_r)
{
    *others_r = 0;
    return r->ops->remote ? ended(r, r->ops->serve(r->state, server, serves, others_r)) : PAR_OK;
}

enum par_err par_route_forget(struct par_route *r, const uint64_t *users, size_t n, uint64_t server,
                              uint64_t boot)
{
    return r->ops->remote && n ? ended(r, r->ops->forget(r->state, users, n, server, boot))
                               : PAR_OK;
}

enum par_err par_route_bye(struct par_route *r, uint64_t server, uint64_t boot)
{
    return r->ops->remote ? ended(r, r->ops->bye(r->state, server, boot)) : PAR_OK;
}

enum par_err par_route_dead(struct par_route *r, uint64_t server, uint64_t *server_r,
                            uint64_t *boot_r)
{
    *server_r = *boot_r = 0;
    return r->ops->remote ? ended(r, r->ops->dead(r->state, server, server_r, boot_r)) : PAR_OK;
}

enum par_err par_route_clear(struct par_route *r, uint64_t server, uint64_t boot,
                             uint64_t **users_r, size_t *count_r)
{
    *users_r = NULL;
    *count_r = 0;
    return r->ops->remote ? ended(r, r->ops->clear(r->state, server, boot, users_r, count_r))
                          : PAR_OK;
}

enum par_err par_route_boot(struct par_route *r, uint64_t server, uint64_t *boot_r)
{
    *boot_r = 0;
    return r->ops->remote ? ended(r, r->ops->boot(r->state, server, boot_r)) : PAR_OK;
}

void par_route_stats(const struct par_route *route, struct par_route_stats *stats_r)
{
    struct par_route *r = (struct par_route *)route;
    *stats_r = (struct par_route_stats){
        .registers = atomic_load_explicit(&r->registers, memory_order_relaxed),
        .unregisters = atomic_load_explicit(&r->unregisters, memory_order_relaxed),
        .lookups = atomic_load_explicit(&r->lookups, memory_order_relaxed),
        .users_looked_up = atomic_load_explicit(&r->looked_up, memory_order_relaxed),
        .hits = atomic_load_explicit(&r->hits, memory_order_relaxed),
        .failures = atomic_load_explicit(&r->failures, memory_order_relaxed),
    };
    r->ops->gauges(r->state, stats_r);
}

void par_route_fail(struct par_route *r, enum par_route_fault fault, enum par_err err, uint32_t n)
{
    if (r->ops->fail)
        r->ops->fail(r->state, fault, err, n);
}

bool par_route__hit(struct par_route_hits *hits, uint32_t index, uint64_t server, uint64_t boot)
{
    if (hits->count == hits->_cap) {
        size_t cap = hits->_cap ? hits->_cap * 2 : 64;
        struct par_route_hit *hit = realloc(hits->hit, cap * sizeof *hit);
        if (!hit)
            return false;
        hits->hit = hit;
        hits->_cap = cap;
    }
    hits->hit[hits->count++] = (struct par_route_hit){index, server, boot};
    return true;
}

void par_route_hits_fini(struct par_route_hits *hits)
{
    free(hits->hit);
    *hits = (struct par_route_hits){0};
}
