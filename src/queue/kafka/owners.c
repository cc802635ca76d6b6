/* Kafka: who owns which partition, by a consumer group that fetches nothing.
 *
 * Static membership (the server's id): a server that restarts within its session has the same
 * partitions again, and nobody else is disturbed. `range` and an eager rebalance: all is given back
 * and taken anew, which costs a pause; the cooperative form has bugs in this version of the
 * library. What is right does not rest on any of it (TAKEOVER.md T5). */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

static void set_owned(struct par_kafka *k, unsigned generation, int32_t number, bool owned)
{
    const struct par_kafka__generation *g = &k->generations[generation];
    if (!k->owned[generation])
        k->owned[generation] = calloc((size_t)g->partitions, sizeof(bool));
    bool *now = k->owned[generation];
    if (!now || number < 0 || number >= g->partitions || now[number] == owned)
        return;
    now[number] = owned;
    k->owner(k->owner_arg, par_partition(g->number, (uint16_t)number), owned);
}

static void give_all_back(struct par_kafka *k)
{
    for (unsigned g = 0; g < k->subscribed; g++)
        for (int32_t i = 0; i < k->generations[g].partitions; i++)
            set_owned(k, g, i, false);
}

/* The place of the topic's generation among those subscribed; their count: none of them. */
static unsigned generation_of(const struct par_kafka *k, const char *topic)
{
    unsigned g = 0;
    while (g < k->subscribed && strcmp(rd_kafka_topic_name(k->generations[g].topic[0]), topic) != 0)
        g++;
    return g;
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
    for (int i = 0; i < partitions->cnt; i++) {
        unsigned g = generation_of(k, partitions->elems[i].topic);
        if (g < k->subscribed)
            set_owned(k, g, partitions->elems[i].partition, true);
    }
}

/* To all generations that are known: those before the newest end, each partition when its writer
 * comes to the seal. */
static rd_kafka_resp_err_t subscribe(struct par_kafka *k)
{
    unsigned count = atomic_load(&k->generation_count);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (unsigned g = 0; g < count; g++)
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(k->generations[g].topic[0]),
                                          RD_KAFKA_PARTITION_UA);
    k->subscribed = count;
    rd_kafka_resp_err_t err = rd_kafka_subscribe(k->member, list);
    rd_kafka_topic_partition_list_destroy(list);
    k->looked_ms = par_mono_ms();
    return err;
}

static void look_for_more(struct par_kafka *k)
{
    if (par_mono_ms() - k->looked_ms < PAR_KAFKA__LOOK_MS)
        return;
    k->looked_ms = par_mono_ms();
    (void)!par_kafka__look(k, 0);
    if (atomic_load(&k->generation_count) > k->subscribed && subscribe(k))
        par_log_warn("kafka.subscribe", PAR_KV("do", "the next restart does it"));
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
        look_for_more(k);
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
    char why[512], group[64], instance[24];
    snprintf(group, sizeof group, "%s.writers", k->prefix);
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
    rd_kafka_resp_err_t err = subscribe(k);
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
