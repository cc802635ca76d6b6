/* Fibers and their scheduler: who is runnable has its turn in an order drawn from the seed. */
#include "sim/switch.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 1024, SWITCH_NS_MIN = 500, SWITCH_NS_MAX = 6000 };

struct sim_fiber {
    struct sim_stack stack;
    unsigned number;
    struct sim_node *node;
    sim_fiber_fn fn;
    void *arg;
    bool runnable;
    bool done;
    bool dead; /* its node was killed */
    bool timed_out;
    bool forgotten;
    struct sim_fiber *next_of_node, *prev_of_node;

    struct sim_waiters *waits_in; /* the list it stands in */
    struct sim_fiber *next, *prev;
    const void *place; /* of a park */
    uint64_t timeout_event;
    struct sim_waiters joiners;
};

static struct {
    struct sim_stack scheduler;
    struct sim_fiber *current;
    struct sim_fiber **runnable;
    unsigned count, max;
    unsigned next_number;
    struct sim_random random;
    uint32_t switch_ppm, stall_ppm;
    uint64_t stall_ns;
    uint64_t switches;
    uint64_t limit_ns;
    struct sim_waiters places[PLACES];
    unsigned parked;
    struct sim_fiber *ended; /* its stack is given back by the scheduler */
} s;

struct sim_fiber *sim_fiber_current(void)
{
    return s.current;
}

unsigned sim_fiber_number(const struct sim_fiber *fiber)
{
    return fiber->number;
}

uint64_t sim_switches(void)
{
    return s.switches;
}

void sim_set_switch_ppm(uint32_t ppm)
{
    s.switch_ppm = ppm;
}

struct sim_node *sim_node_current(void)
{
    return s.current ? s.current->node : sim_node_at(0);
}

void sim_set_stalls(uint32_t ppm, uint64_t most_ns)
{
    s.stall_ppm = ppm;
    s.stall_ns = most_ns;
}

/* ---- lists ---- */

static void push(struct sim_fiber ***list, unsigned *count, unsigned *max, struct sim_fiber *f)
{
    if (*count == *max) {
        *max = *max ? *max * 2 : 64;
        *list = realloc(*list, *max * sizeof(struct sim_fiber *));
        if (!*list)
            abort();
    }
    (*list)[(*count)++] = f;
}

static void make_runnable(struct sim_fiber *f)
{
    if (f->runnable || f->dead || f->done)
        return;
    f->runnable = true;
    if (f->node->paused)
        push(&f->node->held, &f->node->held_count, &f->node->held_max, f);
    else
        push(&s.runnable, &s.count, &s.max, f);
}

static void leave_list(struct sim_fiber *f)
{
    struct sim_waiters *w = f->waits_in;
    if (!w)
        return;
    if (f->prev)
        f->prev->next = f->next;
    else
        w->_first = f->next;
    if (f->next)
        f->next->prev = f->prev;
    else
        w->_last = f->prev;
    f->waits_in = NULL;
    f->next = f->prev = NULL;
    if (f->place)
        s.parked--;
    f->place = NULL;
}

static void enter_list(struct sim_fiber *f, struct sim_waiters *w)
{
    f->waits_in = w;
    f->next = NULL;
    f->prev = w->_last;
    if (w->_last)
        w->_last->next = f;
    else
        w->_first = f;
    w->_last = f;
}

static void leave_node(struct sim_fiber *f)
{
    if (f->prev_of_node)
        f->prev_of_node->next_of_node = f->next_of_node;
    else
        f->node->fibers = f->next_of_node;
    if (f->next_of_node)
        f->next_of_node->prev_of_node = f->prev_of_node;
}

/* ---- switching ---- */

static void to_scheduler(struct sim_fiber *f, bool ends)
{
    s.current = NULL;
    sim_stack_switch(&f->stack, &s.scheduler, ends);
}

static void fiber_main(void *arg)
{
    struct sim_fiber *f = arg;
    sim_stack_arrived(&f->stack, &s.scheduler);
    f->fn(f->arg);
    f->done = true;
    leave_node(f);
    sim_wake_all(&f->joiners);
    s.ended = f;
    to_scheduler(f, true);
}

struct sim_fiber *sim_spawn(struct sim_node *node, const char *name, sim_fiber_fn fn, void *arg)
{
    struct sim_fiber *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->number = s.next_number++;
    f->node = node ? node : sim_node_at(0);
    f->fn = fn;
    f->arg = arg;
    f->next_of_node = f->node->fibers;
    if (f->next_of_node)
        f->next_of_node->prev_of_node = f;
    f->node->fibers = f;
    sim_stack_new(&f->stack);
    sim_stack_prepare(&f->stack, fiber_main, f);
    sim_trace_bytes("spawn", f->number, par_str(name));
    make_runnable(f);
    return f;
}

bool sim_fiber_done(const struct sim_fiber *fiber)
{
    return fiber->done;
}

void sim_fiber_join(struct sim_fiber *fiber)
{
    while (!fiber->done)
        sim_wait(&fiber->joiners, UINT64_MAX);
    free(fiber);
}

void sim_fiber_forget(struct sim_fiber *fiber)
{
    fiber->forgotten = true;
}

static void wake(struct sim_fiber *f)
{
    leave_list(f);
    if (f->timeout_event) {
        sim_cancel(f->timeout_event);
        f->timeout_event = 0;
    }
    make_runnable(f);
}

static void time_over(void *arg)
{
    struct sim_fiber *f = arg;
    f->timeout_event = 0;
    f->timed_out = true;
    wake(f);
}

static void rest(struct sim_fiber *f, uint64_t timeout_ns)
{
    f->timed_out = false;
    if (timeout_ns != UINT64_MAX)
        f->timeout_event = sim_at_ns(sim_now_ns() + timeout_ns, time_over, f);
    to_scheduler(f, false);
}

/* ---- waiting ---- */

void sim_sleep_ns(uint64_t ns)
{
    struct sim_fiber *f = s.current;
    if (!f)
        sim_fail("sim", "a sleep outside of all fibers");
    if (ns == 0) {
        make_runnable(f);
        to_scheduler(f, false);
    } else {
        rest(f, ns);
    }
}

bool sim_wait(struct sim_waiters *waiters, uint64_t timeout_ns)
{
    struct sim_fiber *f = s.current;
    if (!f)
        sim_fail("sim", "a wait outside of all fibers");
    enter_list(f, waiters);
    rest(f, timeout_ns);
    return !f->timed_out;
}

void sim_wake_one(struct sim_waiters *waiters)
{
    if (waiters->_first)
        wake(waiters->_first);
}

void sim_wake_all(struct sim_waiters *waiters)
{
    while (waiters->_first)
        wake(waiters->_first);
}

/* The order of those that wait at one place is the order of their coming, whatever its address. */
static struct sim_waiters *place_of(const void *place)
{
    uint64_t h = (uint64_t)(uintptr_t)place * 0x9E3779B97F4A7C15u;
    return &s.places[h >> 54];
}

bool sim_park(const void *place, uint64_t timeout_ns)
{
    struct sim_fiber *f = s.current;
    if (!f)
        sim_fail("sim", "a park outside of all fibers");
    enter_list(f, place_of(place));
    f->place = place;
    s.parked++;
    rest(f, timeout_ns);
    return !f->timed_out;
}

void sim_unpark(const void *place, bool all)
{
    if (!s.parked)
        return;
    for (struct sim_fiber *f = place_of(place)->_first; f;) {
        struct sim_fiber *next = f->next;
        if (f->place == place) {
            wake(f);
            if (!all)
                return;
        }
        f = next;
    }
}

/* One thread of a server gets no turn for long, while the others go on. */
static bool stalls(struct sim_fiber *f)
{
    if (f->node->kind != SIM_NODE_SERVER || sim_healed() || !sim_random_ppm(&s.random, s.stall_ppm))
        return false;
    sim_fault(SIM_FAULT_THREAD_STALLED, sim_node_name(f->node));
    sim_sleep_ns(sim_random_skew(&s.random, 0, s.stall_ns));
    return true;
}

void sim_interrupt(void)
{
    if (!s.current || (s.stall_ppm && stalls(s.current)))
        return;
    if (sim_random_ppm(&s.random, s.switch_ppm))
        sim_sleep_ns(0);
}

/* ---- nodes ---- */

void sim_fiber__kill_all(struct sim_node *node)
{
    bool own = false;
    for (struct sim_fiber *f = node->fibers; f; f = f->next_of_node) {
        f->dead = true;
        leave_list(f);
        if (f->timeout_event)
            sim_cancel(f->timeout_event);
        f->timeout_event = 0;
        own = own || f == s.current;
    }
    node->fibers = NULL;
    node->held_count = 0;
    if (own)
        to_scheduler(s.current, false);
}

void sim_fiber__resume_all(struct sim_node *node)
{
    for (unsigned i = 0; i < node->held_count; i++) {
        if (!node->held[i]->dead)
            push(&s.runnable, &s.count, &s.max, node->held[i]);
    }
    node->held_count = 0;
}

/* ---- the scheduler ---- */

static void run_one(void)
{
    unsigned i = (unsigned)sim_random_below(&s.random, s.count);
    struct sim_fiber *f = s.runnable[i];
    s.runnable[i] = s.runnable[--s.count];
    if (f->dead)
        return;
    if (f->node->paused) {
        push(&f->node->held, &f->node->held_count, &f->node->held_max, f);
        return;
    }
    if (f->node->strike_in && --f->node->strike_in == 0) {
        push(&s.runnable, &s.count, &s.max, f);
        f->node->strike(f->node->strike_arg);
        return;
    }
    f->runnable = false;
    s.switches++;
    sim_clock__set(sim_now_ns() + sim_random_in(&s.random, SWITCH_NS_MIN, SWITCH_NS_MAX));
    sim_trace("run", f->number, s.count);
    s.current = f;
    sim_stack_switch(&s.scheduler, &f->stack, false);
    s.current = NULL;
    if (s.ended) {
        sim_stack_free(&s.ended->stack);
        if (s.ended->forgotten)
            free(s.ended);
        s.ended = NULL;
    }
}

void sim_fiber__run(const struct sim_settings *settings, sim_fiber_fn main, void *arg)
{
    sim_random_init(&s.random, "scheduler", 0);
    s.limit_ns = settings->limit_ns;
    struct sim_fiber *first = sim_spawn(NULL, "main", main, arg);
    while (!first->done) {
        sim_events__due();
        if (s.count) {
            run_one();
            continue;
        }
        uint64_t when;
        if (!sim_events__next(&when))
            sim_fail("hang", "nothing can run any more");
        if (when > s.limit_ns)
            sim_fail("hang", "the world does not end within its virtual time");
        if (when > sim_now_ns())
            sim_clock__set(when);
    }
}
