/* Push jobs go into the history. */
#ifndef SIM_PUSH_H
#define SIM_PUSH_H

#include "sim/engine/log.h"

/* Once, before servers start. NULL: the queue is the product's own. */
void sim_push_watch(struct sim_log *log);

#endif
