/* Who the primary is: sentinels of the test's own, which name a Redis, one that is stopped, or
 * nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "redis/test_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENTINELS = 3, PATIENT_MS = 5000, SHORT_MS = 150 };

struct listener {
    int fd;
    uint16_t port;
};

static struct listener sentinel[SENTINELS], stopped;
static uint16_t real; /* the port of a Redis */
static pthread_t thread[SENTINELS];
static _Atomic uint16_t
    named; /* the port of the primary, as all sentinels say; 0: they know none */
static char sentinels[SENTINELS * 24];

static struct listener listen_here(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    struct listener l = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(l.fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(l.fd, 16), 0);
    assert_int_equal(getsockname(l.fd, (struct sockaddr *)&at, &len), 0);
    l.port = ntohs(at.sin_port);
    return l;
}

static void *be_sentinel(void *arg)
{
    const struct listener *l = arg;
    char in[512], out[64];
    int fd;
    while ((fd = accept(l->fd, NULL, NULL)) >= 0) {
        char port[8];
        int n = snprintf(port, sizeof port, "%u", named);
        n = named ? snprintf(out, sizeof out, "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n", n, port)
                  : snprintf(out, sizeof out, "*-1\r\n");
        if (recv(fd, in, sizeof in, 0) > 0)
            assert_int_equal(send(fd, out, (size_t)n, MSG_NOSIGNAL), n);
        close(fd);
    }
    return NULL;
}

static int begin(void **state)
{
    (void)state;
    size_t len = 0;
    for (int i = 0; i < SENTINELS; i++) {
        sentinel[i] = listen_here();
        len += (size_t)snprintf(sentinels + len, sizeof sentinels - len, "%s127.0.0.1:%u",
                                i ? "," : "", sentinel[i].port);
        assert_int_equal(pthread_create(&thread[i], NULL, be_sentinel, &sentinel[i]), 0);
    }
    assert_int_equal(sscanf(par_test_redis_start()->address, "127.0.0.1:%hu", &real), 1);
    stopped = listen_here();
    assert_int_equal(fcntl(stopped.fd, F_SETFL, O_NONBLOCK), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < SENTINELS; i++) {
        shutdown(sentinel[i].fd, SHUT_RDWR);
        pthread_join(thread[i], NULL);
        close(sentinel[i].fd);
    }
    close(stopped.fd);
    par_test_redis_kill();
    return 0;
}

static struct par_redis *open_redis(uint32_t timeout_ms)
{
    struct par_redis *r;
    const struct par_redis_config config = {
        .sentinels = sentinels, .group = "parley", .timeout_ms = timeout_ms};
    assert_int_equal(par_redis_new(&config, PAR_FAMILY_ROUTE, &r), PAR_OK);
    return r;
}

static bool ping(redisContext *connection, void *arg)
{
    const struct par_str words[] = {PAR_STR("PING")};
    redisReply *reply = par_redis_command(connection, 1, words);
    (void)arg;
    if (reply)
        freeReplyObject(reply);
    return reply != NULL;
}

static void the_primary_is_found_and_kept(void **state)
{
    (void)state;
    struct par_redis *r = open_redis(PATIENT_MS);
    assert_int_equal(par_redis_run(r, ping, NULL), PAR_E_UNAVAILABLE);
    named = real;
    assert_int_equal(par_redis_run(r, ping, NULL), PAR_OK);
    /* It is not asked for again while it answers. */
    named = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(par_redis_run(r, ping, NULL), PAR_OK);
    par_redis_free(&r);
}

/* It costs a caller its time once, however many sentinels still name it. */
static void a_primary_that_is_stopped_is_tried_once(void **state)
{
    (void)state;
    int fd, tries = 0;
    struct par_redis *r = open_redis(SHORT_MS);
    named = stopped.port;
    assert_int_equal(par_redis_run(r, ping, NULL), PAR_E_UNAVAILABLE);
    while ((fd = accept(stopped.fd, NULL, NULL)) >= 0) {
        tries++;
        close(fd);
    }
    assert_int_equal(tries, 1);
    par_redis_free(&r);
}

/* The sentinels agree on another one: calls find it by themselves. */
static void the_one_that_replaces_it_is_found(void **state)
{
    (void)state;
    enum par_err err = PAR_E_UNAVAILABLE;
    struct par_redis *r = open_redis(SHORT_MS);
    named = stopped.port;
    assert_int_equal(par_redis_run(r, ping, NULL), PAR_E_UNAVAILABLE);
    named = real;
    for (int i = 0; err && i < 1000; i++, usleep(10000))
        err = par_redis_run(r, ping, NULL);
    assert_int_equal(err, PAR_OK);
    par_redis_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_primary_is_found_and_kept),
        cmocka_unit_test(a_primary_that_is_stopped_is_tried_once),
        cmocka_unit_test(the_one_that_replaces_it_is_found),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
