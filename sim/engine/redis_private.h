/* What the files of the simulated Redis share: redis.c (keys, masters, calls), route.c, presence.c,
 * cache.c (the drivers). */
#ifndef SIM_ENGINE_REDIS_PRIVATE_H
#define SIM_ENGINE_REDIS_PRIVATE_H

#include "base/buf.h"
#include "cache/cache_private.h"
#include "presence/presence_private.h"
#include "route/driver.h"
#include "sim/engine/host.h"
#include "sim/engine/redis.h"
#include "sim/engine/rows.h"

enum { SIM_REDIS_NODES = 64, SIM_REDIS_KEY_MAX = 32 };

/* How a write is taken back. */
struct sim_undo {
    uint64_t when_ns;
    struct sim_bytes *key, *value; /* NULL: there was none */
    uint64_t until_ns;
};

struct sim_redis {
    struct sim_redis_plan plan;
    struct sim_random random;
    struct sim_rows rows;               /* of the master */
    struct sim_rows old;                /* of the one before, as it was when it lost its place */
    uint64_t stale_ns[SIM_REDIS_NODES]; /* so long a node stays with that one */
    struct sim_undo *undo;              /* of the newest writes, the oldest first */
    size_t undo_count, undo_cap;
    uint64_t down_ns;
    uint64_t turn; /* the event */
    uint64_t uses; /* of lists of the cache: a clock for evictions */
    uint64_t evicted;
    struct sim_presence *listeners;
};

extern struct sim_redis *sim_redis__current;
extern const struct par_route_ops sim_redis__route;
extern const struct par_presence_ops sim_redis__presence;
extern const struct par_cache__driver sim_redis__cache;

bool sim_redis__due(struct sim_redis *redis, uint32_t ppm);

/* A key: its kind, and up to two numbers. */
struct sim_key {
    size_t len;
    char bytes[SIM_REDIS_KEY_MAX];
};
struct sim_key sim_redis__key(char kind, uint64_t a, uint64_t b);
struct sim_key sim_redis__prefix(char kind, uint64_t a);
struct sim_key sim_redis__kind(char kind);
static inline struct par_str sim_key_str(const struct sim_key *key)
{
    return par_str_of(key->bytes, key->len);
}
/* The numbers of a key, and a number that is a value. */
uint64_t sim_redis__number(struct par_str bytes, size_t at);

/* The keyspace that a node talks to; NULL: none, it cannot reach it or nothing is served. */
struct sim_rows *sim_redis__db(struct sim_redis *redis, const struct sim_node *node);
/* A call: *done_r tells whether it is to be done (at once), the result whether that will be known.
 * Then sim_redis__end() waits for the answer, or for the timeout, and says how the call ended. */
struct sim_rows *sim_redis__begin(struct sim_redis *redis, const struct sim_node *node,
                                  bool *answered_r);
enum par_err sim_redis__end(struct sim_redis *redis, const struct sim_node *node,
                            const struct sim_rows *db, bool answered);

/* The row, unless its lease has ended. */
struct sim_row *sim_redis__get(const struct sim_rows *db, struct par_str key);
/* lease_ns 0: without an end. */
void sim_redis__set(struct sim_redis *redis, struct sim_rows *db, struct par_str key,
                    struct par_str value, uint64_t lease_ns);
void sim_redis__del(struct sim_redis *redis, struct sim_rows *db, struct par_str key);
/* Walks over rows whose leases have not ended: start with *at = SIZE_MAX. The row just given may be
 * removed if *at is then lowered by one. */
struct sim_row *sim_redis__next(const struct sim_rows *db, struct par_str prefix, size_t *at);
/* A number as a value. */
struct sim_key sim_redis__value(uint64_t n);

/* presence.c: who is to hear nothing any more, because it was killed. */
void sim_redis__presence_gone(struct sim_redis *redis, const struct sim_node *node, unsigned life);

#endif
