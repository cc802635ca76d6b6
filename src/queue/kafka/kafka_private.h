/* Inside of the queue driver `kafka`: what its files share.
 *
 * Topics, of a prefix (parley): PREFIX.commands.GENERATION, whose partitions are numbered by one
 * owner each, and which a newer generation of twice as many follows when it is sealed
 * (generations.c); PREFIX.inbox.SERVER, one partition, what is delivered to a server; PREFIX.push.
 * Names of servers in them are 16 hexadecimal digits.
 *
 * Clients of librdkafka: a producer, idempotent, for deliveries and push jobs; some more for
 * commands, each for its share of the partitions; a member of the group of
 * writers, which fetches nothing and only learns who owns what (owners.c); and a plain consumer
 * that takes partitions and inboxes from any offset (lanes.c); and, of a server that sends pushes,
 * a member of the group that shares PREFIX.push (pushes.c). */
#ifndef PAR_QUEUE_KAFKA_PRIVATE_H
#define PAR_QUEUE_KAFKA_PRIVATE_H

#include "base/map.h"
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
    PAR_KAFKA__SERVERS_MAX = 1024,
    /* A broker answers the requests of a connection one after the other, each when all copies are
     * there, and the library makes one for each partition: so deliveries do not stand behind
     * commands, and not all commands behind each other. */
    PAR_KAFKA__APPENDERS = 3,
    PAR_KAFKA__PRODUCERS = PAR_KAFKA__APPENDERS + 1,
    PAR_KAFKA__GENERATIONS_MAX = 16, /* that one process sees: each has twice the partitions */
    PAR_KAFKA__LOOK_MS = 2000,       /* how often a server looks for a newer one */
    PAR_KAFKA__HAND_OVER_MS = 5000   /* for the others to take over from one that ends */
};

/* Where the records of a partition, or of a topic of which the library chooses the partition, go:
 * see window.c. */
struct par_kafka__record;
/* Appended, and not reported. */
struct par_kafka__load {
    _Atomic uint64_t records, bytes;
};
struct par_kafka__window {
    struct par_kafka__load *load; /* that it is counted in, and bounded by */
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    int32_t partition; /* RD_KAFKA_PARTITION_UA: the library chooses */
    pthread_mutex_t lock;
    unsigned on_way;                         /* handed to the library, not reported */
    struct par_kafka__record *first, **last; /* not handed over */
};

/* A generation of the topic of commands; does not change once it is seen. Each partition is always
 * appended to by the same client. */
struct par_kafka__generation {
    uint16_t number;
    int32_t partitions;
    rd_kafka_topic_t *topic[PAR_KAFKA__APPENDERS];
    struct par_kafka__window *windows; /* by number of the partition */
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
struct par_kafka__pushes;

struct par_kafka {
    const struct par_queue_ends *ends;
    char prefix[32];
    struct par_kafka__generation generations[PAR_KAFKA__GENERATIONS_MAX]; /* rising by one */
    _Atomic unsigned generation_count;
    pthread_mutex_t look; /* of who looks for more */
    uint64_t server;
    size_t max_records, max_bytes;
    rd_kafka_t *producer;                        /* of deliveries and push jobs */
    rd_kafka_t *appenders[PAR_KAFKA__APPENDERS]; /* of commands */
    rd_kafka_t *taker;
    struct par_kafka__window push;
    struct par_kafka__pushes *_Atomic pushes; /* NULL: this server has taken none yet */
    struct par_kafka__poller {
        const struct par_kafka *kafka;
        rd_kafka_t *client;
        struct par_thread *thread;
    } pollers[PAR_KAFKA__PRODUCERS];
    _Atomic uint32_t closing;
    _Atomic bool sealed;
    struct par_kafka__load commands, deliveries; /* apart: neither waits for room of the other */
    uint64_t message_ms;                         /* message.timeout.ms of the producers */
    _Atomic bool dropping;                       /* what waits is failed, not handed over */

    /* owners.c */
    char *properties; /* of librdkafka, as configured */
    const char *servers;
    rd_kafka_t *member;
    struct par_thread *owner_thread;
    _Atomic uint32_t leaving;
    _Atomic bool aside;
    par_queue_owner_fn owner;
    void *owner_arg;
    bool *owned[PAR_KAFKA__GENERATIONS_MAX]; /* of the owner thread, by generation and number */
    unsigned subscribed;                     /* generations; of the owner thread */
    bool subscribed_aside, gathered;         /* and what the group said since */
    uint64_t looked_ms;

    pthread_mutex_t lock; /* of the lists */
    struct par_kafka__lane *lanes;
    struct par_kafka__run *runs;
    struct par_map inboxes; /* to be sent to, by server: produce.c */

    pthread_mutex_t known_lock;
    uint64_t known[PAR_KAFKA__SERVERS_MAX]; /* servers that have an inbox */
    size_t known_count;
    uint64_t known_ms; /* when that was so; 0: never */
};

/* The header of a record: when it was produced, as the producer's clock says, in us since 1970. */
#define PAR_KAFKA__PRODUCED "t"

/* How a topic of commands is made: name, value, …, NULL. */
extern const char *const par_kafka__commands_pairs[];

/* One of all that produce; NULL while they are opened. */
static inline rd_kafka_t *par_kafka__producer(const struct par_kafka *k, int i)
{
    return i < PAR_KAFKA__APPENDERS ? k->appenders[i] : k->producer;
}

/* ---- clients.c ---- */

/* A client with the configured properties and these (name, value, …, NULL); NULL with a line in
 * why. */
rd_kafka_t *par_kafka__client(const struct par_kafka *k, rd_kafka_type_t type,
                              const char *const *pairs, void (*set)(rd_kafka_conf_t *conf),
                              void *opaque, char *why, size_t why_size);
void par_kafka__commands_topic(const struct par_kafka *k, uint16_t generation,
                               char name_r[PAR_KAFKA__NAME_MAX]);
void par_kafka__inbox_topic(const struct par_kafka *k, uint64_t server,
                            char name_r[PAR_KAFKA__NAME_MAX]);
/* Partitions of a topic; 0: there is none, -1: the brokers do not say. */
int32_t par_kafka__count(rd_kafka_t *client, const char *topic);
enum par_err par_kafka__probe(void *state, uint32_t timeout_ms);
/* Makes a topic where it is missing. */
enum par_err par_kafka__make(const struct par_kafka *k, const char *topic, int partitions,
                             const char *const *pairs, char *why, size_t why_size) PAR_MUST_CHECK;

/* ---- generations.c ---- */

/* The newest one seen; there is one once the driver is open. Any thread. */
const struct par_kafka__generation *par_kafka__newest(const struct par_kafka *k);
/* That of a partition; NULL: not seen. Any thread. */
const struct par_kafka__generation *par_kafka__generation(const struct par_kafka *k,
                                                          uint32_t partition);
/* Looks which there are from `first` on, or above the newest seen. PAR_E_CONFLICT: none,
 * PAR_E_UNAVAILABLE: the brokers do not say. Blocks. */
enum par_err par_kafka__look(struct par_kafka *k, uint16_t first) PAR_MUST_CHECK;
enum par_err par_kafka__grow(void *state, uint32_t partitions, struct par_str seal, char *why,
                             size_t why_size);
void par_kafka__free_generations(struct par_kafka *k);

/* ---- window.c ---- */

/* Reports of this client's records go to their windows; its opaque is of no matter. */
void par_kafka__set_producer(rd_kafka_conf_t *conf);
/* Allocates nothing. The topic stays the caller's. */
void par_kafka__window_init(struct par_kafka__window *window, struct par_kafka__load *load,
                            rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition);
/* Nothing of it is on its way or waits. */
void par_kafka__window_fini(struct par_kafka__window *window);
/* Appends a copy, now or when what is on its way is reported, in order. The run (or NULL) hears of
 * it once, on another thread, unless this fails: PAR_E_OVERLOADED as many records or bytes of its
 * load wait as may, PAR_E_UNAVAILABLE. Any thread, does not block. */
enum par_err par_kafka__append(struct par_kafka *k, struct par_kafka__window *window,
                               struct par_str bytes, struct par_kafka__run *run) PAR_MUST_CHECK;

/* ---- produce.c ---- */

/* The table of inboxes that are sent to, empty. */
void par_kafka__init_inboxes(struct par_kafka *k);
/* Nobody sends any more, and all is reported or given up. */
void par_kafka__free_inboxes(struct par_kafka *k);
/* One of its records is confirmed, or (failed) never will be. Any thread, does not block. */
void par_kafka__run_reported(struct par_kafka__run *run, bool failed);
enum par_err par_kafka__produce(void *state, uint32_t partition, struct par_str bytes);
enum par_err par_kafka__send(void *state, uint64_t server, struct par_str bytes);
enum par_err par_kafka__push(void *state, const struct par_push_job *job);
/* As produce, of the run that the next flush ends. */
enum par_err par_kafka__add(struct par_kafka *k, struct par_kafka__window *window,
                            struct par_str bytes);
enum par_err par_kafka__flush(void *state);
/* Starts and ends the threads to which records are reported. */
enum par_err par_kafka__start_polling(struct par_kafka *k) PAR_MUST_CHECK;
void par_kafka__end_polling(struct par_kafka *k);
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

/* ---- pushes.c ---- */

size_t par_kafka__take_pushes(void *state, size_t max, uint32_t timeout_ms,
                              struct par_queue_push_record *records);
void par_kafka__confirm_push(void *state, const struct par_queue_push_place *place);
void par_kafka__wake_pushes(void *state);
/* Leaves the group. */
void par_kafka__free_pushes(struct par_kafka *k);

/* ---- owners.c ---- */

enum par_err par_kafka__join(void *state, par_queue_owner_fn fn, void *arg);
void par_kafka__leave(void *state);
void par_kafka__set_aside(void *state, bool aside);

#endif
