/* Client cores over loopback: two on one loop, against a server that answers hello and closes as it
 * is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/connection.h"
#include "loop/env.h"
#include "loop/listen.h"
#include "sdk/c/socket.h"

#include <jansson.h>
#include <stdlib.h>

struct device {
    struct par_sdk_socket socket; /* first: the core's arg leads here */
    struct par_ws_conn *server;   /* the other side of its connection */
};

static struct par_loop *loop;
static struct par_http http;
static struct par_ws server_ws, client_ws;
static struct par_listener listener;
static struct par_addr addr;
static struct device devices[2];
static unsigned hellos;
static bool nowhere;

/* ---- a server ---- */

/* Which device it is stands in the token of its hello. */
static void server_message(struct par_ws_conn *c, struct par_str text)
{
    json_t *frame = json_loadb(text.ptr, text.len, 0, NULL);
    const char *token = json_string_value(json_object_get(frame, "token"));
    assert_non_null(token);
    devices[strcmp(token, "one") == 0].server = c;
    hellos++;
    json_t *answer = json_pack("{s:O,s:{s:s,s:[],s:s}}", "re", json_object_get(frame, "id"), "ok",
                               "store", "s", "conversations", "sync_token", "t");
    char *out = json_dumps(answer, JSON_COMPACT);
    par_ws_send_text(c, par_str(out));
    free(out);
    json_decref(answer);
    json_decref(frame);
}

static void server_closed(struct par_ws_conn *c, enum par_close reason)
{
    (void)reason;
    for (size_t i = 0; i < 2; i++) {
        if (devices[i].server == c)
            devices[i].server = NULL;
    }
}

static const struct par_ws_ops server_ops = {
    .on_message = server_message,
    .on_closed = server_closed,
};

static void on_request(struct par_http_conn *conn, const struct par_http_request *req, void *arg)
{
    (void)arg, (void)req;
    struct par_ws_conn *c = par_ws_accept(&server_ws, conn, &server_ops, NULL);
    assert_non_null(c);
}

/* ---- the devices ---- */

static uint64_t random_bits(void *arg)
{
    (void)arg;
    return par_random_u64();
}

static const struct par_sdk_ops ops = {
    PAR_SDK_SOCKET_OPS,
    .random = random_bits,
};

static bool where(struct par_sdk_socket *s, struct par_ws_target *target_r)
{
    (void)s;
    *target_r = (struct par_ws_target){
        .addr = addr, .host = PAR_STR("test"), .path = PAR_STR("/v1/ws"), .timeout_ms = 5000};
    return !nowhere;
}

static void make(struct device *d, uint64_t user, const char *token)
{
    struct par_sdk_settings settings = PAR_SDK_SETTINGS_DEFAULT;
    settings.user = user;
    settings.token = par_str(token);
    settings.client = PAR_STR("test/1.0");
    settings.heartbeat = false;
    *d = (struct device){0};
    par_sdk_socket_init(&d->socket, loop, &client_ws, where);
    d->socket.sdk = par_sdk_new(&settings, &ops, d);
    assert_non_null(d->socket.sdk);
}

#define TURN_UNTIL(cond)                                                                           \
    do {                                                                                           \
        for (uint64_t end = par_mono_ms() + 10000; !(cond);) {                                     \
            assert_true(par_mono_ms() < end);                                                      \
            par_loop_turn(loop, 20);                                                               \
        }                                                                                          \
    } while (0)

static enum par_sdk_link link_of(const struct device *d)
{
    return par_sdk_status(d->socket.sdk).link;
}

static void on_accept(struct par_listener *l, int fd, const struct par_addr *peer, void *arg)
{
    (void)arg;
    assert_int_equal(par_http_conn_open(&http, l, fd, peer), PAR_OK);
}

static int setup(void **state)
{
    (void)state;
    struct par_ws_settings server = PAR_WS_SETTINGS_DEFAULT, client = PAR_SDK_SOCKET_SETTINGS;
    const struct par_http_settings settings = PAR_HTTP_SETTINGS_DEFAULT;
    struct par_addr any;
    int os_error;
    nowhere = false;
    hellos = 0;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    par_ws_init(&server_ws, loop, &server);
    par_ws_init(&client_ws, loop, &client);
    par_http_init(&http, loop, 0, &settings, on_request, NULL, NULL);
    assert_int_equal(par_addr_parse(PAR_STR("127.0.0.1:0"), &any), PAR_OK);
    assert_int_equal(par_listener_open(&listener, loop, &any, PAR_LISTEN_FIRST, on_accept, NULL,
                                       NULL, &os_error),
                     PAR_OK);
    par_listener_addr(&listener, &addr);
    make(&devices[0], 1001, "zero");
    make(&devices[1], 1002, "one");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        par_sdk_socket_fini(&devices[i].socket, i == 0);
        par_sdk_free(&devices[i].socket.sdk);
    }
    par_listener_close(&listener);
    par_http_abort_all(&http);
    TURN_UNTIL(!par_ws_count(&client_ws) && !par_ws_count(&server_ws) && !par_http_count(&http));
    par_ws_fini(&server_ws);
    par_ws_fini(&client_ws);
    par_http_fini(&http);
    par_loop_turn(loop, 0);
    par_loop_free(&loop);
    return 0;
}

static void start_both(void)
{
    for (size_t i = 0; i < 2; i++)
        par_sdk_start(devices[i].socket.sdk, par_sdk_socket_now(&devices[i].socket));
    TURN_UNTIL(link_of(&devices[0]) == PAR_SDK_ONLINE && link_of(&devices[1]) == PAR_SDK_ONLINE);
    assert_int_equal(hellos, 2);
}

static void two_devices_share_a_loop(void **state)
{
    (void)state;
    start_both();
    assert_non_null(devices[0].server);
    assert_ptr_not_equal(devices[0].server, devices[1].server);
}

static void the_code_of_the_close_decides(void **state)
{
    (void)state;
    start_both();
    par_ws_close(devices[0].server, PAR_CLOSE_REPLACED);
    par_ws_close(devices[1].server, PAR_CLOSE_SIGNED_OUT);
    TURN_UNTIL(link_of(&devices[0]) == PAR_SDK_REPLACED &&
               link_of(&devices[1]) == PAR_SDK_SIGNED_OUT);
    assert_int_equal(par_sdk_status(devices[0].socket.sdk).code, 4409);
    assert_int_equal(par_sdk_next(devices[0].socket.sdk), INT64_MAX);
}

static void a_server_that_goes_away_or_vanishes_is_found_again(void **state)
{
    (void)state;
    start_both();
    par_ws_close(devices[0].server, PAR_CLOSE_GOING_AWAY);
    par_ws_close(devices[1].server, PAR_CLOSE_SILENT); /* no close frame */
    TURN_UNTIL(hellos == 4 && link_of(&devices[0]) == PAR_SDK_ONLINE &&
               link_of(&devices[1]) == PAR_SDK_ONLINE);
    assert_int_equal(par_sdk_status(devices[0].socket.sdk).code, 1001);
    assert_int_equal(par_sdk_status(devices[1].socket.sdk).code, 1006);
}

static void a_connection_that_fails_waits(void **state)
{
    (void)state;
    nowhere = true;
    par_sdk_start(devices[0].socket.sdk, par_sdk_socket_now(&devices[0].socket));
    assert_int_equal(link_of(&devices[0]), PAR_SDK_WAITING);
    nowhere = false;
    par_listener_close(&listener);
    TURN_UNTIL(link_of(&devices[0]) == PAR_SDK_CONNECTING);
    TURN_UNTIL(link_of(&devices[0]) == PAR_SDK_WAITING);
    assert_int_equal(hellos, 0);
}

static void stopping_closes_and_forgets(void **state)
{
    (void)state;
    start_both();
    par_sdk_stop(devices[0].socket.sdk, par_sdk_socket_now(&devices[0].socket));
    TURN_UNTIL(!devices[0].server);
    /* Again, and stopped while it is opening: the server sees it go. */
    par_sdk_start(devices[0].socket.sdk, par_sdk_socket_now(&devices[0].socket));
    par_sdk_stop(devices[0].socket.sdk, par_sdk_socket_now(&devices[0].socket));
    assert_int_equal(link_of(&devices[0]), PAR_SDK_STOPPED);
    TURN_UNTIL(par_ws_count(&client_ws) == 1);
    assert_int_equal(hellos, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_devices_share_a_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(the_code_of_the_close_decides, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_goes_away_or_vanishes_is_found_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_connection_that_fails_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(stopping_closes_and_forgets, setup, teardown),
    };
    return cmocka_run_group_tests_name("sdk_socket", tests, NULL, NULL);
}
