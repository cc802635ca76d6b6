/* The simulated log as a driver of the queue family. */
#include "sim/engine/log_private.h"

#include "queue/job.h"
#include "store/key.h"

#include <stdlib.h>

enum { MAX_RECORDS_DEFAULT = 65536, MAX_BYTES_DEFAULT = 64 << 20 };

static enum par_err log_open(const struct par_queue_config *config,
                             const struct par_queue_ends *ends, void **state_r)
{
    struct sim_log *log = sim_log__current;
    struct sim_handle *h = calloc(1, sizeof *h);
    (void)ends;
    PAR_ASSERT(h != NULL && log != NULL);
    sim_engine_enter();
    h->log = log;
    h->node = sim_node_current();
    h->life = sim_node_life(h->node);
    h->server = config->server;
    h->generation = log->generation;
    h->max_records = config->max_records > 0 ? config->max_records : MAX_RECORDS_DEFAULT;
    h->max_bytes = config->max_bytes > 0 ? config->max_bytes : MAX_BYTES_DEFAULT;
    h->next = log->handles;
    log->handles = h;
    sim_engine_leave();
    *state_r = h;
    return PAR_OK;
}

static void log_close(void *state)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    sim_log__leave(h);
    sim_log__handle_end(h);
    sim_engine_leave();
}

static uint32_t partitions_of(const struct sim_log *log, uint16_t generation)
{
    return log->partitions >> (log->generation - generation);
}

static uint32_t log_partitions(void *state)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    uint32_t n = partitions_of(h->log, h->generation);
    sim_engine_leave();
    return n;
}

/* The high bits of hash2, so that a doubled generation splits each partition in two. */
static uint32_t log_partition_of(void *state, const struct par_conv *conv)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    uint32_t n = partitions_of(h->log, h->generation);
    uint32_t partition =
        par_partition(h->generation, (uint16_t)((uint32_t)par_key_conv_hash2(conv) * n >> 16));
    sim_engine_leave();
    return partition;
}

static uint16_t log_generation(void *state)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    uint16_t generation = h->generation;
    sim_engine_leave();
    return generation;
}

static enum par_err log_produce(void *state, uint32_t partition, struct par_str bytes)
{
    struct sim_handle *h = state;
    enum par_err err = PAR_OK;
    sim_engine_enter();
    struct sim_part *part = sim_log__partition(h->log, partition);
    if (h->sealed || part == NULL)
        err = PAR_E_UNAVAILABLE;
    else if (h->records >= h->max_records || h->bytes + bytes.len > h->max_bytes)
        err = PAR_E_OVERLOADED;
    else
        sim_log__send(h, part, sim_bytes_new(bytes), NULL);
    sim_engine_leave();
    return err;
}

static enum par_err log_seek(void *state, uint32_t partition, uint64_t offset)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    struct sim_reader *r = sim_log__reader(h, sim_log__partition(h->log, partition));
    if (r != NULL)
        sim_log__seek(r, offset);
    sim_engine_leave();
    return r != NULL ? PAR_OK : PAR_E_UNAVAILABLE;
}

static size_t log_take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                       struct par_queue_record *records)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    struct sim_reader *r = sim_log__reader(h, sim_log__partition(h->log, partition));
    size_t n = r != NULL ? sim_log__take(r, max, timeout_ms, records) : 0;
    sim_engine_leave();
    return n;
}

static void log_wake(void *state, uint32_t partition)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    struct sim_reader *r = sim_log__reader(h, sim_log__partition(h->log, partition));
    if (r != NULL)
        sim_log__wake(r);
    sim_engine_leave();
}

static void log_seal(void *state)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    h->sealed = true;
    sim_engine_leave();
}

/* A remote queue takes bytes: log_send(). */
static enum par_err log_deliver(void *state, uint64_t server, const struct par_delivery *d)
{
    (void)state;
    (void)server;
    (void)d;
    return PAR_E_UNAVAILABLE;
}

static enum par_err log_send(void *state, uint64_t server, struct par_str bytes)
{
    struct sim_handle *h = state;
    enum par_err err = PAR_OK;
    sim_engine_enter();
    if (h->records >= h->max_records || h->bytes + bytes.len > h->max_bytes) {
        sim_log__tracker(h)->failed = true;
        err = PAR_E_OVERLOADED;
    } else if (server == PAR_QUEUE_ALL_SERVERS) {
        for (struct sim_part *p = h->log->parts; p != NULL; p = p->next)
            if (p->inbox)
                sim_log__send(h, p, sim_bytes_new(bytes), sim_log__tracker(h));
    } else {
        sim_log__send(h, sim_log__inbox(h->log, server), sim_bytes_new(bytes), sim_log__tracker(h));
    }
    sim_engine_leave();
    return err == PAR_OK ? PAR_OK : PAR_E_UNAVAILABLE;
}

static enum par_err log_flush(void *state)
{
    sim_engine_enter();
    enum par_err err = sim_log__flush(state);
    sim_engine_leave();
    return err;
}

static enum par_err log_push(void *state, const struct par_push_job *job)
{
    struct sim_handle *h = state;
    struct par_buf bytes = {0};
    par_push_job_encode(job, &bytes);
    sim_engine_enter();
    sim_log__send(h, &h->log->push, sim_bytes_new(par_buf_str(&bytes)), sim_log__tracker(h));
    sim_engine_leave();
    par_buf_fini(&bytes);
    return PAR_OK;
}

static void log_gauges(void *state, struct par_queue_stats *stats)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    stats->waiting_records = h->records;
    stats->waiting_bytes = h->bytes;
    stats->max_records = h->max_records;
    stats->max_bytes = h->max_bytes;
    sim_engine_leave();
}

static enum par_err log_join(void *state, par_queue_owner_fn fn, void *arg)
{
    sim_engine_enter();
    enum par_err err = sim_log__join(state, fn, arg);
    sim_engine_leave();
    return err;
}

static void log_set_aside(void *state, bool aside)
{
    sim_engine_enter();
    sim_log__set_aside(state, aside);
    sim_engine_leave();
}

static void log_leave(void *state)
{
    sim_engine_enter();
    sim_log__leave(state);
    sim_engine_leave();
}

/* A question to the leader of a part. False: no answer. */
static bool asked(struct sim_handle *h, const struct sim_part *part)
{
    uint64_t began = sim_now_ns(), end = began + sim_log__timeout(h->log);
    if (sim_reaches(h->node, SIM_LOG)) {
        sim_sleep_ns(sim_delay_ns(h->node, SIM_LOG));
        if (sim_now_ns() < part->stall_ns && !sim_healed())
            return false;
        if (sim_reaches(h->node, SIM_LOG) && !sim_log__due(h->log, h->log->plan.bounds_failed_ppm))
            return true;
    }
    if (sim_now_ns() < end)
        sim_sleep_ns(end - sim_now_ns());
    return false;
}

/* One of its machines answers at once. */
static enum par_err log_probe(void *state, uint32_t timeout_ms)
{
    struct sim_handle *h = state;
    uint64_t end = sim_now_ns() + timeout_ms * SIM_MS;
    sim_engine_enter();
    bool answered = sim_reaches(h->node, SIM_LOG);
    if (answered) {
        sim_sleep_ns(sim_delay_ns(h->node, SIM_LOG));
        answered = sim_reaches(h->node, SIM_LOG) && sim_now_ns() <= end;
    }
    if (!answered && sim_now_ns() < end)
        sim_sleep_ns(end - sim_now_ns());
    sim_engine_leave();
    return answered ? PAR_OK : PAR_E_UNAVAILABLE;
}

static enum par_err log_bounds(void *state, uint32_t partition, uint64_t *start_r, uint64_t *end_r)
{
    struct sim_handle *h = state;
    enum par_err err = PAR_E_UNAVAILABLE;
    sim_engine_enter();
    struct sim_part *part = sim_log__partition(h->log, partition);
    if (part != NULL && asked(h, part)) {
        *start_r = part->start;
        *end_r = sim_part_end(part);
        err = PAR_OK;
    }
    sim_engine_leave();
    return err;
}

static size_t log_take_inbox(void *state, uint64_t server, size_t max, uint32_t timeout_ms,
                             struct par_queue_record *records)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    size_t n =
        sim_log__take(sim_log__reader(h, sim_log__inbox(h->log, server)), max, timeout_ms, records);
    sim_engine_leave();
    return n;
}

static enum par_err log_confirm_inbox(void *state, uint64_t server, uint64_t offset)
{
    struct sim_handle *h = state;
    struct sim_log *log = h->log;
    enum par_err err = PAR_OK;
    sim_engine_enter();
    struct sim_part *part = sim_log__inbox(log, server);
    if (!sim_reaches(h->node, SIM_LOG) || sim_log__due(log, log->plan.confirm_refused_ppm)) {
        sim_fault(SIM_FAULT_LOG_COMMIT_REFUSED, "");
        err = PAR_E_UNAVAILABLE;
    } else if (sim_log__due(log, log->plan.confirm_lost_ppm)) {
        sim_fault(SIM_FAULT_LOG_OFFSET_BACK, "a confirm lost");
    } else {
        part->confirmed = offset;
    }
    sim_engine_leave();
    return err;
}

static enum par_err log_inbox_end(void *state, uint64_t server, uint64_t *end_r)
{
    struct sim_handle *h = state;
    enum par_err err = PAR_E_UNAVAILABLE;
    sim_engine_enter();
    struct sim_part *part = sim_log__inbox(h->log, server);
    if (asked(h, part)) {
        *end_r = sim_part_end(part);
        err = PAR_OK;
    }
    sim_engine_leave();
    return err;
}

static void log_wake_inbox(void *state, uint64_t server)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    sim_log__wake(sim_log__reader(h, sim_log__inbox(h->log, server)));
    sim_engine_leave();
}

const struct par_queue_ops sim_log__driver = {
    .name = "sim",
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
    .join = log_join,
    .leave = log_leave,
    .set_aside = log_set_aside,
    .probe = log_probe,
    .bounds = log_bounds,
    .send = log_send,
    .take_inbox = log_take_inbox,
    .confirm_inbox = log_confirm_inbox,
    .inbox_end = log_inbox_end,
    .wake_inbox = log_wake_inbox,
    .take_pushes = sim_log__take_pushes,
    .confirm_push = sim_log__confirm_push,
    .wake_pushes = sim_log__wake_pushes,
};
