/* The queue family: commands on their way to the writer of their conversation, and deliveries on
 * their way to the servers.
 *
 * A reactor produces the bytes of a command to the partition of its conversation. The one writer of
 * that partition takes records in their order; each has an offset, one higher than the one before,
 * and the time of its append. When the writer has made durable what the commands ask for, it hands
 * deliveries and push jobs back to the queue. Embedded, that is a mailbox in and a function call
 * out; in a cluster, three topics, and the queue is `remote`: a partition has one owner at a time
 * as the queue sees it, which an owner that was paused learns late (par_queue_join); a server takes
 * what was delivered to it from its inbox; and what is produced, delivered or confirmed may be
 * unknown, late or there twice. Only the wrapper (src/queue/queue.c) calls a driver: it counts and
 * times. */
#ifndef PARLEY_QUEUE_H
#define PARLEY_QUEUE_H

#include "base/conv_id.h"
#include "base/str.h"
#include "parley/err.h"
#include "parley/push.h"

struct par_queue;
struct par_delivery;

struct par_queue_config {
    const char *driver; /* "local", "fail", "kafka" */
    size_t max_records; /* waiting commands of a partition before `overloaded`; 0 = 65,536 */
    size_t max_bytes;   /* and their bytes; 0 = 64 MiB */
    uint64_t server;    /* who opens it, in which life: of a remote queue; 0: a tool, no server */
    uint64_t boot;
    /* Of the driver kafka; borrowed while the queue is open. */
    const char *servers;    /* the first brokers to ask: host:port, with commas between */
    const char *properties; /* of librdkafka: lines of name=value */
    const char *prefix;     /* of the names of topics; NULL: parley */
    uint16_t generation;    /* of the topic of commands; 0 = 1 */
    uint32_t partitions;    /* of a topic that is made */
    bool make;              /* make the topics that are missing */
};

struct par_config;
/* What the sections [queue] and [queue.kafka] say; it borrows from cfg. Who opens it, and whether
 * topics are made, is the caller's to add. Any thread. */
void par_queue_config_from(const struct par_config *cfg, struct par_queue_config *config_r);

/* The record borrows until the next par_queue_take() of its partition. */
struct par_queue_record {
    struct par_str bytes;
    uint64_t offset;
    int64_t time_ms; /* of the append: the log's clock */
    uint64_t way_ns; /* from its produce to its take, as the clocks at both ends say; 0: not
                        known */
};

/* Takes one delivery; called on the writer thread, must not block nor keep pointers. */
typedef void (*par_queue_deliver_fn)(void *arg, const struct par_delivery *d);
/* The end of a run of deliveries: now wake the reactors. */
typedef void (*par_queue_flush_fn)(void *arg);

/* PAR_E_BAD_REQUEST for an unknown driver, PAR_E_UNAVAILABLE when it cannot start. */
enum par_err par_queue_open(const struct par_queue_config *config,
                            struct par_queue **queue_r) PAR_MUST_CHECK;
/* Frees the queue and nulls it; nobody may be using it. Records not taken are dropped. */
void par_queue_close(struct par_queue **queue);

/* Its records travel to other machines, as bytes. Any thread. */
bool par_queue_remote(const struct par_queue *q);

/* The id of a partition has the generation of its log in the high 16 bits and its number there in
 * the low 16: so partition 0 of an embedded queue is 0. */
static inline uint32_t par_partition(uint16_t generation, uint16_t number)
{
    return (uint32_t)generation << 16 | number;
}
static inline uint16_t par_partition_generation(uint32_t partition)
{
    return (uint16_t)(partition >> 16);
}
static inline uint16_t par_partition_number(uint32_t partition)
{
    return (uint16_t)partition;
}

/* How many partitions the newest generation that this server knows has, and the one of a
 * conversation in it. Any thread. */
uint32_t par_queue_partitions(const struct par_queue *q);
uint32_t par_queue_partition_of(const struct par_queue *q, const struct par_conv *conv);
/* The generation of the log; 0 = embedded. */
uint16_t par_queue_generation(const struct par_queue *q);

/* Appends a copy of the bytes. PAR_E_OVERLOADED: the bound on count or bytes is reached (nothing
 * was appended); PAR_E_UNAVAILABLE: closed, or it may or may not have been appended. PAR_OK of a
 * remote queue: it is on its way, once and in the order produced if it arrives, which nobody tells;
 * who waits for its answer waits for a bounded time, and knows nothing then (L4). Any thread; does
 * not block. */
enum par_err par_queue_produce(struct par_queue *q, uint32_t partition,
                               struct par_str bytes) PAR_MUST_CHECK;

/* Where the writer goes on: the next record taken has this offset. Called by the writer before its
 * first take, with the position of its checkpoint. */
enum par_err par_queue_seek(struct par_queue *q, uint32_t partition,
                            uint64_t offset) PAR_MUST_CHECK;

/* Waits up to timeout_ms for a record (0: does not wait) and fills records[0..max) with what is
 * there, in order. Returns how many; 0 when none came in time, or after par_queue_wake(). One
 * thread a partition; blocks. Gives back the records of the call before. */
size_t par_queue_take(struct par_queue *q, uint32_t partition, size_t max, uint32_t timeout_ms,
                      struct par_queue_record *records);
/* Makes a waiting par_queue_take() return. Any thread. */
void par_queue_wake(struct par_queue *q, uint32_t partition);
/* Refuses every further produce with `unavailable`; what is queued can still be taken. Any thread.
 */
void par_queue_seal(struct par_queue *q);

/* ---- owners ---- */

/* The queue gives partitions to this server (owned), or takes them away; what goes at one time is
 * one call. On the queue's own thread (a local queue: during par_queue_join); may block. When it
 * returns after a loss, nothing of this server works on them any more, but for a writer that the
 * store keeps waiting: that one ends as soon as it can, and does no harm meanwhile (TAKEOVER.md
 * T5). */
typedef void (*par_queue_owner_fn)(void *arg, const uint32_t *partitions, size_t count, bool owned);
/* Joins the servers that number commands. */
enum par_err par_queue_join(struct par_queue *q, par_queue_owner_fn fn, void *arg) PAR_MUST_CHECK;
/* Leaves them: gives back what is owned, by fn, and calls it no more. Blocks. */
void par_queue_leave(struct par_queue *q);
/* Aside, a server is one of them without partitions: what it owns is given back, by fn, and goes to
 * the others soon; once it is aside no more it gets its share again. Any thread; does not block,
 * and means nothing to a local queue. */
void par_queue_set_aside(struct par_queue *q, bool aside);

/* Asks the log for a sign of life, whichever of its machines gives it; PAR_E_UNAVAILABLE: none does
 * within timeout_ms. PAR_OK for a local queue. Any thread; blocks. */
enum par_err par_queue_probe(struct par_queue *q, uint32_t timeout_ms) PAR_MUST_CHECK;

/* The offsets that the log of a partition has now: *start_r the oldest kept, *end_r the next to be
 * appended. A local queue, whose log is not kept: 0 and UINT64_MAX. PAR_E_UNAVAILABLE. Writer
 * thread; blocks. */
enum par_err par_queue_bounds(struct par_queue *q, uint32_t partition, uint64_t *start_r,
                              uint64_t *end_r) PAR_MUST_CHECK;

/* Begins a new generation of the log, of `partitions`, twice as many as there are, and ends each
 * partition of the one before with `seal`, the bytes of a command (TAKEOVER.md T7). Servers notice
 * by themselves. May be called again after an error, until PAR_OK. PAR_E_BAD_REQUEST: another
 * number, or a queue that cannot grow; PAR_E_UNAVAILABLE; why gets one line. Blocks. */
enum par_err par_queue_grow(struct par_queue *q, uint32_t partitions, struct par_str seal,
                            char *why, size_t why_size) PAR_MUST_CHECK;

/* ---- deliveries ---- */

/* The server of this process registers where its deliveries end, before the writer starts. */
void par_queue_set_sink(struct par_queue *q, par_queue_deliver_fn deliver, par_queue_flush_fn flush,
                        void *arg);
/* And who takes push jobs; without one they are counted and dropped. */
void par_queue_set_push(struct par_queue *q, par_push_job_fn fn, void *arg);

enum { PAR_QUEUE_ALL_SERVERS = 0 }; /* no server has the id 0 */

/* Hands a delivery to a server, after all that were handed to it before. PAR_E_UNAVAILABLE: it will
 * not get it. Writer thread. The sink of an embedded server runs before this returns. */
enum par_err par_queue_deliver(struct par_queue *q, uint64_t server, const struct par_delivery *d);
/* The same for a remote queue: the bytes of a delivery (conv/delivery.h), copied. */
enum par_err par_queue_send(struct par_queue *q, uint64_t server,
                            struct par_str bytes) PAR_MUST_CHECK;
/* Ends a run of deliveries and push jobs. Local: everything handed over so far is on its way.
 * Remote: it is in the log; PAR_E_UNAVAILABLE: some of it may not be, and all since the last flush
 * that was PAR_OK is to be handed over again (twice harms nobody). Blocks then. Several threads of
 * a server send (its writers, who takes the inbox, who stands in for another): each flush speaks of
 * what its own thread handed over. */
enum par_err par_queue_deliver_flush(struct par_queue *q);

/* The inbox of a server, remote queues only: what was sent to it, in order, from where the inbox
 * was last confirmed (so some of it comes again after a crash). That of another server is taken by
 * the one that stands in for it. Waits up to timeout_ms, as par_queue_take(); records borrow until
 * the next take of that inbox. One thread an inbox; blocks. */
size_t par_queue_take_inbox(struct par_queue *q, uint64_t server, size_t max, uint32_t timeout_ms,
                            struct par_queue_record *records);
/* Everything below `offset` is dealt with. It may be lost, and then comes again. */
enum par_err par_queue_confirm_inbox(struct par_queue *q, uint64_t server, uint64_t offset);
/* The next offset to be appended to an inbox: who has taken all below it has what was sent before
 * the call (R5). */
enum par_err par_queue_inbox_end(struct par_queue *q, uint64_t server,
                                 uint64_t *end_r) PAR_MUST_CHECK;
/* Makes a waiting par_queue_take_inbox() return. Any thread. */
void par_queue_wake_inbox(struct par_queue *q, uint64_t server);

/* Hands on a push job. Writer thread. */
enum par_err par_queue_push_job(struct par_queue *q, const struct par_push_job *job);

/* Where a push job stands in the log. */
struct par_queue_push_place {
    uint32_t partition;
    uint64_t offset;
};
struct par_queue_push_record {
    struct par_str bytes; /* of a job (queue/job.h); borrows until the next take */
    struct par_queue_push_place place;
};
/* Takes push jobs, remote queues only: each server its share of all that were handed on by any, as
 * long as it takes. Jobs that are not confirmed come again, to it or to another, after an end or a
 * change of the shares. As par_queue_take() otherwise. One thread; blocks. */
size_t par_queue_take_pushes(struct par_queue *q, size_t max, uint32_t timeout_ms,
                             struct par_queue_push_record *records);
/* The job is dealt with. In any order: what counts is the oldest one that is not. It may be lost,
 * and the job then comes again. The thread that takes. */
void par_queue_confirm_push(struct par_queue *q, const struct par_queue_push_place *place);
/* Makes a waiting par_queue_take_pushes() return. Any thread. */
void par_queue_wake_pushes(struct par_queue *q);

/* Counters since the start, and gauges; any thread. */
struct par_queue_stats {
    uint64_t produced, overloaded, unavailable, taken, takes, wakes;
    uint64_t deliveries, delivery_failures, push_jobs;
    uint64_t waiting_records, waiting_bytes; /* now */
    uint64_t max_records, max_bytes;         /* the bounds */
};
void par_queue_stats(const struct par_queue *q, struct par_queue_stats *stats_r);

/* The fail driver answers the next `count` calls of an operation with err (count UINT32_MAX: for
 * ever), otherwise it is the local one. Tests only; ignored by other drivers. */
enum par_queue_fault {
    PAR_QUEUE_FAULT_PRODUCE = 0,
    PAR_QUEUE_FAULT_DELIVER,
    PAR_QUEUE_FAULT_PUSH,
    PAR_QUEUE_FAULTS
};
void par_queue_fail(struct par_queue *q, enum par_queue_fault fault, enum par_err err,
                    uint32_t count);

#endif
