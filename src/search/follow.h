/* The follower: keeps the index of search behind the writers of this server.
 *
 * A writer tells, after a batch is durable and released, which blocks it completed and in which it
 * deleted a text, and how far it has come. That never blocks and costs nothing in most batches; the
 * rows are written by a thread of its own, not synced where the store is atomic. What the follower
 * is told waits in a bounded list; when that is full, or after a crash, it looks instead at all
 * conversations of the partition that changed since its mark (index.h), so nothing is lost by it
 * but time, which a search pays by reading texts. */
#ifndef PAR_SEARCH_FOLLOW_H
#define PAR_SEARCH_FOLLOW_H

#include "base/conv_id.h"
#include "parley/store.h"

struct par_follow;

/* Starts the thread. The store outlives it. PAR_E_UNAVAILABLE: no thread, or no memory. */
enum par_err par_follow_start(struct par_store *store, struct par_follow **follow_r) PAR_MUST_CHECK;
/* Ends it: what it was told and has not done is done at the next start. Blocks. Harmless for NULL.
 */
void par_follow_stop(struct par_follow **follow);

/* ---- for writers; any thread, never blocks, harmless for a NULL follower ---- */

/* A writer begins at this stamp; its generation has so many partitions (0: one). */
void par_follow_begin(struct par_follow *f, uint32_t partition, uint32_t partitions,
                      uint64_t stamp);
/* The block of this conversation is complete, or has a deleted text. */
void par_follow_note(struct par_follow *f, uint32_t partition, const struct par_conv *conv,
                     uint64_t block);
/* All of what commands below this stamp did has been noted. */
void par_follow_upto(struct par_follow *f, uint32_t partition, uint64_t stamp);
/* The writer has ended. */
void par_follow_end(struct par_follow *f, uint32_t partition);

/* ---- figures ---- */

struct par_follow_stats {
    uint64_t waiting, limit; /* notes */
    uint64_t refused;        /* for which there was no room */
    uint64_t passed;         /* worked off */
    uint64_t lag;            /* commands between the mark and the writer, in all partitions */
    uint64_t sweeps;         /* partitions of which all changed conversations are looked at now */
};
void par_follow_stats(struct par_follow *f, struct par_follow_stats *stats_r);

#endif
