/* The outside world in one small interface: clocks, randomness and threads. Nothing outside
 * src/loop reads a clock, draws a random number, sleeps, or starts or waits for a thread, so that a
 * simulated world can stand in for the real one. */
#ifndef PAR_LOOP_ENV_H
#define PAR_LOOP_ENV_H

#include "parley/err.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds, microseconds since 1970; may jump. */
int64_t par_wall_ms(void);
int64_t par_wall_us(void);
/* Nanoseconds of a clock that never goes back; its zero means nothing. */
uint64_t par_mono_ns(void);
static inline uint64_t par_mono_ms(void)
{
    return par_mono_ns() / 1000000u;
}

/* Fills buf with n bytes from a generator fit for secrets. Never fails, never blocks. */
void par_random(void *buf, size_t n);
uint64_t par_random_u64(void);

struct par_thread;
typedef void (*par_thread_fn)(void *arg);

/* Starts fn(arg) on a thread of its own; name (<= 15 bytes) shows in ps. The caller owns the handle
 * and ends it by join. PAR_E_UNAVAILABLE when the system gives no thread. */
enum par_err par_thread_start(const char *name, par_thread_fn fn, void *arg,
                              struct par_thread **thread_r) PAR_MUST_CHECK;
/* Waits until fn has returned, frees the handle and nulls it. Blocks. */
void par_thread_join(struct par_thread **thread);

/* Sleeps for ms, but not once par_pause_end() was called for this word (which begins as 0): how a
 * thread waits before it tries again. Blocks. */
void par_pause(_Atomic uint32_t *ended, uint32_t ms);
/* Ends the pause that a thread is in, and all later ones: *ended is 1. Any thread. */
void par_pause_end(_Atomic uint32_t *ended);

#endif
