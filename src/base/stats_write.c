/* The page that Prometheus reads, and the sources of sampled values. */
#include "base/log.h"
#include "base/stats.h"
#include "base/stats_private.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

static const struct {
    const char *metric;
    const char *type;
    const char *label_key;
    const char *help;
} sampled[PAR_G_COUNT] = {
#define SAMPLED(name, metric, type, label_key, help)                                               \
    [PAR_G_##name] = {metric, type, label_key, help},
#include "parley/tbl/counters.h"
};

static struct par_stats_source *sources;
static const char *const *op_names;
static size_t n_op_names;

static const char *const label_keys[PAR_LABEL_COUNT] = {
    [PAR_LABEL_CLOSE] = "reason", [PAR_LABEL_RESULT] = "result", [PAR_LABEL_OUTCOME] = "outcome",
    [PAR_LABEL_OP] = "op",        [PAR_LABEL_HTTP] = "status",   [PAR_LABEL_LEVEL] = "level",
    [PAR_LABEL_HOP] = "hop",      [PAR_LABEL_STORE_OP] = "op",   [PAR_LABEL_FAMILY] = "family",
    [PAR_LABEL_LIMIT] = "limit",  [PAR_LABEL_PUSH] = "result",   [PAR_LABEL_POLL] = "result",
    [PAR_LABEL_EVENT] = "event",  [PAR_LABEL_HIT] = "result",    [PAR_LABEL_PRESENCE] = "status",
    [PAR_LABEL_POST] = "result",
};

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
static const char *const *const label_words[PAR_LABEL_COUNT] = {
    [PAR_LABEL_OUTCOME] = WORDS("ok", "failed", "uncertain"),
    [PAR_LABEL_HTTP] = WORDS("0xx", "1xx", "2xx", "3xx", "4xx", "5xx"),
    [PAR_LABEL_HOP] =
        WORDS("parse", "queue", "read", "store", "route", "inbox", "deliver", "total"),
    [PAR_LABEL_STORE_OP] = WORDS("get", "multi_get", "scan", "commit", "put_if_absent"),
    [PAR_LABEL_FAMILY] = WORDS("queue", "route", "cache", "presence", "push"),
    [PAR_LABEL_LIMIT] = WORDS("sends", "ops", "logins", "registrations", "connections"),
    [PAR_LABEL_PUSH] =
        WORDS("queued", "failed", "dropped", "connected", "muted", "seen", "no_device", "given"),
    [PAR_LABEL_POST] = WORDS("sent", "again", "gone", "refused", "expired", "replaced", "given_up"),
    [PAR_LABEL_POLL] = WORDS("opened", "events", "empty", "gone"),
    [PAR_LABEL_EVENT] = WORDS("entry", "mark", "sync", "presence", "typing", "conv", "drain"),
    [PAR_LABEL_HIT] = WORDS("miss", "hit"),
    [PAR_LABEL_PRESENCE] = WORDS("offline", "online"),
};

/* A row without a word is left out. */
const char *par_stats_word(enum par_label set, unsigned label)
{
    switch (set) {
    case PAR_LABEL_NONE:
        return "";
    case PAR_LABEL_CLOSE:
        return label == PAR_CLOSE_NONE ? NULL : par_close_label((enum par_close)label);
    case PAR_LABEL_RESULT:
        return par_err_code((enum par_err)label);
    case PAR_LABEL_OP:
        return label < n_op_names ? op_names[label] : NULL;
    case PAR_LABEL_LEVEL:
        return par_log_level_name((enum par_log_level)label);
    default:
        return label_words[set][label];
    }
}

static void head(struct par_buf *out, const char *metric, const char *type, const char *help)
{
    par_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void write_counter(struct par_buf *out, const struct par_stats__counter *k)
{
    head(out, k->metric, "counter", k->help);
    for (unsigned i = 0; i < k->n1; i++) {
        const char *w1 = par_stats_word(k->label1, i);
        for (unsigned j = 0; w1 && j < k->n2; j++) {
            const char *w2 = par_stats_word(k->label2, j);
            uint64_t value = par_stats__sum_locked(k->offset + i * k->n2 + j);

            /* A product of two sets is mostly empty: show what has happened. */
            if (!w2 || (value == 0 && k->n2 > 1))
                continue;
            par_buf_addz(out, k->metric);
            if (k->label1 != PAR_LABEL_NONE)
                par_buf_printf(out, "{%s=\"%s\"", label_keys[k->label1], w1);
            if (k->label2 != PAR_LABEL_NONE)
                par_buf_printf(out, ",%s=\"%s\"", label_keys[k->label2], w2);
            if (k->label1 != PAR_LABEL_NONE)
                par_buf_addz(out, "}");
            par_buf_printf(out, " %" PRIu64 "\n", value);
        }
    }
}

/* Edges of the page: powers of two, from 2^10 ns (1 us) to 2^35 ns (34 s), or from 1 to 2^16. */
static void write_series(struct par_buf *out, const struct par_stats__histogram *k, unsigned label,
                         const char *word)
{
    struct par_hist h;
    uint64_t below = 0;
    unsigned next = 0;
    unsigned from = k->seconds ? 10 : 0;
    unsigned to = k->seconds ? 35 : 16;
    double unit = k->seconds ? 1e-9 : 1;
    char pair[80] = "";

    par_stats__hist_locked(k->offset + label, &h);
    uint64_t count = par_hist_count(&h);
    if (count == 0 && k->label1 == PAR_LABEL_OP)
        return;
    if (k->label1 != PAR_LABEL_NONE)
        snprintf(pair, sizeof pair, "%s=\"%s\"", label_keys[k->label1], word);
    for (unsigned exp = from; exp <= to; exp++) {
        for (; next < PAR_HIST_BUCKETS && par_hist_edge(next) <= UINT64_C(1) << exp; next++)
            below += h.bucket[next];
        par_buf_printf(out, "%s_bucket{%s%sle=\"%.9g\"} %" PRIu64 "\n", k->metric, pair,
                       pair[0] ? "," : "", (double)(UINT64_C(1) << exp) * unit, below);
    }
    par_buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", k->metric, pair,
                   pair[0] ? "," : "", count);
    par_buf_printf(out, pair[0] ? "%s_sum{%s} %.9g\n" : "%s_sum%s %.9g\n", k->metric, pair,
                   (double)h.sum * unit);
    par_buf_printf(out, pair[0] ? "%s_count{%s} %" PRIu64 "\n" : "%s_count%s %" PRIu64 "\n",
                   k->metric, pair, count);
}

static void write_histogram(struct par_buf *out, const struct par_stats__histogram *k)
{
    head(out, k->metric, "histogram", k->help);
    for (unsigned i = 0; i < k->n1; i++) {
        const char *word = par_stats_word(k->label1, i);
        if (word)
            write_series(out, k, i, word);
    }
}

static bool same_label(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The sum over the metric's sources with that label; NULL counts as every label when any is true.
 */
static int64_t sample_sum(enum par_sampled metric, const char *label, bool any)
{
    int64_t sum = 0;

    for (struct par_stats_source *s = sources; s; s = s->_next)
        if (s->metric == metric && (any || same_label(s->label, label)))
            sum += s->sample(s->arg);
    return sum;
}

static bool is_first_of_label(const struct par_stats_source *source)
{
    for (struct par_stats_source *s = sources; s != source; s = s->_next)
        if (s->metric == source->metric && same_label(s->label, source->label))
            return false;
    return true;
}

static void write_sampled(struct par_buf *out, enum par_sampled metric)
{
    bool headed = false;

    for (struct par_stats_source *s = sources; s; s = s->_next) {
        if (s->metric != metric || !is_first_of_label(s))
            continue;
        if (!headed)
            head(out, sampled[metric].metric, sampled[metric].type, sampled[metric].help);
        headed = true;
        par_buf_addz(out, sampled[metric].metric);
        if (sampled[metric].label_key)
            par_buf_printf(out, "{%s=\"%s\"}", sampled[metric].label_key, s->label ? s->label : "");
        par_buf_printf(out, " %" PRId64 "\n", sample_sum(metric, s->label, false));
    }
}

void par_stats_write(struct par_buf *out)
{
    par_stats__lock();
    for (unsigned i = 0; i < PAR_G_COUNT; i++)
        write_sampled(out, (enum par_sampled)i);
    for (unsigned i = 0; i < PAR_C_COUNT; i++)
        write_counter(out, &par_stats__counters[i]);
    for (unsigned i = 0; i < PAR_H_COUNT; i++)
        write_histogram(out, &par_stats__histograms[i]);
    par_stats__unlock();
    par_stats__write_process(out);
}

void par_stats_set_ops(const char *const *names, size_t n)
{
    par_stats__lock();
    op_names = names;
    n_op_names = n < PAR_LABELS_OP ? n : PAR_LABELS_OP;
    par_stats__unlock();
}

void par_stats_source_add(struct par_stats_source *source)
{
    par_stats__lock();
    source->_next = sources;
    source->_link = &sources;
    if (sources)
        sources->_link = &source->_next;
    sources = source;
    par_stats__unlock();
}

void par_stats_source_remove(struct par_stats_source *source)
{
    par_stats__lock();
    if (source->_link) {
        *source->_link = source->_next;
        if (source->_next)
            source->_next->_link = source->_link;
        source->_link = NULL;
        source->_next = NULL;
    }
    par_stats__unlock();
}

int64_t par_stats_sample_i64(void *arg)
{
    return __atomic_load_n((int64_t *)arg, __ATOMIC_RELAXED);
}

int64_t par_stats_sampled(enum par_sampled metric, const char *label)
{
    par_stats__lock();
    int64_t sum = sample_sum(metric, label, label == NULL);
    par_stats__unlock();
    return sum;
}
