/* The history of a world, for the checker: check/history.h with the world's clock. */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "check/history.h"
#include "sim/sim.h"

struct sim_history {
    struct par_buf buf;
    uint64_t conns; /* numbers given out */
};
extern struct sim_history sim_history;

static inline int64_t sim_history_t(void)
{
    return (int64_t)(sim_now_ns() / SIM_MS);
}

#endif
