/* Client cores on a loop: their connections are WebSockets, their wishes timers. */
#include "sdk/c/socket.h"

#include <stdlib.h>

enum { CODE_ABNORMAL = 1006 };

/* A connection that is being opened. It outlives the wish for it: then nobody is told. */
struct par_sdk_socket_attempt {
    struct par_sdk_socket *socket; /* NULL: not wanted any more */
};

int64_t par_sdk_socket_now(const struct par_sdk_socket *s)
{
    return (int64_t)par_loop_now_ms(s->_loop);
}

static void due(struct par_timer *timer)
{
    struct par_sdk_socket *s = PAR_CONTAINER(timer, struct par_sdk_socket, _timer);
    par_sdk_tick(s->sdk, par_sdk_socket_now(s));
}

void par_sdk_socket_wake(void *arg)
{
    struct par_sdk_socket *s = arg;
    int64_t next = par_sdk_next(s->sdk), now = par_sdk_socket_now(s);
    if (next == INT64_MAX)
        par_timer_cancel(&s->_timer);
    else
        par_timer_set(s->_loop, &s->_timer, next > now ? (uint64_t)(next - now) : 0);
}

/* ---- the connection ---- */

static void on_message(struct par_ws_conn *c, struct par_str text)
{
    struct par_sdk_socket *s = par_ws_arg(c);
    if (s)
        par_sdk_frame(s->sdk, par_sdk_socket_now(s), text);
}

static void on_closed(struct par_ws_conn *c, enum par_close reason)
{
    struct par_sdk_socket *s = par_ws_arg(c);
    uint16_t code = par_ws_peer_code(c);
    (void)reason;
    if (!s)
        return;
    s->_conn = NULL;
    par_sdk_closed(s->sdk, par_sdk_socket_now(s), code ? code : CODE_ABNORMAL);
}

static const struct par_ws_ops ws_ops = {
    .on_message = on_message,
    .on_closed = on_closed,
};

static void opened(struct par_ws_conn *c, const char *why, void *arg)
{
    struct par_sdk_socket_attempt *attempt = arg;
    struct par_sdk_socket *s = attempt->socket;
    (void)why;
    free(attempt);
    if (c)
        par_ws_set_arg(c, s);
    if (!s) {
        if (c)
            par_ws_close(c, PAR_CLOSE_CLIENT);
        return;
    }
    s->_opening = NULL;
    s->_conn = c;
    if (c)
        par_sdk_opened(s->sdk, par_sdk_socket_now(s));
    else
        par_sdk_closed(s->sdk, par_sdk_socket_now(s), CODE_ABNORMAL);
}

static bool begin(struct par_sdk_socket *s)
{
    struct par_ws_target target = {0};
    if (!s->_where(s, &target))
        return false;
    struct par_sdk_socket_attempt *attempt = malloc(sizeof *attempt);
    if (!attempt)
        return false;
    attempt->socket = s;
    if (par_ws_connect(s->_ws, &target, &ws_ops, opened, attempt) != PAR_OK) {
        free(attempt);
        return false;
    }
    s->_opening = attempt;
    return true;
}

void par_sdk_socket_connect(void *arg)
{
    struct par_sdk_socket *s = arg;
    if (!begin(s))
        par_sdk_closed(s->sdk, par_sdk_socket_now(s), CODE_ABNORMAL);
}

static void let_go(struct par_sdk_socket *s, enum par_close reason)
{
    struct par_ws_conn *c = s->_conn;
    if (s->_opening)
        s->_opening->socket = NULL;
    s->_opening = NULL;
    s->_conn = NULL;
    if (c) {
        par_ws_set_arg(c, NULL);
        par_ws_close(c, reason);
    }
}

void par_sdk_socket_close(void *arg)
{
    let_go(arg, PAR_CLOSE_CLIENT);
}

void par_sdk_socket_send(void *arg, struct par_str frame)
{
    struct par_sdk_socket *s = arg;
    /* What is not taken belongs to a connection that is about to end. */
    if (s->_conn)
        par_ws_send_text(s->_conn, frame);
}

/* ---- life ---- */

void par_sdk_socket_init(struct par_sdk_socket *s, struct par_loop *loop, struct par_ws *ws,
                         par_sdk_socket_where_fn where)
{
    *s = (struct par_sdk_socket){._loop = loop, ._ws = ws, ._where = where};
    par_timer_init(&s->_timer, due);
}

void par_sdk_socket_fini(struct par_sdk_socket *s, bool hard)
{
    par_timer_cancel(&s->_timer);
    let_go(s, hard ? PAR_CLOSE_SILENT : PAR_CLOSE_CLIENT);
}
