/* The log-linear histogram: exact up to 8, then eight buckets to each doubling, up to 2^40. */
#include "base/stats.h"

/* Bucket i < 8 holds the value i + 1 (and bucket 0 also 0). Beyond, the eighths of (2^k, 2^(k+1)]:
 * so a power of two ends a bucket, and the page can show exact counts for `le` = 2^k. */
unsigned par_hist_index(uint64_t value)
{
    uint64_t v = value > 0 ? value - 1 : 0;

    if (v < 8)
        return (unsigned)v;
    unsigned exp = 63u - (unsigned)__builtin_clzll(v);
    unsigned index = (exp - 2) * 8 + (unsigned)((v >> (exp - 3)) & 7);
    return index < PAR_HIST_BUCKETS ? index : PAR_HIST_BUCKETS - 1;
}

uint64_t par_hist_edge(unsigned index)
{
    if (index < 8)
        return index + 1;
    unsigned exp = index / 8 + 2;
    return (UINT64_C(8) + index % 8 + 1) << (exp - 3);
}

void par_hist_record(struct par_hist *h, uint64_t value)
{
    h->bucket[par_hist_index(value)]++;
    h->sum += value;
    if (value > h->max)
        h->max = value;
}

void par_hist_merge(struct par_hist *into, const struct par_hist *from)
{
    for (unsigned i = 0; i < PAR_HIST_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
    into->sum += from->sum;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t par_hist_count(const struct par_hist *h)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < PAR_HIST_BUCKETS; i++)
        n += h->bucket[i];
    return n;
}

uint64_t par_hist_quantile(const struct par_hist *h, double q)
{
    uint64_t n = par_hist_count(h);
    uint64_t seen = 0;

    if (n == 0)
        return 0;
    uint64_t rank = (uint64_t)(q * (double)n);
    if (rank >= n)
        rank = n - 1;
    for (unsigned i = 0; i < PAR_HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen > rank) {
            uint64_t edge = par_hist_edge(i);
            return i == PAR_HIST_BUCKETS - 1 || edge > h->max ? h->max : edge;
        }
    }
    return h->max;
}
