/* The load program's world: the simulator's devices on the system's clock. */
#ifndef TESTS_CLUSTER_LOAD_H
#define TESTS_CLUSTER_LOAD_H

#include <stdint.h>

/* Before anything else: whose draws, and time begins. */
void load_begin(uint64_t seed);

#endif
