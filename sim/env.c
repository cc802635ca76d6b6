/* The simulated surroundings of a process: clocks, random numbers, threads, parking, and locks
 * (which the linker's --wrap brings here). */
#include "loop/env_ops.h"
#include "sim/net.h"
#include "sim/world.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/* The true time when a world begins: 2024, odd enough to be recognised. */
static const int64_t birth_ms = INT64_C(1710000000000);

int64_t sim_true_wall_ms(void)
{
    return birth_ms + (int64_t)(sim_now_ns() / SIM_MS);
}

static int64_t wall_us(void)
{
    return (sim_true_wall_ms() + sim_node_current()->skew_ms) * 1000;
}

static uint64_t mono_ns(void)
{
    return sim_now_ns() + sim_node_current()->mono_off;
}

static void fill_random(void *buf, size_t n)
{
    struct sim_random *r = &sim_node_current()->random;
    uint8_t *to = buf;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = sim_random_u64(r);
        for (size_t j = 0; j < 8 && i + j < n; j++)
            to[i + j] = (uint8_t)(v >> (8 * j));
    }
}

struct par_thread {
    struct sim_fiber *fiber;
};

static enum par_err thread_start(const char *name, par_thread_fn fn, void *arg,
                                 struct par_thread **thread_r)
{
    *thread_r = malloc(sizeof **thread_r);
    if (!*thread_r)
        return PAR_E_UNAVAILABLE;
    (*thread_r)->fiber = sim_spawn(sim_node_current(), name, fn, arg);
    return PAR_OK;
}

static void thread_join(struct par_thread **thread)
{
    if (!*thread)
        return;
    sim_fiber_join((*thread)->fiber);
    free(*thread);
    *thread = NULL;
}

static void park(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ms)
{
    sim_interrupt();
    if (*word == expected)
        sim_park(word, timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * SIM_MS);
}

static void unpark(_Atomic uint32_t *word)
{
    sim_unpark(word, false);
    sim_interrupt();
}

static const struct par_env_ops ops = {
    .wall_us = wall_us,
    .mono_ns = mono_ns,
    .random = fill_random,
    .thread_start = thread_start,
    .thread_join = thread_join,
    .park = park,
    .unpark = unpark,
};

void sim_env_install(void)
{
    par_env_install(&ops);
    par_loop_install(&sim_net_ops);
}

/* ---- libsodium ---- */

static const char *sodium_name(void)
{
    return "sim";
}

static void sodium_fill(void *buf, size_t n)
{
    if (sim_node_count())
        fill_random(buf, n);
}

static uint32_t sodium_u32(void)
{
    uint32_t v = 0;
    sodium_fill(&v, sizeof v);
    return v;
}

void sim_env_prepare(void)
{
    static randombytes_implementation implementation = {
        .implementation_name = sodium_name, .random = sodium_u32, .buf = sodium_fill};
    randombytes_set_implementation(&implementation);
    if (sodium_init() < 0)
        abort();
}

/* ---- locks ---- */

int __real_pthread_mutex_lock(pthread_mutex_t *m);
int __real_pthread_mutex_unlock(pthread_mutex_t *m);
int __real_pthread_rwlock_rdlock(pthread_rwlock_t *m);
int __real_pthread_rwlock_wrlock(pthread_rwlock_t *m);
int __real_pthread_rwlock_unlock(pthread_rwlock_t *m);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);
int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *m);
int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *m);
int __wrap_pthread_rwlock_unlock(pthread_rwlock_t *m);

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
    if (!sim_fiber_current())
        return __real_pthread_mutex_lock(m);
    sim_interrupt();
    int err;
    while ((err = pthread_mutex_trylock(m)) == EBUSY)
        sim_park(m, UINT64_MAX);
    return err;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
    int err = __real_pthread_mutex_unlock(m);
    sim_unpark(m, true);
    return err;
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *m)
{
    if (!sim_fiber_current())
        return __real_pthread_rwlock_rdlock(m);
    sim_interrupt();
    int err;
    while ((err = pthread_rwlock_tryrdlock(m)) == EBUSY)
        sim_park(m, UINT64_MAX);
    return err;
}

int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *m)
{
    if (!sim_fiber_current())
        return __real_pthread_rwlock_wrlock(m);
    sim_interrupt();
    int err;
    while ((err = pthread_rwlock_trywrlock(m)) == EBUSY)
        sim_park(m, UINT64_MAX);
    return err;
}

int __wrap_pthread_rwlock_unlock(pthread_rwlock_t *m)
{
    int err = __real_pthread_rwlock_unlock(m);
    sim_unpark(m, true);
    return err;
}
