/* The system's clocks, random numbers and threads, and the table through which all of Parley asks.
 */
#include "loop/env_ops.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t system_wall_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static uint64_t system_mono_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void kernel_random(void *buf, size_t n)
{
    uint8_t *to = buf;
    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);
        if (got < 0) {
            PAR_ASSERT(errno == EINTR);
            continue;
        }
        to += got;
        n -= (size_t)got;
    }
}

/* Small requests are served from a buffer per thread, one system call for 32 ids. Bytes given out
 * are wiped, so that a later look into memory does not find them. */
static void system_random(void *buf, size_t n)
{
    static _Thread_local uint8_t stock[256];
    static _Thread_local size_t left;
    if (n > sizeof stock / 4) {
        kernel_random(buf, n);
        return;
    }
    if (left < n) {
        kernel_random(stock, sizeof stock);
        left = sizeof stock;
    }
    left -= n;
    memcpy(buf, stock + left, n);
    explicit_bzero(stock + left, n);
}

struct par_thread {
    pthread_t id;
    par_thread_fn fn;
    void *arg;
    char name[16];
};

static void *thread_main(void *arg)
{
    struct par_thread *t = arg;
    pthread_setname_np(pthread_self(), t->name);
    t->fn(t->arg);
    return NULL;
}

static enum par_err system_thread_start(const char *name, par_thread_fn fn, void *arg,
                                        struct par_thread **thread_r)
{
    *thread_r = NULL;
    struct par_thread *t = calloc(1, sizeof *t);
    if (!t)
        return PAR_E_UNAVAILABLE;
    t->fn = fn;
    t->arg = arg;
    snprintf(t->name, sizeof t->name, "%s", name);
    if (pthread_create(&t->id, NULL, thread_main, t) != 0) {
        free(t);
        return PAR_E_UNAVAILABLE;
    }
    *thread_r = t;
    return PAR_OK;
}

static void system_thread_join(struct par_thread **thread)
{
    struct par_thread *t = *thread;
    if (!t)
        return;
    PAR_ASSERT(pthread_join(t->id, NULL) == 0);
    free(t);
    *thread = NULL;
}

static void system_park(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ms)
{
    struct timespec ts = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ms < 0 ? NULL : &ts, NULL, 0);
}

static void system_unpark(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

const struct par_env_ops par_env_system = {
    .wall_us = system_wall_us,
    .mono_ns = system_mono_ns,
    .random = system_random,
    .thread_start = system_thread_start,
    .thread_join = system_thread_join,
    .park = system_park,
    .unpark = system_unpark,
};

static const struct par_env_ops *env = &par_env_system;

void par_env_install(const struct par_env_ops *ops)
{
    env = ops ? ops : &par_env_system;
}

int64_t par_wall_us(void)
{
    return env->wall_us();
}

int64_t par_wall_ms(void)
{
    return env->wall_us() / 1000;
}

uint64_t par_mono_ns(void)
{
    return env->mono_ns();
}

void par_random(void *buf, size_t n)
{
    env->random(buf, n);
}

uint64_t par_random_u64(void)
{
    uint64_t v;
    env->random(&v, sizeof v);
    return v;
}

enum par_err par_thread_start(const char *name, par_thread_fn fn, void *arg,
                              struct par_thread **thread_r)
{
    return env->thread_start(name, fn, arg, thread_r);
}

void par_thread_join(struct par_thread **thread)
{
    env->thread_join(thread);
}

void par_pause(_Atomic uint32_t *ended, uint32_t ms)
{
    uint64_t until = par_mono_ms() + ms;
    for (uint64_t now = until - ms; now < until; now = par_mono_ms()) {
        if (atomic_load(ended))
            return;
        env->park(ended, 0, (int64_t)(until - now));
    }
}

void par_pause_end(_Atomic uint32_t *ended)
{
    atomic_store(ended, 1);
    env->unpark(ended);
}

void par_env__park(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ms)
{
    env->park(word, expected, timeout_ms);
}

void par_env__unpark(_Atomic uint32_t *word)
{
    env->unpark(word);
}
