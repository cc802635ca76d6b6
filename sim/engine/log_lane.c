/* Producers of the simulated log: from the memory of a server to the end of a part, in order, once,
 * at a time that nobody tells. */
#include "sim/engine/log_private.h"

#include "queue/job.h"

#include <stdlib.h>

enum { RETRY_MS = 50 };

static void arrive(void *arg);

/* ---- who asks what became of it ---- */

struct sim_tracker *sim_log__tracker(struct sim_handle *h)
{
    struct sim_fiber *me = sim_fiber_current();
    for (struct sim_tracker *t = h->trackers; t != NULL; t = t->next)
        if (t->fiber == me)
            return t;
    struct sim_tracker *t = calloc(1, sizeof *t);
    PAR_ASSERT(t != NULL);
    t->fiber = me;
    t->next = h->trackers;
    h->trackers = t;
    return t;
}

/* The item leaves its lane: it is there (ok), as far as its server ever hears, or not. */
static void finish(struct sim_lane *lane, struct sim_item *item, bool ok)
{
    struct sim_handle *h = lane->handle;
    if (h != NULL) {
        h->records--;
        h->bytes -= item->bytes->len;
    }
    if (item->tracker != NULL) {
        struct sim_tracker *t = item->tracker;
        t->failed |= !ok || !sim_reaches(h->node, SIM_LOG);
        if (--t->pending == 0)
            sim_wake_all(&t->waiters);
    }
    sim_bytes_unref(&item->bytes);
    free(item);
}

static void take_first(struct sim_lane *lane, bool ok)
{
    struct sim_item *item = lane->first;
    lane->first = item->next;
    if (lane->first == NULL)
        lane->last = &lane->first;
    finish(lane, item, ok);
}

/* ---- on the way ---- */

static void append(struct sim_lane *lane, struct sim_item *item)
{
    struct sim_log *log = lane->log;
    struct par_push_job job;
    sim_log__append(log, lane->part, item->bytes);
    if (lane->part == &log->push && log->push_fn != NULL &&
        par_push_job_decode(sim_bytes_str(item->bytes), &job))
        log->push_fn(log->push_arg, &job);
}

static void free_lane(struct sim_lane *lane)
{
    struct sim_lane **at = &lane->log->lanes;
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    free(lane);
}

static void next_event(struct sim_lane *lane, uint64_t when_ns)
{
    lane->event = 0;
    if (lane->first != NULL)
        lane->event = sim_at_ns(when_ns > sim_now_ns() ? when_ns : sim_now_ns(), arrive, lane);
    else if (lane->handle == NULL)
        free_lane(lane);
}

/* How long the first item is held up: 0, it is not. */
static uint64_t held_up_ns(const struct sim_lane *lane)
{
    const struct sim_node *node = lane->handle != NULL ? lane->handle->node : NULL;
    uint64_t now = sim_now_ns();
    if (node != NULL && (sim_node_paused(node) || !sim_reaches(node, SIM_LOG)))
        return RETRY_MS * SIM_MS;
    return lane->part->stall_ns > now && !sim_healed() ? lane->part->stall_ns - now : 0;
}

/* A producer gives a record up when its time is over; one that was paused finds that out late, or
 * sends it all the same. */
static bool given_up(const struct sim_lane *lane)
{
    const struct sim_item *item = lane->first;
    uint64_t age = sim_now_ns() - item->began_ns;
    return lane->handle != NULL && age > sim_log__timeout(lane->log) &&
           !sim_node_paused(lane->handle->node);
}

static void arrive(void *arg)
{
    struct sim_lane *lane = arg;
    while (lane->first != NULL && lane->first->arrives_ns <= sim_now_ns()) {
        struct sim_item *item = lane->first;
        uint64_t held = held_up_ns(lane);
        bool lost = item->lost;
        if (!lost && given_up(lane)) {
            lost = held > 0 || sim_random_below(&lane->log->random, 2);
            if (lost)
                sim_fault(SIM_FAULT_LOG_APPEND_LOST, "given up");
        }
        if (lost) {
            take_first(lane, false);
            continue;
        }
        if (held > 0) {
            next_event(lane, sim_now_ns() + held);
            return;
        }
        append(lane, item);
        if (item->twice) {
            sim_fault(SIM_FAULT_LOG_APPEND_TWICE, "");
            item->twice = false;
            item->arrives_ns = sim_now_ns() + 1;
            continue;
        }
        take_first(lane, !item->unreported);
    }
    next_event(lane, lane->first != NULL ? lane->first->arrives_ns : 0);
}

static struct sim_lane *lane_of(struct sim_handle *h, struct sim_part *part)
{
    struct sim_log *log = h->log;
    for (struct sim_lane *lane = log->lanes; lane != NULL; lane = lane->next)
        if (lane->handle == h && lane->part == part)
            return lane;
    struct sim_lane *lane = calloc(1, sizeof *lane);
    PAR_ASSERT(lane != NULL);
    lane->log = log;
    lane->part = part;
    lane->handle = h;
    lane->last = &lane->first;
    lane->next = log->lanes;
    log->lanes = lane;
    return lane;
}

void sim_log__send(struct sim_handle *h, struct sim_part *part, struct sim_bytes *bytes,
                   struct sim_tracker *tracker)
{
    struct sim_log *log = h->log;
    const struct sim_log_plan *plan = &log->plan;
    struct sim_lane *lane = lane_of(h, part);
    struct sim_item *item = calloc(1, sizeof *item);
    PAR_ASSERT(item != NULL);
    item->bytes = bytes;
    item->tracker = tracker;
    if (tracker != NULL)
        tracker->pending++;
    item->began_ns = sim_now_ns();
    item->arrives_ns = item->began_ns + sim_delay_ns(h->node, SIM_LOG) +
                       sim_random_skew(&log->random, 0, plan->append_ns);
    if (sim_log__due(log, plan->late_ppm))
        item->arrives_ns += sim_random_in(&log->random, 1, plan->late_ns);
    if (sim_log__due(log, plan->lost_ppm)) {
        sim_fault(SIM_FAULT_LOG_APPEND_LOST, "");
        item->lost = true;
    } else if (sim_log__due(log, plan->twice_ppm)) {
        item->twice = true;
    } else if (tracker != NULL && sim_log__due(log, plan->report_lost_ppm)) {
        sim_fault(SIM_FAULT_LOG_REPORT_LOST, "");
        item->unreported = true;
    }
    if (item->arrives_ns < lane->last_ns)
        item->arrives_ns = lane->last_ns;
    lane->last_ns = item->arrives_ns;
    h->records++;
    h->bytes += bytes->len;
    bool was_empty = lane->first == NULL;
    *lane->last = item;
    lane->last = &item->next;
    if (was_empty)
        next_event(lane, item->arrives_ns);
}

/* ---- flush ---- */

/* Of what a flush did not wait for any longer, a lane's part is taken back, or stays on its way. */
static void let_go(struct sim_handle *h, const struct sim_tracker *t)
{
    for (struct sim_lane *lane = h->log->lanes; lane != NULL; lane = lane->next) {
        bool take_back = sim_random_below(&h->log->random, 2);
        for (struct sim_item *item = lane->first; item != NULL && lane->handle == h;
             item = item->next) {
            if (item->tracker != t)
                continue;
            item->tracker = NULL;
            item->lost |= take_back;
        }
    }
}

enum par_err sim_log__flush(struct sim_handle *h)
{
    struct sim_tracker *t = sim_log__tracker(h);
    uint64_t end = sim_now_ns() + sim_log__timeout(h->log);
    if (t->pending > 0)
        sim_sleep_ns(sim_delay_ns(h->node, SIM_LOG));
    while (t->pending > 0 && sim_now_ns() < end)
        (void)sim_wait(&t->waiters, end - sim_now_ns());
    bool failed = t->failed || t->pending > 0;
    if (t->pending > 0)
        let_go(h, t);
    t->pending = 0;
    t->failed = false;
    return failed ? PAR_E_UNAVAILABLE : PAR_OK;
}

/* ---- the end ---- */

static void drop_from(struct sim_lane *lane, struct sim_item **at)
{
    while (*at != NULL) {
        struct sim_item *item = *at;
        *at = item->next;
        item->tracker = NULL;
        finish(lane, item, false);
    }
    lane->last = at;
}

void sim_log__lanes_end(struct sim_handle *h)
{
    struct sim_log *log = h->log;
    for (struct sim_lane *lane = log->lanes, *next; lane != NULL; lane = next) {
        uint64_t n = 0;
        next = lane->next;
        if (lane->handle != h)
            continue;
        for (struct sim_item *item = lane->first; item != NULL; item = item->next) {
            item->tracker = NULL;
            n++;
        }
        struct sim_item **at = &lane->first;
        for (uint64_t left = sim_random_below(&log->random, n + 1); left > 0; left--)
            at = &(*at)->next;
        if (*at != NULL)
            sim_fault(SIM_FAULT_LOG_APPEND_LOST, "its server is gone");
        drop_from(lane, at);
        lane->handle = NULL;
        if (lane->first == NULL) {
            sim_cancel(lane->event);
            free_lane(lane);
        }
    }
}

void sim_log__lanes_drop(struct sim_log *log)
{
    while (log->lanes != NULL) {
        struct sim_lane *lane = log->lanes;
        sim_cancel(lane->event);
        drop_from(lane, &lane->first);
        free_lane(lane);
    }
}
