/* parley-sim: runs worlds. */
#include "auth/account.h"
#include "base/log.h"
#include "base/mutant.h"
#include "sim/net.h"
#include "sim/node.h"
#include "ws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum par_mutant par_mutant;

enum { CLIENTS = 3, SENDS = 20 };

struct client {
    struct par_ws *ws;
    struct par_ws_conn *conn;
    struct par_session session;
    unsigned sent, got, entries;
    bool opening;
    uint64_t to;
};

static struct client clients[CLIENTS];
static struct sim_server *server;

static void quiet(void *arg, enum par_log_level level, const char *event, struct par_str line)
{
    (void)arg;
    (void)level;
    sim_trace_bytes(event, level, line);
}

static void send_next(struct client *c)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"op\":\"send\",\"id\":%u,\"to\":\"%llu\",\"cmid\":\"c%u\",\"text\":\"hi %u\"}",
             c->sent + 1, (unsigned long long)c->to, c->sent, c->sent);
    par_ws_send_text(c->conn, par_str(text));
}

static void on_message(struct par_ws_conn *ws, struct par_str text)
{
    struct client *c = par_ws_arg(ws);
    if (text.len > 6 && memcmp(text.ptr, "{\"re\":", 6) == 0) {
        if (text.ptr[6] != '0')
            c->sent++;
        if (c->sent < SENDS)
            send_next(c);
    } else {
        c->entries++;
    }
}

static void on_closed(struct par_ws_conn *ws, enum par_close reason)
{
    (void)reason;
    struct client *c = par_ws_arg(ws);
    c->conn = NULL;
}

static const struct par_ws_ops ops = {.on_message = on_message, .on_closed = on_closed};

static void opened(struct par_ws_conn *ws, const char *why, void *arg)
{
    struct client *c = arg;
    c->opening = false;
    c->conn = ws;
    if (!ws) {
        sim_trace_bytes("not opened", 0, par_str(why));
        return;
    }
    char text[256];
    snprintf(text, sizeof text, "{\"op\":\"hello\",\"id\":0,\"token\":\"%s\",\"client\":\"sim/1\"}",
             c->session.token);
    par_ws_send_text(ws, par_str(text));
}

static void world_main(void *arg)
{
    (void)arg;
    sim_net_begin(&(struct sim_net_settings){.delay_min_ns = 100 * SIM_US,
                                             .delay_max_ns = 50 * SIM_MS,
                                             .engine_min_ns = 100 * SIM_US,
                                             .engine_max_ns = 10 * SIM_MS,
                                             .ns_per_byte = 10,
                                             .buffer_min = 1000,
                                             .buffer_max = 100000,
                                             .piece_max = 1400,
                                             .reset_ppm = 1000,
                                             .refuse_ppm = 10000});
    struct sim_server_settings settings = {.store = "memory", .threads = 2, .workers = 2};
    server = sim_server_new(0, &settings);
    sim_server_start(server);
    if (!sim_server_ready(server, 10 * SIM_S))
        sim_fail("start", "%s", server->why);
    struct par_arena arena = {0};
    struct par_accounts accounts = {.store = server->server->store, .arena = &arena, .devices = 10};
    for (unsigned i = 0; i < CLIENTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%u", i);
        struct par_registration reg = {.name = par_str(name), .no_session = true};
        if (par_account_register(&accounts, &reg, &clients[i].session) ||
            par_account_session(&accounts, &clients[i].session.user, PAR_STR("d"),
                                &clients[i].session))
            sim_fail("start", "no account: %s", accounts.message);
    }
    struct par_loop *loop;
    if (par_loop_new(&loop))
        sim_fail("start", "no loop");
    struct par_ws ws;
    struct par_ws_settings ws_settings = PAR_WS_SETTINGS_DEFAULT;
    par_ws_init(&ws, loop, &ws_settings);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].ws = &ws;
        clients[i].to = clients[(i + 1) % CLIENTS].session.user.id;
    }
    struct par_ws_target target = {.addr = server->addr,
                                   .host = par_str(server->address),
                                   .path = PAR_STR("/v1/ws"),
                                   .timeout_ms = 5000};
    uint64_t end = sim_now_ns() + 20 * SIM_S;
    while (sim_now_ns() < end) {
        for (unsigned i = 0; i < CLIENTS; i++) {
            struct client *c = &clients[i];
            if (!c->conn && !c->opening) {
                c->opening = true;
                if (par_ws_connect(&ws, &target, &ops, opened, c))
                    sim_fail("start", "no socket");
            }
        }
        par_loop_turn(loop, 1000);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        if (clients[i].sent < SENDS)
            sim_fail("liveness", "client %u has sent %u", i, clients[i].sent);
    sim_server_term(server);
    while (server->node->alive)
        par_loop_turn(loop, 100);
    par_arena_fini(&arena);
}

static int run(uint64_t seed, bool trace)
{
    struct sim_settings settings = {
        .seed = seed, .print_trace = trace, .switch_ppm = 50000, .limit_ns = 1000 * SIM_S};
    par_log_set_sink(quiet, NULL);
    sim_env_prepare();
    sim_world_run(&settings, world_main, NULL);
    printf("seed %llu hash %016llx t %.3f switches %llu\n", (unsigned long long)seed,
           (unsigned long long)sim_trace_hash(), (double)sim_now_ns() / 1e9,
           (unsigned long long)sim_switches());
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t to = argc > 2 ? strtoull(argv[2], NULL, 10) : from;
    bool trace = argc > 3;
    int failed = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(run(seed, trace));
        int status;
        waitpid(pid, &status, 0);
        if (status) {
            printf("seed %llu status %x\n", (unsigned long long)seed, (unsigned)status);
            failed++;
        }
    }
    printf("%d failed\n", failed);
    return failed > 0;
}
