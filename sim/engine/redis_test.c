/* The simulated Redis under its three drivers: each ugly thing that it does, and that the contracts
 * hold all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parley/cache.h"
#include "parley/presence.h"
#include "parley/route.h"
#include "sim/engine/redis.h"
#include "sim/engine/test_host.h"

#include <stdlib.h>

static struct sim_redis_plan plan;
static struct sim_redis *world;
static struct par_route *routes[4]; /* of server n on node n */
static struct par_presence *presences[4];
static struct par_cache *cache;

struct heard {
    int count;
    bool last;
};
static struct heard heard[4];

static void hear(void *arg, uint64_t user, bool online)
{
    struct heard *h = arg;
    assert_int_equal(user, 7);
    h->count++;
    h->last = online;
}

static void begin(void)
{
    sim_test_begin(3, false);
    plan.no_thread = true;
    world = sim_redis_new(&plan);
    memset(heard, 0, sizeof heard);
    for (unsigned n = 1; n < 4; n++) {
        sim_test_node(n);
        assert_int_equal(par_route_open(&(struct par_route_config){.driver = "sim"}, &routes[n]),
                         PAR_OK);
        const struct par_presence_config config = {.driver = "sim", .server = n, .boot = 10};
        assert_int_equal(par_presence_open(&config, &presences[n]), PAR_OK);
        par_presence_listen(presences[n], hear, &heard[n]);
    }
    sim_test_node(1);
    assert_int_equal(
        par_cache_open(&(struct par_cache_config){.driver = "sim", .max_bytes = 100000}, &cache),
        PAR_OK);
}

static int end(void **state)
{
    (void)state;
    sim_test_run_ns(600 * SIM_S);
    for (unsigned n = 1; n < 4; n++) {
        par_route_close(&routes[n]);
        par_presence_close(&presences[n]);
    }
    par_cache_close(&cache);
    sim_redis_free(&world);
    sim_test_end();
    plan = (struct sim_redis_plan){0};
    return 0;
}

static size_t servers_of(unsigned asker, uint64_t user)
{
    struct par_route_hits hits = {0};
    assert_int_equal(par_route_lookup(routes[asker], &user, 1, &hits), PAR_OK);
    size_t n = hits.count;
    par_route_hits_fini(&hits);
    return n;
}

/* ---- routes ---- */

static void a_route_ends_with_its_lease(void **state)
{
    (void)state;
    bool lost;
    begin();
    assert_true(par_route_remote(routes[1]));
    assert_int_equal(par_route_register(routes[1], 7, 1, 10), PAR_OK);
    assert_int_equal(servers_of(2, 7), 1);
    sim_test_run_ns(30 * SIM_S);
    assert_int_equal(par_route_beat(routes[1], 1, 10, &lost), PAR_OK);
    assert_false(lost);
    sim_test_run_ns(30 * SIM_S);
    assert_int_equal(servers_of(2, 7), 1);
    sim_test_run_ns(30 * SIM_S);
    assert_int_equal(servers_of(2, 7), 0);
    /* Who comes back hears that it was gone, and is there again. */
    assert_int_equal(par_route_beat(routes[1], 1, 10, &lost), PAR_OK);
    assert_true(lost);
    assert_int_equal(servers_of(2, 7), 1);
    assert_int_equal(par_route_unregister(routes[1], 7, 1, 10), PAR_OK);
    assert_int_equal(par_route_beat(routes[1], 1, 10, &lost), PAR_OK);
    assert_false(lost);
    assert_int_equal(servers_of(2, 7), 0);
}

static void the_next_on_the_ring_stands_in(void **state)
{
    (void)state;
    bool lost;
    uint64_t server, boot, *users;
    size_t count;
    begin();
    for (uint64_t n = 1; n < 4; n++)
        assert_int_equal(par_route_beat(routes[n], n, 10 + n, &lost), PAR_OK);
    assert_int_equal(par_route_register(routes[3], 7, 3, 13), PAR_OK);
    assert_int_equal(par_route_register(routes[3], 8, 3, 13), PAR_OK);
    assert_int_equal(par_route_register(routes[3], 9, 3, 13), PAR_OK);
    assert_int_equal(par_route_unregister(routes[3], 9, 3, 13), PAR_OK);
    assert_int_equal(par_route_forget(routes[3], (uint64_t[]){9}, 1, 3, 13), PAR_OK);
    assert_int_equal(par_route_dead(routes[2], 2, &server, &boot), PAR_OK);
    assert_int_equal(server, 0);
    sim_test_run_ns(6 * SIM_S);
    for (uint64_t n = 1; n < 3; n++)
        assert_int_equal(par_route_beat(routes[n], n, 10 + n, &lost), PAR_OK);
    assert_int_equal(par_route_dead(routes[1], 1, &server, &boot), PAR_OK);
    assert_int_equal(server, 0);
    assert_int_equal(par_route_boot(routes[1], 3, &boot), PAR_OK);
    assert_int_equal(boot, 13);
    /* Twice, as if the first had died in the middle: the users are told again. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(par_route_dead(routes[2], 2, &server, &boot), PAR_OK);
        assert_true(server == 3 && boot == 13);
        assert_int_equal(par_route_clear(routes[2], 3, 13, &users, &count), PAR_OK);
        assert_true(count == 2 && users[0] == 7 && users[1] == 8);
        free(users);
    }
    assert_int_equal(servers_of(1, 7), 0);
    /* It was not dead: it hears so, and its newer routes stay. */
    assert_int_equal(par_route_beat(routes[3], 3, 13, &lost), PAR_OK);
    assert_true(lost);
    assert_int_equal(par_route_register(routes[3], 8, 3, 14), PAR_OK);
    assert_int_equal(par_route_clear(routes[2], 3, 13, &users, &count), PAR_OK);
    assert_int_equal(count, 1);
    free(users);
    assert_int_equal(servers_of(1, 8), 1);
    assert_int_equal(par_route_bye(routes[2], 3, 13), PAR_OK);
    assert_int_equal(par_route_boot(routes[1], 3, &boot), PAR_OK);
    assert_int_equal(boot, 0);
    assert_int_equal(par_route_dead(routes[2], 2, &server, &boot), PAR_OK);
    assert_int_equal(server, 0);
}

static void a_fail_over_takes_the_newest_writes_back(void **state)
{
    (void)state;
    bool lost;
    plan.lost_ns = SIM_S;
    begin();
    assert_int_equal(par_route_beat(routes[1], 1, 10, &lost), PAR_OK);
    assert_int_equal(par_route_register(routes[1], 7, 1, 10), PAR_OK);
    assert_int_equal(par_route_register(routes[1], 9, 1, 10), PAR_OK);
    sim_test_run_ns(5 * SIM_S);
    assert_int_equal(par_route_register(routes[1], 8, 1, 10), PAR_OK);
    assert_int_equal(par_route_unregister(routes[1], 9, 1, 10), PAR_OK);
    sim_redis_failover(world, SIM_S, 3 * SIM_S);
    assert_int_equal(par_route_register(routes[2], 8, 2, 10), PAR_E_UNAVAILABLE);
    sim_test_run_ns(3 * SIM_S);
    assert_true(servers_of(2, 7) == 1 && servers_of(2, 8) == 0 && servers_of(2, 9) == 1);
    assert_int_equal(par_route_beat(routes[1], 1, 10, &lost), PAR_OK);
    assert_true(lost);
    assert_int_equal(servers_of(2, 8), 1);
    sim_redis_flush(world);
    assert_int_equal(servers_of(2, 7), 0);
    assert_int_equal(par_route_beat(routes[1], 1, 10, &lost), PAR_OK);
    assert_true(lost && servers_of(2, 7) == 1);
}

static void who_stays_with_the_old_master_reads_what_is_no_longer_true(void **state)
{
    (void)state;
    int stale = 0;
    plan.stale_ns = 10 * SIM_S;
    begin();
    for (int i = 0; i < 40; i++) {
        assert_int_equal(par_route_register(routes[1], 7, 1, 10), PAR_OK);
        sim_redis_failover(world, 0, 0);
        assert_int_equal(par_route_unregister(routes[1], 7, 1, 10), PAR_OK);
        sim_test_node(2);
        stale += servers_of(2, 7) == 1;
        sim_test_node(1);
        sim_test_run_ns(11 * SIM_S);
        assert_int_equal(par_route_unregister(routes[1], 7, 1, 10), PAR_OK);
    }
    assert_true(stale > 5 && stale < 30);
    assert_true(sim_test_faults(SIM_FAULT_REDIS_STALE) > 0);
}

static void leases_end_early_and_late(void **state)
{
    (void)state;
    int late = 0, early = 0;
    plan.late_ns = 20 * SIM_S;
    begin();
    for (int i = 0; i < 40; i++) {
        assert_int_equal(par_route_register(routes[1], 7, 1, 10), PAR_OK);
        sim_test_run_ns(46 * SIM_S);
        late += servers_of(1, 7) == 1;
        sim_test_run_ns(20 * SIM_S);
        assert_int_equal(servers_of(1, 7), 0);
    }
    plan.late_ns = 0;
    plan.early_ppm = 100000;
    sim_redis_set_plan(world, &plan);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(par_route_register(routes[1], 7, 1, 10), PAR_OK);
        sim_test_run_ns(30 * SIM_S);
        early += servers_of(1, 7) == 0;
    }
    assert_true(late > 10 && early > 10);
    assert_true(sim_test_faults(SIM_FAULT_REDIS_EXPIRED_LATE) >= (uint64_t)late);
    assert_true(sim_test_faults(SIM_FAULT_REDIS_EXPIRED_EARLY) >= (uint64_t)early);
}

static void calls_fail_done_or_not(void **state)
{
    (void)state;
    int done = 0, failed = 0;
    plan.failed_ppm = 400000;
    begin();
    for (uint64_t user = 1; user <= 100; user++) {
        bool f = par_route_register(routes[1], user, 1, 10) != PAR_OK;
        sim_test_heal(true);
        size_t n = servers_of(1, user);
        sim_test_heal(false);
        failed += f;
        done += f && n == 1;
        assert_true(f || n == 1);
    }
    assert_true(failed > 20 && done > 5 && done < failed);
    sim_test_cut(1, SIM_REDIS, true);
    assert_int_equal(par_route_register(routes[1], 7, 1, 10), PAR_E_UNAVAILABLE);
}

/* ---- presence ---- */

static void turns(void)
{
    sim_test_run_ns(SIM_S);
    for (unsigned n = 1; n < 4; n++)
        sim_presence_turn(world, n);
}

static bool online(void)
{
    bool yes;
    uint64_t user = 7;
    assert_int_equal(par_presence_get(presences[2], &user, 1, &yes), PAR_OK);
    return yes;
}

static void who_watches_is_told(void **state)
{
    (void)state;
    begin();
    par_presence_watch(presences[1], 7, true);
    turns();
    assert_true(heard[1].count == 1 && !heard[1].last);
    assert_int_equal(par_presence_online(presences[2], 7), PAR_OK);
    assert_int_equal(par_presence_online(presences[3], 7), PAR_OK);
    turns();
    assert_true(heard[1].count == 2 && heard[1].last && online());
    assert_int_equal(par_presence_offline(presences[2], 7), PAR_OK);
    turns();
    assert_true(heard[1].count == 2 && online());
    assert_int_equal(par_presence_offline(presences[3], 7), PAR_OK);
    turns();
    assert_true(heard[1].count == 3 && !heard[1].last && !online());
    par_presence_watch(presences[1], 7, false);
    assert_int_equal(par_presence_online(presences[2], 7), PAR_OK);
    turns();
    assert_int_equal(heard[1].count, 3);
    assert_int_equal(heard[2].count + heard[3].count, 0);
}

static void what_is_not_renewed_ends_and_is_told(void **state)
{
    (void)state;
    begin();
    par_presence_watch(presences[1], 7, true);
    assert_int_equal(par_presence_online(presences[2], 7), PAR_OK);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(par_presence_beat(presences[1]), PAR_OK);
        if (i < 40)
            assert_int_equal(par_presence_beat(presences[2]), PAR_OK);
        turns();
    }
    assert_true(heard[1].last && online());
    for (int i = 0; i < 40; i++)
        turns();
    assert_true(!heard[1].last && !online());
    assert_int_equal(par_presence_beat(presences[2]), PAR_OK);
    turns();
    assert_true(online());
}

static void a_lost_message_is_made_good(void **state)
{
    (void)state;
    plan.message_lost_ppm = 1000000;
    begin();
    par_presence_watch(presences[1], 7, true);
    turns();
    assert_int_equal(par_presence_online(presences[2], 7), PAR_OK);
    turns();
    assert_false(heard[1].last);
    assert_true(sim_test_faults(SIM_FAULT_REDIS_MESSAGE_LOST) > 0);
    for (int i = 0; i < 12; i++)
        turns();
    assert_true(heard[1].last);
}

static void a_message_comes_late(void **state)
{
    (void)state;
    plan.message_late_ppm = 1000000;
    plan.message_late_ns = 8 * SIM_S;
    begin();
    par_presence_watch(presences[1], 7, true);
    turns();
    assert_int_equal(par_presence_online(presences[2], 7), PAR_OK);
    sim_test_run_ns(1);
    sim_presence_turn(world, 1);
    assert_false(heard[1].last);
    for (int i = 0; i < 9; i++)
        turns();
    assert_true(heard[1].last);
    /* A killed server's objects lie where they lay. */
    static struct par_presence *left;
    sim_test_kill(1);
    assert_int_equal(par_presence_offline(presences[2], 7), PAR_OK);
    sim_test_run_ns(60 * SIM_S);
    left = presences[1];
    assert_non_null(left);
    presences[1] = NULL;
}

/* ---- cache ---- */

static size_t list(uint64_t last_seq)
{
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_cache_entry *entries;
    size_t n = par_cache_get(cache, &conv, last_seq, &arena, &entries);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(entries[i].value.len, entries[i].seq);
    par_arena_fini(&arena);
    return n;
}

static void put(uint64_t top)
{
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_cache_entry entries[64];
    for (size_t i = 0; i < top; i++)
        entries[i] = (struct par_cache_entry){
            top - i, par_str_of("0123456789012345678901234567890", top - i)};
    par_cache_put(cache, &conv, entries, top);
}

static void a_cache_is_late_or_gone_but_not_wrong(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    plan.put_late_ppm = 500000;
    plan.put_late_ns = 5 * SIM_S;
    plan.failed_ppm = 100000;
    plan.lost_ns = 2 * SIM_S;
    plan.stale_ns = 3 * SIM_S;
    begin();
    int hits = 0, misses = 0;
    for (uint64_t seq = 1; seq < 30; seq++) {
        if (seq % 3 == 0)
            put(seq);
        else
            par_cache_extend(cache, &conv, seq, par_str_of("01234567890123456789012345678", seq));
        if (seq % 7 == 0)
            sim_redis_failover(world, SIM_S, 0);
        if (seq == 20)
            sim_redis_flush(world);
        for (int i = 0; i < 4; i++) {
            size_t n = list(seq);
            assert_true(n == 0 || n <= seq);
            hits += n > 0;
            misses += n == 0;
            sim_test_run_ns(SIM_S / 2);
        }
    }
    assert_true(hits > 10 && misses > 10);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, end)
    const struct CMUnitTest tests[] = {
        T(a_route_ends_with_its_lease),
        T(the_next_on_the_ring_stands_in),
        T(a_fail_over_takes_the_newest_writes_back),
        T(who_stays_with_the_old_master_reads_what_is_no_longer_true),
        T(leases_end_early_and_late),
        T(calls_fail_done_or_not),
        T(who_watches_is_told),
        T(what_is_not_renewed_ends_and_is_told),
        T(a_lost_message_is_made_good),
        T(a_message_comes_late),
        T(a_cache_is_late_or_gone_but_not_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
