/* Presence in a real Redis: two servers, what one says the other hears, and what is lost is seen
 * later. */
#include "loop/env.h"
#include "parley/presence.h"

#include "redis/test_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <unistd.h>

static const struct par_redis_config *redis;
static struct par_presence *one, *two;
static atomic_int told[16]; /* of two: what was told last of a user; -1: nothing */

static void changed(void *arg, uint64_t user, bool online)
{
    (void)arg;
    told[user] = online;
}

static int begin(void **state)
{
    (void)state;
    redis = par_test_redis_start();
    struct par_presence_config config = {
        .driver = "redis", .server = 1, .boot = 10, .lease_ms = 2000, .redis = redis};
    assert_int_equal(par_presence_open(&config, &one), PAR_OK);
    config.server = 2;
    assert_int_equal(par_presence_open(&config, &two), PAR_OK);
    par_presence_listen(two, changed, NULL);
    for (int i = 0; i < 16; i++)
        told[i] = -1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    par_presence_close(&one);
    par_presence_close(&two);
    par_test_redis_kill();
    return 0;
}

/* Waits, within reason, until `two` was told. */
static void wait_told(uint64_t user, int what)
{
    for (int i = 0; i < 400 && told[user] != what; i++)
        usleep(20000);
    assert_int_equal(told[user], what);
}

static bool is_online(uint64_t user)
{
    bool online;
    assert_int_equal(par_presence_get(two, &user, 1, &online), PAR_OK);
    return online;
}

static void wait_online(uint64_t user, bool online)
{
    for (int i = 0; i < 400 && is_online(user) != online; i++)
        usleep(20000);
    assert_int_equal(is_online(user), online);
}

static void one_server_says_and_the_other_hears(void **state)
{
    (void)state;
    par_presence_watch(two, 1, true);
    wait_told(1, 0);
    assert_int_equal(par_presence_online(one, 1), PAR_OK);
    wait_told(1, 1);
    assert_true(is_online(1));
    /* On line on two servers: one of them says nothing of it. */
    assert_int_equal(par_presence_online(two, 1), PAR_OK);
    assert_int_equal(par_presence_offline(one, 1), PAR_OK);
    usleep(200000);
    assert_int_equal(told[1], 1);
    assert_int_equal(par_presence_offline(two, 1), PAR_OK);
    wait_told(1, 0);
    par_presence_watch(two, 1, false);
    usleep(200000);
    assert_int_equal(par_presence_online(one, 1), PAR_OK);
    wait_online(1, true);
    usleep(700000);
    assert_int_equal(told[1], 0);
}

static void a_server_that_is_silent_goes_off_with_its_lease(void **state)
{
    (void)state;
    assert_int_equal(par_presence_online(one, 2), PAR_OK);
    par_presence_watch(two, 2, true);
    wait_told(2, 1);
    for (int i = 0; i < 6; i++) {
        usleep(500000);
        assert_int_equal(par_presence_beat(one), PAR_OK);
        assert_int_equal(par_presence_beat(two), PAR_OK);
    }
    assert_int_equal(told[2], 1);
    /* Nobody publishes the end of a lease: the look finds it. */
    wait_told(2, 0);
}

static void a_redis_that_lost_everything_is_filled_again(void **state)
{
    (void)state;
    assert_int_equal(par_presence_online(one, 3), PAR_OK);
    par_presence_watch(two, 3, true);
    wait_told(3, 1);
    par_test_redis_kill();
    uint64_t user = 3;
    bool online;
    assert_int_equal(par_presence_get(two, &user, 1, &online), PAR_E_UNAVAILABLE);
    assert_int_equal(par_presence_beat(one), PAR_E_UNAVAILABLE);
    assert_non_null(par_test_redis_start());
    assert_int_equal(par_presence_beat(one), PAR_OK);
    assert_int_equal(par_presence_beat(two), PAR_OK);
    wait_online(3, true);
    assert_int_equal(par_presence_offline(one, 3), PAR_OK);
    wait_told(3, 0);
}

/* A Redis that stands still: what is said waits in a list with an end, and then is counted. */
static void what_waits_for_redis_is_bounded_and_counted(void **state)
{
    (void)state;
    struct par_presence_stats stats;
    par_test_redis_pause(true);
    for (uint64_t user = 10; user < 200000; user++)
        (void)par_presence_offline(one, user);
    par_presence_stats(one, &stats);
    assert_in_range(stats.waiting, 1, stats.max_waiting);
    assert_true(stats.refused > 0);
    par_test_redis_pause(false);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(one_server_says_and_the_other_hears),
        T(a_server_that_is_silent_goes_off_with_its_lease),
        T(a_redis_that_lost_everything_is_filled_again),
        T(what_waits_for_redis_is_bounded_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
