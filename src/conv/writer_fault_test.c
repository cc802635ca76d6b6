/* The writer: stores, routes and queues that fail; restarts; bounds. */
#include "conv/test_world.h"

#include "base/log_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct world w;

static int open_failing(void **state)
{
    (void)state;
    par_log_guard_expect("writer.lost");
    par_log_guard_expect("store.write_failed");
    world_init(&w, "fail", "inner=memory", NULL);
    world_online(&w, 1, 20);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

static void set_fail(struct par_store_fail fail)
{
    assert_true(par_store_fail_set(w.store, &fail));
}

/* Until the writer serves again. */
static void await_sync(size_t n)
{
    while (world_count(&w, PAR_DELIVERY_SYNC) < n) {
        par_store_tick(w.store);
        usleep(1000);
    }
}

static void a_failed_commit_is_unavailable(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_conversation row;
    world_start(&w);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    set_fail((struct par_store_fail){.fail_every = 1});
    const struct kept *k = world_do(&w, send_to(1, conv, "b", "x"));
    assert_int_equal(k->err, PAR_E_UNAVAILABLE);
    assert_true(k->retry_after_ms > 0);
    assert_false(par_writer_ready(w.writer));
    assert_int_equal(world_do(&w, send_to(2, conv, "c", "x"))->err, PAR_E_UNAVAILABLE);
    set_fail((struct par_store_fail){0});
    await_sync(1);
    assert_true(par_writer_ready(w.writer));
    assert_seq(&w, send_to(1, conv, "b", "x"), 2);
    assert_dup(&w, send_to(1, conv, "a", "x"), 1);
    assert_true(row_conversation(&w, &arena, &conv, &row) && row.last_seq == 2);
    assert_int_equal(world_count(&w, PAR_DELIVERY_SYNC), 1);
    /* Nothing was told of what was not durable. */
    world_settle(&w);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ENTRY), 2);
    par_arena_fini(&arena);
}

/* The commit is not done at first, and done at the second time: the answer is the same. */
static void an_uncertain_commit_is_unavailable(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    world_start(&w);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    for (uint64_t i = 0; i < 2; i++) {
        char cmid[2] = {(char)('b' + i), 0};
        set_fail((struct par_store_fail){.uncertain_every = 1});
        assert_refused(&w, send_to(1, conv, cmid, "x"), PAR_E_UNAVAILABLE);
        set_fail((struct par_store_fail){0});
        await_sync(i + 1);
        const struct kept *k = world_do(&w, send_to(1, conv, cmid, "x"));
        assert_int_equal(k->err, PAR_OK);
        assert_int_equal(k->seq, i + 2);
        assert_int_equal(k->dup, i == 1);
    }
    struct par_writer_stats stats;
    world_settle(&w);
    par_writer_stats(w.writer, &stats);
    assert_int_equal(stats.batches_uncertain, 2);
    assert_int_equal(stats.resyncs, 2);
}

/* It landed, and its writer was told that nobody knows: who has no connection is woken all the
 * same, and who has one syncs. */
static void an_uncertain_commit_that_landed_wakes_who_is_away(void **state)
{
    (void)state;
    struct par_conv away = par_conv_direct(1, 99), here = par_conv_direct(1, 2);
    world_start(&w);
    assert_seq(&w, send_to(1, away, "a", "x"), 1);
    assert_seq(&w, send_to(1, here, "a", "x"), 1);
    world_settle(&w);
    assert_int_equal(w.push_count, 1);
    /* The first one is not done, the second is. */
    for (uint64_t i = 0; i < 2; i++) {
        set_fail((struct par_store_fail){.uncertain_every = 1});
        assert_refused(&w, send_to(1, i ? away : here, "b", "x"), PAR_E_UNAVAILABLE);
        /* The store cannot be read yet when it takes writes again. */
        set_fail((struct par_store_fail){.read_every = 2});
        await_sync(i + 1);
        set_fail((struct par_store_fail){0});
    }
    assert_dup(&w, send_to(1, away, "b", "x"), 2);
    world_settle(&w);
    assert_int_equal(w.push_count, 2);
    assert_int_equal(w.pushes[1].user, 99);
    assert_int_equal(w.pushes[1].seq, 2);
}

static void every_command_of_a_lost_batch_is_answered(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    uint64_t first = w.handle + 1;
    char cmid[8];
    for (int i = 0; i < 30; i++) {
        snprintf(cmid, sizeof cmid, "m%d", i);
        world_ask(&w, send_to(i % 3 ? 1 : 9, conv, cmid, "x"));
    }
    set_fail((struct par_store_fail){.fail_every = 1});
    world_start(&w);
    for (uint64_t i = 0; i < 30; i++)
        assert_int_equal(world_answer(&w, first + i)->err, PAR_E_UNAVAILABLE);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ENTRY), 0);
}

static void a_read_that_fails_refuses_nobody_for_good(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    world_start(&w);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    set_fail((struct par_store_fail){.read_every = 1});
    assert_refused(&w, send_to(1, par_conv_direct(1, 3), "a", "x"), PAR_E_UNAVAILABLE);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 1, conv, "b", 1, "y"), PAR_E_UNAVAILABLE);
    set_fail((struct par_store_fail){0});
    await_sync(1);
    assert_seq(&w, change(PAR_COMMAND_EDIT, 1, conv, "b", 1, "y"), 2);
}

static void a_full_disk_is_unavailable(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    world_start(&w);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    set_fail((struct par_store_fail){.read_only = true});
    par_store_tick(w.store);
    assert_false(par_store_writable(w.store));
    assert_refused(&w, send_to(1, conv, "b", "x"), PAR_E_UNAVAILABLE);
    set_fail((struct par_store_fail){0});
    while (!par_store_writable(w.store))
        par_store_tick(w.store);
    assert_seq(&w, send_to(1, conv, "b", "x"), 2);
    assert_int_equal(world_count(&w, PAR_DELIVERY_SYNC), 0);
}

static void a_store_opened_again_is_read_again(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_writer_stats before, after;
    world_start(&w);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    world_settle(&w);
    par_writer_stats(w.writer, &before);
    /* Somebody else's write fails. */
    uint64_t generation = par_store_generation(w.store);
    set_fail((struct par_store_fail){.fail_every = 1});
    (void)!par_store_put(w.store, PAR_T_META, PAR_STR("k"), PAR_STR("v"), 1);
    set_fail((struct par_store_fail){0});
    while (par_store_generation(w.store) == generation || !par_store_writable(w.store)) {
        par_store_tick(w.store);
        usleep(1000);
    }
    assert_seq(&w, send_to(1, conv, "b", "x"), 2);
    world_settle(&w);
    par_writer_stats(w.writer, &after);
    assert_int_equal(after.loads, before.loads + 1);
}

static void routes_that_cannot_be_read_owe_a_sync(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    world_start(&w);
    par_route_fail(w.route, PAR_ROUTE_FAULT_LOOKUP, PAR_E_UNAVAILABLE, 1);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    world_await(&w, PAR_DELIVERY_SYNC, 1);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ENTRY), 0);
    assert_int_equal(w.push_count, 0);
    assert_seq(&w, send_to(1, conv, "b", "x"), 2);
    world_settle(&w);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ENTRY), 1);
}

static void a_restart_goes_on(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_entry last = {0}, e;
    uint64_t position = 0;
    for (uint64_t round = 0; round < 4; round++) {
        world_start(&w);
        for (uint64_t i = 0; i < 5; i++) {
            char cmid[8];
            snprintf(cmid, sizeof cmid, "%d.%d", (int)round, (int)i);
            assert_seq(&w, send_to(1, conv, cmid, "x"), round * 5 + i + 1);
            assert_true(row_entry(&w, &arena, &conv, round * 5 + i + 1, &e));
            assert_true(e.stamp > last.stamp && e.ts > last.ts);
            last = e;
        }
        world_stop(&w);
        assert_true(row_checkpoint(&w).position > position);
        assert_int_equal(row_checkpoint(&w).epoch, round + 1);
        position = row_checkpoint(&w).position;
    }
    par_arena_fini(&arena);
}

static void stopping_works_off_what_is_queued(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    char cmid[8];
    world_start(&w);
    for (int i = 0; i < 200; i++) {
        snprintf(cmid, sizeof cmid, "m%d", i);
        world_ask(&w, send_to(1, conv, cmid, "x"));
    }
    world_stop(&w);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ANSWER), 200);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ENTRY), 200);
}

static void other_rules_are_refused(void **state)
{
    (void)state;
    struct par_checkpoint checkpoint = {.position = 5, .rules = 2};
    struct par_key key = par_key_number(0);
    struct par_buf value = {0};
    par_checkpoint_encode(&checkpoint, &value);
    assert_int_equal(
        par_store_put(w.store, PAR_T_CHECKPOINTS, par_key_str(&key), par_buf_str(&value), 1),
        PAR_OUTCOME_OK);
    assert_int_equal(par_writer_start(&w.config, w.store, w.queue, w.route, &w.writer),
                     PAR_E_CONFLICT);
    assert_null(w.writer);
    checkpoint.rules = 1;
    checkpoint.generation = 3;
    par_buf_clear(&value);
    par_checkpoint_encode(&checkpoint, &value);
    assert_int_equal(
        par_store_put(w.store, PAR_T_CHECKPOINTS, par_key_str(&key), par_buf_str(&value), 1),
        PAR_OUTCOME_OK);
    assert_int_equal(par_writer_start(&w.config, w.store, w.queue, w.route, &w.writer),
                     PAR_E_CONFLICT);
    par_buf_fini(&value);
}

static void a_damaged_conversation_is_internal(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_key key = par_key_conv(&conv);
    par_log_guard_expect("conv.damaged");
    assert_int_equal(
        par_store_put(w.store, PAR_T_CONVERSATIONS, par_key_str(&key), PAR_STR("\xff\xff"), 1),
        PAR_OUTCOME_OK);
    world_start(&w);
    assert_refused(&w, send_to(1, conv, "a", "x"), PAR_E_INTERNAL);
    assert_seq(&w, send_to(1, par_conv_direct(1, 3), "a", "x"), 1);
}

static void garbage_in_the_queue_is_passed_over(void **state)
{
    (void)state;
    par_log_guard_expect("writer.malformed");
    assert_int_equal(par_queue_produce(w.queue, 0, PAR_STR("garbage")), PAR_OK);
    world_start(&w);
    assert_seq(&w, send_to(1, par_conv_direct(1, 2), "a", "x"), 1);
    struct par_writer_stats stats;
    world_settle(&w);
    par_writer_stats(w.writer, &stats);
    assert_int_equal(stats.malformed, 1);
}

static void the_cache_is_bounded(void **state)
{
    (void)state;
    w.config.cache_convs = 8;
    world_start(&w);
    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t other = 2; other <= 60; other++) {
            char cmid[8];
            snprintf(cmid, sizeof cmid, "%d", (int)round);
            assert_seq(&w, send_to(1, par_conv_direct(1, other), cmid, "x"), round + 1);
        }
    struct par_writer_stats stats;
    world_settle(&w);
    par_writer_stats(w.writer, &stats);
    assert_true(stats.cache_convs <= 9);
    assert_true(stats.evictions >= 100);
    assert_true(stats.cache_bytes > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_failing, close_world)
    const struct CMUnitTest tests[] = {
        T(a_failed_commit_is_unavailable),
        T(an_uncertain_commit_is_unavailable),
        T(an_uncertain_commit_that_landed_wakes_who_is_away),
        T(every_command_of_a_lost_batch_is_answered),
        T(a_read_that_fails_refuses_nobody_for_good),
        T(a_full_disk_is_unavailable),
        T(a_store_opened_again_is_read_again),
        T(routes_that_cannot_be_read_owe_a_sync),
        T(a_restart_goes_on),
        T(stopping_works_off_what_is_queued),
        T(other_rules_are_refused),
        T(a_damaged_conversation_is_internal),
        T(garbage_in_the_queue_is_passed_over),
        T(the_cache_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
