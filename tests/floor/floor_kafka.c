/* The floor's side of Kafka: a record goes to a partition, and the consumer of it waits. */
#include "floor.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_MS = 10000, TAKE_MS = 200 };

struct floor_kafka {
    rd_kafka_t *producer, *consumer;
    rd_kafka_topic_t *to, *from;
    rd_kafka_queue_t *queues[FLOOR_PARTITIONS];
    atomic_bool ended;
    char name[64];
};

static rd_kafka_t *client(rd_kafka_type_t type, const char *const *pairs)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *k = NULL;
    bool ok = true;
    for (; *pairs && ok; pairs += 2)
        ok = rd_kafka_conf_set(conf, pairs[0], pairs[1], why, sizeof why) == RD_KAFKA_CONF_OK;
    if (!ok || (k = rd_kafka_new(type, conf, why, sizeof why)) == NULL) {
        fprintf(stderr, "floor: %s\n", why);
        exit(1);
    }
    return k;
}

static void topic_call(struct floor_kafka *k, bool make)
{
    char why[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(k->producer);
    if (make) {
        rd_kafka_NewTopic_t *t =
            rd_kafka_NewTopic_new(k->name, FLOOR_PARTITIONS, -1, why, sizeof why);
        rd_kafka_CreateTopics(k->producer, &t, 1, NULL, queue);
        rd_kafka_NewTopic_destroy(t);
    } else {
        rd_kafka_DeleteTopic_t *t = rd_kafka_DeleteTopic_new(k->name);
        rd_kafka_DeleteTopics(k->producer, &t, 1, NULL, queue);
        rd_kafka_DeleteTopic_destroy(t);
    }
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
    if (!event) {
        fprintf(stderr, "floor: the brokers do not answer\n");
        exit(1);
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

struct floor_kafka *floor_open(const char *brokers)
{
    const char *const produce[] = {
        "bootstrap.servers", brokers, "enable.idempotence",   "true", "linger.ms", "0",
        "compression.codec", "lz4",   "socket.nagle.disable", "true", NULL};
    const char *const fetch[] = {
        "bootstrap.servers",    brokers, "group.id", "floor", "fetch.wait.max.ms", "250",
        "socket.nagle.disable", "true",  NULL};
    struct floor_kafka *k = calloc(1, sizeof *k);
    if (!k)
        exit(1);
    snprintf(k->name, sizeof k->name, "floor.%d", (int)getpid());
    k->producer = client(RD_KAFKA_PRODUCER, produce);
    k->consumer = client(RD_KAFKA_CONSUMER, fetch);
    topic_call(k, true);
    k->to = rd_kafka_topic_new(k->producer, k->name, NULL);
    k->from = rd_kafka_topic_new(k->consumer, k->name, NULL);
    for (int i = 0; i < FLOOR_PARTITIONS; i++) {
        k->queues[i] = rd_kafka_queue_new(k->consumer);
        rd_kafka_consume_start_queue(k->from, i, RD_KAFKA_OFFSET_BEGINNING, k->queues[i]);
    }
    return k;
}

void floor_send(struct floor_kafka *k, int32_t partition)
{
    char bytes[FLOOR_BYTES] = {0};
    uint64_t now = par_mono_ns();
    memcpy(bytes, &now, sizeof now);
    (void)rd_kafka_produce(k->to, partition, RD_KAFKA_MSG_F_COPY, bytes, sizeof bytes, NULL, 0,
                           NULL);
    rd_kafka_poll(k->producer, 0);
}

bool floor_take(struct floor_kafka *k, int32_t partition, uint64_t *sent_ns_r)
{
    for (;;) {
        rd_kafka_message_t *m = rd_kafka_consume_queue(k->queues[partition], TAKE_MS);
        bool got = m && !m->err && m->len == FLOOR_BYTES;
        if (got)
            memcpy(sent_ns_r, m->payload, sizeof *sent_ns_r);
        if (m)
            rd_kafka_message_destroy(m);
        if (got)
            return true;
        if (!m && atomic_load(&k->ended))
            return false;
    }
}

void floor_end(struct floor_kafka *k)
{
    rd_kafka_flush(k->producer, CALL_MS);
    atomic_store(&k->ended, true);
}

void floor_close(struct floor_kafka *k)
{
    for (int i = 0; i < FLOOR_PARTITIONS; i++) {
        rd_kafka_consume_stop(k->from, i);
        rd_kafka_queue_destroy(k->queues[i]);
    }
    topic_call(k, false);
    rd_kafka_topic_destroy(k->to);
    rd_kafka_topic_destroy(k->from);
    rd_kafka_destroy(k->consumer);
    rd_kafka_destroy(k->producer);
    free(k);
}
