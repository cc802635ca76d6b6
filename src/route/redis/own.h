/* What this server has registered in a table of many servers and not forgotten, so that it can be
 * renewed. Any thread; nothing here asks Redis.
 *
 * A renewal lists who is here, registers them again, and meanwhile users come and go: `changed`
 * tells whether what it listed still holds. */
#ifndef PAR_ROUTE_REDIS_OWN_H
#define PAR_ROUTE_REDIS_OWN_H

#include "base/map.h"

#include <pthread.h>

struct par_own {
    pthread_mutex_t lock;
    struct par_map map;
    size_t max;
};

/* One who is listed. */
struct par_own_listed {
    uint64_t user;
    uint64_t version;
    bool registered; /* its route was confirmed by then */
};

/* Empty, for at most max users. */
void par_own_init(struct par_own *own, size_t max);
/* Frees all; nobody uses it any more. */
void par_own_fini(struct par_own *own);

/* Before the route is registered. A lower boot epoch changes nothing. PAR_E_OVERLOADED: as many are
 * kept as may, or no memory. */
enum par_err par_own_remember(struct par_own *own, uint64_t user, uint64_t server,
                              uint64_t boot) PAR_MUST_CHECK;
/* The route was confirmed. */
void par_own_registered(struct par_own *own, uint64_t user, uint64_t server, uint64_t boot);
/* Before the route is removed: the user is kept in mind, as one who left. */
void par_own_leave(struct par_own *own, uint64_t user, uint64_t server, uint64_t boot);
/* One who left is not kept in mind any more. */
void par_own_forget(struct par_own *own, uint64_t user, uint64_t server);

/* Users are renewed in turns: each is of one slice. */
enum { PAR_OWN_SLICES = 12 };
#define PAR_OWN_ALL ((1u << PAR_OWN_SLICES) - 1)

/* Those of this server and these slices (bits) who are here, or those who left, malloc'ed; NULL: no
 * memory. */
struct par_own_listed *par_own_list(struct par_own *own, uint64_t server, unsigned slices,
                                    bool left, size_t *n_r);
/* Registered, and not left. */
bool par_own_is_here(struct par_own *own, uint64_t user, uint64_t server);
/* Did it leave or come back since it was listed? */
bool par_own_changed(struct par_own *own, const struct par_own_listed *listed, uint64_t server);

/* How many are kept, and the memory for that. */
size_t par_own_count(struct par_own *own, size_t *bytes_r);

#endif
