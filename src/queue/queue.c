/* The queue family's wrapper: chooses the driver, is its only caller, counts and times. */
#include "queue/driver.h"

#include "base/stats.h"
#include "loop/env.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct par_queue {
    const struct par_queue_ops *ops;
    void *state;
    par_queue_owner_fn owner; /* of a local queue that was joined */
    void *owner_arg;
    struct par_queue_ends ends;
    atomic_uint_fast64_t produced, overloaded, unavailable, taken, takes, wakes;
    atomic_uint_fast64_t deliveries, delivery_failures, push_jobs;
};

const struct par_queue_ops *par_queue__extra;

static const struct par_queue_ops *const drivers[] = {&par_queue__local, &par_queue__fail,
#ifdef PARLEY_CLUSTER
                                                      &par_queue__kafka
#endif
};

static void count(atomic_uint_fast64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t read_count(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit((atomic_uint_fast64_t *)counter, memory_order_relaxed);
}

enum par_err par_queue_open(const struct par_queue_config *config, struct par_queue **queue_r)
{
    *queue_r = NULL;
    const char *name = config->driver ? config->driver : par_queue__local.name;
    const struct par_queue_ops *ops = NULL;
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            ops = drivers[i];
    if (par_queue__extra && strcmp(par_queue__extra->name, name) == 0)
        ops = par_queue__extra;
    if (!ops)
        return PAR_E_BAD_REQUEST;
    struct par_queue *q = calloc(1, sizeof *q);
    if (!q)
        return PAR_E_UNAVAILABLE;
    q->ops = ops;
    enum par_err err = ops->open(config, &q->ends, &q->state);
    if (err != PAR_OK) {
        free(q);
        return err;
    }
    *queue_r = q;
    return PAR_OK;
}

void par_queue_close(struct par_queue **queue)
{
    struct par_queue *q = *queue;
    if (!q)
        return;
    q->ops->close(q->state);
    free(q);
    *queue = NULL;
}

bool par_queue_remote(const struct par_queue *q)
{
    return q->ops->remote;
}

uint32_t par_queue_partitions(const struct par_queue *q)
{
    return q->ops->partitions(q->state);
}

uint32_t par_queue_partition_of(const struct par_queue *q, const struct par_conv *conv)
{
    return q->ops->partition_of(q->state, conv);
}

uint16_t par_queue_generation(const struct par_queue *q)
{
    return q->ops->generation(q->state);
}

enum par_err par_queue_produce(struct par_queue *q, uint32_t partition, struct par_str bytes)
{
    uint64_t began_ns = par_mono_ns();
    enum par_err err = q->ops->produce(q->state, partition, bytes);
    par_stats_record(PAR_H_DRIVER_TIME, PAR_FAMILY_QUEUE, par_mono_ns() - began_ns);
    count(err == PAR_OK             ? &q->produced
          : err == PAR_E_OVERLOADED ? &q->overloaded
                                    : &q->unavailable,
          1);
    par_stats_inc_at(PAR_C_QUEUE_PUBLISHED, err == PAR_OK             ? PAR_OUTCOME_OK
                                            : err == PAR_E_OVERLOADED ? PAR_OUTCOME_FAILED
                                                                      : PAR_OUTCOME_UNCERTAIN);
    return err;
}

enum par_err par_queue_seek(struct par_queue *q, uint32_t partition, uint64_t offset)
{
    return q->ops->seek(q->state, partition, offset);
}

size_t par_queue_take(struct par_queue *q, uint32_t partition, size_t max, uint32_t timeout_ms,
                      struct par_queue_record *records)
{
    size_t n = q->ops->take(q->state, partition, max, timeout_ms, records);
    count(&q->takes, 1);
    count(&q->taken, n);
    return n;
}

void par_queue_wake(struct par_queue *q, uint32_t partition)
{
    count(&q->wakes, 1);
    q->ops->wake(q->state, partition);
}

void par_queue_seal(struct par_queue *q)
{
    q->ops->seal(q->state);
}

/* A local queue has one owner of its one partition, from the first to the last. */
enum par_err par_queue_join(struct par_queue *q, par_queue_owner_fn fn, void *arg)
{
    if (q->ops->join)
        return q->ops->join(q->state, fn, arg);
    q->owner = fn;
    q->owner_arg = arg;
    fn(arg, &(uint32_t){0}, 1, true);
    return PAR_OK;
}

void par_queue_leave(struct par_queue *q)
{
    if (q->ops->leave) {
        q->ops->leave(q->state);
    } else if (q->owner) {
        par_queue_owner_fn owner = q->owner;
        q->owner = NULL;
        owner(q->owner_arg, &(uint32_t){0}, 1, false);
    }
}

void par_queue_set_aside(struct par_queue *q, bool aside)
{
    if (q->ops->set_aside)
        q->ops->set_aside(q->state, aside);
}

enum par_err par_queue_probe(struct par_queue *q, uint32_t timeout_ms)
{
    return q->ops->probe ? q->ops->probe(q->state, timeout_ms) : PAR_OK;
}

enum par_err par_queue_bounds(struct par_queue *q, uint32_t partition, uint64_t *start_r,
                              uint64_t *end_r)
{
    *start_r = 0;
    *end_r = UINT64_MAX;
    return q->ops->bounds ? q->ops->bounds(q->state, partition, start_r, end_r) : PAR_OK;
}

enum par_err par_queue_grow(struct par_queue *q, uint32_t partitions, struct par_str seal,
                            char *why, size_t why_size)
{
    if (q->ops->grow)
        return q->ops->grow(q->state, partitions, seal, why, why_size);
    snprintf(why, why_size, "the queue driver %s has one partition", q->ops->name);
    return PAR_E_BAD_REQUEST;
}

void par_queue_set_sink(struct par_queue *q, par_queue_deliver_fn deliver, par_queue_flush_fn flush,
                        void *arg)
{
    q->ends.deliver = deliver;
    q->ends.flush = flush;
    q->ends.arg = arg;
}

void par_queue_set_push(struct par_queue *q, par_push_job_fn fn, void *arg)
{
    q->ends.push = fn;
    q->ends.push_arg = arg;
}

static enum par_err delivered(struct par_queue *q, enum par_err err)
{
    if (err != PAR_OK) {
        count(&q->delivery_failures, 1);
        par_stats_inc_at(PAR_C_DRIVER_ERRORS, PAR_FAMILY_QUEUE);
    }
    return err;
}

enum par_err par_queue_deliver(struct par_queue *q, uint64_t server, const struct par_delivery *d)
{
    count(&q->deliveries, 1);
    return delivered(q, q->ops->deliver(q->state, server, d));
}

enum par_err par_queue_send(struct par_queue *q, uint64_t server, struct par_str bytes)
{
    count(&q->deliveries, 1);
    return delivered(q, q->ops->send ? q->ops->send(q->state, server, bytes) : PAR_E_UNAVAILABLE);
}

size_t par_queue_take_inbox(struct par_queue *q, uint64_t server, size_t max, uint32_t timeout_ms,
                            struct par_queue_record *records)
{
    return q->ops->take_inbox ? q->ops->take_inbox(q->state, server, max, timeout_ms, records) : 0;
}

enum par_err par_queue_confirm_inbox(struct par_queue *q, uint64_t server, uint64_t offset)
{
    return q->ops->confirm_inbox ? q->ops->confirm_inbox(q->state, server, offset) : PAR_OK;
}

enum par_err par_queue_inbox_end(struct par_queue *q, uint64_t server, uint64_t *end_r)
{
    *end_r = 0;
    return q->ops->inbox_end ? q->ops->inbox_end(q->state, server, end_r) : PAR_OK;
}

void par_queue_wake_inbox(struct par_queue *q, uint64_t server)
{
    if (q->ops->wake_inbox)
        q->ops->wake_inbox(q->state, server);
}

enum par_err par_queue_deliver_flush(struct par_queue *q)
{
    return delivered(q, q->ops->flush(q->state));
}

enum par_err par_queue_push_job(struct par_queue *q, const struct par_push_job *job)
{
    enum par_err err = q->ops->push(q->state, job);
    count(&q->push_jobs, 1);
    par_stats_inc_at(PAR_C_PUSH_JOBS, err == PAR_OK ? PAR_PUSH_QUEUED : PAR_PUSH_FAILED);
    return err;
}

size_t par_queue_take_pushes(struct par_queue *q, size_t max, uint32_t timeout_ms,
                             struct par_queue_push_record *records)
{
    return q->ops->take_pushes ? q->ops->take_pushes(q->state, max, timeout_ms, records) : 0;
}

void par_queue_confirm_push(struct par_queue *q, const struct par_queue_push_place *place)
{
    if (q->ops->confirm_push)
        q->ops->confirm_push(q->state, place);
}

void par_queue_wake_pushes(struct par_queue *q)
{
    if (q->ops->wake_pushes)
        q->ops->wake_pushes(q->state);
}

void par_queue_stats(const struct par_queue *q, struct par_queue_stats *stats_r)
{
    *stats_r = (struct par_queue_stats){
        .produced = read_count(&q->produced),
        .overloaded = read_count(&q->overloaded),
        .unavailable = read_count(&q->unavailable),
        .taken = read_count(&q->taken),
        .takes = read_count(&q->takes),
        .wakes = read_count(&q->wakes),
        .deliveries = read_count(&q->deliveries),
        .delivery_failures = read_count(&q->delivery_failures),
        .push_jobs = read_count(&q->push_jobs),
    };
    q->ops->gauges(q->state, stats_r);
}

void par_queue_fail(struct par_queue *q, enum par_queue_fault fault, enum par_err err, uint32_t n)
{
    if (q->ops->fail)
        q->ops->fail(q->state, fault, err, n);
}
