/* What the server under test costs: its entries in /proc, and its metrics page. */
#include "bench/world.h"

#include "http/client.h"
#include "loop/env.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t read_proc(int pid, const char *name, char *buf, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(buf, 1, room - 1, file) : 0;
    buf[n] = 0;
    if (file)
        fclose(file);
    return n;
}

static uint64_t kib_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

void par_bench_usage(const struct par_bench_world *w, struct par_bench_usage *usage_r)
{
    char text[4096];
    struct rusage own;
    unsigned long user, system;
    *usage_r = (struct par_bench_usage){.mono_ns = par_mono_ns()};
    getrusage(RUSAGE_SELF, &own);
    usage_r->own_cpu_s = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
                         (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
    if (w->server_pid <= 0)
        return;
    read_proc(w->server_pid, "stat", text, sizeof text);
    /* The name stands in parentheses and may hold anything. */
    const char *after = strrchr(text, ')');
    if (after && sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) == 2)
        usage_r->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    read_proc(w->server_pid, "status", text, sizeof text);
    usage_r->rss = kib_of(text, "VmRSS:");
    usage_r->heap = kib_of(text, "RssAnon:");
}

/* ---- metrics ---- */

struct fetched {
    bool done;
    struct par_buf page;
};

static void on_reply(int status, struct par_str body, const char *why, void *arg)
{
    struct fetched *f = arg;
    (void)why;
    f->done = true;
    if (status == 200)
        par_buf_add_str(&f->page, body);
    par_buf_add_u8(&f->page, 0);
}

static bool is_done(struct par_bench_world *w, void *arg)
{
    (void)w;
    return ((struct fetched *)arg)->done;
}

static double value_of(const char *page, const char *name)
{
    size_t n = strlen(name);
    for (const char *line = page; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, n) == 0 && line[n] == ' ')
            return strtod(line + n, NULL);
    return -1;
}

bool par_bench_metrics(struct par_bench_world *w, const char *const *names, size_t count,
                       double *values_r)
{
    struct fetched f = {0};
    struct par_http_call call = {.addr = w->addr[0],
                                 .method = PAR_STR("GET"),
                                 .host = par_str(w->host[0]),
                                 .path = PAR_STR("/metrics"),
                                 .timeout_ms = 10000};
    bool ok = par_http_fetch(w->loop, &call, on_reply, &f) == PAR_OK &&
              par_bench_until(w, is_done, &f, 11000) && f.page.len > 1;
    for (size_t i = 0; i < count; i++)
        values_r[i] = ok ? value_of((const char *)f.page.data, names[i]) : -1;
    /* The connection of the call ends before the loop does. */
    par_bench_wait(w, 20);
    par_buf_fini(&f.page);
    return ok;
}
