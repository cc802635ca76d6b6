/* A line of threads that wait for something kept under a mutex: a free connection, a place. First
 * come, first woken. Zero is an empty line; it needs no fini. */
#ifndef PAR_LOOP_LINE_H
#define PAR_LOOP_LINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct par_line_waiter;
struct par_line {
    struct par_line_waiter *_first, *_last;
};

/* With the mutex held: gives it back, waits until it is this thread's turn, and takes it again.
 * What was waited for may have gone to somebody else meanwhile: look again. False: it was nobody's
 * turn until until_ms (monotonic), and this thread has left the line. Blocks. */
bool par_line_wait(struct par_line *line, pthread_mutex_t *mutex, uint64_t until_ms);
/* With the mutex held: wakes the first of the line, if there is one; or all. Any thread. */
void par_line_wake(struct par_line *line);
void par_line_wake_all(struct par_line *line);

#endif
