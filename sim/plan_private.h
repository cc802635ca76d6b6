/* What the files that draw plans share. */
#ifndef SIM_PLAN_PRIVATE_H
#define SIM_PLAN_PRIVATE_H

#include "sim/plan.h"

static inline uint32_t sim_plan__in(struct sim_random *r, uint64_t from, uint64_t to)
{
    return (uint32_t)sim_random_in(r, from, to);
}

static inline bool sim_plan__one_in(struct sim_random *r, uint64_t n)
{
    return sim_random_below(r, n) == 0;
}

/* A rate: none in half of the worlds, mostly small in the others. */
static inline uint32_t sim_plan__maybe(struct sim_random *r, uint32_t max_ppm)
{
    return sim_plan__one_in(r, 2) ? 0 : (uint32_t)sim_random_skew(r, 1, max_ppm) + max_ppm / 50;
}

void sim_plan__bad_net(struct sim_plan *p, struct sim_random *r);

void sim_plan__cluster_calm(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_kill(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_store(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_log(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_redis(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_cuts(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_zombies(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_grow(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_log_loss(struct sim_plan *p, struct sim_random *r);
void sim_plan__cluster_cruel(struct sim_plan *p, struct sim_random *r);

#endif
