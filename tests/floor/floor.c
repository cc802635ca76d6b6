/* What the engines of a cluster charge by themselves, for the least that a messenger asks of them:
 * records come at a rate, go through Kafka to a consumer of their partition that waits for them,
 * and each becomes three rows in one region of HBase. Beside it pages of 50 rows are read.
 * `floor BROKERS GATEWAYS SECONDS RATE` prints a line a figure, as `parley bench` does.
 *
 * The settings are those of the drivers (acks of all, idempotent, as many partitions as regions, a
 * writer a partition that has one put on its way, FSYNC). Topic and tables are its own; the topic
 * is removed at the end. */
#include "base/stats.h"
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES_PER_SECOND = 20, HISTORY_ROWS = 200, PUT_ROWS = 20 };

static void print_both(const char *name, const struct par_hist *h)
{
    printf("%s_p50 %.3f ms\n", name, (double)par_hist_quantile(h, 0.5) / 1e6);
    printf("%s_p99 %.3f ms\n", name, (double)par_hist_quantile(h, 0.99) / 1e6);
    uint64_t n = par_hist_count(h);
    printf("%s_mean %.3f ms\n", name, n ? (double)h->sum / (double)n / 1e6 : 0);
}

/* ---- HBase ---- */

static struct par_store *open_store(const char *gateways)
{
    struct par_store_options options = {.driver = "hbase",
                                        .gateways = gateways,
                                        .space = "floor",
                                        .regions = FLOOR_PARTITIONS,
                                        .connections = FLOOR_PARTITIONS};
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

/* One of the conversations that fall into this region. */
static struct par_conv conv_in(unsigned region)
{
    struct par_conv conv = {.kind = PAR_CONV_GROUP};
    do
        par_random(conv.id, sizeof conv.id);
    while ((uint32_t)par_conv_hash2(&conv) * FLOOR_PARTITIONS >> 16 != region);
    return conv;
}

static void commit(struct par_store *s, struct par_batch *batch)
{
    if (par_store_commit(s, batch, true) != PAR_OUTCOME_OK) {
        fprintf(stderr, "floor: HBase took no rows\n");
        exit(1);
    }
    par_batch_fini(batch);
}

static void put_message(struct par_store *s, const struct par_conv *conv, uint64_t n)
{
    struct par_batch batch = {0};
    char value[FLOOR_BYTES] = {0}, cmid[24];
    struct par_str bytes = par_str_of(value, 150);
    snprintf(cmid, sizeof cmid, "%llu", (unsigned long long)n);
    struct par_key entry = par_key_entry(conv, n), row = par_key_conv(conv),
                   id = par_key_cmid(conv, 7, par_str(cmid));
    par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&entry), bytes, n);
    par_batch_put(&batch, PAR_T_CMIDS, par_key_str(&id), bytes, n);
    par_batch_put(&batch, PAR_T_CONVERSATIONS, par_key_str(&row), bytes, n);
    commit(s, &batch);
}

/* ---- the writers: one a partition ---- */

struct writer {
    struct floor_kafka *kafka;
    struct par_store *store;
    int32_t partition;
    uint64_t warm_until_ns;
    pthread_t thread;
    struct par_hist way, put, both;
};

static void *write_all(void *arg)
{
    struct writer *w = arg;
    struct par_conv conv = conv_in((unsigned)w->partition);
    uint64_t sent, n = 0;
    while (floor_take(w->kafka, w->partition, &sent)) {
        uint64_t taken = par_mono_ns();
        put_message(w->store, &conv, ++n);
        uint64_t done = par_mono_ns();
        if (sent < w->warm_until_ns)
            continue;
        par_hist_record(&w->way, taken - sent);
        par_hist_record(&w->put, done - taken);
        par_hist_record(&w->both, done - sent);
    }
    return NULL;
}

/* ---- the reader ---- */

struct reader {
    struct par_store *store;
    atomic_bool stop;
    pthread_t thread;
    struct par_hist page;
};

static bool look(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return true;
}

static void *read_all(void *arg)
{
    struct reader *r = arg;
    struct par_conv conv = conv_in(0);
    _Atomic uint32_t never = 0;
    for (uint64_t n = 1; n <= HISTORY_ROWS; n += PUT_ROWS) {
        struct par_batch batch = {0};
        for (uint64_t i = n; i < n + PUT_ROWS; i++) {
            char value[150] = {0};
            struct par_key entry = par_key_entry(&conv, i);
            par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&entry),
                          par_str_of(value, sizeof value), i);
        }
        commit(r->store, &batch);
    }
    while (!atomic_load(&r->stop)) {
        struct par_key from = par_key_entry(&conv, 50 + par_random_u64() % (HISTORY_ROWS - 50)),
                       prefix = par_key_conv(&conv), to = par_key_after(par_key_str(&prefix));
        size_t rows = 0;
        uint64_t begin = par_mono_ns();
        if (par_store_scan(r->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 50, look,
                           &rows) != PAR_OK ||
            rows != 50) {
            fprintf(stderr, "floor: HBase gave no page\n");
            exit(1);
        }
        par_hist_record(&r->page, par_mono_ns() - begin);
        par_pause(&never, 1000 / PAGES_PER_SECOND);
    }
    return NULL;
}

/* ---- the load ---- */

static void send_all(struct floor_kafka *kafka, uint64_t begin_ns, uint64_t count, unsigned rate)
{
    _Atomic uint32_t never = 0;
    for (uint64_t n = 0; n < count; n++) {
        uint64_t due = begin_ns + n * UINT64_C(1000000000) / rate, now = par_mono_ns();
        if (now < due)
            par_pause(&never, (uint32_t)((due - now) / 1000000));
        floor_send(kafka, (int32_t)(n % FLOOR_PARTITIONS));
    }
}

int main(int argc, char **argv)
{
    static struct writer writers[FLOOR_PARTITIONS];
    static struct reader reader;
    struct par_hist way = {0}, put = {0}, both = {0};
    if (argc != 5) {
        fprintf(stderr, "usage: floor BROKERS GATEWAYS SECONDS RATE\n");
        return 2;
    }
    unsigned seconds = (unsigned)atoi(argv[3]), rate = (unsigned)atoi(argv[4]);
    if (seconds == 0 || rate == 0)
        return 2;
    struct par_store *store = open_store(argv[2]);
    struct floor_kafka *kafka = floor_open(argv[1]);
    uint64_t begin_ns = par_mono_ns();
    for (int i = 0; i < FLOOR_PARTITIONS; i++) {
        struct writer *w = &writers[i];
        w->kafka = kafka;
        w->store = store;
        w->partition = i;
        w->warm_until_ns = begin_ns + FLOOR_WARM_MS * UINT64_C(1000000);
        pthread_create(&w->thread, NULL, write_all, w);
    }
    reader.store = store;
    pthread_create(&reader.thread, NULL, read_all, &reader);
    send_all(kafka, begin_ns, (uint64_t)rate * (seconds + FLOOR_WARM_MS / 1000), rate);
    floor_end(kafka);
    atomic_store(&reader.stop, true);
    pthread_join(reader.thread, NULL);
    for (int i = 0; i < FLOOR_PARTITIONS; i++) {
        pthread_join(writers[i].thread, NULL);
        par_hist_merge(&way, &writers[i].way);
        par_hist_merge(&put, &writers[i].put);
        par_hist_merge(&both, &writers[i].both);
    }
    floor_close(kafka);
    par_store_close(&store);
    print_both("kafka_way", &way);
    print_both("hbase_put", &put);
    print_both("both", &both);
    print_both("hbase_page", &reader.page);
    return 0;
}
