/* A line of threads that wait for something kept under a mutex. */
#include "loop/line.h"

#include "loop/env.h"

#include <stdatomic.h>
#include <stddef.h>

enum { WAIT_MS = 1000 };

/* On the stack of the thread that waits; woken under the mutex, which that thread takes before it
 * goes on. */
struct par_line_waiter {
    _Atomic uint32_t woken;
    struct par_line_waiter *next;
};

void par_line_wait(struct par_line *line, pthread_mutex_t *mutex)
{
    struct par_line_waiter waiter = {0};
    if (line->_last)
        line->_last->next = &waiter;
    else
        line->_first = &waiter;
    line->_last = &waiter;
    pthread_mutex_unlock(mutex);
    while (!atomic_load(&waiter.woken))
        par_pause(&waiter.woken, WAIT_MS);
    pthread_mutex_lock(mutex);
}

void par_line_wake(struct par_line *line)
{
    struct par_line_waiter *waiter = line->_first;
    if (!waiter)
        return;
    line->_first = waiter->next;
    if (!line->_first)
        line->_last = NULL;
    par_pause_end(&waiter->woken);
}
