/* Reach: whether this server reaches its engines, and what follows when it does not.
 *
 * Of many servers one may be cut off from the store, the log or the route table while the others
 * are not. Its partitions then stand still, or tell nobody, though others could number them; or its
 * clients hear nothing, though other servers could tell them. So each server asks the store and the
 * log something cheap all the time, and notes its heartbeats. When one of the three was silent for
 * queue.aside_ms, it looks who else serves, that is who has reached all three for as long: the
 * heartbeats tell it, or, where the route table is what is silent, a question to all inboxes. If
 * somebody does, the server steps aside: the others get its partitions (par_queue_set_aside), and
 * balancers are told that it is not ready. It takes part again when it has reached all for
 * queue.aside_ms, or when nobody serves any more. If all are cut off nobody answers, and nothing
 * moves: nobody could do better, and to number without routes is better than not at all.
 * Nothing that must hold rests on any of this: a takeover is harmless at every moment (TAKEOVER.md
 * T5). */
#ifndef PAR_SERVER_REACH_H
#define PAR_SERVER_REACH_H

#include "server/server.h"

struct par_delivery;
struct par_reach;

/* Starts asking; *reach_r stays NULL, and PAR_OK, when the queue is local. PAR_E_UNAVAILABLE. */
enum par_err par_reach_open(struct par_server *server, struct par_reach **reach_r) PAR_MUST_CHECK;
/* Ends its threads. Blocks, as long as a call of the store does. Harmless for NULL. */
void par_reach_close(struct par_reach **reach);

/* A heartbeat that began then has arrived: monotonic ms. Says in the route table whether this
 * server serves. The thread of the beats; blocks as they do. Harmless for NULL. */
void par_reach_beat(struct par_reach *reach, uint64_t began_ms);
/* Another server asks or answers. The thread of the inbox; may block for the queue. Harmless for
 * NULL. */
void par_reach_told(struct par_reach *reach, const struct par_delivery *d);

/* False while the store, the log or the route table is silent for longer than queue.aside_ms;
 * *why_r is then static text. True for NULL. Any thread. */
bool par_reach_well(struct par_reach *reach, const char **why_r);
/* True while it is aside; *why_r is then static text, else "". Any thread. */
bool par_reach_aside(struct par_reach *reach, const char **why_r);

#endif
