/* The check of order, density and "exactly once", in a window of bits. */
#include "bench/stream.h"

static uint64_t *word(struct par_bench_stream *s, uint64_t seq, uint64_t *bit_r)
{
    *bit_r = UINT64_C(1) << (seq % 64);
    return &s->seen[seq % PAR_STREAM_WINDOW / 64];
}

const char *par_bench_stream_note(struct par_bench_stream *s, uint64_t seq, bool answer)
{
    uint64_t bit;
    uint64_t *newest = answer ? &s->last_answer : &s->last_event;
    if (seq == 0)
        return "an entry without a seq";
    if (!s->begun) {
        s->begun = true;
        s->base = seq - 1;
    }
    if (seq <= *newest || seq <= s->base)
        return "an entry came twice, or out of order";
    *newest = seq;
    if (seq > s->base + PAR_STREAM_WINDOW)
        return "an entry is missing";
    uint64_t *at = word(s, seq, &bit);
    if (*at & bit)
        return "an entry came as an answer and as an event";
    *at |= bit;
    while (*(at = word(s, s->base + 1, &bit)) & bit) {
        *at &= ~bit;
        s->base++;
    }
    return 0;
}

bool par_bench_stream_dense(const struct par_bench_stream *s)
{
    for (unsigned i = 0; i < PAR_STREAM_WINDOW / 64; i++)
        if (s->seen[i])
            return false;
    return true;
}
