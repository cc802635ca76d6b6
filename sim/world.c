/* The world's clock and its events, nodes, faults, and the hash of all that happens. */
#include "sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_NODES = 256, MAX_END_FNS = 8 };

struct event {
    uint64_t when;
    uint64_t order;
    sim_event_fn fn; /* NULL: cancelled */
    void *arg;
    uint32_t turn; /* of the slot */
};

static struct {
    uint64_t seed;
    uint64_t now;
    bool print;
    bool healed;
    uint64_t hash;
    uint64_t faults[SIM_FAULTS];
    sim_fail_fn fail;
    sim_note_fn note;

    struct event *events; /* slots */
    uint32_t *heap;       /* slots, by when and order */
    uint32_t *free_slots;
    uint32_t heap_count, slots, free_count, max;
    uint64_t next_order;

    struct sim_node *nodes[MAX_NODES];
    unsigned node_count;
    struct {
        sim_node_end_fn fn;
        void *arg;
    } ends[MAX_END_FNS];
    unsigned end_count;
} w;

uint64_t sim_now_ns(void)
{
    return w.now;
}

void sim_clock__set(uint64_t now_ns)
{
    w.now = now_ns;
}

uint64_t sim_seed(void)
{
    return w.seed;
}

/* ---- events ---- */

static bool before(uint32_t a, uint32_t b)
{
    const struct event *x = &w.events[a], *y = &w.events[b];
    return x->when != y->when ? x->when < y->when : x->order < y->order;
}

static void sift_up(uint32_t i)
{
    uint32_t slot = w.heap[i];
    while (i > 0 && before(slot, w.heap[(i - 1) / 2])) {
        w.heap[i] = w.heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w.heap[i] = slot;
}

static void sift_down(uint32_t i)
{
    uint32_t slot = w.heap[i];
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= w.heap_count)
            break;
        if (child + 1 < w.heap_count && before(w.heap[child + 1], w.heap[child]))
            child++;
        if (!before(w.heap[child], slot))
            break;
        w.heap[i] = w.heap[child];
        i = child;
    }
    w.heap[i] = slot;
}

static void *grown(void *old, size_t count, size_t size)
{
    void *p = realloc(old, count * size);
    if (!p)
        abort();
    return p;
}

uint64_t sim_at_ns(uint64_t when_ns, sim_event_fn fn, void *arg)
{
    uint32_t slot;
    if (w.free_count) {
        slot = w.free_slots[--w.free_count];
    } else {
        if (w.slots == w.max) {
            w.max = w.max ? w.max * 2 : 256;
            w.events = grown(w.events, w.max, sizeof *w.events);
            w.heap = grown(w.heap, w.max, sizeof *w.heap);
            w.free_slots = grown(w.free_slots, w.max, sizeof *w.free_slots);
        }
        slot = w.slots++;
        w.events[slot].turn = 0;
    }
    struct event *e = &w.events[slot];
    e->when = when_ns > w.now ? when_ns : w.now;
    e->order = w.next_order++;
    e->fn = fn;
    e->arg = arg;
    e->turn++;
    w.heap[w.heap_count++] = slot;
    sift_up(w.heap_count - 1);
    return (uint64_t)e->turn << 32 | slot;
}

void sim_cancel(uint64_t event)
{
    uint32_t slot = (uint32_t)event;
    if (slot < w.slots && w.events[slot].turn == event >> 32)
        w.events[slot].fn = NULL;
}

static void pop(void)
{
    uint32_t slot = w.heap[0];
    w.heap[0] = w.heap[--w.heap_count];
    if (w.heap_count)
        sift_down(0);
    w.events[slot].turn++;
    w.free_slots[w.free_count++] = slot;
}

bool sim_events__next(uint64_t *when_r)
{
    while (w.heap_count && !w.events[w.heap[0]].fn)
        pop();
    if (!w.heap_count)
        return false;
    *when_r = w.events[w.heap[0]].when;
    return true;
}

void sim_events__due(void)
{
    while (w.heap_count && w.events[w.heap[0]].when <= w.now) {
        struct event e = w.events[w.heap[0]];
        pop();
        if (e.fn)
            e.fn(e.arg);
    }
}

/* ---- trace ---- */

static void mix(uint64_t v)
{
    w.hash = (w.hash ^ v) * 0x9FB21C651E98DF25u;
    w.hash ^= w.hash >> 29;
}

static void mix_bytes(const char *p, size_t n)
{
    mix(n);
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        mix(v);
    }
    uint64_t rest = 0;
    if (n)
        memcpy(&rest, p, n);
    mix(rest);
}

static void print_head(const char *what)
{
    fprintf(stderr, "%12.6f %-10s %-18s ", (double)w.now / 1e9, sim_node_name(sim_node_current()),
            what);
}

void sim_trace(const char *what, uint64_t a, uint64_t b)
{
    mix_bytes(what, strlen(what));
    mix(w.now);
    mix(a);
    mix(b);
    if (w.print) {
        print_head(what);
        fprintf(stderr, "%llu %llu\n", (unsigned long long)a, (unsigned long long)b);
    }
}

void sim_trace_bytes(const char *what, uint64_t a, struct par_str bytes)
{
    mix_bytes(what, strlen(what));
    mix(w.now);
    mix(a);
    mix_bytes(bytes.ptr, bytes.len);
    if (w.print) {
        print_head(what);
        fprintf(stderr, "%llu %zu ", (unsigned long long)a, bytes.len);
        for (size_t i = 0; i < bytes.len && i < 200; i++)
            fputc(bytes.ptr[i] >= 32 && bytes.ptr[i] < 127 ? bytes.ptr[i] : '.', stderr);
        fputc('\n', stderr);
    }
}

uint64_t sim_trace_hash(void)
{
    return w.hash;
}

bool sim_trace_printed(void)
{
    return w.print;
}

/* ---- faults, failing ---- */

static const char *const fault_names[] = {
#define X(name, what) what,
#include "sim/tbl/faults.h"
#undef X
};

void sim_fault(enum sim_fault fault, const char *detail)
{
    w.faults[fault]++;
    sim_trace_bytes("fault", fault, par_str(detail ? detail : ""));
    if (w.note) {
        char text[256];
        snprintf(text, sizeof text, "%s: %s", fault_names[fault], detail ? detail : "");
        w.note(text);
    }
}

const uint64_t *sim_fault_counts(void)
{
    return w.faults;
}

bool sim_healed(void)
{
    return w.healed;
}

void sim_set_healed(void)
{
    w.healed = true;
}

void sim_set_fail(sim_fail_fn fn)
{
    w.fail = fn;
}

void sim_set_note(sim_note_fn fn)
{
    w.note = fn;
}

void sim_fail(const char *rule, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (w.fail)
        w.fail(rule, text);
    fprintf(stderr, "sim: %s: %s\n", rule, text);
    _exit(SIM_FAILED);
}

/* ---- nodes ---- */

struct sim_node *sim_node_new(enum sim_node_kind kind, const char *name)
{
    if (w.node_count == MAX_NODES)
        sim_fail("sim", "too many nodes");
    struct sim_node *node = calloc(1, sizeof *node);
    if (!node)
        abort();
    node->number = w.node_count;
    node->kind = kind;
    snprintf(node->name, sizeof node->name, "%s", name);
    node->addr = (struct par_addr){
        .ip = {10, (uint8_t)kind, (uint8_t)(node->number >> 8), (uint8_t)node->number},
        .family = PAR_ADDR_IP4};
    sim_random_init(&node->random, "node", node->number);
    node->mono_off = sim_random_below(&node->random, 1000 * SIM_S);
    w.nodes[w.node_count++] = node;
    return node;
}

struct sim_node *sim_node_at(unsigned number)
{
    return w.nodes[number];
}

unsigned sim_node_count(void)
{
    return w.node_count;
}

struct sim_node *sim_node_by_addr(const struct par_addr *addr)
{
    unsigned number = (unsigned)addr->ip[2] << 8 | addr->ip[3];
    return addr->family == PAR_ADDR_IP4 && number < w.node_count ? w.nodes[number] : NULL;
}

unsigned sim_node_number(const struct sim_node *node)
{
    return node->number;
}

const char *sim_node_name(const struct sim_node *node)
{
    return node->name;
}

unsigned sim_node_life(const struct sim_node *node)
{
    return node->life;
}

bool sim_node_alive(const struct sim_node *node)
{
    return node->alive;
}

bool sim_node_paused(const struct sim_node *node)
{
    return node->paused;
}

void sim_on_node_end(sim_node_end_fn fn, void *arg)
{
    if (w.end_count == MAX_END_FNS)
        sim_fail("sim", "too many who want to know of a node's end");
    w.ends[w.end_count].fn = fn;
    w.ends[w.end_count++].arg = arg;
}

void sim_node_up(struct sim_node *node)
{
    node->alive = true;
    node->vanished = false;
    node->life++;
    sim_trace("node.up", node->number, node->life);
}

void sim_node_down(struct sim_node *node)
{
    if (!node->alive)
        return;
    sim_trace("node.down", node->number, node->life);
    node->alive = false;
    node->paused = false;
    node->strike_in = 0;
    for (unsigned i = 0; i < w.end_count; i++)
        w.ends[i].fn(w.ends[i].arg, node, node->life);
    sim_fiber__kill_all(node); /* the last: it may be our own */
}

void sim_node_pause(struct sim_node *node)
{
    sim_trace("node.pause", node->number, node->life);
    node->paused = true;
}

void sim_node_resume(struct sim_node *node)
{
    if (!node->paused)
        return;
    sim_trace("node.resume", node->number, node->life);
    node->paused = false;
    sim_fiber__resume_all(node);
}

void sim_node_strike(struct sim_node *node, uint32_t n, sim_event_fn fn, void *arg)
{
    node->strike_in = n;
    node->strike = fn;
    node->strike_arg = arg;
}

/* ---- life ---- */

void sim_world__begin(const struct sim_settings *settings)
{
    w.seed = settings->seed;
    w.print = settings->print_trace;
    w.hash = 0x243F6A8885A308D3u;
    sim_node_up(sim_node_new(SIM_NODE_WORLD, "world"));
}

void sim_world_run(const struct sim_settings *settings, sim_fiber_fn main, void *arg)
{
    sim_world__begin(settings);
    sim_env_install();
    sim_fiber__run(settings, main, arg);
}
