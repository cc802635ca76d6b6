/* Shards of counters and histograms, one for each thread, and the sums over them. */
#include "base/stats.h"
#include "base/stats_private.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Where each counter and histogram begins in a shard. */
enum {
#define COUNTER(name, metric, l1, l2, help)                                                        \
    OFF_C_##name, OFF_C_##name##_LAST = OFF_C_##name + PAR_LABELS_##l1 * PAR_LABELS_##l2 - 1,
#include "parley/tbl/counters.h"
    N_SLOTS
};
enum {
#define HISTOGRAM(name, metric, unit, l1, help)                                                    \
    OFF_H_##name, OFF_H_##name##_LAST = OFF_H_##name + PAR_LABELS_##l1 - 1,
#include "parley/tbl/counters.h"
    N_HISTS
};

const struct par_stats__counter par_stats__counters[PAR_C_COUNT] = {
#define COUNTER(name, metric, l1, l2, help)                                                        \
    [PAR_C_##                                                                                      \
        name] = {metric,          help,        PAR_LABEL_##l1, PAR_LABEL_##l2, PAR_LABELS_##l1,    \
                 PAR_LABELS_##l2, OFF_C_##name},
#include "parley/tbl/counters.h"
};
const struct par_stats__histogram par_stats__histograms[PAR_H_COUNT] = {
#define UNIT_SECONDS true
#define UNIT_COUNT   false
#define HISTOGRAM(name, metric, unit, l1, help)                                                    \
    [PAR_H_##name] = {metric, help, UNIT_##unit, PAR_LABEL_##l1, PAR_LABELS_##l1, OFF_H_##name},
#include "parley/tbl/counters.h"
};

/* One writer, many readers: an add is a load and a store, without a locked instruction. */
struct shard_hist {
    _Atomic uint64_t bucket[PAR_HIST_BUCKETS];
    _Atomic uint64_t sum;
    _Atomic uint64_t max;
};
struct shard {
    _Atomic uint64_t slot[N_SLOTS];
    struct shard_hist hist[N_HISTS];
    struct shard *next;      /* all shards ever made, under the lock */
    struct shard *next_free; /* those whose thread has ended; their sums stay */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shard *shards;
static struct shard *free_shards;
static pthread_key_t thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct shard *mine;
/* For a thread that memory was refused to: shared, so that counts may be lost, but nothing breaks.
 */
static struct shard spare;

static void give_back(void *arg)
{
    struct shard *s = arg;

    /* Destructors of other libraries may still count: they fetch a shard again. */
    mine = NULL;
    pthread_mutex_lock(&lock);
    s->next_free = free_shards;
    free_shards = s;
    pthread_mutex_unlock(&lock);
}

static void start(void)
{
    (void)pthread_key_create(&thread_end, give_back);
    spare.next = NULL;
    pthread_mutex_lock(&lock);
    shards = &spare;
    pthread_mutex_unlock(&lock);
}

static struct shard *new_shard(void)
{
    struct shard *s;

    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
    s = free_shards;
    if (s) {
        free_shards = s->next_free;
    } else {
        s = calloc(1, sizeof *s);
        if (s) {
            s->next = shards;
            shards = s;
        }
    }
    pthread_mutex_unlock(&lock);
    if (!s)
        return &spare;
    mine = s;
    (void)pthread_setspecific(thread_end, s);
    return s;
}

static inline struct shard *my_shard(void)
{
    return mine ? mine : new_shard();
}

static inline void bump(_Atomic uint64_t *slot, uint64_t n)
{
    atomic_store_explicit(slot, atomic_load_explicit(slot, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static unsigned slot_of(enum par_counter c, unsigned label1, unsigned label2)
{
    const struct par_stats__counter *k = &par_stats__counters[c];

    if (label1 >= k->n1)
        label1 = 0;
    if (label2 >= k->n2)
        label2 = 0;
    return k->offset + label1 * k->n2 + label2;
}

void par_stats_add(enum par_counter c, uint64_t n)
{
    bump(&my_shard()->slot[par_stats__counters[c].offset], n);
}

void par_stats_add_at(enum par_counter c, unsigned label1, uint64_t n)
{
    bump(&my_shard()->slot[slot_of(c, label1, 0)], n);
}

void par_stats_add_at2(enum par_counter c, unsigned label1, unsigned label2, uint64_t n)
{
    bump(&my_shard()->slot[slot_of(c, label1, label2)], n);
}

static unsigned hist_of(enum par_histogram h, unsigned label)
{
    const struct par_stats__histogram *k = &par_stats__histograms[h];

    return k->offset + (label < k->n1 ? label : 0);
}

void par_stats_record_many(enum par_histogram h, unsigned label, uint64_t value, uint64_t n)
{
    struct shard_hist *s = &my_shard()->hist[hist_of(h, label)];

    bump(&s->bucket[par_hist_index(value)], n);
    bump(&s->sum, value * n);
    if (value > atomic_load_explicit(&s->max, memory_order_relaxed))
        atomic_store_explicit(&s->max, value, memory_order_relaxed);
}

void par_stats_record(enum par_histogram h, unsigned label, uint64_t value)
{
    par_stats_record_many(h, label, value, 1);
}

uint64_t par_stats__sum_locked(unsigned slot)
{
    uint64_t sum = 0;

    for (struct shard *s = shards; s; s = s->next)
        sum += atomic_load_explicit(&s->slot[slot], memory_order_relaxed);
    return sum;
}

void par_stats__hist_locked(unsigned index, struct par_hist *hist_r)
{
    memset(hist_r, 0, sizeof *hist_r);
    for (struct shard *s = shards; s; s = s->next) {
        const struct shard_hist *h = &s->hist[index];
        uint64_t max = atomic_load_explicit(&h->max, memory_order_relaxed);

        for (unsigned i = 0; i < PAR_HIST_BUCKETS; i++)
            hist_r->bucket[i] += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
        hist_r->sum += atomic_load_explicit(&h->sum, memory_order_relaxed);
        if (max > hist_r->max)
            hist_r->max = max;
    }
}

void par_stats__lock(void)
{
    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
}

void par_stats__unlock(void)
{
    pthread_mutex_unlock(&lock);
}

uint64_t par_stats_get(enum par_counter c, unsigned label1, unsigned label2)
{
    par_stats__lock();
    uint64_t sum = par_stats__sum_locked(slot_of(c, label1, label2));
    par_stats__unlock();
    return sum;
}

uint64_t par_stats_recorded(enum par_histogram h, unsigned label)
{
    struct par_hist sum;

    par_stats__lock();
    par_stats__hist_locked(hist_of(h, label), &sum);
    par_stats__unlock();
    return par_hist_count(&sum);
}

uint64_t par_stats_quantile(enum par_histogram h, unsigned label, double q)
{
    struct par_hist sum;

    par_stats__lock();
    par_stats__hist_locked(hist_of(h, label), &sum);
    par_stats__unlock();
    return par_hist_quantile(&sum, q);
}

void par_stats_reset(void)
{
    par_stats__lock();
    for (struct shard *s = shards; s; s = s->next) {
        for (unsigned i = 0; i < N_SLOTS; i++)
            atomic_store_explicit(&s->slot[i], 0, memory_order_relaxed);
        for (unsigned i = 0; i < N_HISTS; i++) {
            for (unsigned j = 0; j < PAR_HIST_BUCKETS; j++)
                atomic_store_explicit(&s->hist[i].bucket[j], 0, memory_order_relaxed);
            atomic_store_explicit(&s->hist[i].sum, 0, memory_order_relaxed);
            atomic_store_explicit(&s->hist[i].max, 0, memory_order_relaxed);
        }
    }
    par_stats__unlock();
}
