/* The simulated store by rows: each ugly thing that it does, and that the contract holds all the
 * same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "sim/engine/store.h"
#include "sim/engine/test_host.h"

#include <stdio.h>

static struct sim_store *world;
static struct par_store *store;

static void begin(const struct sim_store_plan *plan)
{
    struct par_buf why = {0};
    sim_test_begin(11, false);
    world = sim_store_new(&(struct sim_store_plan){.by_rows = true});
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "sim"}, &store, &why),
                     PAR_OK);
    par_buf_fini(&why);
    if (plan != NULL)
        sim_store_set_plan(world, plan);
    sim_test_node(1);
}

static int end(void **state)
{
    (void)state;
    par_store_close(&store);
    sim_store_free(&world);
    sim_test_end();
    return 0;
}

static int value_is(const char *key, const char *value)
{
    struct par_buf buf = {0};
    int found = par_store_get(store, PAR_T_NAMES, par_str(key), &buf);
    int same = found == 1 && value != NULL && par_str_is(par_buf_str(&buf), value);
    par_buf_fini(&buf);
    return value == NULL ? found == 0 : same;
}

static enum par_outcome put(const char *key, const char *value, uint64_t version)
{
    return par_store_put(store, PAR_T_NAMES, par_str(key), par_str(value), version);
}

static void the_higher_version_holds(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(put("a", "new", 7), PAR_OUTCOME_OK);
    assert_int_equal(put("a", "old", 6), PAR_OUTCOME_OK);
    assert_true(value_is("a", "new"));
    assert_int_equal(put("a", "last", 7), PAR_OUTCOME_OK);
    assert_true(value_is("a", "last"));
    assert_false(par_store_atomic(store));
}

static void a_delete_hides_what_comes_later(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(put("a", "x", 5), PAR_OUTCOME_OK);
    assert_int_equal(par_store_delete(store, PAR_T_NAMES, PAR_STR("a"), 4), PAR_OUTCOME_OK);
    assert_true(value_is("a", "x"));
    assert_int_equal(par_store_delete(store, PAR_T_NAMES, PAR_STR("a"), 8), PAR_OUTCOME_OK);
    assert_true(value_is("a", NULL));
    assert_int_equal(put("a", "late", 8), PAR_OUTCOME_OK);
    assert_true(value_is("a", NULL));
    assert_int_equal(put("a", "newer", 9), PAR_OUTCOME_OK);
    assert_true(value_is("a", "newer"));
    assert_int_equal(sim_store_rows(world, PAR_T_NAMES), 1);
}

static void a_compaction_forgets_deletes(void **state)
{
    (void)state;
    begin(&(struct sim_store_plan){.by_rows = true, .buried_ns = SIM_S});
    assert_int_equal(par_store_delete(store, PAR_T_NAMES, PAR_STR("a"), 8), PAR_OUTCOME_OK);
    assert_int_equal(put("a", "late", 7), PAR_OUTCOME_OK);
    assert_true(value_is("a", NULL));
    sim_test_run_ns(2 * SIM_S);
    assert_int_equal(put("a", "later", 6), PAR_OUTCOME_OK);
    assert_true(value_is("a", "later"));
}

static void a_test_tells_what_lands(void **state)
{
    (void)state;
    struct par_batch b = {0};
    begin(NULL);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("a"), PAR_STR("1"), 1);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("b"), PAR_STR("1"), 1);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("c"), PAR_STR("1"), 1);
    sim_store_next(world, PAR_OUTCOME_UNCERTAIN, 2, SIM_STORE_HELD);
    sim_store_next(world, PAR_OUTCOME_FAILED, 0, SIM_STORE_NEVER);
    assert_int_equal(par_store_commit(store, &b, true), PAR_OUTCOME_UNCERTAIN);
    assert_true(value_is("a", NULL) && value_is("b", "1") && value_is("c", NULL));
    assert_true(par_store_writable(store));
    assert_int_equal(par_store_commit(store, &b, true), PAR_OUTCOME_FAILED);
    assert_true(value_is("a", NULL));
    assert_int_equal(put("a", "2", 2), PAR_OUTCOME_OK);
    assert_int_equal(sim_store_landing(world), 2);
    assert_int_equal(sim_store_land_held(world), 2);
    assert_true(value_is("a", "2") && value_is("c", "1"));
    par_batch_fini(&b);
}

/* Of many batches of rows a..h: how many rows of the batch are there when the call has ended, how
 * many after a minute. */
struct seen {
    int calls, none, some, all, ok;
};

static int count_rows(const char *value)
{
    int n = 0;
    for (char key[2] = "a"; key[0] <= 'h'; key[0]++)
        n += value_is(key, value);
    return n;
}

static void run(int calls, struct seen *now, struct seen *later)
{
    static uint64_t version;
    *now = *later = (struct seen){0};
    for (int i = 0; i < calls; i++) {
        struct par_batch b = {0};
        char value[16];
        snprintf(value, sizeof value, "%d", (int)++version);
        for (char key[2] = "a"; key[0] <= 'h'; key[0]++)
            par_batch_put(&b, PAR_T_NAMES, par_str(key), par_str(value), version);
        enum par_outcome outcome = par_store_commit(store, &b, true);
        for (int k = 0; k < 2; k++) {
            struct seen *s = k == 0 ? now : later;
            int n = count_rows(value);
            s->calls++;
            s->none += n == 0;
            s->some += n > 0 && n < 8;
            s->all += n == 8;
            s->ok += outcome == PAR_OUTCOME_OK;
            if (outcome == PAR_OUTCOME_OK)
                assert_int_equal(n, 8);
            sim_test_run_ns(60 * SIM_S);
        }
        par_batch_fini(&b);
    }
}

static struct sim_store_plan calm = {.by_rows = true,
                                     .regions = 4,
                                     .timeout_ns = 5 * SIM_S,
                                     .landing_ns = 5 * SIM_MS,
                                     .late_ns = 30 * SIM_S};

static void batches_land_in_part(void **state)
{
    (void)state;
    struct seen now, later;
    struct sim_store_plan plan = calm;
    plan.partial_ppm = 500000;
    begin(&plan);
    run(60, &now, &later);
    assert_true(now.some > 10 && later.some > 10 && now.ok > 10);
    assert_int_equal(sim_test_faults(SIM_FAULT_STORE_PARTIAL), now.calls - now.ok);
}

static void answers_are_lost(void **state)
{
    (void)state;
    struct seen now, later;
    struct sim_store_plan plan = calm;
    plan.answer_lost_ppm = 500000;
    begin(&plan);
    run(60, &now, &later);
    assert_true(now.all == 60 && now.ok > 10 && now.ok < 50);
    assert_int_equal(sim_test_faults(SIM_FAULT_STORE_ANSWER_LOST), 60 - now.ok);
}

static void writes_are_refused(void **state)
{
    (void)state;
    struct seen now, later;
    struct sim_store_plan plan = calm;
    plan.refused_ppm = 500000;
    begin(&plan);
    run(60, &now, &later);
    assert_true(now.all == now.ok && later.none == 60 - now.ok && now.ok < 50);
}

static void rows_land_long_after_their_call(void **state)
{
    (void)state;
    struct seen now, later;
    struct sim_store_plan plan = calm;
    plan.late_ppm = 500000;
    begin(&plan);
    run(60, &now, &later);
    assert_true(now.some + now.none > 10 && later.all > now.all);
    assert_true(later.some > 0 && sim_store_landing(world) == 0);
    sim_test_heal(true);
    run(20, &now, &later);
    assert_int_equal(now.ok, 20);
}

static void late_rows_lose_against_newer_ones(void **state)
{
    (void)state;
    struct sim_store_plan plan = calm;
    plan.late_ppm = 300000;
    begin(&plan);
    for (int i = 1; i < 200; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        while (put("a", value, (uint64_t)i) != PAR_OUTCOME_OK)
            ;
        assert_true(value_is("a", value));
        sim_test_run_ns(SIM_S);
        assert_true(value_is("a", value));
    }
}

static void look(void *arg)
{
    int *part = arg;
    int n = 0;
    struct par_buf buf = {0};
    /* An event must not wait, and a calm read does not. */
    for (char key[2] = "a"; key[0] <= 'h'; key[0]++) {
        par_buf_clear(&buf);
        n += par_store_get(store, PAR_T_NAMES, par_str(key), &buf) == 1;
    }
    *part += n > 0 && n < 8;
    par_buf_fini(&buf);
}

static void rows_are_seen_before_their_batch_is_ok(void **state)
{
    (void)state;
    struct par_batch b = {0};
    int part = 0;
    begin(&calm);
    for (char key[2] = "a"; key[0] <= 'h'; key[0]++)
        par_batch_put(&b, PAR_T_NAMES, par_str(key), PAR_STR("x"), 1);
    for (int i = 1; i < 20; i++)
        sim_at_ns(sim_now_ns() + (uint64_t)i * 250 * SIM_US, look, &part);
    assert_int_equal(par_store_commit(store, &b, true), PAR_OUTCOME_OK);
    assert_int_equal(count_rows("x"), 8);
    assert_true(part > 0);
    par_batch_fini(&b);
}

static void a_region_that_moves_stalls(void **state)
{
    (void)state;
    struct sim_store_plan plan = calm;
    int slow = 0, failed = 0;
    plan.move_ppm = 100000;
    plan.move_ns = 10 * SIM_S;
    begin(&plan);
    for (int i = 0; i < 100; i++) {
        uint64_t began = sim_now_ns();
        failed += put("a", "x", (uint64_t)i) != PAR_OUTCOME_OK;
        slow += sim_now_ns() - began > 100 * SIM_MS;
        assert_true(sim_now_ns() - began <= 6 * SIM_S);
    }
    assert_true(slow > failed && failed > 0);
    assert_true(sim_test_faults(SIM_FAULT_STORE_STALL) > 0);
    sim_store_outage(world, 20 * SIM_S);
    assert_int_equal(put("a", "y", 200), PAR_OUTCOME_UNCERTAIN);
    sim_test_run_ns(20 * SIM_S);
    assert_int_equal(put("a", "y", 200), PAR_OUTCOME_OK);
}

static void who_is_cut_off_hears_nothing(void **state)
{
    (void)state;
    struct sim_store_plan plan = calm;
    struct par_store *other;
    struct par_buf why = {0};
    begin(&plan);
    sim_test_cut(1, SIM_STORE, true);
    assert_int_equal(put("a", "x", 1), PAR_OUTCOME_UNCERTAIN);
    assert_int_equal(
        par_store_put_if_absent(store, PAR_T_NAMES, PAR_STR("n"), PAR_STR("v"), 1, NULL), -1);
    assert_true(sim_now_ns() >= 10 * SIM_S);
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "sim"}, &other, &why),
                     PAR_E_UNAVAILABLE);
    sim_test_node(2);
    assert_true(value_is("a", NULL) && value_is("n", NULL));
    assert_int_equal(put("a", "x", 1), PAR_OUTCOME_OK);
    par_buf_fini(&why);
}

static int swap(const char *expected, const char *value)
{
    return par_store_swap(store, PAR_T_NAMES, PAR_STR("s"),
                          expected ? par_str(expected) : (struct par_str){0}, par_str(value), 1,
                          NULL);
}

static void a_swap_may_be_done_unknown_or_late(void **state)
{
    (void)state;
    int unknown_done = 0, late = 0, done = 0;
    char at[16] = "", next[16];
    struct sim_store_plan plan = calm;
    plan.answer_lost_ppm = 200000;
    plan.late_ppm = 200000;
    plan.refused_ppm = 100000;
    begin(NULL);
    assert_int_equal(put("s", at, 1), PAR_OUTCOME_OK);
    sim_store_set_plan(world, &plan);
    for (int i = 0; i < 200; i++) {
        snprintf(next, sizeof next, "%d", i);
        int result = swap(at, next);
        assert_int_not_equal(result, 0);
        bool now = value_is("s", next);
        assert_true(now || result < 0);
        sim_test_run_ns(60 * SIM_S);
        bool then = value_is("s", next);
        assert_true(then || !now);
        unknown_done += result < 0 && now;
        late += then && !now;
        done += result == 1;
        if (then)
            memcpy(at, next, sizeof at);
    }
    assert_true(unknown_done > 5 && late > 5 && done > 50);
}

static void a_late_swap_compares_when_it_lands(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(swap(NULL, "1"), 1);
    sim_store_next(world, PAR_OUTCOME_UNCERTAIN, 0, SIM_STORE_HELD);
    assert_int_equal(swap("1", "late"), -1);
    assert_int_equal(swap("1", "2"), 1);
    assert_int_equal(sim_store_land_held(world), 1);
    assert_true(value_is("s", "2"));
    sim_store_next(world, PAR_OUTCOME_UNCERTAIN, 1, SIM_STORE_NEVER);
    assert_int_equal(swap("2", "3"), -1);
    assert_true(value_is("s", "3"));
}

static void a_swap_is_seen_whatever_its_version(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(put("s", "1", 50), PAR_OUTCOME_OK);
    assert_int_equal(swap("1", "2"), 1);
    assert_true(value_is("s", "2"));
    assert_int_equal(par_store_delete(store, PAR_T_NAMES, PAR_STR("s"), 70), PAR_OUTCOME_OK);
    assert_int_equal(swap(NULL, "3"), 1);
    assert_true(value_is("s", "3"));
}

static void reads_fail(void **state)
{
    (void)state;
    int failed = 0;
    struct sim_store_plan plan = calm;
    plan.read_failed_ppm = 200000;
    begin(&plan);
    for (int i = 0; i < 100; i++) {
        struct par_arena arena = {0};
        struct par_store_row *rows;
        failed += par_store_scan_in(store, PAR_T_META, PAR_STR(""), PAR_STR(""), 0, 0, &arena,
                                    &rows, NULL) != PAR_OK;
        par_arena_fini(&arena);
    }
    assert_true(failed > 5 && failed < 50);
    assert_true(sim_test_faults(SIM_FAULT_STORE_READ_FAILED) > 0);
}

static void land_row(void *arg)
{
    (void)arg;
    sim_store_settle(world);
}

static bool collect(void *arg, struct par_str key, struct par_str value)
{
    char *text = arg;
    size_t n = strlen(text);
    (void)key;
    memcpy(text + n, value.ptr, value.len);
    return true;
}

/* A batch changes the first and the last row of a long scan: the scan has one old and one new. */
static void a_scan_is_no_snapshot(void **state)
{
    (void)state;
    char text[256] = "", key[8];
    struct par_batch b = {0};
    struct sim_store_plan plan = calm;
    plan.scan_moves_ppm = 1000000;
    plan.landing_ns = 0;
    begin(&plan);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "k%02d", i);
        assert_int_equal(put(key, "o", 1), PAR_OUTCOME_OK);
    }
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("k00"), PAR_STR("N"), 2);
    par_batch_put(&b, PAR_T_NAMES, PAR_STR("k99"), PAR_STR("N"), 2);
    sim_store_next(world, PAR_OUTCOME_UNCERTAIN, 0, SIM_STORE_HELD);
    assert_int_equal(par_store_commit(store, &b, true), PAR_OUTCOME_UNCERTAIN);
    sim_at_ns(sim_now_ns() + 1, land_row, NULL);
    assert_int_equal(
        par_store_scan(store, PAR_T_NAMES, PAR_STR("k"), PAR_STR("l"), 0, collect, text), PAR_OK);
    assert_int_equal(strlen(text), 100);
    assert_true(text[0] == 'o' && text[99] == 'N');
    par_batch_fini(&b);
}

static void the_same_seed_gives_the_same_world(void **state)
{
    struct seen first, second, later;
    struct sim_store_plan plan = calm;
    plan.partial_ppm = plan.late_ppm = plan.answer_lost_ppm = 200000;
    begin(&plan);
    run(30, &first, &later);
    uint64_t now = sim_now_ns();
    end(state);
    begin(&plan);
    run(30, &second, &later);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(now, sim_now_ns());
}

struct opener {
    struct par_thread *thread;
    char incarnation[PAR_STORE_INCARNATION_MAX];
};

static void open_and_look(void *arg)
{
    struct opener *o = arg;
    struct par_store *s;
    if (par_store_open(&(struct par_store_options){.driver = "sim"}, &s, NULL) != PAR_OK)
        return;
    memcpy(o->incarnation, par_store_incarnation(s), sizeof o->incarnation);
    par_store_close(&s);
}

static void servers_that_start_at_once_agree_on_the_incarnation(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct opener openers[3];
        sim_test_begin(11, true);
        sim_test_delay(5 * SIM_MS);
        world = sim_store_new(&(struct sim_store_plan){.by_rows = true});
        memset(openers, 0, sizeof openers);
        for (int i = 0; i < 3; i++)
            assert_int_equal(
                par_thread_start("opener", open_and_look, &openers[i], &openers[i].thread), PAR_OK);
        for (int i = 0; i < 3; i++)
            par_thread_join(&openers[i].thread);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(strlen(openers[i].incarnation), PAR_STORE_INCARNATION_MAX - 1);
            assert_string_equal(openers[i].incarnation, openers[0].incarnation);
        }
        end(state);
    }
    begin(NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, end)
    const struct CMUnitTest tests[] = {
        T(the_higher_version_holds),
        T(a_delete_hides_what_comes_later),
        T(a_compaction_forgets_deletes),
        T(a_test_tells_what_lands),
        T(batches_land_in_part),
        T(answers_are_lost),
        T(writes_are_refused),
        T(rows_land_long_after_their_call),
        T(late_rows_lose_against_newer_ones),
        T(rows_are_seen_before_their_batch_is_ok),
        T(a_region_that_moves_stalls),
        T(who_is_cut_off_hears_nothing),
        T(a_swap_may_be_done_unknown_or_late),
        T(a_late_swap_compares_when_it_lands),
        T(a_swap_is_seen_whatever_its_version),
        T(reads_fail),
        T(a_scan_is_no_snapshot),
        T(the_same_seed_gives_the_same_world),
        T(servers_that_start_at_once_agree_on_the_incarnation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
