/* The pool between two gateways, of which one is stopped: it takes connections and answers nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "store/hbase/pool.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALL_MS = 1500, CALLS = 40, CONNECTIONS = 4 };

/* "I am a gateway of the second kind", in Thrift's compact protocol. */
static const uint8_t answer[] = {0x82, 0x41, 0x00, 19,  'g', 'e',  't',  'T',  'h',
                                 'r',  'i',  'f',  't', 'S', 'e',  'r',  'v',  'e',
                                 'r',  'T',  'y',  'p', 'e', 0x05, 0x00, 0x04, 0x00};

struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
};

static void open_server(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
}

/* One thread a connection; each message is one packet, since a client waits for its answer. */
static void *serve_one(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char in[256];
    while (recv(fd, in, sizeof in, 0) > 0)
        if (send(fd, answer, sizeof answer, MSG_NOSIGNAL) < 0)
            break;
    close(fd);
    return NULL;
}

static void *serve(void *arg)
{
    struct server *s = arg;
    int fd;
    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd), 0);
        pthread_detach(thread);
    }
    return NULL;
}

/* A call that the caller waits for as long as the gateway may take. */
static enum par_hbase__end call(struct par_hbase__gateway *gateway, void *arg)
{
    (void)arg;
    return par_hbase__alive(gateway, CALL_MS) ? PAR_HBASE_OK : PAR_HBASE_LOST;
}

static struct par_hbase__pool *open_pool(const struct server *a, const struct server *b)
{
    char gateways[64];
    struct par_hbase__pool *pool;
    struct par_buf why = {0};
    snprintf(gateways, sizeof gateways, "127.0.0.1:%u,127.0.0.1:%u", a->port, b->port);
    struct par_hbase__pool_config config = {.gateways = gateways,
                                            .connections = CONNECTIONS,
                                            .connect_ms = 1000,
                                            .answer_ms = CALL_MS,
                                            .read_ms = 2000};
    assert_int_equal(par_hbase__pool_new(&config, &pool, &why), PAR_OK);
    return pool;
}

/* Only the call that finds it out is lost: from then on the stopped gateway is asked whether it
 * lives, and calls go where they are answered, however busy it is there. */
static void a_stopped_gateway_costs_one_call(void **state)
{
    static struct server stopped, well;
    _Atomic uint32_t never = 0;
    (void)state;
    open_server(&stopped);
    open_server(&well);
    assert_int_equal(pthread_create(&well.thread, NULL, serve, &well), 0);
    struct par_hbase__pool *pool = open_pool(&stopped, &well);
    unsigned lost = 0;
    for (int i = 0; i < CALLS; i++) {
        lost += par_hbase__pool_once(pool, call, NULL, NULL) == PAR_HBASE_LOST;
        par_pause(&never, 100);
    }
    assert_int_equal(lost, 1);
    par_hbase__pool_free(&pool);
    shutdown(well.fd, SHUT_RDWR);
    pthread_join(well.thread, NULL);
    close(well.fd);
    close(stopped.fd);
}

/* With nobody there a call ends, and says so. */
static void without_any_gateway_a_call_is_lost(void **state)
{
    static struct server a, b;
    (void)state;
    open_server(&a);
    open_server(&b);
    close(a.fd);
    close(b.fd);
    struct par_hbase__pool *pool = open_pool(&a, &b);
    struct par_buf why = {0};
    for (int i = 0; i < 4; i++)
        assert_int_equal(par_hbase__pool_once(pool, call, NULL, &why), PAR_HBASE_LOST);
    assert_true(why.len > 0);
    par_buf_fini(&why);
    par_hbase__pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_gateway_costs_one_call),
        cmocka_unit_test(without_any_gateway_a_call_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
