/* Connecting to a server and the client's half of the handshake. */
#include "ws/connection_private.h"

#include "loop/env.h"
#include "ws/client.h"
#include "ws/handshake.h"

#include <stdlib.h>

static const struct par_http_limits limits = {
    .max_head = 16 * 1024, .max_body = 64 * 1024, .max_headers = 100};

/* Lives from the connect to the end of the handshake. */
struct opening {
    struct par_tcp tcp;
    struct par_timer timer;
    struct par_defer defer;
    struct par_ws *ws;
    const struct par_ws_ops *ops;
    par_ws_opened_fn opened;
    void *arg;
    struct par_http_parser *parser;
    const char *why; /* it failed */
    char key[PAR_WS_KEY_TEXT];
};

static struct opening *opening_of(struct par_tcp *t)
{
    return PAR_CONTAINER(t, struct opening, tcp);
}

static void free_opening(struct par_defer *defer)
{
    struct opening *o = PAR_CONTAINER(defer, struct opening, defer);
    par_timer_cancel(&o->timer);
    par_http_parser_free(&o->parser);
    free(o);
}

static void fail(struct opening *o, const char *why)
{
    if (!o->why)
        o->why = why;
    par_tcp_abort(&o->tcp);
}

/* The answer is whole: the socket moves into a connection, with what came behind the answer. */
static void answered(struct opening *o, uint8_t *rest, size_t n)
{
    struct par_ws *ws = o->ws;
    struct par_ws_deflate_params params;
    const char *why = par_ws_handshake_accept(par_http_parser_status(o->parser),
                                              par_http_parser_request(o->parser), o->key,
                                              ws->_settings.deflate, &params);
    if (why) {
        fail(o, why);
        return;
    }
    uint8_t kind = (uint8_t)(PAR_WS__CLIENT | (params.on ? PAR_WS__DEFLATE : 0));
    struct par_ws_conn *c = par_ws__conn_new(ws, o->ops, o->arg, kind, params.window_bits);
    if (!c) {
        fail(o, "no memory");
        return;
    }
    if (!par_tcp_move(&o->tcp, &c->tcp, &par_ws__tcp_ops, ws->_settings.output_bytes)) {
        par_ws__conn_drop(c);
        return;
    }
    par_timer_cancel(&o->timer);
    par_loop_defer(ws->_loop, &o->defer, free_opening);
    o->opened(c, NULL, o->arg);
    if (n)
        par_ws__tcp_ops.on_data(&c->tcp, rest, n);
}

static void on_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    struct opening *o = opening_of(t);
    size_t used;
    enum par_http_progress progress = par_http_parser_feed(o->parser, data, n, &used);
    if (progress == PAR_HTTP_REFUSED)
        fail(o, "the server's answer is not HTTP");
    else if (progress == PAR_HTTP_DONE)
        answered(o, data + used, n - used);
    else if (par_http_parser_in_body(o->parser))
        /* An answer with a body is no 101. */
        fail(o, "the server did not open a WebSocket");
}

static void on_eof(struct par_tcp *t)
{
    fail(opening_of(t), "the server closed the connection");
}

static void on_closed(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    (void)os_error;
    struct opening *o = opening_of(t);
    const char *why = o->why                   ? o->why
                      : end == PAR_TCP_REFUSED ? "the server refused the connection"
                                               : "the connection broke";
    o->opened(NULL, why, o->arg);
    free_opening(&o->defer);
}

static void too_late(struct par_timer *timer)
{
    fail(PAR_CONTAINER(timer, struct opening, timer), "the server did not answer in time");
}

static const struct par_tcp_ops tcp_ops = {
    .on_data = on_data,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

enum par_err par_ws_connect(struct par_ws *ws, const struct par_ws_target *target,
                            const struct par_ws_ops *ops, par_ws_opened_fn opened, void *arg)
{
    struct opening *o = calloc(1, sizeof *o);
    struct par_buf request = {0};
    if (!o)
        return PAR_E_UNAVAILABLE;
    *o = (struct opening){.ws = ws, .ops = ops, .opened = opened, .arg = arg};
    uint8_t random[16];
    par_random(random, sizeof random);
    par_ws_handshake_key(random, o->key);
    par_ws_handshake_add_request(&request, target->host, target->path, target->headers, o->key,
                                 ws->_settings.deflate);
    par_timer_init(&o->timer, too_late);
    o->parser = par_http_parser_new_response(&limits, false);
    enum par_err err = PAR_E_UNAVAILABLE;
    if (o->parser && !request.failed)
        err = par_tcp_connect(&o->tcp, ws->_loop, &target->addr, &tcp_ops,
                              ws->_settings.output_bytes);
    if (err) {
        free_opening(&o->defer);
    } else {
        par_tcp_write(&o->tcp, request.data, request.len);
        par_timer_set(ws->_loop, &o->timer, target->timeout_ms);
    }
    par_buf_fini(&request);
    return err;
}
