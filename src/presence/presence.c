/* The wrapper of the presence family: the only caller of its drivers; counts, and tells of
 * transitions. */
#include "presence/presence_private.h"

#include "base/stats.h"
#include "loop/env.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_USERS = 16 * 1024 * 1024 };

const struct par_presence_ops *par_presence__extra;

static const struct par_presence_ops *const drivers[] = {&par_presence__local, &par_presence__fail,
#ifdef PARLEY_CLUSTER
                                                         &par_presence__redis
#endif
};

struct par_presence {
    const struct par_presence_ops *ops;
    void *driver;
    par_presence_change_fn change;
    void *change_arg;
    uint64_t max_users;
    _Atomic uint64_t online_calls, offline_calls, transitions, lookups, failures;
};

enum par_err par_presence_open(const struct par_presence_config *config,
                               struct par_presence **presence_r)
{
    *presence_r = NULL;
    const struct par_presence_ops *ops = NULL;
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        if (strcmp(drivers[i]->name, config->driver) == 0)
            ops = drivers[i];
    }
    if (par_presence__extra && strcmp(par_presence__extra->name, config->driver) == 0)
        ops = par_presence__extra;
    if (!ops)
        return PAR_E_BAD_REQUEST;
    struct par_presence_config filled = *config;
    if (filled.max_users == 0)
        filled.max_users = DEFAULT_MAX_USERS;
    struct par_presence *p = calloc(1, sizeof *p);
    if (!p)
        return PAR_E_UNAVAILABLE;
    p->ops = ops;
    p->max_users = filled.max_users;
    p->driver = ops->open(&filled);
    if (!p->driver) {
        free(p);
        return PAR_E_UNAVAILABLE;
    }
    *presence_r = p;
    return PAR_OK;
}

void par_presence_close(struct par_presence **presence)
{
    if (!*presence)
        return;
    (*presence)->ops->close((*presence)->driver);
    free(*presence);
    *presence = NULL;
}

void par_presence_listen(struct par_presence *p, par_presence_change_fn fn, void *arg)
{
    p->change = fn;
    p->change_arg = arg;
    if (p->ops->listen)
        p->ops->listen(p->driver, fn, arg);
}

bool par_presence_remote(const struct par_presence *p)
{
    return p->ops->remote;
}

enum par_err par_presence_beat(struct par_presence *p)
{
    enum par_err err = p->ops->remote ? p->ops->beat(p->driver) : PAR_OK;
    if (err)
        atomic_fetch_add(&p->failures, 1);
    return err;
}

void par_presence_watch(struct par_presence *p, uint64_t user, bool watched)
{
    if (p->ops->watch)
        p->ops->watch(p->driver, user, watched);
}

static enum par_err set(struct par_presence *p, uint64_t user, bool online)
{
    enum par_err err = PAR_OK;
    uint64_t began_ns = par_mono_ns();
    int changed = p->ops->set(p->driver, user, online, &err);
    par_stats_record(PAR_H_DRIVER_TIME, PAR_FAMILY_PRESENCE, par_mono_ns() - began_ns);
    if (changed < 0) {
        atomic_fetch_add(&p->failures, 1);
        return err;
    }
    if (changed > 0) {
        atomic_fetch_add(&p->transitions, 1);
        if (p->change)
            p->change(p->change_arg, user, online);
    }
    return PAR_OK;
}

enum par_err par_presence_online(struct par_presence *p, uint64_t user)
{
    atomic_fetch_add(&p->online_calls, 1);
    return set(p, user, true);
}

enum par_err par_presence_offline(struct par_presence *p, uint64_t user)
{
    atomic_fetch_add(&p->offline_calls, 1);
    return set(p, user, false);
}

enum par_err par_presence_get(struct par_presence *p, const uint64_t *users, size_t count,
                              bool *online_r)
{
    atomic_fetch_add(&p->lookups, 1);
    memset(online_r, 0, count * sizeof *online_r);
    uint64_t began_ns = par_mono_ns();
    enum par_err err = p->ops->get(p->driver, users, count, online_r);
    par_stats_record(PAR_H_DRIVER_TIME, PAR_FAMILY_PRESENCE, par_mono_ns() - began_ns);
    if (err) {
        atomic_fetch_add(&p->failures, 1);
        memset(online_r, 0, count * sizeof *online_r);
    }
    return err;
}

void par_presence_stats(const struct par_presence *p, struct par_presence_stats *stats_r)
{
    *stats_r = (struct par_presence_stats){
        .online_calls = atomic_load(&p->online_calls),
        .offline_calls = atomic_load(&p->offline_calls),
        .transitions = atomic_load(&p->transitions),
        .lookups = atomic_load(&p->lookups),
        .failures = atomic_load(&p->failures),
        .users = p->ops->users(p->driver),
        .max_users = p->max_users,
    };
    if (p->ops->gauges)
        p->ops->gauges(p->driver, stats_r);
}

void par_presence_fail(struct par_presence *p, enum par_err err, uint32_t count)
{
    p->ops->fail(p->driver, err, count);
}
