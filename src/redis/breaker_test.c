/* Redis that takes connections and answers nothing: it costs one call its time, and comes back by
 * itself. The server here is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/stats.h"
#include "loop/env.h"
#include "redis/redis.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MS = 1000, CALLS = 200, THREADS = 8, PATIENCE = 4000 };

static int listener;
static pthread_t server;
static char address[32];
static _Atomic bool silent;
static atomic_int asked; /* commands that came, answered or not */

static void *answer(void *arg)
{
    static const char role[] = "*1\r\n$6\r\nmaster\r\n", pong[] = "+PONG\r\n";
    int fd = (int)(intptr_t)arg;
    char in[512];
    ssize_t n;
    while ((n = recv(fd, in, sizeof in - 1, 0)) > 0) {
        in[n] = '\0';
        asked++;
        const char *out = strstr(in, "ROLE") ? role : pong;
        if (!silent && send(fd, out, strlen(out), MSG_NOSIGNAL) < 0)
            break;
    }
    close(fd);
    return NULL;
}

static void *serve(void *arg)
{
    int fd;
    (void)arg;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, answer, (void *)(intptr_t)fd), 0);
        pthread_detach(thread);
    }
    return NULL;
}

static int begin(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    (void)state;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 64), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(at.sin_port));
    return pthread_create(&server, NULL, serve, NULL);
}

static int end(void **state)
{
    (void)state;
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    return 0;
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

static struct par_redis *open_redis(uint32_t connections)
{
    struct par_redis *r;
    const struct par_redis_config config = {
        .address = address, .timeout_ms = ANSWER_MS, .connections = connections};
    silent = false;
    assert_int_equal(par_redis_new(&config, PAR_FAMILY_ROUTE, &r), PAR_OK);
    assert_int_equal(par_redis_run(r, ping, NULL), PAR_OK);
    asked = 0;
    return r;
}

static bool is_silent(void)
{
    return par_stats_sampled(PAR_G_REDIS_SILENT, "route") == 1;
}

static uint64_t silences(void)
{
    return par_stats_get(PAR_C_REDIS_SILENCES, PAR_FAMILY_ROUTE, 0);
}

static void pause_ms(uint32_t ms)
{
    _Atomic uint32_t never = 0;
    par_pause(&never, ms);
}

static void wait_until_it_is_back(struct par_redis *r)
{
    enum par_err err = PAR_E_UNAVAILABLE;
    for (int i = 0; err && i < PATIENCE; i++, pause_ms(5))
        err = par_redis_run(r, ping, NULL);
    assert_int_equal(err, PAR_OK);
}

static void one_call_waits_and_the_others_fail_at_once(void **state)
{
    (void)state;
    struct par_redis *r = open_redis(4);
    uint64_t before = silences();
    uint64_t refused = par_stats_get(PAR_C_REDIS_REFUSED, PAR_FAMILY_ROUTE, 0);
    silent = true;
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(par_redis_run(r, ping, NULL), PAR_E_UNAVAILABLE);
    assert_true(asked < CALLS / 2);
    assert_true(par_stats_get(PAR_C_REDIS_REFUSED, PAR_FAMILY_ROUTE, 0) - refused >= CALLS / 2);
    assert_int_equal(silences() - before, 1);
    assert_true(is_silent());
    silent = false;
    wait_until_it_is_back(r);
    assert_false(is_silent());
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(par_redis_run(r, ping, NULL), PAR_OK);
    par_redis_free(&r);
}

static void call_once(void *arg)
{
    assert_int_equal(par_redis_run(arg, ping, NULL), PAR_E_UNAVAILABLE);
}

/* Not each of them in its turn, for the time of an answer. */
static void who_waits_for_a_connection_fails_too(void **state)
{
    struct par_thread *threads[THREADS];
    (void)state;
    struct par_redis *r = open_redis(1);
    silent = true;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(par_thread_start("call", call_once, r, &threads[i]), PAR_OK);
    for (int i = 0; i < THREADS; i++)
        par_thread_join(&threads[i]);
    assert_true(asked < THREADS);
    silent = false;
    wait_until_it_is_back(r);
    par_redis_free(&r);
}

/* A call that goes on until it is told to end. */
struct long_call {
    struct par_redis *redis;
    _Atomic bool begun;
    _Atomic uint32_t ended;
    enum par_err err;
};

static bool last(redisContext *connection, void *arg)
{
    struct long_call *l = arg;
    (void)connection;
    l->begun = true;
    while (!l->ended)
        par_pause(&l->ended, ANSWER_MS);
    return true;
}

static void make_long_call(void *arg)
{
    struct long_call *l = arg;
    l->err = par_redis_run(l->redis, last, l);
}

static struct par_thread *begin_long_call(struct long_call *l)
{
    struct par_thread *thread;
    assert_int_equal(par_thread_start("long", make_long_call, l, &thread), PAR_OK);
    while (!l->begun)
        pause_ms(1);
    return thread;
}

static void end_long_call(struct long_call *l, struct par_thread *thread)
{
    par_pause_end(&l->ended);
    par_thread_join(&thread);
    assert_int_equal(l->err, PAR_OK);
}

/* That all connections are in use is no silence of Redis. */
static void nobody_waits_for_a_connection_for_ever(void **state)
{
    (void)state;
    struct long_call l = {.redis = open_redis(1)};
    uint64_t before = silences();
    struct par_thread *thread = begin_long_call(&l);
    assert_int_equal(par_redis_run(l.redis, ping, NULL), PAR_E_UNAVAILABLE);
    end_long_call(&l, thread);
    assert_int_equal(par_redis_run(l.redis, ping, NULL), PAR_OK);
    assert_int_equal(silences(), before);
    par_redis_free(&l.redis);
}

/* What was answered on an earlier connection may have come from a server that is none any more. */
static void an_earlier_connection_is_no_news(void **state)
{
    (void)state;
    struct long_call l = {.redis = open_redis(2)};
    struct par_thread *thread = begin_long_call(&l);
    silent = true;
    assert_int_equal(par_redis_run(l.redis, ping, NULL), PAR_E_UNAVAILABLE);
    assert_true(is_silent());
    end_long_call(&l, thread);
    assert_true(is_silent());
    silent = false;
    wait_until_it_is_back(l.redis);
    par_redis_free(&l.redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_waits_and_the_others_fail_at_once),
        cmocka_unit_test(who_waits_for_a_connection_fails_too),
        cmocka_unit_test(nobody_waits_for_a_connection_for_ever),
        cmocka_unit_test(an_earlier_connection_is_no_news),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
