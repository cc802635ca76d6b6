/* A gateway for tests: its threads, and the frame around answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/hbase/test_gateway.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a message: protocol, version and kind, a number that is always 0 here; then its method. */
enum { FRONT = 3, PROTOCOL = 0x82, REPLY = 0x41 };

struct peer {
    struct test_gateway *gateway;
    int fd;
};

void test_gateway_open(struct test_gateway *g)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    *g = (struct test_gateway){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    assert_true(g->fd >= 0);
    assert_int_equal(bind(g->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(g->fd, 64), 0);
    assert_int_equal(getsockname(g->fd, (struct sockaddr *)&at, &len), 0);
    g->port = ntohs(at.sin_port);
}

void test_gateway_add_binary(struct par_buf *fields, struct par_str bytes)
{
    size_t n = bytes.len;
    for (; n >= 0x80; n >>= 7)
        par_buf_add_u8(fields, (uint8_t)(n | 0x80));
    par_buf_add_u8(fields, (uint8_t)n);
    par_buf_add_str(fields, bytes);
}

static void reply(const struct test_gateway *g, struct par_str request, struct par_buf *out)
{
    struct par_str method = par_str_of(request.ptr + FRONT + 1, (uint8_t)request.ptr[FRONT]);
    par_buf_clear(out);
    par_buf_add_u8(out, PROTOCOL);
    par_buf_add_u8(out, REPLY);
    par_buf_add_u8(out, 0);
    test_gateway_add_binary(out, method);
    g->answer(g->arg, method, request, out);
    par_buf_add_u8(out, 0);
}

/* Each request is one packet, since a client waits for its answer. */
static void *serve_one(void *arg)
{
    struct peer *peer = arg;
    struct par_buf out = {0};
    char in[4096];
    ssize_t n;
    while ((n = recv(peer->fd, in, sizeof in, 0)) > FRONT) {
        reply(peer->gateway, par_str_of(in, (size_t)n), &out);
        if (send(peer->fd, out.data, out.len, MSG_NOSIGNAL) < 0)
            break;
    }
    close(peer->fd);
    par_buf_fini(&out);
    free(peer);
    return NULL;
}

static void *serve(void *arg)
{
    struct test_gateway *g = arg;
    int fd;
    while ((fd = accept(g->fd, NULL, NULL)) >= 0) {
        pthread_t thread;
        struct peer *peer = malloc(sizeof *peer);
        assert_non_null(peer);
        *peer = (struct peer){g, fd};
        assert_int_equal(pthread_create(&thread, NULL, serve_one, peer), 0);
        pthread_detach(thread);
    }
    return NULL;
}

void test_gateway_serve(struct test_gateway *g, test_gateway_fn answer, void *arg)
{
    g->answer = answer;
    g->arg = arg;
    g->serves = true;
    assert_int_equal(pthread_create(&g->thread, NULL, serve, g), 0);
}

void test_gateway_close(struct test_gateway *g)
{
    if (g->serves) {
        shutdown(g->fd, SHUT_RDWR);
        pthread_join(g->thread, NULL);
    }
    close(g->fd);
}
