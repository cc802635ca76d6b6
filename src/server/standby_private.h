/* Inside src/server: what the parts of the standby share. */
#ifndef PAR_SERVER_STANDBY_PRIVATE_H
#define PAR_SERVER_STANDBY_PRIVATE_H

#include "server/service.h"
#include "server/standby.h"

#include <pthread.h>

enum { PAR_STANDBY_DEAD_MAX = 16, PAR_STANDBY_RETRY_MS = 250 };

struct par_standby__user {
    uint64_t user;
    uint64_t due_ms;
};

struct par_standby__dead {
    uint64_t server;
    uint64_t boot;
    uint64_t after; /* the one behind which it was found on the ring */
};

/* One who was stood in for. A fail-over of the route table may bring its routes back, and until
 * their leases end they lead to its inbox. So it stays on the ring as long: who stands in after us
 * begins again. */
struct par_standby__past {
    struct par_standby__dead dead;
    uint64_t due_ms;   /* when its inbox is looked at again */
    uint64_t until_ms; /* no route of it lives longer */
};

struct par_standby {
    struct par_server *server;
    struct par_service service;
    bool crashed;         /* what was written last has to be looked at */
    bool settled;         /* of its thread, when it ended: nobody is left to be looked at */
    pthread_mutex_t lock; /* of what follows */
    struct par_standby__user *users; /* a ring, in the order of their ends */
    size_t first, count, room;
    struct par_standby__dead dead[PAR_STANDBY_DEAD_MAX];
    size_t dead_count; /* the first is being dealt with */
    struct par_standby__past past[PAR_STANDBY_DEAD_MAX];
    size_t past_count;
    _Atomic uint64_t taken_over, forwarded, pushes, dropped;
};

/* Looks at these users now: push jobs for what they missed, unless they are connected. False: the
 * store, the routes or the queue failed, or this server is to stop; to be tried again. */
bool par_standby__look(struct par_standby *s, const uint64_t *users, size_t count);
/* The same when this server ends. Of many servers nobody is pushed to who may be about to come back
 * to another one. False: some were not looked at, or have missed something. */
bool par_standby__look_last(struct par_standby *s, const uint64_t *users, size_t count);
/* These users of this server were looked at: the route table need not keep them in mind. */
void par_standby__looked_at(struct par_standby *s, const uint64_t *users, size_t count);
/* A look at the conversations written last before a crash. False: told to stop before it was done.
 */
bool par_standby__after_crash(struct par_standby *s);
/* Stands in for a dead server. False: it was not done, as it is back, or this server is to stop. */
bool par_standby__stand_in(struct par_standby *s, const struct par_standby__dead *dead);
/* Sends on what came to its inbox since. False: it is back, or this server is to stop. */
bool par_standby__look_back(struct par_standby *s, const struct par_standby__dead *dead);

#endif
