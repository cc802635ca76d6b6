/* HTTP connections over loopback, both ends in one loop: answers now and later, pipelining,
 * deadlines, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/stats.h"
#include "http/client.h"
#include "http/connection.h"
#include "loop/env.h"

#include <stdio.h>
#include <stdlib.h>

/* A client that sends raw bytes and keeps what comes back. */
struct end {
    struct par_tcp tcp;
    struct par_buf got;
    bool eof;
    bool closed;
};

enum { MAX_ENDS = 4 };
static struct end *ends[MAX_ENDS]; /* those that have not hung up */
static struct par_loop *loop;
static struct par_http http;
static struct par_listener listener;
static struct par_addr addr;
static int requests, closed;
static enum par_close last_reason;
static uint64_t waiting[8]; /* ids of those who asked /later */
static int waiting_count;
static struct par_shared *shared;

static void end_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    par_buf_add(&PAR_CONTAINER(t, struct end, tcp)->got, data, n);
}

static void end_eof(struct par_tcp *t)
{
    PAR_CONTAINER(t, struct end, tcp)->eof = true;
}

static void end_closed(struct par_tcp *t, enum par_tcp_end how, int os_error)
{
    (void)how, (void)os_error;
    PAR_CONTAINER(t, struct end, tcp)->closed = true;
}

static const struct par_tcp_ops end_ops = {
    .on_data = end_data, .on_eof = end_eof, .on_closed = end_closed};

static void on_request(struct par_http_conn *conn, const struct par_http_request *req, void *arg)
{
    (void)arg;
    requests++;
    assert_true(par_str_is(req->peer, "127.0.0.1"));
    struct par_http_answer ok = {.status = 200};
    if (par_str_is(req->path, "/later")) {
        waiting[waiting_count++ & 7] = par_http_conn_id(conn);
    } else if (par_str_is(req->path, "/shared")) {
        par_http_answer_shared(conn, &ok, shared);
    } else if (par_str_is(req->path, "/empty")) {
        struct par_http_answer none = {.status = 204};
        par_http_answer(conn, &none, PAR_STR(""));
    } else if (par_str_is(req->path, "/error")) {
        par_http_answer_error(conn, PAR_E_OVERLOADED, "later", 500);
    } else {
        ok.content_type = PAR_STR("text/plain");
        par_http_answer(conn, &ok, req->body.len ? req->body : req->path);
        /* A second answer must do nothing. */
        par_http_answer(conn, &ok, PAR_STR("twice"));
    }
}

static void on_closed(struct par_http_conn *conn, enum par_close reason, void *arg)
{
    (void)conn, (void)arg;
    closed++;
    last_reason = reason;
}

static void on_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg)
{
    (void)arg;
    assert_int_equal(par_http_conn_open(&http, l, fd, peer), PAR_OK);
}

static void turn_until(const bool *flag, const int *count, int least)
{
    uint64_t until = par_mono_ms() + 5000;
    while (!(flag ? *flag : *count >= least) && par_mono_ms() < until)
        par_loop_turn(loop, 20);
    assert_true(flag ? *flag : *count >= least);
}

static int set_up_with(const struct par_http_settings *settings)
{
    int os_error;
    struct par_addr any;
    requests = closed = waiting_count = 0;
    last_reason = PAR_CLOSE_NONE;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    par_http_init(&http, loop, 7, settings, on_request, on_closed, NULL);
    assert_int_equal(par_addr_parse(PAR_STR("127.0.0.1:0"), &any), PAR_OK);
    assert_int_equal(par_listener_open(&listener, loop, &any, PAR_LISTEN_FIRST, on_accept, NULL,
                                       NULL, &os_error),
                     PAR_OK);
    par_listener_addr(&listener, &addr);
    shared = par_shared_new(200000);
    memset(shared->data, 's', shared->len);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    const struct par_http_settings settings = {.limits = PAR_HTTP_LIMITS_DEFAULT,
                                               .request_ms = 300,
                                               .idle_ms = 200,
                                               .output_bytes = 1 << 20};
    return set_up_with(&settings);
}

static void free_end(struct end *e)
{
    par_buf_fini(&e->got);
    free(e);
}

static int tear_down(void **state)
{
    (void)state;
    par_listener_close(&listener);
    par_http_abort_all(&http);
    for (int i = 0; i < MAX_ENDS; i++)
        if (ends[i])
            par_tcp_abort(&ends[i]->tcp);
    for (int i = 0; i < 10 || par_http_count(&http); i++)
        par_loop_turn(loop, 5);
    for (int i = 0; i < MAX_ENDS; i++) {
        if (ends[i])
            free_end(ends[i]);
        ends[i] = NULL;
    }
    par_http_fini(&http);
    par_shared_unref(&shared);
    par_loop_free(&loop);
    return 0;
}

static struct end *dial(void)
{
    struct end *e = calloc(1, sizeof *e);
    for (int i = 0; i < MAX_ENDS; i++) {
        if (!ends[i]) {
            ends[i] = e;
            break;
        }
    }
    assert_int_equal(par_tcp_connect(&e->tcp, loop, &addr, &end_ops, 1 << 20), PAR_OK);
    return e;
}

static void say(struct end *e, const char *text)
{
    par_tcp_write(&e->tcp, text, strlen(text));
}

static void hang_up(struct end *e)
{
    par_tcp_abort(&e->tcp);
    turn_until(&e->closed, NULL, 0);
    for (int i = 0; i < MAX_ENDS; i++)
        if (ends[i] == e)
            ends[i] = NULL;
    free_end(e);
}

/* Turns until the client has this many bytes or the server ended. */
static void await(struct end *e, size_t n)
{
    uint64_t until = par_mono_ms() + 5000;
    while (e->got.len < n && !e->eof && !e->closed && par_mono_ms() < until)
        par_loop_turn(loop, 20);
}

static void expect(struct end *e, const char *text)
{
    await(e, strlen(text));
    par_buf_add_u8(&e->got, 0);
    assert_string_equal((char *)e->got.data, text);
    par_buf_clear(&e->got);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define PLAIN(len, body)                                                                           \
    "HTTP/1.1 200 OK\r\nContent-Length: " len "\r\nContent-Type: text/plain\r\n"                   \
    "Connection: keep-alive\r\n\r\n" body

static void answers_and_keeps_the_connection(void **state)
{
    (void)state;
    struct end *e = dial();
    say(e, GET("/a"));
    expect(e, PLAIN("2", "/a"));
    say(e, "HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(e, PLAIN("4", ""));
    say(e, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nHello");
    expect(e, PLAIN("5", "Hello"));
    say(e, GET("/empty"));
    expect(e, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
    say(e, GET("/error"));
    expect(e, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 83\r\n"
              "Content-Type: application/json\r\nConnection: keep-alive\r\n\r\n"
              "{\"error\":{\"code\":\"overloaded\",\"message\":\"later\",\"retry\":true,"
              "\"retry_after_ms\":500}}");
    say(e, "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(e, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n"
              "Connection: close\r\n\r\n/last");
    turn_until(&e->eof, NULL, 0);
    hang_up(e);
    turn_until(NULL, &closed, 1);
    assert_int_equal(last_reason, PAR_CLOSE_HTTP_DONE);
    assert_int_equal(requests, 6);
}

static void answers_later(void **state)
{
    (void)state;
    struct end *e = dial();
    say(e, GET("/later"));
    turn_until(NULL, &waiting_count, 1);
    struct par_http_conn *conn = par_http_conn_find(&http, waiting[0]);
    assert_non_null(conn);
    assert_int_equal(waiting[0] >> 56, 7);
    assert_true(par_str_is(par_http_conn_request(conn)->path, "/later"));
    struct par_http_answer ok = {.status = 200, .content_type = PAR_STR("text/plain")};
    par_http_answer(conn, &ok, PAR_STR("now"));
    expect(e, PLAIN("3", "now"));
    assert_null(par_http_conn_find(&http, waiting[0]));

    /* The peer goes away: it may only have half closed, so the answer is written, and then it ends.
     */
    say(e, GET("/later"));
    turn_until(NULL, &waiting_count, 2);
    assert_true(waiting[1] != waiting[0]);
    hang_up(e);
    for (int i = 0; i < 5; i++)
        par_loop_turn(loop, 1);
    conn = par_http_conn_find(&http, waiting[1]);
    if (conn)
        par_http_answer(conn, &ok, PAR_STR("nobody"));
    turn_until(NULL, &closed, 1);
    assert_null(par_http_conn_find(&http, waiting[1]));
}

static void serves_pipelined_requests_in_order(void **state)
{
    (void)state;
    struct end *e = dial();
    say(e, GET("/1") GET("/later") GET("/2") GET("/later") GET("/3"));
    turn_until(NULL, &waiting_count, 1);
    for (int i = 0; i < 3; i++)
        par_loop_turn(loop, 1);
    assert_int_equal(requests, 2);
    struct par_http_answer ok = {.status = 200, .content_type = PAR_STR("text/plain")};
    par_http_answer(par_http_conn_find(&http, waiting[0]), &ok, PAR_STR("L1"));
    turn_until(NULL, &waiting_count, 2);
    par_http_answer(par_http_conn_find(&http, waiting[1]), &ok, PAR_STR("L2"));
    expect(e, PLAIN("2", "/1") PLAIN("2", "L1") PLAIN("2", "/2") PLAIN("2", "L2") PLAIN("2", "/3"));
    hang_up(e);
}

static void serves_a_peer_that_half_closed(void **state)
{
    (void)state;
    struct end *e = dial();
    say(e, GET("/later") GET("/2"));
    par_tcp_shutdown(&e->tcp);
    turn_until(NULL, &waiting_count, 1);
    for (int i = 0; i < 3; i++)
        par_loop_turn(loop, 1);
    struct par_http_answer ok = {.status = 200, .content_type = PAR_STR("text/plain")};
    par_http_answer(par_http_conn_find(&http, waiting[0]), &ok, PAR_STR("L1"));
    turn_until(&e->eof, NULL, 0);
    par_buf_add_u8(&e->got, 0);
    assert_non_null(strstr((char *)e->got.data, "L1"));
    assert_non_null(strstr((char *)e->got.data, "/2"));
    hang_up(e);
}

static void does_not_pile_up_answers(void **state)
{
    (void)state;
    struct end *e = dial();
    struct par_buf many = {0};
    for (int i = 0; i < 200; i++)
        par_buf_addz(&many, GET("/shared"));
    par_tcp_pause(&e->tcp);
    par_tcp_write(&e->tcp, many.data, many.len);
    par_buf_fini(&many);
    for (int i = 0; i < 30; i++)
        par_loop_turn(loop, 1);
    assert_true(requests < 200);
    par_tcp_resume(&e->tcp);
    await(e, 200u * 200000u);
    assert_true(e->got.len > 200u * 200000u);
    assert_int_equal(closed, 0);
    hang_up(e);
}

static void refuses(const char *text, const char *status, enum par_close reason)
{
    int before = closed;
    struct end *e = dial();
    say(e, text);
    turn_until(&e->eof, NULL, 0);
    par_buf_add_u8(&e->got, 0);
    assert_int_equal(strncmp((char *)e->got.data + 9, status, 3), 0);
    assert_non_null(strstr((char *)e->got.data, "{\"error\":{\"code\":\""));
    assert_non_null(strstr((char *)e->got.data, "Connection: close\r\n"));
    par_tcp_close(&e->tcp);
    turn_until(NULL, &closed, before + 1);
    assert_int_equal(last_reason, reason);
    hang_up(e);
}

static void refuses_bad_requests(void **state)
{
    (void)state;
    refuses("GET / HTTP/1.1\r\n\r\n", "400", PAR_CLOSE_HTTP_BAD);
    refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", PAR_CLOSE_HTTP_BAD);
    refuses("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", "413",
            PAR_CLOSE_HTTP_TOO_LARGE);
    struct par_buf b = {0};
    par_buf_addz(&b, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (b.len < 17000)
        par_buf_add_u8(&b, 'x');
    par_buf_add_u8(&b, 0);
    refuses((char *)b.data, "431", PAR_CLOSE_HTTP_TOO_LARGE);
    par_buf_fini(&b);
    assert_int_equal(requests, 0);
}

static void ends_slow_and_idle_connections(void **state)
{
    (void)state;
    refuses("GET / HTTP/1.1\r\nHost:", "408", PAR_CLOSE_HTTP_TIMEOUT);
    refuses("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nHel", "408",
            PAR_CLOSE_HTTP_TIMEOUT);
    /* One that says nothing at all gets nothing. */
    struct end *e = dial();
    turn_until(&e->eof, NULL, 0);
    assert_int_equal(e->got.len, 0);
    hang_up(e);
    turn_until(NULL, &closed, 3);
    assert_int_equal(last_reason, PAR_CLOSE_HTTP_TIMEOUT);
    /* One that was answered and asks no more. */
    e = dial();
    say(e, GET("/a"));
    expect(e, PLAIN("2", "/a"));
    turn_until(&e->eof, NULL, 0);
    hang_up(e);
    turn_until(NULL, &closed, 4);
    assert_int_equal(last_reason, PAR_CLOSE_HTTP_IDLE);
    /* One that waits for its answer has all the time. */
    e = dial();
    say(e, GET("/later"));
    uint64_t until = par_mono_ms() + 500;
    while (par_mono_ms() < until)
        par_loop_turn(loop, 20);
    assert_false(e->eof);
    hang_up(e);
}

static void says_continue(void **state)
{
    (void)state;
    struct end *e = dial();
    say(e, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    expect(e, "HTTP/1.1 100 Continue\r\n\r\n");
    say(e, "He");
    say(e, "llo");
    expect(e, PLAIN("5", "Hello"));
    hang_up(e);
}

static void drains(void **state)
{
    (void)state;
    struct end *idle = dial(), *busy = dial();
    say(idle, GET("/a"));
    expect(idle, PLAIN("2", "/a"));
    say(busy, GET("/later"));
    turn_until(NULL, &waiting_count, 1);
    par_http_drain(&http);
    turn_until(&idle->eof, NULL, 0);
    assert_false(busy->eof);
    struct par_http_answer ok = {.status = 200, .content_type = PAR_STR("text/plain")};
    par_http_answer(par_http_conn_find(&http, waiting[0]), &ok, PAR_STR("now"));
    turn_until(&busy->eof, NULL, 0);
    par_buf_add_u8(&busy->got, 0);
    assert_non_null(strstr((char *)busy->got.data, "Connection: close\r\n\r\nnow"));
    hang_up(idle);
    hang_up(busy);
}

struct reply {
    bool done;
    int status;
    size_t len;
    char body[64];
    const char *why;
};

static void on_reply(int status, struct par_str body, const char *why, void *arg)
{
    struct reply *r = arg;
    assert_false(r->done);
    r->done = true;
    r->status = status;
    r->why = why;
    r->len = body.len;
    snprintf(r->body, sizeof r->body, "%.*s", body.len < 60 ? (int)body.len : 60, body.ptr);
}

static void client_asks(void **state)
{
    (void)state;
    struct reply r = {0};
    struct par_http_call call = {.addr = addr,
                                 .method = PAR_STR("POST"),
                                 .host = PAR_STR("a"),
                                 .path = PAR_STR("/x"),
                                 .headers = PAR_STR("Authorization: Bearer x\r\n"),
                                 .body = PAR_STR("{\"a\":1}"),
                                 .timeout_ms = 1000};
    assert_int_equal(par_http_fetch(loop, &call, on_reply, &r), PAR_OK);
    turn_until(&r.done, NULL, 0);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "{\"a\":1}");

    r = (struct reply){0};
    call.path = PAR_STR("/shared");
    assert_int_equal(par_http_fetch(loop, &call, on_reply, &r), PAR_OK);
    turn_until(&r.done, NULL, 0);
    assert_int_equal(r.len, 200000);

    r = (struct reply){0};
    call.path = PAR_STR("/later");
    call.timeout_ms = 50;
    assert_int_equal(par_http_fetch(loop, &call, on_reply, &r), PAR_OK);
    turn_until(&r.done, NULL, 0);
    assert_int_equal(r.status, 0);
    assert_string_equal(r.why, "the server did not answer in time");

    r = (struct reply){0};
    call.addr.port = 1;
    assert_int_equal(par_http_fetch(loop, &call, on_reply, &r), PAR_OK);
    turn_until(&r.done, NULL, 0);
    assert_string_equal(r.why, "the server refused the connection");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(answers_and_keeps_the_connection),
        CASE(answers_later),
        CASE(serves_pipelined_requests_in_order),
        CASE(serves_a_peer_that_half_closed),
        CASE(does_not_pile_up_answers),
        CASE(refuses_bad_requests),
        CASE(ends_slow_and_idle_connections),
        CASE(says_continue),
        CASE(drains),
        CASE(client_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
