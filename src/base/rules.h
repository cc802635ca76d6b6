/* The numbers in the rules of numbering (TAKEOVER.md): all writers and readers of one store must
 * have the same, so they are no configuration; they change with the version of the rules only. A
 * simulated world makes them small, so that their edges are met often. */
#ifndef PAR_BASE_RULES_H
#define PAR_BASE_RULES_H

#include <stdint.h>

struct par_rules {
    uint32_t version; /* stands in the checkpoint (S6, T6) */
    /* W2a, V1: entries of one conversation that may be on their way to the store at once. */
    uint32_t window;
    /* W2d, T3: commands that may be numbered above the checkpoint. */
    uint32_t ahead;
    /* W4: the checkpoint follows after so many commands, or milliseconds, at the latest. */
    uint32_t checkpoint_commands;
    uint32_t checkpoint_ms;
};

/* Those that hold. Any thread. */
extern struct par_rules par_rules;

#endif
