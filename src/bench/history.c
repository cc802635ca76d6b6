/* parley bench history: pages at random places of a long conversation, or the newest page of many
 * conversations. */
#include "bench/bench.h"

#include "bench/asker.h"
#include "base/conv_id.h"
#include "loop/env.h"

struct page {
    int64_t last_seq;
    size_t entries;
    int64_t first;
    bool ordered;
};

static void look(const struct par_json *ok, void *arg)
{
    struct page *page = arg;
    struct par_json list, entry;
    int64_t seq = 0;
    *page = (struct page){.last_seq = par_bench_int(ok, "last_seq"), .ordered = true};
    if (!par_json_get(ok, "entries", &list) || list.type != PAR_JSON_ARRAY)
        return;
    struct par_json_iter it = par_json_iter(&list);
    while (par_json_next_item(&it, &entry)) {
        int64_t next = par_bench_int(&entry, "seq");
        page->ordered &= seq == 0 || next == seq + 1;
        if (page->entries++ == 0)
            page->first = next;
        seq = next;
    }
}

static bool ask_page(struct par_bench_conn *c, const char *conv, uint64_t before, unsigned limit,
                     struct page *page_r, uint64_t *ns_r)
{
    struct par_buf *out = &c->world->out;
    par_buf_clear(out);
    par_buf_printf(out, "{\"op\":\"history\",\"id\":1,\"conv\":\"%s\",\"limit\":%u", conv, limit);
    if (before)
        par_buf_printf(out, ",\"before_seq\":%lu", before);
    par_buf_addz(out, "}");
    return par_bench_ask(c, 1, look, page_r, ns_r);
}

static void read_pages(struct par_bench_conn *c, const char *conv,
                       const struct par_bench_history *opt)
{
    struct par_bench_world *w = c->world;
    struct par_hist all = {0};
    struct par_bench_usage a, b;
    struct page page;
    uint64_t ns;
    if (!ask_page(c, conv, 0, opt->limit, &page, &ns))
        return;
    uint64_t last = (uint64_t)page.last_seq;
    par_bench_print("entries", (double)last, "");
    par_bench_print("first_page", (double)ns / 1e6, "ms");
    par_bench_usage(w, &a);
    for (unsigned i = 0; i < opt->pages; i++) {
        uint64_t before = opt->limit + 1 + par_random_u64() % (last - opt->limit);
        if (!ask_page(c, conv, before, opt->limit, &page, &ns))
            return;
        if (page.entries != opt->limit || !page.ordered ||
            (uint64_t)page.first != before - opt->limit) {
            par_bench_trouble(w, "the page before %lu is wrong: %zu entries from %ld", before,
                              page.entries, page.first);
            return;
        }
        par_hist_record(&all, ns);
    }
    par_bench_usage(w, &b);
    par_bench_print_hist("page", &all);
    par_bench_print_cpu(&a, &b, opt->pages);
}

static void conv_of(const struct par_bench_world *w, size_t pair, char conv_r[64])
{
    struct par_conv id = par_conv_direct(w->users[2 * pair].id, w->users[2 * pair + 1].id);
    conv_r[par_conv_format(&id, conv_r)] = 0;
}

/* Of the pairs that `bench send` has made. */
static void read_newest(struct par_bench_world *w, const struct par_bench_history *opt)
{
    struct par_hist all = {0};
    struct page page;
    char conv[64];
    uint64_t ns;
    for (size_t i = 0; i < opt->newest; i++) {
        conv_of(w, i, conv);
        if (!ask_page(&w->conns[2 * i], conv, 0, opt->limit, &page, &ns))
            return;
        if (page.entries != opt->limit || !page.ordered ||
            page.first + (int64_t)opt->limit - 1 != page.last_seq) {
            par_bench_trouble(w, "the newest page of %s is wrong: %zu entries from %ld, last %ld",
                              conv, page.entries, page.first, page.last_seq);
            return;
        }
        par_hist_record(&all, ns);
    }
    par_bench_print_hist("page", &all);
}

int par_bench_run_history(const struct par_bench_history *opt)
{
    struct par_bench_world w;
    struct page page;
    char conv[64];
    size_t connections = opt->newest ? 2 * opt->newest : 1;
    bool open = par_bench_open(&w, &opt->world) && par_bench_connect(&w, 0, connections, 64, 60000);
    if (open && opt->newest) {
        read_newest(&w, opt);
    } else if (open) {
        struct par_bench_conn *c = &w.conns[0];
        uint64_t have = 0;
        conv_of(&w, 0, conv);
        if (ask_page(c, conv, 0, 1, &page, NULL))
            have = (uint64_t)page.last_seq;
        if (have < opt->entries && !w.trouble[0])
            par_bench_fill(c, w.users[1].id, opt->entries - have);
        if (!w.trouble[0] && !opt->fill_only)
            read_pages(c, conv, opt);
    }
    return par_bench_end(&w, "history");
}
