/* Kafka: generations of the topic of commands. Each has twice the partitions of the one before,
 * which ends with a seal in each of its partitions (TAKEOVER.md T7). A server uses the newest that
 * it has seen for what it produces, and its writers work off those before. */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

const struct par_kafka__generation *par_kafka__newest(const struct par_kafka *k)
{
    return &k->generations[atomic_load(&k->generation_count) - 1];
}

const struct par_kafka__generation *par_kafka__generation(const struct par_kafka *k,
                                                          uint32_t partition)
{
    unsigned count = atomic_load(&k->generation_count);
    for (unsigned i = count; i > 0; i--)
        if (k->generations[i - 1].number == par_partition_generation(partition))
            return &k->generations[i - 1];
    return NULL;
}

/* Adds the generation if it is there: 1, 0, or -1 when the brokers do not say. */
static int add_one(struct par_kafka *k, uint16_t number)
{
    char name[PAR_KAFKA__NAME_MAX];
    unsigned count = atomic_load(&k->generation_count);
    if (count == PAR_KAFKA__GENERATIONS_MAX || number == 0)
        return 0;
    par_kafka__commands_topic(k, number, name);
    int32_t partitions = par_kafka__count(k->producer, name);
    if (partitions <= 0)
        return partitions;
    struct par_kafka__generation *g = &k->generations[count];
    *g = (struct par_kafka__generation){.number = number, .partitions = partitions};
    g->windows = calloc((size_t)partitions, sizeof *g->windows);
    if (!g->windows)
        return -1;
    for (int i = 0; i < PAR_KAFKA__APPENDERS; i++) {
        g->topic[i] = rd_kafka_topic_new(k->appenders[i], name, NULL);
        if (!g->topic[i])
            return -1;
    }
    for (int32_t i = 0; i < partitions; i++) {
        int by = i % PAR_KAFKA__APPENDERS;
        par_kafka__window_init(&g->windows[i], &k->commands, k->appenders[by], g->topic[by], i);
    }
    atomic_store(&k->generation_count, count + 1);
    par_log_info("kafka.generation", PAR_KV("number", number), PAR_KV("partitions", partitions));
    return 1;
}

enum par_err par_kafka__look(struct par_kafka *k, uint16_t first)
{
    int more;
    pthread_mutex_lock(&k->look);
    do {
        bool any = atomic_load(&k->generation_count) > 0;
        more = add_one(k, any ? (uint16_t)(par_kafka__newest(k)->number + 1) : first);
    } while (more > 0);
    bool any = atomic_load(&k->generation_count) > 0;
    pthread_mutex_unlock(&k->look);
    if (any)
        return PAR_OK;
    return more < 0 ? PAR_E_UNAVAILABLE : PAR_E_CONFLICT;
}

void par_kafka__free_generations(struct par_kafka *k)
{
    unsigned count = atomic_load(&k->generation_count);
    for (unsigned i = 0; i < count; i++) {
        struct par_kafka__generation *g = &k->generations[i];
        for (int32_t n = 0; n < g->partitions; n++)
            par_kafka__window_fini(&g->windows[n]);
        for (int a = 0; a < PAR_KAFKA__APPENDERS; a++)
            rd_kafka_topic_destroy(g->topic[a]);
        free(g->windows);
        free(k->owned[i]);
    }
}

/* What follows a seal is never numbered, so one that comes twice does no harm. */
static enum par_err seal_all(struct par_kafka *k, const struct par_kafka__generation *g,
                             struct par_str seal, char *why, size_t why_size)
{
    enum par_err err = PAR_OK;
    for (int32_t i = 0; i < g->partitions && !err; i++)
        err = par_kafka__add(k, &g->windows[i], seal);
    enum par_err flushed = par_kafka__flush(k);
    err = err ? err : flushed;
    if (err)
        snprintf(why, why_size,
                 "not all partitions of generation %u could be sealed: call it again", g->number);
    return err;
}

enum par_err par_kafka__grow(void *state, uint32_t partitions, struct par_str seal, char *why,
                             size_t why_size)
{
    struct par_kafka *k = state;
    char name[PAR_KAFKA__NAME_MAX];
    if (par_kafka__look(k, 0)) {
        snprintf(why, why_size, "the brokers do not answer");
        return PAR_E_UNAVAILABLE;
    }
    const struct par_kafka__generation *newest = par_kafka__newest(k);
    /* Another call came so far and no further. */
    if ((uint32_t)newest->partitions == partitions && newest > k->generations)
        return seal_all(k, newest - 1, seal, why, why_size);
    if ((uint32_t)newest->partitions * 2 != partitions || partitions > UINT16_MAX) {
        snprintf(why, why_size, "there are %d partitions; they grow to twice as many",
                 (int)newest->partitions);
        return PAR_E_BAD_REQUEST;
    }
    par_kafka__commands_topic(k, (uint16_t)(newest->number + 1), name);
    enum par_err err =
        par_kafka__make(k, name, (int)partitions, par_kafka__commands_pairs, why, why_size);
    return err ? err : seal_all(k, newest, seal, why, why_size);
}
