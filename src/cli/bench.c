/* parley bench …: the load generator. Each measurement prints one line a figure. */
#include "cli/commands.h"

#include "bench/bench.h"

#define URL                                                                                        \
    {                                                                                              \
        "url", "URL", "the server: http://ADDRESS:PORT (default http://127.0.0.1:8080)", NULL      \
    }
#define TOKENS                                                                                     \
    {                                                                                              \
        "tokens", "FILE", "users, made by `parley admin users create --tokens FILE`", NULL         \
    }
#define PID                                                                                        \
    {                                                                                              \
        "server-pid", "PID", "the server's process, for its CPU and memory", NULL                  \
    }
#define SECONDS(doc)                                                                               \
    {                                                                                              \
        "seconds", "N", doc, NULL                                                                  \
    }

/* Reads what all measurements against a server share; users is how many they need. */
static bool read_world(struct par_cli *cli, size_t users, struct par_bench_options *world_r)
{
    int64_t pid, addresses = 1;
    const char *url = par_cli_value(cli, "url");
    *world_r = (struct par_bench_options){.url = url ? url : "http://127.0.0.1:8080",
                                          .tokens = par_cli_value(cli, "tokens"),
                                          .users = users};
    if (!world_r->tokens) {
        par_cli_usage(cli, "--tokens is missing");
        return false;
    }
    if (!par_cli_int(cli, "server-pid", 0, 0, INT32_MAX, &pid))
        return false;
    world_r->server_pid = (int)pid;
    world_r->addresses = (unsigned)addresses;
    return true;
}

/* ---- send ---- */

static int run_send(struct par_cli *cli)
{
    int64_t connections, inflight, rate, seconds, bytes;
    if (!par_cli_int(cli, "connections", 1024, 2, 1000000, &connections) ||
        !par_cli_int(cli, "inflight", 1, 1, PAR_BENCH_INFLIGHT_MAX, &inflight) ||
        !par_cli_int(cli, "rate", 0, 0, 1000000, &rate) ||
        !par_cli_int(cli, "seconds", 5, 1, 100000, &seconds) ||
        !par_cli_int(cli, "bytes", 100, 1, 8000, &bytes))
        return PAR_CLI_USAGE;
    struct par_bench_send send = {
        .connections = (unsigned)connections & ~1u,
        .inflight = (unsigned)inflight,
        .rate = (unsigned)rate,
        .seconds = (unsigned)seconds,
        .bytes = (unsigned)bytes,
        .marks = par_cli_value(cli, "marks") != NULL,
    };
    if (!read_world(cli, send.connections, &send.world))
        return PAR_CLI_USAGE;
    return par_bench_run_send(&send);
}

static const struct par_cli_option send_options[] = {
    URL,
    TOKENS,
    PID,
    SECONDS("how long is measured (5)"),
    {"connections", "N", "users who write in pairs (1024)", NULL},
    {"inflight", "K", "unanswered sends of each (1)", NULL},
    {"rate", "R", "messages a second in all, whatever the answers do", NULL},
    {"bytes", "N", "of a text (100)", NULL},
    {"marks", NULL, "every message is acked as delivered", NULL},
    {0},
};

const struct par_cli_command par_cli_bench_send = {
    .name = "bench send",
    .args = "",
    .summary = "one-to-one messages: throughput, latency, CPU, and a check of what came",
    .help = "The server should run with limits.sends_per_second=0 and limits.ops_per_second=0.",
    .no_config = true,
    .options = send_options,
    .run = run_send,
};

/* ---- floor ---- */

static int run_floor(struct par_cli *cli)
{
    int64_t connections, seconds;
    const char *folder = par_cli_value(cli, "folder");
    if (!par_cli_int(cli, "connections", 1024, 2, 100000, &connections) ||
        !par_cli_int(cli, "seconds", 3, 1, 1000, &seconds))
        return PAR_CLI_USAGE;
    struct par_bench_floor floor = {.folder = folder ? folder : ".",
                                    .connections = (unsigned)connections,
                                    .seconds = (unsigned)seconds};
    par_store_options_from(&cli->cfg, &floor.store);
    return par_bench_floor(&floor);
}

static const struct par_cli_option floor_options[] = {
    {"folder", "DIR", "on the disk that the data would be on (the present folder)", NULL},
    {"connections", "N", "of the echo (1024)", NULL},
    SECONDS("for each part (3)"),
    {0},
};

const struct par_cli_command par_cli_bench_floor = {
    .name = "bench floor",
    .args = "",
    .summary = "what this machine charges for a durable message without a messenger",
    .help = "S: a synced append of 512 bytes. F: CPU of an echo, one more send, and the rows of a "
            "message\nin batches of 64.",
    .options = floor_options,
    .run = run_floor,
};
