/* The writer: the one thread that numbers the commands of a partition.
 *
 * It takes what waits in the queue, at most `batch_max` commands; gives each, in order, its number
 * or its refusal out of the state it holds in memory (loaded from the store at a conversation's
 * first command); builds one store batch of everything they change; commits it, synced; and then,
 * in order, releases: answers, entry events, mark events, push jobs. Nothing is told to anybody
 * before it is durable. TAKEOVER.md holds the rules; the code names them.
 *
 * Embedded, that is an atomic store and a queue in memory: each batch writes the checkpoint (E6),
 * and when a commit does not end OK the writer answers `unavailable`, forgets what it holds, waits
 * until the store was reopened, and tells every connection to sync (E2). In any other case the
 * partition has a log, and perhaps another owner who does not know yet that it was one: the writer
 * first adopts the checkpoint in the store (T1); a batch that is not OK it writes again, the same
 * bytes, until it is (W1); nothing is answered that the log does not decide; and the checkpoint
 * follows what was released (W4). It stops when it finds that it was replaced, or what must not be.
 */
#ifndef PAR_CONV_WRITER_H
#define PAR_CONV_WRITER_H

#include "parley/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct par_writer;
struct par_follow;
struct par_store;
struct par_queue;
struct par_route;

/* 0 = the default. */
struct par_writer_config {
    uint32_t partition;        /* its id: par_partition() */
    size_t batch_max;          /* commands in a batch: 1,024 */
    size_t cache_convs;        /* conversations held in memory: 65,536 */
    size_t cache_bytes;        /* and their bytes: 64 MiB */
    uint32_t marks_plain_max;  /* members up to which each mark is an event of its own: 50 */
    uint32_t marks_merge_ms;   /* groups up to that size merge mark events over this time: 200 */
    uint32_t others_ms;        /* larger ones send `others` this often: 1,000 */
    struct par_follow *follow; /* is told what the index of search needs; NULL: nobody is */
};

/* Starts the thread, one for each partition that this server owns. The store, queue (with its sink)
 * and route stay the caller's and outlive the writer. PAR_E_UNAVAILABLE: no thread or no memory.
 * Embedded it reads the checkpoint first, which blocks: PAR_E_UNAVAILABLE also when it cannot be
 * read, PAR_E_CONFLICT when it was written by other rules or for another generation. Otherwise the
 * thread adopts the checkpoint as soon as the store can be reached: see par_writer_state(). */
enum par_err par_writer_start(const struct par_writer_config *config, struct par_store *store,
                              struct par_queue *queue, struct par_route *route,
                              struct par_writer **writer_r) PAR_MUST_CHECK;

/* Tells the thread to end, without waiting for it; par_writer_done(): it has. Any thread. */
void par_writer_ask_stop(struct par_writer *w);
bool par_writer_done(const struct par_writer *w);
/* Ends the thread, frees and nulls the writer. Blocks. A local queue is sealed, and what is in it
 * worked off (answered `unavailable` when the store does not work). Of a log, the batch at hand is
 * finished and checkpointed if store and log let it, which is tried for a second at most; the rest
 * is the next owner's. */
void par_writer_stop(struct par_writer **writer);

enum par_writer_state {
    PAR_WRITER_STARTING = 0, /* waits for the store, the log, or a seal (T1, T7) */
    PAR_WRITER_RUNNING,
    /* The next three have stopped for good and only wait for par_writer_stop(). */
    PAR_WRITER_REPLACED, /* another adopted the partition (T4): if the queue still gives it to this
                          * server after some seconds, it starts a new writer */
    PAR_WRITER_HALTED,   /* found what must not be (T1, T3, N6): an operator has to look. A new
                          * writer would find the same */
    PAR_WRITER_ENDED     /* the partition has ended with its generation (T7) */
};
/* What the writer does now; *why_r (may be NULL) gets a short static text, "" when it runs. Any
 * thread. */
enum par_writer_state par_writer_state(const struct par_writer *w, const char **why_r);
/* "starting", "running", "replaced", "halted", "ended": for logs and status pages. */
const char *par_writer_state_name(enum par_writer_state state);

/* True while it runs and nothing that it waits for refuses it (the store, the log, the routes): for
 * /readyz. Any thread. */
bool par_writer_ready(const struct par_writer *w);

/* N6: the command at this offset is passed over by every writer of the partition: for one that the
 * store refuses, and at which the writer has halted, so that no writer can have come past it. It
 * takes effect when the next writer starts. PAR_E_UNAVAILABLE: try again. Blocks. */
enum par_err par_writer_skip(struct par_store *store, uint32_t partition,
                             uint64_t offset) PAR_MUST_CHECK;

/* Buckets of the histograms: bucket i counts values below 1 << i microseconds (or commands); the
 * last has the rest. */
enum { PAR_WRITER_BUCKETS = 24 };
struct par_writer_hist {
    uint64_t count, sum;
    uint64_t bucket[PAR_WRITER_BUCKETS];
};

struct par_writer_stats {
    uint64_t commands, entries, duplicates, conflicts, refusals, malformed;
    uint64_t batches, cuts, batches_failed, batches_uncertain, resyncs;
    uint64_t marks, mark_events, others_events, push_jobs, deliveries;
    uint64_t loads, evictions, cache_convs, cache_bytes, cache_convs_max, cache_bytes_max;
    uint64_t pending_marks, pending_marks_max; /* mark events that wait to be merged */
    uint64_t position;                         /* the next offset */
    uint64_t checkpoint;                       /* and that of the row in the store */
    uint64_t checkpoints, commit_retries, release_retries, reloads;
    /* Time between take and commit, of building its rows, and of releasing. */
    uint64_t cpu_ns_number, cpu_ns_build, cpu_ns_release;
    struct par_writer_hist queue_us, store_us, release_us, batch_commands;
};
/* A copy of the counters; any thread. */
void par_writer_stats(const struct par_writer *w, struct par_writer_stats *stats_r);

#endif
