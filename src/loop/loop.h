/* The reactor: one loop a thread, and everything of that loop belongs to that thread.
 *
 * A turn has phases, always in this order:
 *   1. wait       sleeps in the kernel until a socket, a mailbox or a timer needs something; not at
 * all when work is left over from the turn before
 *   2. I/O        callbacks of sockets (accept, bytes, end of stream), each bounded in bytes per
 * turn
 *   3. mailboxes  each bound mailbox is emptied by one call of its function
 *   4. timers     those that are due
 *   5. hooks      end-of-turn functions, in the order they were added
 *   6. flush      every connection written to in this turn is written once (tcp.h)
 *   7. release    on_closed of the connections that ended, then deferred functions; only here is
 * the memory of a connection freed, so no phase meets a dead object A callback never blocks: what
 * waits belongs on the writer or in a pool (pool.h).
 *
 * The clock is read once a turn; all of a turn happens at par_loop_now_ms(). Except where it says
 * "any thread", a function is for the loop's own thread (or for the one thread that has the loop
 * before it runs, and after it ran). */
#ifndef PAR_LOOP_LOOP_H
#define PAR_LOOP_LOOP_H

#include "base/list.h"
#include "parley/err.h"

#include <stdint.h>

struct par_loop;

/* ---- life ---- */

/* A loop on the system's epoll. PAR_E_UNAVAILABLE when it gives no descriptors or memory. The
 * caller frees it. */
enum par_err par_loop_new(struct par_loop **loop_r) PAR_MUST_CHECK;
/* Frees and nulls. No connection, listener or mailbox may be open on it any more: that is a bug and
 * ends the process. */
void par_loop_free(struct par_loop **loop);

/* Turns until par_loop_stop. Blocks. Work of the turn in which it was stopped is finished. */
void par_loop_run(struct par_loop *loop);
/* One turn that waits at most max_wait_ms (< 0: until there is work); for tests, commands and
 * simulation. */
void par_loop_turn(struct par_loop *loop, int max_wait_ms);
/* Makes par_loop_run return after its current turn. Any thread. The loop may be run again. */
void par_loop_stop(struct par_loop *loop);

/* Milliseconds of the monotonic clock as of this turn's wait. */
uint64_t par_loop_now_ms(const struct par_loop *loop);
/* How long, in all, this loop stood still, counted in times of a second and more: the process was
 * stopped or starved, or a turn took that long. What is late by that is not the peer's fault. */
uint64_t par_loop_stood_ms(const struct par_loop *loop);

/* ---- timers ---- */

struct par_timer;
typedef void (*par_timer_fn)(struct par_timer *timer);

/* Embedded in its owner, which the function finds with PAR_CONTAINER; 32 bytes. One shot: it is not
 * set any more when its function is called, which may set it again or free the owner. */
struct par_timer {
    struct par_list _node;
    uint64_t _deadline;
    par_timer_fn _fn;
};

/* Not set. Needs no fini; but a set timer must be cancelled before its memory goes. */
void par_timer_init(struct par_timer *timer, par_timer_fn fn);
/* Fires in the first turn at or after now + delay_ms; a timer that is set already moves. O(1). A
 * delay of 0 fires in the next turn, never in this one. Delays over 24 days are cut to that. */
void par_timer_set(struct par_loop *loop, struct par_timer *timer, uint64_t delay_ms);
/* The same, for those that care little: fires up to delay/16 (at most 1,024 ms) late, together with
 * others, so that any number of them wakes the loop at most once a second. For heartbeats and idle
 * limits. */
void par_timer_set_lazy(struct par_loop *loop, struct par_timer *timer, uint64_t delay_ms);
/* O(1); harmless when it is not set. */
void par_timer_cancel(struct par_timer *timer);
static inline bool par_timer_is_set(const struct par_timer *timer)
{
    return !par_list_empty(&timer->_node);
}

/* ---- end of a turn ---- */

struct par_hook;
typedef void (*par_hook_fn)(struct par_hook *hook);
/* Embedded in its owner. Its function is called in phase 5 of every turn until it is removed. */
struct par_hook {
    struct par_list _node;
    par_hook_fn _fn;
};
void par_hook_add(struct par_loop *loop, struct par_hook *hook, par_hook_fn fn);
void par_hook_remove(struct par_hook *hook);

struct par_defer;
typedef void (*par_defer_fn)(struct par_defer *defer);
/* Embedded in its owner, zeroed at first. */
struct par_defer {
    struct par_defer *_next;
    par_defer_fn _fn;
};
/* Calls fn once, in phase 7 of this turn (or of the next one, from within phase 7): frees what
 * others in this turn may still look at. */
void par_loop_defer(struct par_loop *loop, struct par_defer *defer, par_defer_fn fn);

/* ---- descriptors that are not connections (signals, standard input, a client library's sockets)
 * ---- */

enum par_io_event {
    PAR_IO_IN = 1,
    PAR_IO_OUT = 2,
    PAR_IO_HUP = 4, /* the peer sends no more, or the connection is gone: read to learn which */
    PAR_IO_ERR = 8,
};

struct par_io;
typedef void (*par_io_fn)(struct par_io *io, unsigned events);

/* Embedded in its owner. Edges, not levels: an event tells that something changed; the function
 * reads or writes until it would block, or remembers that it did not. */
struct par_io {
    par_io_fn _fn;
    int fd;
    uint16_t _flags; /* tcp.c keeps its own here */
    uint8_t _armed;
    uint8_t _spare;
};

/* Watches fd, which is non-blocking and stays the caller's, for IN, OUT, HUP and ERR.
 * PAR_E_UNAVAILABLE when the system refuses. */
enum par_err par_io_add(struct par_loop *loop, struct par_io *io, int fd,
                        par_io_fn fn) PAR_MUST_CHECK;
/* Stops watching; no call of fn comes after it. The io's memory must outlive the turn
 * (par_loop_defer). Call it before fd is closed. */
void par_io_remove(struct par_loop *loop, struct par_io *io);

/* ---- counters, readable by any thread ---- */

struct par_loop_stats {
    uint64_t turns;  /* turns made */
    uint64_t sleeps; /* turns that really slept */
    uint64_t events; /* I/O events handled */
    uint64_t timers_fired;
    uint64_t wakes; /* times another thread had to wake the loop */
    uint64_t accepted;
    uint64_t accept_pauses; /* times accepting paused because descriptors or memory ran out */
    uint64_t connections;   /* open now */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t reads; /* system calls */
    uint64_t writes;
    uint64_t queued_bytes;  /* waiting in all connections' output queues now */
    uint64_t overflows;     /* connections whose queue passed its limit */
    uint64_t output_memory; /* bytes held for output queues: blocks and scratch */
};
void par_loop_stats(const struct par_loop *loop, struct par_loop_stats *stats_r);

#endif
