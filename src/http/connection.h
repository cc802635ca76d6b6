/* HTTP connections of one loop: requests in, one at a time, answers out, now or later.
 *
 * The story of one. The owner of a listener hands each socket to par_http_conn_open. Bytes go to a
 * parser that exists only while a request is read or answered; a whole request goes to on_request.
 * The handler answers before it returns, or keeps par_http_conn_id and answers later: who asks
 * par_http_conn_find with the id of a connection that has gone gets NULL, and drops the answer.
 * Requests that a peer sends before it has its answer (pipelining) wait, and reading pauses. What
 * is not HTTP/1.1 as http/parser.h wants it is answered here, with the protocol's error object, and
 * the connection closes. A WebSocket request is taken over by par_ws_accept (ws/connection.h).
 *
 * Everything happens on the loop's thread; nothing blocks. */
#ifndef PAR_HTTP_CONNECTION_H
#define PAR_HTTP_CONNECTION_H

#include "base/list.h"
#include "base/map.h"
#include "base/slab.h"
#include "http/parser.h"
#include "http/response.h"
#include "loop/listen.h"
#include "loop/tcp.h"
#include "parley/close.h"

struct par_http_conn;

/* A request. *req and what it points at stay valid until it is answered, and in any case until the
 * function returns. */
typedef void (*par_http_request_fn)(struct par_http_conn *conn, const struct par_http_request *req,
                                    void *arg);
/* A connection ended (not: became a WebSocket). Optional; conn is gone when it returns. */
typedef void (*par_http_closed_fn)(struct par_http_conn *conn, enum par_close reason, void *arg);

struct par_http_settings {
    struct par_http_limits limits;
    uint32_t
        request_ms; /* time for the head and body of a request, from its first byte or the accept */
    uint32_t idle_ms;      /* a kept connection without a request closes after that */
    uint32_t output_bytes; /* limit of the output queue */
};
#define PAR_HTTP_SETTINGS_DEFAULT                                                                  \
    {                                                                                              \
        .limits = PAR_HTTP_LIMITS_DEFAULT, .request_ms = 10000, .idle_ms = 60000,                  \
        .output_bytes = 4 * 1024 * 1024                                                            \
    }

/* The connections of one loop. Fields are private. */
struct par_http {
    struct par_loop *_loop;
    struct par_http_settings _settings;
    par_http_request_fn _on_request;
    par_http_closed_fn _on_closed;
    void *_arg;
    struct par_slab _slab;
    struct par_map _ids; /* connections that were asked for their id */
    uint64_t _next_id;
    struct par_list _conns;
    bool _draining;
};

/* id_prefix: the upper 8 bits of the ids of its connections, so that ids of several loops differ.
 * on_closed may be NULL. */
void par_http_init(struct par_http *http, struct par_loop *loop, uint8_t id_prefix,
                   const struct par_http_settings *settings, par_http_request_fn on_request,
                   par_http_closed_fn on_closed, void *arg);
/* Every connection must have ended: par_http_abort_all and one turn of the loop see to it. */
void par_http_fini(struct par_http *http);

/* From now on every connection, new ones too, closes when its next request is answered. One that is
 * idle is left open: its client may be about to ask, and would take a closed connection for a lost
 * answer. */
void par_http_drain(struct par_http *http);
/* Ends all connections at once. */
void par_http_abort_all(struct par_http *http);
size_t par_http_count(const struct par_http *http);
/* Bytes held for their structs, requests apart. Any thread. */
size_t par_http_memory(const struct par_http *http);

/* Takes over a socket that the listener accepted. PAR_E_UNAVAILABLE: refused, fd is closed. */
enum par_err par_http_conn_open(struct par_http *http, struct par_listener *listener, int fd,
                                const struct par_addr *peer) PAR_MUST_CHECK;

/* The connection's id, never 0, for a later answer; 0 only without memory. */
uint64_t par_http_conn_id(struct par_http_conn *conn);
/* The connection with that id, while its request waits for an answer; else NULL. */
struct par_http_conn *par_http_conn_find(struct par_http *http, uint64_t id);
const struct par_addr *par_http_conn_peer(const struct par_http_conn *conn);
struct par_http *par_http_conn_http(const struct par_http_conn *conn);
/* The request that waits for its answer. */
const struct par_http_request *par_http_conn_request(const struct par_http_conn *conn);

/* Answer the request. Exactly one of them, once a request; a further one does nothing. The body is
 * copied, or a reference to it taken. For HEAD the body is measured and left out. */
void par_http_answer(struct par_http_conn *conn, const struct par_http_answer *answer,
                     struct par_str body);
void par_http_answer_shared(struct par_http_conn *conn, const struct par_http_answer *answer,
                            struct par_shared *body);
/* The protocol's error object, with the status of err. message: our own text, or NULL. */
void par_http_answer_error(struct par_http_conn *conn, enum par_err err, const char *message,
                           uint64_t retry_after_ms);
/* The same with another status and further header lines (405 with Allow). */
void par_http_answer_status(struct par_http_conn *conn, int status, struct par_str headers,
                            const char *message);

/* Queues `first` (the answer that says so), and moves the socket of a connection whose request is
 * unanswered into `to`, for another protocol. What the peer sent behind its request is given to
 * ops->on_data: within this call when the request waited, when on_request returns otherwise. False
 * when the connection has ended. For src/ws. */
bool par_http_conn_upgrade(struct par_http_conn *conn, struct par_str first, struct par_tcp *to,
                           const struct par_tcp_ops *ops, uint32_t limit) PAR_MUST_CHECK;

#endif
