/* What a measurement prints: one line a figure, its name, the number, the unit. */
#include "bench/world.h"

void par_bench_print(const char *name, double value, const char *unit)
{
    printf("%-36s %14.3f %s\n", name, value, unit);
}

void par_bench_print_hist(const char *name, const struct par_hist *h)
{
    static const struct {
        const char *suffix;
        double q;
    } rows[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}};
    char label[80];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(label, sizeof label, "%s_%s", name, rows[i].suffix);
        par_bench_print(label, (double)par_hist_quantile(h, rows[i].q) / 1e6, "ms");
    }
    snprintf(label, sizeof label, "%s_max", name);
    par_bench_print(label, (double)h->max / 1e6, "ms");
}

void par_bench_print_cpu(const struct par_bench_usage *a, const struct par_bench_usage *b,
                         uint64_t messages)
{
    double seconds = (double)(b->mono_ns - a->mono_ns) / 1e9;
    double server = b->cpu_s - a->cpu_s;
    double own = b->own_cpu_s - a->own_cpu_s;
    if (b->cpu_s > 0) {
        par_bench_print("server_cpu", 100 * server / seconds, "%");
        if (messages)
            par_bench_print("server_cpu_per_message", 1e6 * server / (double)messages, "us");
    }
    par_bench_print("generator_cpu", 100 * own / seconds, "%");
    if (messages)
        par_bench_print("generator_cpu_per_message", 1e6 * own / (double)messages, "us");
}
