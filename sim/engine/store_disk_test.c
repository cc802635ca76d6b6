/* The simulated store on one disk: what a kill leaves, what the loss of power leaves, what a failed
 * sync leaves, and that the contract holds all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "sim/engine/store.h"
#include "sim/engine/test_host.h"

#include <stdio.h>

static struct sim_store *world;
static struct par_store *store;
static struct sim_store_plan plan;

static enum par_err open_store(void)
{
    struct par_buf why = {0};
    enum par_err err = par_store_open(&(struct par_store_options){.driver = "sim"}, &store, &why);
    par_buf_fini(&why);
    return err;
}

static void begin(void)
{
    struct sim_store_plan faults = plan;
    sim_test_begin(11, false);
    world = sim_store_new(&(struct sim_store_plan){0});
    assert_int_equal(open_store(), PAR_OK);
    sim_store_set_plan(world, &faults);
    par_log_guard_expect("store.write_failed");
    par_log_guard_expect("store.reopen_failed");
}

static int end(void **state)
{
    (void)state;
    par_store_close(&store);
    sim_store_free(&world);
    sim_test_end();
    plan = (struct sim_store_plan){0};
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

static enum par_outcome put(const char *key, const char *value)
{
    return par_store_put(store, PAR_T_NAMES, par_str(key), par_str(value), 1);
}

static enum par_outcome put_unsynced(const char *key, const char *value)
{
    struct par_batch b = {0};
    par_batch_put(&b, PAR_T_NAMES, par_str(key), par_str(value), 1);
    enum par_outcome outcome = par_store_commit(store, &b, false);
    par_batch_fini(&b);
    return outcome;
}

/* The process is gone, and another opens the store. */
static void die(bool power)
{
    if (power)
        sim_store_power_loss(world);
    else
        sim_store_killed(world);
    par_store_close(&store);
    assert_int_equal(open_store(), PAR_OK);
}

static void what_is_ok_survives_everything(void **state)
{
    (void)state;
    char value[16];
    plan.sync_ns = SIM_MS;
    begin();
    assert_true(par_store_atomic(store));
    for (int i = 0; i < 20; i++) {
        snprintf(value, sizeof value, "%d", i);
        assert_int_equal(put("a", value), PAR_OUTCOME_OK);
        assert_int_equal(put(value, value), PAR_OUTCOME_OK);
        die(i % 2);
        assert_true(value_is("a", value) && value_is(value, value));
    }
    assert_int_equal(par_store_delete(store, PAR_T_NAMES, PAR_STR("a"), 0), PAR_OUTCOME_OK);
    die(true);
    assert_true(value_is("a", NULL));
}

static void a_kill_keeps_what_was_not_synced_and_a_power_loss_does_not(void **state)
{
    (void)state;
    int lost = 0, kept = 0;
    begin();
    assert_int_equal(put_unsynced("a", "x"), PAR_OUTCOME_OK);
    assert_true(value_is("a", "x"));
    die(false);
    assert_true(value_is("a", "x"));
    die(true);
    assert_true(value_is("a", "x"));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(put("a", "old"), PAR_OUTCOME_OK);
        assert_int_equal(put("b", "old"), PAR_OUTCOME_OK);
        assert_int_equal(put_unsynced("a", "new"), PAR_OUTCOME_OK);
        assert_int_equal(put_unsynced("b", "new"), PAR_OUTCOME_OK);
        die(true);
        /* From the front: never the second without the first. */
        assert_true(value_is("a", "new") || value_is("b", "old"));
        lost += value_is("a", "old");
        kept += value_is("b", "new");
    }
    assert_true(lost > 2 && kept > 2 && lost + kept < 20);
    assert_true(sim_test_faults(SIM_FAULT_STORE_POWER_LOSS) == 21);
}

static void a_later_sync_takes_the_earlier_along(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 10; i++) {
        assert_int_equal(put_unsynced("a", "x"), PAR_OUTCOME_OK);
        assert_int_equal(put("b", "x"), PAR_OUTCOME_OK);
        die(true);
        assert_true(value_is("a", "x"));
        assert_int_equal(put("a", "-"), PAR_OUTCOME_OK);
    }
}

static void await(void)
{
    for (int i = 0; i < 1000 && !par_store_writable(store); i++)
        sim_test_run_ns(par_store_tick(store) * SIM_MS);
    assert_true(par_store_writable(store));
}

static void a_failed_sync_leaves_the_batch_or_not(void **state)
{
    (void)state;
    char value[16] = "";
    int there = 0, gone = 0, ok = 0;
    plan.sync_failed_ppm = 400000;
    begin();
    for (int i = 0; i < 60; i++) {
        char before[16];
        memcpy(before, value, sizeof before);
        snprintf(value, sizeof value, "%d", i);
        enum par_outcome outcome = put("a", value);
        if (outcome == PAR_OUTCOME_OK) {
            ok++;
        } else {
            assert_int_equal(outcome, PAR_OUTCOME_UNCERTAIN);
            assert_int_equal(put("b", "x"), PAR_OUTCOME_FAILED);
            sim_test_heal(true);
            await();
            sim_test_heal(false);
            bool found = value_is("a", value);
            there += found;
            gone += !found;
            assert_true(found || value_is("a", before) || i == 0);
            /* Found after reopening, it is there for good. */
            die(true);
            assert_int_equal(value_is("a", value), found);
            if (!found)
                memcpy(value, before, sizeof value);
        }
    }
    assert_true(ok > 10 && there > 5 && gone > 5);
}

static void recovery_without_a_sync_shows_what_may_be_lost(void **state)
{
    (void)state;
    int lost = 0;
    plan.recovery_unsynced = true;
    begin();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(put("a", "old"), PAR_OUTCOME_OK);
        assert_int_equal(put_unsynced("a", "new"), PAR_OUTCOME_OK);
        die(false);
        assert_true(value_is("a", "new"));
        /* A sync of what comes later does not help, nor is it lost. */
        assert_int_equal(put("b", "later"), PAR_OUTCOME_OK);
        die(true);
        lost += value_is("a", "old");
        assert_true(value_is("b", "later"));
        assert_int_equal(put("b", "-"), PAR_OUTCOME_OK);
    }
    assert_true(lost > 3);
}

static void a_disk_fills_up_and_has_space_again(void **state)
{
    (void)state;
    int full = 0;
    plan.full_ppm = 100000;
    plan.full_ns = 5 * SIM_S;
    begin();
    for (int i = 0; i < 100; i++) {
        if (put("a", "x") == PAR_OUTCOME_OK)
            continue;
        full++;
        assert_false(par_store_writable(store));
        for (int k = 0; k < 1000 && !par_store_writable(store); k++)
            sim_test_run_ns(par_store_tick(store) * SIM_MS);
        assert_true(par_store_writable(store));
    }
    assert_true(full > 3 && sim_test_faults(SIM_FAULT_STORE_FULL) > 0);
}

static void one_process_has_it(void **state)
{
    (void)state;
    struct par_store *mine;
    begin();
    mine = store;
    assert_int_equal(open_store(), PAR_E_CONFLICT);
    store = mine;
}

static void a_restored_copy_has_another_incarnation(void **state)
{
    (void)state;
    char incarnation[PAR_STORE_INCARNATION_MAX];
    begin();
    snprintf(incarnation, sizeof incarnation, "%s", par_store_incarnation(store));
    assert_int_equal(put("a", "kept"), PAR_OUTCOME_OK);
    sim_store_keep_copy(world);
    assert_int_equal(put("a", "lost"), PAR_OUTCOME_OK);
    die(false);
    assert_string_equal(incarnation, par_store_incarnation(store));
    par_store_close(&store);
    sim_store_restore_copy(world);
    assert_int_equal(open_store(), PAR_OK);
    assert_true(value_is("a", "kept"));
    assert_string_not_equal(incarnation, par_store_incarnation(store));
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, end)
    const struct CMUnitTest tests[] = {
        T(what_is_ok_survives_everything),
        T(a_kill_keeps_what_was_not_synced_and_a_power_loss_does_not),
        T(a_later_sync_takes_the_earlier_along),
        T(a_failed_sync_leaves_the_batch_or_not),
        T(recovery_without_a_sync_shows_what_may_be_lost),
        T(a_disk_fills_up_and_has_space_again),
        T(one_process_has_it),
        T(a_restored_copy_has_another_incarnation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
