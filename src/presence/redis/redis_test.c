/* Presence in a real Redis: two servers, what one says the other hears, and what is lost is seen
 * later. */
#include "base/stats.h"
#include "loop/env.h"
#include "parley/presence.h"

#include "redis/test_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- a server whose leases are longer than a test, and Redis as the test itself sees it ---- */

enum { THREE = 3, LEASE_MS = 600000, CROWD = 3000, OTHERS = 20000, ROUNDS = 20 };

struct patient {
    struct par_presence *presence;
    struct par_redis *redis;
    redisContext *connection;
    _Atomic bool ends;
    atomic_int beats;
};

static void patient_open(struct patient *p)
{
    const struct par_presence_config config = {
        .driver = "redis", .server = THREE, .boot = 10, .lease_ms = LEASE_MS, .redis = redis};
    *p = (struct patient){0};
    assert_int_equal(par_presence_open(&config, &p->presence), PAR_OK);
    assert_int_equal(par_redis_new(redis, PAR_FAMILY_PRESENCE, &p->redis), PAR_OK);
    p->connection = par_redis_connect(p->redis);
    assert_non_null(p->connection);
}

static void patient_close(struct patient *p)
{
    par_presence_close(&p->presence);
    redisFree(p->connection);
    par_redis_free(&p->redis);
}

static long long scripts_run(const struct patient *p)
{
    const struct par_str words[] = {PAR_STR("INFO"), PAR_STR("commandstats")};
    redisReply *reply = par_redis_command(p->connection, 2, words);
    assert_non_null(reply);
    const char *at = strstr(reply->str, "cmdstat_eval:calls=");
    long long n = at ? atoll(at + strlen("cmdstat_eval:calls=")) : 0;
    freeReplyObject(reply);
    return n;
}

static bool is_said(const struct patient *p, uint64_t user)
{
    char key[40];
    struct par_redis_number u = par_redis_number(user), s = par_redis_number(THREE);
    snprintf(key, sizeof key, "parley:p:%s", u.text);
    const struct par_str words[] = {PAR_STR("HEXISTS"), par_str(key), par_redis_number_str(&s)};
    redisReply *reply = par_redis_command(p->connection, 3, words);
    assert_non_null(reply);
    bool said = reply->integer == 1;
    freeReplyObject(reply);
    return said;
}

static void wait_said(const struct patient *p, uint64_t user, bool said)
{
    for (int i = 0; i < 4000 && is_said(p, user) != said; i++)
        usleep(2000);
    assert_int_equal(is_said(p, user), said);
}

static void a_change_costs_one_call(void **state)
{
    (void)state;
    struct patient p;
    patient_open(&p);
    long long before = scripts_run(&p);
    assert_int_equal(par_presence_online(p.presence, 1), PAR_OK);
    wait_said(&p, 1, true);
    assert_int_equal(scripts_run(&p) - before, 1);
    assert_int_equal(par_presence_offline(p.presence, 1), PAR_OK);
    wait_said(&p, 1, false);
    assert_int_equal(scripts_run(&p) - before, 2);
    patient_close(&p);
}

/* Of them a part had its call and some wait; all is said when Redis goes on, many in one call. */
static void what_was_said_to_nobody_is_said_later(void **state)
{
    (void)state;
    struct patient p;
    patient_open(&p);
    assert_int_equal(par_presence_online(p.presence, 1), PAR_OK);
    wait_said(&p, 1, true);
    long long before = scripts_run(&p);
    uint64_t silences = par_stats_get(PAR_C_REDIS_SILENCES, PAR_FAMILY_PRESENCE, 0);
    par_test_redis_pause(true);
    assert_int_equal(par_presence_online(p.presence, 2), PAR_OK);
    /* All three servers notice. */
    for (int i = 0;
         i < 2000 && par_stats_get(PAR_C_REDIS_SILENCES, PAR_FAMILY_PRESENCE, 0) < silences + THREE;
         i++)
        usleep(10000);
    assert_int_equal(par_presence_offline(p.presence, 1), PAR_OK);
    for (uint64_t user = OTHERS; user < OTHERS + 500; user++)
        assert_int_equal(par_presence_online(p.presence, user), PAR_OK);
    /* Now is the time of those that are refused at once. */
    usleep(500000);
    par_test_redis_pause(false);
    wait_said(&p, 1, false);
    wait_said(&p, 2, true);
    wait_said(&p, OTHERS + 499, true);
    assert_true(scripts_run(&p) - before < 100);
    patient_close(&p);
}

static void beat_on(void *arg)
{
    struct patient *p = arg;
    while (!p->ends) {
        assert_int_equal(par_presence_beat(p->presence), PAR_OK);
        p->beats++;
    }
}

/* A beat that took its list before is under way while somebody leaves. */
static void a_beat_says_nothing_that_is_over(void **state)
{
    (void)state;
    struct patient p;
    struct par_thread *beater;
    patient_open(&p);
    for (uint64_t user = OTHERS; user < OTHERS + CROWD; user++)
        assert_int_equal(par_presence_online(p.presence, user), PAR_OK);
    wait_said(&p, OTHERS + CROWD - 1, true);
    assert_int_equal(par_thread_start("beat", beat_on, &p, &beater), PAR_OK);
    for (uint64_t user = 1; user <= ROUNDS; user++) {
        assert_int_equal(par_presence_online(p.presence, user), PAR_OK);
        wait_said(&p, user, true);
        int seen = p.beats;
        while (p.beats == seen)
            usleep(500);
        assert_int_equal(par_presence_offline(p.presence, user), PAR_OK);
        wait_said(&p, user, false);
        for (seen = p.beats; p.beats < seen + 2; usleep(500))
            ;
        assert_false(is_said(&p, user));
    }
    p.ends = true;
    par_thread_join(&beater);
    patient_close(&p);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(one_server_says_and_the_other_hears),
        T(a_server_that_is_silent_goes_off_with_its_lease),
        T(a_redis_that_lost_everything_is_filled_again),
        T(what_waits_for_redis_is_bounded_and_counted),
        T(a_change_costs_one_call),
        T(what_was_said_to_nobody_is_said_later),
        T(a_beat_says_nothing_that_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
