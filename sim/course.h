/* The course of one world: from its first server to the verdict. */
#ifndef SIM_COURSE_H
#define SIM_COURSE_H

#include "sim/plan.h"

struct sim_figures {
    char plan[24];
    uint64_t virtual_ns, switches, hash, bytes;
    uint64_t frames_in, frames_out, sent, failed, connects, lines, history_bytes;
    uint64_t faults[SIM_FAULTS];
};

/* Runs the world of the seed in this process, which can hold no other. NULL as plan: the seed draws
 * one. A broken rule is told to fail, which ends the process. keep: where the history goes, or
 * NULL. */
void sim_course_run(uint64_t seed, const char *plan, bool print_trace, const char *keep,
                    sim_fail_fn fail, struct sim_figures *figures_r);

#endif
