/* parley bench sync: the list of conversations of somebody who has many. */
#include "bench/bench.h"

#include "bench/asker.h"

enum { MESSAGES_EACH = 3 };

static void look(const struct par_json *ok, void *arg)
{
    struct par_json list, row;
    size_t *rows = arg;
    if (!par_json_get(ok, "conversations", &list) || list.type != PAR_JSON_ARRAY)
        return;
    struct par_json_iter it = par_json_iter(&list);
    while (par_json_next_item(&it, &row))
        ++*rows;
}

static bool ask_sync(struct par_bench_conn *c, size_t *rows_r, uint64_t *ns_r)
{
    *rows_r = 0;
    par_buf_clear(&c->world->out);
    par_buf_addz(&c->world->out, "{\"op\":\"sync\",\"id\":1,\"limit\":500}");
    return par_bench_ask(c, 1, look, rows_r, ns_r);
}

static bool prepare(struct par_bench_conn *c, unsigned conversations)
{
    size_t rows;
    if (!ask_sync(c, &rows, NULL))
        return false;
    for (size_t i = rows >= conversations ? conversations : 0; i < conversations; i++)
        if (!par_bench_fill(c, c->world->users[i + 1].id, MESSAGES_EACH))
            return false;
    return true;
}

static void measure(struct par_bench_conn *c, const struct par_bench_sync *opt)
{
    struct par_hist all = {0};
    struct par_bench_usage a, b;
    size_t rows;
    uint64_t ns;
    par_bench_usage(c->world, &a);
    for (unsigned i = 0; i < opt->rounds; i++) {
        if (!ask_sync(c, &rows, &ns))
            return;
        par_hist_record(&all, ns);
        if (rows < opt->conversations) {
            par_bench_trouble(c->world, "sync told of %zu conversations", rows);
            return;
        }
    }
    par_bench_usage(c->world, &b);
    par_bench_print_hist("sync", &all);
    par_bench_print_cpu(&a, &b, opt->rounds);
}

int par_bench_run_sync(const struct par_bench_sync *opt)
{
    struct par_bench_world w;
    if (par_bench_open(&w, &opt->world) && par_bench_connect(&w, 0, 1, 1, 10000) &&
        prepare(&w.conns[0], opt->conversations))
        measure(&w.conns[0], opt);
    return par_bench_end(&w, "sync");
}
