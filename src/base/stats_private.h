/* What the files of base/stats share: the rows of the table as data, and sums under the registry's
 * lock. */
#ifndef PAR_BASE_STATS_PRIVATE_H
#define PAR_BASE_STATS_PRIVATE_H

#include "base/stats.h"

/* offset: the first slot of the row in a shard; n1, n2: sizes of its sets of labels. */
struct par_stats__counter {
    const char *metric;
    const char *help;
    enum par_label label1;
    enum par_label label2;
    unsigned n1;
    unsigned n2;
    unsigned offset;
};
struct par_stats__histogram {
    const char *metric;
    const char *help;
    bool seconds;
    enum par_label label1;
    unsigned n1;
    unsigned offset;
};

extern const struct par_stats__counter par_stats__counters[PAR_C_COUNT];
extern const struct par_stats__histogram par_stats__histograms[PAR_H_COUNT];

/* The registry's lock, over the list of shards and the sources. */
void par_stats__lock(void);
void par_stats__unlock(void);

/* Sums over all threads; the lock is held. */
uint64_t par_stats__sum_locked(unsigned slot);
void par_stats__hist_locked(unsigned index, struct par_hist *hist_r);

/* Appends the process_ metrics, from /proc/self. */
void par_stats__write_process(struct par_buf *out);

#endif
