/* A connection for one request. */
#include "http/client.h"

#include "base/buf.h"
#include "base/list.h"
#include "http/parser.h"
#include "loop/tcp.h"

#include <stdlib.h>

struct fetch {
    struct par_tcp tcp;
    struct par_timer timer;
    struct par_http_limits limits;
    struct par_http_parser *parser;
    par_http_reply_fn reply;
    void *arg;
    bool replied;
};

static struct fetch *fetch_of(struct par_tcp *t)
{
    return PAR_CONTAINER(t, struct fetch, tcp);
}

static void fail(struct fetch *f, const char *why)
{
    if (!f->replied)
        f->reply(0, (struct par_str){0}, why, f->arg);
    f->replied = true;
    par_tcp_abort(&f->tcp);
}

static void progressed(struct fetch *f, enum par_http_progress progress)
{
    if (progress == PAR_HTTP_REFUSED)
        fail(f, "the server's answer is not HTTP, or too large");
    if (progress != PAR_HTTP_DONE)
        return;
    f->replied = true;
    f->reply(par_http_parser_status(f->parser), par_http_parser_request(f->parser)->body, NULL,
             f->arg);
    par_tcp_close(&f->tcp);
}

static void on_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    struct fetch *f = fetch_of(t);
    size_t used;
    progressed(f, par_http_parser_feed(f->parser, data, n, &used));
}

static void on_eof(struct par_tcp *t)
{
    struct fetch *f = fetch_of(t);
    progressed(f, par_http_parser_end(f->parser));
}

static void on_closed(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    (void)os_error;
    struct fetch *f = fetch_of(t);
    if (!f->replied)
        f->reply(0, (struct par_str){0},
                 end == PAR_TCP_REFUSED ? "the server refused the connection"
                                        : "the connection broke",
                 f->arg);
    par_timer_cancel(&f->timer);
    par_http_parser_free(&f->parser);
    free(f);
}

static void too_late(struct par_timer *timer)
{
    fail(PAR_CONTAINER(timer, struct fetch, timer), "the server did not answer in time");
}

static const struct par_tcp_ops tcp_ops = {
    .on_data = on_data,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

static void add_request(struct par_buf *b, const struct par_http_call *call)
{
    par_buf_add_str(b, call->method);
    par_buf_add_u8(b, ' ');
    par_buf_add_str(b, call->path);
    par_buf_addz(b, " HTTP/1.1\r\nHost: ");
    par_buf_add_str(b, call->host);
    par_buf_addz(b, "\r\nConnection: close\r\n");
    if (call->body.ptr) {
        par_buf_addz(b, "Content-Type: application/json\r\nContent-Length: ");
        par_buf_add_u64_dec(b, call->body.len);
        par_buf_addz(b, "\r\n");
    }
    par_buf_add_str(b, call->headers);
    par_buf_addz(b, "\r\n");
    par_buf_add_str(b, call->body);
}

enum par_err par_http_fetch(struct par_loop *loop, const struct par_http_call *call,
                            par_http_reply_fn reply, void *arg)
{
    struct fetch *f = calloc(1, sizeof *f);
    struct par_buf request = {0};
    if (!f)
        return PAR_E_UNAVAILABLE;
    f->limits = (struct par_http_limits)PAR_HTTP_LIMITS_DEFAULT;
    f->limits.max_body = call->max_body ? call->max_body : 2u << 20;
    f->reply = reply;
    f->arg = arg;
    add_request(&request, call);
    par_timer_init(&f->timer, too_late);
    f->parser = par_http_parser_new_response(&f->limits, par_str_is(call->method, "HEAD"));
    enum par_err err = PAR_E_UNAVAILABLE;
    if (f->parser && !request.failed)
        err = par_tcp_connect(&f->tcp, loop, &call->addr, &tcp_ops, 1u << 20);
    if (err) {
        par_http_parser_free(&f->parser);
        free(f);
    } else {
        par_tcp_write(&f->tcp, request.data, request.len);
        par_timer_set(loop, &f->timer, call->timeout_ms);
    }
    par_buf_fini(&request);
    return err;
}
