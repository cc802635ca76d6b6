/* Kafka: the records of a partition that are on their way, and those that wait for them.
 *
 * An idempotent producer of librdkafka has five records of a partition on their way, or one batch.
 * While more of it wait, its thread of the broker asks again without any pause whether they may go,
 * until an answer comes: under load that took three quarters of a server's CPU. So they wait here,
 * and what has gathered is handed over when the window opens, in the order of its coming.
 */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdlib.h>

/* The lock is held while records are handed over: not for longer than about a millisecond. */
enum { OPEN_BELOW = 5, HAND_OVER_MAX = 1024 };

struct par_kafka__record {
    struct par_kafka__record *next;
    struct par_kafka *kafka;
    struct par_kafka__window *window;
    struct par_kafka__run *run; /* that hears of it, or NULL */
    int64_t produced_us;        /* since 1970 */
    uint64_t come_ms;
    size_t len;
    char bytes[];
};

void par_kafka__window_init(struct par_kafka__window *window, struct par_kafka__load *load,
                            rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition)
{
    *window = (struct par_kafka__window){.load = load,
                                         .client = client,
                                         .topic = topic,
                                         .partition = partition,
                                         .last = &window->first};
    pthread_mutex_init(&window->lock, NULL);
}

void par_kafka__window_fini(struct par_kafka__window *window)
{
    pthread_mutex_destroy(&window->lock);
}

/* The library takes no copy: the record stays until it is reported. */
static rd_kafka_resp_err_t hand_over(struct par_kafka__record *record)
{
    struct par_kafka__window *window = record->window;
    rd_kafka_resp_err_t err = rd_kafka_producev(
        window->client, RD_KAFKA_V_RKT(window->topic), RD_KAFKA_V_PARTITION(window->partition),
        RD_KAFKA_V_MSGFLAGS(0), RD_KAFKA_V_VALUE(record->bytes, record->len),
        RD_KAFKA_V_HEADER(PAR_KAFKA__PRODUCED, &record->produced_us, sizeof record->produced_us),
        RD_KAFKA_V_OPAQUE(record), RD_KAFKA_V_END);
    window->on_way += err == RD_KAFKA_RESP_ERR_NO_ERROR;
    return err;
}

/* Its run hears of it last: who waits for the run finds it gone. */
static void end(struct par_kafka__record *record, bool failed)
{
    struct par_kafka__load *load = record->window->load;
    struct par_kafka__run *run = record->run;
    atomic_fetch_sub(&load->bytes, record->len);
    atomic_fetch_sub(&load->records, 1);
    free(record);
    if (run)
        par_kafka__run_reported(run, failed);
}

static void fail(struct par_kafka__record *record, rd_kafka_resp_err_t err)
{
    par_log_warn("kafka.not_confirmed", PAR_KV("topic", rd_kafka_topic_name(record->window->topic)),
                 PAR_KV("why", rd_kafka_err2str(err)));
    end(record, true);
}

/* Under the lock: those whose time was over before their turn are failed, so that what is not
 * confirmed is known within twice the library's time. */
static void hand_over_more(struct par_kafka__window *window)
{
    uint64_t now_ms = par_mono_ms();
    for (int handed = 0; handed < HAND_OVER_MAX && window->first;) {
        struct par_kafka__record *record = window->first, *next = record->next;
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
        if (atomic_load(&record->kafka->dropping))
            err = RD_KAFKA_RESP_ERR__PURGE_QUEUE;
        else if (now_ms - record->come_ms < record->kafka->message_ms)
            err = hand_over(record);
        /* A queue that the operator has made smaller than ours: the next report tries again. */
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL && window->on_way > 0)
            return;
        window->first = next;
        if (err)
            fail(record, err);
        else
            handed++;
    }
    if (!window->first)
        window->last = &window->first;
}

/* On the thread that polls, once for each record. */
static void reported(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct par_kafka__record *record = message->_private;
    struct par_kafka__window *window = record->window;
    (void)client;
    (void)opaque;
    if (message->err)
        fail(record, message->err);
    else
        end(record, false);
    pthread_mutex_lock(&window->lock);
    window->on_way--;
    if (window->first && window->on_way < OPEN_BELOW)
        hand_over_more(window);
    pthread_mutex_unlock(&window->lock);
}

void par_kafka__set_producer(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
}

static enum par_err add(struct par_kafka__window *window, struct par_kafka__record *record)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    pthread_mutex_lock(&window->lock);
    if (window->first || window->on_way >= OPEN_BELOW) {
        *window->last = record;
        window->last = &record->next;
    } else {
        err = hand_over(record);
    }
    pthread_mutex_unlock(&window->lock);
    if (!err)
        return PAR_OK;
    return err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? PAR_E_OVERLOADED : PAR_E_UNAVAILABLE;
}

enum par_err par_kafka__append(struct par_kafka *k, struct par_kafka__window *window,
                               struct par_str bytes, struct par_kafka__run *run)
{
    struct par_kafka__load *load = window->load;
    if (atomic_load(&load->records) >= k->max_records ||
        atomic_load(&load->bytes) + bytes.len > k->max_bytes)
        return PAR_E_OVERLOADED;
    struct par_kafka__record *record = malloc(sizeof *record + bytes.len);
    if (!record)
        return PAR_E_OVERLOADED;
    *record = (struct par_kafka__record){.kafka = k,
                                         .window = window,
                                         .run = run,
                                         .produced_us = par_wall_us(),
                                         .come_ms = par_mono_ms(),
                                         .len = bytes.len};
    memcpy(record->bytes, bytes.ptr, bytes.len);
    atomic_fetch_add(&load->bytes, bytes.len);
    atomic_fetch_add(&load->records, 1);
    enum par_err err = add(window, record);
    if (err) {
        record->run = NULL;
        end(record, true);
    }
    return err;
}
