/* Long polling: poll sessions, for networks that block WebSockets (PROTOCOL.md 6).
 *
 * A session is an endpoint of its device and lives on the reactor where it was opened; its cursor
 * names that reactor, the session and how far the client has come, and a poll that another reactor
 * accepted is posted there. Events gather in the session; a poll takes them as a batch under a new
 * number. The batch stays until the next one is made, so that an answer that was lost can be had
 * again, byte for byte. */
#ifndef PAR_SERVER_POLL_H
#define PAR_SERVER_POLL_H

#include "parley/close.h"
#include "server/client.h"

/* GET /v1/poll without a cursor: opens a session for req->who, ends its device's former one,
 * answers. */
void par_poll_open(struct par_request *req);
/* GET /v1/poll?cursor=: answers with a batch, 204 after wait_ms, or `gone`. */
void par_poll_ask(struct par_request *req, struct par_str cursor, uint32_t wait_ms);

/* An event for a session: the JSON is copied. On its reactor. */
void par_poll_event(struct par_endpoint *endpoint, struct par_str json);
/* Ends a session: a poll that waits is answered `unauthorized` or `gone`. On its reactor. */
void par_poll_end(struct par_reactor *reactor, struct par_endpoint *endpoint,
                  enum par_close reason);
/* The same event for every session of the reactor. */
void par_poll_event_all(struct par_reactor *reactor, const struct par_event *event);
/* Ends one of the reactor's sessions, which has at least one. */
void par_poll_end_first(struct par_reactor *reactor);
/* The poll session of this device, if there is one, watches these users. Any reactor. */
void par_poll_watch(struct par_server *server, const struct par_identity *who,
                    const uint64_t *users, size_t count);

#endif
