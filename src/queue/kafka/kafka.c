/* The queue driver `kafka`: commands and deliveries as logs that survive any one machine. */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_RECORDS_DEFAULT = 65536, MAX_BYTES_DEFAULT = 64 << 20 };

/* An unclean election would cut acked commands away (L4); their place in time is the log's. */
#define OF_ALL "message.timestamp.type", "LogAppendTime", "unclean.leader.election.enable", "false"
const char *const par_kafka__commands_pairs[] = {OF_ALL, "retention.ms", "604800000", NULL};
static const char *const inbox_pairs[] = {OF_ALL, "retention.ms", "86400000", NULL};

/* What is not confirmed in time is given up: its memory comes back with its report. */
static void end_producers(struct par_kafka *k)
{
    for (int i = 0; i < PAR_KAFKA__PRODUCERS; i++)
        if (par_kafka__producer(k, i))
            rd_kafka_flush(par_kafka__producer(k, i), PAR_KAFKA__CALL_MS);
    atomic_store(&k->dropping, true);
    for (int i = 0; i < PAR_KAFKA__PRODUCERS; i++)
        if (par_kafka__producer(k, i) && rd_kafka_outq_len(par_kafka__producer(k, i)) > 0) {
            rd_kafka_purge(par_kafka__producer(k, i),
                           RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
            rd_kafka_flush(par_kafka__producer(k, i), PAR_KAFKA__CALL_MS);
        }
}

static void kafka_close(void *state)
{
    struct par_kafka *k = state;
    atomic_store(&k->closing, 1);
    par_kafka__end_polling(k);
    par_kafka__free_pushes(k);
    par_kafka__free_lanes(k);
    end_producers(k);
    par_kafka__free_runs(k);
    par_kafka__free_inboxes(k);
    par_kafka__free_generations(k);
    if (k->push.topic) {
        rd_kafka_topic_destroy(k->push.topic);
        par_kafka__window_fini(&k->push);
    }
    for (int i = 0; i < PAR_KAFKA__PRODUCERS; i++)
        if (par_kafka__producer(k, i))
            rd_kafka_destroy(par_kafka__producer(k, i));
    if (k->taker)
        rd_kafka_destroy(k->taker);
    pthread_mutex_destroy(&k->lock);
    pthread_mutex_destroy(&k->known_lock);
    pthread_mutex_destroy(&k->look);
    free(k->properties);
    free(k);
}

/* As it is once the operator's properties are set. */
static uint64_t message_ms(const struct par_kafka *k)
{
    char text[24] = "";
    size_t size = sizeof text;
    if (rd_kafka_conf_get(rd_kafka_conf(k->producer), "message.timeout.ms", text, &size) ||
        strtoull(text, NULL, 10) == 0)
        return UINT64_MAX;
    return strtoull(text, NULL, 10);
}

static bool open_clients(struct par_kafka *k, char *why, size_t why_size)
{
    char records[24], kbytes[24], group[64];
    snprintf(records, sizeof records, "%zu", k->max_records);
    snprintf(kbytes, sizeof kbytes, "%zu", k->max_bytes / 1024 + 1);
    snprintf(group, sizeof group, "%s.inboxes", k->prefix);
    /* No linger: what comes while requests are on their way goes as one batch anyhow. */
    const char *const produce[] = {"enable.idempotence",
                                   "true",
                                   "linger.ms",
                                   "0",
                                   "message.timeout.ms",
                                   "15000",
                                   "request.timeout.ms",
                                   "5000",
                                   "queue.buffering.max.messages",
                                   records,
                                   "queue.buffering.max.kbytes",
                                   kbytes,
                                   "compression.codec",
                                   "lz4",
                                   "batch.size",
                                   "262144",
                                   NULL};
    const char *const consume[] = {"group.id",
                                   group,
                                   "enable.auto.commit",
                                   "false",
                                   "enable.auto.offset.store",
                                   "false",
                                   "fetch.wait.max.ms",
                                   "250",
                                   "queued.max.messages.kbytes",
                                   "16384",
                                   "queued.min.messages",
                                   "10000",
                                   NULL};
    k->producer =
        par_kafka__client(k, RD_KAFKA_PRODUCER, produce, par_kafka__set_producer, k, why, why_size);
    bool all = k->producer != NULL;
    for (int i = 0; i < PAR_KAFKA__APPENDERS && all; i++) {
        k->appenders[i] = par_kafka__client(k, RD_KAFKA_PRODUCER, produce, par_kafka__set_producer,
                                            k, why, why_size);
        all = k->appenders[i] != NULL;
    }
    if (!all)
        return false;
    k->message_ms = message_ms(k);
    k->taker = par_kafka__client(k, RD_KAFKA_CONSUMER, consume, NULL, k, why, why_size);
    return k->taker != NULL;
}

/* The topics: those of all are made by `store init`, that of a server by its first start. */
static enum par_err open_topics(struct par_kafka *k, const struct par_queue_config *config,
                                char *why, size_t why_size)
{
    char commands[PAR_KAFKA__NAME_MAX], inbox[PAR_KAFKA__NAME_MAX], push[PAR_KAFKA__NAME_MAX];
    uint16_t first = config->generation ? config->generation : 1;
    par_kafka__commands_topic(k, first, commands);
    snprintf(push, sizeof push, "%s.push", k->prefix);
    enum par_err err = PAR_OK;
    if (config->make) {
        err = par_kafka__make(k, commands, (int)config->partitions, par_kafka__commands_pairs, why,
                              why_size);
        if (!err)
            err = par_kafka__make(k, push, 16, inbox_pairs, why, why_size);
    }
    if (!err && k->server) {
        par_kafka__inbox_topic(k, k->server, inbox);
        err = par_kafka__make(k, inbox, 1, inbox_pairs, why, why_size);
    }
    if (err)
        return err;
    /* What was made may not be known everywhere yet. */
    for (int i = 0; i < 50; i++) {
        err = par_kafka__look(k, first);
        if (!err || !config->make)
            break;
        par_pause(&k->closing, PAR_KAFKA__POLL_MS);
    }
    if (err) {
        snprintf(why, why_size,
                 err == PAR_E_CONFLICT ? "there is no topic %s: run `parley store init`"
                                       : "the brokers do not tell of the topic %s",
                 commands);
        return err;
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(k->producer, push, NULL);
    if (topic)
        par_kafka__window_init(&k->push, &k->deliveries, k->producer, topic, RD_KAFKA_PARTITION_UA);
    return topic ? PAR_OK : PAR_E_UNAVAILABLE;
}

static enum par_err kafka_open(const struct par_queue_config *config,
                               const struct par_queue_ends *ends, void **state_r)
{
    char why[512] = "out of memory";
    struct par_kafka *k = calloc(1, sizeof *k);
    if (!k)
        return PAR_E_UNAVAILABLE;
    k->ends = ends;
    k->server = config->server;
    k->servers = config->servers ? config->servers : "";
    k->properties = strdup(config->properties ? config->properties : "");
    k->max_records = config->max_records ? config->max_records : MAX_RECORDS_DEFAULT;
    k->max_bytes = config->max_bytes ? config->max_bytes : MAX_BYTES_DEFAULT;
    snprintf(k->prefix, sizeof k->prefix, "%s", config->prefix ? config->prefix : "parley");
    par_kafka__init_inboxes(k);
    pthread_mutex_init(&k->lock, NULL);
    pthread_mutex_init(&k->known_lock, NULL);
    pthread_mutex_init(&k->look, NULL);
    enum par_err err =
        k->properties && open_clients(k, why, sizeof why) ? PAR_OK : PAR_E_BAD_REQUEST;
    if (!err)
        err = par_kafka__start_polling(k);
    if (!err)
        err = open_topics(k, config, why, sizeof why);
    if (err) {
        par_log_error("kafka.open", PAR_KV("why", (const char *)why));
        kafka_close(k);
        return err;
    }
    *state_r = k;
    return PAR_OK;
}

static uint32_t kafka_partitions(void *state)
{
    return (uint32_t)par_kafka__newest(state)->partitions;
}

/* The high bits of the hash that the rows of a conversation begin with: what one owner writes falls
 * into one region of the store. */
static uint32_t kafka_partition_of(void *state, const struct par_conv *conv)
{
    const struct par_kafka__generation *g = par_kafka__newest(state);
    uint32_t number = (uint32_t)par_conv_hash2(conv) * (uint32_t)g->partitions >> 16;
    return par_partition(g->number, (uint16_t)number);
}

static uint16_t kafka_generation(void *state)
{
    return par_kafka__newest(state)->number;
}

static void kafka_seal(void *state)
{
    atomic_store(&((struct par_kafka *)state)->sealed, true);
}

/* A remote queue has no sink. */
static enum par_err kafka_deliver(void *state, uint64_t server, const struct par_delivery *d)
{
    (void)state;
    (void)server;
    (void)d;
    return PAR_E_UNAVAILABLE;
}

static void kafka_gauges(void *state, struct par_queue_stats *stats)
{
    struct par_kafka *k = state;
    stats->waiting_records =
        atomic_load(&k->commands.records) + atomic_load(&k->deliveries.records);
    stats->waiting_bytes = atomic_load(&k->commands.bytes) + atomic_load(&k->deliveries.bytes);
    stats->max_records = k->max_records;
    stats->max_bytes = k->max_bytes;
}

const struct par_queue_ops par_queue__kafka = {
    .name = "kafka",
    .open = kafka_open,
    .close = kafka_close,
    .partitions = kafka_partitions,
    .partition_of = kafka_partition_of,
    .generation = kafka_generation,
    .produce = par_kafka__produce,
    .seek = par_kafka__seek,
    .take = par_kafka__take,
    .wake = par_kafka__wake,
    .seal = kafka_seal,
    .deliver = kafka_deliver,
    .flush = par_kafka__flush,
    .push = par_kafka__push,
    .gauges = kafka_gauges,
    .remote = true,
    .join = par_kafka__join,
    .leave = par_kafka__leave,
    .set_aside = par_kafka__set_aside,
    .probe = par_kafka__probe,
    .bounds = par_kafka__bounds,
    .send = par_kafka__send,
    .take_inbox = par_kafka__take_inbox,
    .confirm_inbox = par_kafka__confirm_inbox,
    .inbox_end = par_kafka__inbox_end,
    .wake_inbox = par_kafka__wake_inbox,
    .take_pushes = par_kafka__take_pushes,
    .confirm_push = par_kafka__confirm_push,
    .wake_pushes = par_kafka__wake_pushes,
    .grow = par_kafka__grow,
};
