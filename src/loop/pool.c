/* The worker pool: one queue under one lock; idle workers stand in a list and are woken one by one.
 */
#include "loop/pool.h"

#include "loop/env_ops.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct worker {
    struct par_pool *pool;
    struct par_thread *thread;
    struct worker *next_idle;
    _Atomic uint32_t called; /* 0 while it stands in the list of idle ones */
};

struct par_pool {
    pthread_mutex_t lock; /* guards all but the array's places */
    struct par_job *first;
    struct par_job **end;
    struct worker *idle;
    bool closed;
    struct par_pool_stats n;
    unsigned count;
    struct worker workers[];
};

static void call(struct worker *w)
{
    atomic_store(&w->called, 1);
    par_env__unpark(&w->called);
}

/* The next job, or NULL when there will be none any more. The lock is held, on entry and on return.
 */
static struct par_job *next_job(struct par_pool *pool, struct worker *w)
{
    while (!pool->first) {
        if (pool->closed)
            return NULL;
        atomic_store(&w->called, 0);
        w->next_idle = pool->idle;
        pool->idle = w;
        pthread_mutex_unlock(&pool->lock);
        while (!atomic_load(&w->called))
            par_env__park(&w->called, 0, -1);
        pthread_mutex_lock(&pool->lock);
    }
    struct par_job *job = pool->first;
    pool->first = job->_next;
    if (!pool->first)
        pool->end = &pool->first;
    pool->n.depth--;
    return job;
}

static void work(void *arg)
{
    struct worker *w = arg;
    struct par_pool *pool = w->pool;
    pthread_mutex_lock(&pool->lock);
    for (struct par_job *job; (job = next_job(pool, w));) {
        pool->n.running++;
        pthread_mutex_unlock(&pool->lock);
        job->_fn(job);
        pthread_mutex_lock(&pool->lock);
        pool->n.running--;
        pool->n.done++;
    }
    pthread_mutex_unlock(&pool->lock);
}

enum par_err par_pool_new(const char *name, unsigned threads, uint32_t limit,
                          struct par_pool **pool_r)
{
    *pool_r = NULL;
    struct par_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->workers[0]);
    if (!pool)
        return PAR_E_UNAVAILABLE;
    pthread_mutex_init(&pool->lock, NULL);
    pool->end = &pool->first;
    pool->n.limit = limit;
    pool->n.threads = threads;
    for (; pool->count < threads; pool->count++) {
        struct worker *w = &pool->workers[pool->count];
        w->pool = pool;
        char full_name[24];
        snprintf(full_name, sizeof full_name, "%.12s%u", name, pool->count);
        if (par_thread_start(full_name, work, w, &w->thread) != PAR_OK) {
            par_pool_free(&pool);
            return PAR_E_UNAVAILABLE;
        }
    }
    *pool_r = pool;
    return PAR_OK;
}

bool par_pool_submit(struct par_pool *pool, struct par_job *job, par_job_fn fn)
{
    struct worker *w = NULL;
    pthread_mutex_lock(&pool->lock);
    bool accepted = !pool->closed && pool->n.depth < pool->n.limit;
    if (accepted) {
        job->_next = NULL;
        job->_fn = fn;
        *pool->end = job;
        pool->end = &job->_next;
        pool->n.depth++;
        w = pool->idle;
        if (w)
            pool->idle = w->next_idle;
    } else {
        pool->n.refused++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (w)
        call(w);
    return accepted;
}

void par_pool_close(struct par_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    struct worker *w = pool->idle;
    pool->idle = NULL;
    pthread_mutex_unlock(&pool->lock);
    while (w) {
        struct worker *next = w->next_idle;
        call(w);
        w = next;
    }
}

void par_pool_join(struct par_pool *pool)
{
    par_pool_close(pool);
    for (; pool->count > 0; pool->count--)
        par_thread_join(&pool->workers[pool->count - 1].thread);
}

void par_pool_free(struct par_pool **pool_p)
{
    struct par_pool *pool = *pool_p;
    *pool_p = NULL;
    if (!pool)
        return;
    par_pool_join(pool);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void par_pool_stats(struct par_pool *pool, struct par_pool_stats *stats_r)
{
    pthread_mutex_lock(&pool->lock);
    *stats_r = pool->n;
    pthread_mutex_unlock(&pool->lock);
}
