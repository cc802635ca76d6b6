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

static void leave(struct par_line *line, const struct par_line_waiter *waiter)
{
    struct par_line_waiter *before = NULL, *at = line->_first;
    for (; at != waiter; at = at->next)
        before = at;
    if (before)
        before->next = waiter->next;
    else
        line->_first = waiter->next;
    if (line->_last == waiter)
        line->_last = before;
}

bool par_line_wait(struct par_line *line, pthread_mutex_t *mutex, uint64_t until_ms)
{
    struct par_line_waiter waiter = {0};
    uint64_t now;
    if (line->_last)
        line->_last->next = &waiter;
    else
        line->_first = &waiter;
    line->_last = &waiter;
    pthread_mutex_unlock(mutex);
    while (!atomic_load(&waiter.woken) && (now = par_mono_ms()) < until_ms)
        par_pause(&waiter.woken, until_ms - now < WAIT_MS ? (uint32_t)(until_ms - now) : WAIT_MS);
    pthread_mutex_lock(mutex);
    bool woken = atomic_load(&waiter.woken);
    if (!woken)
        leave(line, &waiter);
    return woken;
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

void par_line_wake_all(struct par_line *line)
{
    while (line->_first)
        par_line_wake(line);
}
