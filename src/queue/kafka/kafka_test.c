/* The driver on the library's own mock of a cluster, or, with PARLEY_TEST_KAFKA=host:port, on a
 * real one: order, offsets, inboxes, what a flush promises, and who owns what. */
#include "parley/queue.h"
#include "queue/job.h"

#include "base/log_guard.h"
#include "loop/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PARTITIONS = 4, GENERATION = 1 };

static rd_kafka_t *mock_client;
static rd_kafka_mock_cluster_t *mock;
static char brokers[256];
static char prefix[32];
static struct par_queue *q;

static uint32_t partition(uint16_t number)
{
    return par_partition(GENERATION, number);
}

static enum par_err open_queue(uint64_t server, const char *properties, struct par_queue **queue_r)
{
    const struct par_queue_config config = {
        .driver = "kafka",
        .server = server,
        .boot = 1,
        .servers = brokers,
        .prefix = prefix,
        .properties = properties,
        .partitions = PARTITIONS,
        .make = true,
    };
    return par_queue_open(&config, queue_r);
}

static void make_topic(const char *name, int partitions)
{
    char topic[96];
    snprintf(topic, sizeof topic, "%s.%s", prefix, name);
    if (mock)
        assert_int_equal(rd_kafka_mock_topic_create(mock, topic, partitions, 1), 0);
}

static int begin_with(int broker_count, const char *properties)
{
    static unsigned count;
    const char *real = getenv("PARLEY_TEST_KAFKA");
    snprintf(prefix, sizeof prefix, "test%llx%u", (unsigned long long)par_wall_ms(), count++);
    if (real) {
        snprintf(brokers, sizeof brokers, "%s", real);
    } else {
        char why[256];
        mock_client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
        assert_non_null(mock_client);
        mock = rd_kafka_mock_cluster_new(mock_client, broker_count);
        assert_non_null(mock);
        snprintf(brokers, sizeof brokers, "%s", rd_kafka_mock_cluster_bootstraps(mock));
    }
    make_topic("commands.1", PARTITIONS);
    make_topic("push", 2);
    make_topic("inbox.0000000000000001", 1);
    make_topic("inbox.0000000000000002", 1);
    assert_int_equal(open_queue(1, properties, &q), PAR_OK);
    if (real) {
        /* Its first start makes the inbox of a server. */
        struct par_queue *other;
        assert_int_equal(open_queue(2, properties, &other), PAR_OK);
        par_queue_close(&other);
    }
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(1, "message.timeout.ms=3000\n");
}

static int begin_with_two(void **state)
{
    (void)state;
    return begin_with(2, "");
}

static int end(void **state)
{
    (void)state;
    par_queue_close(&q);
    if (mock) {
        rd_kafka_mock_cluster_destroy(mock);
        rd_kafka_destroy(mock_client);
        mock = NULL;
    }
    return 0;
}

static void produce(uint16_t number, unsigned from, unsigned to)
{
    char text[24];
    for (unsigned i = from; i < to; i++) {
        int len = snprintf(text, sizeof text, "command %u", i);
        assert_int_equal(par_queue_produce(q, partition(number), par_str_of(text, (size_t)len)),
                         PAR_OK);
    }
}

/* Takes until `to`: each in its place. */
static void take_is(uint16_t number, unsigned from, unsigned to)
{
    struct par_queue_record records[64];
    char text[24];
    for (int tries = 0; from < to && tries < 100; tries++) {
        size_t n = par_queue_take(q, partition(number), 64, 500, records);
        for (size_t i = 0; i < n; i++, from++) {
            int len = snprintf(text, sizeof text, "command %u", from);
            assert_int_equal(records[i].offset, from);
            assert_true(par_str_eq(records[i].bytes, par_str_of(text, (size_t)len)));
            assert_true(records[i].time_ms > 0);
        }
    }
    assert_int_equal(from, to);
}

static void commands_are_taken_in_order_from_any_offset(void **state)
{
    (void)state;
    uint64_t low, high;
    assert_true(par_queue_remote(q));
    assert_int_equal(par_queue_partitions(q), PARTITIONS);
    assert_int_equal(par_queue_generation(q), GENERATION);
    assert_int_equal(par_queue_seek(q, partition(2), 0), PAR_OK);
    produce(2, 0, 500);
    produce(3, 0, 3);
    take_is(2, 0, 500);
    assert_int_equal(par_queue_bounds(q, partition(2), &low, &high), PAR_OK);
    assert_int_equal(low, 0);
    assert_int_equal(high, 500);
    /* Back, as the next owner would begin. */
    assert_int_equal(par_queue_seek(q, partition(2), 120), PAR_OK);
    take_is(2, 120, 500);
    produce(2, 500, 510);
    take_is(2, 500, 510);
    assert_int_equal(par_queue_bounds(q, partition(0), &low, &high), PAR_OK);
    assert_int_equal(high, 0);
}

static void partitions_follow_the_hash(void **state)
{
    (void)state;
    unsigned seen[PARTITIONS] = {0};
    for (uint64_t user = 2; user < 200; user++) {
        struct par_conv conv = par_conv_direct(1, user);
        uint32_t p = par_queue_partition_of(q, &conv);
        assert_int_equal(par_partition_generation(p), GENERATION);
        assert_int_equal(par_partition_number(p), par_conv_hash2(&conv) >> 14);
        seen[par_partition_number(p)]++;
    }
    for (int i = 0; i < PARTITIONS; i++)
        assert_true(seen[i] > 10);
}

static void wake(void *arg)
{
    (void)arg;
    usleep(300000);
    par_queue_wake(q, partition(1));
}

static void a_take_ends_when_it_is_woken(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    struct par_thread *thread;
    assert_int_equal(par_queue_seek(q, partition(1), 0), PAR_OK);
    assert_int_equal(par_thread_start("wake", wake, NULL, &thread), PAR_OK);
    uint64_t began = par_mono_ms();
    assert_int_equal(par_queue_take(q, partition(1), 4, 60000, records), 0);
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
    assert_int_equal(par_queue_send(q, 2, PAR_STR("a")), PAR_OK);
    assert_int_equal(par_queue_send(q, 2, PAR_STR("b")), PAR_OK);
    assert_int_equal(par_queue_send(q, 1, PAR_STR("of one")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    assert_int_equal(par_queue_inbox_end(q, 2, &inbox_end), PAR_OK);
    assert_int_equal(inbox_end, 2);
    assert_int_equal(open_queue(2, "", &other), PAR_OK);
    assert_string_equal(inbox(other, 2, 2, &next), "a b ");
    assert_int_equal(next, 2);
    /* Only the first was dealt with when the server died: the second comes again, to whoever takes
     * it. */
    assert_int_equal(par_queue_confirm_inbox(other, 2, 1), PAR_OK);
    usleep(500000);
    par_queue_close(&other);
    assert_string_equal(inbox(q, 2, 1, &next), "b ");
    assert_string_equal(inbox(q, 1, 1, &next), "of one ");
}

/* More than the library has under way at a time. */
static void what_waits_for_its_turn_follows_in_order(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static struct par_queue_record records[COUNT];
    struct par_queue_stats stats;
    size_t taken = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(par_queue_send(q, 1, par_str_of(&i, sizeof i)), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    par_queue_stats(q, &stats);
    assert_int_equal(stats.waiting_bytes, 0);
    for (int tries = 0; taken < COUNT && tries < 100; tries++) {
        size_t n = par_queue_take_inbox(q, 1, COUNT - taken, 1000, records);
        for (size_t i = 0; i < n; i++, taken++) {
            uint32_t number;
            assert_int_equal(records[i].bytes.len, sizeof number);
            memcpy(&number, records[i].bytes.ptr, sizeof number);
            assert_int_equal(number, taken);
            assert_int_equal(records[i].offset, taken);
        }
    }
    assert_int_equal(taken, COUNT);
}

static uint64_t cpu_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* The library by itself would ask all the time whether they may go. */
static void what_waits_for_its_turn_costs_nothing(void **state)
{
    (void)state;
    enum { COUNT = 3000, WAIT_MS = 1000 };
    struct par_queue_stats stats;
    if (!mock)
        skip();
    produce(1, 0, 1);
    assert_int_equal(par_queue_seek(q, partition(1), 0), PAR_OK);
    take_is(1, 0, 1);
    rd_kafka_mock_broker_set_rtt(mock, 1, 2 * WAIT_MS);
    produce(1, 1, COUNT);
    uint64_t before_ms = cpu_ms();
    usleep(1000 * WAIT_MS);
    assert_in_range(cpu_ms() - before_ms, 0, WAIT_MS / 4);
    par_queue_stats(q, &stats);
    assert_int_equal(stats.waiting_records, COUNT - 1);
    rd_kafka_mock_broker_set_rtt(mock, 1, 0);
    take_is(1, 1, COUNT);
}

/* What has waited for longer than any record may is not sent any more, and so is never late. */
static void what_waits_for_too_long_is_not_sent(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct par_queue_stats stats;
    if (!mock)
        skip();
    produce(1, 0, 1);
    assert_int_equal(par_queue_seek(q, partition(1), 0), PAR_OK);
    take_is(1, 0, 1);
    rd_kafka_mock_broker_set_down(mock, 1);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(par_queue_send(q, 2, par_str_of(&i, sizeof i)), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_E_UNAVAILABLE);
    par_queue_stats(q, &stats);
    assert_int_equal(stats.waiting_records, 0);
    assert_int_equal(stats.waiting_bytes, 0);
    rd_kafka_mock_broker_set_up(mock, 1);
    produce(1, 1, 2);
    take_is(1, 1, 2);
}

/* Memory comes back even of what nobody answers. */
static void a_queue_is_closed_with_records_on_their_way(void **state)
{
    (void)state;
    if (!mock)
        skip();
    rd_kafka_mock_broker_set_rtt(mock, 1, 60000);
    produce(1, 0, 20);
}

static void all_servers_hear_what_is_for_all(void **state)
{
    (void)state;
    uint64_t next;
    assert_int_equal(par_queue_send(q, PAR_QUEUE_ALL_SERVERS, PAR_STR("all")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    assert_string_equal(inbox(q, 1, 1, &next), "all ");
    assert_string_equal(inbox(q, 2, 1, &next), "all ");
}

static void a_flush_that_fails_says_so(void **state)
{
    (void)state;
    if (!mock)
        skip();
    const struct par_push_job job = {
        .reason = PAR_PUSH_TEXT, .user = 3, .conv = par_conv_direct(3, 4), .text = PAR_STR("hi")};
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    assert_int_equal(par_queue_push_job(q, &job), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    rd_kafka_mock_broker_set_down(mock, 1);
    assert_int_equal(par_queue_send(q, 2, PAR_STR("lost")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_E_UNAVAILABLE);
    rd_kafka_mock_broker_set_up(mock, 1);
    assert_int_equal(par_queue_send(q, 2, PAR_STR("again")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
}

static void a_log_that_answers_lives(void **state)
{
    (void)state;
    enum { PATIENCE_MS = 500 };
    assert_int_equal(par_queue_probe(q, 10000), PAR_OK);
    if (!mock)
        return;
    rd_kafka_mock_broker_set_down(mock, 1);
    for (int i = 0; i < 50 && par_queue_probe(q, PATIENCE_MS) == PAR_OK; i++)
        usleep(20000);
    assert_int_equal(par_queue_probe(q, PATIENCE_MS), PAR_E_UNAVAILABLE);
    rd_kafka_mock_broker_set_up(mock, 1);
    assert_int_equal(par_queue_probe(q, 10000), PAR_OK);
}

static atomic_int owners[2][PARTITIONS];

static void owner(void *arg, const uint32_t *ids, size_t count, bool owned)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(par_partition_generation(ids[i]), GENERATION);
        owners[(uintptr_t)arg][par_partition_number(ids[i])] = owned;
    }
}

static int owned_by(int who)
{
    int n = 0;
    for (int i = 0; i < PARTITIONS; i++)
        n += owners[who][i];
    return n;
}

/* As owner, of the two generations. */
static atomic_int grown[2 * PARTITIONS], former[PARTITIONS];

static void owner_of_both(void *arg, const uint32_t *ids, size_t count, bool owned)
{
    (void)arg;
    for (size_t i = 0; i < count; i++) {
        atomic_int *all = par_partition_generation(ids[i]) == GENERATION ? former : grown;
        all[par_partition_number(ids[i])] = owned;
    }
}

static bool all_owned(void)
{
    int n = 0;
    for (int i = 0; i < PARTITIONS; i++)
        n += former[i] + grown[i] + grown[i + PARTITIONS];
    return n == 3 * PARTITIONS;
}

/* A server that runs notices that the log has grown, and owns what is of both generations. */
static void the_log_grows_while_a_server_runs(void **state)
{
    (void)state;
    char why[128];
    struct par_queue_record records[4];
    const struct par_conv conv = par_conv_direct(1, 2);
    assert_int_equal(par_queue_join(q, owner_of_both, NULL), PAR_OK);
    struct par_queue *tool;
    assert_int_equal(open_queue(0, "", &tool), PAR_OK);
    assert_int_equal(par_queue_grow(tool, PARTITIONS, PAR_STR("seal"), why, sizeof why),
                     PAR_E_BAD_REQUEST);
    assert_int_equal(par_queue_grow(tool, 3 * PARTITIONS, PAR_STR("seal"), why, sizeof why),
                     PAR_E_BAD_REQUEST);
    produce(1, 0, 1);
    /* It is on its way: the seal is another producer's. */
    assert_int_equal(par_queue_seek(q, partition(1), 0), PAR_OK);
    for (size_t n = 0; n == 0;)
        n = par_queue_take(q, partition(1), 1, 500, records);
    make_topic("commands.2", 2 * PARTITIONS);
    assert_int_equal(par_queue_grow(tool, 2 * PARTITIONS, PAR_STR("seal"), why, sizeof why),
                     PAR_OK);
    /* As after one that was interrupted. */
    assert_int_equal(par_queue_grow(tool, 2 * PARTITIONS, PAR_STR("seal"), why, sizeof why),
                     PAR_OK);
    par_queue_close(&tool);
    for (int i = 0; i < 600 && (!all_owned() || par_queue_generation(q) == GENERATION); i++)
        usleep(50000);
    assert_true(all_owned());
    assert_int_equal(par_queue_generation(q), GENERATION + 1);
    assert_int_equal(par_queue_partitions(q), 2 * PARTITIONS);
    uint32_t id = par_queue_partition_of(q, &conv);
    assert_int_equal(par_partition_number(id), par_conv_hash2(&conv) >> 13);
    assert_int_equal(par_queue_produce(q, id, PAR_STR("new")), PAR_OK);
    assert_int_equal(par_queue_seek(q, id, 0), PAR_OK);
    size_t n = 0;
    for (int i = 0; i < 60 && n == 0; i++)
        n = par_queue_take(q, id, 4, 500, records);
    assert_true(n == 1 && par_str_is(records[0].bytes, "new"));
    assert_int_equal(par_queue_seek(q, partition(1), 1), PAR_OK);
    for (n = 0; n == 0;)
        n = par_queue_take(q, partition(1), 1, 500, records);
    assert_true(par_str_is(records[0].bytes, "seal"));
    par_queue_leave(q);
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
    if (mock)
        skip();
    memset(owners, 0, sizeof owners);
    assert_int_equal(par_queue_join(q, owner, (void *)0), PAR_OK);
    wait_owned(0, PARTITIONS);
    assert_int_equal(open_queue(2, "", &other), PAR_OK);
    assert_int_equal(par_queue_join(other, owner, (void *)1), PAR_OK);
    wait_owned(1, PARTITIONS / 2);
    wait_owned(0, PARTITIONS / 2);
    for (int i = 0; i < PARTITIONS; i++)
        assert_int_equal(owners[0][i] + owners[1][i], 1);
    par_queue_set_aside(other, true);
    wait_owned(1, 0);
    wait_owned(0, PARTITIONS);
    par_queue_set_aside(other, false);
    wait_owned(1, PARTITIONS / 2);
    par_queue_leave(q);
    assert_int_equal(owned_by(0), 0);
    wait_owned(1, PARTITIONS);
    par_queue_leave(other);
    assert_int_equal(owned_by(1), 0);
    par_queue_close(&other);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    struct par_queue *other = NULL;
    par_log_guard_expect("kafka.open");
    assert_int_not_equal(open_queue(1, "no.such.property=1\n", &other), PAR_OK);
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
    assert_int_equal(open_queue(2, "", &first), PAR_OK);
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
        assert_int_equal(par_queue_push_job(q, &job), PAR_OK);
        /* One by one, or all would go to one partition. */
        assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    }
    assert_int_equal(take_pushes(first, JOBS, places), 0x1FE);
    /* All but the first of one partition: that one, and those behind it there, come again. */
    size_t of_first = 0;
    for (size_t i = 0; i < JOBS; i++)
        of_first += places[i].partition == places[0].partition;
    for (size_t i = JOBS; i-- > 1;)
        par_queue_confirm_push(first, &places[i]);
    par_queue_close(&first);
    assert_int_equal(open_queue(2, "", &second), PAR_OK);
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
    if (!mock)
        skip();
    snprintf(topic, sizeof topic, "%s.commands.1", prefix);
    rd_kafka_mock_partition_set_leader(mock, topic, 2, 1);
    assert_int_equal(par_queue_seek(q, partition(2), 0), PAR_OK);
    produce(2, 0, 3);
    take_is(2, 0, 3);
    rd_kafka_mock_broker_set_rtt(mock, 1, 60000);
    rd_kafka_mock_partition_set_leader(mock, topic, 2, 2);
    produce(2, 3, 5);
    take_is(2, 3, 5);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        T(commands_are_taken_in_order_from_any_offset),
        T(partitions_follow_the_hash),
        T(a_take_ends_when_it_is_woken),
        T(an_inbox_goes_on_where_it_was_confirmed),
        T(what_waits_for_its_turn_follows_in_order),
        T(what_waits_for_its_turn_costs_nothing),
        T(what_waits_for_too_long_is_not_sent),
        T(a_queue_is_closed_with_records_on_their_way),
        T(all_servers_hear_what_is_for_all),
        T(a_flush_that_fails_says_so),
        T(a_log_that_answers_lives),
        T(push_jobs_come_again_until_they_are_confirmed),
        T(partitions_are_shared_and_handed_over),
        T(the_log_grows_while_a_server_runs),
        T(what_is_not_there_is_said),
        cmocka_unit_test_setup_teardown(a_broker_that_hangs_holds_up_nothing_for_long,
                                        begin_with_two, end),
        cmocka_unit_test(a_push_job_goes_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
