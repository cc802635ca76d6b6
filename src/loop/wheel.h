/* The timer wheel of one loop: seven levels of 64 slots, a slot of level n spans 64^n ms.
 *
 * A timer lies in the level of the highest base-64 digit in which its deadline differs from now, in
 * the slot of that digit. So setting is a few shifts and a list insertion, cancelling is a list
 * removal, and a timer moves down at most once per level on its way (a 25 s heartbeat: twice). A
 * bitmap per level tells which slots are in use; the next moment at which anything can happen is
 * one bit search away, and until then the loop sleeps: there is no tick. What 50,000 timers cost is
 * their own firing, nothing between. */
#ifndef PAR_LOOP_WHEEL_H
#define PAR_LOOP_WHEEL_H

#include "loop/loop.h"

enum { PAR_WHEEL_BITS = 6, PAR_WHEEL_SLOTS = 1 << PAR_WHEEL_BITS, PAR_WHEEL_LEVELS = 7 };

struct par_wheel {
    uint64_t now;
    struct par_list due;             /* deadlines that are not after now */
    uint64_t used[PAR_WHEEL_LEVELS]; /* a set bit may be stale, a used slot has its bit */
    struct par_list slots[PAR_WHEEL_LEVELS][PAR_WHEEL_SLOTS];
};

void par_wheel__init(struct par_wheel *w, uint64_t now);
/* deadline may be past: due at the next advance. The timer is in no list. */
void par_wheel__add(struct par_wheel *w, struct par_timer *t, uint64_t deadline);
/* Moves time to `to` and appends what is due to expired, by deadline. */
void par_wheel__advance(struct par_wheel *w, uint64_t to, struct par_list *expired);
/* The earliest time at which advance may have something to do: never after the first deadline.
 * UINT64_MAX when there is no timer. */
uint64_t par_wheel__next(struct par_wheel *w);

#endif
