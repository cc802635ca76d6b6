/* Unit tests only: what sim/sim.h asks of a world, without fibers, so that an engine and what
 * stands on it can be tested by themselves.
 *
 * With one thread the clock is virtual, for the product too (loop/env.h): it moves when somebody
 * sleeps, and events happen in their order. With several (`threads`) it is the system's, and events
 * happen while somebody is inside an engine. Link sim/engine and this instead of the world. */
#ifndef SIM_ENGINE_TEST_HOST_H
#define SIM_ENGINE_TEST_HOST_H

#include "sim/sim.h"

/* A new world of this seed: no event, no fault, everybody reaches everything in no time. */
void sim_test_begin(uint64_t seed, bool threads);
/* Frees what belongs to it. The engines are gone before. */
void sim_test_end(void);

/* The calling thread is on node number n from now on (1-15; 0: the world). */
struct sim_node *sim_test_node(unsigned number);
/* Cuts the node from an engine, or not. */
void sim_test_cut(unsigned number, enum sim_engine engine, bool cut);
void sim_test_pause(unsigned number, bool paused);
/* Ends the node's life: calls what sim_on_node_end() was told. */
void sim_test_kill(unsigned number);
/* The delay of each message from now on. */
void sim_test_delay(uint64_t ns);
void sim_test_heal(bool healed);
/* The virtual wall clock is that of a server whose clock differs by so much from the one before, at
 * each look. */
void sim_test_wall_step(int64_t ms);
/* How often a fault was counted. */
uint64_t sim_test_faults(enum sim_fault fault);
/* Moves the clock, with what happens meanwhile. */
void sim_test_run_ns(uint64_t ns);

#endif
