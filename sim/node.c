/* A server's process: its main thread, from the start to the end of a life. */
#include "sim/node.h"

#include "server/drain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 8080, END_CHECK_MS = 25, END_RESERVE_MS = 300, MAX_OPTIONS = 32 };

struct sim_server *sim_server_new(unsigned index, const struct sim_server_settings *settings)
{
    struct sim_server *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    char name[16];
    snprintf(name, sizeof name, "server-%u", index + 1);
    s->index = index;
    s->settings = *settings;
    s->node = sim_node_new(SIM_NODE_SERVER, name);
    s->addr = s->node->addr;
    s->addr.port = PORT;
    const uint8_t *ip = s->addr.ip;
    snprintf(s->address, sizeof s->address, "%u.%u.%u.%u:%d", ip[0], ip[1], ip[2], ip[3], PORT);
    return s;
}

static bool load(struct sim_server *s)
{
    char own[8][64];
    const char *options[MAX_OPTIONS] = {"server.registration=off",    "server.data=/nonexistent",
                                        "limits.logins_per_minute=0", "auth.argon2_mem_kib=8",
                                        "auth.argon2_ops=1",          "web.enabled=false",
                                        "push.webpush.enabled=false"};
    size_t n = 7;
    snprintf(own[0], sizeof own[0], "server.listen=%s", s->address);
    snprintf(own[1], sizeof own[1], "server.id=%s", s->node->name);
    snprintf(own[2], sizeof own[2], "server.threads=%u", s->settings.threads);
    snprintf(own[3], sizeof own[3], "server.workers=%u", s->settings.workers);
    for (int i = 0; i < 4; i++)
        options[n++] = own[i];
    for (size_t i = 0; i < s->settings.option_count && n < MAX_OPTIONS; i++)
        options[n++] = s->settings.options[i];
    struct par_config_source source = {.options = options, .n_options = n};
    struct par_config_error error;
    if (par_config_load(&source, &s->config, &error)) {
        snprintf(s->why, sizeof s->why, "%s", error.text);
        return false;
    }
    /* The names of simulated drivers are none that a file could have. */
#define DRIVER(family)                                                                             \
    if (s->settings.family)                                                                        \
    s->config.family.driver = s->settings.family
    DRIVER(store);
    DRIVER(queue);
    DRIVER(route);
    DRIVER(cache);
    DRIVER(presence);
#undef DRIVER
    return true;
}

/* As src/cli/serve.c does it. */
static void drain(struct sim_server *s)
{
    uint64_t ms = (uint64_t)PAR_CONFIG_GET(s->config.server.drain_ms);
    uint64_t end = sim_now_ns() + (ms > END_RESERVE_MS ? ms - END_RESERVE_MS : 0) * SIM_MS;
    par_drain_begin(s->server, (uint32_t)(ms / 2));
    while (atomic_load(&s->server->clients) > 0 && sim_now_ns() < end)
        sim_sleep_ns(END_CHECK_MS * SIM_MS);
}

static bool serve(struct sim_server *s)
{
    struct par_server_error error;
    if (!load(s))
        return false;
    if (par_server_open(&s->config, &s->server, &error)) {
        snprintf(s->why, sizeof s->why, "%s", error.text);
        par_config_fini(&s->config);
        return false;
    }
    s->serving = true;
    s->failed_starts = 0;
    sim_trace("serving", s->index, s->node->life);
    while (!s->asked_to_end)
        sim_wait(&s->signals, (uint64_t)par_store_tick(s->server->store) * SIM_MS);
    drain(s);
    s->serving = false;
    par_server_close(&s->server);
    par_config_fini(&s->config);
    return true;
}

static void server_main(void *arg)
{
    struct sim_server *s = arg;
    while (!serve(s) && !s->asked_to_end) {
        s->failed_starts++;
        sim_trace_bytes("no start", s->index, par_str(s->why));
        sim_wait(&s->signals, SIM_S);
    }
    sim_wake_all(&s->ends);
    sim_node_down(s->node);
}

void sim_server_start(struct sim_server *s)
{
    if (s->node->alive || s->gone)
        return;
    s->asked_to_end = false;
    s->serving = false;
    s->server = NULL;
    s->signals = (struct sim_waiters){0};
    s->failed_starts = 0;
    sim_node_up(s->node);
    sim_fiber_forget(sim_spawn(s->node, "main", server_main, s));
}

bool sim_server_ready(struct sim_server *s, uint64_t timeout_ns)
{
    uint64_t end = sim_now_ns() + timeout_ns;
    while (!s->serving && sim_now_ns() < end)
        sim_sleep_ns(10 * SIM_MS);
    return s->serving;
}

void sim_server_term(struct sim_server *s)
{
    s->asked_to_end = true;
    sim_wake_all(&s->signals);
}

bool sim_server_ended(struct sim_server *s, uint64_t timeout_ns)
{
    return !s->node->alive || sim_wait(&s->ends, timeout_ns) || !s->node->alive;
}

void sim_server_kill(struct sim_server *s, bool power)
{
    if (!s->node->alive)
        return;
    s->serving = false;
    s->server = NULL;
    s->node->vanished = power;
    sim_node_down(s->node);
}
