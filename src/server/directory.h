/* The directory: which endpoints every user has on this server, who watches whom, and how fast each
 * may send.
 *
 * It is the one table that all threads share (docs/decisions/0002-directory.md). A user's entry
 * lives in one of 256 shards, each under a mutex of its own that is held for a few dozen
 * instructions, never over a call to anything that could block. A reactor adds an endpoint when its
 * hello succeeds and removes it when the connection goes; the writer's thread asks for the
 * endpoints of the members of a conversation; a send takes one token from its user's bucket.
 * Nothing here knows what an endpoint is: it is a 64-bit id (endpoint.h) whose owner looks it up on
 * its own thread and drops what comes too late.
 *
 * Any function may be called from any thread; none blocks. */
#ifndef PAR_SERVER_DIRECTORY_H
#define PAR_SERVER_DIRECTORY_H

#include "parley/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct par_directory;
struct par_route;

/* At most this many endpoints a user: ten devices with a socket and a poll session each, and the
 * former endpoint of each while it closes. */
enum { PAR_DIRECTORY_USER_ENDPOINTS = 40 };

enum par_endpoint_kind { PAR_ENDPOINT_SOCKET = 0, PAR_ENDPOINT_POLL = 1 };

/* One live endpoint of a user. Present: it makes its user count as on line; a poll session that
 * nobody has asked for a while still gets events, but is not. */
struct par_dir_endpoint {
    uint64_t id;
    uint64_t device;
    int64_t since_ms; /* wall clock of the sign-in */
    enum par_endpoint_kind kind;
    bool present;
};

/* The route of each user with an endpoint is kept in `route` as (server, boot), in step with the
 * table: it is registered and removed under the user's lock. route may be NULL: then it is kept
 * elsewhere (routes.h). NULL when memory is refused. */
struct par_directory *par_directory_new(struct par_route *route, uint64_t server, uint64_t boot);
/* Frees the table and nulls the pointer; no other thread may use it any more. */
void par_directory_free(struct par_directory **dir);

/* Adds an endpoint, present. A former one of the same device and kind is taken out and its id
 * returned in *replaced_r (0: none): its owner is to be told. *arrived_r is true when the user had
 * none present before. PAR_E_OVERLOADED when the user has too many or memory is refused; or what
 * the route says. */
enum par_err par_directory_add(struct par_directory *dir, uint64_t user,
                               struct par_dir_endpoint endpoint, uint64_t *replaced_r,
                               bool *arrived_r) PAR_MUST_CHECK;

/* Takes an endpoint out at now_ms (of the monotonic clock); *left_r is true when it was the user's
 * last one present, *empty_r when it was the last one. False when it was not there (replaced
 * before). */
bool par_directory_remove(struct par_directory *dir, uint64_t user, uint64_t endpoint,
                          uint64_t now_ms, bool *left_r, bool *empty_r);

/* Changes whether an endpoint is present; true when its user thereby arrived or left. */
bool par_directory_set_present(struct par_directory *dir, uint64_t user, uint64_t endpoint,
                               bool present, uint64_t now_ms);

/* True, once, when the user left at least delay_ms ago and has not come back: to be asked delay_ms
 * after each time that par_directory_remove or _set_present said that they left. */
bool par_directory_departed(struct par_directory *dir, uint64_t user, uint64_t now_ms,
                            uint64_t delay_ms);

/* Does the user have an endpoint? */
bool par_directory_has(struct par_directory *dir, uint64_t user);
/* Does the user have an endpoint that is present? */
bool par_directory_is_present(struct par_directory *dir, uint64_t user);

/* Copies the user's endpoints to out (room for PAR_DIRECTORY_USER_ENDPOINTS) and returns how many.
 */
size_t par_directory_endpoints(struct par_directory *dir, uint64_t user,
                               struct par_dir_endpoint *out);

/* How many users have an endpoint. */
size_t par_directory_users(struct par_directory *dir);

/* Calls fn for every endpoint, with no lock held during the calls: the view is that of the moment
 * each shard was read. */
typedef void (*par_directory_each_fn)(void *arg, uint64_t user, struct par_dir_endpoint endpoint);
void par_directory_each(struct par_directory *dir, par_directory_each_fn fn, void *arg);

/* Token bucket of one user's sends: `per_second` sustained, `burst` at once. Takes one token and
 * returns 0, or takes none and returns in how many milliseconds there will be one. */
uint32_t par_directory_take_send(struct par_directory *dir, uint64_t user, uint64_t now_ns,
                                 uint32_t per_second, uint32_t burst);
/* Gives a token back: the send was a duplicate or refused. */
void par_directory_refund_send(struct par_directory *dir, uint64_t user);

/* Forgets the buckets that are full again of users without an endpoint or a watcher, so that the
 * table does not grow with everybody who ever sent. To be called every few seconds by one thread.
 */
void par_directory_sweep(struct par_directory *dir, uint64_t now_ns, uint32_t per_second,
                         uint32_t burst);

/* Watching: an endpoint asks to hear of a user. Adding twice is one watch. PAR_E_OVERLOADED when
 * memory is refused. */
enum par_err par_directory_watch(struct par_directory *dir, uint64_t user, uint64_t endpoint,
                                 uint64_t watcher) PAR_MUST_CHECK;
void par_directory_unwatch(struct par_directory *dir, uint64_t user, uint64_t endpoint);
/* fn(arg, user, watched) when the first one watches the user and when the last one has ended; under
 * the user's lock, so in the order in which it happened: it must not block nor call the directory.
 * To be set before threads start. */
typedef void (*par_directory_watched_fn)(void *arg, uint64_t user, bool watched);
void par_directory_on_watched(struct par_directory *dir, par_directory_watched_fn fn, void *arg);

/* What those who watch the user were told last. */
enum par_dir_told {
    PAR_DIR_TOLD_NOTHING = 0,
    PAR_DIR_TOLD_OFFLINE,
    PAR_DIR_TOLD_ONLINE,
    PAR_DIR_TOLD_DIFFERENT /* they do not all know the same */
};
/* They are told this now; returns what they were told before. Of one who is not watched nothing is
 * remembered. */
enum par_dir_told par_directory_tell(struct par_directory *dir, uint64_t user, bool online);
/* One of them has read this for itself: remembered if nothing was told yet. False when it is not
 * what the others were told: then they do not know the same until they are told again. */
bool par_directory_read(struct par_directory *dir, uint64_t user, bool online);
/* Some of them may know something else than what was told. */
void par_directory_not_told(struct par_directory *dir, uint64_t user);
/* Calls fn for everybody who is watched, with no lock held. */
typedef void (*par_directory_told_fn)(void *arg, uint64_t user, enum par_dir_told told);
void par_directory_each_watched(struct par_directory *dir, par_directory_told_fn fn, void *arg);

/* One who watches: the endpoint and its user. */
struct par_dir_watcher {
    uint64_t endpoint;
    uint64_t user;
};
/* Copies those who watch the user into a malloc'ed array that the caller frees; *n_r is their
 * number, and NULL with 0 when there is none (or memory is refused). */
struct par_dir_watcher *par_directory_watchers(struct par_directory *dir, uint64_t user,
                                               size_t *n_r);

#endif
