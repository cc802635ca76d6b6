/* The driver on a real HBase: PARLEY_TEST_HBASE names its gateways; without it everything here is
 * skipped. Each run makes a namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "parley/store.h"
#include "store/key.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct par_store *store;
static char space[32];

static enum par_err open_it(bool init, struct par_store **store_r)
{
    struct par_buf why = {0};
    const struct par_store_options options = {.driver = "hbase",
                                              .gateways = getenv("PARLEY_TEST_HBASE"),
                                              .space = space,
                                              .regions = 4,
                                              .must_be_new = init};
    enum par_err err = par_store_open(&options, store_r, &why);
    if (err)
        print_message("%.*s\n", (int)why.len, why.data ? (char *)why.data : "");
    par_buf_fini(&why);
    return err;
}

static int begin(void **state)
{
    (void)state;
    if (!getenv("PARLEY_TEST_HBASE"))
        return 0;
    snprintf(space, sizeof space, "test_%llx", (unsigned long long)par_wall_ms());
    assert_int_equal(open_it(false, &store), PAR_E_CONFLICT);
    assert_int_equal(open_it(true, &store), PAR_OK);
    par_store_close(&store);
    assert_int_equal(open_it(true, &store), PAR_E_CONFLICT);
    assert_int_equal(open_it(false, &store), PAR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    par_store_close(&store);
    return 0;
}

#define NEEDS_HBASE()                                                                              \
    do {                                                                                           \
        (void)state;                                                                               \
        if (!store)                                                                                \
            skip();                                                                                \
    } while (0)

static void put(enum par_table table, struct par_key key, const char *value, uint64_t version)
{
    struct par_batch batch = {0};
    if (value)
        par_batch_put(&batch, table, par_key_str(&key), par_str(value), version);
    else
        par_batch_delete(&batch, table, par_key_str(&key), version);
    assert_int_equal(par_store_commit(store, &batch, true), PAR_OUTCOME_OK);
    par_batch_fini(&batch);
}

static void is(enum par_table table, struct par_key key, const char *value)
{
    struct par_buf got = {0};
    int found = par_store_get(store, table, par_key_str(&key), &got);
    assert_int_equal(found, value != NULL);
    if (value)
        assert_true(par_str_eq(par_buf_str(&got), par_str(value)));
    par_buf_fini(&got);
}

static void the_higher_version_holds(void **state)
{
    NEEDS_HBASE();
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_key key = par_key_entry(&conv, 7);
    put(PAR_T_ENTRIES, key, "second", 20);
    put(PAR_T_ENTRIES, key, "first, late", 10);
    is(PAR_T_ENTRIES, key, "second");
    put(PAR_T_ENTRIES, key, "of the same version", 20);
    is(PAR_T_ENTRIES, key, "of the same version");
    put(PAR_T_ENTRIES, key, NULL, 30);
    is(PAR_T_ENTRIES, key, NULL);
    put(PAR_T_ENTRIES, key, "too old", 25);
    is(PAR_T_ENTRIES, key, NULL);
    put(PAR_T_ENTRIES, key, "with the version of the delete", 30);
    is(PAR_T_ENTRIES, key, NULL);
    put(PAR_T_ENTRIES, key, "after the delete", 31);
    is(PAR_T_ENTRIES, key, "after the delete");
    /* The same bytes in another table that shares HBase's. */
    is(PAR_T_CMIDS, key, NULL);
}

static bool add_row(void *arg, struct par_str key, struct par_str value)
{
    struct par_conv conv;
    uint64_t seq;
    assert_true(par_key_parse_entry(key, &conv, &seq));
    par_buf_addz(arg, " ");
    par_buf_add_str(arg, value);
    return true;
}

static void pages_are_the_newest_first(void **state)
{
    NEEDS_HBASE();
    struct par_conv conv = par_conv_direct(10, 11), other = par_conv_direct(10, 12);
    struct par_batch batch = {0};
    char text[16];
    for (uint64_t seq = 1; seq <= 1500; seq++) {
        struct par_key key = par_key_entry(&conv, seq);
        snprintf(text, sizeof text, "%d", (int)seq);
        par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&key), par_str(text), seq);
        key = par_key_entry(&other, seq);
        par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&key), PAR_STR("of others"), seq);
        key = par_key_user(seq);
        par_batch_put(&batch, PAR_T_LAST_SEEN, par_key_str(&key), par_str(text), seq);
    }
    assert_int_equal(par_store_commit(store, &batch, true), PAR_OUTCOME_OK);
    par_batch_fini(&batch);
    struct par_key from = par_key_conv(&conv), to = par_key_after(par_key_str(&from));
    struct par_buf got = {0};
    assert_int_equal(par_store_scan(store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 3,
                                    add_row, &got),
                     PAR_OK);
    assert_true(par_str_eq(par_buf_str(&got), PAR_STR(" 1500 1499 1498")));
    par_buf_clear(&got);
    struct par_key start = par_key_entry(&conv, 12), stop = par_key_entry(&conv, 9);
    assert_int_equal(par_store_scan(store, PAR_T_ENTRIES, par_key_str(&start), par_key_str(&stop),
                                    0, add_row, &got),
                     PAR_OK);
    assert_true(par_str_eq(par_buf_str(&got), PAR_STR(" 12 11 10")));
    par_buf_fini(&got);
}

static bool count_row(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

static void a_scan_of_everything_passes_over_other_tables(void **state)
{
    NEEDS_HBASE();
    size_t n = 0;
    struct par_conv conv = par_conv_direct(20, 21);
    put(PAR_T_MARKS, par_key_mark(&conv, 20), "mark", 1);
    assert_int_equal(par_store_scan(store, PAR_T_ENTRIES, (struct par_str){0}, (struct par_str){0},
                                    0, count_row, &n),
                     PAR_OK);
    assert_int_equal(n, 3001);
    n = 0;
    assert_int_equal(par_store_scan(store, PAR_T_MARKS, (struct par_str){0}, (struct par_str){0}, 0,
                                    count_row, &n),
                     PAR_OK);
    assert_int_equal(n, 1);
}

static void swaps_compare_the_whole_value(void **state)
{
    NEEDS_HBASE();
    struct par_key key = par_key_number(77);
    struct par_buf found = {0};
    struct par_str k = par_key_str(&key), none = {0};
    assert_int_equal(par_store_put_if_absent(store, PAR_T_CHECKPOINTS, k, PAR_STR("a"), 1, &found),
                     1);
    assert_int_equal(par_store_put_if_absent(store, PAR_T_CHECKPOINTS, k, PAR_STR("b"), 1, &found),
                     0);
    assert_true(par_str_eq(par_buf_str(&found), PAR_STR("a")));
    par_buf_clear(&found);
    assert_int_equal(
        par_store_swap(store, PAR_T_CHECKPOINTS, k, PAR_STR("x"), PAR_STR("c"), 2, &found), 0);
    assert_int_equal(
        par_store_swap(store, PAR_T_CHECKPOINTS, k, PAR_STR("a"), PAR_STR("c"), 2, NULL), 1);
    is(PAR_T_CHECKPOINTS, key, "c");
    put(PAR_T_CHECKPOINTS, key, NULL, 2);
    assert_int_equal(
        par_store_swap(store, PAR_T_CHECKPOINTS, k, PAR_STR("c"), PAR_STR("d"), 3, NULL), 0);
    assert_int_equal(par_store_swap(store, PAR_T_CHECKPOINTS, k, none, PAR_STR("d"), 3, NULL), 1);
    is(PAR_T_CHECKPOINTS, key, "d");
    /* One whose clock is behind is seen all the same; one with no value deletes. */
    assert_int_equal(
        par_store_swap(store, PAR_T_CHECKPOINTS, k, PAR_STR("d"), PAR_STR("e"), 1, NULL), 1);
    is(PAR_T_CHECKPOINTS, key, "e");
    assert_int_equal(par_store_swap(store, PAR_T_CHECKPOINTS, k, PAR_STR("e"), none, 1, NULL), 1);
    is(PAR_T_CHECKPOINTS, key, NULL);
    assert_int_equal(par_store_swap(store, PAR_T_CHECKPOINTS, k, none, PAR_STR("f"), 1, NULL), 1);
    is(PAR_T_CHECKPOINTS, key, "f");
    par_buf_fini(&found);
}

enum { CLAIMERS = 6, CLAIMS = 10 };

static atomic_int won[CLAIMS];

static void claim(void *arg)
{
    (void)arg;
    for (int i = 0; i < CLAIMS; i++) {
        struct par_key key = par_key_number(1000 + (uint64_t)i);
        int done = par_store_put_if_absent(store, PAR_T_CHECKPOINTS, par_key_str(&key),
                                           PAR_STR("mine"), 1, NULL);
        assert_true(done >= 0);
        won[i] += done;
    }
}

static void of_many_who_claim_a_key_one_gets_it(void **state)
{
    NEEDS_HBASE();
    struct par_thread *threads[CLAIMERS];
    for (int i = 0; i < CLAIMERS; i++)
        assert_int_equal(par_thread_start("claim", claim, NULL, &threads[i]), PAR_OK);
    for (int i = 0; i < CLAIMERS; i++)
        par_thread_join(&threads[i]);
    for (int i = 0; i < CLAIMS; i++)
        assert_int_equal(won[i], 1);
}

static void many_gets_answer_each_in_its_place(void **state)
{
    NEEDS_HBASE();
    enum { N = 64 };
    struct par_conv conv = par_conv_direct(10, 11);
    struct par_key bytes[N];
    struct par_store_key keys[N];
    struct par_str values[N];
    struct par_arena arena = {0};
    char text[16];
    for (int i = 0; i < N; i++) {
        bytes[i] =
            i % 3 == 0 ? par_key_user((uint64_t)i + 1) : par_key_entry(&conv, 1480 + (uint64_t)i);
        keys[i] = (struct par_store_key){i % 3 == 0 ? PAR_T_LAST_SEEN : PAR_T_ENTRIES,
                                         par_key_str(&bytes[i])};
    }
    assert_int_equal(par_store_multi_get(store, N, keys, &arena, values), PAR_OK);
    for (int i = 0; i < N; i++) {
        int expected = i % 3 == 0 ? i + 1 : 1480 + i;
        snprintf(text, sizeof text, "%d", expected);
        if (i % 3 != 0 && expected > 1500)
            assert_null(values[i].ptr);
        else
            assert_true(par_str_eq(values[i], par_str(text)));
    }
    par_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_higher_version_holds),
        cmocka_unit_test(pages_are_the_newest_first),
        cmocka_unit_test(a_scan_of_everything_passes_over_other_tables),
        cmocka_unit_test(swaps_compare_the_whole_value),
        cmocka_unit_test(of_many_who_claim_a_key_one_gets_it),
        cmocka_unit_test(many_gets_answer_each_in_its_place),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
