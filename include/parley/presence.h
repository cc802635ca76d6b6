/* The presence family: who is on line, over all servers.
 *
 * A server says `online` when a user's first endpoint signs in, and `offline` when the last one has
 * been gone for presence.offline_delay_ms; a user is on line while any server says so. The family
 * keeps that, answers who is, and tells the servers of each transition; what a transition means to
 * whom (watching, privacy) is the server's business. When a user went off is kept by the server in
 * the store, since it must survive. Only the wrapper (src/presence/presence.c) calls a driver: it
 * counts and times. */
#ifndef PARLEY_PRESENCE_H
#define PARLEY_PRESENCE_H

#include "parley/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct par_presence;
struct par_redis_config;

struct par_presence_config {
    const char *driver; /* "local", "fail" */
    size_t max_users;   /* on line at once; 0 = 16 Mi; beyond it `online` is PAR_E_OVERLOADED */
    uint64_t server;    /* who says it, in which life: of a remote driver */
    uint64_t boot;
    uint32_t lease_ms; /* of a remote driver: what is not renewed ends; 0 = 45,000 */
    const struct par_redis_config *redis; /* of the driver redis; borrowed during the call */
};

/* PAR_E_BAD_REQUEST for an unknown driver, PAR_E_UNAVAILABLE when it cannot start. */
enum par_err par_presence_open(const struct par_presence_config *config,
                               struct par_presence **presence_r) PAR_MUST_CHECK;
void par_presence_close(struct par_presence **presence);

/* Called on each transition, on the thread whose call made it (a remote driver: on its own); must
 * not block and not call back. Registered before the first transition. */
typedef void (*par_presence_change_fn)(void *arg, uint64_t user, bool online);
void par_presence_listen(struct par_presence *p, par_presence_change_fn fn, void *arg);

/* This server holds a connection of the user, or holds none any more. Saying the same twice changes
 * nothing. Any thread; a remote driver does not block: it sends. */
enum par_err par_presence_online(struct par_presence *p, uint64_t user);
enum par_err par_presence_offline(struct par_presence *p, uint64_t user);

/* online_r[i] tells whether users[i] is on line. PAR_E_UNAVAILABLE: the driver cannot tell; all are
 * false then. Pool threads: a remote driver blocks. */
enum par_err par_presence_get(struct par_presence *p, const uint64_t *users, size_t count,
                              bool *online_r) PAR_MUST_CHECK;

/* ---- of many servers ---- */

/* Remote: what a server said ends with its lease, and the word of another server comes on a thread
 * of the driver's. A word may be lost or late: the driver looks at what is watched each quarter of
 * a lease, and when a watch begins, and tells what differs from what it told last (so also that a
 * lease ended); the first look always tells. */
bool par_presence_remote(const struct par_presence *p);
/* This server lives: renews the leases of all that it said `online` of. About every lease_ms / 4.
 * PAR_E_UNAVAILABLE. One thread; blocks. */
enum par_err par_presence_beat(struct par_presence *p) PAR_MUST_CHECK;
/* This server has somebody who watches the user, or nobody any more: it is to be told of the user's
 * transitions. Any thread; does not block. Local: all are told anyhow. */
void par_presence_watch(struct par_presence *p, uint64_t user, bool watched);

struct par_presence_stats {
    uint64_t online_calls, offline_calls, transitions, lookups, failures;
    uint64_t users, max_users; /* now */
    /* What waits for a remote driver's thread, and what found no room there. */
    uint64_t waiting, max_waiting, refused;
};
void par_presence_stats(const struct par_presence *p, struct par_presence_stats *stats_r);

/* The fail driver answers the next `count` calls of every kind with err (UINT32_MAX: for ever).
 * Tests. */
void par_presence_fail(struct par_presence *p, enum par_err err, uint32_t count);

#endif
