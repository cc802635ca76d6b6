/* Drawing plans. */
#include "sim/plan_private.h"

#include <stdio.h>
#include <string.h>

struct named {
    const char *name;
    void (*draw)(struct sim_plan *p, struct sim_random *r);
    unsigned weight; /* in the mix */
    const char *what;
};

void sim_plan__option(struct sim_plan *p, const char *text)
{
    if (p->option_count < SIM_PLAN_OPTIONS)
        p->options[p->option_count++] = text;
}

/* ---- what all plans begin with ---- */

static void draw_mix(struct sim_plan *p, struct sim_random *r)
{
    static const uint8_t usual[SIM_ACT_COUNT] = {
        [SIM_ACT_SEND] = 30,  [SIM_ACT_SEND_GROUP] = 30, [SIM_ACT_READ] = 20,
        [SIM_ACT_EDIT] = 5,   [SIM_ACT_DELETE] = 4,      [SIM_ACT_REACT] = 4,
        [SIM_ACT_CREATE] = 3, [SIM_ACT_ADD] = 3,         [SIM_ACT_REMOVE] = 3,
        [SIM_ACT_LEAVE] = 1,  [SIM_ACT_RENAME] = 1,      [SIM_ACT_ROLE] = 2,
        [SIM_ACT_SET] = 2,    [SIM_ACT_BLOCK] = 1,       [SIM_ACT_REPEAT] = 6,
        [SIM_ACT_RAW] = 4,    [SIM_ACT_CHANGED] = 2,     [SIM_ACT_HISTORY] = 8,
        [SIM_ACT_SYNC] = 3,   [SIM_ACT_MEMBERS] = 2,     [SIM_ACT_PRESENCE] = 2,
        [SIM_ACT_TYPING] = 1,
    };
    for (int i = 0; i < SIM_ACT_COUNT; i++) {
        p->mix[i] = usual[i];
        /* Some worlds do much of one thing, or nothing of it. */
        if (sim_plan__one_in(r, 6))
            p->mix[i] = (uint8_t)(sim_plan__one_in(r, 3) ? 0 : usual[i] * sim_plan__in(r, 2, 6));
    }
    p->mix[SIM_ACT_SEND] = p->mix[SIM_ACT_SEND] < 10 ? 10 : p->mix[SIM_ACT_SEND];
}

static void draw_net(struct sim_net_settings *n, struct sim_random *r)
{
    static const uint32_t pieces[] = {1, 7, 100, 1400, 1400, 1400, 16000};
    n->delay_min_ns = sim_plan__in(r, 20, 500) * SIM_US;
    n->delay_max_ns =
        (sim_plan__one_in(r, 4) ? sim_plan__in(r, 20, 2000) : sim_plan__in(r, 1, 60)) * SIM_MS;
    n->engine_min_ns = sim_plan__in(r, 50, 500) * SIM_US;
    n->engine_max_ns = sim_plan__in(r, 1, 30) * SIM_MS;
    n->ns_per_byte = sim_plan__in(r, 1, 100);
    n->buffer_min = sim_plan__in(r, 200, 4000);
    n->buffer_max = n->buffer_min + (sim_plan__one_in(r, 3) ? 0 : sim_plan__in(r, 1, 200000));
    n->piece_max = pieces[sim_random_below(r, sizeof pieces / sizeof pieces[0])];
}

static void draw_base(struct sim_plan *p, struct sim_random *r)
{
    p->servers = 1;
    p->threads = sim_plan__in(r, 1, 3);
    p->workers = sim_plan__in(r, 1, 2);
    p->users = sim_plan__in(r, 2, 6);
    p->devices_max = sim_plan__in(r, 1, 2);
    p->duration_ns = sim_plan__in(r, 10, 60) * SIM_S;
    p->settle_ns = 90 * SIM_S;
    p->act_ms = sim_plan__in(r, 100, 1500);
    p->follow_ppm = sim_plan__in(r, 0, 1000000);
    p->switch_ppm = sim_plan__one_in(r, 3) ? 0 : sim_plan__in(r, 1000, 100000);
    p->rules = par_rules;
    if (sim_plan__one_in(r, 2))
        p->leaves_ns = sim_random_in(r, 1, 9) * SIM_S;
    draw_mix(p, r);
    draw_net(&p->net, r);
    sim_plan__option(p, "limits.sends_per_second=0");
    if (sim_plan__one_in(r, 2))
        sim_plan__option(p, "server.deflate=false");
    if (sim_plan__one_in(r, 3))
        sim_plan__option(p, "cache.bytes=0");
    if (sim_plan__one_in(r, 4))
        sim_plan__option(p, "queue.commands_limit=16");
    if (sim_plan__one_in(r, 4))
        sim_plan__option(p, "queue.batch=2");
    if (sim_plan__one_in(r, 6))
        sim_plan__option(p, "server.workers_queue=16");
}

static void small_rules(struct sim_plan *p, struct sim_random *r)
{
    if (sim_plan__one_in(r, 4))
        return;
    p->rules.window = sim_plan__in(r, 2, 8);
    p->rules.ahead = sim_plan__in(r, 16, 64);
    p->rules.checkpoint_commands = sim_plan__in(r, 1, 8);
    p->rules.checkpoint_ms = sim_plan__in(r, 20, 500);
}

static void embedded(struct sim_plan *p, struct sim_random *r)
{
    (void)r;
    p->embedded = true;
    p->store_kind = SIM_STORE_MEMORY;
}

/* ---- the plans ---- */

static void draw_calm(struct sim_plan *p, struct sim_random *r)
{
    embedded(p, r);
}

void sim_plan__bad_net(struct sim_plan *p, struct sim_random *r)
{
    p->net.reset_ppm = sim_plan__one_in(r, 3) ? 0 : sim_plan__in(r, 100, 20000);
    p->net.swallow_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 50, 3000);
    p->net.refuse_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 1000, 200000);
    p->chaos.cut_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 2000, 20000);
    p->chaos.cut_max_ms = sim_plan__in(r, 500, 40000);
    p->chaos.slow_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 3000, 20000);
}

static void draw_net_plan(struct sim_plan *p, struct sim_random *r)
{
    embedded(p, r);
    sim_plan__bad_net(p, r);
}

static void draw_devices(struct sim_plan *p, struct sim_random *r)
{
    embedded(p, r);
    sim_plan__bad_net(p, r);
    p->devices_max = sim_plan__in(r, 2, 4);
    p->device_crash_ppm = sim_plan__in(r, 1000, 60000);
}

static void draw_pause(struct sim_plan *p, struct sim_random *r)
{
    embedded(p, r);
    p->chaos.pause_ms = sim_plan__in(r, 2000, 15000);
    p->chaos.pause_max_ms = sim_plan__in(r, 500, 40000);
    p->chaos.clock_ms = sim_plan__in(r, 2000, 20000);
    p->device_crash_ppm = sim_plan__one_in(r, 2) ? 0 : 5000;
}

static void draw_crowd(struct sim_plan *p, struct sim_random *r)
{
    embedded(p, r);
    p->users = sim_plan__in(r, 15, 30);
    p->devices_max = 1;
    p->act_ms = sim_plan__in(r, 300, 1500);
    p->duration_ns = sim_plan__in(r, 5, 15) * SIM_S;
    p->mix[SIM_ACT_CREATE] = 2;
    p->mix[SIM_ACT_ADD] = 10;
    p->mix[SIM_ACT_SEND_GROUP] = 60;
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_net(p, r);
}

static void crashes(struct sim_plan *p, struct sim_random *r)
{
    p->chaos.kill_ms = sim_plan__in(r, 2000, 20000);
    p->chaos.down_max_ms = sim_plan__in(r, 100, 10000);
    p->chaos.power_percent = sim_plan__one_in(r, 3) ? 0 : sim_plan__in(r, 1, 100);
    p->chaos.term_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 5000, 40000);
    p->chaos.clock_ms = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 5000, 30000);
}

void sim_plan__disk(struct sim_plan *p, struct sim_random *r)
{
    embedded(p, r);
    p->store_kind = SIM_STORE_DISK;
    p->store.timeout_ns = 5 * SIM_S;
    p->store.sync_ns = sim_plan__in(r, 1, 30) * SIM_MS;
    crashes(p, r);
}

static void draw_failing_disk(struct sim_plan *p, struct sim_random *r)
{
    sim_plan__disk(p, r);
    p->store.sync_failed_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 1000, 50000);
    p->store.write_failed_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 1000, 50000);
    p->store.read_failed_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 100, 20000);
    p->store.full_ppm = sim_plan__one_in(r, 2) ? 0 : sim_plan__in(r, 100, 5000);
    p->store.full_ns = sim_plan__in(r, 1, 10) * SIM_S;
    if (sim_plan__one_in(r, 2))
        p->chaos = (struct sim_chaos){0};
    if (sim_plan__one_in(r, 2))
        sim_plan__bad_net(p, r);
}

static const struct named plans[] = {
    {"calm", draw_calm, 1, "one server, memory, nothing fails"},
    {"net", draw_net_plan, 4, "resets, half-open connections, cuts and slow links"},
    {"devices", draw_devices, 4, "devices crash and come back from their records"},
    {"pause", draw_pause, 2, "the server is paused, its clock jumps"},
    {"crowd", draw_crowd, 1, "many users in large groups"},
    {"disk", sim_plan__disk, 6, "one server on a disk: kills and losses of power anywhere"},
    {"failing-disk", draw_failing_disk, 6, "its writes, syncs and reads fail, it fills up"},
    {"cluster-calm", sim_plan__cluster_calm, 2, "many servers, nothing fails"},
    {"cluster-kill", sim_plan__cluster_kill, 5, "servers are killed, stopped, paused"},
    {"cluster-store", sim_plan__cluster_store, 5, "rows land late, in part, twice"},
    {"cluster-log", sim_plan__cluster_log, 5, "produces lost and repeated, leaders, rebalances"},
    {"cluster-redis", sim_plan__cluster_redis, 4, "fail-overs, flushes, leases, lost messages"},
    {"cluster-cuts", sim_plan__cluster_cuts, 4, "servers cut from one engine, or from devices"},
    {"zombies", sim_plan__cluster_zombies, 8, "owners that go on after they were replaced"},
    {"grow", sim_plan__cluster_grow, 3, "the log grows by another generation"},
    {"cruel", sim_plan__cluster_cruel, 5, "everything at once"},
    {"log-loss", sim_plan__cluster_log_loss, 0,
     "the log loses what was numbered: halt, not overwrite"},
    {"bursts", sim_plan__bursts, 2, "many commands about one conversation in one take"},
    {"ahead", sim_plan__ahead, 2, "owners end far above their checkpoint"},
    {"grow-ahead", sim_plan__grow_ahead, 1, "the same, while the log grows"},
    {"leavers", sim_plan__leavers, 2, "most users go for good, servers with them"},
    {"last-words", sim_plan__last_words, 1, "users who close, on servers that die for good"},
    {"quiet", sim_plan__quiet, 3,
     "many conversations with few entries: what is lost is not made good"},
    {"slow-engines", sim_plan__slow_engines, 2, "every call of an engine takes up to seconds"},
    {"late-rows", sim_plan__late_rows, 2, "rows that land after later states of them"},
    {"late-calls", sim_plan__late_calls, 2, "most calls of an engine are quick, some take seconds"},
    {"unreleased", sim_plan__unreleased, 2, "servers cut from the log, then killed"},
    {"away", sim_plan__away, 2, "servers cut from Redis for long, and watchers"},
    {"standstills", sim_plan__standstills, 2,
     "threads that get no turn, and users who come and go"},
    {"lives", sim_plan__lives, 2, "servers that are back before what they asked is answered"},
    {"limits", sim_plan__limits, 1, "low rates, and many tries"},
    {"power-twice", sim_plan__power_twice, 1, "a kill, a start, then a loss of power"},
    {"rounds", sim_plan__rounds, 0, "all go and come back: what a server holds must not grow"},
    {"log-drop", sim_plan__log_drop, 0, "the log loses what was not numbered yet"},
};

enum { PLANS = sizeof plans / sizeof plans[0] };

const char *sim_plan_name(unsigned i, const char **what_r)
{
    if (i >= PLANS)
        return NULL;
    *what_r = plans[i].what;
    return plans[i].name;
}

static const struct named *choose(struct sim_random *r)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PLANS; i++)
        sum += plans[i].weight;
    uint64_t x = sim_random_below(r, sum);
    unsigned i = 0;
    while (x >= plans[i].weight)
        x -= plans[i++].weight;
    return &plans[i];
}

bool sim_plan_draw(const char *name, struct sim_plan *plan_r)
{
    struct sim_random r;
    sim_random_init(&r, "plan", 0);
    const struct named *plan = choose(&r);
    for (unsigned i = 0; name && i < PLANS; i++)
        if (strcmp(plans[i].name, name) == 0)
            plan = &plans[i];
    if (name && strcmp(plan->name, name) != 0)
        return false;
    *plan_r = (struct sim_plan){0};
    snprintf(plan_r->name, sizeof plan_r->name, "%s", plan->name);
    draw_base(plan_r, &r);
    plan->draw(plan_r, &r);
    if (!plan_r->embedded && !plan_r->own_rules)
        small_rules(plan_r, &r);
    return true;
}

void sim_plan_print(const struct sim_plan *p, struct par_buf *out)
{
    par_buf_printf(out,
                   "plan %s: %u servers, %u users, up to %u devices each, %.0f s, an act in %u ms, "
                   "window %u, ahead %u, settles in %.0f s",
                   p->name, p->servers, p->users, p->devices_max, (double)p->duration_ns / 1e9,
                   p->act_ms, p->rules.window, p->rules.ahead, (double)p->settle_ns / 1e9);
}
