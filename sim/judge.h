/* The verdict on a world: its history given to the checker of promises. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "sim/course.h"

/* A broken promise ends the process by sim_fail. entries_only: the log lost what was numbered, and
 * the servers can promise of entries alone that none is lost or overwritten. */
void sim_judge(const struct par_buf *history, bool entries_only, struct sim_figures *figures);

#endif
