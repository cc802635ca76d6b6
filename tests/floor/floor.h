/* Inside of the measurement of the engines' floor. */
#ifndef PAR_TESTS_FLOOR_H
#define PAR_TESTS_FLOOR_H

#include "loop/env.h"
#include "parley/store.h"
#include "store/key.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FLOOR_PARTITIONS = 16, FLOOR_BYTES = 200, FLOOR_WARM_MS = 2000 };

/* A topic of its own, a producer and a consumer of all of its partitions; ends the process when
 * the brokers do not answer. */
struct floor_kafka;
struct floor_kafka *floor_open(const char *brokers);
/* Produces a record of FLOOR_BYTES; any one thread. */
void floor_send(struct floor_kafka *k, int32_t partition);
/* Waits for the next record of the partition, one thread each: when it was sent, as par_mono_ns().
 * False: floor_end() was called, and all has come. */
bool floor_take(struct floor_kafka *k, int32_t partition, uint64_t *sent_ns_r);
void floor_end(struct floor_kafka *k);
/* Removes the topic, too. */
void floor_close(struct floor_kafka *k);

#endif
