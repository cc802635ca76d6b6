/* Kafka: what is taken, of partitions and of inboxes. */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdlib.h>

/* The lane, made when there is none; NULL: no memory. */
static struct par_kafka__lane *lane_of(struct par_kafka *k, bool inbox, uint64_t id, bool make)
{
    char name[PAR_KAFKA__NAME_MAX];
    pthread_mutex_lock(&k->lock);
    struct par_kafka__lane *lane = k->lanes;
    while (lane && (lane->inbox != inbox || lane->id != id))
        lane = lane->next;
    if (!lane && make && (lane = calloc(1, sizeof *lane)) != NULL) {
        lane->inbox = inbox;
        lane->id = id;
        if (inbox) {
            par_kafka__inbox_topic(k, id, name);
        } else {
            par_kafka__commands_topic(k, par_partition_generation((uint32_t)id), name);
            lane->number = par_partition_number((uint32_t)id);
        }
        lane->topic = rd_kafka_topic_new(k->taker, name, NULL);
        lane->queue = rd_kafka_queue_new(k->taker);
        lane->next = k->lanes;
        k->lanes = lane;
    }
    pthread_mutex_unlock(&k->lock);
    return lane && lane->topic && lane->queue ? lane : NULL;
}

static void give_back(struct par_kafka__lane *lane)
{
    while (lane->lent_count)
        rd_kafka_message_destroy(lane->lent[--lane->lent_count]);
}

static void stop(struct par_kafka__lane *lane)
{
    give_back(lane);
    if (lane->started)
        rd_kafka_consume_stop(lane->topic, lane->number);
    lane->started = false;
}

static enum par_err start(struct par_kafka__lane *lane, int64_t offset)
{
    stop(lane);
    lane->next_offset = offset >= 0 ? (uint64_t)offset : 0;
    lane->started =
        rd_kafka_consume_start_queue(lane->topic, lane->number, offset, lane->queue) == 0;
    return lane->started ? PAR_OK : PAR_E_UNAVAILABLE;
}

/* How long a record was on its way; 0: not known. */
static uint64_t way_ns(const rd_kafka_message_t *m, int64_t now_us)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;
    int64_t produced_us;
    if (rd_kafka_message_headers(m, &headers) ||
        rd_kafka_header_get_last(headers, PAR_KAFKA__PRODUCED, &value, &size) ||
        size != sizeof produced_us)
        return 0;
    memcpy(&produced_us, value, size);
    return produced_us < now_us ? (uint64_t)(now_us - produced_us) * 1000 : 0;
}

/* Fills records with what is there; what is no record of the log is told in the log and left out.
 */
static size_t fill(struct par_kafka__lane *lane, size_t n, struct par_queue_record *records)
{
    size_t out = 0;
    int64_t now_us = par_wall_us();
    for (size_t i = 0; i < n; i++) {
        const rd_kafka_message_t *m = lane->lent[i];
        rd_kafka_timestamp_type_t type;
        if (m->err) {
            if (m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
                par_log_warn("kafka.take", PAR_KV("topic", rd_kafka_topic_name(lane->topic)),
                             PAR_KV("why", rd_kafka_message_errstr(m)));
            continue;
        }
        /* A stop leaves records of the former place in the queue. */
        if ((uint64_t)m->offset < lane->next_offset)
            continue;
        lane->next_offset = (uint64_t)m->offset + 1;
        records[out++] = (struct par_queue_record){
            .bytes = par_str_of(m->payload ? m->payload : "", m->len),
            .offset = (uint64_t)m->offset,
            .time_ms = rd_kafka_message_timestamp(m, &type),
            .way_ns = way_ns(m, now_us),
        };
    }
    return out;
}

/* Waits for one message, then takes along what is there. A batch asked for with a time would be
 * waited for until it is full or the time is over, with the first message lying there. */
static size_t wait_for(struct par_kafka__lane *lane, size_t max, int wait_ms)
{
    lane->lent[0] = rd_kafka_consume_queue(lane->queue, wait_ms);
    if (!lane->lent[0])
        return 0;
    ssize_t more =
        max > 1 ? rd_kafka_consume_batch_queue(lane->queue, 0, lane->lent + 1, max - 1) : 0;
    return 1 + (more > 0 ? (size_t)more : 0);
}

static size_t take(struct par_kafka__lane *lane, size_t max, uint32_t timeout_ms,
                   struct par_queue_record *records)
{
    uint64_t end = par_mono_ms() + timeout_ms;
    size_t out = 0;
    give_back(lane);
    if (max > PAR_KAFKA__TAKE_MAX)
        max = PAR_KAFKA__TAKE_MAX;
    for (;;) {
        uint64_t now = par_mono_ms();
        uint64_t wait = end > now ? end - now : 0;
        if (wait > PAR_KAFKA__POLL_MS)
            wait = PAR_KAFKA__POLL_MS;
        lane->lent_count = wait_for(lane, max, (int)wait);
        if (lane->lent_count > 0) {
            out = fill(lane, lane->lent_count, records);
            if (out > 0)
                return out;
            give_back(lane);
        }
        if (atomic_exchange(&lane->woken, false) || par_mono_ms() >= end)
            return 0;
    }
}

static void wake(struct par_kafka__lane *lane)
{
    if (!lane)
        return;
    atomic_store(&lane->woken, true);
    rd_kafka_queue_yield(lane->queue);
}

/* ---- partitions ---- */

enum par_err par_kafka__seek(void *state, uint32_t partition, uint64_t offset)
{
    struct par_kafka__lane *lane = lane_of(state, false, partition, true);
    return lane ? start(lane, (int64_t)offset) : PAR_E_UNAVAILABLE;
}

size_t par_kafka__take(void *state, uint32_t partition, size_t max, uint32_t timeout_ms,
                       struct par_queue_record *records)
{
    struct par_kafka__lane *lane = lane_of(state, false, partition, true);
    return lane ? take(lane, max, timeout_ms, records) : 0;
}

void par_kafka__wake(void *state, uint32_t partition)
{
    wake(lane_of(state, false, partition, false));
}

static enum par_err watermarks(struct par_kafka *k, const char *topic, int32_t number,
                               uint64_t *start_r, uint64_t *end_r)
{
    int64_t low, high;
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(k->taker, topic, number, &low, &high, PAR_KAFKA__CALL_MS);
    if (err || low < 0 || high < 0)
        return PAR_E_UNAVAILABLE;
    *start_r = (uint64_t)low;
    *end_r = (uint64_t)high;
    return PAR_OK;
}

enum par_err par_kafka__bounds(void *state, uint32_t partition, uint64_t *start_r, uint64_t *end_r)
{
    char name[PAR_KAFKA__NAME_MAX];
    par_kafka__commands_topic(state, par_partition_generation(partition), name);
    return watermarks(state, name, par_partition_number(partition), start_r, end_r);
}

/* ---- inboxes ---- */

static rd_kafka_topic_partition_list_t *place(const struct par_kafka *k, uint64_t server,
                                              int64_t offset)
{
    char name[PAR_KAFKA__NAME_MAX];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    par_kafka__inbox_topic(k, server, name);
    rd_kafka_topic_partition_list_add(list, name, 0)->offset = offset;
    return list;
}

/* From where it was last confirmed, or from its beginning. */
static enum par_err start_inbox(struct par_kafka *k, struct par_kafka__lane *lane)
{
    rd_kafka_topic_partition_list_t *list = place(k, lane->id, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t err = rd_kafka_committed(k->taker, list, PAR_KAFKA__CALL_MS);
    int64_t offset = list->elems[0].offset;
    err = err ? err : list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    if (err)
        return PAR_E_UNAVAILABLE;
    return start(lane, offset >= 0 ? offset : RD_KAFKA_OFFSET_BEGINNING);
}

size_t par_kafka__take_inbox(void *state, uint64_t server, size_t max, uint32_t timeout_ms,
                             struct par_queue_record *records)
{
    struct par_kafka *k = state;
    struct par_kafka__lane *lane = lane_of(k, true, server, true);
    if (!lane || (!lane->started && start_inbox(k, lane))) {
        par_pause(&k->closing, timeout_ms < PAR_KAFKA__POLL_MS ? timeout_ms : PAR_KAFKA__POLL_MS);
        return 0;
    }
    return take(lane, max, timeout_ms, records);
}

enum par_err par_kafka__confirm_inbox(void *state, uint64_t server, uint64_t offset)
{
    struct par_kafka *k = state;
    rd_kafka_topic_partition_list_t *list = place(k, server, (int64_t)offset);
    /* Not waited for: a confirmation that is lost makes some of it come again. */
    rd_kafka_resp_err_t err = rd_kafka_commit(k->taker, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
    return err ? PAR_E_UNAVAILABLE : PAR_OK;
}

enum par_err par_kafka__inbox_end(void *state, uint64_t server, uint64_t *end_r)
{
    char name[PAR_KAFKA__NAME_MAX];
    uint64_t start_offset;
    par_kafka__inbox_topic(state, server, name);
    return watermarks(state, name, 0, &start_offset, end_r);
}

void par_kafka__wake_inbox(void *state, uint64_t server)
{
    wake(lane_of(state, true, server, false));
}

void par_kafka__free_lanes(struct par_kafka *k)
{
    while (k->lanes) {
        struct par_kafka__lane *lane = k->lanes;
        k->lanes = lane->next;
        stop(lane);
        if (lane->queue)
            rd_kafka_queue_destroy(lane->queue);
        if (lane->topic)
            rd_kafka_topic_destroy(lane->topic);
        free(lane);
    }
}
