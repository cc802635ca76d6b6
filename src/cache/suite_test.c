/* The conformance suite of the cache: on every driver a list is true, or it misses; compiled once
 * more for the simulated one (PAR_SUITE_SIM). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "parley/cache.h"

#ifdef PAR_SUITE_SIM
#include "sim/engine/redis.h"
#include "sim/engine/test_host.h"
#endif

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    const char *driver, *fail;
    bool may_miss;
} drivers[] = {
#ifdef PAR_SUITE_SIM
    {"sim", NULL, false},
#else
    {"local", NULL, false},
    {"fail", "stale", false},
    {"fail", "miss_every=3", true},
    {"fail", NULL, true},
#endif
};
static size_t driver;

#ifdef PAR_SUITE_SIM
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
static void begin(void) {}
static void end(void) {}
#endif

static int open_cache(void **state)
{
    struct par_cache *cache;
    struct par_cache_config config = {
        .driver = drivers[driver].driver, .fail = drivers[driver].fail, .max_bytes = 1 << 20};
    begin();
    assert_int_equal(par_cache_open(&config, &cache), PAR_OK);
    *state = cache;
    return 0;
}

static int close_cache(void **state)
{
    struct par_cache *cache = *state;
    par_cache_close(&cache);
    assert_null(cache);
    end();
    return 0;
}

static char texts[300][16];
static struct par_str text_of(uint64_t seq, char mark)
{
    return par_str_of(texts[seq],
                      (size_t)snprintf(texts[seq], 16, "%c%llu", mark, (unsigned long long)seq));
}

static void put(struct par_cache *cache, const struct par_conv *conv, uint64_t top, size_t n,
                char mark)
{
    struct par_cache_entry entries[100];
    for (size_t i = 0; i < n; i++)
        entries[i] = (struct par_cache_entry){top - i, text_of(top - i, mark)};
    par_cache_put(cache, conv, entries, n);
}

/* A hit has this top, length and these values. */
static void expect(struct par_cache *cache, const struct par_conv *conv, uint64_t last_seq,
                   uint64_t top, size_t n, char mark)
{
    struct par_arena arena = {0};
    struct par_cache_entry *entries;
    size_t got = par_cache_get(cache, conv, last_seq, &arena, &entries);
    if (!(drivers[driver].may_miss && got == 0))
        assert_int_equal(got, n);
    for (size_t i = 0; i < got; i++) {
        assert_int_equal(entries[i].seq, top - i);
        assert_true(par_str_eq(entries[i].value, text_of(top - i, mark)));
    }
    par_arena_fini(&arena);
}

static void a_list_serves_up_to_its_top(void **state)
{
    struct par_conv a = par_conv_direct(1, 2), b = par_conv_direct(1, 3);
    expect(*state, &a, 0, 0, 0, 'a');
    put(*state, &a, 9, 9, 'a');
    expect(*state, &a, 9, 9, 9, 'a');
    expect(*state, &a, 7, 9, 9, 'a');
    expect(*state, &a, 10, 0, 0, 'a');
    expect(*state, &b, 1, 0, 0, 'a');
}

static void only_a_higher_top_replaces(void **state)
{
    struct par_conv a = par_conv_direct(1, 2);
    if (drivers[driver].may_miss)
        return;
    put(*state, &a, 9, 9, 'a');
    put(*state, &a, 9, 9, 'b');
    put(*state, &a, 8, 8, 'b');
    expect(*state, &a, 9, 9, 9, 'a');
    put(*state, &a, 10, 5, 'c');
    expect(*state, &a, 10, 10, 5, 'c');
    put(*state, &a, 99, 90, 'd');
    expect(*state, &a, 99, 99, PAR_CACHE_ENTRIES, 'd');
}

static void what_has_a_hole_is_not_taken(void **state)
{
    struct par_conv a = par_conv_direct(1, 2);
    struct par_cache_entry entries[] = {{5, PAR_STR("x")}, {3, PAR_STR("x")}};
    struct par_cache_entry below[] = {{1, PAR_STR("x")}, {0, PAR_STR("x")}};
    par_cache_put(*state, &a, entries, 2);
    par_cache_put(*state, &a, below, 2);
    par_cache_put(*state, &a, entries, 0);
    expect(*state, &a, 1, 0, 0, 'x');
}

static void the_next_entry_extends(void **state)
{
    struct par_conv a = par_conv_direct(1, 2);
    if (drivers[driver].may_miss)
        return;
    par_cache_extend(*state, &a, 1, text_of(1, 'a'));
    expect(*state, &a, 1, 0, 0, 'a');
    put(*state, &a, 2, 2, 'a');
    for (uint64_t seq = 3; seq <= 200; seq++)
        par_cache_extend(*state, &a, seq, text_of(seq, 'a'));
    expect(*state, &a, 200, 200, PAR_CACHE_ENTRIES, 'a');
    par_cache_extend(*state, &a, 202, text_of(202, 'a'));
    expect(*state, &a, 200, 200, PAR_CACHE_ENTRIES, 'a');
    expect(*state, &a, 202, 0, 0, 'a');
}

static void memory_is_bounded(void **state)
{
    struct par_cache_stats stats;
    struct par_conv conv;
    static char big[4000];
    for (uint64_t i = 2; i < 3000; i++) {
        conv = par_conv_direct(1, i);
        struct par_cache_entry e = {1, par_str_of(big, sizeof big)};
        par_cache_put(*state, &conv, &e, 1);
    }
    par_cache_stats(*state, &stats);
    assert_true(stats.bytes <= (1 << 20) + 65536);
    assert_int_equal(stats.max_bytes, 1 << 20);
    if (drivers[driver].may_miss)
        return;
    assert_true(stats.evicted > 1000 && stats.lists > 50);
    struct par_arena arena = {0};
    struct par_cache_entry *entries;
    assert_int_equal(par_cache_get(*state, &conv, 1, &arena, &entries), 1);
    par_arena_fini(&arena);
}

struct user {
    struct par_cache *cache;
    atomic_bool *wrong;
    struct par_thread *thread;
};

static void use(void *arg)
{
    struct user *u = arg;
    struct par_arena arena = {0};
    for (uint64_t i = 1; i < 3000; i++) {
        struct par_conv conv = par_conv_direct(1, 2 + i % 7);
        struct par_cache_entry *got, e[2] = {{i, PAR_STR("value")}, {i - 1, PAR_STR("value")}};
        par_cache_put(u->cache, &conv, e, i > 1 ? 2 : 1);
        par_cache_extend(u->cache, &conv, i + 1, PAR_STR("value"));
        size_t n = par_cache_get(u->cache, &conv, i, &arena, &got);
        for (size_t k = 0; k < n; k++)
            if (!par_str_is(got[k].value, "value"))
                atomic_store(u->wrong, true);
        if (i % 100 == 0)
            par_arena_fini(&arena);
    }
    par_arena_fini(&arena);
}

static void many_threads_use_it(void **state)
{
    struct user users[3];
    atomic_bool wrong = false;
    for (int i = 0; i < 3; i++) {
        users[i] = (struct user){.cache = *state, .wrong = &wrong};
        assert_int_equal(par_thread_start("cache", use, &users[i], &users[i].thread), PAR_OK);
    }
    for (int i = 0; i < 3; i++)
        par_thread_join(&users[i].thread);
    assert_false(atomic_load(&wrong));
}

static void no_cache_misses(void **state)
{
    struct par_cache *cache = NULL;
    struct par_conv a = par_conv_direct(1, 2);
    struct par_cache_stats stats;
    (void)state;
    put(cache, &a, 9, 9, 'a');
    par_cache_extend(cache, &a, 10, PAR_STR("x"));
    struct par_cache_entry *entries;
    assert_int_equal(par_cache_get(cache, &a, 0, NULL, &entries), 0);
    par_cache_stats(cache, &stats);
    par_cache_close(&cache);
    assert_int_equal(par_cache_open(&(struct par_cache_config){.driver = "paper"}, &cache),
                     PAR_E_BAD_REQUEST);
    assert_int_equal(
        par_cache_open(&(struct par_cache_config){.driver = "fail", .fail = "often"}, &cache),
        PAR_E_BAD_REQUEST);
}

#define ON_A_CACHE(test) cmocka_unit_test_setup_teardown(test, open_cache, close_cache)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_CACHE(a_list_serves_up_to_its_top),
        ON_A_CACHE(only_a_higher_top_replaces),
        ON_A_CACHE(what_has_a_hole_is_not_taken),
        ON_A_CACHE(the_next_entry_extends),
        ON_A_CACHE(memory_is_bounded),
        ON_A_CACHE(many_threads_use_it),
        cmocka_unit_test(no_cache_misses),
    };
    int failed = 0;
    for (driver = 0; driver < sizeof drivers / sizeof *drivers; driver++)
        failed += _cmocka_run_group_tests(drivers[driver].fail ? drivers[driver].fail : "plain",
                                          tests, sizeof tests / sizeof *tests, NULL, NULL);
    return failed;
}
