/* The echo server. */
#include "ws/echo.h"

#include "base/list.h"

#include <stdlib.h>

/* With more than this waiting to be written to a peer, it is not read from. */
#define HIGH_WATER (1024u * 1024)

struct par_ws_echo {
    struct par_loop *loop;
    struct par_listener listener;
    struct par_http http;
    struct par_ws ws;
    struct par_list peers;
};

struct peer {
    struct par_list node;
    struct par_ws_echo *echo;
    struct par_ws_conn *conn;
    struct par_timer timer;
};

/* A turn after it was paused. What is still queued was refused by the kernel, and on_drained will
 * come; without a refusal it would not. */
static void look_again(struct par_timer *timer)
{
    struct peer *peer = PAR_CONTAINER(timer, struct peer, timer);
    if (par_ws_queued(peer->conn) == 0)
        par_ws_resume(peer->conn);
}

static void ease(struct par_ws_conn *c)
{
    struct peer *peer = par_ws_arg(c);
    if (par_ws_queued(c) > HIGH_WATER) {
        par_ws_pause(c);
        par_timer_set(peer->echo->loop, &peer->timer, 0);
    }
}

static void on_message(struct par_ws_conn *c, struct par_str text)
{
    par_ws_send_text(c, text);
    ease(c);
}

static void on_binary(struct par_ws_conn *c, struct par_str bytes)
{
    par_ws_send_binary(c, bytes);
    ease(c);
}

static void on_drained(struct par_ws_conn *c)
{
    par_ws_resume(c);
}

static void on_ws_closed(struct par_ws_conn *c, enum par_close reason)
{
    (void)reason;
    struct peer *peer = par_ws_arg(c);
    par_list_remove(&peer->node);
    par_timer_cancel(&peer->timer);
    free(peer);
}

static const struct par_ws_ops ops = {
    .on_message = on_message,
    .on_binary = on_binary,
    .on_drained = on_drained,
    .on_closed = on_ws_closed,
};

static void on_request(struct par_http_conn *conn, const struct par_http_request *req, void *arg)
{
    (void)req;
    struct par_ws_echo *echo = arg;
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        par_http_answer_error(conn, PAR_E_UNAVAILABLE, "no memory", 1000);
        return;
    }
    peer->echo = echo;
    par_timer_init(&peer->timer, look_again);
    peer->conn = par_ws_accept(&echo->ws, conn, &ops, peer);
    if (!peer->conn) {
        free(peer);
        return;
    }
    par_list_append(&echo->peers, &peer->node);
}

static void on_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg)
{
    struct par_ws_echo *echo = arg;
    /* A connection that the system will not watch is closed already. */
    if (par_http_conn_open(&echo->http, l, fd, peer) != PAR_OK)
        return;
}

enum par_err par_ws_echo_start(struct par_loop *loop, const struct par_addr *addr,
                               const struct par_ws_settings *settings, struct par_ws_echo **echo_r,
                               int *os_error_r)
{
    *echo_r = NULL;
    *os_error_r = 0;
    struct par_ws_echo *echo = calloc(1, sizeof *echo);
    if (!echo)
        return PAR_E_UNAVAILABLE;
    echo->loop = loop;
    par_list_init(&echo->peers);
    const struct par_http_settings http_settings = PAR_HTTP_SETTINGS_DEFAULT;
    par_http_init(&echo->http, loop, 0, &http_settings, on_request, NULL, echo);
    par_ws_init(&echo->ws, loop, settings);
    enum par_err err = par_listener_open(&echo->listener, loop, addr, PAR_LISTEN_FIRST, on_accept,
                                         NULL, echo, os_error_r);
    if (err) {
        par_http_fini(&echo->http);
        par_ws_fini(&echo->ws);
        free(echo);
        return err;
    }
    *echo_r = echo;
    return PAR_OK;
}

void par_ws_echo_addr(const struct par_ws_echo *echo, struct par_addr *addr_r)
{
    par_listener_addr(&echo->listener, addr_r);
}

void par_ws_echo_stop(struct par_ws_echo **echo)
{
    struct par_ws_echo *e = *echo;
    if (!e)
        return;
    par_listener_close(&e->listener);
    par_http_abort_all(&e->http);
    PAR_LIST_FOR_EACH (node, &e->peers)
        par_ws_close(PAR_CONTAINER(node, struct peer, node)->conn, PAR_CLOSE_GOING_AWAY);
    do
        par_loop_turn(e->loop, 100);
    while (par_http_count(&e->http) || par_ws_count(&e->ws));
    par_http_fini(&e->http);
    par_ws_fini(&e->ws);
    free(e);
    *echo = NULL;
}
