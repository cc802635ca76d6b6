/* Asking and waiting; and filling a conversation. */
#include "bench/asker.h"

#include "loop/env.h"

enum { ASK_MS = 60000, FILL_INFLIGHT = 200, STALL_MS = 30000 };

struct asked {
    int64_t id;
    bool done;
    uint64_t end_ns;
    par_bench_look_fn look;
    void *arg;
};

static void refused(struct par_bench_world *w, const struct par_bench_frame *frame)
{
    struct par_str code = par_bench_str(&frame->body, "code");
    struct par_str message = par_bench_str(&frame->body, "message");
    par_bench_trouble(w, "a request was refused: %.*s, %.*s", PAR_STR_ARGS(code),
                      PAR_STR_ARGS(message));
}

static void on_answer(struct par_bench_conn *c, const struct par_bench_frame *frame)
{
    struct asked *a = c->arg;
    if (frame->kind == PAR_BENCH_EVENT || !a || frame->re != a->id)
        return;
    a->end_ns = par_mono_ns();
    a->done = true;
    if (frame->kind == PAR_BENCH_REFUSED)
        refused(c->world, frame);
    else if (a->look)
        a->look(&frame->body, a->arg);
}

static bool is_done(struct par_bench_world *w, void *arg)
{
    return ((struct asked *)arg)->done || w->trouble[0];
}

bool par_bench_ask(struct par_bench_conn *c, int64_t id, par_bench_look_fn look, void *arg,
                   uint64_t *ns_r)
{
    struct asked a = {.id = id, .look = look, .arg = arg};
    uint64_t begin_ns = par_mono_ns();
    c->world->on_frame = on_answer;
    c->arg = &a;
    par_bench_send(c);
    if (!par_bench_until(c->world, is_done, &a, ASK_MS))
        par_bench_trouble(c->world, "a request was not answered");
    c->arg = NULL;
    if (ns_r)
        *ns_r = a.end_ns - begin_ns;
    return !c->world->trouble[0];
}

/* ---- filling ---- */

struct fill {
    struct par_bench_conn *conn;
    uint64_t run_id;
    uint64_t to;
    uint64_t sent, answered, wanted;
    uint64_t seen; /* answered when it was last looked at */
};

static void fill_one(struct fill *f)
{
    struct par_buf *out = &f->conn->world->out;
    par_buf_clear(out);
    par_buf_printf(out,
                   "{\"op\":\"send\",\"id\":%lu,\"to\":\"%lu\",\"cmid\":\"%lx-%lu\",\"text\":"
                   "\"message %lu of a long conversation between two people\"}",
                   f->sent, f->to, f->run_id, f->sent, f->sent);
    f->sent++;
    par_bench_send(f->conn);
}

static void on_filled(struct par_bench_conn *c, const struct par_bench_frame *frame)
{
    struct fill *f = c->arg;
    if (frame->kind == PAR_BENCH_EVENT)
        return;
    if (frame->kind == PAR_BENCH_REFUSED) {
        refused(c->world, frame);
        return;
    }
    f->answered++;
    if (f->sent < f->wanted)
        fill_one(f);
}

static bool is_filled(struct par_bench_world *w, void *arg)
{
    const struct fill *f = arg;
    return f->answered == f->wanted || w->trouble[0];
}

bool par_bench_fill(struct par_bench_conn *c, uint64_t to, uint64_t n)
{
    struct fill f = {.conn = c, .run_id = par_random_u64(), .to = to, .wanted = n};
    c->world->on_frame = on_filled;
    c->arg = &f;
    while (f.sent < n && f.sent < FILL_INFLIGHT)
        fill_one(&f);
    while (!par_bench_until(c->world, is_filled, &f, STALL_MS)) {
        if (f.answered == f.seen)
            par_bench_trouble(c->world, "writing stands still at message %lu", f.answered);
        f.seen = f.answered;
    }
    c->arg = NULL;
    return !c->world->trouble[0];
}
