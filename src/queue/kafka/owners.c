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

/* What changes at one time, as ids of partitions: told in runs. */
struct change {
    struct par_kafka *kafka;
    bool owned;
    size_t count;
    uint32_t partitions[256];
};

static void tell(struct change *c)
{
    if (c->count)
        c->kafka->owner(c->kafka->owner_arg, c->partitions, c->count, c->owned);
    c->count = 0;
}

static void add(struct change *c, unsigned generation, int32_t number)
{
    struct par_kafka *k = c->kafka;
    const struct par_kafka__generation *g = &k->generations[generation];
    if (!k->owned[generation])
        k->owned[generation] = calloc((size_t)g->partitions, sizeof(bool));
    bool *now = k->owned[generation];
    if (!now || number < 0 || number >= g->partitions || now[number] == c->owned)
        return;
    now[number] = c->owned;
    if (c->count == sizeof c->partitions / sizeof c->partitions[0])
        tell(c);
    c->partitions[c->count++] = par_partition(g->number, (uint16_t)number);
}

static void give_all_back(struct par_kafka *k)
{
    struct change change = {.kafka = k};
    for (unsigned g = 0; g < PAR_KAFKA__GENERATIONS_MAX; g++)
        for (int32_t i = 0; k->owned[g] && i < k->generations[g].partitions; i++)
            add(&change, g, i);
    tell(&change);
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
    struct change change = {.kafka = k, .owned = true};
    for (int i = 0; i < partitions->cnt; i++) {
        unsigned g = generation_of(k, partitions->elems[i].topic);
        if (g < k->subscribed)
            add(&change, g, partitions->elems[i].partition);
    }
    par_log_info("kafka.partitions", PAR_KV("count", change.count));
    tell(&change);
    k->gathered = true;
}

/* To all generations that are known: those before the newest end, each partition when its writer
 * comes to the seal. Aside, to a topic that has no owners: a static member that unsubscribed would
 * keep what it has until its session ends, and one that subscribes to something else is asked
 * again at once, with all others. */
static rd_kafka_resp_err_t subscribe(struct par_kafka *k, bool aside)
{
    unsigned count = aside ? 0 : atomic_load(&k->generation_count);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count + 1);
    if (aside)
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(k->push.topic),
                                          RD_KAFKA_PARTITION_UA);
    for (unsigned g = 0; g < count; g++)
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(k->generations[g].topic[0]),
                                          RD_KAFKA_PARTITION_UA);
    k->subscribed = count;
    k->subscribed_aside = aside;
    k->gathered = false;
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
    if (atomic_load(&k->generation_count) > k->subscribed && !k->subscribed_aside &&
        subscribe(k, false))
        par_log_warn("kafka.subscribe", PAR_KV("do", "the next restart does it"));
}

static void poll_group(struct par_kafka *k)
{
    rd_kafka_message_t *m = rd_kafka_consumer_poll(k->member, PAR_KAFKA__POLL_MS);
    if (m && m->err)
        par_log_debug("kafka.member", PAR_KV("what", rd_kafka_message_errstr(m)));
    if (m)
        rd_kafka_message_destroy(m);
}

/* A static member that ends keeps its partitions until its session has ended, in case that it comes
 * back: so it goes aside first, and the others have them within a moment. */
static void hand_over(struct par_kafka *k)
{
    uint64_t end = par_mono_ms() + PAR_KAFKA__HAND_OVER_MS;
    if (subscribe(k, true))
        return;
    while (!k->gathered && par_mono_ms() < end)
        poll_group(k);
}

static void set_member(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
}

static void own(void *arg)
{
    struct par_kafka *k = arg;
    while (!atomic_load(&k->leaving)) {
        poll_group(k);
        look_for_more(k);
        bool aside = atomic_load(&k->aside);
        if (aside != k->subscribed_aside && subscribe(k, aside))
            par_log_warn("kafka.subscribe", PAR_KV("do", "it is tried again"));
    }
    hand_over(k);
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
    const char *const pairs[] = {
        "group.id", group, "group.instance.id", instance, "partition.assignment.strategy", "range",
        "session.timeout.ms", "10000",
        /* How long the others take to notice that one came or went. */
        "heartbeat.interval.ms", "1000", "max.poll.interval.ms", "60000", "enable.auto.commit",
        "false", "auto.offset.reset", "latest", NULL};
    k->owner = fn;
    k->owner_arg = arg;
    k->member = par_kafka__client(k, RD_KAFKA_CONSUMER, pairs, set_member, k, why, sizeof why);
    if (!k->member) {
        par_log_error("kafka.join", PAR_KV("why", (const char *)why));
        return PAR_E_BAD_REQUEST;
    }
    rd_kafka_poll_set_consumer(k->member);
    rd_kafka_resp_err_t err = subscribe(k, false);
    if (err)
        return PAR_E_UNAVAILABLE;
    return par_thread_start("kafka-owner", own, k, &k->owner_thread);
}

void par_kafka__set_aside(void *state, bool aside)
{
    atomic_store(&((struct par_kafka *)state)->aside, aside);
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
