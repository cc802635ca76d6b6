/* Kafka: what is appended, and what is known of it. */
#include "queue/kafka/kafka_private.h"

#include "base/buf.h"
#include "base/log.h"
#include "queue/job.h"

#include <stdio.h>
#include <stdlib.h>

/* A server makes its inbox when it starts, and takes nobody in so soon after that. */
enum { KNOWN_MS = 200 };

/* What one thread has handed over since its last flush. */
struct par_kafka__run {
    struct par_kafka__run *next; /* of the driver's free ones */
    _Atomic uint32_t waiting;    /* not yet confirmed, +1 while the thread adds */
    _Atomic uint32_t done;       /* 1: waiting came to 0 */
    _Atomic bool failed;
};

static _Thread_local struct par_kafka__run *current;
static _Thread_local const struct par_kafka *current_of;

static void release_one(struct par_kafka__run *run)
{
    if (atomic_fetch_sub(&run->waiting, 1) == 1)
        par_pause_end(&run->done);
}

void par_kafka__run_reported(struct par_kafka__run *run, bool failed)
{
    if (failed)
        atomic_store(&run->failed, true);
    release_one(run);
}

static void poll(void *arg)
{
    struct par_kafka__poller *poller = arg;
    while (!atomic_load(&poller->kafka->closing))
        rd_kafka_poll(poller->client, PAR_KAFKA__POLL_MS);
}

enum par_err par_kafka__start_polling(struct par_kafka *k)
{
    enum par_err err = PAR_OK;
    for (int i = 0; i < PAR_KAFKA__PRODUCERS && !err; i++) {
        struct par_kafka__poller *poller = &k->pollers[i];
        poller->kafka = k;
        poller->client = par_kafka__producer(k, i);
        err = par_thread_start("kafka-poll", poll, poller, &poller->thread);
    }
    return err;
}

void par_kafka__end_polling(struct par_kafka *k)
{
    for (int i = 0; i < PAR_KAFKA__PRODUCERS; i++)
        par_thread_join(&k->pollers[i].thread);
}

enum par_err par_kafka__produce(void *state, uint32_t partition, struct par_str bytes)
{
    struct par_kafka *k = state;
    if (atomic_load(&k->sealed))
        return PAR_E_UNAVAILABLE;
    const struct par_kafka__generation *g = par_kafka__generation(k, partition);
    return g ? par_kafka__append(k, &g->windows[par_partition_number(partition)], bytes, NULL)
             : PAR_E_UNAVAILABLE;
}

/* ---- runs ---- */

static struct par_kafka__run *run_of(struct par_kafka *k)
{
    if (current && current_of == k)
        return current;
    pthread_mutex_lock(&k->lock);
    struct par_kafka__run *run = k->runs;
    if (run)
        k->runs = run->next;
    pthread_mutex_unlock(&k->lock);
    if (!run)
        run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    atomic_store(&run->waiting, 1);
    atomic_store(&run->done, 0);
    atomic_store(&run->failed, false);
    current = run;
    current_of = k;
    return run;
}

enum par_err par_kafka__add(struct par_kafka *k, struct par_kafka__window *window,
                            struct par_str bytes)
{
    struct par_kafka__run *run = run_of(k);
    if (!run || !window)
        return PAR_E_UNAVAILABLE;
    atomic_fetch_add(&run->waiting, 1);
    enum par_err err = par_kafka__append(k, window, bytes, run);
    /* Its own queue is full: what the thread added before must go first. */
    for (int i = 0; err == PAR_E_OVERLOADED && i < 100 && !atomic_load(&k->closing); i++) {
        par_pause(&k->closing, PAR_KAFKA__POLL_MS / 10);
        err = par_kafka__append(k, window, bytes, run);
    }
    if (err) {
        atomic_store(&run->failed, true);
        release_one(run);
    }
    return err;
}

/* Where what is for a server goes; one for each that anything was ever for. */
struct par_kafka__inbox {
    struct par_map_node node;
    uint64_t server;
    struct par_kafka__window window;
};

static bool inbox_is(const struct par_map_node *node, const void *key, size_t len)
{
    (void)len;
    return PAR_CONTAINER(node, struct par_kafka__inbox, node)->server == *(const uint64_t *)key;
}

void par_kafka__init_inboxes(struct par_kafka *k)
{
    uint64_t seed[2] = {par_random_u64(), par_random_u64()};
    par_map_init(&k->inboxes, seed, inbox_is);
}

void par_kafka__free_inboxes(struct par_kafka *k)
{
    struct par_map_iter it;
    for (struct par_map_node *n = par_map_first(&k->inboxes, &it); n;
         n = par_map_next(&k->inboxes, &it)) {
        struct par_kafka__inbox *inbox = PAR_CONTAINER(n, struct par_kafka__inbox, node);
        par_map_remove(&k->inboxes, n);
        rd_kafka_topic_destroy(inbox->window.topic);
        par_kafka__window_fini(&inbox->window);
        free(inbox);
    }
    par_map_fini(&k->inboxes);
}

static struct par_kafka__inbox *new_inbox(struct par_kafka *k, uint64_t server)
{
    char name[PAR_KAFKA__NAME_MAX];
    par_kafka__inbox_topic(k, server, name);
    struct par_kafka__inbox *inbox = calloc(1, sizeof *inbox);
    rd_kafka_topic_t *topic = inbox ? rd_kafka_topic_new(k->producer, name, NULL) : NULL;
    if (!topic || !par_map_insert_u64(&k->inboxes, &inbox->node, server)) {
        if (topic)
            rd_kafka_topic_destroy(topic);
        free(inbox);
        return NULL;
    }
    inbox->server = server;
    par_kafka__window_init(&inbox->window, &k->deliveries, k->producer, topic, 0);
    return inbox;
}

static struct par_kafka__window *inbox_of(struct par_kafka *k, uint64_t server)
{
    pthread_mutex_lock(&k->lock);
    struct par_map_node *n = par_map_find_u64(&k->inboxes, server);
    struct par_kafka__inbox *inbox =
        n ? PAR_CONTAINER(n, struct par_kafka__inbox, node) : new_inbox(k, server);
    pthread_mutex_unlock(&k->lock);
    return inbox ? &inbox->window : NULL;
}

/* The servers that have an inbox, as the brokers list topics; asked for when the list is old. */
static enum par_err know_servers(struct par_kafka *k)
{
    const struct rd_kafka_metadata *metadata;
    char begin[PAR_KAFKA__NAME_MAX];
    if (k->known_ms && par_mono_ms() - k->known_ms < KNOWN_MS)
        return PAR_OK;
    if (rd_kafka_metadata(k->producer, 1, NULL, &metadata, PAR_KAFKA__CALL_MS))
        return k->known_ms ? PAR_OK : PAR_E_UNAVAILABLE;
    int len = snprintf(begin, sizeof begin, "%s.inbox.", k->prefix);
    k->known_count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const char *name = metadata->topics[i].topic;
        if (strncmp(name, begin, (size_t)len) == 0 && k->known_count < PAR_KAFKA__SERVERS_MAX)
            k->known[k->known_count++] = strtoull(name + len, NULL, 16);
    }
    rd_kafka_metadata_destroy(metadata);
    k->known_ms = par_mono_ms();
    return PAR_OK;
}

static enum par_err send_all(struct par_kafka *k, struct par_str bytes)
{
    uint64_t servers[PAR_KAFKA__SERVERS_MAX];
    pthread_mutex_lock(&k->known_lock);
    enum par_err err = know_servers(k);
    size_t n = k->known_count;
    memcpy(servers, k->known, n * sizeof *servers);
    pthread_mutex_unlock(&k->known_lock);
    for (size_t i = 0; !err && i < n; i++)
        err = par_kafka__add(k, inbox_of(k, servers[i]), bytes);
    return err;
}

enum par_err par_kafka__send(void *state, uint64_t server, struct par_str bytes)
{
    struct par_kafka *k = state;
    return server == PAR_QUEUE_ALL_SERVERS ? send_all(k, bytes)
                                           : par_kafka__add(k, inbox_of(k, server), bytes);
}

enum par_err par_kafka__push(void *state, const struct par_push_job *job)
{
    struct par_kafka *k = state;
    struct par_buf bytes = {0};
    par_push_job_encode(job, &bytes);
    enum par_err err =
        bytes.failed ? PAR_E_UNAVAILABLE : par_kafka__add(k, &k->push, par_buf_str(&bytes));
    par_buf_fini(&bytes);
    return err;
}

enum par_err par_kafka__flush(void *state)
{
    struct par_kafka *k = state;
    struct par_kafka__run *run = current;
    if (!run || current_of != k)
        return PAR_OK;
    current = NULL;
    release_one(run);
    /* Every record is reported within twice message.timeout.ms. */
    while (!atomic_load(&run->done))
        par_pause(&run->done, PAR_KAFKA__CALL_MS);
    bool failed = atomic_load(&run->failed);
    pthread_mutex_lock(&k->lock);
    run->next = k->runs;
    k->runs = run;
    pthread_mutex_unlock(&k->lock);
    return failed ? PAR_E_UNAVAILABLE : PAR_OK;
}

void par_kafka__free_runs(struct par_kafka *k)
{
    while (k->runs) {
        struct par_kafka__run *run = k->runs;
        k->runs = run->next;
        free(run);
    }
}
