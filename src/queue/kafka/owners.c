/* Kafka: who owns which partition, by a consumer group that fetches nothing.
 *
 * Static membership (the server's id): a server that restarts within its session has the same
 * partitions again, and nobody else is disturbed. `range` and an eager rebalance: all is given back
 * and taken anew, which costs a pause; the cooperative form has bugs in this version of the
 * library. What is right does not rest on any of it (TAKEOVER.md T5). */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdio.h>

static void set_owned(struct par_kafka *k, int32_t number, bool owned)
{
    if (number < 0 || number > UINT16_MAX || k->owned[number] == owned)
        return;
    k->owned[number] = owned;
    k->owner(k->owner_arg, par_partition(k->generation, (uint16_t)number), owned);
}

static void give_all_back(struct par_kafka *k)
{
    for (int32_t i = 0; i < k->partitions; i++)
        set_owned(k, i, false);
}

/* On the owner's thread. */
static void rebalanced(rd_kafka_t *client, rd_kafka_resp_err_t err,
                       rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct par_kafka *k = opaque;
    if (err != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        give_all_back(k);
        rd_kafka_assign(client, NULL);
        return;
    }
    /* Nothing is fetched here: the writers take from where their checkpoints are. */
    rd_kafka_assign(client, partitions);
    rd_kafka_pause_partitions(client, partitions);
    par_log_info("kafka.partitions", PAR_KV("count", partitions->cnt));
    for (int i = 0; i < partitions->cnt; i++)
        set_owned(k, partitions->elems[i].partition, true);
}

static void set_member(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
}

static void own(void *arg)
{
    struct par_kafka *k = arg;
    while (!atomic_load(&k->leaving)) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(k->member, PAR_KAFKA__POLL_MS);
        if (!m)
            continue;
        if (m->err)
            par_log_debug("kafka.member", PAR_KV("what", rd_kafka_message_errstr(m)));
        rd_kafka_message_destroy(m);
    }
    /* Calls `rebalanced` for what is still owned. */
    rd_kafka_consumer_close(k->member);
    give_all_back(k);
}

enum par_err par_kafka__join(void *state, par_queue_owner_fn fn, void *arg)
{
    struct par_kafka *k = state;
    char why[512], topic[PAR_KAFKA__NAME_MAX], group[64], instance[24];
    snprintf(group, sizeof group, "%s.writers.%u", k->prefix, k->generation);
    snprintf(instance, sizeof instance, "%016llx", (unsigned long long)k->server);
    const char *const pairs[] = {"group.id",
                                 group,
                                 "group.instance.id",
                                 instance,
                                 "partition.assignment.strategy",
                                 "range",
                                 "session.timeout.ms",
                                 "10000",
                                 "max.poll.interval.ms",
                                 "60000",
                                 "enable.auto.commit",
                                 "false",
                                 "auto.offset.reset",
                                 "latest",
                                 NULL};
    k->owner = fn;
    k->owner_arg = arg;
    k->member = par_kafka__client(k, RD_KAFKA_CONSUMER, pairs, set_member, k, why, sizeof why);
    if (!k->member) {
        par_log_error("kafka.join", PAR_KV("why", (const char *)why));
        return PAR_E_BAD_REQUEST;
    }
    rd_kafka_poll_set_consumer(k->member);
    par_kafka__commands_topic(k, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(k->member, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err)
        return PAR_E_UNAVAILABLE;
    return par_thread_start("kafka-owner", own, k, &k->owner_thread);
}

void par_kafka__leave(void *state)
{
    struct par_kafka *k = state;
    atomic_store(&k->leaving, 1);
    par_thread_join(&k->owner_thread);
    if (k->member)
        rd_kafka_destroy(k->member);
    k->member = NULL;
}
