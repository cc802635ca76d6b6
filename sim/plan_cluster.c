/* Plans of many servers: the log, the store by rows, routes, cache and presence are the simulated
 * ones, and all servers share them. */
#include "sim/plan_private.h"

static void calm_engines(struct sim_plan *p, struct sim_random *r)
{
    p->store = (struct sim_store_plan){.by_rows = true,
                                       .timeout_ns = 5 * SIM_S,
                                       .regions = sim_plan__in(r, 1, 4),
                                       .landing_ns = sim_plan__in(r, 1, 30) * SIM_MS};
    p->log = (struct sim_log_plan){.partitions = 1u << sim_random_below(r, 4),
                                   .append_ns = sim_plan__in(r, 1, 20) * SIM_MS,
                                   .timeout_ns = 10 * SIM_S,
                                   .heartbeat_ns = 500 * SIM_MS,
                                   .session_ns = sim_plan__in(r, 3, 10) * SIM_S,
                                   .revoke_ns = sim_plan__in(r, 2, 10) * SIM_S,
                                   .blind_ns = sim_plan__in(r, 0, 5) * SIM_S,
                                   .static_members = sim_plan__one_in(r, 2),
                                   .metadata_ns = sim_plan__in(r, 0, 5) * SIM_S,
                                   .skew_ms = (int64_t)sim_plan__in(r, 0, 500)};
    p->redis = (struct sim_redis_plan){.timeout_ns = 500 * SIM_MS};
}

void sim_plan__cluster(struct sim_plan *p, struct sim_random *r)
{
    p->embedded = false;
    p->store_kind = SIM_STORE_ROWS;
    p->servers = sim_plan__in(r, 1, 5);
    p->duration_ns = sim_plan__in(r, 20, 60) * SIM_S;
    p->settle_ns = 150 * SIM_S; /* leases of 45 s may have to end, one after another */
    calm_engines(p, r);
    p->loses_one = p->servers > 1 && p->leaves_ns && sim_plan__one_in(r, 2);
}

void sim_plan__bad_store(struct sim_plan *p, struct sim_random *r)
{
    p->store.landing_ns = sim_plan__in(r, 1, 2000) * SIM_MS;
    p->store.partial_ppm = sim_plan__maybe(r, 100000);
    p->store.answer_lost_ppm = sim_plan__maybe(r, 100000);
    p->store.late_ppm = sim_plan__maybe(r, 200000);
    p->store.late_ns = sim_plan__in(r, 1, 15) * SIM_S;
    p->store.refused_ppm = sim_plan__maybe(r, 50000);
    p->store.read_failed_ppm = sim_plan__maybe(r, 20000);
    p->store.scan_moves_ppm = sim_plan__maybe(r, 300000);
    p->store.move_ppm = sim_plan__maybe(r, 5000);
    p->store.move_ns = sim_plan__in(r, 1, 10) * SIM_S;
}

void sim_plan__bad_log(struct sim_plan *p, struct sim_random *r)
{
    p->log.lost_ppm = sim_plan__maybe(r, 20000);
    p->log.late_ppm = sim_plan__maybe(r, 50000);
    p->log.late_ns = sim_plan__in(r, 1, 10) * SIM_S;
    p->log.twice_ppm = sim_plan__maybe(r, 50000);
    p->log.report_lost_ppm = sim_plan__maybe(r, 50000);
    p->log.leader_ppm = sim_plan__maybe(r, 50000);
    p->log.leader_ns = sim_plan__in(r, 1, 6) * SIM_S;
    p->log.lag_ppm = sim_plan__maybe(r, 100000);
    p->log.lag_ns = sim_plan__in(r, 1, 2000) * SIM_MS;
    p->log.bounds_failed_ppm = sim_plan__maybe(r, 50000);
    p->log.confirm_refused_ppm = sim_plan__maybe(r, 100000);
    p->log.confirm_lost_ppm = sim_plan__maybe(r, 100000);
    p->log.offset_back_ppm = sim_plan__maybe(r, 300000);
    p->log.rebalance_ppm = sim_plan__maybe(r, 50000);
}

void sim_plan__bad_redis(struct sim_plan *p, struct sim_random *r)
{
    p->redis.failed_ppm = sim_plan__maybe(r, 50000);
    p->redis.failover_ppm = sim_plan__maybe(r, 30000);
    p->redis.down_ns = sim_plan__in(r, 1, 5) * SIM_S;
    p->redis.lost_ns = sim_plan__in(r, 1, 2000) * SIM_MS;
    p->redis.stale_ns = sim_plan__in(r, 1, 5) * SIM_S;
    p->redis.flush_ppm = sim_plan__maybe(r, 10000);
    p->redis.early_ppm = sim_plan__maybe(r, 20000);
    p->redis.late_ns = sim_plan__in(r, 0, 10) * SIM_S;
    p->redis.message_lost_ppm = sim_plan__maybe(r, 200000);
    p->redis.message_late_ppm = sim_plan__maybe(r, 200000);
    p->redis.message_late_ns = sim_plan__in(r, 1, 3000) * SIM_MS;
    p->redis.put_late_ppm = sim_plan__maybe(r, 200000);
    p->redis.put_late_ns = sim_plan__in(r, 1, 5000) * SIM_MS;
}

void sim_plan__bad_servers(struct sim_plan *p, struct sim_random *r)
{
    struct sim_chaos *c = &p->chaos;
    c->kill_ms = sim_plan__one_in(r, 3) ? 0 : sim_plan__in(r, 3000, 20000);
    c->down_max_ms = sim_plan__in(r, 500, 20000);
    c->power_percent = sim_plan__in(r, 0, 100);
    c->term_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 5000, 40000);
    c->pause_ms = sim_plan__one_in(r, 3) ? 0 : sim_plan__in(r, 3000, 20000);
    c->pause_max_ms = sim_plan__in(r, 1000, 30000);
    c->clock_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 5000, 30000);
}

void sim_plan__cluster_calm(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
}

void sim_plan__cluster_kill(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_servers(p, r);
}

void sim_plan__cluster_store(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_store(p, r);
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_servers(p, r);
}

void sim_plan__cluster_log(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_log(p, r);
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_servers(p, r);
}

void sim_plan__cluster_redis(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_redis(p, r);
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_servers(p, r);
}

void sim_plan__cluster_cuts(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->chaos.engine_cut_ms = sim_plan__in(r, 2000, 15000);
    p->chaos.cut_max_ms = sim_plan__in(r, 1000, 30000);
    p->chaos.cut_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 3000, 20000);
    p->chaos.away_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 5000, 30000);
}

/* Two owners at a time, again and again, and a store that lands late: what the rules are for. */
void sim_plan__cluster_zombies(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_store(p, r);
    p->servers = sim_plan__in(r, 2, 5);
    p->log.partitions = 1u << sim_random_below(r, 2);
    p->log.session_ns = sim_plan__in(r, 1, 4) * SIM_S;
    p->log.blind_ns = sim_plan__in(r, 2, 20) * SIM_S;
    p->log.rebalance_ppm = sim_plan__in(r, 20000, 200000);
    p->chaos.pause_ms = sim_plan__in(r, 1500, 8000);
    p->chaos.pause_max_ms = sim_plan__in(r, 2000, 20000);
    p->act_ms = sim_plan__in(r, 100, 500);
    p->users = sim_plan__in(r, 2, 4);
}

void sim_plan__cluster_grow(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->chaos.grow_ms = sim_plan__in(r, 4000, 20000);
    p->log.partitions = 1u << sim_random_below(r, 2);
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_servers(p, r);
}

/* Commands that were numbered are gone from the log, and others have their offsets. */
void sim_plan__cluster_log_loss(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->halts = true;
    p->chaos.log_loss_ms = sim_plan__in(r, 3000, 15000);
    p->log.partitions = 1u << sim_random_below(r, 2);
    p->rules.checkpoint_ms = sim_plan__in(r, 500, 5000);
    p->act_ms = sim_plan__in(r, 100, 500);
    sim_plan__bad_servers(p, r);
}

void sim_plan__cluster_cruel(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_store(p, r);
    sim_plan__bad_log(p, r);
    sim_plan__bad_redis(p, r);
    sim_plan__bad_servers(p, r);
    sim_plan__bad_net(p, r);
    p->chaos.engine_cut_ms = sim_plan__in(r, 4000, 20000);
    p->device_crash_ppm = sim_plan__maybe(r, 20000);
}
