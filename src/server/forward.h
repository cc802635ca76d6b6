/* Forwarding: what came to a server for users who are not there goes on to where they are now, or
 * becomes a push (TAKEOVER.md R2).
 *
 * Used by who takes this server's inbox, for users that have left, and by who stands in for a dead
 * server, for all of its. The routes are read anew for each record. */
#ifndef PAR_SERVER_FORWARD_H
#define PAR_SERVER_FORWARD_H

#include "base/buf.h"
#include "conv/delivery.h"
#include "server/server.h"

/* Of one thread. Start with par_forward_init. */
struct par_forward {
    struct par_server *server;
    uint64_t from; /* whose inbox: routes that lead there lead nowhere */
    uint64_t from_boot;
    struct par_route_hits _hits;
    struct par_buf _users; /* uint64_t: not here */
    struct par_buf _part;  /* uint64_t: of one server */
    struct par_buf _bytes;
    bool handed; /* something was handed to the queue since the last flush */
};

/* For the inbox of the server `from`, in that life of it. */
void par_forward_init(struct par_forward *f, struct par_server *server, uint64_t from,
                      uint64_t from_boot);
/* Frees its buffers. */
void par_forward_fini(struct par_forward *f);

/* Hands on what d has for users who have no endpoint here (of this server's own inbox), or for all
 * (of another's). PAR_E_UNAVAILABLE: routes or queue failed, and it is to be called again. Blocks.
 */
enum par_err par_forward(struct par_forward *f, const struct par_delivery *d) PAR_MUST_CHECK;
/* What was handed on is in the queue. PAR_E_UNAVAILABLE: all since the last flush that was PAR_OK
 * is to be forwarded again. Blocks. */
enum par_err par_forward_flush(struct par_forward *f) PAR_MUST_CHECK;

#endif
