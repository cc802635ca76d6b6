/* The simulated Redis: one keyspace in the world, on which the drivers "sim" of the families route,
 * cache and presence stand.
 *
 * A hint, not a store. A master with a replica that lags: a fail-over takes the newest writes back,
 * and a server that has not noticed goes on with the old master for a while, reading what is no
 * longer true and writing what nobody sees. Everything may be flushed. Leases end early, or late. A
 * call that fails may have been done; its effect is there at once or never, so that calls take
 * effect in the order made. Published messages are lost, or late. */
#ifndef SIM_ENGINE_REDIS_H
#define SIM_ENGINE_REDIS_H

#include "base/str.h"
#include "sim/sim.h"

/* Zero: no fault, no time. _ppm: of a million calls, messages, or turns (two a second). */
struct sim_redis_plan {
    uint64_t timeout_ns; /* a call without an answer ends after so long; 0: 500 ms */
    uint32_t failed_ppm; /* of calls: done or not, and not answered */

    uint32_t failover_ppm; /* of turns */
    uint64_t down_ns;      /* nothing is served for so long, at most */
    uint64_t lost_ns;      /* what was written so shortly before is lost, at most */
    uint64_t stale_ns;     /* a server stays with the old master for so long, at most */
    uint32_t flush_ppm;    /* of turns */
    uint32_t early_ppm;    /* of turns: some leases end */
    uint64_t late_ns;      /* a lease may end so much later */

    uint32_t message_lost_ppm;
    uint32_t message_late_ppm;
    uint64_t message_late_ns;
    uint32_t put_late_ppm; /* what is put into the cache comes late */
    uint64_t put_late_ns;
    bool no_thread; /* tests: no thread for presence, see sim_presence_turn() */
};

struct sim_redis;

/* An empty one, and the drivers "sim" of the three families stand on it. One at a time. */
struct sim_redis *sim_redis_new(const struct sim_redis_plan *plan);
/* No table, cache or presence is open. Nulls it. */
void sim_redis_free(struct sim_redis **redis);
void sim_redis_set_plan(struct sim_redis *redis, const struct sim_redis_plan *plan);

/* ---- what the plan of a world does to it ---- */

/* The replica takes over: what was written in the last lost_ns is gone; nothing is served for
 * down_ns. */
void sim_redis_failover(struct sim_redis *redis, uint64_t lost_ns, uint64_t down_ns);
void sim_redis_flush(struct sim_redis *redis);
void sim_redis_outage(struct sim_redis *redis, uint64_t ns);
/* Every lease of a kind of key ends now: 'r' routes, 'p' presence. */
void sim_redis_expire(struct sim_redis *redis, char kind);
/* How many keys there are of a kind: 'r' routes, 'b' beats, 'p' presence, 'w' watches, 'c' lists of
 * the cache. */
size_t sim_redis_keys(const struct sim_redis *redis, char kind);

/* ---- tests ---- */

/* With no_thread: what the thread of that server's presence would do now. */
void sim_presence_turn(struct sim_redis *redis, uint64_t server);

#endif
