/* The window of a partition: what waits for its turn. */
#include "queue/kafka/test_kafka.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* More than the library has under way at a time. */
static void what_waits_for_its_turn_follows_in_order(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static struct par_queue_record records[COUNT];
    struct par_queue_stats stats;
    size_t taken = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(par_queue_send(test_kafka.queue, 1, par_str_of(&i, sizeof i)), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_OK);
    par_queue_stats(test_kafka.queue, &stats);
    assert_int_equal(stats.waiting_bytes, 0);
    for (int tries = 0; taken < COUNT && tries < 100; tries++) {
        size_t n = par_queue_take_inbox(test_kafka.queue, 1, COUNT - taken, 1000, records);
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

/* Connections are there when what follows begins. Of the mock alone, which can be slow or down. */
static void first_there_and_back(void)
{
    if (!test_kafka.mock)
        skip();
    test_kafka_produce(1, 0, 1);
    assert_int_equal(par_queue_seek(test_kafka.queue, test_kafka_partition(1), 0), PAR_OK);
    test_kafka_take(1, 0, 1);
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
    first_there_and_back();
    rd_kafka_mock_broker_set_rtt(test_kafka.mock, 1, 2 * WAIT_MS);
    test_kafka_produce(1, 1, COUNT);
    uint64_t before_ms = cpu_ms();
    usleep(1000 * WAIT_MS);
    assert_in_range(cpu_ms() - before_ms, 0, WAIT_MS / 4);
    par_queue_stats(test_kafka.queue, &stats);
    assert_int_equal(stats.waiting_records, COUNT - 1);
    rd_kafka_mock_broker_set_rtt(test_kafka.mock, 1, 0);
    test_kafka_take(1, 1, COUNT);
}

/* What has waited for longer than any record may is not sent any more, and so is never late. */
static void what_waits_for_too_long_is_not_sent(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct par_queue_stats stats;
    first_there_and_back();
    rd_kafka_mock_broker_set_down(test_kafka.mock, 1);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(par_queue_send(test_kafka.queue, 2, par_str_of(&i, sizeof i)), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(test_kafka.queue), PAR_E_UNAVAILABLE);
    par_queue_stats(test_kafka.queue, &stats);
    assert_int_equal(stats.waiting_records, 0);
    assert_int_equal(stats.waiting_bytes, 0);
    rd_kafka_mock_broker_set_up(test_kafka.mock, 1);
    test_kafka_produce(1, 1, 2);
    test_kafka_take(1, 1, 2);
}

/* Memory comes back even of what nobody answers. */
static void a_queue_is_closed_with_records_on_their_way(void **state)
{
    (void)state;
    if (!test_kafka.mock)
        skip();
    rd_kafka_mock_broker_set_rtt(test_kafka.mock, 1, 60000);
    test_kafka_produce(1, 0, 20);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_kafka_begin, test_kafka_end)
    const struct CMUnitTest tests[] = {
        T(what_waits_for_its_turn_follows_in_order),
        T(what_waits_for_its_turn_costs_nothing),
        T(what_waits_for_too_long_is_not_sent),
        T(a_queue_is_closed_with_records_on_their_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
