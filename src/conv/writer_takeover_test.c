/* Owners of a partition: what makes one start, wait, stop, halt. */
#include "conv/test_cluster.h"

#include "base/log_guard.h"
#include "base/rules.h"
#include "conv/delivery_codec.h"
#include "store/key.h"
#include "store/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cluster c;
static struct par_conv conv_of(uint64_t a, uint64_t b)
{
    return par_conv_direct(a, b);
}

static int set_up(void **state)
{
    (void)state;
    cluster_init(&c, 4711);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cluster_fini(&c);
    return 0;
}

static uint64_t send(uint64_t user, struct par_conv conv, const char *cmid, const char *text)
{
    struct par_command command = {.kind = PAR_COMMAND_SEND,
                                  .conv = conv,
                                  .sender = user,
                                  .cmid = par_str(cmid),
                                  .text = par_str(text),
                                  .reply = {.server = 7, .handle = 1}};
    return cluster_append(&c, &command);
}

static uint64_t control(enum par_command_kind kind, uint64_t target)
{
    struct par_command command = {.kind = kind, .target = target};
    return cluster_append(&c, &command);
}

static void sends(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char cmid[16];
        snprintf(cmid, sizeof cmid, "m%d", (int)test_log_end());
        send(1, conv_of(1, 2), cmid, "x");
    }
}

static bool checkpoint(uint32_t partition, struct par_checkpoint *row_r)
{
    struct par_store *store = cluster_store(&c);
    struct par_key key = par_key_number(partition);
    struct par_buf value = {0};
    bool there = par_store_get(store, PAR_T_CHECKPOINTS, par_key_str(&key), &value) == 1 &&
                 par_checkpoint_decode(par_buf_str(&value), row_r);
    par_buf_fini(&value);
    par_store_close(&store);
    return there;
}

static void put_checkpoint(uint32_t partition, const struct par_checkpoint *row)
{
    struct par_store *store = cluster_store(&c);
    struct par_key key = par_key_number(partition);
    struct par_buf value = {0};
    par_checkpoint_encode(row, &value);
    assert_int_equal(
        par_store_put(store, PAR_T_CHECKPOINTS, par_key_str(&key), par_buf_str(&value), 1000),
        PAR_OUTCOME_OK);
    par_buf_fini(&value);
    par_store_close(&store);
}

/* The newest entry of a conversation; seq 0: none. */
static struct par_entry newest(struct par_conv conv)
{
    static struct par_arena arena;
    struct par_store *store = cluster_store(&c);
    struct par_key from = par_key_conv(&conv), to = par_key_after(par_key_str(&from));
    struct par_store_row *row;
    struct par_entry e = {0};
    par_arena_fini(&arena);
    assert_int_equal(par_store_scan_in(store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to),
                                       1, 0, &arena, &row, NULL),
                     PAR_OK);
    if (row)
        assert_true(par_entry_decode(row->value, &e) &&
                    par_key_parse_entry(row->key, &conv, &e.seq));
    par_store_close(&store);
    return e;
}

static bool count_row(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

/* How many entries of a conversation are there: rows land in any order. */
static size_t entries(struct par_conv conv)
{
    struct par_store *store = cluster_store(&c);
    struct par_key from = par_key_conv(&conv), to = par_key_after(par_key_str(&from));
    size_t n = 0;
    assert_int_equal(par_store_scan(store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 0,
                                    count_row, &n),
                     PAR_OK);
    par_store_close(&store);
    return n;
}

static void assert_state(struct owner *o, enum par_writer_state state, const char *why)
{
    const char *have;
    assert_int_equal(par_writer_state(o->writer, &have), state);
    if (!strstr(have, why))
        fprintf(stderr, "why: %s\n", have);
    assert_non_null(strstr(have, why));
}

/* Own, work off everything. */
static struct owner *work_off(void)
{
    struct owner *o = cluster_own(&c);
    cluster_finish(&c, o);
    return o;
}

static void the_next_owner_goes_on_at_the_checkpoint(void **state)
{
    (void)state;
    struct par_checkpoint row;
    sends(5);
    struct owner *first = work_off();
    assert_state(first, PAR_WRITER_RUNNING, "");
    assert_true(checkpoint(test_log.partition, &row) && row.position == 5 && row.epoch == 1 &&
                row.generation == 1 && row.rules == 1 && row.partitions == 1);
    sends(5);
    work_off();
    assert_true(checkpoint(test_log.partition, &row) && row.position == 10 && row.epoch == 2);
    assert_int_equal(newest(conv_of(1, 2)).seq, 10);
    /* T4: the one before tries to move the checkpoint, and stops. */
    cluster_finish(&c, first);
    sends(1);
    cluster_pass(&c, 5000);
    cluster_finish(&c, first);
    assert_state(first, PAR_WRITER_REPLACED, "another owner");
    assert_true(checkpoint(test_log.partition, &row) && row.epoch == 2);
}

static void a_log_that_begins_above_the_checkpoint_halts(void **state)
{
    (void)state;
    par_log_guard_expect("writer.halted");
    sends(8);
    test_log.start = 3;
    assert_state(work_off(), PAR_WRITER_HALTED, "begins above");
    assert_int_equal(newest(conv_of(1, 2)).seq, 0);
}

static void a_log_that_ends_below_the_checkpoint_halts(void **state)
{
    (void)state;
    par_log_guard_expect("writer.halted");
    sends(8);
    cluster_kill(&c, work_off());
    test_log_cut(5);
    assert_state(work_off(), PAR_WRITER_HALTED, "ends below");
}

static void another_generation_or_rules_halt(void **state)
{
    (void)state;
    par_log_guard_expect("writer.halted");
    put_checkpoint(test_log.partition, &(struct par_checkpoint){.generation = 2, .rules = 1});
    assert_state(work_off(), PAR_WRITER_HALTED, "another generation");
    put_checkpoint(test_log.partition, &(struct par_checkpoint){.generation = 1, .rules = 2});
    assert_state(work_off(), PAR_WRITER_HALTED, "rules");
}

/* An owner whose batch is in the store and not below the checkpoint: it dies before it can move it.
 */
static void die_before_checkpoint(size_t n)
{
    struct par_checkpoint row;
    sends(n);
    struct owner *o = cluster_own(&c);
    size_t until = entries(conv_of(1, 2)) + n;
    while (entries(conv_of(1, 2)) < until)
        (void)cluster_step(&c, o);
    cluster_kill(&c, o);
    assert_true(checkpoint(test_log.partition, &row) && row.position < test_log_end());
}

static void entries_above_the_log_halt_before_any_put(void **state)
{
    (void)state;
    par_log_guard_expect("writer.halted");
    die_before_checkpoint(6);
    struct par_checkpoint row;
    assert_true(checkpoint(test_log.partition, &row));
    /* The log has lost the last commands, and holds others, but fewer. */
    test_log_cut(row.position);
    send(1, conv_of(1, 2), "other", "lost");
    char *before = test_rows_dump();
    assert_state(work_off(), PAR_WRITER_HALTED, "above the log");
    char *after = test_rows_dump();
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void another_log_halts_before_any_put(void **state)
{
    (void)state;
    par_log_guard_expect("writer.halted");
    par_log_guard_expect("writer.mismatch");
    die_before_checkpoint(6);
    struct par_checkpoint row;
    assert_true(checkpoint(test_log.partition, &row));
    test_log_cut(row.position);
    for (int i = 0; i < 10; i++) {
        char cmid[8];
        snprintf(cmid, sizeof cmid, "o%d", i);
        send(2, conv_of(1, 2), cmid, "other");
    }
    char *before = test_rows_dump();
    assert_state(work_off(), PAR_WRITER_HALTED, "the log does not make");
    char *after = test_rows_dump();
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* A zombie that has not looked for long, at a conversation that others wrote to far ahead. */
static void rows_far_ahead_replace(void **state)
{
    (void)state;
    struct par_rules kept = par_rules;
    par_rules.ahead = 16;
    par_rules.checkpoint_commands = 8;
    struct owner *zombie = work_off();
    sends(40);
    struct owner *o = work_off();
    assert_state(o, PAR_WRITER_RUNNING, "");
    char *before = test_rows_dump();
    while (cluster_step(&c, zombie))
        ;
    char *after = test_rows_dump();
    assert_state(zombie, PAR_WRITER_REPLACED, "far ahead");
    assert_string_equal(before, after);
    free(before);
    free(after);
    par_rules = kept;
}

static void a_seal_ends_the_partition(void **state)
{
    (void)state;
    struct par_checkpoint row;
    sends(4);
    uint64_t seal = control(PAR_COMMAND_SEAL, 0);
    sends(4);
    struct owner *o = work_off();
    assert_state(o, PAR_WRITER_ENDED, "sealed");
    assert_int_equal(newest(conv_of(1, 2)).seq, 4);
    assert_true(checkpoint(test_log.partition, &row) && row.sealed && row.position == seal + 1);
    /* For good. */
    assert_state(work_off(), PAR_WRITER_ENDED, "sealed");
    assert_int_equal(newest(conv_of(1, 2)).seq, 4);
}

static void the_next_generation_waits_for_its_seal(void **state)
{
    (void)state;
    test_log.generation = 2;
    test_log.partitions = 4;
    test_log.partition = par_partition(2, 3);
    struct owner *o = cluster_own(&c);
    struct par_checkpoint row;
    for (int i = 0; i < 100; i++)
        (void)cluster_step(&c, o);
    assert_state(o, PAR_WRITER_STARTING, "has not ended");
    put_checkpoint(par_partition(1, 1),
                   &(struct par_checkpoint){.generation = 1, .position = 9, .rules = 1});
    put_checkpoint(
        par_partition(1, 0),
        &(struct par_checkpoint){.generation = 1, .position = 9, .rules = 1, .sealed = 1});
    for (int i = 0; i < 100; i++)
        (void)cluster_step(&c, o);
    assert_state(o, PAR_WRITER_STARTING, "has not ended");
    assert_false(checkpoint(test_log.partition, &row));
    put_checkpoint(
        par_partition(1, 1),
        &(struct par_checkpoint){.generation = 1, .position = 9, .rules = 1, .sealed = 1});
    sends(2);
    cluster_finish(&c, o);
    assert_state(o, PAR_WRITER_RUNNING, "");
    assert_int_equal(newest(conv_of(1, 2)).seq, 2);
    assert_true(checkpoint(test_log.partition, &row) && row.generation == 2 && row.position == 2);
}

static void rules_that_are_not_known_stop_there(void **state)
{
    (void)state;
    struct par_checkpoint row;
    par_log_guard_expect("writer.halted");
    sends(3);
    control(PAR_COMMAND_RULES, 1);
    sends(3);
    uint64_t at = control(PAR_COMMAND_RULES, 2);
    sends(3);
    assert_state(work_off(), PAR_WRITER_HALTED, "rules");
    assert_int_equal(newest(conv_of(1, 2)).seq, 6);
    assert_true(checkpoint(test_log.partition, &row) && row.position <= at && row.rules == 1);
}

static void what_is_too_large_halts_until_it_is_skipped(void **state)
{
    (void)state;
    par_log_guard_expect("writer.halted");
    par_log_guard_expect("store.row_too_large");
    static char text[PAR_COMMAND_TEXT_MAX];
    memset(text, 'x', sizeof text);
    sends(3);
    struct par_command big = {.kind = PAR_COMMAND_SEND,
                              .conv = conv_of(1, 3),
                              .sender = 1,
                              .cmid = PAR_STR("big"),
                              .text = par_str_of(text, sizeof text),
                              .reply = {.server = 7, .handle = 1}};
    uint64_t at = cluster_append(&c, &big);
    sends(3);
    assert_state(work_off(), PAR_WRITER_HALTED, "too large");
    assert_int_equal(newest(conv_of(1, 3)).seq, 0);
    assert_state(work_off(), PAR_WRITER_HALTED, "too large");
    struct par_store *store = cluster_store(&c);
    assert_int_equal(par_writer_skip(store, test_log.partition, at), PAR_OK);
    assert_int_equal(par_writer_skip(store, test_log.partition, at), PAR_OK);
    par_store_close(&store);
    assert_state(work_off(), PAR_WRITER_RUNNING, "");
    assert_int_equal(newest(conv_of(1, 2)).seq, 6);
    assert_int_equal(newest(conv_of(1, 3)).seq, 0);
}

static void a_void_fills_a_number(void **state)
{
    (void)state;
    sends(2);
    struct par_command command = {.kind = PAR_COMMAND_VOID, .conv = conv_of(1, 2)};
    (void)cluster_append(&c, &command);
    assert_state(work_off(), PAR_WRITER_RUNNING, "");
    struct par_entry e = newest(conv_of(1, 2));
    assert_true(e.seq == 3 && e.kind == PAR_ENTRY_VOID && e.sender == 0);
}

/* N2: a roster that was changed twice since is not the one that decides. */
static void a_roster_two_changes_ahead_replaces(void **state)
{
    (void)state;
    uint64_t two[] = {2, 3}, three = 3;
    struct par_conv group = par_conv_group_id(1, PAR_STR("g"));
    struct par_command create = {.kind = PAR_COMMAND_GROUP_CREATE,
                                 .conv = group,
                                 .sender = 1,
                                 .cmid = PAR_STR("g"),
                                 .text = PAR_STR("G"),
                                 .users = two,
                                 .user_count = 2,
                                 .group_members = 10};
    struct par_command out = {.kind = PAR_COMMAND_GROUP_REMOVE,
                              .conv = group,
                              .sender = 1,
                              .cmid = PAR_STR("r"),
                              .users = &three,
                              .user_count = 1};
    struct par_command in = out;
    in.kind = PAR_COMMAND_GROUP_ADD;
    in.cmid = PAR_STR("a");
    in.group_members = 10;
    (void)cluster_append(&c, &create);
    struct owner *zombie = work_off();
    send(3, group, "late", "x");
    (void)cluster_append(&c, &out);
    (void)cluster_append(&c, &in);
    struct owner *o = work_off();
    assert_state(o, PAR_WRITER_RUNNING, "");
    assert_int_equal(newest(group).seq, 4);
    /* The zombie has the group in memory; another one has not. */
    cluster_kill(&c, zombie);
    struct par_checkpoint row;
    assert_true(checkpoint(test_log.partition, &row));
    row.position = 1;
    put_checkpoint(test_log.partition, &row);
    char *before = test_rows_dump();
    assert_state(work_off(), PAR_WRITER_REPLACED, "roster");
    char *after = test_rows_dump();
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* A producer that begins anew: the command of one request is in the log twice, and of what a take
 * releases the first answer may be the one that comes last. Another request is told of the first.
 */
static void a_command_that_is_there_twice_is_no_duplicate(void **state)
{
    (void)state;
    struct par_command command = {.kind = PAR_COMMAND_SEND,
                                  .conv = conv_of(1, 2),
                                  .sender = 1,
                                  .cmid = PAR_STR("a"),
                                  .text = PAR_STR("x"),
                                  .reply = {.server = 7, .boot = 1, .handle = 1}};
    size_t answers[3] = {0};
    (void)cluster_append(&c, &command);
    (void)cluster_append(&c, &command);
    command.reply.handle = 2;
    (void)cluster_append(&c, &command);
    work_off();
    for (size_t i = 0; i < c.sent_count; i++) {
        struct par_arena arena = {0};
        struct par_delivery d = {0};
        if (cluster_decode(&c.sent[i], &arena, &d) && d.kind == PAR_DELIVERY_ANSWER) {
            assert_int_equal(d.seq, 1);
            assert_int_equal(d.dup, d.reply.handle == 2);
            answers[d.reply.handle]++;
        }
        par_arena_fini(&arena);
    }
    assert_int_equal(answers[1], 2);
    assert_int_equal(answers[2], 1);
    assert_int_equal(entries(conv_of(1, 2)), 1);
}

int main(void)
{
    cluster_plant();
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_next_owner_goes_on_at_the_checkpoint),
        T(a_log_that_begins_above_the_checkpoint_halts),
        T(a_log_that_ends_below_the_checkpoint_halts),
        T(another_generation_or_rules_halt),
        T(entries_above_the_log_halt_before_any_put),
        T(another_log_halts_before_any_put),
        T(rows_far_ahead_replace),
        T(a_seal_ends_the_partition),
        T(the_next_generation_waits_for_its_seal),
        T(rules_that_are_not_known_stop_there),
        T(what_is_too_large_halts_until_it_is_skipped),
        T(a_void_fills_a_number),
        T(a_roster_two_changes_ahead_replaces),
        T(a_command_that_is_there_twice_is_no_duplicate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
