/* The driver `fail` of the store, over memory and over RocksDB; and what cannot be opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "loop/env.h"
#include "parley/store.h"
#include "store/rocksdb/files.h"

#include <stdlib.h>

static const char *wrapped;
static char folder[64];
static struct par_store *store;

static int open_store(void **state)
{
    struct par_buf why = {0};
    strcpy(folder, "/tmp/parley-fail-XXXXXX");
    assert_non_null(mkdtemp(folder));
    const struct par_store_options options = {
        .driver = "fail", .fail = wrapped, .path = folder, .cache_mb = 8};
    assert_int_equal(par_store_open(&options, &store, &why), PAR_OK);
    par_buf_fini(&why);
    *state = store;
    return 0;
}

static int close_store(void **state)
{
    (void)state;
    par_store_close(&store);
    par_rocksdb__remove_tree(folder);
    return 0;
}

static int get_is(struct par_store *s, enum par_table t, struct par_str key, const char *value)
{
    struct par_buf buf = {0};
    int found = par_store_get(s, t, key, &buf);
    bool same = found == 1 && value != NULL && par_str_is(par_buf_str(&buf), value);
    par_buf_fini(&buf);
    return value == NULL ? found : same ? 1 : -2;
}

static bool count_rows(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

static void tick_until_writable(struct par_store *s)
{
    uint64_t end = par_mono_ms() + 5000;
    while (!par_store_writable(s) && par_mono_ms() < end)
        par_store_tick(s);
    assert_true(par_store_writable(s));
}

static void after_a_failed_commit_the_store_is_reopened(void **state)
{
    struct par_store *s = *state;
    par_log_guard_expect("store.write_failed");
    par_log_guard_expect("store.reopen_failed");
    assert_true(
        par_store_fail_set(s, &(struct par_store_fail){.fail_every = 1, .reopen_fails = 2}));
    uint64_t generation = par_store_generation(s);
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR("k"), PAR_STR("v"), 1),
                     PAR_OUTCOME_FAILED);
    assert_false(par_store_writable(s));
    assert_string_not_equal(par_store_trouble(s), "");
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), -1);
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR("k"), PAR_STR("v"), 1),
                     PAR_OUTCOME_FAILED);
    assert_int_equal(par_store_generation(s), generation);
    par_store_tick(s);
    assert_int_equal(par_store_generation(s), generation);
    par_store_fail_set(s, &(struct par_store_fail){0});
    tick_until_writable(s);
    assert_true(par_store_generation(s) > generation);
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), 0);
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR("k"), PAR_STR("v"), 1), PAR_OUTCOME_OK);
}

static void an_uncertain_commit_is_there_or_not(void **state)
{
    struct par_store *s = *state;
    int found[2];
    par_log_guard_expect("store.write_failed");
    for (int i = 0; i < 2; i++) {
        assert_true(par_store_fail_set(s, &(struct par_store_fail){.uncertain_every = 1}));
        assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR("k"), PAR_STR("v"), 1),
                         PAR_OUTCOME_UNCERTAIN);
        assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), -1);
        par_store_fail_set(s, &(struct par_store_fail){0});
        tick_until_writable(s);
        found[i] = get_is(s, PAR_T_META, PAR_STR("k"), NULL);
    }
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 1);
}

static void reads_and_writes_are_refused_as_configured(void **state)
{
    struct par_store *s = *state;
    struct par_arena arena = {0};
    struct par_store_row *rows;
    struct par_str value;
    struct par_store_key key = {PAR_T_META, PAR_STR("k")};
    size_t n = 0;
    assert_true(par_store_fail_set(s, &(struct par_store_fail){.read_only = true}));
    assert_false(par_store_writable(s));
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR("k"), PAR_STR("v"), 1),
                     PAR_OUTCOME_FAILED);
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), 0);
    par_store_fail_set(s, &(struct par_store_fail){.unavailable = true});
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), -1);
    assert_int_equal(par_store_get_in(s, PAR_T_META, key.key, &arena, &value), -1);
    assert_int_equal(par_store_multi_get(s, 1, &key, &arena, &value), PAR_E_UNAVAILABLE);
    assert_int_equal(par_store_scan(s, PAR_T_META, PAR_STR(""), PAR_STR(""), 0, count_rows, &n),
                     PAR_E_UNAVAILABLE);
    assert_int_equal(
        par_store_scan_in(s, PAR_T_META, PAR_STR(""), PAR_STR(""), 0, 0, &arena, &rows, NULL),
        PAR_E_UNAVAILABLE);
    assert_null(rows);
    assert_int_equal(par_store_put_if_absent(s, PAR_T_META, key.key, PAR_STR("v"), 1, NULL), -1);
    par_store_fail_set(s, &(struct par_store_fail){.read_every = 2});
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), 0);
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), -1);
    par_arena_fini(&arena);
}

static void what_fails_is_read_from_the_configuration(void **state)
{
    struct par_store_fail fail;
    char inner[PAR_STORE_FAIL_INNER_MAX];
    (void)state;
    assert_true(par_store_fail_parse(PAR_STR(""), &fail, inner));
    assert_string_equal(inner, "memory");
    assert_true(par_store_fail_parse(
        PAR_STR("inner=rocksdb, fail_every=3 uncertain_every=7,read_only"), &fail, inner));
    assert_string_equal(inner, "rocksdb");
    assert_true(fail.fail_every == 3 && fail.uncertain_every == 7 && fail.read_only);
    assert_false(par_store_fail_parse(PAR_STR("fail_every"), &fail, inner));
    assert_false(par_store_fail_parse(PAR_STR("fail_every=x"), &fail, inner));
    assert_false(par_store_fail_parse(PAR_STR("nonsense=1"), &fail, inner));
    assert_false(par_store_fail_parse(PAR_STR("nonsense"), &fail, inner));
}

static void what_cannot_be_opened_says_why(void **state)
{
    struct par_store *s;
    struct par_buf why = {0};
    (void)state;
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "paper"}, &s, &why),
                     PAR_E_BAD_REQUEST);
    assert_true(why.len > 0 && s == NULL);
    par_buf_clear(&why);
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "rocksdb"}, &s, &why),
                     PAR_E_BAD_REQUEST);
    assert_true(why.len > 0);
    par_buf_clear(&why);
    assert_int_equal(
        par_store_open(&(struct par_store_options){.driver = "fail", .fail = "inner=fail"}, &s,
                       &why),
        PAR_E_BAD_REQUEST);
    assert_true(why.len > 0);
    par_buf_fini(&why);
}

#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STORE(after_a_failed_commit_the_store_is_reopened),
        ON_A_STORE(an_uncertain_commit_is_there_or_not),
        ON_A_STORE(reads_and_writes_are_refused_as_configured),
    };
    const struct CMUnitTest without_a_store[] = {
        cmocka_unit_test(what_fails_is_read_from_the_configuration),
        cmocka_unit_test(what_cannot_be_opened_says_why),
    };
    static const char *const inners[] = {"inner=memory", "inner=rocksdb"};
    int failed = cmocka_run_group_tests(without_a_store, NULL, NULL);
    for (size_t i = 0; i < sizeof inners / sizeof inners[0]; i++) {
        wrapped = inners[i];
        failed += cmocka_run_group_tests_name(wrapped, tests, NULL, NULL);
    }
    return failed;
}
