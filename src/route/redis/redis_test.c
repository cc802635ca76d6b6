/* Routes in a real Redis: leases, beats, the ring, who is cleared, and a Redis that loses it all.
 */
#include "base/stats.h"
#include "parley/route.h"

#include "redis/test_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static const struct par_redis_config *redis;
static struct par_route *r;

static int begin(void **state)
{
    (void)state;
    redis = par_test_redis_start();
    const struct par_route_config config = {
        .driver = "redis", .lease_ms = 400, .dead_ms = 200, .redis = redis};
    assert_int_equal(par_route_open(&config, &r), PAR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    par_route_close(&r);
    par_test_redis_kill();
    return 0;
}

static size_t servers_of(uint64_t user)
{
    struct par_route_hits hits = {0};
    assert_int_equal(par_route_lookup(r, &user, 1, &hits), PAR_OK);
    size_t n = hits.count;
    par_route_hits_fini(&hits);
    return n;
}

static bool beat(uint64_t server, uint64_t boot)
{
    bool lost;
    assert_int_equal(par_route_beat(r, server, boot, &lost), PAR_OK);
    return lost;
}

static void pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static void a_lease_ends_unless_it_is_renewed(void **state)
{
    (void)state;
    assert_int_equal(par_route_register(r, 1, 7, 100), PAR_OK);
    assert_false(beat(7, 100));
    for (int i = 0; i < 6; i++) {
        pause_ms(100);
        assert_false(beat(7, 100));
        assert_int_equal(servers_of(1), 1);
    }
    pause_ms(500);
    assert_int_equal(servers_of(1), 0);
    /* The next beat puts it back, and says that it was gone. */
    assert_true(beat(7, 100));
    assert_int_equal(servers_of(1), 1);
}

static void a_dead_server_is_found_and_cleared(void **state)
{
    (void)state;
    uint64_t server, boot, *users;
    size_t n;
    assert_int_equal(par_route_register(r, 1, 7, 100), PAR_OK);
    assert_int_equal(par_route_register(r, 2, 7, 100), PAR_OK);
    assert_int_equal(par_route_register(r, 2, 8, 50), PAR_OK);
    (void)beat(7, 100);
    assert_int_equal(par_route_dead(r, 8, &server, &boot), PAR_OK);
    assert_int_equal(server, 0);
    pause_ms(300);
    (void)beat(8, 50);
    assert_int_equal(par_route_dead(r, 8, &server, &boot), PAR_OK);
    assert_int_equal(server, 7);
    assert_int_equal(boot, 100);
    /* The ring has an end: behind the last comes the first. */
    assert_int_equal(par_route_dead(r, 7, &server, &boot), PAR_OK);
    assert_int_equal(server, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(par_route_clear(r, 7, 100, &users, &n), PAR_OK);
        assert_int_equal(n, 2);
        assert_int_equal(users[0] + users[1], 3);
        free(users);
    }
    assert_int_equal(servers_of(1), 0);
    assert_int_equal(servers_of(2), 1);
    assert_int_equal(par_route_bye(r, 7, 100), PAR_OK);
    assert_int_equal(par_route_dead(r, 8, &server, &boot), PAR_OK);
    assert_int_equal(server, 0);
    assert_int_equal(par_route_clear(r, 7, 100, &users, &n), PAR_OK);
    assert_int_equal(n, 0);
    free(users);
}

static void a_newer_life_is_neither_cleared_nor_put_back(void **state)
{
    (void)state;
    uint64_t boot, *users;
    size_t n;
    assert_int_equal(par_route_register(r, 1, 7, 100), PAR_OK);
    assert_int_equal(par_route_register(r, 1, 7, 200), PAR_OK);
    (void)beat(7, 200);
    assert_int_equal(par_route_clear(r, 7, 100, &users, &n), PAR_OK);
    assert_int_equal(n, 0);
    free(users);
    assert_int_equal(servers_of(1), 1);
    (void)beat(7, 100);
    assert_int_equal(par_route_boot(r, 7, &boot), PAR_OK);
    assert_int_equal(boot, 200);
    assert_int_equal(par_route_bye(r, 7, 100), PAR_OK);
    assert_int_equal(par_route_boot(r, 7, &boot), PAR_OK);
    assert_int_equal(boot, 200);
    assert_int_equal(par_route_boot(r, 99, &boot), PAR_OK);
    assert_int_equal(boot, 0);
}

static void what_redis_lost_is_registered_again(void **state)
{
    (void)state;
    for (uint64_t user = 1; user <= 600; user++)
        assert_int_equal(par_route_register(r, user, 7, 100), PAR_OK);
    assert_false(beat(7, 100));
    par_test_redis_kill();
    struct par_route_hits hits = {0};
    uint64_t user = 600;
    bool lost;
    assert_int_equal(par_route_lookup(r, &user, 1, &hits), PAR_E_UNAVAILABLE);
    assert_int_equal(par_route_beat(r, 7, 100, &lost), PAR_E_UNAVAILABLE);
    par_route_hits_fini(&hits);
    assert_non_null(par_test_redis_start());
    assert_int_equal(servers_of(600), 0);
    assert_true(beat(7, 100));
    assert_int_equal(servers_of(600), 1);
    assert_int_equal(servers_of(1), 1);
    assert_false(beat(7, 100));
}

static enum par_err look_up(struct par_route *route, uint64_t user, size_t *count_r)
{
    struct par_route_hits hits = {0};
    enum par_err err = par_route_lookup(route, &user, 1, &hits);
    *count_r = hits.count;
    par_route_hits_fini(&hits);
    return err;
}

/* Nothing is known while it lasts, and nobody is told that a route is there; then all is as before.
 */
static void a_redis_that_stands_still_costs_one_call(void **state)
{
    struct par_redis_config hasty = *redis;
    hasty.timeout_ms = 1000;
    const struct par_route_config config = {.driver = "redis", .redis = &hasty};
    struct par_route *route;
    enum par_err err = PAR_E_UNAVAILABLE;
    size_t n;
    (void)state;
    assert_int_equal(par_route_open(&config, &route), PAR_OK);
    assert_int_equal(par_route_register(route, 1, 7, 100), PAR_OK);
    uint64_t before = par_stats_get(PAR_C_REDIS_SILENCES, PAR_FAMILY_ROUTE, 0);
    par_test_redis_pause(true);
    for (uint64_t user = 2; user < 52; user++) {
        assert_int_equal(par_route_register(route, user, 7, 100), PAR_E_UNAVAILABLE);
        assert_int_equal(look_up(route, 1, &n), PAR_E_UNAVAILABLE);
        assert_int_equal(n, 0);
    }
    assert_int_equal(par_stats_get(PAR_C_REDIS_SILENCES, PAR_FAMILY_ROUTE, 0) - before, 1);
    par_test_redis_pause(false);
    for (int i = 0; err && i < 1000; i++, pause_ms(10))
        err = par_route_register(route, 60, 7, 100);
    assert_int_equal(err, PAR_OK);
    assert_int_equal(look_up(route, 60, &n), PAR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(look_up(route, 1, &n), PAR_OK);
    assert_int_equal(n, 1);
    par_route_close(&route);
}

/* Routes are renewed in turns; but all at once by the first beat after connections were given up,
 * since another primary may not have what was written last. */
static void a_route_that_vanished_is_found(void **state)
{
    enum { USERS = 100, VANISHES = 50, TURNS = 12 };
    struct par_redis_config hasty = *redis;
    hasty.timeout_ms = 300;
    const struct par_route_config config = {
        .driver = "redis", .lease_ms = 60000, .dead_ms = 200, .redis = &hasty};
    struct par_route *route;
    bool lost = false;
    int beats = 0;
    size_t n;
    (void)state;
    assert_int_equal(par_route_open(&config, &route), PAR_OK);
    for (uint64_t user = 1; user <= USERS; user++)
        assert_int_equal(par_route_register(route, user, 7, 100), PAR_OK);
    for (int i = 0; i < 2 * TURNS; i++) {
        assert_int_equal(par_route_beat(route, 7, 100, &lost), PAR_OK);
        assert_false(lost);
    }
    /* Of the other driver, which takes nothing of this one into account. */
    assert_int_equal(par_route_unregister(r, VANISHES, 7, 100), PAR_OK);
    for (; !lost && beats < 2 * TURNS; beats++)
        assert_int_equal(par_route_beat(route, 7, 100, &lost), PAR_OK);
    assert_in_range(beats, 1, TURNS);
    assert_int_equal(servers_of(VANISHES), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(par_route_unregister(r, VANISHES, 7, 100), PAR_OK);
        par_test_redis_pause(true);
        assert_int_equal(look_up(route, 1, &n), PAR_E_UNAVAILABLE);
        par_test_redis_pause(false);
        enum par_err err = PAR_E_UNAVAILABLE;
        for (int tries = 0; err && tries < 1000; tries++, pause_ms(10))
            err = par_route_beat(route, 7, 100, &lost);
        assert_int_equal(err, PAR_OK);
        assert_true(lost);
        assert_int_equal(servers_of(VANISHES), 1);
    }
    par_route_close(&route);
}

struct crowd {
    struct par_route *route;
    _Atomic bool done;
    enum par_err err;
};

enum { CROWD_FROM = 5000, CROWD = 256 };

/* All come, all go, and every second one is back. */
static void *come_and_go(void *arg)
{
    struct crowd *crowd = arg;
    for (uint64_t i = 0; i < CROWD && !crowd->err; i++)
        crowd->err = par_route_register(crowd->route, CROWD_FROM + i, 7, 100);
    for (uint64_t i = 0; i < CROWD && !crowd->err; i++)
        crowd->err = par_route_unregister(crowd->route, CROWD_FROM + i, 7, 100);
    for (uint64_t i = 0; i < CROWD && !crowd->err; i += 2)
        crowd->err = par_route_register(crowd->route, CROWD_FROM + i, 7, 100);
    atomic_store(&crowd->done, true);
    return NULL;
}

/* Nothing was lost, though it is not there when a beat looks; and who has left stays away, though
 * it was there when the beat began. */
static void who_comes_or_goes_during_a_beat_is_no_loss(void **state)
{
    (void)state;
    enum { STAY = 1000, ROUNDS = 20 };
    const struct par_route_config config = {.driver = "redis", .lease_ms = 60000, .redis = redis};
    struct crowd crowd = {0};
    bool lost;
    assert_int_equal(par_route_open(&config, &crowd.route), PAR_OK);
    for (uint64_t user = 1; user <= STAY; user++)
        assert_int_equal(par_route_register(crowd.route, user, 7, 100), PAR_OK);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t thread;
        atomic_store(&crowd.done, false);
        pthread_create(&thread, NULL, come_and_go, &crowd);
        while (!atomic_load(&crowd.done)) {
            assert_int_equal(par_route_beat(crowd.route, 7, 100, &lost), PAR_OK);
            assert_false(lost);
        }
        pthread_join(thread, NULL);
        assert_int_equal(crowd.err, PAR_OK);
        for (uint64_t i = 0; i < CROWD; i++)
            assert_int_equal(servers_of(CROWD_FROM + i), i % 2 == 0);
    }
    par_route_close(&crowd.route);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_lease_ends_unless_it_is_renewed),
        T(a_dead_server_is_found_and_cleared),
        T(a_newer_life_is_neither_cleared_nor_put_back),
        T(what_redis_lost_is_registered_again),
        T(a_redis_that_stands_still_costs_one_call),
        T(a_route_that_vanished_is_found),
        T(who_comes_or_goes_during_a_beat_is_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
