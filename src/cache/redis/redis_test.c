/* The cache in a real Redis: what one server puts another gets; a list that is older never replaces
 * a newer one; a Redis that is away is a cache that misses. */
#include "parley/cache.h"

#include "redis/test_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static const struct par_redis_config *redis;
static struct par_cache *one, *two;

static int begin(void **state)
{
    (void)state;
    redis = par_test_redis_start();
    /* Without memory in front every call goes to Redis. */
    const struct par_cache_config config = {.driver = "redis", .max_bytes = 0, .redis = redis};
    assert_int_equal(par_cache_open(&config, &one), PAR_OK);
    assert_int_equal(par_cache_open(&config, &two), PAR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    par_cache_close(&one);
    par_cache_close(&two);
    par_test_redis_kill();
    return 0;
}

static void put(struct par_cache *cache, const struct par_conv *conv, uint64_t top, size_t n,
                const char *tag)
{
    struct par_cache_entry entries[64];
    char text[64][24];
    for (size_t i = 0; i < n; i++) {
        snprintf(text[i], sizeof text[i], "%s %llu", tag, (unsigned long long)(top - i));
        entries[i] = (struct par_cache_entry){.seq = top - i, .value = par_str(text[i])};
    }
    par_cache_put(cache, conv, entries, n);
}

/* The first entry's text, or "" for a miss. */
static const char *first(struct par_cache *cache, const struct par_conv *conv, uint64_t last_seq,
                         size_t *n_r)
{
    static char text[32];
    struct par_arena arena = {0};
    struct par_cache_entry *entries;
    *n_r = par_cache_get(cache, conv, last_seq, &arena, &entries);
    text[0] = '\0';
    if (*n_r)
        snprintf(text, sizeof text, "%.*s", (int)entries[0].value.len, entries[0].value.ptr);
    par_arena_fini(&arena);
    return text;
}

static void what_one_server_puts_another_gets(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2), other = par_conv_direct(1, 3);
    size_t n;
    assert_string_equal(first(two, &conv, 1, &n), "");
    put(one, &conv, 20, 20, "one");
    assert_string_equal(first(two, &conv, 20, &n), "one 20");
    assert_int_equal(n, 15);
    assert_string_equal(first(two, &conv, 21, &n), "");
    assert_string_equal(first(two, &other, 1, &n), "");
    put(one, &conv, 3, 3, "short");
    assert_string_equal(first(two, &conv, 20, &n), "one 20");
}

static void a_list_is_replaced_by_a_higher_top_only(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(4, 5);
    /* Numbers of which one byte decides, at any place. */
    static const uint64_t tops[] = {200, 255, 256, 65535, 65536, 1ull << 40};
    size_t n;
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        char now[32];
        put(one, &conv, tops[i], 2, "new");
        snprintf(now, sizeof now, "new %llu", (unsigned long long)tops[i]);
        assert_string_equal(first(two, &conv, tops[i], &n), now);
        put(two, &conv, tops[i] - 1, 2, "old");
        put(two, &conv, tops[i], 1, "equal");
        put(two, &conv, 130, 1, "far");
        assert_string_equal(first(one, &conv, tops[i], &n), now);
    }
}

static void without_redis_it_misses(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(6, 7);
    size_t n;
    put(one, &conv, 5, 5, "one");
    par_test_redis_kill();
    assert_string_equal(first(two, &conv, 5, &n), "");
    put(two, &conv, 6, 2, "two");
    assert_non_null(par_test_redis_start());
    assert_string_equal(first(two, &conv, 5, &n), "");
    put(one, &conv, 6, 6, "one");
    assert_string_equal(first(two, &conv, 6, &n), "one 6");
}

static void foreign_bytes_are_no_list(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(8, 9);
    struct par_redis *r;
    size_t n;
    assert_int_equal(par_redis_new(redis, PAR_FAMILY_CACHE, &r), PAR_OK);
    redisContext *c = par_redis_connect(r);
    assert_non_null(c);
    for (size_t len = 0; len < 64; len++) {
        char key[9 + sizeof conv], junk[64];
        memcpy(key, "parley:c:", 9);
        memcpy(key + 9, &conv, sizeof conv);
        memset(junk, (int)(len * 37), sizeof junk);
        const struct par_str set[] = {PAR_STR("SET"), par_str_of(key, sizeof key),
                                      par_str_of(junk, len)};
        freeReplyObject(par_redis_command(c, 3, set));
        assert_string_equal(first(one, &conv, 1, &n), "");
    }
    redisFree(c);
    par_redis_free(&r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(what_one_server_puts_another_gets),
        T(a_list_is_replaced_by_a_higher_top_only),
        T(without_redis_it_misses),
        T(foreign_bytes_are_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
