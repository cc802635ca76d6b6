/* The waker: whoever has no device connected is woken, by the push service of each device.
 *
 * The story of a push job. A writer, the inbox or the standby made it for a user without a route
 * and gave it to the queue (parley/push.h). The waker, one thread, takes it, from the log in a
 * cluster, from its own list where the queue is local. First it looks once more for a route of the
 * user: if there is one, the job was made from an old copy of the routes or the device came in
 * between, and that device is told to sync instead. Then, just before the push is sent, it reads
 * what may have changed (waker_note.c): muted, read, deleted, or gone is not sent. For each
 * subscription of the user the payload is encrypted and posted (loop/https.h); what becomes of it
 * comes back to the thread: a dead subscription is removed, a service that fails is tried again
 * within the life of the push. Of one conversation and device one push is on its way at a time, and
 * the newest that waits replaces the others. Who registers a subscription names the service: so
 * neither a user nor a service that did not answer lately gets all requests that may be under way,
 * and when the list is nearly full those go first that were tried most often.
 *
 * A job of the log is confirmed when all of it is dealt with, or has been tried for a while; so
 * after a crash some are taken twice, which shows as one notification, since its tag is the
 * conversation. Where the queue is local, what was not dealt with at the end of the process is
 * found again by the look at what was written last (standby.h). */
#ifndef PAR_SERVER_WAKER_H
#define PAR_SERVER_WAKER_H

#include "server/server.h"

struct par_waker;

/* Reads or makes the VAPID key, and starts taking jobs; before whoever makes them starts. why gets
 * one line; PAR_E_BAD_REQUEST when the operator has to change something, PAR_E_UNAVAILABLE. Blocks.
 */
enum par_err par_waker_open(struct par_server *server, struct par_waker **waker_r, char *why,
                            size_t why_size) PAR_MUST_CHECK;
/* No job is taken any more; what is being sent is waited for, for a bounded time. True: all was
 * dealt with. Blocks. Harmless for NULL. */
bool par_waker_close(struct par_waker **waker);

/* The key that browsers subscribe with; missing: Web Push is switched off. Any thread. */
struct par_str par_waker_key(const struct par_server *server);
/* Sends a test to this subscription of the user, which exists. PAR_E_OVERLOADED. Any thread. */
enum par_err par_waker_test(struct par_server *server, uint64_t user, uint64_t push_id);

struct par_waker_stats {
    uint64_t depth, limit, refused, passed;
};
/* Any thread. */
void par_waker_stats(struct par_waker *waker, struct par_waker_stats *stats_r);

#endif
