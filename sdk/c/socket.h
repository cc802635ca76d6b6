/* Runs client cores on a loop, over WebSockets: the simulator's loop or a real one, any number of
 * cores on each.
 *
 * The owner makes the core with the transport callbacks of this file in its ops (connect, close,
 * send: par_sdk_socket_connect and so on) and the socket as what their arg leads to:
 *
 *   struct device { struct par_sdk_socket socket; … };     the socket first, arg = the device
 *   static const struct par_sdk_ops ops = { PAR_SDK_SOCKET_OPS, .put = … };
 *   par_sdk_socket_init(&d->socket, loop, &ws, where);
 *   d->socket.sdk = par_sdk_new(&settings, &ops, d);
 *   par_sdk_start(d->socket.sdk, par_sdk_socket_now(&d->socket));
 *
 * Everything happens on the loop's thread; nothing blocks. */
#ifndef PAR_SDK_SOCKET_H
#define PAR_SDK_SOCKET_H

#include "sdk/c/sdk.h"
#include "ws/client.h"

struct par_sdk_socket;

/* Where the next connection goes to: fills *target_r, whose strings are used at once. False:
 * nowhere, which counts as a connection that failed. */
typedef bool (*par_sdk_socket_where_fn)(struct par_sdk_socket *s, struct par_ws_target *target_r);

/* Fields with an underscore are private. */
struct par_sdk_socket {
    struct par_sdk *sdk; /* set by the owner, who also frees it */
    struct par_loop *_loop;
    struct par_ws *_ws;
    par_sdk_socket_where_fn _where;
    struct par_timer _timer;
    struct par_ws_conn *_conn;
    struct par_sdk_socket_attempt *_opening;
};

/* The connections belong to ws, which is of that loop, and whose settings apply (with ping_ms and
 * dead_ms the core may go without a heartbeat of its own). */
void par_sdk_socket_init(struct par_sdk_socket *s, struct par_loop *loop, struct par_ws *ws,
                         par_sdk_socket_where_fn where);
/* Lets go of the connection and the timer; hard: at once, as a crash would. The core may be freed
 * before or after. */
void par_sdk_socket_fini(struct par_sdk_socket *s, bool hard);
/* The loop's clock, in the core's ms. */
int64_t par_sdk_socket_now(const struct par_sdk_socket *s);
/* The transport callbacks; arg points at the socket. */
void par_sdk_socket_connect(void *arg);
void par_sdk_socket_close(void *arg);
void par_sdk_socket_send(void *arg, struct par_str frame);
void par_sdk_socket_wake(void *arg);
#define PAR_SDK_SOCKET_OPS                                                                         \
    .connect = par_sdk_socket_connect, .close = par_sdk_socket_close, .send = par_sdk_socket_send, \
    .wake = par_sdk_socket_wake

/* Settings of a struct par_ws for clients: a server's frame may be large. */
#define PAR_SDK_SOCKET_SETTINGS                                                                    \
    {                                                                                              \
        .max_message = 1024 * 1024, .ping_ms = 25000, .dead_ms = 35000, .close_ms = 5000,          \
        .output_bytes = 4 * 1024 * 1024                                                            \
    }

#endif
