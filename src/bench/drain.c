/* parley bench drain: a server is told to drain, and everybody moves elsewhere, as clients do: each
 * after a random part of the time that the event names, with a new connection and `sync`. Whoever
 * is closed by the server instead fails the measurement. */
#include "bench/bench.h"

#include "loop/env.h"

#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = 200,
    CONNECT_MS = 300000,
    PATIENCE_MS = 120000,
    SECONDS_MAX = 300,
    AGAIN_MS = 500
};

struct client {
    struct par_bench_conn *conn;
    struct par_timer timer;
    uint64_t left_ns; /* 0: still where it was */
    bool told;
};

struct run {
    struct par_bench_world w;
    struct client *clients;
    unsigned count, told, moved, failed;
    uint64_t first_ns, last_ns; /* the first event, the last that was back */
    unsigned by_second[SECONDS_MAX];
    struct par_hist away_ns;
};

static struct run *run_of(struct par_bench_world *w)
{
    return PAR_CONTAINER(w, struct run, w);
}

static void on_time(struct par_timer *timer)
{
    struct client *c = PAR_CONTAINER(timer, struct client, timer);
    if (!c->left_ns)
        c->left_ns = par_mono_ns();
    par_bench_disconnect(c->conn);
    par_bench_connect_one(c->conn);
}

static void on_frame(struct par_bench_conn *conn, const struct par_bench_frame *frame)
{
    struct run *r = run_of(conn->world);
    struct client *c = conn->arg;
    if (!par_str_is(frame->ev, "drain") || c->told)
        return;
    int64_t within_ms = par_bench_int(&frame->body, "retry_after_ms");
    if (r->told++ == 0)
        r->first_ns = par_mono_ns();
    c->told = true;
    par_timer_set(r->w.loop, &c->timer, within_ms > 0 ? par_random_u64() % (uint64_t)within_ms : 0);
}

/* A balancer takes a moment to learn who drains. */
static void on_failed(struct par_bench_conn *conn)
{
    struct run *r = run_of(conn->world);
    struct client *c = conn->arg;
    r->failed++;
    par_timer_set(r->w.loop, &c->timer, AGAIN_MS + par_random_u64() % AGAIN_MS);
}

static void on_ready(struct par_bench_conn *conn)
{
    struct run *r = run_of(conn->world);
    struct client *c = conn->arg;
    if (!c || !c->left_ns)
        return;
    r->last_ns = par_mono_ns();
    uint64_t second = (r->last_ns - r->first_ns) / 1000000000u;
    r->by_second[second < SECONDS_MAX ? second : SECONDS_MAX - 1]++;
    par_hist_record(&r->away_ns, r->last_ns - c->left_ns);
    r->moved++;
}

static bool all_moved(struct par_bench_world *w, void *arg)
{
    (void)arg;
    return run_of(w)->moved == run_of(w)->count || w->trouble[0];
}

static bool prepare(struct run *r)
{
    r->clients = calloc(r->count, sizeof *r->clients);
    if (!r->clients) {
        par_bench_trouble(&r->w, "out of memory");
        return false;
    }
    for (unsigned i = 0; i < r->count; i++) {
        r->clients[i].conn = &r->w.conns[i];
        r->w.conns[i].arg = &r->clients[i];
        par_timer_init(&r->clients[i].timer, on_time);
    }
    return true;
}

/* The first address is that of the server that drains; the next one is where to go then. */
static void measure(struct run *r, unsigned elsewhere)
{
    struct par_bench_world *w = &r->w;
    unsigned most = 0;
    par_bench_print("connected", (double)w->ready, "");
    fflush(stdout);
    w->addr[0] = w->addr[elsewhere];
    memcpy(w->host[0], w->host[elsewhere], sizeof w->host[0]);
    if (!par_bench_until(w, all_moved, NULL, PATIENCE_MS))
        par_bench_trouble(w, "%u of %u were told to move, %u have moved", r->told, r->count,
                          r->moved);
    for (int i = 0; i < SECONDS_MAX; i++)
        most = r->by_second[i] > most ? r->by_second[i] : most;
    par_bench_print("moved", r->moved, "");
    par_bench_print("moved_within", (double)(r->last_ns - r->first_ns) / 1e9, "s");
    par_bench_print("most_in_a_second", most, "");
    par_bench_print("failed_tries", r->failed, "");
    par_bench_print_hist("away", &r->away_ns);
}

int par_bench_run_drain(const struct par_bench_drain *opt)
{
    struct run r = {.count = opt->connections};
    bool open = par_bench_open(&r.w, &opt->world);
    r.w.hello_more = PAR_STR(",\"sync\":{}");
    unsigned elsewhere = r.w.servers > 1 ? 1 : 0;
    r.w.servers = 1;
    if (open && prepare(&r) && par_bench_connect(&r.w, 0, r.count, AT_ONCE, CONNECT_MS)) {
        r.w.on_frame = on_frame;
        r.w.on_ready = on_ready;
        r.w.on_failed = on_failed;
        measure(&r, elsewhere);
    }
    for (unsigned i = 0; r.clients && i < r.count; i++)
        par_timer_cancel(&r.clients[i].timer);
    int code = par_bench_end(&r.w, "drain");
    free(r.clients);
    return code;
}
