/* How an engine is entered. In a simulated world all fibers share one thread, and this is nothing.
 * In a unit test without fibers (test_host.h) several threads call the engines: one lock over all
 * of them, which sim_sleep_ns() and sim_wait() give up while they wait, makes them behave as
 * fibers do. Every function of a driver begins with the one and ends with the other; what is called
 * back and may wait is called in between. */
#ifndef SIM_ENGINE_HOST_H
#define SIM_ENGINE_HOST_H

#include "sim/sim.h"

/* The running fiber, as a name for it; NULL in an event. */
struct sim_fiber *sim_fiber_current(void);

#ifndef PARLEY_SIM
void sim_engine_enter(void);
void sim_engine_leave(void);
#else
static inline void sim_engine_enter(void) {}
static inline void sim_engine_leave(void) {}
#endif

#endif
