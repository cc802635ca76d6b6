/* The turn of a loop, its timers, hooks and deferred calls. */
#include "loop/env.h"
#include "loop/loop_private.h"
#include "loop/tcp_private.h"

#include <limits.h>
#include <stdlib.h>

enum { LONGEST_SLEEP_MS = 24 * 3600 * 1000, LAZY_MS = 1024, STOOD_MS = 1000 };
static const uint64_t longest_delay_ms = UINT64_C(24) * 24 * 3600 * 1000;

static const struct par_loop_ops *installed = &par_loop_system;

void par_loop_install(const struct par_loop_ops *ops)
{
    installed = ops ? ops : &par_loop_system;
}

enum par_err par_loop_new(struct par_loop **loop_r)
{
    return par_loop_new_on(installed, NULL, loop_r);
}

enum par_err par_loop_new_on(const struct par_loop_ops *ops, void *world, struct par_loop **loop_r)
{
    *loop_r = NULL;
    struct par_loop *loop = NULL;
    if (posix_memalign((void **)&loop, 64, sizeof *loop) != 0)
        return PAR_E_UNAVAILABLE;
    *loop = (struct par_loop){.ops = ops, .world = world, .now_ms = par_mono_ms()};
    par_list_init(&loop->mailboxes);
    par_list_init(&loop->hooks);
    loop->deferred_end = &loop->deferred;
    par_wheel__init(&loop->wheel, loop->now_ms);
    par_tcp__loop_init(loop);
    loop->read_buf = malloc(PAR_LOOP__READ_BYTES);
    if (!loop->read_buf || ops->open(&loop->world) != PAR_OK) {
        free(loop->read_buf);
        par_tcp__loop_fini(loop);
        free(loop);
        return PAR_E_UNAVAILABLE;
    }
    *loop_r = loop;
    return PAR_OK;
}

static void run_deferred(struct par_loop *loop)
{
    struct par_defer *d = loop->deferred;
    loop->deferred = NULL;
    loop->deferred_end = &loop->deferred;
    while (d) {
        struct par_defer *next = d->_next;
        d->_fn(d);
        d = next;
    }
}

void par_loop_free(struct par_loop **loop_p)
{
    struct par_loop *loop = *loop_p;
    *loop_p = NULL;
    if (!loop)
        return;
    PAR_ASSERT(par_list_empty(&loop->mailboxes));
    PAR_ASSERT(atomic_load_explicit(&loop->n.connections, memory_order_relaxed) == 0);
    while (loop->deferred)
        run_deferred(loop);
    loop->ops->close(loop->world);
    par_tcp__loop_fini(loop);
    free(loop->read_buf);
    free(loop);
}

uint64_t par_loop_now_ms(const struct par_loop *loop)
{
    return loop->now_ms;
}

uint64_t par_loop_stood_ms(const struct par_loop *loop)
{
    return loop->stood_ms;
}

/* ---- timers ---- */

void par_timer_init(struct par_timer *timer, par_timer_fn fn)
{
    par_list_init(&timer->_node);
    timer->_deadline = 0;
    timer->_fn = fn;
}

static void set_at(struct par_loop *loop, struct par_timer *timer, uint64_t deadline)
{
    par_list_remove(&timer->_node);
    par_wheel__add(&loop->wheel, timer, deadline);
}

void par_timer_set(struct par_loop *loop, struct par_timer *timer, uint64_t delay_ms)
{
    set_at(loop, timer, loop->now_ms + (delay_ms < longest_delay_ms ? delay_ms : longest_delay_ms));
}

void par_timer_set_lazy(struct par_loop *loop, struct par_timer *timer, uint64_t delay_ms)
{
    if (delay_ms > longest_delay_ms)
        delay_ms = longest_delay_ms;
    uint64_t grain = 1;
    while (grain < LAZY_MS && grain * 2 <= delay_ms / 16)
        grain *= 2;
    set_at(loop, timer, (loop->now_ms + delay_ms + grain - 1) & ~(grain - 1));
}

void par_timer_cancel(struct par_timer *timer)
{
    par_list_remove(&timer->_node);
}

static void run_timers(struct par_loop *loop)
{
    struct par_list expired;
    par_list_init(&expired);
    par_wheel__advance(&loop->wheel, loop->now_ms, &expired);
    for (struct par_list *n; (n = par_list_pop(&expired));) {
        struct par_timer *t = PAR_CONTAINER(n, struct par_timer, _node);
        par_loop__count(&loop->n.timers_fired, 1);
        t->_fn(t);
    }
}

/* ---- hooks and deferred calls ---- */

void par_hook_add(struct par_loop *loop, struct par_hook *hook, par_hook_fn fn)
{
    hook->_fn = fn;
    par_list_append(&loop->hooks, &hook->_node);
}

void par_hook_remove(struct par_hook *hook)
{
    par_list_remove(&hook->_node);
}

/* Each goes back to the list before its call, so that a hook may remove itself or any other. */
static void run_hooks(struct par_loop *loop)
{
    struct par_list hooks;
    par_list_init(&hooks);
    par_list_splice(&hooks, &loop->hooks);
    for (struct par_list *n; (n = par_list_pop(&hooks));) {
        par_list_append(&loop->hooks, n);
        struct par_hook *h = PAR_CONTAINER(n, struct par_hook, _node);
        h->_fn(h);
    }
}

void par_loop_defer(struct par_loop *loop, struct par_defer *defer, par_defer_fn fn)
{
    defer->_fn = fn;
    defer->_next = NULL;
    *loop->deferred_end = defer;
    loop->deferred_end = &defer->_next;
}

/* ---- descriptors ---- */

enum par_err par_io_add(struct par_loop *loop, struct par_io *io, int fd, par_io_fn fn)
{
    *io = (struct par_io){._fn = fn, .fd = fd, ._armed = 1};
    if (loop->ops->watch(loop->world, fd, io) < 0) {
        io->_armed = 0;
        return PAR_E_UNAVAILABLE;
    }
    return PAR_OK;
}

void par_io_remove(struct par_loop *loop, struct par_io *io)
{
    if (!io->_armed)
        return;
    io->_armed = 0;
    loop->ops->unwatch(loop->world, io->fd);
}

/* ---- the turn ---- */

static bool work_left(const struct par_loop *loop)
{
    return loop->more.first || loop->dirty.first || loop->deferred;
}

static int sleep_ms(struct par_loop *loop, int max_wait_ms)
{
    if (max_wait_ms == 0 || work_left(loop))
        return 0;
    uint64_t next = par_wheel__next(&loop->wheel);
    if (next == UINT64_MAX)
        return max_wait_ms;
    uint64_t now = par_mono_ms();
    uint64_t ms = next > now ? next - now : 0;
    if (ms > LONGEST_SLEEP_MS)
        ms = LONGEST_SLEEP_MS;
    return max_wait_ms < 0 || ms < (uint64_t)max_wait_ms ? (int)ms : max_wait_ms;
}

static int wait_ready(struct par_loop *loop, int timeout_ms)
{
    if (timeout_ms != 0) {
        /* First say that we sleep, then look: whoever posts first posts, then looks. In the one
         * order that both agree on, at least one of us sees the other. */
        atomic_store(&loop->asleep, 1);
        if (par_mailbox__any(loop) || atomic_load(&loop->stopping))
            timeout_ms = 0;
        else
            par_loop__count(&loop->n.sleeps, 1);
    }
    int n = loop->ops->wait(loop->world, loop->ready, PAR_LOOP__EVENTS, timeout_ms);
    if (timeout_ms != 0 || atomic_load_explicit(&loop->asleep, memory_order_relaxed))
        atomic_store(&loop->asleep, 0);
    return n;
}

/* Waits for what is ready, and reads the clock. What the turn before took and what this sleep took
 * beyond its end is time in which nobody was heard. */
static int begin_turn(struct par_loop *loop, int max_wait_ms)
{
    int sleep = sleep_ms(loop, max_wait_ms);
    uint64_t before = par_mono_ms(), late = before - loop->now_ms;
    int n = wait_ready(loop, sleep);
    loop->now_ms = par_mono_ms();
    if (sleep >= 0 && loop->now_ms > before + (uint64_t)sleep)
        late += loop->now_ms - before - (uint64_t)sleep;
    if (late >= STOOD_MS)
        loop->stood_ms += late;
    return n;
}

void par_loop_turn(struct par_loop *loop, int max_wait_ms)
{
    int n = begin_turn(loop, max_wait_ms);
    par_loop__count(&loop->n.turns, 1);
    par_loop__count(&loop->n.events, (uint64_t)n);

    /* First those with input left over: an event does not read for a connection that has its share.
     */
    par_tcp__read_more(loop);
    for (int i = 0; i < n; i++) {
        struct par_io *io = loop->ready[i].io;
        if (io->_armed)
            io->_fn(io, loop->ready[i].events);
    }
    par_mailbox__drain_all(loop);
    run_timers(loop);
    run_hooks(loop);

    struct par_tcp__chain ended = {0};
    par_tcp__flush_all(loop, &ended);
    par_tcp__release(loop, &ended);
    run_deferred(loop);
}

void par_loop_run(struct par_loop *loop)
{
    while (!atomic_load(&loop->stopping))
        par_loop_turn(loop, -1);
    atomic_store(&loop->stopping, 0);
}

void par_loop__wake(struct par_loop *loop)
{
    if (atomic_load(&loop->asleep) && atomic_exchange(&loop->asleep, 0)) {
        atomic_fetch_add_explicit(&loop->n.wakes, 1, memory_order_relaxed);
        loop->ops->wake(loop->world);
    }
}

void par_loop_stop(struct par_loop *loop)
{
    atomic_store(&loop->stopping, 1);
    par_loop__wake(loop);
}

void par_loop_stats(const struct par_loop *loop, struct par_loop_stats *s)
{
#define GET(name) .name = atomic_load_explicit(&loop->n.name, memory_order_relaxed)
    *s = (struct par_loop_stats){
        GET(turns),    GET(sleeps),   GET(events),        GET(timers_fired), GET(wakes),
        GET(accepted), GET(bytes_in), GET(accept_pauses), GET(connections),  GET(bytes_out),
        GET(reads),    GET(writes),   GET(queued_bytes),  GET(overflows),
    };
#undef GET
    s->output_memory = atomic_load_explicit(&loop->n.scratch_bytes, memory_order_relaxed) +
                       par_slab_bytes(&loop->blocks) + par_slab_bytes(&loop->lingers);
}
