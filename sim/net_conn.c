/* Connections of the simulated network: how they begin, and how they end. */
#include "sim/net_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N sim_net__state

enum { CONNECT_S = 30 };

struct sim_net__conn *sim_net__conn_new(void)
{
    struct sim_net__conn *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->number = ++N.conns;
    for (int i = 0; i < 2; i++) {
        c->end[i].conn = c;
        c->end[i].out.capacity =
            (uint32_t)sim_random_in(&N.random, N.set.buffer_min, N.set.buffer_max);
    }
    return c;
}

void sim_net__unref(struct sim_net__conn *c)
{
    if (--c->refs)
        return;
    for (int i = 0; i < 2; i++) {
        sim_net__pipe_clear(&c->end[i].out);
        par_buf_fini(&c->end[i].in);
    }
    free(c);
}

/* ---- connecting ---- */

static struct sim_net__sock *listener_for(const struct par_addr *addr)
{
    struct sim_net__sock *found = NULL;
    uint64_t count = 0;
    for (struct par_list *n = N.socks.next; n != &N.socks; n = n->next) {
        struct sim_net__sock *s = PAR_CONTAINER(n, struct sim_net__sock, among_all);
        if (s->kind == SIM_NET__LISTENER && memcmp(&s->addr, addr, sizeof *addr) == 0 &&
            sim_random_below(&N.random, ++count) == 0)
            found = s;
    }
    return found;
}

static void fail_connect(struct sim_net__conn *c, int error)
{
    struct sim_net__sock *s = c->end[0].sock;
    if (s) {
        s->error = error;
        s->broken = true;
        sim_net__changed(s);
    }
}

static void refused(void *arg)
{
    struct sim_net__conn *c = arg;
    fail_connect(c, ECONNREFUSED);
    sim_net__unref(c);
}

/* The answer to the SYN is there. */
static void established(void *arg)
{
    struct sim_net__conn *c = arg;
    if (sim_net__link(c->end[1].node, c->end[0].node)->cut && sim_now_ns() < c->tries_until) {
        sim_at_ns(sim_now_ns() + c->try_ns, established, c);
        c->try_ns *= 2;
        return;
    }
    c->established = true;
    if (c->end[0].sock && !c->reset)
        sim_net__changed(c->end[0].sock);
    sim_net__unref(c);
}

static void arrived(void *arg)
{
    struct sim_net__conn *c = arg;
    struct sim_node *from = c->end[0].node, *to = c->end[1].node;
    if (!c->end[0].sock) { /* given up in the meantime */
        sim_net__unref(c);
        return;
    }
    if (!to || sim_net__link(from, to)->cut || (!to->alive && to->vanished)) {
        if (sim_now_ns() >= c->tries_until) {
            fail_connect(c, ETIMEDOUT);
            sim_net__unref(c);
            return;
        }
        sim_at_ns(sim_now_ns() + c->try_ns, arrived, c);
        c->try_ns *= 2;
        return;
    }
    struct sim_net__sock *listener = to->alive ? listener_for(&c->end[1].addr) : NULL;
    bool refuse = !sim_healed() && sim_random_ppm(&N.random, N.set.refuse_ppm);
    if (refuse)
        sim_fault(SIM_FAULT_CONNECT_REFUSED, from->name);
    uint64_t back = sim_now_ns() + sim_net__delay(to, from);
    if (!listener || refuse) {
        sim_at_ns(back, refused, c);
        return;
    }
    struct sim_net__sock *s = sim_net__sock_new(SIM_NET__STREAM, to);
    s->end = &c->end[1];
    c->end[1].sock = s;
    c->end[1].out.last_arrival = back;
    c->refs++;
    c->accepted = true;
    par_list_append(&listener->queue, &s->queued);
    sim_net__changed(listener);
    sim_at_ns(back, established, c);
}

void sim_net__connect(struct sim_net__sock *s, const struct par_addr *to)
{
    struct sim_net__conn *c = sim_net__conn_new();
    s->end = &c->end[0];
    c->end[0].sock = s;
    c->end[0].node = s->node;
    c->end[0].addr = s->node->addr;
    c->end[0].addr.port = N.next_port++;
    if (N.next_port < 20000)
        N.next_port = 20000;
    c->end[1].node = sim_node_by_addr(to);
    c->end[1].addr = *to;
    c->tries_until = sim_now_ns() + CONNECT_S * SIM_S;
    c->try_ns = SIM_S;
    c->refs = 2;
    sim_trace("connect", c->number, to->port);
    uint64_t delay = c->end[1].node ? sim_net__delay(s->node, c->end[1].node) : SIM_MS;
    sim_at_ns(sim_now_ns() + delay, arrived, c);
}

/* ---- ending ---- */

static void break_end(struct sim_net__end *e)
{
    struct sim_net__sock *s = e->sock;
    if (!s || s->broken)
        return;
    s->broken = true;
    s->error = ECONNRESET;
    sim_net__changed(s);
}

/* Both sides learn of it now. */
void sim_net__reset(struct sim_net__conn *c)
{
    c->reset = true;
    for (int i = 0; i < 2; i++) {
        sim_net__pipe_clear(&c->end[i].out);
        break_end(&c->end[i]);
    }
}

static void reset_arrived(void *arg)
{
    struct sim_net__end *e = arg;
    struct sim_net__end *peer = sim_net__peer(e);
    if (e->conn->swallows || (peer->node && sim_net__link(peer->node, e->node)->cut)) {
        /* Lost; what is sent later will ask for another. */
        e->resetting = false;
    } else {
        e->conn->reset = true;
        sim_net__pipe_clear(&e->out);
        break_end(e);
    }
    sim_net__unref(e->conn);
}

/* The host of `from` tells the peer that there is no such connection (any more). */
void sim_net__send_reset(struct sim_net__end *from)
{
    struct sim_net__end *peer = sim_net__peer(from);
    if (peer->resetting || !peer->sock)
        return;
    peer->resetting = true;
    from->conn->refs++;
    sim_at_ns(sim_now_ns() + sim_net__delay(from->node, peer->node), reset_arrived, peer);
}

void sim_net__close(struct sim_net__sock *s, bool silent)
{
    if (s->kind == SIM_NET__LISTENER) {
        while (!par_list_empty(&s->queue))
            sim_net__close(PAR_CONTAINER(par_list_pop(&s->queue), struct sim_net__sock, queued),
                           silent);
        sim_net__sock_free(s);
        return;
    }
    struct sim_net__end *e = s->end;
    bool unread = e->in.len > e->in_at;
    bool broken = s->broken;
    sim_trace("close", e->conn->number, unread);
    sim_net__sock_free(s);
    e->sock = NULL;
    if (!silent && !broken) {
        if (unread)
            sim_net__send_reset(e);
        else
            sim_net__shut(e);
    }
    sim_net__unref(e->conn);
}

void sim_net_swallow(const struct sim_node *node)
{
    for (struct par_list *n = N.socks.next; n != &N.socks; n = n->next) {
        struct sim_net__sock *s = PAR_CONTAINER(n, struct sim_net__sock, among_all);
        if (s->kind == SIM_NET__STREAM && s->end &&
            (s->end->node == node || sim_net__peer(s->end)->node == node))
            s->end->conn->swallows = true;
    }
}
