/* Routes in memory: an open-addressed table, split into shards with a lock each. A user on several
 * servers has as many slots with the same key, so that the common case costs 24 bytes and no
 * pointer. */
#include "route/driver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SHARD_BITS = 6, SHARDS = 1 << SHARD_BITS, FIRST_SLOTS = 16 };
#define MAX_ROUTES_DEFAULT ((size_t)16 << 20)

struct slot {
    uint64_t user; /* 0 = free */
    uint64_t server;
    uint64_t boot;
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct slot *slot;
    size_t cap; /* a power of two, or 0 */
    size_t used;
};

struct local {
    struct shard shard[SHARDS];
    size_t max;
    atomic_size_t routes;
    atomic_size_t bytes;
};

static uint64_t mix(uint64_t user)
{
    uint64_t h = user * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static size_t home(const struct shard *s, uint64_t user)
{
    return (size_t)(mix(user) >> SHARD_BITS) & (s->cap - 1);
}

static struct shard *shard_of(struct local *l, uint64_t user)
{
    return &l->shard[mix(user) & (SHARDS - 1)];
}

static enum par_err local_open(const struct par_route_config *config, void **state_r)
{
    struct local *l = aligned_alloc(64, sizeof *l);
    if (!l)
        return PAR_E_UNAVAILABLE;
    l->max = config->max_routes ? config->max_routes : MAX_ROUTES_DEFAULT;
    atomic_init(&l->routes, 0);
    atomic_init(&l->bytes, sizeof *l);
    for (int i = 0; i < SHARDS; i++) {
        l->shard[i].slot = NULL;
        l->shard[i].cap = l->shard[i].used = 0;
        pthread_mutex_init(&l->shard[i].lock, NULL);
    }
    *state_r = l;
    return PAR_OK;
}

static void local_close(void *state)
{
    struct local *l = state;
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&l->shard[i].lock);
        free(l->shard[i].slot);
    }
    free(l);
}

/* Moves the slots into a table of another size; false, and nothing changed, when memory is refused.
 */
static bool resize(struct local *l, struct shard *s, size_t cap)
{
    struct slot *old = s->slot, *slot = calloc(cap, sizeof *slot);
    size_t old_cap = s->cap;
    if (!slot)
        return false;
    s->slot = slot;
    s->cap = cap;
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i].user)
            continue;
        size_t at = home(s, old[i].user);
        while (slot[at].user)
            at = (at + 1) & (cap - 1);
        slot[at] = old[i];
    }
    free(old);
    atomic_fetch_add_explicit(&l->bytes, cap * sizeof *slot, memory_order_relaxed);
    atomic_fetch_sub_explicit(&l->bytes, old_cap * sizeof *slot, memory_order_relaxed);
    return true;
}

static struct slot *find(struct shard *s, uint64_t user, uint64_t server)
{
    if (s->used == 0)
        return NULL;
    for (size_t at = home(s, user); s->slot[at].user; at = (at + 1) & (s->cap - 1))
        if (s->slot[at].user == user && s->slot[at].server == server)
            return &s->slot[at];
    return NULL;
}

static enum par_err add_locked(struct local *l, struct shard *s, uint64_t user, uint64_t server,
                               uint64_t boot)
{
    struct slot *have = find(s, user, server);
    if (have) {
        if (have->boot < boot)
            have->boot = boot;
        return PAR_OK;
    }
    if (atomic_load_explicit(&l->routes, memory_order_relaxed) >= l->max)
        return PAR_E_OVERLOADED;
    if ((s->used + 1) * 4 > s->cap * 3 && !resize(l, s, s->cap ? s->cap * 2 : FIRST_SLOTS))
        return PAR_E_OVERLOADED;
    size_t at = home(s, user);
    while (s->slot[at].user)
        at = (at + 1) & (s->cap - 1);
    s->slot[at] = (struct slot){user, server, boot};
    s->used++;
    atomic_fetch_add_explicit(&l->routes, 1, memory_order_relaxed);
    return PAR_OK;
}

static enum par_err local_add(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct shard *s = shard_of(state, user);
    pthread_mutex_lock(&s->lock);
    enum par_err err = add_locked(state, s, user, server, boot);
    pthread_mutex_unlock(&s->lock);
    return err;
}

/* Closes the gap, so that no search ends before the slot it looks for. */
static void erase(struct shard *s, size_t gap)
{
    size_t mask = s->cap - 1;
    for (size_t at = (gap + 1) & mask; s->slot[at].user; at = (at + 1) & mask) {
        size_t from_home = (at - home(s, s->slot[at].user)) & mask;
        if (from_home >= ((at - gap) & mask)) {
            s->slot[gap] = s->slot[at];
            gap = at;
        }
    }
    s->slot[gap].user = 0;
    s->used--;
}

static enum par_err local_remove(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct local *l = state;
    struct shard *s = shard_of(l, user);
    pthread_mutex_lock(&s->lock);
    struct slot *have = find(s, user, server);
    if (have && have->boot == boot) {
        erase(s, (size_t)(have - s->slot));
        atomic_fetch_sub_explicit(&l->routes, 1, memory_order_relaxed);
        /* Refused memory leaves the larger table, which is as good. */
        if (s->cap > FIRST_SLOTS && s->used * 8 < s->cap)
            (void)resize(l, s, s->cap / 2);
    }
    pthread_mutex_unlock(&s->lock);
    return PAR_OK;
}

static enum par_err local_lookup(void *state, const uint64_t *users, size_t count,
                                 struct par_route_hits *hits)
{
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        struct shard *s = shard_of(state, users[i]);
        pthread_mutex_lock(&s->lock);
        if (s->used)
            for (size_t at = home(s, users[i]); s->slot[at].user && ok;
                 at = (at + 1) & (s->cap - 1))
                if (s->slot[at].user == users[i])
                    ok = par_route__hit(hits, (uint32_t)i, s->slot[at].server, s->slot[at].boot);
        pthread_mutex_unlock(&s->lock);
    }
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

static void local_gauges(void *state, struct par_route_stats *stats)
{
    struct local *l = state;
    stats->routes = atomic_load_explicit(&l->routes, memory_order_relaxed);
    stats->bytes = atomic_load_explicit(&l->bytes, memory_order_relaxed);
    stats->max_routes = l->max;
}

const struct par_route_ops par_route__local = {
    .name = "local",
    .open = local_open,
    .close = local_close,
    .add = local_add,
    .remove = local_remove,
    .lookup = local_lookup,
    .gauges = local_gauges,
};
