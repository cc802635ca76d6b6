/* The follower: what it was told, what it was not told, and where another goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "search/follow.h"

#include "base/log_guard.h"
#include "loop/env.h"
#include "parley/queue.h"
#include "search/index.h"
#include "search/signature.h"
#include "search/test_log.h"
#include "search/whole.h"
#include "store/key.h"

#include <stdio.h>

enum { LOGS = TEST_LOGS_MAX };

static int set_up(void **state)
{
    *state = test_calloc(1, sizeof(struct test_logs));
    test_logs_begin(*state, LOGS);
    return 0;
}

static int tear_down(void **state)
{
    test_logs_end(*state);
    test_free(*state);
    return 0;
}

static void report(void *arg, struct par_str line)
{
    (void)arg;
    printf("%.*s\n", PAR_STR_ARGS(line));
}

/* Rows of the index; none may be wrong. */
static uint64_t rows(struct test_logs *w)
{
    uint64_t rows, violations;
    assert_int_equal(par_index_verify(w->store, report, NULL, &rows, &violations), PAR_OK);
    assert_int_equal(violations, 0);
    return rows;
}

static uint64_t complete(const struct test_logs *w)
{
    uint64_t n = 0;
    for (int i = 0; i < LOGS; i++)
        n += w->log[i]->last / PAR_INDEX_BLOCK;
    return n;
}

static uint64_t mark(struct test_logs *w, uint32_t partition)
{
    uint64_t stamp;
    assert_int_equal(par_index_mark(w->store, partition, &stamp), PAR_OK);
    return stamp;
}

static void fill(struct test_log *log, int n, const char *text)
{
    while (n-- > 0)
        test_log_send(log, ANN, text);
}

static struct par_follow *start(struct test_logs *w, uint32_t partition)
{
    struct par_follow *f;
    assert_int_equal(par_follow_start(w->store, &f), PAR_OK);
    par_follow_begin(f, partition, 1, w->stamp + 1);
    return f;
}

/* Until everything it was told is done and no sweep is under way. */
static void settle(struct par_follow *f)
{
    struct par_follow_stats stats;
    _Atomic uint32_t never = 0;
    do {
        par_follow_stats(f, &stats);
        par_pause(&never, 1);
    } while (stats.waiting || stats.sweeps);
}

static bool has(struct test_logs *w, const struct test_log *log, uint64_t block, const char *three)
{
    struct par_key key = par_key_search(&log->conv, block);
    struct par_buf value = {0};
    uint64_t gram = par_gram((uint8_t)three[0], (uint8_t)three[1], (uint8_t)three[2]);
    assert_int_equal(par_store_get(w->store, PAR_T_SEARCH, par_key_str(&key), &value), 1);
    bool has = par_signature_has(par_buf_str(&value), &gram, 1);
    par_buf_fini(&value);
    return has;
}

static void what_was_noted_is_indexed(void **state)
{
    struct test_logs *w = *state;
    struct par_follow *f = start(w, 0);
    fill(w->log[0], 31, "alpha");
    par_follow_upto(f, 0, w->stamp + 1);
    settle(f);
    assert_int_equal(rows(w), 0);
    fill(w->log[0], 100, "beta");
    par_follow_note(f, 0, &w->log[0]->conv, 3);
    par_follow_upto(f, 0, w->stamp + 1);
    settle(f);
    assert_int_equal(rows(w), 4);
    par_follow_stop(&f);
    assert_int_equal(mark(w, 0), w->stamp + 1);
}

static void a_deleted_text_leaves_the_index(void **state)
{
    struct test_logs *w = *state;
    struct par_follow *f = start(w, 0);
    test_log_send(w->log[0], ANN, "quetzalcoatl");
    fill(w->log[0], 63, "alpha");
    par_follow_note(f, 0, &w->log[0]->conv, 1);
    settle(f);
    assert_true(has(w, w->log[0], 0, "uet"));
    test_log_delete(w->log[0], 1);
    par_follow_note(f, 0, &w->log[0]->conv, 0);
    settle(f);
    assert_false(has(w, w->log[0], 0, "uet"));
    assert_true(has(w, w->log[0], 0, "alp"));
    assert_int_equal(rows(w), 2);
    par_follow_stop(&f);
}

/* A crash: what was noted and not done, and what was not even noted, is found from the mark on, and
 * nothing else is looked at. */
static void another_goes_on_from_the_mark(void **state)
{
    struct test_logs *w = *state;
    struct par_follow *f = start(w, 0);
    for (int i = 0; i < LOGS; i++)
        fill(w->log[i], 40, "alpha bravo");
    test_log_send(w->log[0], ANN, "quetzal");
    for (int i = 0; i < LOGS; i++)
        par_follow_note(f, 0, &w->log[i]->conv, 0);
    par_follow_upto(f, 0, w->stamp + 1);
    settle(f);
    par_follow_stop(&f);
    uint64_t marked = mark(w, 0);
    assert_int_equal(rows(w), LOGS);
    /* The next life writes on and dies without a word to a follower. */
    fill(w->log[0], 60, "charlie");
    fill(w->log[3], 60, "delta");
    test_log_delete(w->log[0], 41);
    assert_int_equal(rows(w), LOGS);
    f = start(w, 0);
    settle(f);
    assert_int_equal(rows(w), complete(w));
    assert_false(has(w, w->log[0], 1, "uet"));
    par_follow_stop(&f);
    assert_true(mark(w, 0) > marked);
    assert_int_equal(mark(w, 0), w->stamp + 1);
}

/* A deletion that was not noted is found, too, in a block that has its row. */
static void deletes_of_before_a_crash_are_found(void **state)
{
    struct test_logs *w = *state;
    test_log_send(w->log[0], ANN, "quetzal");
    fill(w->log[0], 63, "alpha");
    struct par_follow *f = start(w, 0);
    settle(f);
    par_follow_stop(&f);
    assert_true(has(w, w->log[0], 0, "uet"));
    test_log_delete(w->log[0], 1);
    f = start(w, 0);
    settle(f);
    par_follow_stop(&f);
    assert_false(has(w, w->log[0], 0, "uet"));
}

/* More than the list holds: a sweep finds the rest. */
static void a_full_list_loses_nothing(void **state)
{
    struct test_logs *w = *state;
    for (int i = 0; i < LOGS; i++)
        fill(w->log[i], 32, "alpha");
    struct par_follow *f = start(w, 0);
    settle(f);
    assert_int_equal(rows(w), LOGS);
    for (int i = 0; i < LOGS; i++)
        fill(w->log[i], 200, "bravo");
    for (int n = 0; n < 200000; n++)
        par_follow_note(f, 0, &w->log[n % LOGS]->conv, 0);
    struct par_follow_stats stats;
    par_follow_stats(f, &stats);
    assert_true(stats.waiting <= stats.limit);
    for (int i = 0; i < LOGS; i++)
        par_follow_note(f, 0, &w->log[i]->conv, 6);
    par_follow_upto(f, 0, w->stamp + 1);
    settle(f);
    par_follow_stop(&f);
    /* Whether the last notes were refused or not. */
    f = start(w, 0);
    settle(f);
    assert_int_equal(rows(w), complete(w));
    par_follow_stop(&f);
}

/* What cannot be read is told, and the conversations behind it are indexed all the same. */
static void a_damaged_row_keeps_nobody_waiting(void **state)
{
    struct test_logs *w = *state;
    par_log_guard_expect("search.damaged");
    struct par_follow *f = start(w, 0);
    fill(w->log[0], 32, "alpha");
    fill(w->log[1], 32, "bravo");
    struct par_key key = par_key_conv(&w->log[0]->conv);
    assert_int_equal(
        par_store_put(w->store, PAR_T_CONVERSATIONS, par_key_str(&key), PAR_STR("?"), ++w->stamp),
        PAR_OUTCOME_OK);
    par_follow_note(f, 0, &w->log[0]->conv, 0);
    par_follow_note(f, 0, &w->log[1]->conv, 0);
    settle(f);
    par_follow_stop(&f);
    assert_true(has(w, w->log[1], 0, "rav"));
    assert_int_equal(par_log_guard_count("search.damaged"), 1);
}

/* Of many partitions each is swept by who owns it, and only there. */
static void a_partition_is_swept_alone(void **state)
{
    struct test_logs *w = *state;
    enum { COUNT = 4 };
    uint64_t expected = 0, of[COUNT] = {0};
    for (int i = 0; i < LOGS; i++) {
        fill(w->log[i], 70, "alpha");
        of[(uint32_t)par_key_conv_hash2(&w->log[i]->conv) * COUNT >> 16] += 2;
    }
    for (uint16_t n = 0; n < COUNT; n++) {
        struct par_follow *f;
        assert_int_equal(par_follow_start(w->store, &f), PAR_OK);
        par_follow_begin(f, par_partition(0, n), COUNT, w->stamp + 1);
        settle(f);
        par_follow_stop(&f);
        expected += of[n];
        assert_int_equal(rows(w), expected);
    }
    assert_int_equal(expected, complete(w));
    /* The generation that follows, with twice as many partitions, begins at these marks. */
    assert_int_equal(mark(w, par_partition(1, 5)), mark(w, par_partition(0, 2)));
}

static void everything_made_anew(void **state)
{
    struct test_logs *w = *state;
    for (int i = 0; i < LOGS; i++)
        fill(w->log[i], 20 * (i + 1), "alpha");
    struct par_buf value = {0};
    struct par_checkpoint checkpoint = {.position = w->stamp + 1};
    struct par_key key = par_key_number(0);
    par_checkpoint_encode(&checkpoint, &value);
    assert_int_equal(
        par_store_put(w->store, PAR_T_CHECKPOINTS, par_key_str(&key), par_buf_str(&value), 1),
        PAR_OUTCOME_OK);
    par_buf_fini(&value);
    /* A row that hides what is there. */
    struct par_key bad = par_key_search(&w->log[7]->conv, 0);
    assert_int_equal(
        par_store_put(w->store, PAR_T_SEARCH, par_key_str(&bad), PAR_STR("\1\0\0\0\0\0\0\0\0"), 1),
        PAR_OUTCOME_OK);
    uint64_t n, violations, conversations;
    assert_int_equal(par_index_verify(w->store, report, NULL, &n, &violations), PAR_OK);
    assert_int_equal(violations, 1);
    assert_int_equal(par_index_write_all(w->store, &conversations, &n), PAR_OK);
    assert_int_equal(conversations, LOGS);
    assert_int_equal(n, complete(w));
    assert_int_equal(rows(w), complete(w));
    assert_int_equal(mark(w, 0), w->stamp + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_noted_is_indexed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deleted_text_leaves_the_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_goes_on_from_the_mark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deletes_of_before_a_crash_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_list_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_row_keeps_nobody_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_partition_is_swept_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_made_anew, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
