/* Plans that lie in wait: each makes one kind of rare moment common. */
#include "sim/plan_private.h"

static void stalls(struct sim_plan *p, struct sim_random *r, uint32_t most_ms)
{
    p->stall_ppm = sim_plan__in(r, 500, 10000);
    p->stall_ns = sim_plan__in(r, 100, most_ms) * SIM_MS;
}

/* Most calls are quick, some take seconds: what stands between two calls is far apart. */
static void late_calls(struct sim_plan *p, struct sim_random *r)
{
    p->net.engine_late_ppm = sim_plan__in(r, 10000, 200000);
    p->net.engine_late_ns = sim_plan__in(r, 500, 5000) * SIM_MS;
    p->store.timeout_ns = p->redis.timeout_ns = 20 * SIM_S;
    p->log.timeout_ns = 20 * SIM_S;
    p->workers = sim_plan__in(r, 4, 12);
}

static void zombies(struct sim_plan *p, struct sim_random *r)
{
    p->servers = sim_plan__in(r, 2, 4);
    p->log.session_ns = sim_plan__in(r, 1, 4) * SIM_S;
    p->log.blind_ns = sim_plan__in(r, 2, 20) * SIM_S;
    p->log.rebalance_ppm = sim_plan__in(r, 20000, 200000);
    p->chaos.pause_ms = sim_plan__in(r, 1500, 8000);
    p->chaos.pause_max_ms = sim_plan__in(r, 2000, 20000);
}

/* Commands wait for a store that lands slowly, and so come together. */
void sim_plan__bursts(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_store(p, r);
    if (sim_plan__one_in(r, 2))
        zombies(p, r);
    if (sim_plan__one_in(r, 2))
        late_calls(p, r);
    p->store.landing_ns = sim_plan__in(r, 200, 3000) * SIM_MS;
    p->store.regions = sim_plan__in(r, 1, 2);
    p->users = sim_plan__in(r, 2, 5);
    p->devices_max = 1;
    p->duration_ns = sim_plan__in(r, 15, 30) * SIM_S;
    p->act_ms = sim_plan__in(r, 400, 2000);
    p->burst_max = sim_plan__in(r, 4, 24);
    p->mix[SIM_ACT_BURST] = 200;
    p->mix[SIM_ACT_TAKE_OUT] = 100;
    p->mix[SIM_ACT_CREATE] = 10;
    p->log.partitions = 1u << sim_random_below(r, 2);
    p->own_rules = true;
    p->rules.window = sim_plan__in(r, 2, 6);
    p->rules.ahead = sim_plan__in(r, 16, 64);
    p->rules.checkpoint_commands = sim_plan__in(r, 8, 64);
    p->rules.checkpoint_ms = sim_plan__in(r, 100, 2000);
}

/* Everybody goes and comes back, again and again, over a net that fails, and after the first time
 * nobody writes: what a server holds must not grow. */
void sim_plan__rounds(struct sim_plan *p, struct sim_random *r)
{
    if (sim_plan__one_in(r, 2))
        sim_plan__disk(p, r);
    else
        sim_plan__cluster(p, r);
    p->chaos = (struct sim_chaos){0};
    sim_plan__bad_net(p, r);
    p->net.reset_ppm = sim_plan__in(r, 5000, 20000);
    p->rounds = 8;
    sim_plan__option(p, "cache.bytes=0");
    p->leaves_ns = 0;
    p->users = sim_plan__in(r, 6, 10);
    p->devices_max = sim_plan__in(r, 1, 3);
    /* Few enough for connections to have been everywhere after the first rounds. */
    p->threads = 1;
    p->servers = p->servers < 3 ? p->servers : 3;
    p->act_ms = sim_plan__in(r, 50, 400);
    p->duration_ns = sim_plan__in(r, 10, 20) * SIM_S;
}

/* Rows that land after everything else was done to them. */
void sim_plan__late_rows(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->store.timeout_ns = sim_plan__in(r, 300, 1500) * SIM_MS;
    p->store.late_ppm = sim_plan__in(r, 100000, 500000);
    p->store.late_ns = sim_plan__in(r, 2, 15) * SIM_S;
    p->users = sim_plan__in(r, 2, 4);
    p->act_ms = sim_plan__in(r, 100, 500);
    p->mix[SIM_ACT_EDIT] = p->mix[SIM_ACT_DELETE] = 40;
}

/* The checkpoint follows as late as it may. */
static void late_checkpoints(struct sim_plan *p, struct sim_random *r)
{
    p->own_rules = true;
    p->rules.window = sim_plan__in(r, 2, 8);
    p->rules.ahead = sim_plan__in(r, 6, 24);
    p->rules.checkpoint_commands = 1000;
    p->rules.checkpoint_ms = sim_plan__in(r, 3000, 20000);
}

void sim_plan__ahead(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_store(p, r);
    if (sim_plan__one_in(r, 2))
        zombies(p, r);
    late_checkpoints(p, r);
    p->log.partitions = 1;
    p->users = sim_plan__in(r, 2, 4);
    p->act_ms = sim_plan__in(r, 100, 500);
    p->duration_ns = sim_plan__in(r, 15, 40) * SIM_S;
    p->mix[SIM_ACT_BURST] = 20;
    p->burst_max = sim_plan__in(r, 4, 16);
    p->mix[SIM_ACT_BLOCK] = 10;
    p->mix[SIM_ACT_ADD] = p->mix[SIM_ACT_REMOVE] = 10;
    p->chaos.kill_ms = sim_plan__in(r, 2000, 8000);
    p->chaos.down_max_ms = sim_plan__in(r, 100, 5000);
}

void sim_plan__grow_ahead(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__ahead(p, r);
    zombies(p, r);
    p->chaos.grow_ms = sim_plan__in(r, 4000, 15000);
}

void sim_plan__leavers(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->servers = sim_plan__in(r, 2, 4);
    p->users = sim_plan__in(r, 6, 14);
    p->leavers = p->users - 2;
    p->devices_max = sim_plan__in(r, 1, 2);
    p->act_ms = sim_plan__in(r, 100, 600);
    p->duration_ns = sim_plan__in(r, 15, 40) * SIM_S;
    p->mix[SIM_ACT_SEND] = 80;
    p->mix[SIM_ACT_SEND_GROUP] = 40;
    p->mix[SIM_ACT_READ] = 5;
    p->log.lag_ppm = sim_plan__in(r, 50000, 600000);
    p->log.lag_ns = sim_plan__in(r, 200, 6000) * SIM_MS;
    late_calls(p, r);
    if (sim_plan__one_in(r, 2))
        stalls(p, r, 5000);
    p->chaos.kill_ms = sim_plan__one_in(r, 4) ? 0 : sim_plan__in(r, 1500, 10000);
    p->chaos.cut_kill_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 1500, 8000);
    p->chaos.down_max_ms = sim_plan__one_in(r, 2) ? 2000 : 60000;
    p->chaos.power_percent = sim_plan__in(r, 0, 100);
    p->chaos.term_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 3000, 15000);
}

/* Users who close while what is for them waits in the inbox of a server that then dies for good. */
void sim_plan__last_words(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__leavers(p, r);
    p->servers = sim_plan__in(r, 3, 5);
    p->net.engine_late_ppm = 0;
    p->stall_ppm = 0;
    p->log.lag_ppm = 900000;
    p->log.lag_ns = sim_plan__in(r, 3, 8) * SIM_S;
    p->chaos.kill_ms = sim_plan__in(r, 1500, 5000);
    p->chaos.term_ms = p->chaos.cut_kill_ms = 0;
    p->chaos.down_max_ms = 200000;
    p->follow_ppm = 0;
}

void sim_plan__quiet(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->servers = sim_plan__in(r, 2, 5);
    p->users = sim_plan__in(r, 8, 16);
    p->devices_max = sim_plan__in(r, 1, 2);
    p->act_ms = sim_plan__in(r, 1500, 5000);
    p->duration_ns = sim_plan__in(r, 20, 40) * SIM_S;
    for (int i = 0; i < SIM_ACT_COUNT; i++)
        p->mix[i] = 0;
    p->mix[SIM_ACT_SEND] = 40;
    p->mix[SIM_ACT_RAW_SOCKET] = 20;
    p->mix[SIM_ACT_PRESENCE] = 10;
    p->mix[SIM_ACT_CREATE] = 5;
    p->mix[SIM_ACT_READ] = 10;
    p->device_crash_ppm = sim_plan__in(r, 1000, 100000);
    p->follow_ppm = sim_plan__one_in(r, 2) ? 1000000 : p->follow_ppm;
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_redis(p, r);
    if (sim_plan__one_in(r, 2))
        stalls(p, r, 8000);
    if (sim_plan__one_in(r, 2)) {
        sim_plan__option(p, "queue.answer_ms=1000");
        p->log.late_ppm = sim_plan__in(r, 10000, 300000);
        p->log.late_ns = sim_plan__in(r, 1, 6) * SIM_S;
    }
    if (sim_plan__one_in(r, 2))
        p->store.landing_ns = sim_plan__in(r, 200, 3000) * SIM_MS;
    p->chaos.cut_kill_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 2000, 10000);
    p->chaos.down_max_ms = sim_plan__in(r, 500, 10000);
    p->chaos.engine_cut_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 1000, 8000);
    p->chaos.cut_max_ms = sim_plan__in(r, 5000, 60000);
    p->net.reset_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 1000, 50000);
}

/* Nothing fails but time: between any two calls of a request much may happen. */
void sim_plan__slow_engines(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->users = sim_plan__in(r, 3, 6);
    p->act_ms = sim_plan__in(r, 100, 600);
    p->net.delay_max_ns = sim_plan__in(r, 1, 20) * SIM_MS;
    p->net.engine_max_ns = sim_plan__in(r, 300, 2000) * SIM_MS;
    p->store.timeout_ns = p->redis.timeout_ns = 30 * SIM_S;
    p->log.timeout_ns = 30 * SIM_S;
    p->log.session_ns = 10 * SIM_S;
    p->workers = sim_plan__in(r, 4, 12);
    p->burst_max = sim_plan__in(r, 4, 16);
    p->mix[SIM_ACT_BURST] = 20;
    p->mix[SIM_ACT_HISTORY] = 40;
    p->mix[SIM_ACT_SYNC] = 30;
    p->mix[SIM_ACT_REMOVE] = p->mix[SIM_ACT_ADD] = 12;
    p->device_crash_ppm = sim_plan__in(r, 0, 20000);
    sim_plan__option(p, "heartbeat.hello_ms=1000");
}

/* Few who write, and a thread or a call that takes long now and then. */
void sim_plan__late_calls(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    late_calls(p, r);
    p->users = sim_plan__in(r, 2, 5);
    p->devices_max = 1;
    p->act_ms = sim_plan__in(r, 100, 400);
    p->burst_max = sim_plan__in(r, 2, 6);
    p->mix[SIM_ACT_BURST] = 40;
    p->mix[SIM_ACT_TAKE_OUT] = 100;
    p->mix[SIM_ACT_CREATE] = 10;
    p->mix[SIM_ACT_SYNC] = 40;
    p->mix[SIM_ACT_READ] = 60;
    p->store.landing_ns = SIM_MS;
    p->net.engine_max_ns = 3 * SIM_MS;
    p->net.delay_max_ns = 5 * SIM_MS;
    p->log.append_ns = 2 * SIM_MS;
}

/* Servers cut from the log while a batch is on its way, and killed before they can tell of it. */
void sim_plan__unreleased(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->servers = sim_plan__in(r, 3, 5);
    p->users = sim_plan__in(r, 8, 16);
    p->devices_max = 1;
    p->act_ms = sim_plan__in(r, 1000, 4000);
    p->duration_ns = sim_plan__in(r, 15, 30) * SIM_S;
    p->mix[SIM_ACT_SEND] = 200;
    p->log.session_ns = sim_plan__in(r, 1, 4) * SIM_S;
    p->store.landing_ns = sim_plan__in(r, 100, 2000) * SIM_MS;
    p->chaos.cut_kill_ms = sim_plan__in(r, 1000, 4000);
    p->chaos.down_max_ms = sim_plan__in(r, 500, 4000);
    p->follow_ppm = 1000000;
}

/* Servers that reach everything but Redis, for long; messages lost; watchers. */
void sim_plan__away(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->servers = sim_plan__in(r, 3, 5);
    p->users = sim_plan__in(r, 6, 12);
    p->leavers = sim_plan__in(r, 2, p->users / 2);
    p->devices_max = 2;
    p->act_ms = sim_plan__in(r, 500, 3000);
    for (int i = 0; i < SIM_ACT_COUNT; i++)
        p->mix[i] = 0;
    p->mix[SIM_ACT_SEND] = 60;
    p->mix[SIM_ACT_WATCH_ALL] = 5;
    p->mix[SIM_ACT_READ] = 10;
    p->redis.message_lost_ppm = sim_plan__in(r, 500000, 1000000);
    p->chaos.redis_away_ms = sim_plan__in(r, 2000, 10000);
    p->chaos.cut_max_ms = sim_plan__in(r, 10000, 40000);
    p->follow_ppm = 1000000;
}

/* Threads that stand still in the middle of their work, and users who come and go. */
void sim_plan__standstills(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->servers = sim_plan__in(r, 1, 3);
    p->users = sim_plan__in(r, 6, 12);
    p->devices_max = 1;
    p->act_ms = sim_plan__in(r, 500, 3000);
    for (int i = 0; i < SIM_ACT_COUNT; i++)
        p->mix[i] = 0;
    p->mix[SIM_ACT_SEND] = 60;
    p->mix[SIM_ACT_FLAP] = 30;
    p->workers = sim_plan__in(r, 2, 8);
    p->stall_ppm = sim_plan__in(r, 10000, 100000);
    p->stall_ns = sim_plan__in(r, 500, 6000) * SIM_MS;
    p->follow_ppm = 1000000;
}

void sim_plan__lives(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    p->servers = sim_plan__in(r, 1, 3);
    p->log.partitions = 1;
    p->log.static_members = true;
    p->log.session_ns = 10 * SIM_S;
    p->store.landing_ns = sim_plan__in(r, 500, 4000) * SIM_MS;
    p->follow_ppm = 1000000;
    p->act_ms = sim_plan__in(r, 50, 300);
    p->duration_ns = sim_plan__in(r, 10, 25) * SIM_S;
    p->chaos.kill_ms = sim_plan__in(r, 800, 4000);
    p->chaos.down_max_ms = sim_plan__in(r, 1, 300);
}

void sim_plan__limits(struct sim_plan *p, struct sim_random *r)
{
    if (sim_plan__one_in(r, 2))
        sim_plan__cluster(p, r);
    else
        p->embedded = true;
    sim_plan__option(p, "limits.sends_per_second=3");
    sim_plan__option(p, "limits.sends_burst=3");
    p->act_ms = sim_plan__in(r, 50, 400);
    p->mix[SIM_ACT_REPEAT] = 60;
    p->mix[SIM_ACT_RAW] = 30;
    p->mix[SIM_ACT_CHANGED] = 10;
}

void sim_plan__power_twice(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__disk(p, r);
    p->store.sync_ns = sim_plan__in(r, 200, 2000) * SIM_MS;
    p->act_ms = sim_plan__in(r, 50, 300);
    p->chaos.kill_ms = 0;
    p->chaos.term_ms = 0;
    p->chaos.power_twice_ms = sim_plan__in(r, 1000, 5000);
    p->chaos.down_max_ms = sim_plan__in(r, 100, 2000);
}

/* Commands that nobody has numbered are gone, and owners with half of a batch on its way. */
void sim_plan__log_drop(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__cluster(p, r);
    sim_plan__bad_store(p, r);
    p->halts = true;
    p->store.landing_ns = sim_plan__in(r, 200, 3000) * SIM_MS;
    p->chaos.log_drop_ms = sim_plan__in(r, 1500, 6000);
    p->log.partitions = 1;
    p->act_ms = sim_plan__in(r, 50, 300);
    p->mix[SIM_ACT_BURST] = 20;
    p->burst_max = sim_plan__in(r, 4, 16);
    p->chaos.kill_ms = sim_plan__in(r, 2000, 6000);
    p->chaos.down_max_ms = sim_plan__in(r, 100, 3000);
    late_checkpoints(p, r);
}
