/* The last reads of a world: every device asks for everything it may see, once all is at rest. */
#ifndef SIM_READS_H
#define SIM_READS_H

#include "sim/device.h"

/* Begins them on a device, which must be on. */
void sim_reads_begin(struct sim_device *d);
bool sim_reads_done(const struct sim_device *d);
/* How many of its questions were answered so far: it rises as long as the reads get on. */
uint64_t sim_reads_answered(const struct sim_device *d);
/* What it does not get on with; for a failure's text. */
void sim_reads_where(const struct sim_device *d, struct par_buf *out);
/* Appends what the device holds, and what it still wants to send; then frees the reads. */
void sim_reads_end(struct sim_device *d);

#endif
