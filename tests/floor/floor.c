/* What the engines of a cluster charge by themselves: the way of a record through Kafka, from the
 * call that produces it to a consumer that waits for it, and of rows through a Thrift gateway into
 * HBase. `floor BROKERS GATEWAYS SECONDS RATE` prints a line a figure, as `parley bench` does.
 *
 * The settings are those of the drivers (acks of all, idempotent, one batch of a message's three
 * rows in one region, FSYNC). Topic and tables are its own; the topic is removed at the end. */
#include "base/stats.h"
#include "loop/env.h"
#include "parley/store.h"
#include "store/key.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALL_MS = 10000, BYTES = 200, ROWS = 50, WARM_MS = 2000 };

static void print_hist(const char *name, const struct par_hist *h)
{
    printf("%-36s %14.3f ms\n", name, (double)par_hist_quantile(h, 0.5) / 1e6);
}

static void print_both(const char *name, const struct par_hist *h)
{
    char label[64];
    snprintf(label, sizeof label, "%s_p50", name);
    print_hist(label, h);
    snprintf(label, sizeof label, "%s_p99", name);
    printf("%-36s %14.3f ms\n", label, (double)par_hist_quantile(h, 0.99) / 1e6);
}

/* ---- Kafka ---- */

struct kafka {
    rd_kafka_t *producer, *consumer;
    rd_kafka_topic_t *to, *from;
    struct par_hist way;
    atomic_bool stop;
    uint64_t warm_until_ns;
};

static rd_kafka_t *client(rd_kafka_type_t type, const char *const *pairs)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; *pairs; pairs += 2) {
        if (rd_kafka_conf_set(conf, pairs[0], pairs[1], why, sizeof why) != RD_KAFKA_CONF_OK) {
            fprintf(stderr, "floor: %s\n", why);
            exit(1);
        }
    }
    rd_kafka_t *k = rd_kafka_new(type, conf, why, sizeof why);
    if (!k) {
        fprintf(stderr, "floor: %s\n", why);
        exit(1);
    }
    return k;
}

static void *consume(void *arg)
{
    struct kafka *k = arg;
    while (!atomic_load(&k->stop)) {
        rd_kafka_message_t *m = rd_kafka_consume(k->from, 0, 100);
        uint64_t sent;
        if (m && !m->err && m->len == BYTES) {
            memcpy(&sent, m->payload, sizeof sent);
            if (sent > k->warm_until_ns)
                par_hist_record(&k->way, par_mono_ns() - sent);
        }
        if (m)
            rd_kafka_message_destroy(m);
    }
    return NULL;
}

static void topic_call(rd_kafka_t *producer, const char *name, bool make)
{
    char why[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(producer);
    if (make) {
        rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(name, 1, -1, why, sizeof why);
        rd_kafka_CreateTopics(producer, &t, 1, NULL, queue);
        rd_kafka_NewTopic_destroy(t);
    } else {
        rd_kafka_DeleteTopic_t *t = rd_kafka_DeleteTopic_new(name);
        rd_kafka_DeleteTopics(producer, &t, 1, NULL, queue);
        rd_kafka_DeleteTopic_destroy(t);
    }
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void measure_kafka(const char *brokers, unsigned seconds, unsigned rate)
{
    static struct kafka k;
    char name[64], bytes[BYTES] = {0};
    pthread_t thread;
    _Atomic uint32_t never = 0;
    const char *const produce[] = {
        "bootstrap.servers", brokers, "enable.idempotence", "true", "linger.ms", "0", NULL};
    const char *const fetch[] = {"bootstrap.servers", brokers, "group.id", "floor",
                                 "fetch.wait.max.ms", "50",    NULL};
    snprintf(name, sizeof name, "floor.%d", (int)getpid());
    k.producer = client(RD_KAFKA_PRODUCER, produce);
    k.consumer = client(RD_KAFKA_CONSUMER, fetch);
    topic_call(k.producer, name, true);
    k.to = rd_kafka_topic_new(k.producer, name, NULL);
    k.from = rd_kafka_topic_new(k.consumer, name, NULL);
    rd_kafka_consume_start(k.from, 0, RD_KAFKA_OFFSET_BEGINNING);
    uint64_t begin = par_mono_ns();
    k.warm_until_ns = begin + WARM_MS * UINT64_C(1000000);
    pthread_create(&thread, NULL, consume, &k);
    for (uint64_t n = 0; n < (uint64_t)rate * (seconds + WARM_MS / 1000); n++) {
        uint64_t due = begin + n * UINT64_C(1000000000) / rate, now = par_mono_ns();
        if (now < due)
            par_pause(&never, (uint32_t)((due - now) / 1000000));
        now = par_mono_ns();
        memcpy(bytes, &now, sizeof now);
        (void)rd_kafka_produce(k.to, 0, RD_KAFKA_MSG_F_COPY, bytes, sizeof bytes, NULL, 0, NULL);
        rd_kafka_poll(k.producer, 0);
    }
    rd_kafka_flush(k.producer, CALL_MS);
    par_pause(&never, 500);
    atomic_store(&k.stop, true);
    pthread_join(thread, NULL);
    rd_kafka_consume_stop(k.from, 0);
    topic_call(k.producer, name, false);
    rd_kafka_topic_destroy(k.to);
    rd_kafka_topic_destroy(k.from);
    rd_kafka_destroy(k.consumer);
    rd_kafka_destroy(k.producer);
    print_both("kafka_way", &k.way);
}

/* ---- HBase ---- */

static struct par_store *open_store(const char *gateways)
{
    struct par_store_options options = {
        .driver = "hbase", .gateways = gateways, .space = "floor", .regions = 16};
    struct par_store *s = NULL;
    struct par_buf why = {0};
    if (par_store_open(&options, &s, &why) == PAR_OK)
        return s;
    options.must_be_new = true;
    if (par_store_open(&options, &s, &why) != PAR_OK) {
        fprintf(stderr, "floor: %.*s\n", PAR_STR_ARGS(par_buf_str(&why)));
        exit(1);
    }
    return s;
}

static void put_message(struct par_store *s, const struct par_conv *conv, uint64_t n)
{
    struct par_batch batch = {0};
    char value[BYTES] = {0}, cmid[24];
    struct par_str bytes = par_str_of(value, 150);
    snprintf(cmid, sizeof cmid, "%llu", (unsigned long long)n);
    struct par_key entry = par_key_entry(conv, n), row = par_key_conv(conv),
                   id = par_key_cmid(conv, 7, par_str(cmid));
    par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&entry), bytes, n);
    par_batch_put(&batch, PAR_T_CMIDS, par_key_str(&id), bytes, n);
    par_batch_put(&batch, PAR_T_CONVERSATIONS, par_key_str(&row), bytes, n);
    if (par_store_commit(s, &batch, true) != PAR_OUTCOME_OK) {
        fprintf(stderr, "floor: HBase took no rows\n");
        exit(1);
    }
    par_batch_fini(&batch);
}

static bool look(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

static void measure_hbase(const char *gateways, unsigned seconds)
{
    static struct par_hist put, get, page;
    struct par_store *s = open_store(gateways);
    struct par_conv conv = {.kind = PAR_CONV_DIRECT};
    uint64_t end = par_mono_ms() + seconds * 1000, warm = par_mono_ms() + WARM_MS, n = 0;
    par_random(conv.id, sizeof conv.id);
    struct par_key first = par_key_conv(&conv), last = par_key_after(par_key_str(&first));
    while (par_mono_ms() < end + WARM_MS) {
        bool counts = par_mono_ms() > warm;
        struct par_buf value = {0};
        struct par_key row = par_key_conv(&conv);
        size_t rows = 0;
        uint64_t a = par_mono_ns();
        put_message(s, &conv, ++n);
        uint64_t b = par_mono_ns();
        bool got = par_store_get(s, PAR_T_CONVERSATIONS, par_key_str(&row), &value) == 1;
        uint64_t c = par_mono_ns();
        got = got && par_store_scan(s, PAR_T_ENTRIES, par_key_str(&first), par_key_str(&last), ROWS,
                                    look, &rows) == PAR_OK;
        uint64_t d = par_mono_ns();
        par_buf_fini(&value);
        if (!got) {
            fprintf(stderr, "floor: HBase gave no rows\n");
            exit(1);
        }
        if (!counts)
            continue;
        par_hist_record(&put, b - a);
        par_hist_record(&get, c - b);
        if (rows == ROWS)
            par_hist_record(&page, d - c);
    }
    par_store_close(&s);
    print_both("hbase_put", &put);
    print_both("hbase_get", &get);
    print_both("hbase_page", &page);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: floor BROKERS GATEWAYS SECONDS RATE\n");
        return 2;
    }
    unsigned seconds = (unsigned)atoi(argv[3]), rate = (unsigned)atoi(argv[4]);
    if (seconds == 0 || rate == 0)
        return 2;
    measure_kafka(argv[1], seconds, rate);
    measure_hbase(argv[2], seconds);
    return 0;
}
