/* Inside src/server: what a client consists of. */
#ifndef PAR_SERVER_CLIENT_PRIVATE_H
#define PAR_SERVER_CLIENT_PRIVATE_H

#include "server/client.h"
#include "ws/connection.h"

/* What a client has only until its hello is answered. */
struct par_client_hello {
    struct par_client *client;
    struct par_timer timer;
    uint64_t stood_ms;        /* par_loop_stood_ms when the timer was set */
    struct par_shared **held; /* events that wait for the answer */
    uint16_t held_count;
};

/* There is one for each connection, so its size counts. */
struct par_client {
    struct par_endpoint endpoint; /* first: handles of endpoints lead to it */
    struct par_ws_conn *ws;       /* NULL once closed */
    struct par_reactor *reactor;
    struct par_list node; /* among the reactor's clients */
    struct par_list requests;
    uint16_t request_count;
    uint16_t waiting_count; /* of them: deferred, or ended and not yet answered */
    bool ordering;
    bool hello_asked;
    bool paused;
    bool closing;
    float ops;                      /* bucket of requests */
    uint32_t ops_ms;                /* when it was filled: the loop's clock, cut */
    struct par_client_hello *hello; /* NULL once hello was answered: events may go out */
};

enum { PAR_CLIENT_HELD_MAX = 1024 };

/* For the reactor's WebSocket connections. */
extern const struct par_ws_ops par_client_ws_ops;

/* A client that waits for its socket and its hello; NULL when memory is refused. */
struct par_client *par_client_new(struct par_reactor *reactor);
/* Frees and nulls one whose socket never opened. */
void par_client_free(struct par_client **client);

/* One more, or one less, of its requests is in flight: reading pauses and resumes. */
void par_client__busy(struct par_client *client);
/* Sends an event, or holds it back until hello was answered. */
void par_client__event(struct par_client *client, const struct par_event *event);
/* Closes the connection, with the reason's code. */
void par_client__close(struct par_client *client, enum par_close reason);
/* Ends it at once, even while a close waits for the peer. */
void par_client__abort(struct par_client *client);
/* hello was answered: what was held back goes out. */
void par_client__hello_done(struct par_client *client);
/* Sends the answer of a request. */
void par_client__answer(struct par_client *client, struct par_request *req);

#endif
