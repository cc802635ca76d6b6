/* parley bench idle: what connections cost that do nothing.
 *
 * Memory is what the server's anonymous memory grew by from the first to the last of them, after
 * some of them were connected, so that tables and caches that every server has are not counted.
 * Before that everybody signs in and goes, a few at a time: what the store keeps in memory of rows
 * that were read is the store's, and bounded. */
#include "bench/bench.h"

enum { WARM_CONNECTIONS = 500, SETTLE_MS = 1500, DEPARTED_MS = 7000 };

static const char *const metrics[] = {"parley_pings_sent_total"};

static void measure(struct par_bench_world *w, const struct par_bench_idle *opt,
                    const struct par_bench_usage *few)
{
    struct par_bench_usage a, b;
    double pings_before, pings_after;
    unsigned more = opt->connections - WARM_CONNECTIONS;
    par_bench_wait(w, SETTLE_MS);
    par_bench_metrics(w, metrics, 1, &pings_before);
    par_bench_usage(w, &a);
    par_bench_print("memory_per_connection", ((double)a.heap - (double)few->heap) / more, "bytes");
    par_bench_wait(w, opt->seconds * 1000);
    par_bench_usage(w, &b);
    par_bench_metrics(w, metrics, 1, &pings_after);
    par_bench_print_cpu(&a, &b, 0);
    par_bench_print("pings", pings_after - pings_before, "");
    par_bench_print("connections", (double)w->ready, "");
}

/* Everybody was here once. */
static bool visit(struct par_bench_world *w, unsigned connections)
{
    for (unsigned at = 0; at < connections; at += WARM_CONNECTIONS) {
        unsigned n = connections - at < WARM_CONNECTIONS ? connections - at : WARM_CONNECTIONS;
        if (!par_bench_connect(w, at, n, 50, 60000))
            return false;
        for (unsigned i = at; i < at + n; i++)
            par_bench_disconnect(&w->conns[i]);
    }
    par_bench_wait(w, DEPARTED_MS);
    return true;
}

int par_bench_run_idle(const struct par_bench_idle *opt)
{
    struct par_bench_world w;
    struct par_bench_usage few;
    if (par_bench_open(&w, &opt->world) && visit(&w, opt->connections) &&
        par_bench_connect(&w, 0, WARM_CONNECTIONS, 100, 60000)) {
        par_bench_wait(&w, SETTLE_MS);
        par_bench_usage(&w, &few);
        if (par_bench_connect(&w, WARM_CONNECTIONS, opt->connections - WARM_CONNECTIONS, 200,
                              120000))
            measure(&w, opt, &few);
    }
    return par_bench_end(&w, "idle");
}
