/* Owners: the writers of the partitions that the queue gives to this server.
 *
 * Embedded there is one partition and it is given at once, for good. In a cluster partitions come
 * and go; each has a writer of its own while it is here. A writer that says that it was replaced,
 * or that it found what must not be, has stopped by itself: it is freed, reported, and, if it was
 * replaced while the queue still gives the partition to this server, started anew after a while
 * (TAKEOVER.md T4, T5: nothing but time is lost by that). */
#ifndef PAR_SERVER_OWNERS_H
#define PAR_SERVER_OWNERS_H

#include "conv/writer.h"
#include "server/server.h"

struct par_owners;

/* Joins the owners. PAR_E_UNAVAILABLE; PAR_E_CONFLICT: the one writer of a local queue cannot go on
 * from what it found. Blocks. */
enum par_err par_owners_open(struct par_server *server,
                             struct par_owners **owners_r) PAR_MUST_CHECK;
/* Leaves them: the writers work off what they have, and end. Blocks. Harmless for NULL. */
void par_owners_close(struct par_owners **owners);

/* Looks after the writers; about once a second. One thread; blocks for those it starts or frees. */
void par_owners_tick(struct par_owners *owners);

/* Do all writers here work? Else *why_r is why one does not (static text). Any thread. */
bool par_owners_ready(struct par_owners *owners, const char **why_r);
/* The sum over the writers here; without histograms and position. Any thread. */
void par_owners_stats(struct par_owners *owners, struct par_writer_stats *stats_r);

/* How many partitions are here, and of them work, were replaced, have halted. Any thread. */
struct par_owners_count {
    uint32_t partitions, writers, replaced, halted;
};
void par_owners_count(struct par_owners *owners, struct par_owners_count *count_r);

#endif
