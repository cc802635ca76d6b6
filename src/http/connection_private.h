/* Inside src/http: what a connection consists of. */
#ifndef PAR_HTTP_CONNECTION_PRIVATE_H
#define PAR_HTTP_CONNECTION_PRIVATE_H

#include "http/connection.h"

/* While more than this waits to be written, no further pipelined request is begun. */
enum { PAR_HTTP__PIPELINE_BYTES = 64 * 1024 };

struct par_http_conn {
    struct par_tcp tcp;
    struct par_timer
        timer; /* one deadline at a time: request, idle, or 0: go on with what is pending */
    struct par_defer defer;
    struct par_list node;
    struct par_map_node by_id;
    struct par_http *http;
    struct par_http_parser *parser; /* while a request is read or answered */
    struct par_buf pending;         /* bytes behind the request that is being answered */
    uint64_t id;
    struct par_tcp *upgraded; /* where the socket went */
    const struct par_tcp_ops *upgraded_ops;
    uint32_t queued; /* of output when the timer was set, to see whether it shrinks */
    bool busy;       /* a request waits for its answer */
    bool in_handler; /* on_request is on the stack */
    bool keep_alive;
    bool head; /* the request is a HEAD */
    bool eof;  /* the peer sends no more */
    bool paused;
    bool continued;    /* 100 Continue was sent for this request */
    bool answered_any; /* not the first request any more */
    uint8_t reason;    /* enum par_close, once it is known */
    char peer[PAR_ADDR_TEXT];
};

/* Ends the connection when everything was sent. The first reason stays. */
void par_http__close(struct par_http_conn *conn, enum par_close reason);
/* Answers a request that could not be read, and closes. */
void par_http__refuse(struct par_http_conn *conn, int status, const char *why,
                      enum par_close reason);
/* The answer was queued: on to the next request, or the end. */
void par_http__answered(struct par_http_conn *conn);

#endif
