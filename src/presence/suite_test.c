/* The presence family's conformance suite, on every driver, compiled once more for the simulated
 * one (PAR_SUITE_SIM); and what the fail driver adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parley/presence.h"

#ifdef PAR_SUITE_SIM
#include "sim/engine/redis.h"
#include "sim/engine/test_host.h"
#endif

#include <stdatomic.h>
#include <time.h>

enum { LEASE_MS = 800 };

/* A remote driver tells on a thread of its own. */
struct heard {
    _Atomic unsigned on, off, wrong;
};

static void hear(void *arg, uint64_t user, bool online)
{
    struct heard *h = arg;
    if (user != 7)
        atomic_fetch_add(&h->wrong, 1);
    atomic_fetch_add(online ? &h->on : &h->off, 1);
}

static void wait_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
              NULL);
}

static bool reaches(_Atomic unsigned *count, unsigned n)
{
    for (int i = 0; i < 500 && atomic_load(count) < n; i++)
        wait_ms(10);
    return atomic_load(count) == n;
}

#ifdef PAR_SUITE_SIM
#define DRIVER "sim"
static struct sim_redis *world;

static int begin(void **state)
{
    (void)state;
    sim_test_begin(1, true);
    world = sim_redis_new(&(struct sim_redis_plan){0});
    return 0;
}

static int end(void **state)
{
    (void)state;
    sim_redis_free(&world);
    sim_test_end();
    return 0;
}
#else
static int begin(void **state)
{
    (void)state;
    return 0;
}

static int end(void **state)
{
    (void)state;
    return 0;
}
#endif

static struct par_presence *open_server(const char *driver, size_t max_users, uint64_t server)
{
    struct par_presence *p;
    const struct par_presence_config config = {.driver = driver,
                                               .max_users = max_users,
                                               .server = server,
                                               .boot = 1,
                                               .lease_ms = LEASE_MS};
    assert_int_equal(par_presence_open(&config, &p), PAR_OK);
    return p;
}

static struct par_presence *open_driver(const char *driver, size_t max_users)
{
    return open_server(driver, max_users, 1);
}

static void tells_each_transition_once(void **state)
{
    struct par_presence *p = open_driver(*state, 0);
    struct heard h = {0};
    par_presence_listen(p, hear, &h);
    par_presence_watch(p, 7, true);
    unsigned first = par_presence_remote(p) ? 1 : 0; /* how it is when the watch begins */
    assert_true(reaches(&h.off, first));
    assert_int_equal(par_presence_online(p, 7), PAR_OK);
    assert_int_equal(par_presence_online(p, 7), PAR_OK);
    assert_int_equal(par_presence_offline(p, 8), PAR_OK);
    assert_true(reaches(&h.on, 1));
    assert_int_equal(par_presence_offline(p, 7), PAR_OK);
    assert_int_equal(par_presence_offline(p, 7), PAR_OK);
    assert_true(reaches(&h.off, first + 1));
    wait_ms(par_presence_remote(p) ? LEASE_MS : 0);
    assert_true(h.on == 1 && h.off == first + 1 && h.wrong == 0);
    par_presence_watch(p, 7, false);
    par_presence_close(&p);
    assert_null(p);
}

static void is_on_line_while_any_server_says_so(void **state)
{
    struct par_presence *a = open_server(*state, 0, 1);
    struct heard h = {0};
    uint64_t user = 7;
    bool online;
    par_presence_listen(a, hear, &h);
    if (!par_presence_remote(a)) {
        assert_int_equal(par_presence_beat(a), PAR_OK);
        par_presence_close(&a);
        return;
    }
    struct par_presence *b = open_server(*state, 0, 2), *c = open_server(*state, 0, 3);
    par_presence_watch(a, 7, true);
    assert_true(reaches(&h.off, 1));
    assert_int_equal(par_presence_online(b, 7), PAR_OK);
    assert_int_equal(par_presence_online(c, 7), PAR_OK);
    assert_true(reaches(&h.on, 1));
    assert_int_equal(par_presence_offline(b, 7), PAR_OK);
    assert_int_equal(par_presence_get(a, &user, 1, &online), PAR_OK);
    assert_true(online);
    /* Renewed it stays, not renewed it ends, and that is told. */
    for (int i = 0; i < 4; i++) {
        wait_ms(LEASE_MS / 2);
        assert_int_equal(par_presence_beat(c), PAR_OK);
        assert_int_equal(par_presence_beat(a), PAR_OK);
    }
    assert_true(h.on == 1 && h.off == 1);
    wait_ms(LEASE_MS + LEASE_MS / 2);
    assert_true(reaches(&h.off, 2));
    assert_int_equal(par_presence_get(a, &user, 1, &online), PAR_OK);
    assert_false(online);
    par_presence_close(&a);
    par_presence_close(&b);
    par_presence_close(&c);
}

static void answers_for_many_users(void **state)
{
    struct par_presence *p = open_driver(*state, 0);
    enum { N = 5000 };
    static uint64_t users[N];
    static bool online[N];
    for (uint64_t i = 0; i < N; i++) {
        users[i] = i + 1;
        assert_int_equal(par_presence_online(p, i + 1), PAR_OK);
    }
    for (uint64_t i = 0; i < N; i += 3)
        assert_int_equal(par_presence_offline(p, i + 1), PAR_OK);
    assert_int_equal(par_presence_get(p, users, N, online), PAR_OK);
    for (uint64_t i = 0; i < N; i++)
        assert_int_equal(online[i], i % 3 != 0);
    struct par_presence_stats stats;
    par_presence_stats(p, &stats);
    assert_int_equal(stats.users, N - (N + 2) / 3);
    par_presence_close(&p);
}

static void is_bounded(void **state)
{
    struct par_presence *p = open_driver(*state, 64);
    enum par_err err = PAR_OK;
    size_t n = 0;
    while (err == PAR_OK && n < 1000)
        err = par_presence_online(p, ++n);
    assert_int_equal(err, PAR_E_OVERLOADED);
    par_presence_close(&p);
}

static void fails_when_told(void **state)
{
    (void)state;
    struct par_presence *p = open_driver("fail", 0);
    uint64_t user = 5;
    bool online = true;
    par_presence_fail(p, PAR_E_UNAVAILABLE, 2);
    assert_int_equal(par_presence_online(p, user), PAR_E_UNAVAILABLE);
    assert_int_equal(par_presence_get(p, &user, 1, &online), PAR_E_UNAVAILABLE);
    assert_false(online);
    assert_int_equal(par_presence_online(p, user), PAR_OK);
    assert_int_equal(par_presence_get(p, &user, 1, &online), PAR_OK);
    assert_true(online);
    struct par_presence_stats stats;
    par_presence_stats(p, &stats);
    assert_int_equal(stats.failures, 2);
    par_presence_close(&p);
}

static void refuses_an_unknown_driver(void **state)
{
    (void)state;
    struct par_presence *p;
    assert_int_equal(par_presence_open(&(struct par_presence_config){"carrier-pigeon", 0}, &p),
                     PAR_E_BAD_REQUEST);
    assert_null(p);
}

int main(void)
{
#define T(test, driver)                                                                            \
    {                                                                                              \
#test, test, begin, end, (void *)(uintptr_t)driver                                         \
    }
    const struct CMUnitTest tests[] = {
#ifdef PAR_SUITE_SIM
        T(tells_each_transition_once, DRIVER), T(is_on_line_while_any_server_says_so, DRIVER),
        T(answers_for_many_users, DRIVER),     T(is_bounded, DRIVER),
#else
        T(tells_each_transition_once, "local"),
        T(tells_each_transition_once, "fail"),
        T(is_on_line_while_any_server_says_so, "local"),
        T(answers_for_many_users, "local"),
        T(answers_for_many_users, "fail"),
        T(is_bounded, "local"),
        T(is_bounded, "fail"),
#endif
        cmocka_unit_test(fails_when_told),     cmocka_unit_test(refuses_an_unknown_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
