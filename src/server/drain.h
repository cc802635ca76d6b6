/* Draining: moving clients to other servers without a storm, and the end.
 *
 * `parley admin drain` and SIGTERM both turn the server to draining: /readyz answers 404,
 * everything else over HTTP 503, and every client hears `drain` with the time in which it is to go.
 * With SIGTERM the sockets that are left when that time is over are closed with 1001 and the
 * process ends; `admin drain` closes them bit by bit and goes on running. */
#ifndef PAR_SERVER_DRAIN_H
#define PAR_SERVER_DRAIN_H

#include "server/reactor.h"

/* Prepares the timer of a new reactor. */
void par_drain_init(struct par_reactor *reactor);
/* Tells every client and poll session of all reactors to move within ms, and closes what is left by
 * then. Any thread. */
void par_drain_begin(struct par_server *server, uint32_t ms);
/* Closes every socket of this reactor with 1001, ends what waits; on its thread. */
void par_drain_end(struct par_reactor *reactor);

#endif
