/* Inside src/ws: what a connection consists of. */
#ifndef PAR_WS_CONNECTION_PRIVATE_H
#define PAR_WS_CONNECTION_PRIVATE_H

#include "ws/connection.h"

/* Kinds of connection: indexes of par_ws._limits. */
enum { PAR_WS__CLIENT = 1, PAR_WS__DEFLATE = 2 };

/* Bytes that had been read when the owner paused: handed out, after it resumes, at the end of the
 * turn. */
struct par_ws__rest {
    struct par_defer defer;
    struct par_ws_conn *c; /* NULL: the connection has gone */
    bool deferred;
    size_t len;
    uint8_t bytes[];
};

struct par_ws_conn {
    struct par_tcp tcp;
    struct par_timer timer; /* heartbeat; once closing: the end of the close */
    struct par_ws *ws;
    const struct par_ws_ops *ops;
    void *arg;
    struct par_ws_parser parser;
    struct par_ws__rest *rest;
    uint32_t heard_ms;   /* the loop's clock when bytes last came, cut */
    uint16_t peer_code;  /* of the peer's close frame; 0: none came */
    uint16_t kind : 2;   /* of PAR_WS__CLIENT and PAR_WS__DEFLATE */
    uint16_t reason : 6; /* enum par_close, from the close on */
    uint16_t paused : 1;
    uint16_t pinged : 1; /* since something was last heard */
    uint16_t window_bits : 5;
};

#define X(NAME, code, label) +1
_Static_assert(0
#include "parley/tbl/close.h"
                   < 64,
               "a reason fits its bits");
#undef X

_Static_assert(sizeof(struct par_ws_conn) <= 200, "every idle user pays for this");

/* A cleared connection of the slab with its fields set; NULL without memory. */
struct par_ws_conn *par_ws__conn_new(struct par_ws *ws, const struct par_ws_ops *ops, void *arg,
                                     uint8_t kind, uint8_t window_bits);
/* Gives back a connection that never had a socket. */
void par_ws__conn_drop(struct par_ws_conn *c);
extern const struct par_tcp_ops par_ws__tcp_ops;

/* Queues a control frame. */
bool par_ws__send_control(struct par_ws_conn *c, enum par_ws_opcode opcode, struct par_str payload);
/* Queues a close frame; code PAR_WS_CODE_NONE: an empty one. */
void par_ws__send_close(struct par_ws_conn *c, uint16_t code, struct par_str text);

#endif
