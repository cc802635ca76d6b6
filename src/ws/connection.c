/* The life of a WebSocket connection: reading, heartbeat, pausing, the end. */
#include "ws/connection_private.h"

#include "base/stats.h"
#include "ws/handshake.h"

#include <stdlib.h>

/* A scratch buffer that one large message has grown is given back. */
#define SCRATCH_BYTES (256u * 1024)

static struct par_ws_conn *conn_of(struct par_tcp *t)
{
    return PAR_CONTAINER(t, struct par_ws_conn, tcp);
}

static uint32_t now_ms(const struct par_ws_conn *c)
{
    return (uint32_t)par_loop_now_ms(c->ws->_loop);
}

/* ---- of all connections ---- */

void par_ws_init(struct par_ws *ws, struct par_loop *loop, const struct par_ws_settings *settings)
{
    *ws = (struct par_ws){._loop = loop, ._settings = *settings};
    for (unsigned kind = 0; kind < 4; kind++)
        ws->_limits[kind] = (struct par_ws_limits){
            .max_message = settings->max_message,
            .allow_binary = settings->allow_binary,
            .masked = !(kind & PAR_WS__CLIENT),
            .deflate = kind & PAR_WS__DEFLATE,
        };
    par_slab_init(&ws->_slab, "ws_connections", sizeof(struct par_ws_conn));
}

void par_ws_fini(struct par_ws *ws)
{
    par_slab_fini(&ws->_slab);
    par_ws_deflate_fini(&ws->_deflate);
    par_buf_fini(&ws->_in);
    par_buf_fini(&ws->_out);
}

size_t par_ws_memory(const struct par_ws *ws)
{
    return par_slab_bytes(&ws->_slab);
}

size_t par_ws_count(const struct par_ws *ws)
{
    return par_slab_live(&ws->_slab);
}

/* ---- properties ---- */

void *par_ws_arg(const struct par_ws_conn *c)
{
    return c->arg;
}

void par_ws_set_arg(struct par_ws_conn *c, void *arg)
{
    c->arg = arg;
}

const struct par_addr *par_ws_peer(const struct par_ws_conn *c)
{
    return par_tcp_peer(&c->tcp);
}

uint32_t par_ws_queued(const struct par_ws_conn *c)
{
    return par_tcp_queued(&c->tcp);
}

uint16_t par_ws_peer_code(const struct par_ws_conn *c)
{
    return c->peer_code;
}

bool par_ws_is_closing(const struct par_ws_conn *c)
{
    return c->reason != PAR_CLOSE_NONE;
}

/* ---- heartbeat ---- */

static void set_heartbeat(struct par_ws_conn *c, uint32_t silent_ms)
{
    const struct par_ws_settings *s = &c->ws->_settings;
    uint32_t due = s->ping_ms && !c->pinged ? s->ping_ms : s->dead_ms;
    if (due)
        par_timer_set_lazy(c->ws->_loop, &c->timer, due > silent_ms ? due - silent_ms : 1);
}

static void timer_due(struct par_timer *timer)
{
    struct par_ws_conn *c = PAR_CONTAINER(timer, struct par_ws_conn, timer);
    const struct par_ws_settings *s = &c->ws->_settings;
    if (c->reason) {
        /* The close has had its time. */
        par_tcp_abort(&c->tcp);
        return;
    }
    /* While we do not read we cannot hear. */
    if (c->paused)
        c->heard_ms = now_ms(c);
    uint32_t silent = now_ms(c) - c->heard_ms;
    if (s->dead_ms && silent >= s->dead_ms) {
        par_ws_close(c, PAR_CLOSE_SILENT);
        return;
    }
    if (s->ping_ms && silent < s->ping_ms)
        c->pinged = false;
    else if (s->ping_ms && !c->pinged) {
        c->pinged = true;
        par_ws_ping(c);
        if (!s->dead_ms) {
            /* Nobody will find it dead: the next ping is due after the same time. */
            c->pinged = false;
            silent = 0;
        }
    }
    set_heartbeat(c, silent);
}

/* ---- the end ---- */

/* The close frame, if any, is queued: everything leaves, or does not in time. */
static void begin_close(struct par_ws_conn *c, enum par_close reason)
{
    c->reason = (unsigned)reason & 63;
    par_timer_cancel(&c->timer);
    par_tcp_close(&c->tcp);
    uint32_t ms = c->ws->_settings.close_ms;
    if (ms < PAR_TCP_CLOSE_MS)
        par_timer_set(c->ws->_loop, &c->timer, ms);
}

void par_ws_close(struct par_ws_conn *c, enum par_close reason)
{
    if (c->reason)
        return;
    int code = par_close_code(reason);
    if (code == 0) {
        c->reason = (unsigned)reason & 63;
        par_timer_cancel(&c->timer);
        par_tcp_abort(&c->tcp);
        return;
    }
    if (reason == PAR_CLOSE_TOO_SLOW)
        par_tcp_drop_queued(&c->tcp);
    par_ws__send_close(c, (uint16_t)code, par_str(par_close_label(reason)));
    begin_close(c, reason);
}

void par_ws_abort(struct par_ws_conn *c, enum par_close reason)
{
    if (!c->reason)
        c->reason = (unsigned)reason & 63;
    par_timer_cancel(&c->timer);
    par_tcp_abort(&c->tcp);
}

static void on_closed(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    (void)os_error;
    struct par_ws_conn *c = conn_of(t);
    enum par_close reason = c->reason;
    if (!reason)
        reason = end == PAR_TCP_RESET   ? PAR_CLOSE_EOF
                 : end == PAR_TCP_ERROR ? PAR_CLOSE_IO_ERROR
                                        : PAR_CLOSE_NO_MEMORY;
    c->reason = (unsigned)reason & 63;
    par_timer_cancel(&c->timer);
    par_ws_parser_fini(&c->parser);
    if (c->rest && c->rest->deferred)
        c->rest->c = NULL;
    else
        free(c->rest);
    c->rest = NULL;
    par_stats_inc_at(PAR_C_CONN_CLOSED, reason);
    c->ops->on_closed(c, reason);
    par_slab_free(&c->ws->_slab, c);
}

static enum par_close reason_of(uint16_t code)
{
    switch (code) {
    case PAR_WS_CODE_BINARY:
        return PAR_CLOSE_WS_BINARY;
    case PAR_WS_CODE_NOT_UTF8:
        return PAR_CLOSE_WS_UTF8;
    case PAR_WS_CODE_TOO_LARGE:
        return PAR_CLOSE_FRAME_TOO_LARGE;
    case PAR_WS_CODE_INTERNAL:
        return PAR_CLOSE_NO_MEMORY;
    default:
        return PAR_CLOSE_WS_PROTOCOL;
    }
}

static void fail(struct par_ws_conn *c, uint16_t code, const char *why)
{
    par_ws__send_close(c, code, par_str(why));
    begin_close(c, reason_of(code));
}

/* ---- reading ---- */

static void give(struct par_ws_conn *c, enum par_ws_event event, struct par_str payload)
{
    par_stats_inc(PAR_C_FRAMES_IN);
    if (event == PAR_WS_EVENT_TEXT)
        c->ops->on_message(c, payload);
    else
        c->ops->on_binary(c, payload);
}

static void give_compressed(struct par_ws_conn *c, enum par_ws_event event, struct par_str payload)
{
    struct par_ws *ws = c->ws;
    par_buf_clear(&ws->_in);
    enum par_err err =
        par_ws_inflate_message(&ws->_deflate, payload, ws->_settings.max_message, &ws->_in);
    if (err == PAR_E_TOO_LARGE)
        fail(c, PAR_WS_CODE_TOO_LARGE, "message too large");
    else if (err == PAR_E_BAD_REQUEST)
        fail(c, PAR_WS_CODE_BROKEN, "not a deflate stream");
    else if (err)
        fail(c, PAR_WS_CODE_INTERNAL, "no memory");
    else if (event == PAR_WS_EVENT_TEXT && !par_utf8_check(par_buf_str(&ws->_in), NULL))
        fail(c, PAR_WS_CODE_NOT_UTF8, "text is not UTF-8");
    else
        give(c, event, par_buf_str(&ws->_in));
    if (ws->_in.cap > SCRATCH_BYTES)
        par_buf_fini(&ws->_in);
}

static void handle(struct par_ws_conn *c, enum par_ws_event event, const struct par_ws_message *m)
{
    struct par_str payload = par_str_of(m->data, m->len);
    switch (event) {
    case PAR_WS_EVENT_TEXT:
    case PAR_WS_EVENT_BINARY:
        if (m->compressed)
            give_compressed(c, event, payload);
        else
            give(c, event, payload);
        break;
    case PAR_WS_EVENT_PING:
        par_ws__send_control(c, PAR_WS_PONG, payload);
        break;
    case PAR_WS_EVENT_CLOSE:
        c->peer_code = m->code;
        par_ws__send_close(c, m->code, (struct par_str){0});
        begin_close(c, PAR_CLOSE_CLIENT);
        break;
    case PAR_WS_EVENT_ERROR:
        fail(c, m->code, m->why);
        break;
    case PAR_WS_EVENT_PONG:
    case PAR_WS_EVENT_MORE:
        break;
    }
}

/* Keeps what was read when the owner paused in the middle of it. */
static void keep_rest(struct par_ws_conn *c, const uint8_t *data, size_t n)
{
    size_t had = c->rest ? c->rest->len : 0;
    struct par_ws__rest *rest = realloc(c->rest, sizeof *rest + had + n);
    if (!rest) {
        fail(c, PAR_WS_CODE_INTERNAL, "no memory");
        return;
    }
    if (!c->rest)
        *rest = (struct par_ws__rest){.c = c};
    memcpy(rest->bytes + had, data, n);
    rest->len = had + n;
    c->rest = rest;
}

static void read_messages(struct par_ws_conn *c, uint8_t *data, size_t n)
{
    size_t at = 0;
    while (!c->reason && !par_tcp_is_closed(&c->tcp)) {
        if (c->paused) {
            if (at < n)
                keep_rest(c, data + at, n - at);
            return;
        }
        size_t used;
        struct par_ws_message m;
        enum par_ws_event event =
            par_ws_parser_next(&c->parser, &c->ws->_limits[c->kind], data + at, n - at, &used, &m);
        at += used;
        if (event == PAR_WS_EVENT_MORE)
            return;
        handle(c, event, &m);
    }
}

static void on_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    struct par_ws_conn *c = conn_of(t);
    c->heard_ms = now_ms(c);
    c->pinged = false;
    if (c->rest)
        keep_rest(c, data, n);
    else
        read_messages(c, data, n);
}

static void on_eof(struct par_tcp *t)
{
    struct par_ws_conn *c = conn_of(t);
    if (!c->reason)
        begin_close(c, PAR_CLOSE_EOF);
}

static void on_overflow(struct par_tcp *t)
{
    struct par_ws_conn *c = conn_of(t);
    if (c->reason)
        par_tcp_abort(t);
    else if (c->ops->on_overflow)
        c->ops->on_overflow(c);
    else
        par_ws_close(c, PAR_CLOSE_TOO_SLOW);
}

static void on_drained(struct par_tcp *t)
{
    struct par_ws_conn *c = conn_of(t);
    if (!c->reason && c->ops->on_drained)
        c->ops->on_drained(c);
}

const struct par_tcp_ops par_ws__tcp_ops = {
    .on_data = on_data,
    .on_eof = on_eof,
    .on_overflow = on_overflow,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

/* ---- pausing ---- */

/* At the end of the turn in which it was resumed. */
static void go_on(struct par_defer *defer)
{
    struct par_ws__rest *rest = PAR_CONTAINER(defer, struct par_ws__rest, defer);
    struct par_ws_conn *c = rest->c;
    rest->deferred = false;
    if (c && c->paused)
        return;
    if (c) {
        c->rest = NULL;
        read_messages(c, rest->bytes, rest->len);
        if (!c->paused)
            par_tcp_resume(&c->tcp);
    }
    free(rest);
}

void par_ws_pause(struct par_ws_conn *c)
{
    c->paused = true;
    par_tcp_pause(&c->tcp);
}

void par_ws_resume(struct par_ws_conn *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    c->heard_ms = now_ms(c);
    if (!c->rest) {
        par_tcp_resume(&c->tcp);
    } else if (!c->rest->deferred) {
        c->rest->deferred = true;
        par_loop_defer(c->ws->_loop, &c->rest->defer, go_on);
    }
}

/* ---- beginning ---- */

struct par_ws_conn *par_ws__conn_new(struct par_ws *ws, const struct par_ws_ops *ops, void *arg,
                                     uint8_t kind, uint8_t window_bits)
{
    struct par_ws_conn *c = par_slab_alloc(&ws->_slab);
    if (!c)
        return NULL;
    c->ws = ws;
    c->ops = ops;
    c->arg = arg;
    c->kind = kind & 3;
    c->window_bits = window_bits & 31;
    c->heard_ms = now_ms(c);
    par_timer_init(&c->timer, timer_due);
    set_heartbeat(c, 0);
    return c;
}

void par_ws__conn_drop(struct par_ws_conn *c)
{
    par_timer_cancel(&c->timer);
    par_slab_free(&c->ws->_slab, c);
}

/* Answers what is no good WebSocket request. */
static void refuse(struct par_http_conn *conn, int status, const char *why)
{
    struct par_str headers = status == 426   ? PAR_STR(PAR_WS_UPGRADE_HEADERS)
                             : status == 405 ? PAR_STR("Allow: GET\r\n")
                                             : (struct par_str){0};
    par_http_answer_status(conn, status, headers, why);
}

struct par_ws_conn *par_ws_accept(struct par_ws *ws, struct par_http_conn *conn,
                                  const struct par_ws_ops *ops, void *arg)
{
    struct par_ws_handshake handshake;
    const char *why;
    int status = par_ws_handshake_check(par_http_conn_request(conn), ws->_settings.deflate,
                                        &handshake, &why);
    if (status) {
        refuse(conn, status, why);
        return NULL;
    }
    struct par_buf answer = {0};
    par_ws_handshake_add_answer(&answer, &handshake);
    uint8_t kind = handshake.deflate.on ? PAR_WS__DEFLATE : 0;
    struct par_ws_conn *c =
        answer.failed ? NULL : par_ws__conn_new(ws, ops, arg, kind, handshake.deflate.window_bits);
    if (!c) {
        par_http_answer_error(conn, PAR_E_UNAVAILABLE, "no memory", 1000);
    } else if (!par_http_conn_upgrade(conn, par_buf_str(&answer), &c->tcp, &par_ws__tcp_ops,
                                      ws->_settings.output_bytes)) {
        par_ws__conn_drop(c);
        c = NULL;
    } else {
        par_stats_inc(PAR_C_WS_UPGRADES);
    }
    par_buf_fini(&answer);
    return c;
}
