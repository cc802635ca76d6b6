/* Users who go for good. */
#ifndef SIM_LEAVE_H
#define SIM_LEAVE_H

#include "sim/device.h"

/* So many users go, one by one, within this time. */
void sim_leave_begin(struct sim_devices *all, unsigned count, uint64_t within_ns);

#endif
