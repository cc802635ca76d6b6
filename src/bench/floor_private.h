/* Inside src/bench: the parts of the floor. */
#ifndef PAR_BENCH_FLOOR_PRIVATE_H
#define PAR_BENCH_FLOOR_PRIVATE_H

#include "bench/bench.h"

/* CPU of this thread, and of the whole process, in seconds. */
double par_bench__thread_cpu(void);
double par_bench__process_cpu(void);

/* Microseconds of CPU that a server thread of nothing but epoll, recv and send spends for a message
 * of 200 bytes; with forward, each message is also sent on to another connection. Negative when it
 * could not be measured. Blocks. */
double par_bench__floor_echo(unsigned connections, unsigned seconds, bool forward);

/* Microseconds of CPU, of all threads, that the store spends for the rows of a message (entry,
 * cmid with the look-up that finds it new, conversation) in synced batches of `batch` messages;
 * the rate goes to *per_second_r. Negative when the store could not be opened. Blocks. */
double par_bench__floor_rows(const struct par_store_options *store, unsigned batch,
                             unsigned seconds, double *per_second_r);

#endif
