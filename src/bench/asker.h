/* One connection that asks one thing after the other and waits for each answer. */
#ifndef PAR_BENCH_ASKER_H
#define PAR_BENCH_ASKER_H

#include "bench/world.h"

/* Asks with the frame in w->out, whose id is `id`, and waits. False with the trouble noted when it
 * was refused, or not answered in 60 s. ns: from sending to the answer, parsed. look, which may be
 * NULL, sees the answer. */
typedef void (*par_bench_look_fn)(const struct par_json *ok, void *arg);
bool par_bench_ask(struct par_bench_conn *c, int64_t id, par_bench_look_fn look, void *arg,
                   uint64_t *ns_r);

/* Writes n messages from the user of c to the user `to` with many in flight, so that a store has
 * something in it. False with the trouble noted. */
bool par_bench_fill(struct par_bench_conn *c, uint64_t to, uint64_t n);

#endif
