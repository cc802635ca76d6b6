/* The conformance suite of the route family, on every driver; compiled once more for the simulated
 * one (PAR_SUITE_SIM). */
#include "parley/route.h"

#include "loop/env.h"

#ifdef PAR_SUITE_SIM
#include "sim/engine/redis.h"
#include "sim/engine/test_host.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *driver;
static struct par_route *r;

#ifdef PAR_SUITE_SIM
static const char *const drivers[] = {"sim"};
static struct sim_redis *world;

static void begin(void)
{
    sim_test_begin(1, true);
    world = sim_redis_new(&(struct sim_redis_plan){0});
}

static void end(void)
{
    sim_redis_free(&world);
    sim_test_end();
}
#else
static const char *const drivers[] = {"local", "fail"};
static void begin(void) {}
static void end(void) {}
#endif

enum { LEASE_MS = 600, DEAD_MS = 200 };

static int open_route(void **state)
{
    const struct par_route_config config = {
        .driver = driver, .max_routes = 100000, .lease_ms = 60000, .dead_ms = DEAD_MS};
    (void)state;
    begin();
    assert_int_equal(par_route_open(&config, &r), PAR_OK);
    return 0;
}

static int close_route(void **state)
{
    (void)state;
    par_route_close(&r);
    assert_null(r);
    end();
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

static void a_route_is_a_set(void **state)
{
    (void)state;
    assert_int_equal(servers_of(5), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(par_route_register(r, 5, 1, 10), PAR_OK);
    assert_int_equal(servers_of(5), 1);
    assert_int_equal(par_route_register(r, 5, 2, 10), PAR_OK);
    assert_int_equal(servers_of(5), 2);
    assert_int_equal(par_route_unregister(r, 5, 1, 10), PAR_OK);
    assert_int_equal(servers_of(5), 1);
    assert_int_equal(par_route_unregister(r, 5, 1, 10), PAR_OK);
    assert_int_equal(par_route_unregister(r, 6, 1, 10), PAR_OK);
    assert_int_equal(servers_of(5), 1);
}

static void only_the_same_life_removes(void **state)
{
    (void)state;
    struct par_route_hits hits = {0};
    uint64_t user = 5;
    assert_int_equal(par_route_register(r, 5, 1, 10), PAR_OK);
    assert_int_equal(par_route_register(r, 5, 1, 11), PAR_OK);
    assert_int_equal(par_route_register(r, 5, 1, 9), PAR_OK);
    assert_int_equal(par_route_unregister(r, 5, 1, 10), PAR_OK);
    assert_int_equal(par_route_lookup(r, &user, 1, &hits), PAR_OK);
    assert_true(hits.count == 1 && hits.hit[0].server == 1 && hits.hit[0].boot == 11);
    assert_int_equal(par_route_unregister(r, 5, 1, 11), PAR_OK);
    assert_int_equal(servers_of(5), 0);
    par_route_hits_fini(&hits);
}

static void many_at_once_in_order(void **state)
{
    (void)state;
    struct par_route_hits hits = {0};
    const uint64_t users[] = {9, 5, 7, 5};
    assert_int_equal(par_route_register(r, 5, 1, 1), PAR_OK);
    assert_int_equal(par_route_register(r, 5, 2, 1), PAR_OK);
    assert_int_equal(par_route_register(r, 7, 2, 1), PAR_OK);
    assert_int_equal(par_route_lookup(r, users, 4, &hits), PAR_OK);
    assert_int_equal(hits.count, 5);
    const uint32_t order[] = {1, 1, 2, 3, 3};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(hits.hit[i].index, order[i]);
    assert_int_equal(par_route_lookup(r, NULL, 0, &hits), PAR_OK);
    assert_int_equal(hits.count, 0);
    par_route_hits_fini(&hits);
}

/* Against a table that is looked through from its start. */
static void random_calls(void **state)
{
    (void)state;
    enum { USERS = 400, SERVERS = 3 };
    static uint8_t model[USERS][SERVERS];
    memset(model, 0, sizeof model);
    uint64_t seed = 12345;
    size_t routes = 0;
    for (int i = 0; i < 60000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t user = (size_t)(seed >> 33) % USERS, server = (size_t)(seed >> 50) % SERVERS;
        /* Long runs of growth and of shrinking. */
        bool add = (seed >> 60) % 8 < ((i / 5000) % 2 ? 1 : 6);
        uint64_t id = ((uint64_t)user << 40) + 1;
        if (add)
            assert_int_equal(par_route_register(r, id, server + 1, 1), PAR_OK);
        else
            assert_int_equal(par_route_unregister(r, id, server + 1, 1), PAR_OK);
        routes += (size_t)add - model[user][server];
        model[user][server] = add;
        if (i % 100 == 0) {
            size_t want = 0;
            for (size_t s = 0; s < SERVERS; s++)
                want += model[user][s];
            assert_int_equal(servers_of(id), want);
        }
    }
    struct par_route_stats stats;
    par_route_stats(r, &stats);
    assert_int_equal(stats.routes, routes);
    for (size_t user = 0; user < USERS; user++)
        for (size_t s = 0; s < SERVERS; s++)
            assert_int_equal(par_route_unregister(r, ((uint64_t)user << 40) + 1, s + 1, 1), PAR_OK);
    par_route_stats(r, &stats);
    assert_int_equal(stats.routes, 0);
}

static void bounded(void **state)
{
    (void)state;
    struct par_route *small;
    struct par_route_stats stats;
    assert_int_equal(
        par_route_open(&(struct par_route_config){.driver = driver, .max_routes = 3}, &small),
        PAR_OK);
    for (uint64_t user = 1; user <= 3; user++)
        assert_int_equal(par_route_register(small, user, 1, 1), PAR_OK);
    assert_int_equal(par_route_register(small, 4, 1, 1), PAR_E_OVERLOADED);
    assert_int_equal(par_route_register(small, 3, 1, 1), PAR_OK);
    assert_int_equal(par_route_unregister(small, 1, 1, 1), PAR_OK);
    assert_int_equal(par_route_register(small, 4, 1, 1), PAR_OK);
    par_route_stats(small, &stats);
    assert_true(stats.routes == 3 && stats.max_routes == 3 && stats.bytes > 0 &&
                stats.failures == 1);
    par_route_close(&small);
}

static void register_many(void *arg)
{
    uint64_t base = (uint64_t)(uintptr_t)arg;
    for (uint64_t i = 0; i < 2000; i++) {
        if (par_route_register(r, base + i, 1, 1) != PAR_OK)
            abort();
        if (i % 2)
            (void)par_route_unregister(r, base + i, 1, 1);
    }
}

static void from_several_threads(void **state)
{
    (void)state;
    struct par_thread *threads[3];
    struct par_route_stats stats;
    for (uintptr_t i = 0; i < 3; i++)
        assert_int_equal(
            par_thread_start("route", register_many, (void *)(i * 10000 + 1), &threads[i]), PAR_OK);
    for (uint64_t user = 1; user < 1000; user++)
        (void)servers_of(user);
    for (size_t i = 0; i < 3; i++)
        par_thread_join(&threads[i]);
    par_route_stats(r, &stats);
    assert_int_equal(stats.routes, 3000);
}

/* ---- the table of many servers ---- */

/* Less than a second. */
static void wait_ms(uint32_t ms)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

static void beat(uint64_t server, uint64_t boot, bool is_lost)
{
    bool lost;
    assert_int_equal(par_route_beat(r, server, boot, &lost), PAR_OK);
    assert_int_equal(lost, is_lost && par_route_remote(r));
}

static uint64_t dead_behind(uint64_t server)
{
    uint64_t dead, boot;
    assert_int_equal(par_route_dead(r, server, &dead, &boot), PAR_OK);
    assert_int_equal(boot, dead ? 10 + dead : 0);
    return dead;
}

static size_t clear(uint64_t server, uint64_t boot)
{
    uint64_t *users;
    size_t count;
    assert_int_equal(par_route_clear(r, server, boot, &users, &count), PAR_OK);
    for (size_t i = 0; i < count; i++)
        assert_true(users[i] >= 1 && users[i] <= 3);
    free(users);
    return count;
}

static enum par_err forget(uint64_t user, uint64_t server, uint64_t boot)
{
    return par_route_forget(r, &user, 1, server, boot);
}

static void a_local_table_needs_no_beats(void **state)
{
    (void)state;
    if (par_route_remote(r))
        return;
    uint64_t boot;
    beat(1, 10, false);
    assert_int_equal(dead_behind(1), 0);
    assert_int_equal(clear(1, 10), 0);
    assert_int_equal(par_route_boot(r, 1, &boot), PAR_OK);
    assert_int_equal(boot, 0);
    assert_int_equal(par_route_bye(r, 1, 10), PAR_OK);
}

static void who_does_not_beat_is_stood_in_for(void **state)
{
    (void)state;
    uint64_t boot;
    if (!par_route_remote(r))
        return;
    for (uint64_t server = 1; server <= 3; server++)
        beat(server, 10 + server, false);
    for (uint64_t user = 1; user <= 3; user++)
        assert_int_equal(par_route_register(r, user, 3, 13), PAR_OK);
    assert_int_equal(par_route_unregister(r, 3, 3, 13), PAR_OK);
    assert_int_equal(forget(3, 3, 13), PAR_OK);
    assert_int_equal(par_route_register(r, 2, 1, 11), PAR_OK);
    assert_int_equal(dead_behind(2), 0);
    wait_ms(DEAD_MS + 50);
    beat(1, 11, false);
    beat(2, 12, false);
    assert_int_equal(dead_behind(1), 0);
    assert_int_equal(par_route_boot(r, 3, &boot), PAR_OK);
    assert_int_equal(boot, 13);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dead_behind(2), 3);
        assert_int_equal(clear(3, 12), 0);
        assert_int_equal(clear(3, 13), 2);
    }
    assert_true(servers_of(1) == 0 && servers_of(2) == 1);
    assert_int_equal(par_route_bye(r, 3, 12), PAR_OK);
    assert_int_equal(dead_behind(2), 3);
    assert_int_equal(par_route_bye(r, 3, 13), PAR_OK);
    assert_int_equal(dead_behind(2), 0);
    assert_int_equal(clear(3, 13), 0);
    assert_int_equal(par_route_boot(r, 3, &boot), PAR_OK);
    assert_int_equal(boot, 0);
}

static unsigned others_serving(struct par_route *table, uint64_t server, bool serves)
{
    unsigned others;
    assert_int_equal(par_route_serve(table, server, serves, &others), PAR_OK);
    return others;
}

static void who_serves_is_known_to_the_others(void **state)
{
    struct par_route_config config = {.driver = driver, .dead_ms = 60000};
    struct par_route *patient;
    (void)state;
    if (!par_route_remote(r)) {
        assert_int_equal(others_serving(r, 1, true), 0);
        return;
    }
    assert_int_equal(par_route_open(&config, &patient), PAR_OK);
    assert_int_equal(others_serving(patient, 1, true), 0);
    assert_int_equal(others_serving(patient, 2, false), 1);
    assert_int_equal(others_serving(patient, 3, true), 1);
    assert_int_equal(others_serving(patient, 2, false), 2);
    assert_int_equal(others_serving(patient, 1, false), 1);
    assert_int_equal(others_serving(patient, 3, false), 0);
    par_route_close(&patient);
    (void)others_serving(r, 3, true);
    wait_ms(DEAD_MS + 50);
    assert_int_equal(others_serving(r, 2, false), 0);
}

static void who_left_is_kept_in_mind_until_forgotten(void **state)
{
    (void)state;
    if (!par_route_remote(r))
        return;
    for (uint64_t user = 1; user <= 3; user++)
        assert_int_equal(par_route_register(r, user, 3, 13), PAR_OK);
    for (uint64_t user = 1; user <= 2; user++)
        assert_int_equal(par_route_unregister(r, user, 3, 13), PAR_OK);
    assert_true(servers_of(1) == 0 && servers_of(3) == 1);
    assert_int_equal(clear(3, 12), 0);
    /* Of another life, and of one who is there, nothing is forgotten. */
    assert_int_equal(forget(1, 3, 12), PAR_OK);
    assert_int_equal(forget(3, 3, 13), PAR_OK);
    assert_int_equal(forget(1, 4, 13), PAR_OK);
    beat(3, 13, false);
    assert_int_equal(forget(2, 3, 13), PAR_OK);
    beat(3, 13, false);
    assert_int_equal(clear(3, 13), 2);
    assert_int_equal(forget(1, 3, 13), PAR_OK);
    assert_int_equal(par_route_register(r, 2, 3, 13), PAR_OK);
    assert_int_equal(clear(3, 13), 2);
    assert_int_equal(par_route_bye(r, 3, 13), PAR_OK);
    assert_int_equal(clear(3, 13), 0);
}

static void a_route_that_is_not_renewed_ends(void **state)
{
    (void)state;
    struct par_route_config config = {.driver = driver, .lease_ms = LEASE_MS};
    struct par_route *all = r, *mine;
    if (!par_route_remote(r))
        return;
    assert_int_equal(par_route_open(&config, &mine), PAR_OK);
    r = mine;
    assert_int_equal(par_route_register(mine, 1, 1, 11), PAR_OK);
    beat(1, 11, false);
    wait_ms(LEASE_MS * 2 / 3);
    beat(1, 11, false);
    wait_ms(LEASE_MS * 2 / 3);
    assert_int_equal(servers_of(1), 1);
    wait_ms(LEASE_MS);
    assert_int_equal(servers_of(1), 0);
    beat(1, 11, true);
    assert_int_equal(servers_of(1), 1);
    assert_int_equal(par_route_bye(mine, 1, 11), PAR_OK);
    par_route_close(&mine);
    r = all;
}

static void failures_as_asked(void **state)
{
    (void)state;
    struct par_route *f;
    struct par_route_hits hits = {0};
    const uint64_t user = 1;
    assert_int_equal(par_route_open(&(struct par_route_config){.driver = "fail"}, &f), PAR_OK);
    par_route_fail(f, PAR_ROUTE_FAULT_REGISTER, PAR_E_UNAVAILABLE, 1);
    assert_int_equal(par_route_register(f, 1, 1, 1), PAR_E_UNAVAILABLE);
    assert_int_equal(par_route_register(f, 1, 1, 1), PAR_OK);
    par_route_fail(f, PAR_ROUTE_FAULT_LOOKUP, PAR_E_UNAVAILABLE, UINT32_MAX);
    for (int i = 0; i < 3; i++)
        assert_int_equal(par_route_lookup(f, &user, 1, &hits), PAR_E_UNAVAILABLE);
    par_route_fail(f, PAR_ROUTE_FAULT_LOOKUP, PAR_OK, 0);
    assert_int_equal(par_route_lookup(f, &user, 1, &hits), PAR_OK);
    assert_int_equal(hits.count, 1);
    par_route_hits_fini(&hits);
    par_route_close(&f);
    assert_int_equal(par_route_open(&(struct par_route_config){.driver = "no such"}, &f),
                     PAR_E_BAD_REQUEST);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_route, close_route)
    const struct CMUnitTest tests[] = {
        T(a_route_is_a_set),
        T(only_the_same_life_removes),
        T(many_at_once_in_order),
        T(random_calls),
        T(bounded),
        T(from_several_threads),
        T(a_local_table_needs_no_beats),
        T(who_does_not_beat_is_stood_in_for),
        T(who_serves_is_known_to_the_others),
        T(who_left_is_kept_in_mind_until_forgotten),
        T(a_route_that_is_not_renewed_ends),
    };
    const struct CMUnitTest once[] = {cmocka_unit_test(failures_as_asked)};
    int failed = 0;
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        driver = drivers[i];
        failed += cmocka_run_group_tests_name(driver, tests, NULL, NULL);
    }
    return failed + cmocka_run_group_tests(once, NULL, NULL);
}
