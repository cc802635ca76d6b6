/* The hierarchical timer wheel. */
#include "loop/wheel.h"

void par_wheel__init(struct par_wheel *w, uint64_t now)
{
    w->now = now;
    par_list_init(&w->due);
    for (int level = 0; level < PAR_WHEEL_LEVELS; level++) {
        w->used[level] = 0;
        for (int slot = 0; slot < PAR_WHEEL_SLOTS; slot++)
            par_list_init(&w->slots[level][slot]);
    }
}

static unsigned digit(uint64_t time, unsigned level)
{
    return time >> (PAR_WHEEL_BITS * level) & (PAR_WHEEL_SLOTS - 1);
}

void par_wheel__add(struct par_wheel *w, struct par_timer *t, uint64_t deadline)
{
    t->_deadline = deadline;
    if (deadline <= w->now) {
        par_list_append(&w->due, &t->_node);
        return;
    }
    unsigned top_bit = 63u - (unsigned)__builtin_clzll(deadline ^ w->now);
    unsigned level = top_bit / PAR_WHEEL_BITS;
    PAR_ASSERT(level < PAR_WHEEL_LEVELS);
    unsigned slot = digit(deadline, level);
    w->used[level] |= UINT64_C(1) << slot;
    par_list_append(&w->slots[level][slot], &t->_node);
}

/* All slots in use lie ahead of now's digit in their level, and everything in a lower level comes
 * before anything in a higher one. */
uint64_t par_wheel__next(struct par_wheel *w)
{
    if (!par_list_empty(&w->due))
        return w->now;
    for (unsigned level = 0; level < PAR_WHEEL_LEVELS; level++) {
        while (w->used[level]) {
            unsigned slot = (unsigned)__builtin_ctzll(w->used[level]);
            if (par_list_empty(&w->slots[level][slot])) {
                w->used[level] &= w->used[level] - 1;
                continue;
            }
            unsigned shift = PAR_WHEEL_BITS * level;
            uint64_t above = w->now >> shift >> PAR_WHEEL_BITS << PAR_WHEEL_BITS;
            return (above | slot) << shift;
        }
    }
    return UINT64_MAX;
}

void par_wheel__advance(struct par_wheel *w, uint64_t to, struct par_list *expired)
{
    par_list_splice(expired, &w->due);
    for (;;) {
        uint64_t next = par_wheel__next(w);
        if (next > to)
            break;
        /* The first slot in use begins now: each of its timers is due at this very moment, or moves
         * to a lower level. */
        unsigned level = 0;
        while (!w->used[level])
            level++;
        unsigned slot = digit(next, level);
        w->now = next;
        w->used[level] &= ~(UINT64_C(1) << slot);
        struct par_list moved;
        par_list_init(&moved);
        par_list_splice(&moved, &w->slots[level][slot]);
        for (struct par_list *n; (n = par_list_pop(&moved));) {
            struct par_timer *t = PAR_CONTAINER(n, struct par_timer, _node);
            par_wheel__add(w, t, t->_deadline);
        }
        par_list_splice(expired, &w->due);
    }
    if (to > w->now)
        w->now = to;
}
