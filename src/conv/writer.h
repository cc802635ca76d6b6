/* The writer: the one thread that numbers the commands of a partition.
 *
 * It takes what waits in the queue, at most `batch_max` commands; gives each, in order, its number
 * or its refusal out of the state it holds in memory (loaded from the store at a conversation's
 * first command); builds one store batch of everything they change; commits it, synced; and then,
 * in order, releases: answers, entry events, mark events, push jobs. Nothing is told to anybody
 * before it is durable. When a commit does not end OK it answers `unavailable`, forgets what it
 * holds, waits until the store was reopened, and tells every connection to sync. TAKEOVER.md holds
 * the rules; the code names them. */
#ifndef PAR_CONV_WRITER_H
#define PAR_CONV_WRITER_H

#include "parley/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct par_writer;
struct par_store;
struct par_queue;
struct par_route;

/* 0 = the default. */
struct par_writer_config {
    uint32_t partition;
    size_t batch_max;         /* commands in a batch: 1,024 */
    size_t cache_convs;       /* conversations held in memory: 65,536 */
    size_t cache_bytes;       /* and their bytes: 64 MiB */
    uint32_t marks_plain_max; /* members up to which each mark is an event of its own: 50 */
    uint32_t marks_merge_ms;  /* groups up to that size merge mark events over this time: 200 */
    uint32_t others_ms;       /* larger ones send `others` this often: 1,000 */
};

/* Reads the checkpoint, tells the queue where to go on, and starts the thread. The store, queue
 * (with its sink) and route stay the caller's and outlive the writer. PAR_E_UNAVAILABLE: no thread,
 * no memory, or the checkpoint cannot be read; PAR_E_CONFLICT: it was written by other rules or for
 * another generation. Blocks for the read. */
enum par_err par_writer_start(const struct par_writer_config *config, struct par_store *store,
                              struct par_queue *queue, struct par_route *route,
                              struct par_writer **writer_r) PAR_MUST_CHECK;

/* Seals the queue, works off what is in it, ends the thread, frees and nulls the writer. Blocks.
 * Commands still queued when the store does not work are answered `unavailable`. */
void par_writer_stop(struct par_writer **writer);

/* False while the store refused writes and what is in memory was dropped: for /readyz. Any thread.
 */
bool par_writer_ready(const struct par_writer *w);

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
    /* Time between take and commit, of building its rows, and of releasing. */
    uint64_t cpu_ns_number, cpu_ns_build, cpu_ns_release;
    struct par_writer_hist queue_us, store_us, release_us, batch_commands;
};
/* A copy of the counters; any thread. */
void par_writer_stats(const struct par_writer *w, struct par_writer_stats *stats_r);

#endif
