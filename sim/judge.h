/* The verdict on a world: its history given to the checker of promises. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "sim/course.h"

/* A broken promise ends the process by sim_fail. */
void sim_judge(const struct par_buf *history, struct sim_figures *figures);

#endif
