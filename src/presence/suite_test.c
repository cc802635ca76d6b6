/* The presence family's conformance suite, on every driver; and what the fail driver adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parley/presence.h"

struct heard {
    uint64_t user[64];
    bool online[64];
    size_t n;
};

static void hear(void *arg, uint64_t user, bool online)
{
    struct heard *h = arg;
    assert_true(h->n < 64);
    h->user[h->n] = user;
    h->online[h->n++] = online;
}

static struct par_presence *open_driver(const char *driver, size_t max_users)
{
    struct par_presence *p;
    assert_int_equal(par_presence_open(&(struct par_presence_config){driver, max_users}, &p),
                     PAR_OK);
    return p;
}

static void tells_each_transition_once(void **state)
{
    struct par_presence *p = open_driver(*state, 0);
    struct heard h = {0};
    par_presence_listen(p, hear, &h);
    assert_int_equal(par_presence_online(p, 7), PAR_OK);
    assert_int_equal(par_presence_online(p, 7), PAR_OK);
    assert_int_equal(par_presence_offline(p, 8), PAR_OK);
    assert_int_equal(par_presence_offline(p, 7), PAR_OK);
    assert_int_equal(par_presence_offline(p, 7), PAR_OK);
    assert_int_equal(h.n, 2);
    assert_true(h.user[0] == 7 && h.online[0]);
    assert_true(h.user[1] == 7 && !h.online[1]);
    par_presence_close(&p);
    assert_null(p);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(tells_each_transition_once, "local"),
        cmocka_unit_test_prestate(tells_each_transition_once, "fail"),
        cmocka_unit_test_prestate(answers_for_many_users, "local"),
        cmocka_unit_test_prestate(answers_for_many_users, "fail"),
        cmocka_unit_test_prestate(is_bounded, "local"),
        cmocka_unit_test_prestate(is_bounded, "fail"),
        cmocka_unit_test(fails_when_told),
        cmocka_unit_test(refuses_an_unknown_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
