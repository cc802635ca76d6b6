/* parley bench group: a message to many who are all on line. */
#include "bench/bench.h"
#include "bench/stream.h"

#include "bench/asker.h"
#include "loop/env.h"

#include <stdlib.h>

enum { STALL_MS = 20000, CREATE_ID = 1, SEND_ID = 2, WARM = 3 };

struct run {
    struct par_bench_world w;
    const struct par_bench_group *opt;
    struct par_bench_stream *streams; /* by connection */
    char conv[64];
    uint64_t run_id;
    uint64_t number;
    unsigned have; /* who has the message: the answer, and the events of the others */
    uint64_t begin_ns;
    struct par_hist all_ns, each_ns;
    bool measuring;
};

static void got(struct run *r, struct par_bench_conn *c, const struct par_json *body, bool answer)
{
    const char *wrong = par_bench_stream_note(&r->streams[c - r->w.conns],
                                              (uint64_t)par_bench_int(body, "seq"), answer);
    if (wrong)
        par_bench_trouble(&r->w, "connection %zu: %s", (size_t)(c - r->w.conns), wrong);
    r->have++;
    if (r->measuring && !answer)
        par_hist_record(&r->each_ns, par_mono_ns() - r->begin_ns);
}

static void on_frame(struct par_bench_conn *c, const struct par_bench_frame *frame)
{
    struct run *r = PAR_CONTAINER(c->world, struct run, w);
    if (frame->kind == PAR_BENCH_REFUSED) {
        struct par_str code = par_bench_str(&frame->body, "code");
        par_bench_trouble(&r->w, "a request was refused: %.*s", PAR_STR_ARGS(code));
    } else if (frame->kind == PAR_BENCH_ANSWER) {
        struct par_str conv = par_bench_str(&frame->body, "conv");
        snprintf(r->conv, sizeof r->conv, "%.*s", PAR_STR_ARGS(conv));
        got(r, c, &frame->body, true);
    } else if (par_str_is(frame->ev, "entry")) {
        got(r, c, &frame->body, false);
    }
}

static bool all_have(struct par_bench_world *w, void *arg)
{
    struct run *r = arg;
    return r->have == r->opt->members || w->trouble[0];
}

/* Sends what is in w.out as the first member, and waits until everybody has the entry. */
static bool tell(struct run *r)
{
    r->have = 0;
    r->begin_ns = par_mono_ns();
    par_bench_send(&r->w.conns[0]);
    if (!par_bench_until(&r->w, all_have, r, STALL_MS))
        par_bench_trouble(&r->w, "only %u of %u have the message", r->have, r->opt->members);
    if (r->measuring)
        par_hist_record(&r->all_ns, par_mono_ns() - r->begin_ns);
    return !r->w.trouble[0];
}

static bool create(struct run *r)
{
    struct par_buf *out = &r->w.out;
    par_buf_clear(out);
    par_buf_printf(out,
                   "{\"op\":\"group.create\",\"id\":%d,\"name\":\"bench\",\"cmid\":\"%lx\","
                   "\"members\":[",
                   CREATE_ID, r->run_id);
    for (unsigned i = 1; i < r->opt->members; i++)
        par_buf_printf(out, "%s\"%lu\"", i > 1 ? "," : "", r->w.users[i].id);
    par_buf_addz(out, "]}");
    return tell(r);
}

static bool send_one(struct run *r)
{
    struct par_buf *out = &r->w.out;
    par_buf_clear(out);
    par_buf_printf(out,
                   "{\"op\":\"send\",\"id\":%d,\"conv\":\"%s\",\"cmid\":\"%lx-%lu\",\"text\":"
                   "\"message %lu to everybody in a group of many people who all read it at once, "
                   "and more\"}",
                   SEND_ID, r->conv, r->run_id, r->number, r->number);
    r->number++;
    return tell(r);
}

static void measure(struct run *r)
{
    struct par_bench_usage a, b;
    for (int i = 0; i < WARM; i++)
        if (!send_one(r))
            return;
    r->measuring = true;
    par_bench_usage(&r->w, &a);
    for (unsigned i = 0; i < r->opt->messages; i++) {
        if (!send_one(r))
            return;
        if (r->opt->gap_ms)
            par_bench_wait(&r->w, r->opt->gap_ms);
    }
    par_bench_usage(&r->w, &b);
    par_bench_print_hist("everybody_has_it", &r->all_ns);
    par_bench_print_hist("one_has_it", &r->each_ns);
    par_bench_print_cpu(&a, &b, (uint64_t)r->opt->messages * r->opt->members);
}

int par_bench_run_group(const struct par_bench_group *opt)
{
    struct run r = {.opt = opt, .run_id = par_random_u64()};
    r.streams = calloc(opt->members, sizeof *r.streams);
    if (par_bench_open(&r.w, &opt->world) && r.streams &&
        par_bench_connect(&r.w, 0, opt->members, 200, 60000)) {
        r.w.on_frame = on_frame;
        if (create(&r))
            measure(&r);
    }
    int code = par_bench_end(&r.w, "group");
    free(r.streams);
    return code;
}
