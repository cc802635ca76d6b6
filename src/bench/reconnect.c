/* parley bench reconnect: everybody loses their connection at once, and comes back with `sync`. */
#include "bench/bench.h"

#include "loop/env.h"

enum { AT_ONCE = 1000, LIMIT_MS = 120000 };

static bool all_cut(struct par_bench_world *w, void *arg)
{
    (void)arg;
    return par_ws_count(&w->ws) == 0;
}

static bool one_round(struct par_bench_world *w, unsigned connections, struct par_hist *h)
{
    struct par_bench_usage a, b;
    for (unsigned i = 0; i < connections; i++)
        par_bench_disconnect(&w->conns[i]);
    par_bench_until(w, all_cut, NULL, 10000);
    par_bench_usage(w, &a);
    if (!par_bench_connect(w, 0, connections, AT_ONCE, LIMIT_MS))
        return false;
    par_bench_usage(w, &b);
    par_hist_record(h, b.mono_ns - a.mono_ns);
    par_bench_print("reconnected", (double)(b.mono_ns - a.mono_ns) / 1e9, "s");
    par_bench_print("server_cpu_per_connection", 1e6 * (b.cpu_s - a.cpu_s) / (double)connections,
                    "us");
    par_bench_print("generator_cpu_per_connection",
                    1e6 * (b.own_cpu_s - a.own_cpu_s) / (double)connections, "us");
    return true;
}

int par_bench_run_reconnect(const struct par_bench_reconnect *opt)
{
    struct par_bench_world w;
    struct par_hist h = {0};
    if (par_bench_open(&w, &opt->world) &&
        par_bench_connect(&w, 0, opt->connections, AT_ONCE, LIMIT_MS)) {
        w.hello_more = PAR_STR(",\"sync\":{}");
        for (unsigned i = 0; i < opt->rounds; i++)
            if (!one_round(&w, opt->connections, &h))
                break;
    }
    return par_bench_end(&w, "reconnect");
}
