/* Inside of the route driver `redis`: what its files share. */
#ifndef PAR_ROUTE_REDIS_PRIVATE_H
#define PAR_ROUTE_REDIS_PRIVATE_H

#include "redis/redis.h"
#include "route/driver.h"
#include "route/redis/own.h"

enum { PAR_ROUTE_REDIS__USERS_A_CALL = 250, PAR_ROUTE_REDIS__DIGITS_MAX = 24 };

/* Of a script: the time of Redis, in ms. */
#define PAR_ROUTE_REDIS__NOW                                                                       \
    "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000); "

struct par_route_redis {
    struct par_redis *redis;
    uint32_t lease_ms, dead_ms;
    struct par_own own;
    /* Of the thread that beats. */
    bool beaten;
    bool lost;    /* something was, and no beat has said so yet */
    uint64_t age; /* of the connections, when all was renewed last */
    unsigned turn;
    uint64_t renewed_ms[PAR_OWN_SLICES];
};

/* ARGV: server, boot, lease, users. Returns the places of those users who had no route. */
extern const struct par_redis_script par_route_redis__add_script;

/* Runs a script whose reply does not matter. */
enum par_err par_route_redis__run(struct par_route_redis *r, const struct par_redis_script *script,
                                  int argc, const struct par_str *argv);
/* Runs a script with these users, at most PAR_ROUTE_REDIS__USERS_A_CALL, behind its first `head`
 * arguments. The reply is the caller's. */
enum par_err par_route_redis__run_batch(struct par_route_redis *r,
                                        const struct par_redis_script *script,
                                        const struct par_str *first, size_t head,
                                        const uint64_t *users, size_t n, redisReply **reply_r);
static inline size_t par_route_redis__batch_of(size_t left)
{
    return left < PAR_ROUTE_REDIS__USERS_A_CALL ? left : PAR_ROUTE_REDIS__USERS_A_CALL;
}

/* One route in Redis, whatever `own` says. */
enum par_err par_route_redis__add(struct par_route_redis *r, uint64_t user, uint64_t server,
                                  uint64_t boot);
enum par_err par_route_redis__remove(struct par_route_redis *r, uint64_t user, uint64_t server,
                                     uint64_t boot);

/* ---- beat.c ---- */

enum par_err par_route_redis__beat(void *state, uint64_t server, uint64_t boot, bool *lost_r);

/* ---- ring.c ---- */

enum par_err par_route_redis__serve(void *state, uint64_t server, bool serves, unsigned *others_r);
enum par_err par_route_redis__bye(void *state, uint64_t server, uint64_t boot);
enum par_err par_route_redis__dead(void *state, uint64_t server, uint64_t *server_r,
                                   uint64_t *boot_r);
enum par_err par_route_redis__clear(void *state, uint64_t server, uint64_t boot, uint64_t **users_r,
                                    size_t *count_r);
enum par_err par_route_redis__boot(void *state, uint64_t server, uint64_t *boot_r);

#endif
