/* Opening a WebSocket to a server: the client side, for our own commands and tests. */
#ifndef PAR_WS_CLIENT_H
#define PAR_WS_CLIENT_H

#include "ws/connection.h"

/* Called once. c: the open connection, which from now on lives by the ops given; messages may
 * follow at once. NULL: it failed, and why says how (static text). */
typedef void (*par_ws_opened_fn)(struct par_ws_conn *c, const char *why, void *arg);

struct par_ws_target {
    struct par_addr addr;
    struct par_str host;    /* of the Host header: "127.0.0.1:8080" */
    struct par_str path;    /* "/v1/ws" */
    struct par_str headers; /* further header lines, each ending in CRLF; or {0} */
    uint32_t timeout_ms;    /* for connecting and the handshake */
};

/* Connects and shakes hands; what target points at is copied. The connection belongs to ws, whose
 * settings (deflate: offer it) apply; arg is the argument of opened, and par_ws_arg of the
 * connection. opened is not called before this returns. PAR_E_UNAVAILABLE when there is no socket
 * or memory: opened is not called. */
enum par_err par_ws_connect(struct par_ws *ws, const struct par_ws_target *target,
                            const struct par_ws_ops *ops, par_ws_opened_fn opened,
                            void *arg) PAR_MUST_CHECK;

#endif
