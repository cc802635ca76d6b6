/* What stands behind env.h: one table of functions, the system's by default. A simulated world, or
 * a test that wants its own clock, installs another before it starts any thread. */
#ifndef PAR_LOOP_ENV_OPS_H
#define PAR_LOOP_ENV_OPS_H

#include "loop/env.h"

#include <stdatomic.h>

/* All members are required, and callable from any thread. Contracts as in env.h. */
struct par_env_ops {
    int64_t (*wall_us)(void);
    uint64_t (*mono_ns)(void);
    void (*random)(void *buf, size_t n);
    enum par_err (*thread_start)(const char *name, par_thread_fn fn, void *arg,
                                 struct par_thread **thread_r);
    void (*thread_join)(struct par_thread **thread);
    /* The one way a thread waits for another: sleeps while *word == expected, for at most
     * timeout_ms
     * (< 0: without end). May return early for no reason. */
    void (*park)(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ms);
    /* Wakes one thread that is parked on word, or none. */
    void (*unpark)(_Atomic uint32_t *word);
};

extern const struct par_env_ops par_env_system;

/* ops must live as long as it is in use; NULL puts the system's back. Only while no other thread
 * runs. */
void par_env_install(const struct par_env_ops *ops);

/* For src/loop: mailboxes and pools wait by these. */
void par_env__park(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ms);
void par_env__unpark(_Atomic uint32_t *word);

#endif
