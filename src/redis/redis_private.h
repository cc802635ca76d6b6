/* Inside of src/redis: the state that its files share. */
#ifndef PAR_REDIS_PRIVATE_H
#define PAR_REDIS_PRIVATE_H

#include "base/hosts.h"
#include "loop/line.h"
#include "redis/redis.h"

#include <pthread.h>
#include <stdatomic.h>

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
    struct par_host sentinels[PAR_REDIS__SENTINELS_MAX];
    size_t sentinel_count;
    _Atomic bool down; /* the last call failed */

    pthread_mutex_t lock;
    bool known; /* the address below is the primary's, as far as is known */
    struct par_host primary;
    redisContext *idle[PAR_REDIS__CONNECTIONS_MAX];
    size_t idle_count;
    uint32_t used;        /* connections in use, or being opened */
    struct par_line line; /* of threads for which none was free */
};

#endif
