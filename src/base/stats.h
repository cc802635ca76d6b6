/* Counters, histograms and gauges, and the page that Prometheus reads.
 *
 * The list of what is measured is parley/tbl/counters.h. A counter or histogram costs a few
 * instructions: each thread adds to a shard of its own, and a reader sums the shards. Values that
 * somebody owns (the depth of a queue, the memory of a pool) are asked of their owner on each
 * scrape. Everything here may be called from any thread, and nothing blocks except where said. */
#ifndef PAR_BASE_STATS_H
#define PAR_BASE_STATS_H

#include "base/buf.h"
#include "parley/close.h"
#include "parley/err.h"

/* The sets of labels. A label is a small number; its word is found when the page is written. */
/* The parts of the path of a message, from its frame to its answer: they add up to TOTAL. */
enum par_hop {
    PAR_HOP_PARSE = 0, /* frame read, to command handed to the queue */
    PAR_HOP_QUEUE,     /* to taken by its writer */
    PAR_HOP_READ,      /* to numbered */
    PAR_HOP_STORE,     /* to durable */
    PAR_HOP_ROUTE,     /* to handed over to the servers that are to hear of it */
    PAR_HOP_INBOX,     /* to taken from the inbox of one, where servers have inboxes */
    PAR_HOP_DELIVER,   /* to written to its connections */
    PAR_HOP_TOTAL,     /* frame read to answer written */
    PAR_HOP_COUNT
};
enum par_store_op {
    PAR_STORE_OP_GET = 0,
    PAR_STORE_OP_MULTI_GET,
    PAR_STORE_OP_SCAN,
    PAR_STORE_OP_COMMIT,
    PAR_STORE_OP_PUT_IF_ABSENT,
    PAR_STORE_OP_COUNT
};
enum par_family {
    PAR_FAMILY_QUEUE = 0,
    PAR_FAMILY_ROUTE,
    PAR_FAMILY_CACHE,
    PAR_FAMILY_PRESENCE,
    PAR_FAMILY_PUSH,
    PAR_FAMILY_COUNT
};
enum par_limit {
    PAR_LIMIT_SENDS = 0,
    PAR_LIMIT_OPS,
    PAR_LIMIT_LOGINS,
    PAR_LIMIT_REGISTRATIONS,
    PAR_LIMIT_CONNECTIONS,
    PAR_LIMIT_COUNT
};
enum par_push_fate {
    PAR_PUSH_QUEUED = 0,
    PAR_PUSH_FAILED,    /* not queued */
    PAR_PUSH_DROPPED,   /* the taker had no room */
    PAR_PUSH_CONNECTED, /* a device is there: it is told to sync */
    PAR_PUSH_MUTED,
    PAR_PUSH_SEEN, /* read, deleted, or out of the conversation */
    PAR_PUSH_NO_DEVICE,
    PAR_PUSH_GIVEN, /* to at least one device's push service */
    PAR_PUSH_COUNT
};
/* How a request to a push service ended. */
enum par_push_post {
    PAR_PUSH_POST_SENT = 0,
    PAR_PUSH_POST_AGAIN,    /* to be tried again */
    PAR_PUSH_POST_GONE,     /* no such subscription any more: dropped */
    PAR_PUSH_POST_REFUSED,  /* for good */
    PAR_PUSH_POST_EXPIRED,  /* not in the life of the push */
    PAR_PUSH_POST_REPLACED, /* by a newer one of the same conversation, while it waited */
    PAR_PUSH_POST_GIVEN_UP, /* tried often, and in the way of others */
    PAR_PUSH_POST_COUNT
};
enum par_poll_end {
    PAR_POLL_OPENED = 0,
    PAR_POLL_EVENTS,
    PAR_POLL_EMPTY,
    PAR_POLL_GONE,
    PAR_POLL_COUNT
};
enum par_event_kind {
    PAR_EVENT_ENTRY = 0,
    PAR_EVENT_MARK,
    PAR_EVENT_SYNC,
    PAR_EVENT_PRESENCE,
    PAR_EVENT_TYPING,
    PAR_EVENT_CONV,
    PAR_EVENT_DRAIN,
    PAR_EVENT_COUNT
};

enum par_label {
    PAR_LABEL_NONE = 0,
    PAR_LABEL_CLOSE,    /* enum par_close */
    PAR_LABEL_RESULT,   /* enum par_err */
    PAR_LABEL_OUTCOME,  /* enum par_outcome */
    PAR_LABEL_OP,       /* the protocol's operations; words given by par_stats_set_ops */
    PAR_LABEL_HTTP,     /* status / 100 */
    PAR_LABEL_LEVEL,    /* enum par_log_level */
    PAR_LABEL_HOP,      /* enum par_hop */
    PAR_LABEL_STORE_OP, /* enum par_store_op */
    PAR_LABEL_FAMILY,   /* enum par_family */
    PAR_LABEL_LIMIT,    /* enum par_limit */
    PAR_LABEL_PUSH,     /* enum par_push_fate */
    PAR_LABEL_POST,     /* enum par_push_post */
    PAR_LABEL_POLL,     /* enum par_poll_end */
    PAR_LABEL_EVENT,    /* enum par_event_kind */
    PAR_LABEL_HIT,      /* 0 miss, 1 hit */
    PAR_LABEL_PRESENCE, /* 0 offline, 1 online */
    PAR_LABEL_COUNT
};
/* How many labels each set has. */
enum {
    PAR_LABELS_NONE = 1,
    PAR_LABELS_CLOSE = PAR_CLOSE_COUNT,
    PAR_LABELS_RESULT = PAR_E_COUNT,
    PAR_LABELS_OUTCOME = 3,
    PAR_LABELS_OP = 64,
    PAR_LABELS_HTTP = 6,
    PAR_LABELS_LEVEL = 4,
    PAR_LABELS_HOP = PAR_HOP_COUNT,
    PAR_LABELS_STORE_OP = PAR_STORE_OP_COUNT,
    PAR_LABELS_FAMILY = PAR_FAMILY_COUNT,
    PAR_LABELS_LIMIT = PAR_LIMIT_COUNT,
    PAR_LABELS_PUSH = PAR_PUSH_COUNT,
    PAR_LABELS_POST = PAR_PUSH_POST_COUNT,
    PAR_LABELS_POLL = PAR_POLL_COUNT,
    PAR_LABELS_EVENT = PAR_EVENT_COUNT,
    PAR_LABELS_HIT = 2,
    PAR_LABELS_PRESENCE = 2
};

/* PAR_C_<NAME>, PAR_H_<NAME>, PAR_G_<NAME>: the rows of the list. */
enum par_counter {
#define COUNTER(name, metric, label1, label2, help) PAR_C_##name,
#include "parley/tbl/counters.h"
    PAR_C_COUNT
};
enum par_histogram {
#define HISTOGRAM(name, metric, unit, label1, help) PAR_H_##name,
#include "parley/tbl/counters.h"
    PAR_H_COUNT
};
enum par_sampled {
#define SAMPLED(name, metric, type, label_key, help) PAR_G_##name,
#include "parley/tbl/counters.h"
    PAR_G_COUNT
};

/* Adds n to a counter without labels, to one with a label, to one with two. A label out of range
 * counts under the set's first. Wait-free. */
void par_stats_add(enum par_counter c, uint64_t n);
void par_stats_add_at(enum par_counter c, unsigned label1, uint64_t n);
void par_stats_add_at2(enum par_counter c, unsigned label1, unsigned label2, uint64_t n);
static inline void par_stats_inc(enum par_counter c)
{
    par_stats_add(c, 1);
}
static inline void par_stats_inc_at(enum par_counter c, unsigned label1)
{
    par_stats_add_at(c, label1, 1);
}
static inline void par_stats_inc_at2(enum par_counter c, unsigned label1, unsigned label2)
{
    par_stats_add_at2(c, label1, label2, 1);
}

/* Records one value: nanoseconds for a histogram in SECONDS, a number for one in COUNT. label 0 for
 * a histogram without labels. Wait-free. */
void par_stats_record(enum par_histogram h, unsigned label, uint64_t value);
/* The same value n times. */
void par_stats_record_many(enum par_histogram h, unsigned label, uint64_t value, uint64_t n);

/* The sum over all threads; with labels (0, 0) for a counter without. Takes the registry's lock
 * briefly. */
uint64_t par_stats_get(enum par_counter c, unsigned label1, unsigned label2);
/* The number of values recorded, and the value below which the share q (0 to 1) of them lies, exact
 * to 1/8; 0 when there is none. */
uint64_t par_stats_recorded(enum par_histogram h, unsigned label);
uint64_t par_stats_quantile(enum par_histogram h, unsigned label, double q);

/* Words for PAR_LABEL_OP: names[0..n) in static storage, n <= PAR_LABELS_OP. Once, before the first
 * scrape. */
void par_stats_set_ops(const char *const *names, size_t n);

/* The word of a label on the page below; NULL: there is none. */
const char *par_stats_word(enum par_label set, unsigned label);

/* A sampled value and its owner. The owner keeps this struct in place from add to remove, fills the
 * first four fields, and is called on whatever thread scrapes: the function reads an atomic or
 * takes a short lock of its own; it must not call back into stats. label: the value of the metric's
 * label key (static, or as long-lived as the struct); NULL for a metric without. Several sources
 * with one label are summed. */
typedef int64_t (*par_stats_sample_fn)(void *arg);
struct par_stats_source {
    enum par_sampled metric;
    const char *label;
    par_stats_sample_fn sample;
    void *arg;
    struct par_stats_source *_next;
    struct par_stats_source **_link;
};
/* Both take the registry's lock; after remove returned the function is not called any more (it
 * waits for a scrape that is under way). */
void par_stats_source_add(struct par_stats_source *source);
void par_stats_source_remove(struct par_stats_source *source);

/* For values that have no owner to ask: a ready function whose arg is an int64_t read atomically.
 */
int64_t par_stats_sample_i64(void *arg);

/* The sum of a metric's sources, of those with that label (NULL: all). Takes the registry's lock.
 */
int64_t par_stats_sampled(enum par_sampled metric, const char *label);

/* Appends the page in Prometheus' text format 0.0.4, with the standard process_ metrics. Takes the
 * registry's lock; some 100 us. */
void par_stats_write(struct par_buf *out);
#define PAR_STATS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Tests only: sets every counter and histogram to 0. No other thread may be counting. */
void par_stats_reset(void);

/* The histogram by itself, for load generators and tests: log-linear, eight buckets to a doubling,
 * so that a quantile is exact to 1/8. Plain memory, one thread; start with {0}. */
enum { PAR_HIST_BUCKETS = 304 };
struct par_hist {
    uint64_t bucket[PAR_HIST_BUCKETS];
    uint64_t sum;
    uint64_t max;
};
void par_hist_record(struct par_hist *h, uint64_t value);
void par_hist_merge(struct par_hist *into, const struct par_hist *from);
uint64_t par_hist_count(const struct par_hist *h);
uint64_t par_hist_quantile(const struct par_hist *h, double q);
/* The bucket of a value, and the greatest value that falls into a bucket. */
unsigned par_hist_index(uint64_t value);
uint64_t par_hist_edge(unsigned index);

#endif
