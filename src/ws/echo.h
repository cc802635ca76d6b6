/* An echo server on the WebSocket connections of the server, for `parley bench echo`: it exists so
 * that the Autobahn test suite and load generators meet the very code that serves clients. */
#ifndef PAR_WS_ECHO_H
#define PAR_WS_ECHO_H

#include "loop/addr.h"
#include "ws/connection.h"

struct par_ws_echo;

/* Listens on addr (port 0: the system chooses) and sends every message back as it came. A peer that
 * does not read is not read from. settings are copied. PAR_E_UNAVAILABLE with the errno value in
 * *os_error_r when the address is not to be had. The caller stops it. */
enum par_err par_ws_echo_start(struct par_loop *loop, const struct par_addr *addr,
                               const struct par_ws_settings *settings, struct par_ws_echo **echo_r,
                               int *os_error_r) PAR_MUST_CHECK;
/* The address really listened on. */
void par_ws_echo_addr(const struct par_ws_echo *echo, struct par_addr *addr_r);
/* Closes everything (turning the loop until it is closed), frees and nulls. Not from a callback. */
void par_ws_echo_stop(struct par_ws_echo **echo);

/* What Autobahn needs: binary, 16 MiB and more in a message. */
#define PAR_WS_ECHO_SETTINGS                                                                       \
    {                                                                                              \
        .max_message = 32u * 1024 * 1024, .allow_binary = true, .deflate = true,                   \
        .deflate_short = true, .ping_ms = 25000, .dead_ms = 30000, .close_ms = 5000,               \
        .output_bytes = 64u * 1024 * 1024                                                          \
    }

#endif
