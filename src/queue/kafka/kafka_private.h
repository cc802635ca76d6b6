/* Inside of the queue driver `kafka`: what its files share.
 *
 * Topics, of a prefix (parley): PREFIX.commands.GENERATION, whose partitions are numbered by one
 * owner each; PREFIX.inbox.SERVER, one partition, what is delivered to a server; PREFIX.push. Names
 * of servers in them are 16 hexadecimal digits.
 *
 * Three clients of librdkafka: the producer, idempotent, for everything; a member of the group of
 * writers, which fetches nothing and only learns who owns what (owners.c); and a plain consumer
 * that takes partitions and inboxes from any offset (lanes.c). */
#ifndef PAR_QUEUE_KAFKA_PRIVATE_H
#define PAR_QUEUE_KAFKA_PRIVATE_H

#include "loop/env.h"
#include "queue/driver.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    PAR_KAFKA__NAME_MAX = 96,
    PAR_KAFKA__CALL_MS = 5000, /* a question to the brokers */
    PAR_KAFKA__POLL_MS = 100,  /* how long a thread of the driver waits at most */
    PAR_KAFKA__TAKE_MAX = 4096,
    PAR_KAFKA__SERVERS_MAX = 1024
};

/* A partition, or an inbox, that is taken from. */
struct par_kafka__lane {
    struct par_kafka__lane *next;
    bool inbox;
    uint64_t id; /* of the partition or the server */
    rd_kafka_topic_t *topic;
    int32_t number; /* of the partition in its topic */
    rd_kafka_queue_t *queue;
    bool started;
    uint64_t next_offset; /* to be taken */
    _Atomic bool woken;
    rd_kafka_message_t *lent[PAR_KAFKA__TAKE_MAX]; /* given out by the last take */
    size_t lent_count;
};

struct par_kafka__run;

struct par_kafka {
    const struct par_queue_ends *ends;
    char prefix[32];
    uint16_t generation;
    int32_t partitions;
    uint64_t server;
    size_t max_records, max_bytes;
    rd_kafka_t *producer;
    rd_kafka_t *taker;
    rd_kafka_topic_t *commands;
    rd_kafka_topic_t *push;
    struct par_thread *poller;
    _Atomic uint32_t closing;
    _Atomic bool sealed;
    _Atomic uint64_t waiting_bytes;

    /* owners.c */
    char *properties; /* of librdkafka, as configured */
    const char *servers;
    rd_kafka_t *member;
    struct par_thread *owner_thread;
    _Atomic uint32_t leaving;
    par_queue_owner_fn owner;
    void *owner_arg;
    bool owned[UINT16_MAX + 1]; /* of the owner thread */

    pthread_mutex_t lock; /* of the lists */
    struct par_kafka__lane *lanes;
    struct par_kafka__run *runs;
    rd_kafka_topic_t *inboxes[64]; /* to be sent to; a full table starts anew */
    uint64_t inbox_server[64];
    size_t inbox_count;

    pthread_mutex_t known_lock;
    uint64_t known[PAR_KAFKA__SERVERS_MAX]; /* servers that have an inbox */
    size_t known_count;
    uint64_t known_ms; /* when that was so; 0: never */
};

/* ---- clients.c ---- */

/* A client with the configured properties and these (name, value, …, NULL); NULL with a line in
 * why. */
rd_kafka_t *par_kafka__client(const struct par_kafka *k, rd_kafka_type_t type,
                              const char *const *pairs, void (*set)(rd_kafka_conf_t *conf),
                              void *opaque, char *why, size_t why_size);
void par_kafka__commands_topic(const struct par_kafka *k, char name_r[PAR_KAFKA__NAME_MAX]);
void par_kafka__inbox_topic(const struct par_kafka *k, uint64_t server,
                            char name_r[PAR_KAFKA__NAME_MAX]);
/* Partitions of a topic; 0: there is none, -1: the brokers do not say. */
int32_t par_kafka__count(rd_kafka_t *client, const char *topic);
/* Makes a topic where it is missing. */
enum par_err par_kafka__make(const struct par_kafka *k, const char *topic, int partitions,
                             const char *const *pairs, char *why, size_t why_size) PAR_MUST_CHECK;

/* ---- produce.c ---- */

void par_kafka__set_producer(rd_kafka_conf_t *conf);
enum par_err par_kafka__produce(void *state, uint32_t partition, struct par_str bytes);
enum par_err par_kafka__send(void *state, uint64_t server, struct par_str bytes);
enum par_err par_kafka__push(void *state, const struct par_push_job *job);
enum par_err par_kafka__flush(void *state);
void par_kafka__poll(void *arg);
void par_kafka__free_runs(struct par_kafka *k);

/* ---- lanes.c ---- */

enum par_err par_kafka__seek(void *state, uint32_t partition, uint64_t offset);
size_t par_kafka__take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                       struct par_queue_record *records);
void par_kafka__wake(void *state, uint32_t partition);
enum par_err par_kafka__bounds(void *state, uint32_t partition, uint64_t *start_r, uint64_t *end_r);
size_t par_kafka__take_inbox(void *state, uint64_t server, size_t max, uint32_t timeout_ms,
                             struct par_queue_record *records);
enum par_err par_kafka__confirm_inbox(void *state, uint64_t server, uint64_t offset);
enum par_err par_kafka__inbox_end(void *state, uint64_t server, uint64_t *end_r);
void par_kafka__wake_inbox(void *state, uint64_t server);
void par_kafka__free_lanes(struct par_kafka *k);

/* ---- owners.c ---- */

enum par_err par_kafka__join(void *state, par_queue_owner_fn fn, void *arg);
void par_kafka__leave(void *state);

#endif
