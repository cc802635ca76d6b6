/* Inside of the presence driver `redis`: what its files share. */
#ifndef PAR_PRESENCE_REDIS_PRIVATE_H
#define PAR_PRESENCE_REDIS_PRIVATE_H

#include "base/map.h"
#include "loop/env.h"
#include "loop/mailbox.h"
#include "presence/presence_private.h"
#include "redis/redis.h"

#include <pthread.h>

/* A user that this server says something of, or is to be told of. */
struct par_presence__user {
    struct par_map_node node;
    uint64_t user;
    bool said;    /* on line here */
    bool watched; /* somebody here watches */
    int told;     /* 0, 1: what was told last; -1: nothing */
};

/* What the driver's thread is to do; posted by others. */
struct par_presence__work {
    struct par_msg msg;
    uint64_t user;
    int heard; /* what a message said of the user; -1: look at what is said and watched here */
};

enum { PAR_PRESENCE__BATCH = 250 };

/* What this server has to say of a user. */
struct par_presence__word {
    uint64_t user;
    bool said;    /* on line here */
    bool watched; /* somebody here watches */
};

struct par_presence__redis {
    struct par_redis *redis;
    struct par_redis_number server, boot;
    uint32_t lease_ms;
    size_t max_users;
    par_presence_change_fn fn;
    void *fn_arg;
    struct par_mailbox mailbox;
    struct par_thread *worker;
    struct par_thread *listener;
    _Atomic uint32_t closing;
    _Atomic uint64_t refused; /* work for which the mailbox had no room */

    pthread_mutex_t saying; /* held over a call: what is said last is what was so last */
    pthread_mutex_t lock;   /* of the rest */
    struct par_map users;
    size_t said_count;
    int channel_fd; /* of the listener's connection; -1: none */
};

/* ---- scripts.c: calls of Redis, from any thread that may block ---- */

/* Says of at most PAR_PRESENCE__BATCH users whether they are on line here and whether this server
 * is to be told of them, for a lease more; in one call. */
enum par_err par_presence__say(struct par_presence__redis *p,
                               const struct par_presence__word *words, size_t n) PAR_MUST_CHECK;
enum par_err par_presence__look(struct par_presence__redis *p, const uint64_t *users, size_t n,
                                bool *online_r);
/* Sends this server's own channel a word, so that its listener knows that it hears. */
void par_presence__tick(struct par_presence__redis *p);

/* ---- listener.c ---- */

/* The thread that hears the channel of this server and posts what it says. */
void par_presence__listen(void *arg);
/* Ends its waiting. */
void par_presence__wake_listener(struct par_presence__redis *p);
/* Has work done by the driver's thread; dropped when it has too much: what is said is renewed with
 * the next beat, and what is watched is looked at soon. */
void par_presence__post(struct par_presence__redis *p, uint64_t user, int heard);

#endif
