/* The measurements of `parley bench`: each runs against a server, or against the machine alone, and
 * prints one line a figure. They return the exit code of the command. */
#ifndef PAR_BENCH_BENCH_H
#define PAR_BENCH_BENCH_H

#include "bench/world.h"
#include "parley/store.h"

/* The machine by itself: S, what a synced append of 512 bytes takes in this folder, and F, the CPU
 * that a message cannot do without. The folder must exist; a folder of its own is made in it and
 * removed. */
struct par_bench_floor {
    const char *folder;
    struct par_store_options store;
    unsigned connections; /* of the echo: 1,024 */
    unsigned seconds;     /* for each part */
};
int par_bench_floor(const struct par_bench_floor *floor);

/* Pairs of users who write to each other. */
struct par_bench_send {
    struct par_bench_options world;
    unsigned connections; /* even */
    unsigned inflight;    /* unanswered sends of a connection; at most PAR_BENCH_INFLIGHT_MAX */
    unsigned rate;        /* messages a second in all, whatever the answers do; 0: as they come */
    unsigned seconds;
    unsigned bytes; /* of a text */
    bool marks;     /* each event is acked as delivered */
};
enum { PAR_BENCH_INFLIGHT_MAX = 64 };
int par_bench_run_send(const struct par_bench_send *send);

/* Connections that do nothing. */
struct par_bench_idle {
    struct par_bench_options world;
    unsigned connections;
    unsigned seconds;
};
int par_bench_run_idle(const struct par_bench_idle *idle);

/* The same connections, cut and back with `sync`. */
struct par_bench_reconnect {
    struct par_bench_options world;
    unsigned connections;
    unsigned rounds;
};
int par_bench_run_reconnect(const struct par_bench_reconnect *reconnect);

/* The first address is that of a server that somebody else drains (`parley admin drain`) once
 * `connected` is printed; the second, where everybody goes. */
struct par_bench_drain {
    struct par_bench_options world;
    unsigned connections;
};
int par_bench_run_drain(const struct par_bench_drain *drain);

/* One conversation with many entries: written by the first two users when it has fewer, then read
 * by the page at random places. */
struct par_bench_history {
    struct par_bench_options world;
    uint64_t entries;
    unsigned pages;
    unsigned limit;
    unsigned newest; /* not 0: of so many conversations, one after the other, the newest page */
    bool fill_only;
};
int par_bench_run_history(const struct par_bench_history *history);

/* `sync` of the first user, who has one conversation with each of the others. */
struct par_bench_sync {
    struct par_bench_options world;
    unsigned conversations;
    unsigned rounds;
};
int par_bench_run_sync(const struct par_bench_sync *sync);

/* A group whose members are all on line; the first one writes. */
struct par_bench_group {
    struct par_bench_options world;
    unsigned members;
    unsigned messages;
    unsigned gap_ms; /* between one message, had by all, and the next */
};
int par_bench_run_group(const struct par_bench_group *group);

#endif
