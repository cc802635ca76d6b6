/* The queue in memory: one partition of generation 0, a mailbox of records; deliveries are calls.
 */
#include "queue/driver.h"

#include "loop/env.h"
#include "loop/mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_RECORDS_DEFAULT = 65536, MAX_BYTES_DEFAULT = 64 << 20 };

struct record {
    struct par_msg msg;
    struct record *after; /* of those lent out */
    int64_t time_ms;
    uint64_t enqueue_ns;
    uint32_t len;
    char bytes[];
};

struct local {
    const struct par_queue_ends *ends;
    struct par_mailbox mailbox;
    size_t max_records;
    size_t max_bytes;
    /* Counted before the record is posted and until it is taken, so that after seal "none waits"
     * means that none will come. */
    atomic_size_t waiting_records;
    atomic_size_t waiting_bytes;
    atomic_bool sealed;
    /* Of the taking thread: what came and was not taken, what is lent out, the next offset. */
    struct par_msg *rest;
    struct record *lent;
    uint64_t next;
};

static void free_records(struct par_msg **chain)
{
    for (struct par_msg *msg = *chain, *next; msg; msg = next) {
        next = par_msg_next(msg);
        free(PAR_CONTAINER(msg, struct record, msg));
    }
    *chain = NULL;
}

static void free_lent(struct local *l)
{
    for (struct record *r = l->lent, *after; r; r = after) {
        after = r->after;
        free(r);
    }
    l->lent = NULL;
}

static enum par_err local_open(const struct par_queue_config *config,
                               const struct par_queue_ends *ends, void **state_r)
{
    struct local *l = calloc(1, sizeof *l);
    if (!l)
        return PAR_E_UNAVAILABLE;
    l->ends = ends;
    l->max_records = config->max_records ? config->max_records : MAX_RECORDS_DEFAULT;
    l->max_bytes = config->max_bytes ? config->max_bytes : MAX_BYTES_DEFAULT;
    par_mailbox_init(&l->mailbox, UINT32_MAX);
    *state_r = l;
    return PAR_OK;
}

static void local_close(void *state)
{
    struct local *l = state;
    struct par_msg *left = par_mailbox_fini(&l->mailbox);
    free_records(&left);
    free_records(&l->rest);
    free_lent(l);
    free(l);
}

static uint32_t local_partitions(void *state)
{
    (void)state;
    return 1;
}

static uint32_t local_partition_of(void *state, const struct par_conv *conv)
{
    (void)state;
    (void)conv;
    return 0;
}

static uint16_t local_generation(void *state)
{
    (void)state;
    return 0;
}

static void forget(struct local *l, size_t bytes)
{
    atomic_fetch_sub(&l->waiting_bytes, bytes);
    atomic_fetch_sub(&l->waiting_records, 1);
}

static enum par_err local_produce(void *state, uint32_t partition, struct par_str bytes)
{
    struct local *l = state;
    size_t size = sizeof(struct record) + bytes.len;
    enum par_err err = PAR_E_OVERLOADED;
    (void)partition;
    size_t records = atomic_fetch_add(&l->waiting_records, 1);
    size_t used = atomic_fetch_add(&l->waiting_bytes, size);
    if (atomic_load(&l->sealed)) {
        err = PAR_E_UNAVAILABLE;
        goto refused;
    }
    if (records >= l->max_records || used + size > l->max_bytes)
        goto refused;
    struct record *record = malloc(size);
    if (!record)
        goto refused;
    record->time_ms = par_wall_ms();
    record->enqueue_ns = par_mono_ns();
    record->len = (uint32_t)bytes.len;
    if (bytes.len)
        memcpy(record->bytes, bytes.ptr, bytes.len);
    par_mailbox_post(&l->mailbox, &record->msg);
    return PAR_OK;
refused:
    forget(l, size);
    return err;
}

static enum par_err local_seek(void *state, uint32_t partition, uint64_t offset)
{
    (void)partition;
    ((struct local *)state)->next = offset;
    return PAR_OK;
}

/* Takes from what came; returns how many. */
static size_t take_rest(struct local *l, size_t max, struct par_queue_record *records)
{
    size_t n = 0;
    uint64_t now_ns = l->rest ? par_mono_ns() : 0;
    while (l->rest && n < max) {
        struct record *r = PAR_CONTAINER(l->rest, struct record, msg);
        l->rest = par_msg_next(l->rest);
        records[n++] = (struct par_queue_record){
            .bytes = par_str_of(r->bytes, r->len),
            .offset = l->next++,
            .time_ms = r->time_ms,
            .way_ns = now_ns - r->enqueue_ns,
        };
        forget(l, sizeof *r + r->len);
        r->after = l->lent;
        l->lent = r;
    }
    return n;
}

static size_t local_take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                         struct par_queue_record *records)
{
    struct local *l = state;
    (void)partition;
    free_lent(l);
    size_t n = take_rest(l, max, records);
    if (n < max) {
        l->rest = par_mailbox_wait(&l->mailbox, n > 0 ? 0 : (int64_t)timeout_ms);
        n += take_rest(l, max - n, records + n);
    }
    return n;
}

static void local_wake(void *state, uint32_t partition)
{
    (void)partition;
    par_mailbox_poke(&((struct local *)state)->mailbox);
}

static void local_seal(void *state)
{
    struct local *l = state;
    atomic_store(&l->sealed, true);
    par_mailbox_poke(&l->mailbox);
}

static enum par_err local_deliver(void *state, uint64_t server, const struct par_delivery *d)
{
    const struct par_queue_ends *ends = ((struct local *)state)->ends;
    (void)server;
    if (!ends->deliver)
        return PAR_E_UNAVAILABLE;
    ends->deliver(ends->arg, d);
    return PAR_OK;
}

static enum par_err local_flush(void *state)
{
    const struct par_queue_ends *ends = ((struct local *)state)->ends;
    if (ends->flush)
        ends->flush(ends->arg);
    return PAR_OK;
}

static enum par_err local_push(void *state, const struct par_push_job *job)
{
    const struct par_queue_ends *ends = ((struct local *)state)->ends;
    if (ends->push)
        ends->push(ends->push_arg, job);
    return PAR_OK;
}

static void local_gauges(void *state, struct par_queue_stats *stats)
{
    struct local *l = state;
    stats->waiting_records = atomic_load(&l->waiting_records);
    stats->waiting_bytes = atomic_load(&l->waiting_bytes);
    stats->max_records = l->max_records;
    stats->max_bytes = l->max_bytes;
}

const struct par_queue_ops par_queue__local = {
    .name = "local",
    .open = local_open,
    .close = local_close,
    .partitions = local_partitions,
    .partition_of = local_partition_of,
    .generation = local_generation,
    .produce = local_produce,
    .seek = local_seek,
    .take = local_take,
    .wake = local_wake,
    .seal = local_seal,
    .deliver = local_deliver,
    .flush = local_flush,
    .push = local_push,
    .gauges = local_gauges,
};
