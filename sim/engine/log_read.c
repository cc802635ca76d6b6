/* Readers of the simulated log: what is fetched, what is handed out, and from where. */
#include "sim/engine/log_private.h"

#include <stdlib.h>

enum { FETCH_MAX = 256, LOOK_AGAIN_MS = 100 };

struct sim_reader *sim_log__reader(struct sim_handle *h, struct sim_part *part)
{
    struct sim_log *log = h->log;
    if (part == NULL)
        return NULL;
    for (struct sim_reader *r = h->readers; r != NULL; r = r->next_of_handle)
        if (r->part == part)
            return r;
    struct sim_reader *r = calloc(1, sizeof *r);
    PAR_ASSERT(r != NULL);
    r->handle = h;
    r->part = part;
    r->next = part->inbox ? part->confirmed : 0;
    if (part->inbox && r->next > 0 && sim_log__due(log, log->plan.offset_back_ppm)) {
        r->next = sim_random_below(&log->random, r->next);
        sim_fault(SIM_FAULT_LOG_OFFSET_BACK, "");
    }
    r->next_of_part = part->readers;
    part->readers = r;
    r->next_of_handle = h->readers;
    h->readers = r;
    return r;
}

static void forget(struct sim_log_record *records, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        sim_bytes_unref(&records[i].bytes);
    *count = 0;
}

void sim_log__reader_off(struct sim_reader *r)
{
    struct sim_reader **at = &r->part->readers;
    while (*at != r)
        at = &(*at)->next_of_part;
    *at = r->next_of_part;
}

void sim_log__reader_free(struct sim_reader *r)
{
    struct sim_reader **at = &r->handle->readers;
    while (*at != r)
        at = &(*at)->next_of_handle;
    *at = r->next_of_handle;
    forget(r->fetched, &r->fetched_count);
    forget(r->lent, &r->lent_count);
    free(r->fetched);
    free(r->lent);
    free(r);
}

void sim_log__seek(struct sim_reader *r, uint64_t offset)
{
    forget(r->fetched, &r->fetched_count);
    r->next = offset;
}

static bool push(struct sim_log_record **list, size_t *count, size_t *cap,
                 struct sim_log_record record)
{
    if (*count == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 32;
        *list = realloc(*list, *cap * sizeof record);
        PAR_ASSERT(*list != NULL);
    }
    (*list)[(*count)++] = record;
    return true;
}

/* Something new is there and can be had. */
static bool can_fetch(const struct sim_reader *r)
{
    const struct sim_part *part = r->part;
    uint64_t from = r->next + r->fetched_count, now = sim_now_ns();
    bool held = !sim_healed() && (now < part->stall_ns || now < r->lag_ns);
    return !held && r->fetched_count < FETCH_MAX && sim_reaches(r->handle->node, SIM_LOG) &&
           (from < sim_part_end(part) || (from < part->start && r->fetched_count == 0));
}

static void fetch(struct sim_reader *r)
{
    struct sim_part *part = r->part;
    if (!can_fetch(r))
        return;
    /* What retention has taken is passed over, as the engine does: the owner has looked at the
     * bounds (T1). */
    if (r->fetched_count == 0 && r->next < part->start)
        r->next = part->start;
    for (uint64_t at = r->next + r->fetched_count;
         at < sim_part_end(part) && r->fetched_count < FETCH_MAX; at++) {
        struct sim_log_record record = part->record[at - part->base];
        sim_bytes_ref(record.bytes);
        push(&r->fetched, &r->fetched_count, &r->fetched_cap, record);
    }
}

static size_t hand_out(struct sim_reader *r, size_t max, struct par_queue_record *records)
{
    size_t n = r->fetched_count < max ? r->fetched_count : max;
    for (size_t i = 0; i < n; i++) {
        struct sim_log_record *f = &r->fetched[i];
        records[i] = (struct par_queue_record){
            .bytes = sim_bytes_str(f->bytes), .offset = r->next + i, .time_ms = f->time_ms};
        push(&r->lent, &r->lent_count, &r->lent_cap, *f);
    }
    r->next += n;
    r->fetched_count -= n;
    memmove(r->fetched, r->fetched + n, r->fetched_count * sizeof r->fetched[0]);
    return n;
}

/* Until when it is worth waiting: a cut, a stall or a lag may end before anything is told. */
static uint64_t wait_ns(const struct sim_reader *r, uint64_t left)
{
    uint64_t now = sim_now_ns(), most = left;
    if (!sim_reaches(r->handle->node, SIM_LOG) || now < r->part->stall_ns)
        most = LOOK_AGAIN_MS * SIM_MS;
    if (now < r->lag_ns && r->lag_ns - now < most)
        most = r->lag_ns - now;
    return most < left ? most : left;
}

size_t sim_log__take(struct sim_reader *r, size_t max, uint32_t timeout_ms,
                     struct par_queue_record *records)
{
    struct sim_log *log = r->handle->log;
    uint64_t end = sim_now_ns() + timeout_ms * SIM_MS;
    forget(r->lent, &r->lent_count);
    for (;;) {
        if (r->woken) {
            r->woken = false;
            return 0;
        }
        if (r->fetched_count == 0 && can_fetch(r)) {
            if (sim_log__due(log, log->plan.lag_ppm))
                r->lag_ns = sim_now_ns() + sim_random_skew(&log->random, 1, log->plan.lag_ns);
            sim_sleep_ns(sim_delay_ns(r->handle->node, SIM_LOG));
        }
        fetch(r);
        if (r->fetched_count > 0)
            return hand_out(r, max, records);
        uint64_t now = sim_now_ns();
        if (now >= end)
            return 0;
        (void)sim_wait(&r->waiters, wait_ns(r, end - now));
    }
}

void sim_log__wake(struct sim_reader *r)
{
    r->woken = true;
    sim_wake_all(&r->waiters);
}
