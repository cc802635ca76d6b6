/* Push jobs in the simulated log: one part, of which one server at a time is the taker, as the
 * group of consumers of a real one would have it; what it has not confirmed comes to the next. */
#include "sim/engine/log_private.h"

#include <stdlib.h>

enum { SESSION_S = 10 };

/* Makes h the taker, from where the last one confirmed. */
static void take_over(struct sim_log *log, struct sim_handle *h, struct sim_reader *r)
{
    log->taker = h;
    free(log->push_done);
    log->push_done = NULL;
    log->push_done_count = 0;
    sim_log__seek(r, log->push.confirmed);
}

size_t sim_log__take_pushes(void *state, size_t max, uint32_t timeout_ms,
                            struct par_queue_push_record *records)
{
    struct sim_handle *h = state;
    struct sim_log *log = h->log;
    struct par_queue_record taken[64];
    size_t n = 0;
    sim_engine_enter();
    struct sim_reader *r = sim_log__reader(h, &log->push);
    bool free_to_take = log->taker == NULL || sim_now_ns() > log->taker_ns + SESSION_S * SIM_S;
    if (log->taker != h && free_to_take && sim_reaches(h->node, SIM_LOG))
        take_over(log, h, r);
    if (log->taker == h) {
        log->taker_ns = sim_now_ns();
        n = sim_log__take(r, max < 64 ? max : 64, timeout_ms, taken);
    } else if (!r->woken) {
        (void)sim_wait(&r->waiters, timeout_ms * SIM_MS);
    }
    r->woken = false;
    /* It may have been put out while it waited. */
    if (log->taker == h)
        log->taker_ns = sim_now_ns();
    else
        n = 0;
    for (size_t i = 0; i < n; i++)
        records[i] = (struct par_queue_push_record){.bytes = taken[i].bytes,
                                                    .place = {.offset = taken[i].offset}};
    sim_engine_leave();
    return n;
}

static void confirm(struct sim_log *log, uint64_t offset)
{
    if (offset < log->push.confirmed)
        return;
    size_t index = (size_t)(offset - log->push.confirmed), n = 0;
    if (index >= log->push_done_count) {
        log->push_done = realloc(log->push_done, index + 1);
        PAR_ASSERT(log->push_done != NULL);
        while (log->push_done_count <= index)
            log->push_done[log->push_done_count++] = false;
    }
    log->push_done[index] = true;
    while (n < log->push_done_count && log->push_done[n])
        n++;
    log->push.confirmed += n;
    log->push_done_count -= n;
    memmove(log->push_done, log->push_done + n, log->push_done_count);
}

void sim_log__confirm_push(void *state, const struct par_queue_push_place *place)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    if (h->log->taker == h && sim_reaches(h->node, SIM_LOG))
        confirm(h->log, place->offset);
    sim_engine_leave();
}

void sim_log__wake_pushes(void *state)
{
    struct sim_handle *h = state;
    sim_engine_enter();
    sim_log__wake(sim_log__reader(h, &h->log->push));
    sim_engine_leave();
}

void sim_log__push_gone(struct sim_handle *h)
{
    if (h->log->taker == h)
        h->log->taker = NULL;
}
