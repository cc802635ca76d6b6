/* The queue driver for tests: the local one, whose calls fail when told to. */
#include "queue/driver.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fail {
    void *inner;
    struct {
        atomic_uint left;
        _Atomic(enum par_err) err;
    } fault[PAR_QUEUE_FAULTS];
};

#define INNER(state) (((struct fail *)(state))->inner)

/* What the next call of this operation answers; PAR_OK: it is done. */
static enum par_err due(struct fail *f, enum par_queue_fault fault)
{
    unsigned left = atomic_load(&f->fault[fault].left);
    while (left && left != UINT32_MAX)
        if (atomic_compare_exchange_weak(&f->fault[fault].left, &left, left - 1))
            break;
    return left ? atomic_load(&f->fault[fault].err) : PAR_OK;
}

static enum par_err fail_open(const struct par_queue_config *config,
                              const struct par_queue_ends *ends, void **state_r)
{
    struct fail *f = calloc(1, sizeof *f);
    if (!f)
        return PAR_E_UNAVAILABLE;
    enum par_err err = par_queue__local.open(config, ends, &f->inner);
    if (err != PAR_OK) {
        free(f);
        return err;
    }
    *state_r = f;
    return PAR_OK;
}

static void fail_close(void *state)
{
    par_queue__local.close(INNER(state));
    free(state);
}

static uint32_t fail_partitions(void *state)
{
    return par_queue__local.partitions(INNER(state));
}

static uint32_t fail_partition_of(void *state, const struct par_conv *conv)
{
    return par_queue__local.partition_of(INNER(state), conv);
}

static uint16_t fail_generation(void *state)
{
    return par_queue__local.generation(INNER(state));
}

static enum par_err fail_produce(void *state, uint32_t partition, struct par_str bytes)
{
    enum par_err err = due(state, PAR_QUEUE_FAULT_PRODUCE);
    return err != PAR_OK ? err : par_queue__local.produce(INNER(state), partition, bytes);
}

static enum par_err fail_seek(void *state, uint32_t partition, uint64_t offset)
{
    return par_queue__local.seek(INNER(state), partition, offset);
}

static size_t fail_take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                        struct par_queue_record *records)
{
    return par_queue__local.take(INNER(state), partition, max, timeout_ms, records);
}

static void fail_wake(void *state, uint32_t partition)
{
    par_queue__local.wake(INNER(state), partition);
}

static void fail_seal(void *state)
{
    par_queue__local.seal(INNER(state));
}

static enum par_err fail_deliver(void *state, uint64_t server, const struct par_delivery *d)
{
    enum par_err err = due(state, PAR_QUEUE_FAULT_DELIVER);
    return err != PAR_OK ? err : par_queue__local.deliver(INNER(state), server, d);
}

static enum par_err fail_flush(void *state)
{
    return par_queue__local.flush(INNER(state));
}

static enum par_err fail_push(void *state, const struct par_push_job *job)
{
    enum par_err err = due(state, PAR_QUEUE_FAULT_PUSH);
    return err != PAR_OK ? err : par_queue__local.push(INNER(state), job);
}

static void fail_gauges(void *state, struct par_queue_stats *stats)
{
    par_queue__local.gauges(INNER(state), stats);
}

static void fail_set(void *state, enum par_queue_fault fault, enum par_err err, uint32_t count)
{
    struct fail *f = state;
    atomic_store(&f->fault[fault].err, err);
    atomic_store(&f->fault[fault].left, count);
}

const struct par_queue_ops par_queue__fail = {
    .name = "fail",
    .open = fail_open,
    .close = fail_close,
    .partitions = fail_partitions,
    .partition_of = fail_partition_of,
    .generation = fail_generation,
    .produce = fail_produce,
    .seek = fail_seek,
    .take = fail_take,
    .wake = fail_wake,
    .seal = fail_seal,
    .deliver = fail_deliver,
    .flush = fail_flush,
    .push = fail_push,
    .gauges = fail_gauges,
    .fail = fail_set,
};
