/* Inside of src/redis: the state that its files share. */
#ifndef PAR_REDIS_PRIVATE_H
#define PAR_REDIS_PRIVATE_H

#include "base/hosts.h"
#include "base/stats.h"
#include "loop/breaker.h"
#include "loop/line.h"
#include "redis/redis.h"

#include <pthread.h>

enum {
    PAR_REDIS__SENTINELS_MAX = 16,
    PAR_REDIS__CONNECTIONS_MAX = 64,
    PAR_REDIS__WORDS_MAX = 1100
};

struct par_redis {
    char *group;
    char *user;
    char *password;
    uint32_t timeout_ms;
    uint32_t limit;
    enum par_family family; /* of whose calls these are */
    struct par_stats_source source;
    _Atomic int64_t silent; /* for the metrics: the breaker is open */
    struct par_host sentinels[PAR_REDIS__SENTINELS_MAX];
    size_t sentinel_count;

    pthread_mutex_t lock; /* of the rest */
    bool down;            /* the last call failed */
    struct par_breaker breaker;
    uint64_t age; /* so often all connections were given up: those of an earlier one are not kept */
    bool known;   /* the address below is the primary's, as far as is known */
    struct par_host primary;
    redisContext *idle[PAR_REDIS__CONNECTIONS_MAX];
    size_t idle_count;
    uint32_t used;        /* connections in use, or being opened */
    struct par_line line; /* of threads for which none was free */
};

/* As par_redis_connect, with so long for connecting and for each answer until it is the caller's.
 */
redisContext *par_redis__connect(struct par_redis *r, uint32_t timeout_ms);

#endif
