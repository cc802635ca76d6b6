/* What tests of the driver share: the library's own mock of a cluster, or, with
 * PARLEY_TEST_KAFKA=host:port, a real one, and a queue of server 1 on it. */
#ifndef PAR_QUEUE_KAFKA_TEST_KAFKA_H
#define PAR_QUEUE_KAFKA_TEST_KAFKA_H

#include "parley/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { TEST_KAFKA_PARTITIONS = 4, TEST_KAFKA_GENERATION = 1 };

struct test_kafka {
    rd_kafka_t *mock_client;
    rd_kafka_mock_cluster_t *mock; /* NULL: a real one */
    char brokers[256];
    char prefix[32];
    struct par_queue *queue;
};
extern struct test_kafka test_kafka;

/* Setup and teardown; one broker or two, of the mock. */
int test_kafka_begin(void **state);
int test_kafka_begin_two(void **state);
int test_kafka_end(void **state);

/* The partition of commands with this number. */
uint32_t test_kafka_partition(uint16_t number);
/* One more queue on the same cluster, of this server; properties as in the configuration. */
enum par_err test_kafka_open(uint64_t server, const char *properties, struct par_queue **queue_r);
/* Makes a topic behind the prefix, of the mock alone. */
void test_kafka_topic(const char *name, int partitions);
/* Produces commands from … to - 1, numbered in their text. */
void test_kafka_produce(uint16_t number, unsigned from, unsigned to);
/* Takes until `to`: each in its place. */
void test_kafka_take(uint16_t number, unsigned from, unsigned to);

#endif
