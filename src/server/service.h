/* A service: a thread of the server that works until it is told to stop, and rests in between. */
#ifndef PAR_SERVER_SERVICE_H
#define PAR_SERVER_SERVICE_H

#include "loop/env.h"
#include "loop/mailbox.h"

#include <stdbool.h>

/* Fields are private. */
struct par_service {
    struct par_thread *_thread;
    struct par_mailbox _bell; /* nothing is ever posted: it is only poked */
    _Atomic bool _stopping;
};

/* Starts run(arg) on a thread of that name (<= 15 bytes); run returns soon after
 * par_service_stopping() is true. PAR_E_UNAVAILABLE: no thread. */
static inline enum par_err par_service_start(struct par_service *s, const char *name,
                                             par_thread_fn run, void *arg)
{
    *s = (struct par_service){0};
    par_mailbox_init(&s->_bell, 1);
    return par_thread_start(name, run, arg, &s->_thread);
}

static inline bool par_service_stopping(const struct par_service *s)
{
    return atomic_load(&((struct par_service *)s)->_stopping);
}

/* Rests for ms, or until it is woken or told to stop; false: told to stop. Its own thread. */
static inline bool par_service_rest(struct par_service *s, int64_t ms)
{
    if (!par_service_stopping(s))
        (void)par_mailbox_wait(&s->_bell, ms);
    return !par_service_stopping(s);
}

/* Ends the present or the next rest. Any thread. */
static inline void par_service_wake(struct par_service *s)
{
    par_mailbox_poke(&s->_bell);
}

/* Tells it to stop, without waiting. Any thread, while it is started. */
static inline void par_service_ask_stop(struct par_service *s)
{
    atomic_store(&s->_stopping, true);
    par_mailbox_poke(&s->_bell);
}

/* Tells it to stop, and waits until it has. Harmless when it was not started. Blocks. */
static inline void par_service_stop(struct par_service *s)
{
    if (!s->_thread)
        return;
    par_service_ask_stop(s);
    par_thread_join(&s->_thread);
    (void)par_mailbox_fini(&s->_bell);
}

#endif
