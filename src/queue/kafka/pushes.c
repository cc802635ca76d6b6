/* Kafka: push jobs, taken by a group of which each server that takes is a member. */
#include "queue/kafka/kafka_private.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

/* Offsets of one partition that were taken, in their order, with what is confirmed of them. */
struct share {
    struct share *next;
    int32_t partition;
    bool *done; /* of first … first + count - 1 */
    size_t count, room;
    int64_t first; /* the oldest that is not confirmed */
};

struct par_kafka__pushes {
    rd_kafka_t *client;
    char topic[PAR_KAFKA__NAME_MAX];
    struct share *shares; /* of the thread that takes */
    _Atomic bool woken;
    rd_kafka_queue_t *_Atomic queue; /* of the client, to be woken by */
    rd_kafka_message_t *lent[PAR_KAFKA__TAKE_MAX];
    size_t lent_count;
};

static void forget(struct par_kafka__pushes *p, int32_t partition)
{
    for (struct share **at = &p->shares; *at;) {
        struct share *s = *at;
        if (partition >= 0 && s->partition != partition) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free(s->done);
        free(s);
    }
}

/* Called while the taking thread polls: a partition that goes is another's, and what of it was
 * taken and not confirmed comes to that one again. */
static void shared_out(rd_kafka_t *client, rd_kafka_resp_err_t err,
                       rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct par_kafka__pushes *p = ((struct par_kafka *)opaque)->pushes;
    bool given = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    for (int i = 0; !given && i < list->cnt; i++)
        forget(p, list->elems[i].partition);
    rd_kafka_assign(client, given ? list : NULL);
}

static void set(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, shared_out);
}

/* Joins the group, when a server begins to take. */
static struct par_kafka__pushes *opened(struct par_kafka *k)
{
    char why[512] = "out of memory", group[64];
    if (k->pushes)
        return k->pushes;
    struct par_kafka__pushes *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    k->pushes = p;
    snprintf(p->topic, sizeof p->topic, "%s.push", k->prefix);
    snprintf(group, sizeof group, "%s.wakers", k->prefix);
    /* What is confirmed is committed by the client every second; a job waits for its push service
     * for minutes, so a member that is slow to poll is not put out for long. */
    const char *const pairs[] = {"group.id",
                                 group,
                                 "enable.auto.commit",
                                 "true",
                                 "auto.commit.interval.ms",
                                 "1000",
                                 "enable.auto.offset.store",
                                 "false",
                                 "auto.offset.reset",
                                 "earliest",
                                 "session.timeout.ms",
                                 "10000",
                                 "fetch.wait.max.ms",
                                 "100",
                                 "queued.max.messages.kbytes",
                                 "4096",
                                 NULL};
    p->client = par_kafka__client(k, RD_KAFKA_CONSUMER, pairs, set, k, why, sizeof why);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, p->topic, RD_KAFKA_PARTITION_UA);
    bool ok = p->client && rd_kafka_poll_set_consumer(p->client) == 0 &&
              rd_kafka_subscribe(p->client, list) == 0;
    rd_kafka_topic_partition_list_destroy(list);
    if (ok) {
        atomic_store(&p->queue, rd_kafka_queue_get_consumer(p->client));
        return p;
    }
    par_log_warn("kafka.pushes", PAR_KV("why", (const char *)why));
    par_kafka__free_pushes(k);
    return NULL;
}

static struct share *share_of(struct par_kafka__pushes *p, int32_t partition)
{
    struct share *s = p->shares;
    while (s && s->partition != partition)
        s = s->next;
    return s;
}

/* False: memory is refused. */
static bool note(struct par_kafka__pushes *p, const rd_kafka_message_t *m)
{
    struct share *s = share_of(p, m->partition);
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s)
            return false;
        s->partition = m->partition;
        s->first = m->offset;
        s->next = p->shares;
        p->shares = s;
    }
    /* Offsets may be left out (records of transactions): those are nobody's to confirm. */
    size_t index = (size_t)(m->offset - s->first);
    if (index >= s->room) {
        size_t room = s->room ? s->room : 64;
        while (room <= index)
            room *= 2;
        bool *done = realloc(s->done, room);
        if (!done)
            return false;
        s->done = done;
        s->room = room;
    }
    for (size_t i = s->count; i < index; i++)
        s->done[i] = true;
    if (index >= s->count) {
        s->count = index + 1;
        s->done[index] = false;
    }
    return true;
}

static void give_back(struct par_kafka__pushes *p)
{
    while (p->lent_count)
        rd_kafka_message_destroy(p->lent[--p->lent_count]);
}

/* Takes a message along, or drops what is none. */
static size_t add(struct par_kafka__pushes *p, rd_kafka_message_t *m,
                  struct par_queue_push_record *records, size_t n)
{
    if (m->err || !note(p, m)) {
        if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            par_log_warn("kafka.take", PAR_KV("topic", (const char *)p->topic),
                         PAR_KV("why", rd_kafka_message_errstr(m)));
        rd_kafka_message_destroy(m);
        return n;
    }
    p->lent[p->lent_count++] = m;
    records[n] = (struct par_queue_push_record){
        .bytes = par_str_of(m->payload ? m->payload : "", m->len),
        .place = {.partition = (uint32_t)m->partition, .offset = (uint64_t)m->offset}};
    return n + 1;
}

size_t par_kafka__take_pushes(void *state, size_t max, uint32_t timeout_ms,
                              struct par_queue_push_record *records)
{
    struct par_kafka *k = state;
    uint64_t end = par_mono_ms() + timeout_ms;
    struct par_kafka__pushes *p = opened(k);
    size_t n = 0;
    if (!p) {
        par_pause(&k->closing, timeout_ms < PAR_KAFKA__POLL_MS ? timeout_ms : PAR_KAFKA__POLL_MS);
        return 0;
    }
    give_back(p);
    if (max > PAR_KAFKA__TAKE_MAX)
        max = PAR_KAFKA__TAKE_MAX;
    while (n == 0) {
        uint64_t now = par_mono_ms(), left = end > now ? end - now : 0;
        int wait = left < PAR_KAFKA__POLL_MS ? (int)left : PAR_KAFKA__POLL_MS;
        rd_kafka_message_t *m = rd_kafka_consumer_poll(p->client, wait);
        for (; m; m = n < max ? rd_kafka_consumer_poll(p->client, 0) : NULL)
            n = add(p, m, records, n);
        if (atomic_exchange(&p->woken, false) || par_mono_ms() >= end)
            break;
    }
    return n;
}

void par_kafka__confirm_push(void *state, const struct par_queue_push_place *place)
{
    struct par_kafka__pushes *p = ((struct par_kafka *)state)->pushes;
    struct share *s = p ? share_of(p, (int32_t)place->partition) : NULL;
    int64_t index = s ? (int64_t)place->offset - s->first : -1;
    if (index < 0 || (size_t)index >= s->count)
        return;
    s->done[index] = true;
    size_t n = 0;
    while (n < s->count && s->done[n])
        n++;
    if (n == 0)
        return;
    s->first += (int64_t)n;
    s->count -= n;
    memmove(s->done, s->done + n, s->count);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, p->topic, s->partition)->offset = s->first;
    (void)rd_kafka_offsets_store(p->client, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void par_kafka__wake_pushes(void *state)
{
    struct par_kafka__pushes *p = ((struct par_kafka *)state)->pushes;
    rd_kafka_queue_t *queue = p ? atomic_load(&p->queue) : NULL;
    if (!queue)
        return;
    atomic_store(&p->woken, true);
    rd_kafka_queue_yield(queue);
}

void par_kafka__free_pushes(struct par_kafka *k)
{
    struct par_kafka__pushes *p = k->pushes;
    if (!p)
        return;
    give_back(p);
    rd_kafka_queue_t *queue = atomic_load(&p->queue);
    if (queue)
        rd_kafka_queue_destroy(queue);
    if (p->client) {
        rd_kafka_consumer_close(p->client);
        rd_kafka_destroy(p->client);
    }
    forget(p, -1);
    k->pushes = NULL;
    free(p);
}
