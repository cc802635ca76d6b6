/* A client: one WebSocket connection, signed in or about to; and endpoints, which are what the
 * others of the server know of it. */
#ifndef PAR_SERVER_CLIENT_H
#define PAR_SERVER_CLIENT_H

#include "base/shared.h"
#include "parley/close.h"
#include "server/request.h"

/* Where events go: the part that clients and poll sessions have in common. Events are whole JSON
 * texts. */
struct par_endpoint {
    uint64_t id; /* its handle; 0: not signed in */
    enum par_endpoint_kind kind;
    uint32_t watching_count;
    struct par_identity who;
    int64_t since_ms;   /* wall clock of the sign-in */
    uint64_t *watching; /* the users it watches; malloc'ed */
};

/* An event encoded once for all who get it: the JSON, and the same as a WebSocket frame. */
struct par_event {
    struct par_shared *frame; /* header and JSON */
    uint32_t json_at;         /* where the JSON begins in it */
    /* Of an entry's event; seq 0: it is another. */
    struct par_conv conv;
    uint64_t seq;
};
/* Makes the shared frame of a JSON text; frame is NULL when memory is refused. */
struct par_event par_event_of(struct par_str json);

/* Gives an event to an endpoint of this reactor; takes no reference away from the caller. */
void par_endpoint_event(struct par_reactor *reactor, struct par_endpoint *endpoint,
                        const struct par_event *event);
/* Ends an endpoint: a client is closed with this reason, a poll session is gone. */
void par_endpoint_close(struct par_reactor *reactor, struct par_endpoint *endpoint,
                        enum par_close reason);
/* Registers the endpoint in the directory under a new handle, and in a local route table; a former
 * one of the same device is told to go. PAR_E_OVERLOADED / PAR_E_UNAVAILABLE. */
enum par_err par_endpoint_sign_in(struct par_reactor *reactor,
                                  struct par_endpoint *endpoint) PAR_MUST_CHECK;
/* The rest of it, of a table of many servers: the route is confirmed when this returns, and others
 * close the device's former endpoint. The endpoint may have gone meanwhile. Pool thread: blocks;
 * PAR_E_UNAVAILABLE: take it out again. */
enum par_err par_endpoint_confirm(struct par_server *server, const struct par_identity *who,
                                  enum par_endpoint_kind kind, int64_t since_ms) PAR_MUST_CHECK;
/* Takes it out again, with its watches. Harmless when it was not in. Of the user's last one here
 * what was written last may have reached nobody, however it ended (TAKEOVER.md R4): not even a
 * client that closes in good order has read what was on its way to it. So the standby looks. */
void par_endpoint_sign_out(struct par_reactor *reactor, struct par_endpoint *endpoint);
/* Replaces the list of those it watches; copies users. */
enum par_err par_endpoint_watch(struct par_reactor *reactor, struct par_endpoint *endpoint,
                                const uint64_t *users, size_t count) PAR_MUST_CHECK;

/* Asks any endpoint anywhere to close, e.g. because its token was revoked. Any thread. */
void par_endpoint_close_later(struct par_server *server, uint64_t endpoint, enum par_close reason);
/* The same for every endpoint of a user (device 0), or of one device. Any thread. */
void par_endpoint_close_device(struct par_server *server, uint64_t user, uint64_t device,
                               uint64_t except, enum par_close reason);
/* What another server asks to close (PAR_DELIVERY_CLOSE). Any thread. */
struct par_delivery;
void par_endpoint_close_told(struct par_server *server, const struct par_delivery *d);

#endif
