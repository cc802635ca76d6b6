/* The inside of a loop, for the files of this folder. */
#ifndef PAR_LOOP_LOOP_PRIVATE_H
#define PAR_LOOP_LOOP_PRIVATE_H

#include "base/slab.h"
#include "loop/loop_ops.h"
#include "loop/mailbox.h"
#include "loop/tcp.h"
#include "loop/wheel.h"

enum {
    PAR_LOOP__READ_BYTES = 64 * 1024, /* what one connection may bring in a turn */
    PAR_LOOP__EVENTS = 256,           /* what one wait may report */
};

/* Written by the loop's thread only, read by any. */
struct par_loop__counters {
    _Atomic uint64_t turns, sleeps, events, timers_fired, wakes, accepted, accept_pauses,
        connections, bytes_in, bytes_out, reads, writes, queued_bytes, overflows, scratch_bytes;
};

/* Bytes that were copied in this turn and have not left yet; see tcp_queue.c. */
struct par_loop__scratch;

/* Connections in the order in which they were added, chained by one of their two links. */
struct par_tcp__chain {
    struct par_tcp *first;
    struct par_tcp *last;
};

struct par_loop {
    const struct par_loop_ops *ops;
    void *world;
    uint64_t now_ms;
    uint64_t stood_ms;
    struct par_list mailboxes;
    struct par_list hooks;
    struct par_defer *deferred;
    struct par_defer **deferred_end;

    struct par_tcp__chain dirty; /* to flush or to release, by _dirty_next */
    struct par_tcp__chain more;  /* to read on in the next turn, by _more_next */
    struct par_loop__scratch *scratch;
    struct par_slab blocks;
    struct par_slab lingers;
    uint8_t *read_buf;

    struct par_loop__counters n;
    struct par_wheel wheel;
    struct par_ready ready[PAR_LOOP__EVENTS];

    _Alignas(
        64) _Atomic uint32_t asleep; /* 1: whoever posts must wake it; shared with other threads */
    _Atomic uint32_t stopping;
};

static inline void par_loop__count(_Atomic uint64_t *counter, uint64_t delta)
{
    uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, v + delta, memory_order_relaxed);
}

/* Wakes the loop if it sleeps. Any thread. */
void par_loop__wake(struct par_loop *loop);

/* mailbox.c: phase 3; and whether anything waits. */
void par_mailbox__drain_all(struct par_loop *loop);
bool par_mailbox__any(struct par_loop *loop);

/* tcp.c */
void par_tcp__read_more(struct par_loop *loop); /* phase 2, before the events */
void par_tcp__flush_all(struct par_loop *loop, struct par_tcp__chain *ended); /* phase 6 */
void par_tcp__release(struct par_loop *loop, struct par_tcp__chain *ended);   /* phase 7 */

#endif
