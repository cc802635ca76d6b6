/* The queue of the test's cluster: commands and inboxes in lists, partitions that go round. */
#include "engines_private.h"

#include "store/key.h"

#include <time.h>

static void rest_ms(long ms)
{
    struct timespec ts = {.tv_nsec = ms * 1000000};
    nanosleep(&ts, NULL);
}

/* ---- queue: commands ---- */

static void give(struct queue *q, uint32_t i, bool owned)
{
    q->given[i] = owned;
    q->owner(q->owner_arg, &(uint32_t){par_partition(1, (uint16_t)i)}, 1, owned);
}

/* Partitions go round those who joined, are not cut, and not aside. */
static bool is_owner(const struct queue *q, uint32_t partition)
{
    size_t members = 0, me = SIZE_MAX;
    for (size_t i = 0; i < TEST_SERVERS; i++) {
        if (!world.queues[i] || !world.queues[i]->joined || world.queues[i]->aside ||
            test_is_cut_from_log(world.queues[i]->server))
            continue;
        if (world.queues[i] == q)
            me = members;
        members++;
    }
    return me != SIZE_MAX && partition % members == me;
}

static void assign(void *arg)
{
    struct queue *q = arg;
    while (!atomic_load(&q->stopping)) {
        for (uint32_t i = 0; i < TEST_PARTITIONS; i++) {
            pthread_mutex_lock(&world.lock);
            bool mine = is_owner(q, i), joined = q->joined;
            pthread_mutex_unlock(&world.lock);
            if (joined && mine != q->given[i])
                give(q, i, mine);
        }
        rest_ms(5);
    }
}

static enum par_err queue_open(const struct par_queue_config *config,
                               const struct par_queue_ends *ends, void **state_r)
{
    struct queue *q = calloc(1, sizeof *q);
    q->ends = ends;
    q->server = config->server;
    pthread_mutex_lock(&world.lock);
    world.queues[test_place(q->server)] = q;
    pthread_mutex_unlock(&world.lock);
    *state_r = q;
    return par_thread_start("assign", assign, q, &q->thread);
}

static void queue_close(void *state)
{
    struct queue *q = state;
    atomic_store(&q->stopping, true);
    par_thread_join(&q->thread);
    pthread_mutex_lock(&world.lock);
    world.queues[test_place(q->server)] = NULL;
    pthread_mutex_unlock(&world.lock);
    free(q);
}

static uint32_t queue_partitions(void *state)
{
    (void)state;
    return TEST_PARTITIONS;
}

static uint32_t queue_partition_of(void *state, const struct par_conv *conv)
{
    (void)state;
    return par_partition(1, (uint16_t)(par_key_conv_hash2(conv) * TEST_PARTITIONS >> 16));
}

static uint16_t queue_generation(void *state)
{
    (void)state;
    return 1;
}

static enum par_err queue_produce(void *state, uint32_t partition, struct par_str bytes)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    /* Lost without a word, as a remote one may be (L4). */
    if (!test_is_cut_from_log(q->server))
        test_append(&world.commands[par_partition_number(partition)], bytes);
    pthread_mutex_unlock(&world.lock);
    return PAR_OK;
}

static enum par_err queue_seek(void *state, uint32_t partition, uint64_t offset)
{
    ((struct queue *)state)->at[par_partition_number(partition)] = offset;
    return PAR_OK;
}

static size_t take_from(struct log *log, uint64_t from, size_t max,
                        struct par_queue_record *records)
{
    size_t n = 0;
    for (uint64_t at = from; at < log->count && n < max; at++)
        records[n++] = (struct par_queue_record){
            .bytes = par_buf_str(&log->records[at]), .offset = at, .time_ms = log->times[at]};
    return n;
}

static size_t queue_take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                         struct par_queue_record *records)
{
    struct queue *q = state;
    uint32_t i = par_partition_number(partition);
    for (uint32_t waited = 0;; waited++) {
        pthread_mutex_lock(&world.lock);
        size_t n = test_is_cut_from_log(q->server) || world.hold
                       ? 0
                       : take_from(&world.commands[i], q->at[i], max, records);
        pthread_mutex_unlock(&world.lock);
        if (n)
            q->at[i] = records[n - 1].offset + 1;
        if (n || waited >= timeout_ms || waited >= 50)
            return n;
        rest_ms(1);
    }
}

static void queue_wake(void *state, uint32_t partition)
{
    (void)state;
    (void)partition;
}

static void queue_seal(void *state)
{
    (void)state;
}

static enum par_err queue_deliver(void *state, uint64_t server, const struct par_delivery *d)
{
    (void)state;
    (void)server;
    (void)d;
    return PAR_E_UNAVAILABLE;
}

static enum par_err queue_flush(void *state)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    bool cut = test_is_cut_from_log(q->server);
    pthread_mutex_unlock(&world.lock);
    return cut ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err queue_push(void *state, const struct par_push_job *job)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    if (!test_is_cut_from_log(q->server) && world.push_count < PUSHES_MAX)
        world.pushes[world.push_count++] = *job;
    pthread_mutex_unlock(&world.lock);
    return PAR_OK;
}

static void queue_gauges(void *state, struct par_queue_stats *stats)
{
    (void)state;
    (void)stats;
}

static enum par_err queue_join(void *state, par_queue_owner_fn fn, void *arg)
{
    struct queue *q = state;
    q->owner = fn;
    q->owner_arg = arg;
    pthread_mutex_lock(&world.lock);
    q->joined = true;
    pthread_mutex_unlock(&world.lock);
    return PAR_OK;
}

static void queue_set_aside(void *state, bool aside)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    q->aside = aside;
    q->asides += aside;
    pthread_mutex_unlock(&world.lock);
}

static enum par_err queue_probe(void *state, uint32_t timeout_ms)
{
    struct queue *q = state;
    (void)timeout_ms;
    pthread_mutex_lock(&world.lock);
    bool cut = test_is_cut_from_log(q->server);
    pthread_mutex_unlock(&world.lock);
    return cut ? PAR_E_UNAVAILABLE : PAR_OK;
}

static void queue_leave(void *state)
{
    struct queue *q = state;
    atomic_store(&q->stopping, true);
    par_thread_join(&q->thread);
    pthread_mutex_lock(&world.lock);
    q->joined = false;
    pthread_mutex_unlock(&world.lock);
    for (uint32_t i = 0; i < TEST_PARTITIONS; i++)
        if (q->given[i])
            give(q, i, false);
}

static enum par_err queue_bounds(void *state, uint32_t partition, uint64_t *start_r,
                                 uint64_t *end_r)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    bool cut = test_is_cut_from_log(q->server);
    *start_r = 0;
    *end_r = world.commands[par_partition_number(partition)].count;
    pthread_mutex_unlock(&world.lock);
    return cut ? PAR_E_UNAVAILABLE : PAR_OK;
}

/* ---- queue: inboxes ---- */

static enum par_err queue_send(void *state, uint64_t server, struct par_str bytes)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    bool cut = test_is_cut_from_log(q->server);
    for (size_t i = 0; i < TEST_SERVERS && !cut; i++)
        if (world.inbox_of[i] && (server == PAR_QUEUE_ALL_SERVERS || world.inbox_of[i] == server))
            test_append(&world.inbox[i], bytes);
    pthread_mutex_unlock(&world.lock);
    return cut ? PAR_E_UNAVAILABLE : PAR_OK;
}

static size_t queue_take_inbox(void *state, uint64_t server, size_t max, uint32_t timeout_ms,
                               struct par_queue_record *records)
{
    struct queue *q = state;
    for (uint32_t waited = 0;; waited++) {
        pthread_mutex_lock(&world.lock);
        size_t i = test_place(server);
        if (!q->began_inbox[i])
            q->taken_inbox[i] = world.inbox[i].confirmed;
        q->began_inbox[i] = true;
        size_t n = test_is_cut_from_log(q->server)
                       ? 0
                       : take_from(&world.inbox[i], q->taken_inbox[i], max, records);
        if (n)
            q->taken_inbox[i] = records[n - 1].offset + 1;
        pthread_mutex_unlock(&world.lock);
        if (n || waited >= timeout_ms || waited >= 50)
            return n;
        rest_ms(1);
    }
}

static enum par_err queue_confirm_inbox(void *state, uint64_t server, uint64_t offset)
{
    struct queue *q = state;
    pthread_mutex_lock(&world.lock);
    bool cut = test_is_cut_from_log(q->server);
    if (!cut)
        world.inbox[test_place(server)].confirmed = offset;
    pthread_mutex_unlock(&world.lock);
    return cut ? PAR_E_UNAVAILABLE : PAR_OK;
}

static enum par_err queue_inbox_end(void *state, uint64_t server, uint64_t *end_r)
{
    (void)state;
    pthread_mutex_lock(&world.lock);
    *end_r = world.inbox[test_place(server)].count;
    pthread_mutex_unlock(&world.lock);
    return PAR_OK;
}

static void queue_wake_inbox(void *state, uint64_t server)
{
    (void)state;
    (void)server;
}

const struct par_queue_ops test_queue_ops = {
    .name = TEST_DRIVER,
    .open = queue_open,
    .close = queue_close,
    .partitions = queue_partitions,
    .partition_of = queue_partition_of,
    .generation = queue_generation,
    .produce = queue_produce,
    .seek = queue_seek,
    .take = queue_take,
    .wake = queue_wake,
    .seal = queue_seal,
    .deliver = queue_deliver,
    .flush = queue_flush,
    .push = queue_push,
    .gauges = queue_gauges,
    .remote = true,
    .join = queue_join,
    .leave = queue_leave,
    .set_aside = queue_set_aside,
    .probe = queue_probe,
    .bounds = queue_bounds,
    .send = queue_send,
    .take_inbox = queue_take_inbox,
    .confirm_inbox = queue_confirm_inbox,
    .inbox_end = queue_inbox_end,
    .wake_inbox = queue_wake_inbox,
};
