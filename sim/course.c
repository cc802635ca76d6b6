/* The course of one world. */
#include "sim/course.h"

#include "auth/account.h"
#include "base/log.h"
#include "sim/chaos.h"
#include "sim/judge.h"
#include "sim/leave.h"
#include "sim/memory.h"
#include "sim/reads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LEAKS 1
#endif
#endif
#ifdef WITH_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

enum {
    MAX_SERVERS = 5,
    READY_S = 60,
    READS_S = 60,
    ALONE_S = 180,
    HISTORY_BYTES = 128 << 20,
    GROWS_MAX = 6 << 10,
    QUIET_MS = 20000,
    PRESENCE_MS = 60000
};

static struct {
    struct sim_plan plan;
    const char *plan_name;
    const char *keep;
    struct sim_figures *figures;

    struct sim_server *servers[MAX_SERVERS];
    struct sim_user *users;
    struct sim_devices devices;
    struct sim_device *device;
    unsigned device_count;
    struct sim_store *store;
    struct sim_log *log;
    struct sim_redis *redis;
} c;

static void log_line(void *arg, enum par_log_level level, const char *event, struct par_str line)
{
    (void)arg;
    (void)event;
    sim_trace_bytes("log", level, line);
}

static void turn_until(uint64_t end_ns)
{
    while (sim_now_ns() < end_ns) {
        uint64_t ms = (end_ns - sim_now_ns()) / SIM_MS + 1;
        par_loop_turn(c.devices.loop, ms < 1000 ? (int)ms : 1000);
    }
}

/* ---- the beginning ---- */

static void begin_engines(void)
{
    const struct sim_plan *p = &c.plan;
    struct sim_server_settings settings = {.threads = p->threads,
                                           .workers = p->workers,
                                           .options = p->options,
                                           .option_count = p->option_count};
    if (!p->embedded) {
        c.log = sim_log_new(&p->log);
        c.redis = sim_redis_new(&p->redis);
        settings.queue = settings.route = settings.cache = settings.presence = "sim";
    }
    settings.store = "memory";
    if (p->store_kind != SIM_STORE_MEMORY) {
        c.store = sim_store_new(&p->store);
        settings.store = "sim";
    }
    for (unsigned i = 0; i < p->servers; i++)
        c.servers[i] = sim_server_new(i, &settings);
}

/* Accounts are made on the store, past the servers. */
static void make_users(struct par_store *store)
{
    struct par_arena arena = {0};
    struct par_accounts accounts = {.store = store, .arena = &arena, .devices = 10};
    c.users = calloc(c.plan.users, sizeof *c.users);
    c.device = calloc((size_t)c.plan.users * c.plan.devices_max, sizeof *c.device);
    if (!c.users || !c.device)
        abort();
    c.devices.users = c.users;
    c.devices.user_count = c.plan.users;
    for (unsigned i = 0; i < c.plan.users; i++) {
        struct sim_user *u = &c.users[i];
        struct par_session session;
        u->index = i;
        snprintf(u->name, sizeof u->name, "user%u", i);
        struct par_registration reg = {.name = par_str(u->name), .no_session = true};
        if (par_account_register(&accounts, &reg, &session))
            sim_fail("start", "no account");
        u->id = session.user.id;
        par_history_user(&sim_history.buf, sim_history_t(), u->id, u->name);
        uint64_t n = sim_random_in(&c.devices.random, 1, c.plan.devices_max);
        for (unsigned j = 0; j < n; j++) {
            struct sim_device *d = &c.device[c.device_count++];
            sim_device_init(d, &c.devices, u, j);
            struct par_user user = {.id = u->id, .name = par_str(u->name)};
            if (par_account_session(&accounts, &user, par_str(d->name), &session))
                sim_fail("start", "no session");
            d->id = session.device;
            snprintf(d->token, sizeof d->token, "%s", session.token);
            par_history_device(&sim_history.buf, sim_history_t(), d->name, u->id);
        }
        par_arena_fini(&arena);
    }
}

static void begin_users(void)
{
    if (c.plan.store_kind == SIM_STORE_MEMORY) {
        sim_server_start(c.servers[0]);
        if (!sim_server_ready(c.servers[0], READY_S * SIM_S))
            sim_fail("start", "the server does not start: %s", c.servers[0]->why);
        make_users(c.servers[0]->server->store);
        return;
    }
    struct par_store *store;
    struct par_buf why = {0};
    struct sim_store_plan fine = c.plan.store, drawn = c.plan.store;
    fine = (struct sim_store_plan){
        .by_rows = drawn.by_rows, .timeout_ns = drawn.timeout_ns, .regions = drawn.regions};
    sim_store_set_plan(c.store, &fine);
    struct par_store_options options = {.driver = "sim", .path = "/nonexistent"};
    if (par_store_open(&options, &store, &why))
        sim_fail("start", "the store does not open: %.*s", (int)why.len, (const char *)why.data);
    make_users(store);
    par_store_close(&store);
    sim_store_set_plan(c.store, &drawn);
    for (unsigned i = 0; i < c.plan.servers; i++)
        sim_server_start(c.servers[i]);
}

static void begin_devices(void)
{
    struct par_ws_settings settings = PAR_WS_SETTINGS_DEFAULT;
    settings.max_message = 1u << 20;
    settings.deflate = sim_random_below(&c.devices.random, 2);
    if (par_loop_new(&c.devices.loop))
        abort();
    par_ws_init(&c.devices.ws, c.devices.loop, &settings);
    c.devices.servers = c.servers;
    c.devices.server_count = c.plan.servers;
    c.devices.act_ms = c.plan.act_ms;
    c.devices.mix = c.plan.mix;
    c.devices.crash_ppm = c.plan.device_crash_ppm;
    c.devices.follow_ppm = c.plan.follow_ppm;
    c.devices.burst_max = c.plan.burst_max;
    c.devices.device = c.device;
    c.devices.device_count = c.device_count;
    for (unsigned i = 0; i < c.device_count; i++)
        sim_device_on(&c.device[i]);
    sim_leave_begin(&c.devices, c.plan.leavers, c.plan.duration_ns);
}

static void note(const char *text)
{
    par_history_note(&sim_history.buf, sim_history_t(), text);
}

static void begin_history(void)
{
    static char name[64];
    snprintf(name, sizeof name, "%s seed %llu", c.plan.name, (unsigned long long)sim_seed());
    const struct sim_chaos *x = &c.plan.chaos;
    bool unseen = c.plan.net.swallow_ppm || x->cut_ms || x->away_ms || x->pause_ms ||
                  x->power_percent || c.plan.servers > 1;
    struct par_history_head head = {.t = sim_history_t(),
                                    .healing_ms = (int64_t)(c.plan.settle_ns / SIM_MS),
                                    .presence_ms = PRESENCE_MS,
                                    .silence = unseen,
                                    .whole = true,
                                    .push = true,
                                    .name = name};
    par_history_begin(&sim_history.buf, &head);
    struct par_buf text = {0};
    sim_plan_print(&c.plan, &text);
    par_buf_add_u8(&text, 0);
    note((const char *)text.data);
    sim_trace_bytes("plan", 0, par_buf_str(&text));
    par_buf_fini(&text);
    sim_set_note(note);
}

/* ---- the end ---- */

static bool all_serve(void)
{
    bool all = true;
    for (unsigned i = 0; i < c.plan.servers; i++) {
        struct sim_server *s = c.servers[i];
        if (!s->node->alive)
            sim_server_start(s);
        all = all && (s->gone || (s->serving && !s->asked_to_end));
    }
    return all;
}

static void heal(const struct sim_chaos_target *target)
{
    sim_set_healed();
    sim_net_heal();
    if (c.store) {
        struct sim_store_plan fine = {.by_rows = c.plan.store.by_rows,
                                      .timeout_ns = c.plan.store.timeout_ns,
                                      .regions = c.plan.store.regions};
        sim_store_set_plan(c.store, &fine);
    }
    if (c.log) {
        const struct sim_log_plan *l = &c.plan.log;
        struct sim_log_plan fine = {.partitions = l->partitions,
                                    .append_ns = l->append_ns,
                                    .timeout_ns = l->timeout_ns,
                                    .heartbeat_ns = l->heartbeat_ns,
                                    .session_ns = l->session_ns,
                                    .revoke_ns = l->revoke_ns,
                                    .static_members = l->static_members};
        sim_log_set_plan(c.log, &fine);
        sim_redis_set_plan(c.redis,
                           &(struct sim_redis_plan){.timeout_ns = c.plan.redis.timeout_ns});
    }
    sim_chaos_heal(target);
    par_history_heal(&sim_history.buf, sim_history_t());
    c.devices.act_ms = 0;
    for (unsigned i = 0; i < c.device_count; i++)
        par_timer_cancel(&c.device[i].act);
    uint64_t end = sim_now_ns() + c.plan.settle_ns;
    while (sim_now_ns() < end) {
        all_serve();
        turn_until(sim_now_ns() + 200 * SIM_MS);
    }
    if (!all_serve())
        sim_fail("liveness", "a server does not serve %llu s after the faults have stopped: %s",
                 (unsigned long long)(c.plan.settle_ns / SIM_S), c.servers[0]->why);
}

static void read_all(void)
{
    par_history_end(&sim_history.buf, sim_history_t());
    c.devices.ended = true;
    for (unsigned i = 0; i < c.device_count; i++) {
        if (c.device[i].signed_out && c.device[i].ws)
            sim_fail("signed out", "%s has signed out, and is still connected", c.device[i].name);
        if (c.device[i].left)
            continue;
        if (!c.device[i].running)
            sim_fail("liveness", "%s is not on", c.device[i].name);
        sim_reads_begin(&c.device[i]);
    }
    /* Many conversations over slow engines take long; a minute without any answer is too long. */
    uint64_t end = sim_now_ns() + READS_S * SIM_S, before = 0;
    for (;;) {
        unsigned open = 0;
        uint64_t answered = 0;
        struct par_buf where = {0};
        for (unsigned i = 0; i < c.device_count; i++) {
            if (c.device[i].left)
                continue;
            answered += sim_reads_answered(&c.device[i]);
            if (!sim_reads_done(&c.device[i]) && open++ == 0)
                sim_reads_where(&c.device[i], &where);
        }
        if (answered > before)
            end = sim_now_ns() + READS_S * SIM_S;
        before = answered;
        if (open && sim_now_ns() >= end)
            sim_fail("liveness", "%u devices cannot read what there is; %.*s", open, (int)where.len,
                     (const char *)where.data);
        par_buf_fini(&where);
        if (!open)
            break;
        turn_until(sim_now_ns() + 50 * SIM_MS);
    }
    for (unsigned i = 0; i < c.device_count; i++)
        if (!c.device[i].left)
            sim_reads_end(&c.device[i]);
}

static void end_all(void)
{
    for (unsigned i = 0; i < c.device_count; i++) {
        sim_device_off(&c.device[i]);
        sim_records_fini(&c.device[i].records);
    }
    for (unsigned i = 0; i < c.plan.servers; i++)
        sim_server_term(c.servers[i]);
    uint64_t end = sim_now_ns() + QUIET_MS * SIM_MS;
    for (unsigned i = 0; i < c.plan.servers; i++) {
        while (c.servers[i]->node->alive && sim_now_ns() < end)
            turn_until(sim_now_ns() + 100 * SIM_MS);
        if (c.servers[i]->node->alive)
            sim_fail("liveness", "%s does not end", c.servers[i]->node->name);
    }
    turn_until(sim_now_ns() + 10 * SIM_S);
    if (par_ws_count(&c.devices.ws))
        sim_fail("liveness", "%zu connections of devices never ended", par_ws_count(&c.devices.ws));
    par_ws_fini(&c.devices.ws);
    par_loop_free(&c.devices.loop);
}

/* In a build that can tell: whatever nobody points at any more. A killed server leaves its memory
 * behind, and is no leak. */
static void check_leaks(void)
{
#ifdef WITH_LEAKS
    if (sim_fault_counts()[SIM_FAULT_SERVER_KILLED] == 0 && __lsan_do_recoverable_leak_check())
        sim_fail("memory", "leaked");
#endif
}

/* Others have to do its work. At least one is left. */
static void lose(struct sim_server *s)
{
    unsigned others = 0;
    for (unsigned i = 0; i < c.plan.servers; i++)
        others += c.servers[i] != s && !c.servers[i]->gone;
    if (!others || s->gone)
        return;
    sim_fault(SIM_FAULT_SERVER_KILLED, s->node->name);
    s->gone = true;
    sim_server_kill(s, true);
}

/* What all servers hold. */
static size_t held(void)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < c.plan.servers; i++)
        bytes += sim_memory_held(c.servers[i]->node);
    return bytes;
}

static void on_again(void)
{
    for (unsigned i = 0; i < c.device_count; i++)
        sim_device_on(&c.device[i]);
}

/* Everybody goes, and comes back once the servers had time to forget them. After two rounds the
 * servers hold most of what they keep for the next connections, and a round may still add to it;
 * but what grows in every round does not end. */
static void live_in_rounds(void)
{
    static const uint8_t reads[SIM_ACT_COUNT] = {
        [SIM_ACT_READ] = 10,   [SIM_ACT_HISTORY] = 10, [SIM_ACT_SYNC] = 10,  [SIM_ACT_REPEAT] = 10,
        [SIM_ACT_MEMBERS] = 5, [SIM_ACT_PRESENCE] = 5, [SIM_ACT_TYPING] = 5, [SIM_ACT_SET] = 5};
    size_t before = 0, least = SIZE_MAX;
    for (unsigned round = 1; round <= c.plan.rounds; round++) {
        turn_until(sim_now_ns() + c.plan.duration_ns);
        for (unsigned i = 0; i < c.device_count; i++)
            sim_device_off(&c.device[i]);
        turn_until(sim_now_ns() + ALONE_S * SIM_S);
        size_t now = held(), more = now > before ? now - before : 0;
        if (round > 2 && more < least)
            least = more;
        before = now;
        c.devices.mix = reads;
        on_again();
    }
    if (least > GROWS_MAX)
        sim_fail("memory", "servers held at least %zu bytes more after each of %u rounds", least,
                 c.plan.rounds);
}

/* Until the faults stop. Who leaves has to be woken for what comes later. */
static void live(void)
{
    uint64_t began = sim_now_ns();
    if (c.plan.leaves_ns) {
        turn_until(began + c.plan.leaves_ns);
        note("the last user leaves");
        for (unsigned i = 0; i < c.device_count; i++) {
            struct sim_device *d = &c.device[i];
            if (d->left || d->user->index != c.plan.users - 1)
                continue;
            d->left = true;
            if (c.plan.loses_one)
                lose(c.servers[d->server]);
            sim_device_off(d);
        }
    }
    turn_until(began + c.plan.duration_ns);
}

static void course(void *arg)
{
    (void)arg;
    if (!sim_plan_draw(c.plan_name, &c.plan))
        sim_fail("usage", "there is no plan %s", c.plan_name);
    memcpy(c.figures->plan, c.plan.name, sizeof c.figures->plan);
    par_rules = c.plan.rules;
    sim_set_switch_ppm(c.plan.switch_ppm);
    sim_set_stalls(c.plan.stall_ppm, c.plan.stall_ns);
    sim_net_begin(&c.plan.net);
    sim_random_init(&c.devices.random, "devices", 0);
    if (c.plan.rounds)
        par_buf_reserve(&sim_history.buf, HISTORY_BYTES);
    begin_history();
    begin_engines();
    begin_users();
    begin_devices();
    struct sim_chaos_target target = {.chaos = &c.plan.chaos,
                                      .servers = c.servers,
                                      .server_count = c.plan.servers,
                                      .devices = c.device,
                                      .device_count = c.device_count,
                                      .store = c.store,
                                      .disk = c.plan.store_kind == SIM_STORE_DISK,
                                      .log = c.log,
                                      .redis = c.redis};
    sim_chaos_begin(&target);
    if (c.plan.rounds)
        live_in_rounds();
    else
        live();
    if (c.plan.halts)
        return;
    heal(&target);
    read_all();
    end_all();
}

/* What came before a failure is worth as much. */
static void keep_history(void)
{
    FILE *f = c.keep ? fopen(c.keep, "w") : NULL;
    if (!f)
        return;
    fwrite(sim_history.buf.data, 1, sim_history.buf.len, f);
    fclose(f);
}

static sim_fail_fn report;

static void failed(const char *rule, const char *text)
{
    keep_history();
    report(rule, text);
}

void sim_course_run(uint64_t seed, const char *plan, bool print_trace, const char *keep,
                    sim_fail_fn fail, struct sim_figures *figures_r)
{
    struct sim_settings settings = {
        .seed = seed, .print_trace = print_trace, .limit_ns = 3600 * SIM_S};
    struct sim_figures *f = figures_r;
    *f = (struct sim_figures){0};
    c.figures = f;
    c.plan_name = plan;
    c.keep = keep;
    report = fail;
    par_log_set_sink(log_line, NULL);
    sim_set_fail(failed);
    sim_world_run(&settings, course, NULL);
    keep_history();
    f->virtual_ns = sim_now_ns();
    f->switches = sim_switches();
    f->hash = sim_trace_hash();
    f->bytes = sim_net_bytes();
    f->frames_in = c.devices.frames_in;
    f->frames_out = c.devices.frames_out;
    f->sent = c.devices.sent;
    f->failed = c.devices.failed;
    f->connects = c.devices.connects;
    f->history_bytes = sim_history.buf.len;
    memcpy(f->faults, sim_fault_counts(), sizeof f->faults);
    sim_judge(&sim_history.buf, c.plan.halts, f);
    check_leaks();
}
