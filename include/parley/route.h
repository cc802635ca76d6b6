/* The route family: which servers hold a connection (or poll session) of a user.
 *
 * A server registers a user with its id and boot epoch when the user's first connection signs in,
 * before the sync of that connection reads, and removes it when the last one is gone. The writer
 * looks the members of a conversation up after their entry is durable, uncached: so a client that
 * is connected and synced is told. A route is a set, not a counter: calls for one user and server
 * take effect in the order made, and the server makes them in the order of its own connections
 * (under the lock of its directory). */
#ifndef PARLEY_ROUTE_H
#define PARLEY_ROUTE_H

#include "parley/err.h"

#include <stddef.h>
#include <stdint.h>

struct par_route;
struct par_redis_config;

struct par_route_config {
    const char *driver; /* "local", "fail" */
    size_t max_routes;  /* 0 = 16 Mi; register beyond it is PAR_E_OVERLOADED */
    uint32_t lease_ms;  /* of a remote table: a route that is not renewed ends; 0 = 45,000 */
    uint32_t dead_ms;   /* and a server whose last beat is older counts as dead; 0 = 5,000 */
    const struct par_redis_config *redis; /* of the driver redis; borrowed during the call */
};

/* users[index] has a route to this server. */
struct par_route_hit {
    uint32_t index;
    uint64_t server;
    uint64_t boot;
};

/* Reused from look-up to look-up. Start with {0}. */
struct par_route_hits {
    struct par_route_hit *hit; /* by ascending index */
    size_t count;
    size_t _cap;
};
void par_route_hits_fini(struct par_route_hits *hits);

/* PAR_E_BAD_REQUEST for an unknown driver, PAR_E_UNAVAILABLE when it cannot start. */
enum par_err par_route_open(const struct par_route_config *config,
                            struct par_route **route_r) PAR_MUST_CHECK;
void par_route_close(struct par_route **route);

/* The user is on this server, in this life of it. Registering again changes nothing; a route of the
 * same server with an older boot epoch is replaced, one with a newer epoch stays. Any thread; the
 * local driver does not block. */
enum par_err par_route_register(struct par_route *r, uint64_t user, uint64_t server,
                                uint64_t boot) PAR_MUST_CHECK;
/* Removes the route if it still has this boot epoch. A remote table keeps in mind that the user was
 * on this server until par_route_forget. Any thread. */
enum par_err par_route_unregister(struct par_route *r, uint64_t user, uint64_t server,
                                  uint64_t boot);
/* All routes of these users. PAR_E_UNAVAILABLE: the table cannot be read; hits_r is then empty. Any
 * thread; a remote driver blocks. */
enum par_err par_route_lookup(struct par_route *r, const uint64_t *users, size_t count,
                              struct par_route_hits *hits_r) PAR_MUST_CHECK;

/* ---- the table of many servers ---- */

/* Remote: calls block, leases end, a write may be lost in a fail-over. Then all of this group is
 * used; a table in memory needs none of it (its calls do nothing and say OK). */
bool par_route_remote(const struct par_route *r);

/* This server lives: renews its beat, and the leases of the routes that it registered and has not
 * removed, in turns, each within a third of its time. To be called about every dead_ms / 4.
 * *lost_r: the beat or some of the routes were not there, or another took the server for dead:
 * everything is registered again when this returns, and clients may have missed events, so they are
 * to be told to sync (R6). PAR_E_UNAVAILABLE. One thread; blocks. */
enum par_err par_route_beat(struct par_route *r, uint64_t server, uint64_t boot,
                            bool *lost_r) PAR_MUST_CHECK;
/* Says whether this server serves, that is whether it reaches all engines, and asks how many others
 * have said so within dead_ms / 2; so it is to be called with each beat. Who beats and does not
 * serve is better left alone by clients while *others_r is not 0. PAR_E_UNAVAILABLE. Blocks. */
enum par_err par_route_serve(struct par_route *r, uint64_t server, bool serves,
                             unsigned *others_r) PAR_MUST_CHECK;
/* These users were looked at: who has no route of this server is not kept in mind any more with
 * this boot epoch or an older one. Until then par_route_clear tells of them, so that another server
 * looks at them if this one dies first. PAR_E_UNAVAILABLE: they may still be told of. Any thread;
 * blocks. */
enum par_err par_route_forget(struct par_route *r, const uint64_t *users, size_t count,
                              uint64_t server, uint64_t boot);
/* Takes the server off the ring, if its last beat was of this boot epoch or an older one, with what
 * is remembered of its users: it ends in good order, or whoever stood in for it is done. Blocks. */
enum par_err par_route_bye(struct par_route *r, uint64_t server, uint64_t boot);
/* The next server behind this one on the ring of those that ever beat, if its beat is older than
 * dead_ms and nobody has said bye for it: *server_r and *boot_r; 0: none. Blocks. */
enum par_err par_route_dead(struct par_route *r, uint64_t server, uint64_t *server_r,
                            uint64_t *boot_r) PAR_MUST_CHECK;
/* Removes every route of that server with that boot epoch or an older one (compare-and-delete);
 * *users_r gets the users who had one, or are kept in mind since they left, malloc'ed, the
 * caller's. May be called by several, and again: until bye is said the users are told each time, so
 * that who dies while standing in is followed by another. Blocks. */
enum par_err par_route_clear(struct par_route *r, uint64_t server, uint64_t boot,
                             uint64_t **users_r, size_t *count_r) PAR_MUST_CHECK;
/* The boot epoch with which a server last beat; 0: it is not known. Blocks. */
enum par_err par_route_boot(struct par_route *r, uint64_t server, uint64_t *boot_r) PAR_MUST_CHECK;

struct par_route_stats {
    uint64_t registers, unregisters, lookups, users_looked_up, hits, failures;
    uint64_t routes, max_routes, bytes; /* now */
};
void par_route_stats(const struct par_route *r, struct par_route_stats *stats_r);

/* The fail driver answers the next `count` calls of an operation with err (UINT32_MAX: for ever),
 * otherwise it is the local one. Tests only. */
enum par_route_fault {
    PAR_ROUTE_FAULT_REGISTER = 0,
    PAR_ROUTE_FAULT_UNREGISTER,
    PAR_ROUTE_FAULT_LOOKUP,
    PAR_ROUTE_FAULTS
};
void par_route_fail(struct par_route *r, enum par_route_fault fault, enum par_err err,
                    uint32_t count);

#endif
