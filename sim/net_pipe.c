/* Bytes of the simulated network: pieces on their way, what arrives, what is known to be read. */
#include "sim/net_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N sim_net__state

enum { REPEAT_MIN_MS = 200, REPEAT_MAX_MS = 3200, HEALED_MS = 50 };

static void move(void *arg);

/* ---- links ---- */

struct sim_net__link *sim_net__link(const struct sim_node *from, const struct sim_node *to)
{
    return &N.links[from->number][to->number];
}

uint64_t sim_net__delay(const struct sim_node *from, const struct sim_node *to)
{
    const struct sim_net__link *l = sim_net__link(from, to);
    return l->delay_ns + sim_random_skew(&N.random, N.set.delay_min_ns, N.set.delay_max_ns);
}

void sim_net_cut(struct sim_node *from, struct sim_node *to, bool cut)
{
    sim_net__link(from, to)->cut = cut;
}

void sim_net_slow(struct sim_node *from, struct sim_node *to, uint64_t delay_ns,
                  uint32_t ns_per_byte)
{
    struct sim_net__link *l = sim_net__link(from, to);
    l->delay_ns = delay_ns;
    l->ns_per_byte = ns_per_byte;
}

void sim_net_cut_engine(struct sim_node *node, enum sim_engine engine, bool cut)
{
    node->engine_cut[engine] = cut;
}

bool sim_reaches(const struct sim_node *node, enum sim_engine engine)
{
    return !node->engine_cut[engine];
}

uint64_t sim_delay_ns(const struct sim_node *node, enum sim_engine engine)
{
    (void)node;
    (void)engine;
    if (N.set.engine_late_ppm && !sim_healed() && sim_random_ppm(&N.random, N.set.engine_late_ppm))
        return sim_random_in(&N.random, N.set.engine_max_ns, N.set.engine_late_ns);
    return sim_random_skew(&N.random, N.set.engine_min_ns, N.set.engine_max_ns);
}

void sim_net_heal(void)
{
    memset(N.links, 0, sizeof N.links);
    if (N.set.delay_max_ns > HEALED_MS * SIM_MS)
        N.set.delay_max_ns = HEALED_MS * SIM_MS;
    if (N.set.engine_max_ns > HEALED_MS * SIM_MS)
        N.set.engine_max_ns = HEALED_MS * SIM_MS;
    for (unsigned i = 0; i < sim_node_count(); i++)
        memset(sim_node_at(i)->engine_cut, 0, sizeof sim_node_at(i)->engine_cut);
}

/* ---- pieces ---- */

void sim_net__pipe_clear(struct sim_net__pipe *p)
{
    for (struct sim_net__piece *x = p->first; x;) {
        struct sim_net__piece *next = x->next;
        free(x);
        x = next;
    }
    p->first = p->last = NULL;
}

static void expect_move(struct sim_net__end *e, uint64_t when)
{
    e->out.moving = true;
    e->conn->refs++;
    sim_at_ns(when, move, e);
}

static void add_piece(struct sim_net__end *e, const uint8_t *data, uint32_t n, bool fin)
{
    struct sim_net__pipe *p = &e->out;
    struct sim_net__end *peer = sim_net__peer(e);
    struct sim_net__piece *x = malloc(sizeof *x + n);
    if (!x)
        abort();
    const struct sim_net__link *l = sim_net__link(e->node, peer->node);
    uint64_t when = sim_now_ns() + sim_net__delay(e->node, peer->node);
    if (when < p->last_arrival)
        when = p->last_arrival;
    when += (uint64_t)n * (N.set.ns_per_byte + l->ns_per_byte);
    *x = (struct sim_net__piece){.arrives = when, .len = n, .fin = fin};
    memcpy(x->data, data, n);
    p->last_arrival = when;
    if (p->last)
        p->last->next = x;
    else
        p->first = x;
    p->last = x;
    if (!p->moving)
        expect_move(e, when);
}

/* A fault in the middle of a piece: its first bytes still arrive. True: nothing more goes. */
static bool breaks_here(struct sim_net__end *e, struct sim_net__piece *x)
{
    struct sim_net__conn *c = e->conn;
    struct sim_net__end *peer = sim_net__peer(e);
    if (sim_healed() || x->fin)
        return false;
    bool reset = sim_random_ppm(&N.random, N.set.reset_ppm);
    bool swallow = !reset && sim_random_ppm(&N.random, N.set.swallow_ppm);
    if (!reset && !swallow)
        return false;
    uint32_t part = (uint32_t)sim_random_below(&N.random, x->len);
    if (peer->sock && !peer->sock->broken) {
        par_buf_add(&peer->in, x->data, part);
        sim_net__changed(peer->sock);
    }
    sim_fault(reset ? SIM_FAULT_CONN_RESET : SIM_FAULT_CONN_HALF_OPEN, e->node->name);
    if (reset)
        sim_net__reset(c);
    else
        c->swallows = true;
    return true;
}

static void land(struct sim_net__end *e, struct sim_net__piece *x)
{
    struct sim_net__end *peer = sim_net__peer(e);
    if (!peer->sock) {
        if (!x->fin)
            sim_net__send_reset(peer);
        return;
    }
    if (peer->sock->broken)
        return;
    sim_trace_bytes("arrives", e->conn->number * 2 + (e == &e->conn->end[1]),
                    par_str_of(x->data, x->len));
    N.bytes += x->len;
    if (x->fin)
        peer->in_fin = true;
    else
        par_buf_add(&peer->in, x->data, x->len);
    sim_net__changed(peer->sock);
}

static void move(void *arg)
{
    struct sim_net__end *e = arg;
    struct sim_net__conn *c = e->conn;
    struct sim_net__pipe *p = &e->out;
    struct sim_net__end *peer = sim_net__peer(e);
    p->moving = false;
    while (p->first && p->first->arrives <= sim_now_ns() && !c->swallows) {
        bool silent = !peer->node->alive && peer->node->vanished;
        if (silent || sim_net__link(e->node, peer->node)->cut) {
            p->repeat_ns = p->repeat_ns ? p->repeat_ns * 2 : REPEAT_MIN_MS * SIM_MS;
            if (p->repeat_ns > REPEAT_MAX_MS * SIM_MS)
                p->repeat_ns = REPEAT_MAX_MS * SIM_MS;
            /* When nobody waits for it here either, it is given up. */
            if (silent && !e->sock)
                sim_net__pipe_clear(p);
            else
                expect_move(e, sim_now_ns() + p->repeat_ns);
            break;
        }
        p->repeat_ns = 0;
        struct sim_net__piece *x = p->first;
        if (breaks_here(e, x))
            break;
        p->first = x->next;
        if (!p->first)
            p->last = NULL;
        land(e, x);
        free(x);
    }
    if (p->first && !p->moving && !c->swallows && !c->reset)
        expect_move(e, p->first->arrives);
    sim_net__unref(c);
}

/* ---- reading and writing ---- */

static void acked(void *arg)
{
    struct sim_net__end *e = arg;
    struct sim_net__pipe *p = &e->out;
    struct sim_net__end *peer = sim_net__peer(e);
    if (sim_net__link(peer->node, e->node)->cut && !e->conn->reset && e->sock) {
        sim_at_ns(sim_now_ns() + REPEAT_MIN_MS * SIM_MS, acked, e);
        return;
    }
    p->acking = false;
    p->unacked -= p->acked;
    p->acked = 0;
    if (p->blocked && e->sock) {
        p->blocked = false;
        sim_net__changed(e->sock);
    }
    sim_net__unref(e->conn);
}

ssize_t sim_net__read(struct sim_net__sock *s, void *buf, size_t n)
{
    struct sim_net__end *e = s->end;
    size_t have = e->in.len - e->in_at;
    if (have == 0) {
        if (s->error) {
            int error = s->error;
            s->error = 0;
            return -error;
        }
        return e->in_fin || s->broken ? 0 : -EAGAIN;
    }
    if (n > have)
        n = have;
    memcpy(buf, e->in.data + e->in_at, n);
    e->in_at += n;
    if (e->in_at == e->in.len) {
        e->in.len = 0;
        e->in_at = 0;
    }
    struct sim_net__end *peer = sim_net__peer(e);
    struct sim_net__pipe *p = &peer->out;
    p->acked += (uint32_t)n;
    if (!p->acking) {
        p->acking = true;
        e->conn->refs++;
        sim_at_ns(sim_now_ns() + sim_net__delay(e->node, peer->node), acked, peer);
    }
    return (ssize_t)n;
}

ssize_t sim_net__write(struct sim_net__sock *s, const struct iovec *iov, int count)
{
    struct sim_net__end *e = s->end;
    struct sim_net__pipe *p = &e->out;
    if (s->error) {
        int error = s->error;
        s->error = 0;
        return -error;
    }
    if (s->broken || p->shut)
        return -EPIPE;
    uint32_t room = p->capacity - p->unacked;
    if (room == 0) {
        p->blocked = true;
        return -EAGAIN;
    }
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += iov[i].iov_len;
    if (total > room)
        total = room;
    size_t left = total;
    for (int i = 0; i < count && left; i++) {
        const uint8_t *from = iov[i].iov_base;
        size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;
        left -= part;
        while (part) {
            uint32_t most = part < N.set.piece_max ? (uint32_t)part : N.set.piece_max;
            uint32_t size = (uint32_t)sim_random_in(&N.random, (most + 1) / 2, most);
            add_piece(e, from, size, false);
            from += size;
            part -= size;
        }
    }
    p->unacked += (uint32_t)total;
    return (ssize_t)total;
}

void sim_net__shut(struct sim_net__end *e)
{
    if (e->out.shut || (e->sock && e->sock->broken))
        return;
    e->out.shut = true;
    if (e->conn->accepted)
        add_piece(e, (const uint8_t *)"", 0, true);
}
