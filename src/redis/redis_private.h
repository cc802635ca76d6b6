/* Inside of src/redis: the state that its files share. */
#ifndef PAR_REDIS_PRIVATE_H
#define PAR_REDIS_PRIVATE_H

#include "redis/redis.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PAR_REDIS__SENTINELS_MAX = 16,
    PAR_REDIS__CONNECTIONS_MAX = 64,
    PAR_REDIS__HOST_MAX = 128,
    PAR_REDIS__WORDS_MAX = 1100
};

struct par_redis__address {
    char host[PAR_REDIS__HOST_MAX];
    int port;
};

struct par_redis {
    char *group;
    char *user;
    char *password;
    uint32_t timeout_ms;
    uint32_t limit;
    struct par_redis__address sentinels[PAR_REDIS__SENTINELS_MAX];
    size_t sentinel_count;
    _Atomic bool down; /* the last call failed */

    pthread_mutex_t lock;
    bool known; /* the address below is the primary's, as far as is known */
    struct par_redis__address primary;
    redisContext *idle[PAR_REDIS__CONNECTIONS_MAX];
    size_t idle_count;
    uint32_t used; /* connections in use, or being opened */
    struct par_redis__waiter *first, *last;
};

/* Reads "host:port, host:port"; false: something else, none, or more than max. */
bool par_redis__addresses(const char *list, struct par_redis__address *addresses_r, size_t max,
                          size_t *n_r);

#endif
