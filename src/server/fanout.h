/* Fan-out: from the writer's deliveries, or any thread's event, to the endpoints that are to have
 * it.
 *
 * An event is encoded once. For each reactor that holds one of its endpoints, the endpoints' ids
 * and a reference to the bytes go into that reactor's chunk; a flush posts the chunks, one message
 * a reactor, however many deliveries there were. The order of what was put in is the order in which
 * a reactor handles it: so an answer overtakes no event, and no event an answer (TAKEOVER.md R3).
 */
#ifndef PAR_SERVER_FANOUT_H
#define PAR_SERVER_FANOUT_H

#include "conv/delivery.h"
#include "server/client.h"

struct par_fanout__chunk;

/* What one thread has gathered; not thread-safe. Start with par_fanout_init; needs no fini after a
 * flush. */
struct par_fanout {
    struct par_server *server;
    struct par_fanout__chunk *_chunks[PAR_SERVER_MAX_REACTORS];
    struct par_event _event;
    uint64_t _receivers;
};

/* Empties it, for this server. */
void par_fanout_init(struct par_fanout *f, struct par_server *server);

/* An event for endpoints one by one: begin, to …, end. begin encodes nothing: json is the text of
 * the event. */
void par_fanout_begin(struct par_fanout *f, struct par_str json);
void par_fanout_to(struct par_fanout *f, uint64_t endpoint);
void par_fanout_end(struct par_fanout *f);
/* begin, every endpoint of these users, end. */
void par_fanout_users(struct par_fanout *f, struct par_str json, const uint64_t *users, size_t n);

/* Posts everything gathered to the reactors. */
void par_fanout_flush(struct par_fanout *f);

/* The sink of the queue's deliveries (parley/queue.h); arg is a struct par_fanout that only the
 * writer's thread uses. */
void par_fanout_deliver(void *arg, const struct par_delivery *delivery);
void par_fanout_deliver_flush(void *arg);

#endif
