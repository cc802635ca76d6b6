/* parley bench send: pairs of users who write to each other, as fast as answers come, or at a rate.
 *
 * Each connection keeps its unanswered sends, and checks that of its conversation it sees every
 * entry exactly once: its own ones as answers, the other's as events. */
#include "bench/bench.h"
#include "bench/stream.h"

#include "loop/env.h"

#include <stdlib.h>
#include <string.h>

enum {
    WARM_MS = 1000,
    END_MS = 10000,
    RING = 256,
    FIRST_SENDS_AT_ONCE = 256,
    TICK_MS = 1,
    LATE_NS = 2000000,
    ACK_ID = -1
};

struct sender {
    struct par_bench_conn *conn;
    struct sender *peer;
    struct par_bench_stream stream;
    uint64_t sent; /* numbers of its messages: 1 … */
    uint32_t inflight;
    uint64_t sent_ns[RING]; /* by number */
    uint64_t acked, ack_asked, ack_wanted;
    bool acking;
    char conv[64];
};

struct run {
    struct par_bench_world w;
    const struct par_bench_send *opt;
    struct sender *senders;
    uint64_t run_id; /* in cmids, so that those of no run before are met */
    char *padding;
    bool measuring;
    bool stopped;
    uint64_t answered, events, marks, acks; /* in all */
    uint64_t begun, ended;                  /* `answered` at the borders of the measurement */
    struct par_hist ack_ns, arrive_ns;      /* within it */
    /* The open loop. */
    struct par_timer tick;
    uint64_t start_ns;
    uint64_t due;     /* messages sent or given up */
    uint64_t skipped; /* no connection was free to send them */
};

/* ---- writing ---- */

static void send_one(struct run *r, struct sender *s, uint64_t at_ns)
{
    struct par_buf *out = &r->w.out;
    uint64_t n = ++s->sent;
    s->inflight++;
    s->sent_ns[n % RING] = at_ns;
    par_buf_clear(out);
    par_buf_addz(out, "{\"op\":\"send\",\"id\":");
    par_buf_add_u64_dec(out, n);
    par_buf_addz(out, ",\"to\":\"");
    par_buf_add_u64_dec(out, s->peer->conn->user->id);
    par_buf_addz(out, "\",\"cmid\":\"");
    par_buf_add_u64_dec(out, r->run_id);
    par_buf_addz(out, "-");
    par_buf_add_u64_dec(out, n);
    par_buf_addz(out, "\",\"text\":\"");
    par_buf_add_u64_dec(out, n);
    par_buf_add(out, r->padding, r->opt->bytes);
    par_buf_addz(out, "\"}");
    par_bench_send(s->conn);
}

static void send_ack(struct run *r, struct sender *s)
{
    struct par_buf *out = &r->w.out;
    if (s->acking || s->ack_wanted == s->acked)
        return;
    s->acking = true;
    s->ack_asked = s->ack_wanted;
    par_buf_clear(out);
    par_buf_printf(out, "{\"op\":\"ack\",\"id\":%d,\"delivered\":{\"%s\":%lu}}", ACK_ID, s->conv,
                   s->ack_asked);
    par_bench_send(s->conn);
}

/* ---- reading ---- */

static void note(struct run *r, struct sender *s, uint64_t seq, bool answer)
{
    const char *wrong = par_bench_stream_note(&s->stream, seq, answer);
    if (wrong)
        par_bench_trouble(&r->w, "%s: %s, seq %lu after %lu", s->conv, wrong, seq, s->stream.base);
}

static void answered(struct run *r, struct sender *s, const struct par_bench_frame *frame)
{
    uint64_t now_ns = par_mono_ns();
    if (frame->re == ACK_ID) {
        r->acks++;
        s->acking = false;
        s->acked = s->ack_asked;
        send_ack(r, s);
        return;
    }
    r->answered++;
    s->inflight--;
    note(r, s, (uint64_t)par_bench_int(&frame->body, "seq"), true);
    if (r->measuring)
        par_hist_record(&r->ack_ns, now_ns - s->sent_ns[(uint64_t)frame->re % RING]);
    if (!r->opt->rate && r->start_ns && !r->stopped)
        send_one(r, s, now_ns);
}

static void arrived(struct run *r, struct sender *s, const struct par_json *event)
{
    struct par_str text = par_bench_str(event, "text");
    uint64_t n = strtoull(text.ptr ? text.ptr : "0", NULL, 10);
    uint64_t seq = (uint64_t)par_bench_int(event, "seq");
    r->events++;
    if (r->measuring)
        par_hist_record(&r->arrive_ns, par_mono_ns() - s->peer->sent_ns[n % RING]);
    if (!s->conv[0]) {
        struct par_str conv = par_bench_str(event, "conv");
        snprintf(s->conv, sizeof s->conv, "%.*s", PAR_STR_ARGS(conv));
    }
    note(r, s, seq, false);
    if (r->opt->marks) {
        s->ack_wanted = seq;
        send_ack(r, s);
    }
}

static void on_frame(struct par_bench_conn *c, const struct par_bench_frame *frame)
{
    struct sender *s = c->arg;
    struct run *r = PAR_CONTAINER(c->world, struct run, w);
    if (frame->kind == PAR_BENCH_ANSWER) {
        answered(r, s, frame);
    } else if (frame->kind == PAR_BENCH_REFUSED) {
        struct par_str code = par_bench_str(&frame->body, "code");
        par_bench_trouble(&r->w, "a request was refused: %.*s", PAR_STR_ARGS(code));
    } else if (par_str_is(frame->ev, "entry")) {
        arrived(r, s, &frame->body);
    } else if (par_str_is(frame->ev, "mark")) {
        r->marks++;
    }
}

/* ---- the open loop ---- */

/* When the next message is to go: the first one at once. */
static uint64_t due_at_ns(const struct run *r)
{
    return r->start_ns + r->due * 1000000000u / r->opt->rate;
}

/* One of each pair, then the others: people do not write back within a few milliseconds. */
static struct sender *next_sender(const struct run *r)
{
    unsigned pairs = r->opt->connections / 2;
    uint64_t turn = r->due % r->opt->connections, pair = turn % pairs;
    return &r->senders[pair * 2 + (pair + turn / pairs) % 2];
}

static void on_tick(struct par_timer *timer)
{
    struct run *r = PAR_CONTAINER(timer, struct run, tick);
    uint64_t now_ns = par_mono_ns(), at_ns;
    if (r->stopped)
        return;
    for (; (at_ns = due_at_ns(r)) <= now_ns; r->due++) {
        struct sender *s = next_sender(r);
        /* Who was late itself counts from when the message was to have gone. */
        if (s->inflight >= PAR_BENCH_INFLIGHT_MAX)
            r->skipped++;
        else
            send_one(r, s, now_ns - at_ns > LATE_NS ? at_ns : now_ns);
    }
    par_timer_set(r->w.loop, timer, TICK_MS);
}

/* ---- phases ---- */

static bool trouble(const struct run *r)
{
    return r->w.trouble[0] != 0;
}

static bool quiet(struct par_bench_world *w, void *arg)
{
    struct run *r = arg;
    uint64_t sent = 0;
    for (unsigned i = 0; i < r->opt->connections; i++)
        sent += r->senders[i].sent;
    if (r->answered < sent || r->events < sent)
        return w->trouble[0] != 0;
    for (unsigned i = 0; r->opt->marks && i < r->opt->connections; i++)
        if (r->senders[i].acking)
            return w->trouble[0] != 0;
    return true;
}

/* The first message of each pair makes the conversation, and tells both where its numbers begin. */
static void open_pairs(struct run *r)
{
    for (unsigned i = 0; i < r->opt->connections && !trouble(r); i += 2) {
        send_one(r, &r->senders[i], par_mono_ns());
        if (i / 2 % FIRST_SENDS_AT_ONCE == FIRST_SENDS_AT_ONCE - 1)
            par_bench_until(&r->w, quiet, r, END_MS);
    }
    if (!par_bench_until(&r->w, quiet, r, END_MS))
        par_bench_trouble(&r->w, "the first messages were not answered in time");
}

static void begin(struct run *r)
{
    r->start_ns = par_mono_ns();
    if (r->opt->rate) {
        par_timer_set(r->w.loop, &r->tick, TICK_MS);
        return;
    }
    for (unsigned k = 0; k < r->opt->inflight; k++)
        for (unsigned i = 0; i < r->opt->connections; i++)
            send_one(r, &r->senders[i], par_mono_ns());
}

static bool is_trouble(struct par_bench_world *w, void *arg)
{
    (void)arg;
    return w->trouble[0] != 0;
}

static void check(struct run *r)
{
    if (!par_bench_until(&r->w, quiet, r, END_MS))
        par_bench_trouble(&r->w, "messages are missing at the end: %lu answers, %lu events",
                          r->answered, r->events);
    for (unsigned i = 0; i < r->opt->connections && !trouble(r); i++) {
        struct sender *s = &r->senders[i];
        if (!par_bench_stream_dense(&s->stream) || s->stream.base != s->peer->stream.base)
            par_bench_trouble(&r->w, "%s: entries are missing behind seq %lu", s->conv,
                              s->stream.base);
    }
}

static const char *const metrics[] = {"parley_store_syncs_total", "parley_entries_total"};
enum { SYNCS, ENTRIES, METRICS };

static void measure(struct run *r)
{
    struct par_bench_usage a, b;
    double before[METRICS], after[METRICS];
    par_bench_until(&r->w, is_trouble, NULL, WARM_MS);
    par_bench_metrics(&r->w, metrics, METRICS, before);
    r->measuring = true;
    r->begun = r->answered;
    par_bench_usage(&r->w, &a);
    par_bench_until(&r->w, is_trouble, NULL, r->opt->seconds * 1000);
    par_bench_usage(&r->w, &b);
    r->ended = r->answered;
    r->measuring = false;
    par_bench_metrics(&r->w, metrics, METRICS, after);
    r->stopped = true;
    check(r);

    uint64_t messages = r->ended - r->begun;
    double seconds = (double)(b.mono_ns - a.mono_ns) / 1e9;
    par_bench_print("messages_per_second", (double)messages / seconds, "1/s");
    par_bench_print_hist("ack", &r->ack_ns);
    par_bench_print_hist("end_to_end", &r->arrive_ns);
    par_bench_print_cpu(&a, &b, messages);
    if (after[ENTRIES] > before[ENTRIES])
        par_bench_print("syncs_per_message",
                        (after[SYNCS] - before[SYNCS]) / (after[ENTRIES] - before[ENTRIES]), "");
    if (r->opt->marks)
        par_bench_print("acks_per_message", (double)r->acks / (double)r->answered, "");
    if (r->opt->rate)
        par_bench_print("not_sent", (double)r->skipped, "");
    par_bench_print("checked_messages", (double)r->answered, "");
}

static bool prepare(struct run *r)
{
    unsigned n = r->opt->connections;
    r->senders = calloc(n, sizeof *r->senders);
    r->padding = malloc(r->opt->bytes + 1);
    if (!r->senders || !r->padding) {
        par_bench_trouble(&r->w, "out of memory");
        return false;
    }
    memset(r->padding, 'x', r->opt->bytes);
    r->padding[0] = ' ';
    for (unsigned i = 0; i < n; i++) {
        r->senders[i].conn = &r->w.conns[i];
        r->senders[i].peer = &r->senders[i ^ 1];
        r->w.conns[i].arg = &r->senders[i];
    }
    return true;
}

int par_bench_run_send(const struct par_bench_send *send)
{
    struct run r = {.opt = send, .run_id = par_random_u64()};
    par_timer_init(&r.tick, on_tick);
    if (par_bench_open(&r.w, &send->world) && prepare(&r) &&
        par_bench_connect(&r.w, 0, send->connections, 256, 60000)) {
        r.w.on_frame = on_frame;
        open_pairs(&r);
        if (!trouble(&r)) {
            begin(&r);
            measure(&r);
        }
    }
    par_timer_cancel(&r.tick);
    int code = par_bench_end(&r.w, "send");
    free(r.senders);
    free(r.padding);
    return code;
}
