/* Unit tests only: a log of one partition that a test writes, and many read. */
#include "queue/test_log.h"

#include "base/buf.h"
#include "queue/driver.h"

#include <stdlib.h>

struct test_log test_log;
static const struct test_log_hooks *hooks;
static struct par_buf *records;
static size_t record_count, record_cap;

static enum par_err log_open(const struct par_queue_config *config,
                             const struct par_queue_ends *ends, void **state_r)
{
    (void)config;
    (void)ends;
    *state_r = hooks->opened();
    return PAR_OK;
}

static void log_close(void *state)
{
    (void)state;
}

static uint32_t log_partitions(void *state)
{
    (void)state;
    return test_log.partitions;
}

static uint32_t log_partition_of(void *state, const struct par_conv *conv)
{
    (void)state;
    (void)conv;
    return test_log.partition;
}

static uint16_t log_generation(void *state)
{
    (void)state;
    return test_log.generation;
}

static enum par_err log_produce(void *state, uint32_t partition, struct par_str bytes)
{
    (void)state;
    (void)partition;
    (void)bytes;
    return PAR_E_UNAVAILABLE;
}

static enum par_err log_seek(void *state, uint32_t partition, uint64_t offset)
{
    struct test_log_reader *o = state;
    (void)partition;
    hooks->gate();
    o->position = offset;
    return PAR_OK;
}

static size_t log_take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                       struct par_queue_record *out)
{
    struct test_log_reader *o = state;
    (void)partition;
    if (o->position >= record_count && !o->wake)
        hooks->wait_ms(timeout_ms);
    else
        hooks->gate();
    o->wake = false;
    if (hooks->dead())
        return 0;
    size_t n = 0;
    size_t most = 1 + hooks->below(max < 40 ? max : 40);
    for (; n < most && o->position < record_count; n++, o->position++)
        out[n] = (struct par_queue_record){.bytes = par_buf_str(&records[o->position]),
                                           .offset = o->position,
                                           .time_ms = (int64_t)o->position + 1000};
    return n;
}

static void log_wake(void *state, uint32_t partition)
{
    (void)partition;
    ((struct test_log_reader *)state)->wake = true;
}

static void log_seal(void *state)
{
    (void)state;
}

static enum par_err log_deliver(void *state, uint64_t server, const struct par_delivery *d)
{
    (void)state;
    (void)server;
    (void)d;
    return PAR_E_UNAVAILABLE;
}

static enum par_err log_send(void *state, uint64_t server, struct par_str bytes)
{
    return hooks->send(state, server, bytes);
}

static enum par_err log_push(void *state, const struct par_push_job *job)
{
    return hooks->push(state, job);
}

static enum par_err log_flush(void *state)
{
    return hooks->flush(state);
}

static void log_gauges(void *state, struct par_queue_stats *stats)
{
    (void)state;
    (void)stats;
}

static enum par_err log_bounds(void *state, uint32_t partition, uint64_t *start_r, uint64_t *end_r)
{
    (void)state;
    (void)partition;
    hooks->gate();
    *start_r = test_log.start;
    *end_r = record_count;
    return hooks->dead() || hooks->chance(test_log.bounds_fail) ? PAR_E_UNAVAILABLE : PAR_OK;
}

static const struct par_queue_ops log_driver = {
    .name = "testlog",
    .open = log_open,
    .close = log_close,
    .partitions = log_partitions,
    .partition_of = log_partition_of,
    .generation = log_generation,
    .produce = log_produce,
    .seek = log_seek,
    .take = log_take,
    .wake = log_wake,
    .seal = log_seal,
    .deliver = log_deliver,
    .flush = log_flush,
    .push = log_push,
    .gauges = log_gauges,
    .remote = true,
    .bounds = log_bounds,
    .send = log_send,
};

void test_log_install(const struct test_log_hooks *hooks_)
{
    hooks = hooks_;
    test_log =
        (struct test_log){.generation = 1, .partitions = 1, .partition = par_partition(1, 0)};
    par_queue__extra = &log_driver;
}

void test_log_remove(void)
{
    test_log_cut(0);
    par_queue__extra = NULL;
}

uint64_t test_log_append(struct par_str bytes)
{
    if (record_count == record_cap) {
        record_cap = record_cap ? record_cap * 2 : 64;
        records = realloc(records, record_cap * sizeof *records);
        PAR_ASSERT(records != NULL);
    }
    records[record_count] = (struct par_buf){0};
    par_buf_add_str(&records[record_count], bytes);
    return record_count++;
}

uint64_t test_log_end(void)
{
    return record_count;
}

void test_log_cut(uint64_t end)
{
    while (record_count > end)
        par_buf_fini(&records[--record_count]);
}
