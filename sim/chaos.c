/* Faults that come from outside: one fiber of the world for each kind. */
#include "sim/chaos.h"

#include "conv/command.h"

#include <stdio.h>
#include <stdlib.h>

static const struct sim_chaos_target *t;

struct kind {
    uint32_t mean_ms;
    void (*strike)(struct sim_random *r);
    struct sim_random random;
};

static struct sim_server *some_server(struct sim_random *r)
{
    return t->servers[sim_random_below(r, t->server_count)];
}

static void last(struct sim_random *r, uint64_t max_ms)
{
    sim_sleep_ns(sim_random_skew(r, 0, max_ms ? max_ms : 1) * SIM_MS);
}

/* ---- servers ---- */

/* Half of what happens to a server happens at some time, the other half while it works. */
struct strike {
    struct sim_server *server;
    bool power;
    bool pauses;
    bool done;
};

static void hit(void *arg)
{
    struct strike *x = arg;
    struct sim_server *s = x->server;
    if (sim_healed())
        return;
    x->done = true;
    sim_fault(x->pauses ? SIM_FAULT_SERVER_PAUSED : SIM_FAULT_SERVER_KILLED, s->node->name);
    if (x->pauses) {
        sim_node_pause(s->node);
        return;
    }
    sim_server_kill(s, x->power);
    if (t->disk && x->power)
        sim_store_power_loss(t->store);
    else if (t->disk)
        sim_store_killed(t->store);
}

/* False: the world was healed first, or the server ended by itself. */
static bool strike(struct sim_random *r, struct strike *x)
{
    struct sim_node *node = x->server->node;
    unsigned life = node->life;
    if (!node->alive || node->paused)
        return false;
    if (sim_random_below(r, 2)) {
        hit(x);
        return true;
    }
    sim_node_strike(node, (uint32_t)sim_random_skew(r, 1, 500), hit, x);
    while (!x->done && node->alive && node->life == life && !sim_healed())
        sim_sleep_ns(20 * SIM_MS);
    if (!x->done && node->life == life)
        node->strike_in = 0;
    return x->done;
}

static void kill_one(struct sim_random *r)
{
    struct strike x = {.server = some_server(r),
                       .power = sim_random_below(r, 100) < t->chaos->power_percent};
    struct sim_server *s = x.server;
    if (!strike(r, &x))
        return;
    last(r, t->chaos->down_max_ms);
    if (!sim_healed() && !s->node->alive) {
        sim_fault(SIM_FAULT_SERVER_STARTED, s->node->name);
        sim_server_start(s);
    }
}

static void term_one(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    if (!s->node->alive || s->asked_to_end)
        return;
    sim_fault(SIM_FAULT_SERVER_STOPPED, s->node->name);
    sim_server_term(s);
    while (!sim_server_ended(s, SIM_S))
        if (sim_healed())
            return;
    last(r, t->chaos->down_max_ms);
    if (!sim_healed() && !s->node->alive)
        sim_server_start(s);
}

static void pause_one(struct sim_random *r)
{
    struct strike x = {.server = some_server(r), .pauses = true};
    struct sim_node *node = x.server->node;
    unsigned life = node->life;
    if (!strike(r, &x))
        return;
    last(r, t->chaos->pause_max_ms);
    if (node->life == life)
        sim_node_resume(node);
}

static void jump_clock(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    int64_t by = (int64_t)sim_random_skew(r, 0, 600000);
    s->node->skew_ms += sim_random_below(r, 2) ? by : -by;
    sim_fault(SIM_FAULT_CLOCK_JUMP, s->node->name);
}

/* ---- links ---- */

static void cut_one(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    struct sim_device *d = &t->devices[sim_random_below(r, t->device_count)];
    uint64_t ways = sim_random_in(r, 1, 3);
    sim_fault(SIM_FAULT_PARTITION, d->name);
    sim_net_cut(s->node, d->node, ways & 1);
    sim_net_cut(d->node, s->node, ways & 2);
    last(r, t->chaos->cut_max_ms);
    if (sim_healed())
        return;
    sim_net_cut(s->node, d->node, false);
    sim_net_cut(d->node, s->node, false);
}

static void cut_away(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    uint64_t ways = sim_random_in(r, 1, 3);
    sim_fault(SIM_FAULT_PARTITION, s->node->name);
    for (unsigned i = 0; i < t->device_count; i++) {
        sim_net_cut(s->node, t->devices[i].node, ways & 1);
        sim_net_cut(t->devices[i].node, s->node, ways & 2);
    }
    last(r, t->chaos->cut_max_ms);
    for (unsigned i = 0; i < t->device_count && !sim_healed(); i++) {
        sim_net_cut(s->node, t->devices[i].node, false);
        sim_net_cut(t->devices[i].node, s->node, false);
    }
}

static void slow_one(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    struct sim_device *d = &t->devices[sim_random_below(r, t->device_count)];
    sim_fault(SIM_FAULT_SLOW_LINK, d->name);
    uint64_t delay = sim_random_skew(r, 0, 3000) * SIM_MS;
    uint32_t byte = (uint32_t)sim_random_skew(r, 0, 300000);
    sim_net_slow(s->node, d->node, delay, byte);
    sim_net_slow(d->node, s->node, delay, byte);
    last(r, 20000);
    if (sim_healed())
        return;
    sim_net_slow(s->node, d->node, 0, 0);
    sim_net_slow(d->node, s->node, 0, 0);
}

static void cut_engine(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    enum sim_engine engine = (enum sim_engine)sim_random_below(r, SIM_ENGINES);
    static const char *const names[] = {"log", "store", "redis"};
    char text[64];
    snprintf(text, sizeof text, "%s from %s", s->node->name, names[engine]);
    sim_fault(SIM_FAULT_ENGINE_CUT, text);
    sim_net_cut_engine(s->node, engine, true);
    last(r, t->chaos->cut_max_ms);
    if (!sim_healed())
        sim_net_cut_engine(s->node, engine, false);
}

static void redis_away(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    sim_fault(SIM_FAULT_ENGINE_CUT, s->node->name);
    sim_net_cut_engine(s->node, SIM_REDIS, true);
    sim_sleep_ns(sim_random_in(r, 5000, t->chaos->cut_max_ms) * SIM_MS);
    if (!sim_healed())
        sim_net_cut_engine(s->node, SIM_REDIS, false);
}

static void outage(struct sim_random *r)
{
    uint64_t ns = sim_random_skew(r, 0, t->chaos->outage_max_ms) * SIM_MS;
    uint64_t which = sim_random_below(r, SIM_ENGINES);
    sim_fault(SIM_FAULT_OUTAGE, which == SIM_LOG ? "log" : which == SIM_STORE ? "store" : "redis");
    if (which == SIM_STORE && t->store)
        sim_store_outage(t->store, ns);
    if (which == SIM_LOG && t->log)
        sim_log_outage(t->log, ns);
    if (which == SIM_REDIS && t->redis)
        sim_redis_outage(t->redis, ns);
}

/* Each generation has twice the partitions of the one before. */
static void grow(struct sim_random *r)
{
    enum { MOST_PARTITIONS = 40 };
    struct par_buf seal = {0};
    (void)r;
    if (sim_log_partitions(t->log) > MOST_PARTITIONS)
        return;
    sim_fault(SIM_FAULT_LOG_GROWS, "");
    par_command_encode(&(struct par_command){.kind = PAR_COMMAND_SEAL}, &seal);
    sim_log_grow(t->log, par_buf_str(&seal));
    par_buf_fini(&seal);
}

/* All brokers lose power, and now and then a server with them: who starts then finds a log that
 * does not fit (T3). */
static void lose_log(struct sim_random *r)
{
    sim_log_outage(t->log, sim_random_in(r, 1, 2000) * SIM_MS);
    sim_log_power_loss(t->log, sim_random_in(r, 1, 24));
    if (sim_random_below(r, 2))
        kill_one(r);
}

/* Retention that is too short: what was not numbered yet is gone. */
static void drop_log(struct sim_random *r)
{
    size_t n = sim_log_partitions(t->log);
    for (size_t i = 0; i < n; i++)
        sim_log_retention(t->log, sim_log_partition(t->log, i), sim_random_skew(r, 0, 16));
    sim_fault(SIM_FAULT_LOG_DROPPED, "");
    if (sim_random_below(r, 2))
        kill_one(r);
}

/* ---- one after the other ---- */

/* What it does while it is cut off it does not finish. */
static void cut_and_kill(struct sim_random *r)
{
    struct sim_server *s = some_server(r);
    enum sim_engine engine = sim_random_below(r, 3) ? SIM_LOG : SIM_REDIS;
    unsigned life = s->node->life;
    sim_fault(SIM_FAULT_ENGINE_CUT, s->node->name);
    sim_net_cut_engine(s->node, engine, true);
    sim_sleep_ns(sim_random_skew(r, 100, 8000) * SIM_MS);
    if (sim_healed())
        return;
    if (s->node->alive && s->node->life == life) {
        sim_fault(SIM_FAULT_SERVER_KILLED, s->node->name);
        sim_server_kill(s, sim_random_below(r, 2));
    }
    sim_net_cut_engine(s->node, engine, false);
    last(r, t->chaos->down_max_ms);
    if (!sim_healed() && !s->node->alive) {
        sim_fault(SIM_FAULT_SERVER_STARTED, s->node->name);
        sim_server_start(s);
    }
}

/* What the start after a kill has found and shown must not be lost with the power. */
static void power_twice(struct sim_random *r)
{
    struct strike first = {.server = some_server(r)};
    struct sim_server *s = first.server;
    if (!strike(r, &first) || sim_healed() || s->node->alive)
        return;
    sim_fault(SIM_FAULT_SERVER_STARTED, s->node->name);
    sim_server_start(s);
    sim_sleep_ns(sim_random_skew(r, 100, 4000) * SIM_MS);
    if (sim_healed() || !s->node->alive)
        return;
    struct strike second = {.server = s, .power = true};
    hit(&second);
    last(r, t->chaos->down_max_ms);
    if (!sim_healed() && !s->node->alive) {
        sim_fault(SIM_FAULT_SERVER_STARTED, s->node->name);
        sim_server_start(s);
    }
}

/* ---- */

static void strike_on(void *arg)
{
    struct kind *k = arg;
    for (;;) {
        sim_sleep_ns(sim_random_below(&k->random, 2 * (uint64_t)k->mean_ms + 1) * SIM_MS);
        if (sim_healed())
            break;
        k->strike(&k->random);
    }
    free(k);
}

void sim_chaos_begin(const struct sim_chaos_target *target)
{
    t = target;
    const struct sim_chaos *c = t->chaos;
    const struct kind kinds[] = {
        {c->kill_ms, kill_one, {{0}}},
        {c->term_ms, term_one, {{0}}},
        {c->pause_ms, pause_one, {{0}}},
        {c->clock_ms, jump_clock, {{0}}},
        {c->cut_ms, cut_one, {{0}}},
        {c->away_ms, cut_away, {{0}}},
        {c->slow_ms, slow_one, {{0}}},
        {c->engine_cut_ms, cut_engine, {{0}}},
        {c->outage_ms, outage, {{0}}},
        {c->grow_ms, grow, {{0}}},
        {c->log_loss_ms, lose_log, {{0}}},
        {c->log_drop_ms, drop_log, {{0}}},
        {c->cut_kill_ms, cut_and_kill, {{0}}},
        {c->redis_away_ms, redis_away, {{0}}},
        {c->power_twice_ms, power_twice, {{0}}},
    };
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!kinds[i].mean_ms)
            continue;
        struct kind *k = malloc(sizeof *k);
        if (!k)
            abort();
        *k = kinds[i];
        sim_random_init(&k->random, "chaos", i);
        sim_fiber_forget(sim_spawn(NULL, "chaos", strike_on, k));
    }
}

void sim_chaos_heal(const struct sim_chaos_target *target)
{
    for (unsigned i = 0; i < target->server_count; i++) {
        struct sim_server *s = target->servers[i];
        sim_node_resume(s->node);
        if (!s->node->alive)
            sim_server_start(s);
    }
}
