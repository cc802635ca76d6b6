/* What one connection saw of one conversation: does every entry come exactly once, in order? */
#ifndef PAR_BENCH_STREAM_H
#define PAR_BENCH_STREAM_H

#include <stdbool.h>
#include <stdint.h>

enum { PAR_STREAM_WINDOW = 512 };

struct par_bench_stream {
    uint64_t base;        /* everything up to here was seen, or was before */
    uint64_t last_answer; /* the newest seq answered to an own write */
    uint64_t last_event;
    uint64_t seen[PAR_STREAM_WINDOW / 64]; /* bits of base + 1 …, by seq modulo the window */
    bool begun;
};

/* One seq came, as an answer or as an event. The first one ever sets where the stream begins.
 * NULL, or what is wrong about it (static text). */
const char *par_bench_stream_note(struct par_bench_stream *s, uint64_t seq, bool answer);
/* True when nothing above base was seen: there is no hole. */
bool par_bench_stream_dense(const struct par_bench_stream *s);

#endif
