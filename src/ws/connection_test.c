/* WebSocket connections over loopback, client and server in one loop: messages, closes, heartbeat,
 * pausing, slow readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "ws/client.h"
#include "ws/echo.h"
#include "ws/handshake.h"

#include <stdio.h>
#include <stdlib.h>

/* One side of a connection and what it saw. */
struct side {
    struct par_ws_conn *conn;
    struct par_buf got; /* messages, each followed by a newline */
    int messages, opened, closed, overflows, peer_code;
    enum par_close reason;
    const char *why;
    bool pause_on_message;
};

static struct par_loop *loop;
static struct par_http http;
static struct par_ws ws, client_ws;
static struct par_listener listener;
static struct par_addr addr;
static struct side server, client;
static bool accept_later;
static uint64_t later_id;

static void on_message(struct par_ws_conn *c, struct par_str text)
{
    struct side *side = par_ws_arg(c);
    side->messages++;
    par_buf_add_str(&side->got, text);
    par_buf_add_u8(&side->got, '\n');
    if (side->pause_on_message)
        par_ws_pause(c);
}

static void on_overflow(struct par_ws_conn *c)
{
    struct side *side = par_ws_arg(c);
    side->overflows++;
    par_ws_close(c, PAR_CLOSE_TOO_SLOW);
}

static void on_closed(struct par_ws_conn *c, enum par_close reason)
{
    struct side *side = par_ws_arg(c);
    side->closed++;
    side->reason = reason;
    side->peer_code = par_ws_peer_code(c);
    side->conn = NULL;
}

static const struct par_ws_ops ops = {
    .on_message = on_message,
    .on_binary = on_message,
    .on_overflow = on_overflow,
    .on_closed = on_closed,
};

static void on_request(struct par_http_conn *conn, const struct par_http_request *req, void *arg)
{
    (void)arg, (void)req;
    if (accept_later) {
        later_id = par_http_conn_id(conn);
        return;
    }
    server.conn = par_ws_accept(&ws, conn, &ops, &server);
    server.opened += server.conn != NULL;
}

static void on_opened(struct par_ws_conn *c, const char *why, void *arg)
{
    struct side *side = arg;
    side->conn = c;
    side->opened++;
    side->why = why;
}

static void on_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg)
{
    (void)arg;
    assert_int_equal(par_http_conn_open(&http, l, fd, peer), PAR_OK);
}

#define TURN_UNTIL(cond)                                                                           \
    do {                                                                                           \
        for (uint64_t end = par_mono_ms() + 5000; !(cond) && par_mono_ms() < end;)                 \
            par_loop_turn(loop, 10);                                                               \
        assert_true(cond);                                                                         \
    } while (0)

static void turn_for(uint64_t ms)
{
    for (uint64_t until = par_mono_ms() + ms; par_mono_ms() < until;)
        par_loop_turn(loop, 5);
}

static struct par_ws_settings server_settings, client_settings;

static int set_up(void **state)
{
    (void)state;
    int os_error;
    struct par_addr any;
    server = client = (struct side){0};
    accept_later = false;
    later_id = 0;
    server_settings = (struct par_ws_settings)PAR_WS_SETTINGS_DEFAULT;
    client_settings = (struct par_ws_settings)PAR_WS_SETTINGS_DEFAULT;
    client_settings.max_message = 8u << 20;
    client_settings.ping_ms = client_settings.dead_ms = 0;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    const struct par_http_settings settings = PAR_HTTP_SETTINGS_DEFAULT;
    par_http_init(&http, loop, 0, &settings, on_request, NULL, NULL);
    assert_int_equal(par_addr_parse(PAR_STR("127.0.0.1:0"), &any), PAR_OK);
    assert_int_equal(par_listener_open(&listener, loop, &any, PAR_LISTEN_FIRST, on_accept, NULL,
                                       NULL, &os_error),
                     PAR_OK);
    par_listener_addr(&listener, &addr);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    par_listener_close(&listener);
    par_http_abort_all(&http);
    if (client.conn)
        par_ws_close(client.conn, PAR_CLOSE_SILENT);
    if (server.conn)
        par_ws_close(server.conn, PAR_CLOSE_SILENT);
    for (int i = 0; i < 5 || par_http_count(&http) || par_ws_count(&ws) || par_ws_count(&client_ws);
         i++)
        par_loop_turn(loop, 5);
    par_http_fini(&http);
    par_ws_fini(&ws);
    par_ws_fini(&client_ws);
    par_buf_fini(&server.got);
    par_buf_fini(&client.got);
    par_loop_free(&loop);
    return 0;
}

static void connect_only(void)
{
    par_ws_init(&ws, loop, &server_settings);
    par_ws_init(&client_ws, loop, &client_settings);
    struct par_ws_target target = {
        .addr = addr, .host = PAR_STR("a"), .path = PAR_STR("/v1/ws?u=1"), .timeout_ms = 1000};
    assert_int_equal(par_ws_connect(&client_ws, &target, &ops, on_opened, &client), PAR_OK);
}

static void open_both(void)
{
    connect_only();
    TURN_UNTIL(client.opened && server.opened);
    assert_non_null(client.conn);
    assert_non_null(server.conn);
}

static void expect_got(struct side *side, const char *text)
{
    TURN_UNTIL(side->got.len >= strlen(text));
    par_buf_add_u8(&side->got, 0);
    assert_string_equal((char *)side->got.data, text);
    par_buf_clear(&side->got);
}

static void expect_closed(struct side *side, enum par_close reason)
{
    TURN_UNTIL(side->closed);
    assert_int_equal(side->closed, 1);
    assert_string_equal(par_close_label(side->reason), par_close_label(reason));
}

static void messages_go_both_ways(void **state)
{
    (void)state;
    open_both();
    assert_true(par_ws_send_text(client.conn, PAR_STR("one")));
    assert_true(par_ws_send_text(client.conn, PAR_STR("")));
    assert_true(par_ws_send_text(client.conn, PAR_STR("\xE2\x82\xAC")));
    expect_got(&server, "one\n\n\xE2\x82\xAC\n");
    uint32_t at;
    struct par_shared *frame = par_ws_frame_shared(PAR_STR("shared"), &at);
    assert_memory_equal(frame->data + at, "shared", 6);
    assert_true(par_ws_send_text(server.conn, PAR_STR("first")));
    assert_true(par_ws_send_frame(server.conn, frame));
    assert_true(par_ws_send_frame(server.conn, frame));
    par_shared_unref(&frame);
    expect_got(&client, "first\nshared\nshared\n");
    par_ws_close(client.conn, PAR_CLOSE_CLIENT);
    assert_false(par_ws_send_text(client.conn, PAR_STR("late")));
    expect_closed(&server, PAR_CLOSE_CLIENT);
    expect_closed(&client, PAR_CLOSE_CLIENT);
    assert_int_equal(server.messages, 3);
}

static void carry_large_messages(void)
{
    struct par_buf text = {0};
    while (text.len < 60000)
        par_buf_printf(&text, "%zu,", text.len);
    assert_true(par_ws_send_text(client.conn, par_buf_str(&text)));
    TURN_UNTIL(server.messages == 1);
    assert_int_equal(server.got.len, text.len + 1);
    assert_memory_equal(server.got.data, text.data, text.len);
    while (text.len < 1000000)
        par_buf_printf(&text, "%zu,", text.len);
    assert_true(par_ws_send_text(server.conn, par_buf_str(&text)));
    TURN_UNTIL(client.messages == 1);
    assert_int_equal(client.got.len, text.len + 1);
    assert_memory_equal(client.got.data, text.data, text.len);
    par_buf_fini(&text);
}

static void large_messages_pass(void **state)
{
    (void)state;
    open_both();
    carry_large_messages();
}

static void compressed_messages_pass(void **state)
{
    (void)state;
    server_settings.deflate = client_settings.deflate = true;
    open_both();
    carry_large_messages();
}

static void refusals_close_with_their_code(void **state)
{
    (void)state;
    struct {
        const char *text;
        bool binary;
        size_t pad;
        enum par_close reason;
    } cases[] = {
        {"\xFF", false, 0, PAR_CLOSE_WS_UTF8},
        {"x", true, 0, PAR_CLOSE_WS_BINARY},
        {"", false, 65537, PAR_CLOSE_FRAME_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_both();
        struct par_buf b = {0};
        par_buf_addz(&b, cases[i].text);
        while (b.len < cases[i].pad)
            par_buf_add_u8(&b, 'x');
        if (cases[i].binary)
            par_ws_send_binary(client.conn, par_buf_str(&b));
        else
            par_ws_send_text(client.conn, par_buf_str(&b));
        par_buf_fini(&b);
        expect_closed(&server, cases[i].reason);
        expect_closed(&client, PAR_CLOSE_CLIENT);
        assert_int_equal(server.messages, 0);
        server = client = (struct side){0};
        par_ws_fini(&ws);
        par_ws_fini(&client_ws);
    }
    open_both();
}

static void the_server_closes_with_a_reason(void **state)
{
    (void)state;
    open_both();
    par_ws_send_text(server.conn, PAR_STR("last words"));
    par_ws_close(server.conn, PAR_CLOSE_REPLACED);
    par_ws_close(server.conn, PAR_CLOSE_SIGNED_OUT);
    expect_got(&client, "last words\n");
    expect_closed(&server, PAR_CLOSE_REPLACED);
    expect_closed(&client, PAR_CLOSE_CLIENT);
    assert_int_equal(client.peer_code, 4409);
}

static void a_peer_that_vanishes_is_noticed(void **state)
{
    (void)state;
    open_both();
    par_ws_close(client.conn, PAR_CLOSE_SILENT); /* has no code: ends at once */
    expect_closed(&server, PAR_CLOSE_EOF);
    expect_closed(&client, PAR_CLOSE_SILENT);
}

static void a_silent_peer_is_pinged_and_then_dead(void **state)
{
    (void)state;
    server_settings.ping_ms = 60;
    server_settings.dead_ms = 150;
    open_both();
    /* A client that reads answers the pings. */
    turn_for(400);
    assert_int_equal(server.closed, 0);
    par_ws_pause(client.conn);
    expect_closed(&server, PAR_CLOSE_SILENT);
}

static void a_paused_connection_is_not_dead(void **state)
{
    (void)state;
    server_settings.ping_ms = 40;
    server_settings.dead_ms = 80;
    open_both();
    par_ws_pause(server.conn);
    turn_for(250);
    assert_int_equal(server.closed, 0);
    par_ws_resume(server.conn);
    turn_for(250);
    assert_int_equal(server.closed, 0);
}

static void pausing_holds_back_what_was_read(void **state)
{
    (void)state;
    open_both();
    server.pause_on_message = true;
    for (int i = 0; i < 5; i++)
        par_ws_send_text(client.conn, PAR_STR("m"));
    TURN_UNTIL(server.messages == 1);
    turn_for(20);
    assert_int_equal(server.messages, 1);
    for (int i = 2; i <= 4; i++) {
        par_ws_resume(server.conn);
        TURN_UNTIL(server.messages == i);
        turn_for(10);
        assert_int_equal(server.messages, i);
    }
    server.pause_on_message = false;
    par_ws_send_text(client.conn, PAR_STR("n"));
    par_ws_resume(server.conn);
    /* Paused and resumed again before the rest was handed out. */
    par_ws_pause(server.conn);
    turn_for(10);
    assert_int_equal(server.messages, 4);
    par_ws_resume(server.conn);
    TURN_UNTIL(server.messages == 6);
    expect_got(&server, "m\nm\nm\nm\nm\nn\n");

    /* Ending while something is held back loses nothing but that. */
    server.pause_on_message = true;
    for (int i = 0; i < 3; i++)
        par_ws_send_text(client.conn, PAR_STR("m"));
    TURN_UNTIL(server.messages == 7);
    par_ws_resume(server.conn);
    par_ws_close(server.conn, PAR_CLOSE_GOING_AWAY);
    expect_closed(&server, PAR_CLOSE_GOING_AWAY);
    assert_int_equal(server.messages, 7);
}

static void a_slow_reader_gets_4408(void **state)
{
    (void)state;
    server_settings.output_bytes = 100000;
    open_both();
    par_ws_pause(client.conn);
    char text[1000];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 100000 && !server.overflows; i++) {
        par_ws_send_text(server.conn, par_str_of(text, sizeof text));
        if (i % 50 == 0)
            par_loop_turn(loop, 0);
    }
    assert_int_equal(server.overflows, 1);
    par_ws_resume(client.conn);
    expect_closed(&server, PAR_CLOSE_TOO_SLOW);
    expect_closed(&client, PAR_CLOSE_CLIENT);
}

static void a_close_has_its_time(void **state)
{
    (void)state;
    server_settings.output_bytes = 8u << 20;
    server_settings.close_ms = 100;
    open_both();
    par_ws_pause(client.conn);
    uint64_t start = par_loop_now_ms(loop);
    char *text = calloc(1, 6u << 20);
    memset(text, 'x', 6u << 20);
    par_ws_send_text(server.conn, par_str_of(text, 6u << 20));
    free(text);
    par_ws_close(server.conn, PAR_CLOSE_GOING_AWAY);
    expect_closed(&server, PAR_CLOSE_GOING_AWAY);
    assert_true(par_loop_now_ms(loop) - start >= server_settings.close_ms);
}

static void an_upgrade_may_be_accepted_later(void **state)
{
    (void)state;
    accept_later = true;
    connect_only();
    TURN_UNTIL(later_id);
    turn_for(10);
    struct par_http_conn *conn = par_http_conn_find(&http, later_id);
    assert_non_null(conn);
    server.conn = par_ws_accept(&ws, conn, &ops, &server);
    assert_non_null(server.conn);
    assert_null(par_http_conn_find(&http, later_id));
    TURN_UNTIL(client.opened);
    par_ws_send_text(client.conn, PAR_STR("hi"));
    expect_got(&server, "hi\n");
    assert_int_equal(par_http_count(&http), 0);
}

/* A client that sends raw bytes. */
struct raw {
    struct par_tcp tcp;
    struct par_buf got;
    bool ended;
};

static void raw_data(struct par_tcp *t, uint8_t *data, size_t n)
{
    par_buf_add(&PAR_CONTAINER(t, struct raw, tcp)->got, data, n);
}

static void raw_closed(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    (void)end, (void)os_error;
    PAR_CONTAINER(t, struct raw, tcp)->ended = true;
}

static const struct par_tcp_ops raw_ops = {.on_data = raw_data, .on_closed = raw_closed};

#define UPGRADE                                                                                    \
    "GET /v1/ws HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"  \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void ask(struct raw *r, const char *text, size_t len)
{
    *r = (struct raw){0};
    assert_int_equal(par_tcp_connect(&r->tcp, loop, &addr, &raw_ops, 100000), PAR_OK);
    par_tcp_write(&r->tcp, text, len);
}

static void end_raw(struct raw *r)
{
    par_tcp_abort(&r->tcp);
    TURN_UNTIL(r->ended);
    par_buf_fini(&r->got);
}

static void frames_behind_the_request_count(void **state)
{
    (void)state;
    static const char text[] = UPGRADE "Sec-WebSocket-Protocol: other, parley.v1\r\n\r\n"
                                       "\x81\x82\x00\x00\x00\x00hi\x81\x82\x00\x00";
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "Sec-WebSocket-Protocol: parley.v1\r\n\r\n";
    struct raw r;
    par_ws_init(&ws, loop, &server_settings);
    par_ws_init(&client_ws, loop, &client_settings);
    for (int later = 0; later < 2; later++) {
        accept_later = later;
        ask(&r, text, sizeof text - 1);
        if (later) {
            TURN_UNTIL(later_id);
            turn_for(10);
            server.conn = par_ws_accept(&ws, par_http_conn_find(&http, later_id), &ops, &server);
            assert_non_null(server.conn);
        }
        expect_got(&server, "hi\n");
        TURN_UNTIL(r.got.len >= sizeof answer - 1);
        assert_memory_equal(r.got.data, answer, sizeof answer - 1);
        assert_int_equal(r.got.len, sizeof answer - 1);
        par_tcp_write(&r.tcp, "\x00\x00yo", 4);
        expect_got(&server, "yo\n");
        end_raw(&r);
        TURN_UNTIL(server.closed == later + 1);
    }
}

static void bad_handshakes_are_answered(void **state)
{
    (void)state;
    struct {
        const char *request;
        const char *status;
    } cases[] = {
        {"GET /v1/ws HTTP/1.1\r\nHost: a\r\n\r\n", "426"},
        {"POST /v1/ws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405"},
        {"GET /v1/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
         "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         "426"},
        {"GET /v1/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n\r\n",
         "400"},
        {"GET /v1/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\n\r\n",
         "400"},
        {UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "400"},
        {UPGRADE "Content-Length: 2\r\n\r\nhi", "400"},
    };
    par_ws_init(&ws, loop, &server_settings);
    par_ws_init(&client_ws, loop, &client_settings);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct raw r;
        ask(&r, cases[i].request, strlen(cases[i].request));
        TURN_UNTIL(r.got.len > 12);
        assert_memory_equal(r.got.data + 9, cases[i].status, 3);
        end_raw(&r);
    }
    assert_int_equal(server.opened, 0);
}

static void the_client_refuses_other_servers(void **state)
{
    (void)state;
    struct par_addr nobody = addr;
    nobody.port = 1;
    struct par_ws_target target = {
        .addr = nobody, .host = PAR_STR("a"), .path = PAR_STR("/"), .timeout_ms = 100};
    par_ws_init(&ws, loop, &server_settings);
    par_ws_init(&client_ws, loop, &client_settings);
    assert_int_equal(par_ws_connect(&client_ws, &target, &ops, on_opened, &client), PAR_OK);
    TURN_UNTIL(client.opened);
    assert_null(client.conn);
    assert_string_equal(client.why, "the server refused the connection");
    accept_later = true;
    target.addr = addr;
    assert_int_equal(par_ws_connect(&client_ws, &target, &ops, on_opened, &client), PAR_OK);
    TURN_UNTIL(client.opened == 2);
    assert_string_equal(client.why, "the server did not answer in time");
    later_id = 0;
    assert_int_equal(par_ws_connect(&client_ws, &target, &ops, on_opened, &client), PAR_OK);
    TURN_UNTIL(later_id);
    par_http_answer_error(par_http_conn_find(&http, later_id), PAR_E_NOT_FOUND, NULL, 0);
    TURN_UNTIL(client.opened == 3);
    assert_string_equal(client.why, "the server did not open a WebSocket");
}

static void echoes(void **state)
{
    (void)state;
    struct par_ws_echo *echo;
    struct par_addr any;
    int os_error;
    const struct par_ws_settings settings = PAR_WS_ECHO_SETTINGS;
    assert_int_equal(par_addr_parse(PAR_STR("127.0.0.1:0"), &any), PAR_OK);
    assert_int_equal(par_ws_echo_start(loop, &any, &settings, &echo, &os_error), PAR_OK);
    par_ws_echo_addr(echo, &addr);
    client_settings.allow_binary = true;
    client_settings.output_bytes = 64u << 20;
    connect_only();
    TURN_UNTIL(client.opened);
    par_ws_send_text(client.conn, PAR_STR("text"));
    par_ws_send_binary(client.conn, PAR_STR("\xFF"));
    expect_got(&client, "text\n\xFF\n");
    /* Much more than the echo keeps queued, from a client that does not read for a while. */
    client.messages = 0;
    par_ws_pause(client.conn);
    char *text = malloc(500000);
    memset(text, 'x', 500000);
    for (int i = 0; i < 60; i++)
        assert_true(par_ws_send_text(client.conn, par_str_of(text, 500000)));
    free(text);
    turn_for(100);
    par_ws_resume(client.conn);
    TURN_UNTIL(client.messages == 60);
    par_ws_echo_stop(&echo);
    expect_closed(&client, PAR_CLOSE_CLIENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(messages_go_both_ways),
        CASE(large_messages_pass),
        CASE(compressed_messages_pass),
        CASE(refusals_close_with_their_code),
        CASE(the_server_closes_with_a_reason),
        CASE(a_peer_that_vanishes_is_noticed),
        CASE(a_silent_peer_is_pinged_and_then_dead),
        CASE(a_paused_connection_is_not_dead),
        CASE(pausing_holds_back_what_was_read),
        CASE(a_slow_reader_gets_4408),
        CASE(a_close_has_its_time),
        CASE(an_upgrade_may_be_accepted_later),
        CASE(frames_behind_the_request_count),
        CASE(bad_handshakes_are_answered),
        CASE(the_client_refuses_other_servers),
        CASE(echoes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
