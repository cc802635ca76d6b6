/* What the plan does to servers, links and clocks while the world runs. */
#ifndef SIM_CHAOS_H
#define SIM_CHAOS_H

#include "sim/plan.h"

struct sim_chaos_target {
    const struct sim_chaos *chaos;
    struct sim_server **servers;
    unsigned server_count;
    struct sim_device *devices;
    unsigned device_count;
    struct sim_store *store; /* NULL: the product's own */
    bool disk;               /* it is on one disk, which loses its power with the server */
    struct sim_log *log;     /* NULL: none */
    struct sim_redis *redis;
};

/* Starts the fibers of all kinds of faults; they end when the world is healed. target outlives it.
 */
void sim_chaos_begin(const struct sim_chaos_target *target);
/* Ends what lasts: servers go on or start again, links are whole. */
void sim_chaos_heal(const struct sim_chaos_target *target);

#endif
