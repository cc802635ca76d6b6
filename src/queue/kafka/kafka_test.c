/* The driver: order, offsets, inboxes, what a flush promises, and who owns what. */
#include "queue/job.h"
#include "queue/kafka/test_kafka.h"

#include "base/log_guard.h"
#include "loop/env.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void commands_are_taken_in_order_from_any_offset(void **state)
{
    (void)state;
    uint64_t low, high;
    assert_true(par_queue_remote(test_kafka.queue));
    assert_int_equal(par_queue_partitions(test_kafka.queue), TEST_KAFKA_PARTITIONS);
    assert_int_equal(par_queue_generation(test_kafka.queue), TEST_KAFKA_GENERATION);
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(2), 0), PAR_OK);
    test_kafka_produce(2, 0, 500);
    test_kafka_produce(3, 0, 3);
    test_kafka_take(2, 0, 500);
    assert_int_equal(par_queue_bounds(test_kafka.queue, test_kafka_partition(2), &low, &high),
                     PAR_OK);
    assert_int_equal(low, 0);
    assert_int_equal(high, 500);
    /* Back, as the next owner would begin. */
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(2), 120), PAR_OK);
    test_kafka_take(2, 120, 500);
    test_kafka_produce(2, 500, 510);
    test_kafka_take(2, 500, 510);
    assert_int_equal(par_queue_bounds(test_kafka.queue, test_kafka_partition(0), &low, &high),
                     PAR_OK);
    assert_int_equal(high, 0);
}

static void partitions_follow_the_hash(void **state)
{
    (void)state;
    unsigned seen[TEST_KAFKA_PARTITIONS] = {0};
    for (uint64_t user = 2; user < 200; user++) {
        struct par_conv conv = par_conv_direct(1, user);
        uint32_t p = par_queue_partition_of(test_kafka.queue, &conv);
        assert_int_equal(par_partition_generation(p), TEST_KAFKA_GENERATION);
        assert_int_equal(par_partition_number(p), par_conv_hash2(&conv) >> 14);
        seen[par_partition_number(p)]++;
    }
    for (int i = 0; i < TEST_KAFKA_PARTITIONS; i++)
        assert_true(seen[i] > 10);
}

static void wake(void *arg)
{
    (void)arg;
    usleep(300000);
    par_queue_wake(test_kafka.queue, test_kafka_partition(1));
}

static void a_take_ends_when_it_is_woken(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    struct par_thread *thread;
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(1), 0), PAR_OK);
    assert_int_equal(par_thread_start("wake", wake, NULL, &thread), PAR_OK);
    uint64_t began = par_mono_ms();
    assert_int_equal(par_queue_take(test_kafka.queue, test_kafka_partition(1), 4, 60000, records),
                     0);
    assert_true(par_mono_ms() - began < 30000);
    par_thread_join(&thread);
}

/* What server `server` finds in its inbox, as one text. */
static const char *inbox(struct par_queue *queue, uint64_t server, size_t n, uint64_t *next_r)
{
    static char text[256];
    struct par_queue_record records[16];
    size_t len = 0, got = 0;
    text[0] = '\0';
    for (int tries = 0; got < n && tries < 60; tries++) {
        size_t some = par_queue_take_inbox(queue, server, 16, 500, records);
        for (size_t i = 0; i < some; i++) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%.*s ",
                                    (int)records[i].bytes.len, records[i].bytes.ptr);
            *next_r = records[i].offset + 1;
        }
        got += some;
    }
    return text;
}

static void an_inbox_goes_on_where_it_was_confirmed(void **state)
{
    (void)state;
    uint64_t next = 0, inbox_end;
    struct par_queue *other;
    assert_int_equal(par_queue_send(test_kafka.queue, 2, PAR_STR("a")), PAR_OK);
    assert_int_equal(par_queue_send(test_kafka.queue, 2, PAR_STR("b")), PAR_OK);
    assert_int_equal(par_queue_send(test_kafka.queue, 1, PAR_STR("of one")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
    assert_int_equal(par_queue_inbox_end(test_kafka.queue, 2, &inbox_end), PAR_OK);
    assert_int_equal(inbox_end, 2);
    assert_int_equal(test_kafka_open(2, "", &other), PAR_OK);
    assert_string_equal(inbox(other, 2, 2, &next), "a b ");
    assert_int_equal(next, 2);
    /* Only the first was dealt with when the server died: the second comes again, to whoever takes
     * it. */
    assert_int_equal(par_queue_confirm_inbox(other, 2, 1), PAR_OK);
    usleep(500000);
    par_queue_close(&other);
    assert_string_equal(inbox(test_kafka.queue, 2, 1, &next), "b ");
    assert_string_equal(inbox(test_kafka.queue, 1, 1, &next), "of one ");
}

static void all_servers_hear_what_is_for_all(void **state)
{
    (void)state;
    uint64_t next;
    assert_int_equal(par_queue_send(test_kafka.queue, PAR_QUEUE_ALL_SERVERS, PAR_STR("all")),
                     PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
    assert_string_equal(inbox(test_kafka.queue, 1, 1, &next), "all ");
    assert_string_equal(inbox(test_kafka.queue, 2, 1, &next), "all ");
}

static void a_flush_that_fails_says_so(void **state)
{
    (void)state;
    if (!test_kafka.mock)
        skip();
    const struct par_push_job job = {
        .reason = PAR_PUSH_TEXT, .user = 3, .conv = par_conv_direct(3, 4), .text = PAR_STR("hi")};
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
    assert_int_equal(par_queue_push_job(test_kafka.queue, &job), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
    rd_kafka_mock_broker_set_down(test_kafka.mock, 1);
    assert_int_equal(par_queue_send(test_kafka.queue, 2, PAR_STR("lost")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_E_UNAVAILABLE);
    rd_kafka_mock_broker_set_up(test_kafka.mock, 1);
    assert_int_equal(par_queue_send(test_kafka.queue, 2, PAR_STR("again")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
}

static void a_log_that_answers_lives(void **state)
{
    (void)state;
    enum { PATIENCE_MS = 500 };
    assert_int_equal(par_queue_probe(test_kafka.queue, 10000), PAR_OK);
    if (!test_kafka.mock)
        return;
    rd_kafka_mock_broker_set_down(test_kafka.mock, 1);
    for (int i = 0; i < 50 && par_queue_probe(test_kafka.queue, PATIENCE_MS) == PAR_OK; i++)
        usleep(20000);
    assert_int_equal(par_queue_probe(test_kafka.queue, PATIENCE_MS), PAR_E_UNAVAILABLE);
    rd_kafka_mock_broker_set_up(test_kafka.mock, 1);
    assert_int_equal(par_queue_probe(test_kafka.queue, 10000), PAR_OK);
}

static atomic_int owners[2][TEST_KAFKA_PARTITIONS];

static void owner(void *arg, const uint32_t *ids, size_t count, bool owned)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(par_partition_generation(ids[i]), TEST_KAFKA_GENERATION);
        owners[(uintptr_t)arg][par_partition_number(ids[i])] = owned;
    }
}

static int owned_by(int who)
{
    int n = 0;
    for (int i = 0; i < TEST_KAFKA_PARTITIONS; i++)
        n += owners[who][i];
    return n;
}

/* As owner, of the two generations. */
static atomic_int grown[2 * TEST_KAFKA_PARTITIONS], former[TEST_KAFKA_PARTITIONS];

static void owner_of_both(void *arg, const uint32_t *ids, size_t count, bool owned)
{
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        atomic_int *all =
            par_partition_generation(ids[i]) == TEST_KAFKA_GENERATION ? former : grown;
        all[par_partition_number(ids[i])] = owned;
    }
}

static bool all_owned(void)
{
    int n = 0;
    for (int i = 0; i < TEST_KAFKA_PARTITIONS; i++)
        n += former[i] + grown[i] + grown[i + TEST_KAFKA_PARTITIONS];
    return n == 3 * TEST_KAFKA_PARTITIONS;
}

/* A server that runs notices that the log has grown, and owns what is of both generations. */
static void the_log_grows_while_a_server_runs(void **state)
{
    (void)state;
    char why[128];
    struct par_queue_record records[4];
    const struct par_conv conv = par_conv_direct(1, 2);
    assert_int_equal(par_queue_join(test_kafka.queue, owner_of_both, NULL), PAR_OK);
    struct par_queue *tool;
    assert_int_equal(test_kafka_open(0, "", &tool), PAR_OK);
    assert_int_equal(par_queue_grow(tool, TEST_KAFKA_PARTITIONS, PAR_STR("seal"), why, sizeof why),
                     PAR_E_BAD_REQUEST);
    assert_int_equal(
        par_queue_grow(tool, 3 * TEST_KAFKA_PARTITIONS, PAR_STR("seal"), why, sizeof why),
        PAR_E_BAD_REQUEST);
    test_kafka_produce(1, 0, 1);
    /* It is on its way: the seal is another producer's. */
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(1), 0), PAR_OK);
    for (size_t n = 0; n == 0;)
        n = par_queue_take(test_kafka.queue, test_kafka_partition(1), 1, 500, records);
    test_kafka_topic("commands.2", 2 * TEST_KAFKA_PARTITIONS);
    assert_int_equal(
        par_queue_grow(tool, 2 * TEST_KAFKA_PARTITIONS, PAR_STR("seal"), why, sizeof why), PAR_OK);
    /* As after one that was interrupted. */
    assert_int_equal(
        par_queue_grow(tool, 2 * TEST_KAFKA_PARTITIONS, PAR_STR("seal"), why, sizeof why), PAR_OK);
    par_queue_close(&tool);
    for (int i = 0; i < 600 && (!all_owned() ||
                                par_queue_generation(test_kafka.queue) == TEST_KAFKA_GENERATION);
         i++)
        usleep(50000);
    assert_true(all_owned());
    assert_int_equal(par_queue_generation(test_kafka.queue), TEST_KAFKA_GENERATION + 1);
    assert_int_equal(par_queue_partitions(test_kafka.queue), 2 * TEST_KAFKA_PARTITIONS);
    uint32_t id = par_queue_partition_of(test_kafka.queue, &conv);
    assert_int_equal(par_partition_number(id), par_conv_hash2(&conv) >> 13);
    assert_int_equal(par_queue_produce(test_kafka.queue, id, PAR_STR("new")), PAR_OK);
    assert_int_equal(par_queue_seek(test_kafka.queue, id, 0), PAR_OK);
    size_t n = 0;
    for (int i = 0; i < 60 && n == 0; i++)
        n = par_queue_take(test_kafka.queue, id, 4, 500, records);
    assert_true(n == 1 && par_str_is(records[0].bytes, "new"));
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(1), 1), PAR_OK);
    for (n = 0; n == 0;)
        n = par_queue_take(test_kafka.queue, test_kafka_partition(1), 1, 500, records);
    assert_true(par_str_is(records[0].bytes, "seal"));
    par_queue_leave(test_kafka.queue);
}

static void wait_owned(int who, int n)
{
    for (int i = 0; i < 600 && owned_by(who) != n; i++)
        usleep(50000);
    assert_int_equal(owned_by(who), n);
}

static void partitions_are_shared_and_handed_over(void **state)
{
    (void)state;
    struct par_queue *other;
    /* The mock ends the program when one of several members subscribes to something else. */
    if (test_kafka.mock)
        skip();
    memset(owners, 0, sizeof owners);
    assert_int_equal(par_queue_join(test_kafka.queue, owner, (void *)0), PAR_OK);
    wait_owned(0, TEST_KAFKA_PARTITIONS);
    assert_int_equal(test_kafka_open(2, "", &other), PAR_OK);
    assert_int_equal(par_queue_join(other, owner, (void *)1), PAR_OK);
    wait_owned(1, TEST_KAFKA_PARTITIONS / 2);
    wait_owned(0, TEST_KAFKA_PARTITIONS / 2);
    for (int i = 0; i < TEST_KAFKA_PARTITIONS; i++)
        assert_int_equal(owners[0][i] + owners[1][i], 1);
    par_queue_set_aside(other, true);
    wait_owned(1, 0);
    wait_owned(0, TEST_KAFKA_PARTITIONS);
    par_queue_set_aside(other, false);
    wait_owned(1, TEST_KAFKA_PARTITIONS / 2);
    par_queue_leave(test_kafka.queue);
    assert_int_equal(owned_by(0), 0);
    wait_owned(1, TEST_KAFKA_PARTITIONS);
    par_queue_leave(other);
    assert_int_equal(owned_by(1), 0);
    par_queue_close(&other);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    struct par_queue *other = NULL;
    par_log_guard_expect("kafka.open");
    assert_int_not_equal(test_kafka_open(1, "no.such.property=1\n", &other), PAR_OK);
    assert_null(other);
}

/* Takes n push jobs; which users they are for, in bits. */
static unsigned take_pushes(struct par_queue *from, size_t n, struct par_queue_push_place *places)
{
    unsigned users = 0;
    for (size_t got = 0, tries = 0; got < n && tries < 300; tries++) {
        struct par_queue_push_record records[4];
        size_t some = par_queue_take_pushes(from, n - got < 4 ? n - got : 4, 100, records);
        for (size_t i = 0; i < some; i++) {
            struct par_push_job job;
            assert_true(par_push_job_decode(records[i].bytes, &job));
            users |= 1u << job.user;
            places[got++] = records[i].place;
        }
    }
    return users;
}

static void push_jobs_come_again_until_they_are_confirmed(void **state)
{
    (void)state;
    struct par_queue *first, *second;
    struct par_queue_push_place places[16], again[16];
    enum { JOBS = 8 };
    assert_int_equal(test_kafka_open(2, "", &first), PAR_OK);
    /* What other tests have left. */
    struct par_queue_push_record old[16];
    for (int quiet = 0; quiet < 60;) {
        size_t n = par_queue_take_pushes(first, 16, 100, old);
        for (size_t i = 0; i < n; i++)
            par_queue_confirm_push(first, &old[i].place);
        quiet = n ? 0 : quiet + 1;
    }
    for (uint64_t user = 1; user <= JOBS; user++) {
        struct par_push_job job = {.reason = PAR_PUSH_TEXT,
                                   .user = user,
                                   .conv = par_conv_direct(user, 99),
                                   .seq = 1,
                                   .text = PAR_STR("hi")};
        assert_int_equal(par_queue_push_job(test_kafka.queue, &job), PAR_OK);
        /* One by one, or all would go to one partition. */
        assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
    }
    assert_int_equal(take_pushes(first, JOBS, places), 0x1FE);
    /* All but the first of one partition: that one, and those behind it there, come again. */
    size_t of_first = 0;
    for (size_t i = 0; i < JOBS; i++)
        of_first += places[i].partition == places[0].partition;
    for (size_t i = JOBS; i-- > 1;)
        par_queue_confirm_push(first, &places[i]);
    par_queue_close(&first);
    assert_int_equal(test_kafka_open(2, "", &second), PAR_OK);
    (void)take_pushes(second, of_first, again);
    for (size_t i = 0; i < of_first; i++)
        assert_int_equal(again[i].partition, places[0].partition);
    assert_int_equal(again[0].offset, places[0].offset);
    assert_int_equal(par_queue_take_pushes(second, 4, 500, old), 0);
    for (size_t i = 0; i < of_first; i++)
        par_queue_confirm_push(second, &again[i]);
    par_queue_close(&second);
}

static void a_push_job_goes_there_and_back(void **state)
{
    (void)state;
    struct par_buf bytes = {0};
    struct par_push_job job = {.reason = PAR_PUSH_TEXT,
                               .user = 3,
                               .conv = par_conv_direct(3, 4),
                               .seq = 9,
                               .ts = 1700000000000,
                               .from = 4,
                               .text = PAR_STR("hello")},
                        back;
    par_push_job_encode(&job, &bytes);
    assert_true(par_push_job_decode(par_buf_str(&bytes), &back));
    assert_true(back.user == 3 && back.seq == 9 && back.ts == job.ts && back.from == 4 &&
                par_conv_eq(&back.conv, &job.conv) && par_str_eq(back.text, job.text));
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(par_push_job_decode(par_str_of(bytes.data, len), &back));
    par_buf_fini(&bytes);
}

/* A broker that is stopped keeps its connections, and answers nothing. Its partitions move to
 * others; what was sent to it is sent to them in time. */
static void a_broker_that_hangs_holds_up_nothing_for_long(void **state)
{
    char topic[80];
    (void)state;
    if (!test_kafka.mock)
        skip();
    snprintf(topic, sizeof topic, "%s.commands.1", test_kafka.prefix);
    rd_kafka_mock_partition_set_leader(test_kafka.mock, topic, 2, 1);
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(2), 0), PAR_OK);
    test_kafka_produce(2, 0, 3);
    test_kafka_take(2, 0, 3);
    rd_kafka_mock_broker_set_rtt(test_kafka.mock, 1, 60000);
    rd_kafka_mock_partition_set_leader(test_kafka.mock, topic, 2, 2);
    test_kafka_produce(2, 3, 5);
    test_kafka_take(2, 3, 5);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_kafka_begin, test_kafka_end)
    const struct CMUnitTest tests[] = {
        T(commands_are_taken_in_order_from_any_offset),
        T(partitions_follow_the_hash),
        T(a_take_ends_when_it_is_woken),
        T(an_inbox_goes_on_where_it_was_confirmed),
        T(all_servers_hear_what_is_for_all),
        T(a_flush_that_fails_says_so),
        T(a_log_that_answers_lives),
        T(push_jobs_come_again_until_they_are_confirmed),
        T(partitions_are_shared_and_handed_over),
        T(the_log_grows_while_a_server_runs),
        T(what_is_not_there_is_said),
        cmocka_unit_test_setup_teardown(a_broker_that_hangs_holds_up_nothing_for_long,
                                        test_kafka_begin_two, test_kafka_end),
        cmocka_unit_test(a_push_job_goes_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
