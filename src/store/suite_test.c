/* The conformance suite of the store: what the contract promises, on every driver; compiled once
 * more for the simulated ones (PAR_SUITE_SIM). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "loop/env.h"
#include "parley/store.h"
#include "store/key.h"
#include "store/rocksdb/files.h"

#ifdef PAR_SUITE_SIM
#include "sim/engine/store.h"
#include "sim/engine/test_host.h"
#endif

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* One driver of the family, with a store opened for each test. */
struct suite {
    const char *driver;
    const char *fail;
    bool has_folder, by_rows;
    char folder[64];
    struct par_store *store;
};

#ifdef PAR_SUITE_SIM
static struct suite drivers[] = {
    {.driver = "sim", .by_rows = true},
    {.driver = "sim"},
};
static struct sim_store *world;

static void begin(bool by_rows)
{
    sim_test_begin(1, true);
    world = sim_store_new(&(struct sim_store_plan){.by_rows = by_rows, .landing_ns = SIM_MS});
}

static void end(void)
{
    sim_store_free(&world);
    sim_test_end();
}
#else
static struct suite drivers[] = {
    {.driver = "memory"},
    {.driver = "fail", .fail = "inner=memory"},
    {.driver = "rocksdb", .has_folder = true},
    {.driver = "fail", .fail = "inner=rocksdb", .has_folder = true},
};
static void begin(bool by_rows)
{
    (void)by_rows;
}
static void end(void) {}
#endif
static struct suite *suite;

static int open_store(void **state)
{
    struct par_buf why = {0};
    begin(suite->by_rows);
    struct par_store_options options = {
        .driver = suite->driver, .fail = suite->fail, .cache_mb = 8};
    if (suite->has_folder) {
        strcpy(suite->folder, "/tmp/parley-suite-XXXXXX");
        assert_non_null(mkdtemp(suite->folder));
        options.path = suite->folder;
    }
    assert_int_equal(par_store_open(&options, &suite->store, &why), PAR_OK);
    par_buf_fini(&why);
    *state = suite->store;
    return 0;
}

static int close_store(void **state)
{
    (void)state;
    par_store_close(&suite->store);
    assert_null(suite->store);
    if (suite->has_folder)
        par_rocksdb__remove_tree(suite->folder);
    end();
    return 0;
}

/* ---- Helpers ---- */

static void put(struct par_store *s, enum par_table t, const char *key, const char *value)
{
    assert_int_equal(par_store_put(s, t, par_str(key), par_str(value), 1), PAR_OUTCOME_OK);
}

static int get_is(struct par_store *s, enum par_table t, struct par_str key, const char *value)
{
    struct par_buf buf = {0};
    int found = par_store_get(s, t, key, &buf);
    bool same = found == 1 && value != NULL && par_str_is(par_buf_str(&buf), value);
    par_buf_fini(&buf);
    return value == NULL ? found : same ? 1 : -2;
}

/* The keys of a scan, with blanks between. */
static const char *scan(struct par_store *s, enum par_table t, const char *start, const char *end,
                        size_t limit, size_t max_bytes, bool *more_r)
{
    static char text[1024];
    struct par_arena arena = {0};
    struct par_store_row *row;
    size_t n = 0;
    text[0] = '\0';
    assert_int_equal(par_store_scan_in(s, t, par_str(start), par_str(end), limit, max_bytes, &arena,
                                       &row, more_r),
                     PAR_OK);
    for (; row != NULL; row = row->next)
        n += (size_t)snprintf(text + n, sizeof text - n, n ? " %.*s" : "%.*s",
                              PAR_STR_ARGS(row->key));
    par_arena_fini(&arena);
    return text;
}

/* ---- What the contract promises ---- */

static void rows_are_put_read_and_deleted(void **state)
{
    struct par_store *s = *state;
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), NULL), 0);
    put(s, PAR_T_NAMES, "a", "1");
    put(s, PAR_T_META, "a", "other table");
    put(s, PAR_T_NAMES, "empty", "");
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), "1"), 1);
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("a"), "other table"), 1);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("empty"), ""), 1);
    put(s, PAR_T_NAMES, "a", "longer than before");
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), "longer than before"), 1);
    assert_int_equal(par_store_delete(s, PAR_T_NAMES, PAR_STR("a"), 1), PAR_OUTCOME_OK);
    assert_int_equal(par_store_delete(s, PAR_T_NAMES, PAR_STR("never was"), 1), PAR_OUTCOME_OK);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), NULL), 0);
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("a"), "other table"), 1);
}

static void a_value_is_appended_or_copied(void **state)
{
    struct par_store *s = *state;
    struct par_buf buf = {0};
    struct par_arena arena = {0};
    struct par_str value;
    put(s, PAR_T_NAMES, "k", "value");
    put(s, PAR_T_NAMES, "empty", "");
    par_buf_addz(&buf, "before ");
    assert_int_equal(par_store_get(s, PAR_T_NAMES, PAR_STR("k"), &buf), 1);
    assert_int_equal(par_store_get(s, PAR_T_NAMES, PAR_STR("none"), &buf), 0);
    assert_true(par_str_is(par_buf_str(&buf), "before value"));
    assert_int_equal(par_store_get_in(s, PAR_T_NAMES, PAR_STR("k"), &arena, &value), 1);
    assert_true(par_str_is(value, "value"));
    assert_int_equal(par_store_get_in(s, PAR_T_NAMES, PAR_STR("empty"), &arena, &value), 1);
    assert_true(value.ptr != NULL && value.len == 0);
    assert_int_equal(par_store_get_in(s, PAR_T_NAMES, PAR_STR("none"), &arena, &value), 0);
    assert_null(value.ptr);
    par_buf_fini(&buf);
    par_arena_fini(&arena);
}

static void of_a_batch_the_later_row_holds(void **state)
{
    struct par_store *s = *state;
    struct par_batch b = {0};
    assert_int_equal(par_store_commit(s, &b, true), PAR_OUTCOME_OK);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("a"), PAR_STR("1"), 1);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("a"), PAR_STR("2"), 1);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("b"), PAR_STR("1"), 1);
    par_batch_delete(&b, PAR_T_NAMES, PAR_STR("b"), 1);
    par_batch_delete(&b, PAR_T_NAMES, PAR_STR("c"), 1);
    /* A store that minds versions hides what is not above a delete. */
    struct par_buf *value = par_batch_begin(&b, PAR_T_NAMES, PAR_STR("c"), 2);
    par_buf_addz(value, "in ");
    par_buf_addz(value, "place");
    par_batch_end(&b);
    par_batch_put(&b, PAR_T_USERS, PAR_STR("a"), PAR_STR("3"), 1);
    assert_int_equal(b.count, 7);
    assert_int_equal(par_store_commit(s, &b, false), PAR_OUTCOME_OK);
    /* The same bytes once more change nothing. */
    assert_int_equal(par_store_commit(s, &b, true), PAR_OUTCOME_OK);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), "2"), 1);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("b"), NULL), 0);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("c"), "in place"), 1);
    assert_int_equal(get_is(s, PAR_T_USERS, PAR_STR("a"), "3"), 1);
    par_batch_clear(&b);
    assert_int_equal(b.count + par_batch_bytes(&b), 0);
    par_batch_fini(&b);
}

static void a_scan_has_order_bounds_and_limits(void **state)
{
    struct par_store *s = *state;
    bool more;
    const char *keys[] = {"b", "a\x01", "a", "ab", "c", "\xff", "abc"};
    for (size_t i = 0; i < 7; i++)
        put(s, PAR_T_NAMES, keys[i], "0123456789");
    assert_string_equal(scan(s, PAR_T_NAMES, "", "", 0, 0, &more), "a a\x01 ab abc b c \xff");
    assert_false(more);
    assert_string_equal(scan(s, PAR_T_NAMES, "ab", "c", 0, 0, NULL), "ab abc b");
    assert_string_equal(scan(s, PAR_T_NAMES, "aa", "b", 0, 0, NULL), "ab abc");
    assert_string_equal(scan(s, PAR_T_NAMES, "c", "c", 0, 0, NULL), "");
    assert_string_equal(scan(s, PAR_T_NAMES, "d", "a", 0, 0, NULL), "");
    assert_string_equal(scan(s, PAR_T_NAMES, "a", "", 2, 0, &more), "a a\x01");
    assert_true(more);
    assert_string_equal(scan(s, PAR_T_NAMES, "b", "", 3, 0, &more), "b c \xff");
    assert_string_equal(scan(s, PAR_T_NAMES, "a", "", 0, 24, &more), "a a\x01");
    assert_true(more);
    assert_string_equal(scan(s, PAR_T_NAMES, "a", "", 0, 1, &more), "a");
    assert_true(more);
    assert_string_equal(scan(s, PAR_T_CONTACTS, "", "", 0, 0, &more), "");
    assert_false(more);
}

static void the_higher_version_holds(void **state)
{
    struct par_store *s = *state;
    assert_int_equal(par_store_atomic(s), !suite->by_rows);
    if (par_store_atomic(s))
        return;
    assert_int_equal(par_store_put(s, PAR_T_NAMES, PAR_STR("a"), PAR_STR("5"), 5), PAR_OUTCOME_OK);
    assert_int_equal(par_store_put(s, PAR_T_NAMES, PAR_STR("a"), PAR_STR("4"), 4), PAR_OUTCOME_OK);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), "5"), 1);
    assert_int_equal(par_store_delete(s, PAR_T_NAMES, PAR_STR("a"), 4), PAR_OUTCOME_OK);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), "5"), 1);
    assert_int_equal(par_store_delete(s, PAR_T_NAMES, PAR_STR("a"), 7), PAR_OUTCOME_OK);
    assert_int_equal(par_store_put(s, PAR_T_NAMES, PAR_STR("a"), PAR_STR("6"), 6), PAR_OUTCOME_OK);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), NULL), 0);
    assert_int_equal(par_store_put(s, PAR_T_NAMES, PAR_STR("a"), PAR_STR("8"), 8), PAR_OUTCOME_OK);
    assert_int_equal(get_is(s, PAR_T_NAMES, PAR_STR("a"), "8"), 1);
}

static bool first_seq(void *arg, struct par_str key, struct par_str value)
{
    struct par_conv conv;
    (void)value;
    return !par_key_parse_entry(key, &conv, arg);
}

static bool count_rows(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

/* Prefixes as the tables of conversations have them, in and across them. */
static void the_newest_entry_is_one_step_away(void **state)
{
    struct par_store *s = *state;
    struct par_batch b = {0};
    enum { CONVS = 40, ENTRIES = 30 };
    for (uint64_t c = 1; c <= CONVS; c++) {
        struct par_conv conv = par_conv_direct(c, 1000);
        for (uint64_t seq = 1; seq <= ENTRIES; seq++) {
            struct par_key key = par_key_entry(&conv, seq);
            par_batch_put(&b, PAR_T_ENTRIES, par_key_str(&key), PAR_STR("x"), seq);
        }
    }
    assert_int_equal(par_store_commit(s, &b, true), PAR_OUTCOME_OK);
    par_batch_fini(&b);
    for (uint64_t c = 1; c <= CONVS + 1; c++) {
        struct par_conv conv = par_conv_direct(c, 1000);
        struct par_key from = par_key_conv(&conv), to = par_key_after(par_key_str(&from));
        uint64_t seq = 0;
        size_t n = 0;
        assert_int_equal(par_store_scan(s, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 1,
                                        first_seq, &seq),
                         PAR_OK);
        assert_int_equal(seq, c <= CONVS ? ENTRIES : 0);
        assert_int_equal(par_store_scan(s, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 0,
                                        count_rows, &n),
                         PAR_OK);
        assert_int_equal(n, c <= CONVS ? ENTRIES : 0);
        /* seq 20 … 11 */
        from = par_key_entry(&conv, 20);
        to = par_key_entry(&conv, 10);
        n = 0;
        assert_int_equal(par_store_scan(s, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 0,
                                        count_rows, &n),
                         PAR_OK);
        assert_int_equal(n, c <= CONVS ? 10 : 0);
    }
    size_t all = 0;
    assert_int_equal(
        par_store_scan(s, PAR_T_ENTRIES, PAR_STR(""), PAR_STR(""), 0, count_rows, &all), PAR_OK);
    assert_int_equal(all, CONVS * ENTRIES);
    all = 0;
    assert_int_equal(
        par_store_scan(s, PAR_T_ENTRIES, PAR_STR("\x80"), PAR_STR(""), 0, count_rows, &all),
        PAR_OK);
    assert_true(all > 0 && all < CONVS * ENTRIES);
}

static void many_rows_are_read_at_once(void **state)
{
    struct par_store *s = *state;
    enum { N = 700 };
    static struct par_store_key keys[N];
    static struct par_key bytes[N];
    static struct par_str values[N];
    struct par_batch b = {0};
    struct par_arena arena = {0};
    struct par_conv conv = par_conv_direct(1, 2);
    for (uint32_t i = 0; i < N; i++) {
        char text[16];
        snprintf(text, sizeof text, "cmid-%u", i);
        bytes[i] = par_key_cmid(&conv, i % 7, par_str(text));
        keys[i] = (struct par_store_key){i % 100 < 90 ? PAR_T_CMIDS : PAR_T_MARKS,
                                         par_key_str(&bytes[i])};
        if (i % 3 != 0)
            par_batch_put(&b, keys[i].table, keys[i].key, par_str(i % 5 ? text : ""), 1);
    }
    assert_int_equal(par_store_commit(s, &b, true), PAR_OUTCOME_OK);
    assert_int_equal(par_store_multi_get(s, 0, NULL, &arena, NULL), PAR_OK);
    assert_int_equal(par_store_multi_get(s, N, keys, &arena, values), PAR_OK);
    for (uint32_t i = 0; i < N; i++) {
        char text[16];
        snprintf(text, sizeof text, "cmid-%u", i);
        bool right = values[i].ptr && par_str_is(values[i], i % 5 ? text : "");
        assert_true(i % 3 == 0 ? !values[i].ptr : right);
    }
    par_batch_fini(&b);
    par_arena_fini(&arena);
}

static void put_if_absent_and_swap(void **state)
{
    struct par_store *s = *state;
    struct par_str k = PAR_STR("k"), none = {0};
    struct par_buf now = {0};
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR("x"), PAR_STR("y"), 1, &now), 0);
    assert_int_equal(now.len, 0);
    assert_int_equal(par_store_put_if_absent(s, PAR_T_META, k, PAR_STR("1"), 1, &now), 1);
    assert_int_equal(now.len, 0);
    assert_int_equal(par_store_put_if_absent(s, PAR_T_META, k, PAR_STR("2"), 1, &now), 0);
    assert_true(par_str_is(par_buf_str(&now), "1"));
    assert_int_equal(par_store_put_if_absent(s, PAR_T_META, k, PAR_STR("2"), 1, NULL), 0);
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR("0"), PAR_STR("2"), 1, NULL), 0);
    assert_int_equal(par_store_swap(s, PAR_T_META, k, none, PAR_STR("2"), 1, NULL), 0);
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR("1"), PAR_STR("2"), 1, NULL), 1);
    assert_int_equal(get_is(s, PAR_T_META, k, "2"), 1);
    /* Empty is a value. */
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR("2"), PAR_STR(""), 1, NULL), 1);
    assert_int_equal(par_store_put_if_absent(s, PAR_T_META, k, PAR_STR("3"), 1, NULL), 0);
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR(""), PAR_STR("3"), 1, NULL), 1);
    par_buf_fini(&now);
}

static void what_is_set_holds_whatever_its_version(void **state)
{
    struct par_store *s = *state;
    const struct par_str k = PAR_STR("k"), none = {0};
    for (uint64_t version = 100; version > 60; version -= 10) {
        assert_int_equal(par_store_set(s, PAR_T_META, k, PAR_STR("1"), version), PAR_OUTCOME_OK);
        assert_int_equal(get_is(s, PAR_T_META, k, "1"), 1);
        assert_int_equal(par_store_set(s, PAR_T_META, k, PAR_STR("2"), version - 1),
                         PAR_OUTCOME_OK);
        assert_int_equal(get_is(s, PAR_T_META, k, "2"), 1);
        assert_int_equal(par_store_set(s, PAR_T_META, k, PAR_STR("2"), version - 2),
                         PAR_OUTCOME_OK);
        assert_int_equal(par_store_set(s, PAR_T_META, k, none, version - 3), PAR_OUTCOME_OK);
        assert_int_equal(get_is(s, PAR_T_META, k, NULL), 0);
        assert_int_equal(par_store_set(s, PAR_T_META, k, none, version - 4), PAR_OUTCOME_OK);
    }
    assert_int_equal(par_store_set(s, PAR_T_META, k, PAR_STR("3"), 1), PAR_OUTCOME_OK);
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR("2"), none, 1, NULL), 0);
    assert_int_equal(par_store_swap(s, PAR_T_META, k, PAR_STR("3"), none, 1, NULL), 1);
    assert_int_equal(get_is(s, PAR_T_META, k, NULL), 0);
}

enum { CLAIMERS = 4, CLAIMS = 25 };
struct claimer {
    struct par_store *store;
    atomic_int *won;
    struct par_thread *thread;
};

static void claim(void *arg)
{
    struct claimer *c = arg;
    for (int i = 0; i < CLAIMS; i++) {
        char key[16];
        snprintf(key, sizeof key, "name%d", i);
        if (par_store_put_if_absent(c->store, PAR_T_NAMES, par_str(key), PAR_STR("me"), 1, NULL) ==
            1)
            atomic_fetch_add(&c->won[i], 1);
    }
}

static void of_many_who_claim_a_key_one_gets_it(void **state)
{
    static atomic_int won[CLAIMS];
    struct claimer claimers[CLAIMERS];
    for (int i = 0; i < CLAIMS; i++)
        atomic_store(&won[i], 0);
    for (int i = 0; i < CLAIMERS; i++) {
        claimers[i] = (struct claimer){.store = *state, .won = won};
        assert_int_equal(par_thread_start("claim", claim, &claimers[i], &claimers[i].thread),
                         PAR_OK);
    }
    for (int i = 0; i < CLAIMERS; i++)
        par_thread_join(&claimers[i].thread);
    for (int i = 0; i < CLAIMS; i++)
        assert_int_equal(atomic_load(&won[i]), 1);
}

struct reader {
    struct par_store *store;
    atomic_bool stop, torn;
    struct par_thread *thread;
};

static bool same_as_first(void *arg, struct par_str key, struct par_str value)
{
    char *first = arg;
    (void)key;
    if (first[0] == '\0')
        memcpy(first, value.ptr, value.len);
    return value.len == 8 && memcmp(first, value.ptr, 8) == 0;
}

static void read_on(void *arg)
{
    struct reader *r = arg;
    while (!atomic_load(&r->stop)) {
        char first[9] = {0};
        size_t n = 0;
        struct par_arena arena = {0};
        struct par_store_row *row;
        if (par_store_scan_in(r->store, PAR_T_DEVICES, PAR_STR("pair"), PAR_STR("paix"), 0, 0,
                              &arena, &row, NULL) != PAR_OK)
            atomic_store(&r->torn, true);
        for (; row != NULL; row = row->next)
            if (++n > 3 || !same_as_first(first, row->key, row->value))
                atomic_store(&r->torn, true);
        par_arena_fini(&arena);
    }
}

static void a_scan_sees_a_batch_whole_or_not(void **state)
{
    struct par_store *s = *state;
    struct reader readers[2];
    struct par_batch b = {0};
    if (!par_store_atomic(s))
        return;
    for (int round = 0; round < 200; round++) {
        char value[9];
        snprintf(value, sizeof value, "%08d", round);
        par_batch_clear(&b);
        par_batch_put(&b, PAR_T_DEVICES, PAR_STR("pair1"), par_str(value), 1);
        par_batch_put(&b, PAR_T_DEVICES, PAR_STR("pair2"), par_str(value), 1);
        par_batch_put(&b, PAR_T_DEVICES, PAR_STR("pair3"), par_str(value), 1);
        assert_int_equal(par_store_commit(s, &b, round % 50 == 0), PAR_OUTCOME_OK);
        for (int i = 0; round == 0 && i < 2; i++) {
            readers[i].store = s;
            atomic_init(&readers[i].stop, false);
            atomic_init(&readers[i].torn, false);
            assert_int_equal(par_thread_start("reader", read_on, &readers[i], &readers[i].thread),
                             PAR_OK);
        }
    }
    for (int i = 0; i < 2; i++) {
        atomic_store(&readers[i].stop, true);
        par_thread_join(&readers[i].thread);
        assert_false(atomic_load(&readers[i].torn));
    }
    par_batch_fini(&b);
}

static void rows_that_are_too_large_are_refused(void **state)
{
    struct par_store *s = *state;
    static char big[PAR_STORE_VALUE_MAX + 1];
    par_log_guard_expect("store.row_too_large");
    memset(big, 'x', sizeof big);
    assert_int_equal(par_store_put(s, PAR_T_META, par_str_of(big, PAR_STORE_KEY_MAX),
                                   par_str_of(big, PAR_STORE_VALUE_MAX), 1),
                     PAR_OUTCOME_OK);
    assert_int_equal(
        par_store_put(s, PAR_T_META, par_str_of(big, PAR_STORE_KEY_MAX + 1), PAR_STR("x"), 1),
        PAR_OUTCOME_FAILED);
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR("k"), par_str_of(big, sizeof big), 1),
                     PAR_OUTCOME_FAILED);
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_STR(""), PAR_STR("x"), 1),
                     PAR_OUTCOME_FAILED);
    assert_true(par_store_writable(s));
    assert_int_equal(get_is(s, PAR_T_META, PAR_STR("k"), NULL), 0);
}

static void a_quiet_store_keeps_its_generation(void **state)
{
    struct par_store *s = *state;
    struct par_store_stats stats;
    uint64_t generation = par_store_generation(s);
    put(s, PAR_T_META, "k", "v");
    uint32_t again = par_store_tick(s);
    assert_true(again >= 1 && again <= 5000);
    assert_int_equal(par_store_generation(s), generation);
    assert_true(par_store_writable(s));
    assert_int_equal(strlen(par_store_incarnation(s)), PAR_STORE_INCARNATION_MAX - 1);
    par_store_stats(s, &stats);
    assert_true(stats.commits >= 1 && stats.rows_written >= 1);
}

#define ON_A_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_STORE(rows_are_put_read_and_deleted),
        ON_A_STORE(a_value_is_appended_or_copied),
        ON_A_STORE(of_a_batch_the_later_row_holds),
        ON_A_STORE(the_higher_version_holds),
        ON_A_STORE(a_scan_has_order_bounds_and_limits),
        ON_A_STORE(the_newest_entry_is_one_step_away),
        ON_A_STORE(many_rows_are_read_at_once),
        ON_A_STORE(put_if_absent_and_swap),
        ON_A_STORE(what_is_set_holds_whatever_its_version),
        ON_A_STORE(of_many_who_claim_a_key_one_gets_it),
        ON_A_STORE(a_scan_sees_a_batch_whole_or_not),
        ON_A_STORE(rows_that_are_too_large_are_refused),
        ON_A_STORE(a_quiet_store_keeps_its_generation),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        suite = &drivers[i];
        failed += _cmocka_run_group_tests(suite->fail ? suite->fail : suite->driver, tests,
                                          sizeof tests / sizeof *tests, NULL, NULL);
    }
    return failed;
}
