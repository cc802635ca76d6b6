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

void sim_plan__option(struct sim_plan *p, const char *text);
void sim_plan__bad_net(struct sim_plan *p, struct sim_random *r);
void sim_plan__disk(struct sim_plan *p, struct sim_random *r);

/* Many servers on calm engines, and what makes engines and servers bad. */
void sim_plan__cluster(struct sim_plan *p, struct sim_random *r);
void sim_plan__bad_store(struct sim_plan *p, struct sim_random *r);
void sim_plan__bad_log(struct sim_plan *p, struct sim_random *r);
void sim_plan__bad_redis(struct sim_plan *p, struct sim_random *r);
void sim_plan__bad_servers(struct sim_plan *p, struct sim_random *r);

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

void sim_plan__bursts(struct sim_plan *p, struct sim_random *r);
void sim_plan__rounds(struct sim_plan *p, struct sim_random *r);
void sim_plan__ahead(struct sim_plan *p, struct sim_random *r);
void sim_plan__grow_ahead(struct sim_plan *p, struct sim_random *r);
void sim_plan__leavers(struct sim_plan *p, struct sim_random *r);
void sim_plan__last_words(struct sim_plan *p, struct sim_random *r);
void sim_plan__quiet(struct sim_plan *p, struct sim_random *r);
void sim_plan__slow_engines(struct sim_plan *p, struct sim_random *r);
void sim_plan__late_rows(struct sim_plan *p, struct sim_random *r);
void sim_plan__late_calls(struct sim_plan *p, struct sim_random *r);
void sim_plan__unreleased(struct sim_plan *p, struct sim_random *r);
void sim_plan__away(struct sim_plan *p, struct sim_random *r);
void sim_plan__standstills(struct sim_plan *p, struct sim_random *r);
void sim_plan__lives(struct sim_plan *p, struct sim_random *r);
void sim_plan__limits(struct sim_plan *p, struct sim_random *r);
void sim_plan__power_twice(struct sim_plan *p, struct sim_random *r);
void sim_plan__log_drop(struct sim_plan *p, struct sim_random *r);

#endif
