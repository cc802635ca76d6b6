/* Unit tests only: sim/sim.h without fibers, on a virtual clock or on threads. */
#include "sim/engine/test_host.h"

#include "loop/env_ops.h"
#include "sim/engine/host.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { NODES = 16, END_FNS = 8 };

struct sim_node {
    unsigned number, life;
    bool dead, paused;
    bool cut[SIM_ENGINES];
};

struct event {
    struct event *next;
    uint64_t id, when_ns;
    sim_event_fn fn;
    void *arg;
};

static struct {
    bool threads, healed;
    uint64_t seed, now_ns, began_ns, delay_ns, ids;
    int64_t wall_ms, wall_step_ms;
    struct event *events; /* by time, then by id */
    uint64_t faults[SIM_FAULTS];
    struct sim_node nodes[NODES];
    struct {
        sim_node_end_fn fn;
        void *arg;
    } ends[END_FNS];
    size_t end_count;
} host;

static pthread_mutex_t lock;
static _Thread_local unsigned here;
static _Thread_local int depth;

/* ---- the one lock ---- */

void sim_engine_enter(void)
{
    pthread_mutex_lock(&lock);
    depth++;
}

void sim_engine_leave(void)
{
    depth--;
    pthread_mutex_unlock(&lock);
}

/* ---- time and events ---- */

uint64_t sim_now_ns(void)
{
    return host.threads ? par_mono_ns() - host.began_ns : host.now_ns;
}

uint64_t sim_at_ns(uint64_t when_ns, sim_event_fn fn, void *arg)
{
    struct event *e = calloc(1, sizeof *e), **at = &host.events;
    PAR_ASSERT(e != NULL);
    *e = (struct event){NULL, ++host.ids, when_ns, fn, arg};
    while (*at != NULL && (*at)->when_ns <= when_ns)
        at = &(*at)->next;
    e->next = *at;
    *at = e;
    return e->id;
}

void sim_cancel(uint64_t id)
{
    for (struct event **at = &host.events; *at != NULL; at = &(*at)->next) {
        struct event *e = *at;
        if (e->id != id)
            continue;
        *at = e->next;
        free(e);
        return;
    }
}

/* What is due up to that time happens; returns when the next event is (UINT64_MAX: none). */
static uint64_t happen(uint64_t until_ns)
{
    while (host.events != NULL && host.events->when_ns <= until_ns) {
        struct event *e = host.events;
        unsigned was = here;
        host.events = e->next;
        if (e->when_ns > host.now_ns)
            host.now_ns = e->when_ns;
        here = 0;
        e->fn(e->arg);
        here = was;
        free(e);
    }
    return host.events != NULL ? host.events->when_ns : UINT64_MAX;
}

/* Gives the lock up for about so long. */
static void rest(uint64_t ns)
{
    int held = depth;
    struct timespec ts = {(time_t)(ns / SIM_S), (long)(ns % SIM_S)};
    for (int i = 0; i < held; i++)
        sim_engine_leave();
    nanosleep(&ts, NULL);
    for (int i = 0; i < held; i++)
        sim_engine_enter();
}

void sim_sleep_ns(uint64_t ns)
{
    uint64_t end = sim_now_ns() + ns;
    if (!host.threads) {
        happen(end);
        if (host.now_ns < end)
            host.now_ns = end;
        return;
    }
    for (;;) {
        uint64_t now = sim_now_ns(), next = happen(now);
        if (now >= end)
            return;
        next = next < end ? next : end;
        if (next > now)
            rest(next - now < SIM_MS ? next - now : SIM_MS);
    }
}

void sim_test_run_ns(uint64_t ns)
{
    sim_engine_enter();
    sim_sleep_ns(ns);
    sim_engine_leave();
}

struct sim_fiber *sim_fiber_current(void)
{
    static _Thread_local char me;
    return (struct sim_fiber *)(void *)&me;
}

/* ---- waiting: a wake is a change of the first word ---- */

bool sim_wait(struct sim_waiters *waiters, uint64_t timeout_ns)
{
    uint64_t now = sim_now_ns(),
             end = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    uintptr_t was = (uintptr_t)waiters->_first;
    for (;;) {
        now = sim_now_ns();
        uint64_t next = happen(now);
        if ((uintptr_t)waiters->_first != was)
            return true;
        if (now >= end)
            return false;
        next = next < end ? next : end;
        if (host.threads) {
            rest(next - now < SIM_MS ? next - now : SIM_MS);
        } else {
            /* One thread that waits without an end and without an event waits for ever. */
            PAR_ASSERT(next != UINT64_MAX);
            happen(next);
            if (host.now_ns < next)
                host.now_ns = next;
        }
    }
}

void sim_wake_all(struct sim_waiters *waiters)
{
    waiters->_first = (struct sim_fiber *)((uintptr_t)waiters->_first + 1);
}

void sim_wake_one(struct sim_waiters *waiters)
{
    sim_wake_all(waiters);
}

/* ---- nodes ---- */

struct sim_node *sim_node_current(void)
{
    return &host.nodes[here];
}

unsigned sim_node_number(const struct sim_node *node)
{
    return node->number;
}

const char *sim_node_name(const struct sim_node *node)
{
    static const char *const names[NODES] = {"world", "a", "b", "c", "d", "e", "f", "g",
                                             "h",     "i", "j", "k", "l", "m", "n", "o"};
    return names[node->number];
}

unsigned sim_node_life(const struct sim_node *node)
{
    return node->life;
}

bool sim_node_alive(const struct sim_node *node)
{
    return !node->dead;
}

bool sim_node_paused(const struct sim_node *node)
{
    return node->paused;
}

void sim_on_node_end(sim_node_end_fn fn, void *arg)
{
    PAR_ASSERT(host.end_count < END_FNS);
    host.ends[host.end_count].fn = fn;
    host.ends[host.end_count++].arg = arg;
}

bool sim_reaches(const struct sim_node *node, enum sim_engine engine)
{
    return !node->cut[engine];
}

uint64_t sim_delay_ns(const struct sim_node *node, enum sim_engine engine)
{
    (void)node;
    (void)engine;
    return host.delay_ns;
}

/* ---- random numbers: xorshift over a mixed seed ---- */

void sim_random_init(struct sim_random *r, const char *purpose, uint64_t index)
{
    uint64_t h = host.seed * 0x9E3779B97F4A7C15u + index;
    for (const char *p = purpose; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211u;
    r->_s[0] = h | 1;
    for (int i = 0; i < 8; i++)
        sim_random_u64(r);
}

uint64_t sim_random_u64(struct sim_random *r)
{
    uint64_t x = r->_s[0];
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    r->_s[0] = x;
    return x * 0x2545F4914F6CDD1Du;
}

uint64_t sim_random_below(struct sim_random *r, uint64_t n)
{
    return n > 0 ? (sim_random_u64(r) >> 11) % n : 0;
}

uint64_t sim_random_in(struct sim_random *r, uint64_t from, uint64_t to)
{
    return from + sim_random_below(r, to - from + 1);
}

bool sim_random_ppm(struct sim_random *r, uint32_t ppm)
{
    return sim_random_below(r, 1000000) < ppm;
}

uint64_t sim_random_skew(struct sim_random *r, uint64_t from, uint64_t to)
{
    uint64_t part = sim_random_below(r, 1024);
    return from + (to - from) * (part * part) / (1024 * 1024);
}

/* ---- what happened ---- */

void sim_fault(enum sim_fault fault, const char *detail)
{
    (void)detail;
    host.faults[fault]++;
}

bool sim_healed(void)
{
    return host.healed;
}

void sim_trace(const char *what, uint64_t a, uint64_t b)
{
    (void)what;
    (void)a;
    (void)b;
}

/* ---- the test's side ---- */

static uint64_t virtual_mono_ns(void)
{
    return SIM_S + sim_now_ns();
}

static int64_t virtual_wall_us(void)
{
    host.wall_ms += host.wall_step_ms;
    return (1767225600000 + host.wall_ms + (int64_t)(sim_now_ns() / SIM_MS)) * 1000;
}

void sim_test_wall_step(int64_t ms)
{
    host.wall_step_ms = ms;
}

/* What the product asks of the system while the clock is virtual. */
static struct par_env_ops virtual_env;

void sim_test_begin(uint64_t seed, bool threads)
{
    pthread_mutexattr_t attr;
    memset(&host, 0, sizeof host);
    host.seed = seed;
    host.threads = threads;
    host.began_ns = par_mono_ns();
    for (unsigned i = 0; i < NODES; i++)
        host.nodes[i].number = i;
    here = 0;
    virtual_env = par_env_system;
    virtual_env.mono_ns = virtual_mono_ns;
    virtual_env.wall_us = virtual_wall_us;
    par_env_install(threads ? NULL : &virtual_env);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

void sim_test_end(void)
{
    while (host.events != NULL)
        sim_cancel(host.events->id);
    par_env_install(NULL);
    pthread_mutex_destroy(&lock);
}

struct sim_node *sim_test_node(unsigned number)
{
    here = number;
    return &host.nodes[number];
}

void sim_test_cut(unsigned number, enum sim_engine engine, bool cut)
{
    host.nodes[number].cut[engine] = cut;
}

void sim_test_pause(unsigned number, bool paused)
{
    host.nodes[number].paused = paused;
}

void sim_test_kill(unsigned number)
{
    struct sim_node *node = &host.nodes[number];
    unsigned was = here;
    here = 0;
    sim_engine_enter();
    for (size_t i = 0; i < host.end_count; i++)
        host.ends[i].fn(host.ends[i].arg, node, node->life);
    node->life++;
    sim_engine_leave();
    here = was;
}

void sim_test_delay(uint64_t ns)
{
    host.delay_ns = ns;
}

void sim_test_heal(bool healed)
{
    host.healed = healed;
}

uint64_t sim_test_faults(enum sim_fault fault)
{
    return host.faults[fault];
}
