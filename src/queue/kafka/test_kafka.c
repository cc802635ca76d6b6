/* What tests of the driver share: a cluster, and a queue on it. */
#include "queue/kafka/test_kafka.h"

#include "loop/env.h"

#include <stdio.h>
#include <stdlib.h>

struct test_kafka test_kafka;

uint32_t test_kafka_partition(uint16_t number)
{
    return par_partition(TEST_KAFKA_GENERATION, number);
}

enum par_err test_kafka_open(uint64_t server, const char *properties, struct par_queue **queue_r)
{
    const struct par_queue_config config = {
        .driver = "kafka",
        .server = server,
        .boot = 1,
        .servers = test_kafka.brokers,
        .prefix = test_kafka.prefix,
        .properties = properties,
        .partitions = TEST_KAFKA_PARTITIONS,
        .make = true,
    };
    return par_queue_open(&config, queue_r);
}

void test_kafka_topic(const char *name, int partitions)
{
    char topic[96];
    snprintf(topic, sizeof topic, "%s.%s", test_kafka.prefix, name);
    if (test_kafka.mock)
        assert_int_equal(rd_kafka_mock_topic_create(test_kafka.mock, topic, partitions, 1), 0);
}

static int begin_with(int broker_count, const char *properties)
{
    static unsigned count;
    const char *real = getenv("PARLEY_TEST_KAFKA");
    snprintf(test_kafka.prefix, sizeof test_kafka.prefix, "test%llx%u",
             (unsigned long long)par_wall_ms(), count++);
    if (real) {
        snprintf(test_kafka.brokers, sizeof test_kafka.brokers, "%s", real);
    } else {
        char why[256];
        test_kafka.mock_client =
            rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
        assert_non_null(test_kafka.mock_client);
        test_kafka.mock = rd_kafka_mock_cluster_new(test_kafka.mock_client, broker_count);
        assert_non_null(test_kafka.mock);
        snprintf(test_kafka.brokers, sizeof test_kafka.brokers, "%s",
                 rd_kafka_mock_cluster_bootstraps(test_kafka.mock));
    }
    test_kafka_topic("commands.1", TEST_KAFKA_PARTITIONS);
    test_kafka_topic("push", 2);
    test_kafka_topic("inbox.0000000000000001", 1);
    test_kafka_topic("inbox.0000000000000002", 1);
    assert_int_equal(test_kafka_open(1, properties, &test_kafka.queue), PAR_OK);
    if (real) {
        /* Its first start makes the inbox of a server. */
        struct par_queue *other;
        assert_int_equal(test_kafka_open(2, properties, &other), PAR_OK);
        par_queue_close(&other);
    }
    return 0;
}

int test_kafka_begin(void **state)
{
    (void)state;
    return begin_with(1, "message.timeout.ms=3000\n");
}

int test_kafka_begin_two(void **state)
{
    (void)state;
    return begin_with(2, "");
}

int test_kafka_end(void **state)
{
    (void)state;
    par_queue_close(&test_kafka.queue);
    if (test_kafka.mock) {
        rd_kafka_mock_cluster_destroy(test_kafka.mock);
        rd_kafka_destroy(test_kafka.mock_client);
        test_kafka.mock = NULL;
    }
    return 0;
}

void test_kafka_produce(uint16_t number, unsigned from, unsigned to)
{
    char text[24];
    for (unsigned i = from; i < to; i++) {
        int len = snprintf(text, sizeof text, "command %u", i);
        assert_int_equal(par_queue_produce(test_kafka.queue, test_kafka_partition(number),
                                           par_str_of(text, (size_t)len)),
                         PAR_OK);
    }
}

/* Takes until `to`: each in its place. */
void test_kafka_take(uint16_t number, unsigned from, unsigned to)
{
    struct par_queue_record records[64];
    char text[24];
    for (int tries = 0; from < to && tries < 100; tries++) {
        size_t n = par_queue_take(test_kafka.queue, test_kafka_partition(number), 64, 500, records);
        for (size_t i = 0; i < n; i++, from++) {
            int len = snprintf(text, sizeof text, "command %u", from);
            assert_int_equal(records[i].offset, from);
            assert_true(par_str_eq(records[i].bytes, par_str_of(text, (size_t)len)));
            assert_true(records[i].time_ms > 0);
        }
    }
    assert_int_equal(from, to);
}
