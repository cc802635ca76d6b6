/* A pool of threads for what blocks: disk reads, password hashing. A bounded queue, first in, first
 * out; a full one refuses. A job is embedded in its request; its function runs on a worker, which
 * may block, and reports back by posting to a mailbox. */
#ifndef PAR_LOOP_POOL_H
#define PAR_LOOP_POOL_H

#include "parley/err.h"

#include <stdint.h>

struct par_pool;
struct par_job;
typedef void (*par_job_fn)(struct par_job *job);

/* After its function was called the pool does not touch the job any more: the function may free it.
 */
struct par_job {
    struct par_job *_next;
    par_job_fn _fn;
};

/* Starts `threads` workers named name (<= 12 bytes, a number is added); `limit` jobs may wait
 * beside those that run. PAR_E_UNAVAILABLE when the system gives no threads or memory. */
enum par_err par_pool_new(const char *name, unsigned threads, uint32_t limit,
                          struct par_pool **pool_r) PAR_MUST_CHECK;

/* Hands the job over: fn(job) will be called once, on a worker. False, and the job stays the
 * caller's, when the queue is full or the pool was closed. Any thread; takes one short lock, never
 * waits. */
bool par_pool_submit(struct par_pool *pool, struct par_job *job, par_job_fn fn) PAR_MUST_CHECK;

/* Takes no more jobs. Any thread; never blocks; may be called twice. */
void par_pool_close(struct par_pool *pool);
/* Closes, and waits until every accepted job has run and its workers have ended; whoever submits
 * after that is refused. Blocks. Not from a worker. */
void par_pool_join(struct par_pool *pool);
/* Joins, frees and nulls. Blocks. Not from a worker. */
void par_pool_free(struct par_pool **pool);

/* For metrics, any thread: jobs waiting, jobs running, jobs run, jobs refused because it was full.
 */
struct par_pool_stats {
    uint32_t depth;
    uint32_t limit;
    uint32_t threads;
    uint32_t running;
    uint64_t done;
    uint64_t refused;
};
void par_pool_stats(struct par_pool *pool, struct par_pool_stats *stats_r);

#endif
