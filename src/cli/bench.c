/* parley bench …: the load generator. Each measurement prints one line a figure. */
#include "cli/commands.h"

#include "bench/bench.h"

#define URL                                                                                        \
    {                                                                                              \
        "url", "URL",                                                                              \
            "the server: http://ADDRESS:PORT (default http://127.0.0.1:8080); of several, with "   \
            "commas between, each connection takes the next",                                      \
            NULL                                                                                   \
    }
#define TOKENS                                                                                     \
    {                                                                                              \
        "tokens", "FILE", "users, made by `parley admin users create --tokens FILE`", NULL         \
    }
#define PID                                                                                        \
    {                                                                                              \
        "server-pid", "PID", "the server's process, for its CPU and memory", NULL                  \
    }
#define ADDRESSES                                                                                  \
    {                                                                                              \
        "addresses", "N", "connects to 127.0.0.1 to 127.0.0.N in turn (1)", NULL                   \
    }
#define SECONDS(doc)                                                                               \
    {                                                                                              \
        "seconds", "N", doc, NULL                                                                  \
    }

/* Reads what all measurements against a server share; users is how many they need. */
static bool read_world(struct par_cli *cli, size_t users, struct par_bench_options *world_r)
{
    int64_t pid, addresses;
    const char *url = par_cli_value(cli, "url");
    *world_r = (struct par_bench_options){.url = url ? url : "http://127.0.0.1:8080",
                                          .tokens = par_cli_value(cli, "tokens"),
                                          .users = users};
    if (!world_r->tokens) {
        par_cli_usage(cli, "--tokens is missing");
        return false;
    }
    if (!par_cli_int(cli, "server-pid", 0, 0, INT32_MAX, &pid) ||
        !par_cli_int(cli, "addresses", 1, 1, 250, &addresses))
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
    ADDRESSES,
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

/* ---- idle, reconnect ---- */

static int run_idle(struct par_cli *cli)
{
    int64_t connections, seconds;
    if (!par_cli_int(cli, "connections", 15000, 1000, 1000000, &connections) ||
        !par_cli_int(cli, "seconds", 20, 1, 100000, &seconds))
        return PAR_CLI_USAGE;
    struct par_bench_idle idle = {.connections = (unsigned)connections,
                                  .seconds = (unsigned)seconds};
    if (!read_world(cli, idle.connections, &idle.world))
        return PAR_CLI_USAGE;
    return par_bench_run_idle(&idle);
}

static const struct par_cli_option idle_options[] = {
    URL,
    TOKENS,
    PID,
    ADDRESSES,
    {"connections", "N", "users who sign in and do nothing (15000)", NULL},
    SECONDS("how long CPU is measured (20)"),
    {0},
};

const struct par_cli_command par_cli_bench_idle = {
    .name = "bench idle",
    .args = "",
    .summary = "memory and CPU of connections that do nothing",
    .no_config = true,
    .options = idle_options,
    .run = run_idle,
};

static int run_reconnect(struct par_cli *cli)
{
    int64_t connections, rounds;
    if (!par_cli_int(cli, "connections", 15000, 1, 1000000, &connections) ||
        !par_cli_int(cli, "rounds", 3, 1, 1000, &rounds))
        return PAR_CLI_USAGE;
    struct par_bench_reconnect reconnect = {.connections = (unsigned)connections,
                                            .rounds = (unsigned)rounds};
    if (!read_world(cli, reconnect.connections, &reconnect.world))
        return PAR_CLI_USAGE;
    return par_bench_run_reconnect(&reconnect);
}

static const struct par_cli_option reconnect_options[] = {
    URL,
    TOKENS,
    PID,
    ADDRESSES,
    {"connections", "N", "users who lose their connection (15000)", NULL},
    {"rounds", "N", "how often (3)", NULL},
    {0},
};

const struct par_cli_command par_cli_bench_reconnect = {
    .name = "bench reconnect",
    .args = "",
    .summary = "all connections are cut, and come back with sync",
    .no_config = true,
    .options = reconnect_options,
    .run = run_reconnect,
};

static int run_drain(struct par_cli *cli)
{
    int64_t connections;
    if (!par_cli_int(cli, "connections", 5000, 1, 1000000, &connections))
        return PAR_CLI_USAGE;
    struct par_bench_drain drain = {.connections = (unsigned)connections};
    if (!read_world(cli, drain.connections, &drain.world))
        return PAR_CLI_USAGE;
    return par_bench_run_drain(&drain);
}

static const struct par_cli_option drain_options[] = {
    URL, TOKENS, PID, ADDRESSES, {"connections", "N", "users who move (5000)", NULL}, {0},
};

const struct par_cli_command par_cli_bench_drain = {
    .name = "bench drain",
    .args = "",
    .summary = "clients of the first URL move to the second when their server drains",
    .no_config = true,
    .options = drain_options,
    .run = run_drain,
};

/* ---- history, sync ---- */

static int run_history(struct par_cli *cli)
{
    int64_t entries, pages, limit, newest;
    if (!par_cli_int(cli, "entries", 1000000, 1000, INT32_MAX, &entries) ||
        !par_cli_int(cli, "pages", 2000, 1, INT32_MAX, &pages) ||
        !par_cli_int(cli, "limit", 50, 1, 200, &limit) ||
        !par_cli_int(cli, "newest", 0, 0, 100000, &newest))
        return PAR_CLI_USAGE;
    struct par_bench_history history = {
        .entries = (uint64_t)entries,
        .pages = (unsigned)pages,
        .limit = (unsigned)limit,
        .newest = (unsigned)newest,
        .fill_only = par_cli_value(cli, "fill-only") != NULL,
    };
    if (!read_world(cli, newest ? (size_t)newest * 2 : 2, &history.world))
        return PAR_CLI_USAGE;
    return par_bench_run_history(&history);
}

static const struct par_cli_option history_options[] = {
    URL,
    TOKENS,
    PID,
    ADDRESSES,
    {"entries", "N", "of the conversation, written if it has fewer (1000000)", NULL},
    {"pages", "N", "read one after the other (2000)", NULL},
    {"limit", "N", "entries of a page (50)", NULL},
    {"newest", "N", "the newest page of N conversations of `bench send` instead", NULL},
    {"fill-only", NULL, "write, do not read", NULL},
    {0},
};

const struct par_cli_command par_cli_bench_history = {
    .name = "bench history",
    .args = "",
    .summary = "pages at random places of a long conversation",
    .no_config = true,
    .options = history_options,
    .run = run_history,
};

static int run_sync(struct par_cli *cli)
{
    int64_t conversations, rounds;
    if (!par_cli_int(cli, "conversations", 200, 1, 500, &conversations) ||
        !par_cli_int(cli, "rounds", 1000, 1, INT32_MAX, &rounds))
        return PAR_CLI_USAGE;
    struct par_bench_sync sync = {.conversations = (unsigned)conversations,
                                  .rounds = (unsigned)rounds};
    if (!read_world(cli, sync.conversations + 1, &sync.world))
        return PAR_CLI_USAGE;
    return par_bench_run_sync(&sync);
}

static const struct par_cli_option sync_options[] = {
    URL,
    TOKENS,
    PID,
    ADDRESSES,
    {"conversations", "N", "of the first user (200)", NULL},
    {"rounds", "N", "how often it asks (1000)", NULL},
    {0},
};

const struct par_cli_command par_cli_bench_sync = {
    .name = "bench sync",
    .args = "",
    .summary = "sync of an account with many conversations",
    .no_config = true,
    .options = sync_options,
    .run = run_sync,
};

/* ---- group ---- */

static int run_group(struct par_cli *cli)
{
    int64_t members, messages, gap;
    if (!par_cli_int(cli, "members", 500, 2, 100000, &members) ||
        !par_cli_int(cli, "messages", 500, 1, INT32_MAX, &messages) ||
        !par_cli_int(cli, "gap", 0, 0, 60000, &gap))
        return PAR_CLI_USAGE;
    struct par_bench_group group = {
        .members = (unsigned)members, .messages = (unsigned)messages, .gap_ms = (unsigned)gap};
    if (!read_world(cli, group.members, &group.world))
        return PAR_CLI_USAGE;
    return par_bench_run_group(&group);
}

static const struct par_cli_option group_options[] = {
    URL,
    TOKENS,
    PID,
    ADDRESSES,
    {"members", "N", "all on line (500)", NULL},
    {"messages", "N", "one after the other (500)", NULL},
    {"gap", "MS", "between one that all have and the next (0)", NULL},
    {0},
};

const struct par_cli_command par_cli_bench_group = {
    .name = "bench group",
    .args = "",
    .summary = "a message to a group whose members are all on line",
    .no_config = true,
    .options = group_options,
    .run = run_group,
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
