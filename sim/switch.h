/* Switching stacks: what the scheduler of fibers stands on, with what the address sanitizer wants
 * to be told. */
#ifndef SIM_SWITCH_H
#define SIM_SWITCH_H

#include <stddef.h>

struct sim_stack {
    void *base;
    size_t size;
    void *sp;         /* where it goes on */
    void *fake_stack; /* the sanitizer's */
};

/* Memory of its own with a guard below, from a pool; ends the process without memory. */
void sim_stack_new(struct sim_stack *stack);
void sim_stack_free(struct sim_stack *stack);
/* Makes it begin with fn(arg), which must not return. */
void sim_stack_prepare(struct sim_stack *stack, void (*fn)(void *), void *arg);
/* Goes to `to`; returns when somebody comes back to `from`. from_ends: nobody will. A zeroed stack
 * as `from` is the thread's own. */
void sim_stack_switch(struct sim_stack *from, struct sim_stack *to, int from_ends);
/* The first thing on a new stack. */
void sim_stack_arrived(struct sim_stack *own, struct sim_stack *from);

#endif
