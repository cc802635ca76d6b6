/* The simulated log as a whole: its parts and their leaders, generations, and what a world does to
 * it. */
#include "sim/engine/log_private.h"

#include <stdlib.h>

enum { TURN_DEFAULT_MS = 500, TIMEOUT_DEFAULT_S = 10 };
/* 2026-01-01: the clock that leaders keep begins there. */
static const int64_t epoch_ms = 1767225600000;

struct sim_log *sim_log__current;

bool sim_log__due(struct sim_log *log, uint32_t ppm)
{
    return ppm > 0 && !sim_healed() && sim_random_ppm(&log->random, ppm);
}

uint64_t sim_log__timeout(const struct sim_log *log)
{
    return log->plan.timeout_ns > 0 ? log->plan.timeout_ns : TIMEOUT_DEFAULT_S * SIM_S;
}

static int64_t draw_skew(struct sim_log *log)
{
    int64_t skew = log->plan.skew_ms;
    return skew > 0 ? (int64_t)sim_random_below(&log->random, (uint64_t)skew * 2 + 1) - skew : 0;
}

static struct sim_part *add_part(struct sim_log *log, bool commands, uint64_t id)
{
    struct sim_part *part = calloc(1, sizeof *part);
    PAR_ASSERT(part != NULL);
    part->commands = commands;
    part->inbox = !commands;
    part->id = id;
    part->skew_ms = draw_skew(log);
    part->next = log->parts;
    log->parts = part;
    return part;
}

struct sim_part *sim_log__partition(const struct sim_log *log, uint32_t partition)
{
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        if (p->commands && p->id == partition)
            return p;
    return NULL;
}

struct sim_part *sim_log__inbox(struct sim_log *log, uint64_t server)
{
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        if (p->inbox && p->id == server)
            return p;
    return add_part(log, false, server);
}

void sim_log__append(struct sim_log *log, struct sim_part *part, struct sim_bytes *bytes)
{
    if (part->count == part->cap) {
        part->cap = part->cap > 0 ? part->cap * 2 : 64;
        part->record = realloc(part->record, part->cap * sizeof part->record[0]);
        PAR_ASSERT(part->record != NULL);
    }
    part->record[part->count++] = (struct sim_log_record){
        .bytes = sim_bytes_ref(bytes),
        .time_ms = epoch_ms + (int64_t)(sim_now_ns() / SIM_MS) + part->skew_ms,
    };
    sim_trace("log.append", part->id, sim_part_end(part));
    (void)log;
    for (struct sim_reader *r = part->readers; r != NULL; r = r->next_of_part)
        sim_wake_all(&r->waiters);
}

/* ---- what goes wrong by itself ---- */

static void stall(struct sim_log *log, struct sim_part *part, uint64_t ns)
{
    uint64_t until = sim_now_ns() + ns;
    if (until > part->stall_ns)
        part->stall_ns = until;
    part->skew_ms = draw_skew(log);
}

static void wake_readers(struct sim_part *part)
{
    for (struct sim_reader *r = part->readers; r != NULL; r = r->next_of_part)
        sim_wake_all(&r->waiters);
}

static struct sim_part *any_part(struct sim_log *log)
{
    uint64_t n = 0;
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        n++;
    struct sim_part *part = log->parts;
    for (uint64_t i = sim_random_below(&log->random, n); i > 0; i--)
        part = part->next;
    return part;
}

static void outage(struct sim_log *log, uint64_t ns)
{
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        stall(log, p, ns);
    log->push.stall_ns = sim_now_ns() + ns;
    sim_fault(SIM_FAULT_LOG_LEADER_CHANGE, "a broker lost");
}

static void turn(void *arg)
{
    struct sim_log *log = arg;
    const struct sim_log_plan *plan = &log->plan;
    if (sim_log__due(log, plan->leader_ppm)) {
        struct sim_part *part = any_part(log);
        stall(log, part, sim_random_skew(&log->random, 1, plan->leader_ns));
        sim_fault(SIM_FAULT_LOG_LEADER_CHANGE, part->inbox ? "of an inbox" : "of a partition");
    }
    if (sim_log__due(log, plan->outage_ppm))
        outage(log, sim_random_in(&log->random, 1, plan->outage_ns));
    for (struct sim_part *p = log->parts; p != NULL; p = p->next) {
        if (sim_healed() && p->stall_ns > sim_now_ns())
            p->stall_ns = 0;
        if (p->stall_ns > 0 && p->stall_ns <= sim_now_ns()) {
            p->stall_ns = 0;
            wake_readers(p);
        }
    }
    for (struct sim_handle *h = log->handles; h != NULL; h = h->next) {
        if (h->generation == log->generation)
            continue;
        if (h->sees_ns == 0)
            h->sees_ns = sim_now_ns() + sim_random_skew(&log->random, 0, plan->metadata_ns);
        if (h->sees_ns <= sim_now_ns() && sim_reaches(h->node, SIM_LOG) &&
            !sim_node_paused(h->node)) {
            h->generation++;
            h->sees_ns = 0;
        }
    }
    sim_log__group_turn(log);
    uint64_t beat = plan->heartbeat_ns > 0 ? plan->heartbeat_ns : TURN_DEFAULT_MS * SIM_MS;
    log->turn = sim_at_ns(sim_now_ns() + beat, turn, log);
}

/* ---- life ---- */

/* Its memory stays when the server was killed: its fibers hang on it, and are taken off later. */
static void end_handle(struct sim_log *log, struct sim_handle *h, bool killed)
{
    struct sim_handle **at = &log->handles;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    sim_log__group_gone(h);
    sim_log__push_gone(h);
    sim_log__lanes_end(h);
    for (struct sim_reader *r = h->readers; r != NULL; r = r->next_of_handle)
        sim_log__reader_off(r);
    if (killed)
        return;
    while (h->readers != NULL)
        sim_log__reader_free(h->readers);
    while (h->trackers != NULL) {
        struct sim_tracker *t = h->trackers;
        h->trackers = t->next;
        free(t);
    }
    free(h->owned);
    free(h);
}

void sim_log__handle_end(struct sim_handle *h)
{
    end_handle(h->log, h, false);
}

static void node_ended(void *arg, struct sim_node *node, unsigned life)
{
    struct sim_log *log = sim_log__current;
    (void)arg;
    if (log == NULL)
        return;
    for (struct sim_handle *h = log->handles, *next; h != NULL; h = next) {
        next = h->next;
        if (h->node == node && h->life == life)
            end_handle(log, h, true);
    }
}

static void add_generation(struct sim_log *log)
{
    for (uint32_t i = 0; i < log->partitions; i++)
        add_part(log, true, par_partition(log->generation, (uint16_t)i));
}

struct sim_log *sim_log_new(const struct sim_log_plan *plan)
{
    struct sim_log *log = calloc(1, sizeof *log);
    PAR_ASSERT(log != NULL && sim_log__current == NULL);
    sim_engine_enter();
    log->plan = *plan;
    log->push.inbox = true;
    sim_random_init(&log->random, "log", 0);
    log->generation = 1;
    log->partitions = plan->partitions > 0 ? plan->partitions : 1;
    PAR_ASSERT((log->partitions & (log->partitions - 1)) == 0);
    add_generation(log);
    par_queue__extra = &sim_log__driver;
    sim_log__current = log;
    sim_on_node_end(node_ended, NULL);
    log->turn = sim_at_ns(sim_now_ns(), turn, log);
    sim_engine_leave();
    return log;
}

static void free_part(struct sim_part *part)
{
    for (size_t i = 0; i < part->count; i++)
        sim_bytes_unref(&part->record[i].bytes);
    free(part->record);
}

void sim_log_free(struct sim_log **plog)
{
    struct sim_log *log = *plog;
    *plog = NULL;
    if (log == NULL)
        return;
    sim_engine_enter();
    sim_cancel(log->turn);
    while (log->handles != NULL)
        end_handle(log, log->handles, true);
    sim_log__lanes_drop(log);
    while (log->parts != NULL) {
        struct sim_part *part = log->parts;
        log->parts = part->next;
        free_part(part);
        free(part);
    }
    while (log->members != NULL) {
        struct sim_member *member = log->members;
        log->members = member->next;
        free(member);
    }
    free_part(&log->push);
    free(log->push_done);
    par_queue__extra = NULL;
    sim_log__current = NULL;
    sim_engine_leave();
    free(log);
}

void sim_log_set_plan(struct sim_log *log, const struct sim_log_plan *plan)
{
    sim_engine_enter();
    log->plan = *plan;
    sim_engine_leave();
}

/* ---- what a world does to it ---- */

void sim_log_grow(struct sim_log *log, struct par_str seal)
{
    sim_engine_enter();
    struct sim_bytes *bytes = sim_bytes_new(seal);
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        if (p->commands && par_partition_generation((uint32_t)p->id) == log->generation)
            sim_log__append(log, p, bytes);
    sim_bytes_unref(&bytes);
    log->generation++;
    log->partitions *= 2;
    add_generation(log);
    sim_engine_leave();
}

void sim_log_leader(struct sim_log *log, uint32_t partition, uint64_t ns)
{
    sim_engine_enter();
    struct sim_part *part = sim_log__partition(log, partition);
    PAR_ASSERT(part != NULL);
    stall(log, part, ns);
    sim_fault(SIM_FAULT_LOG_LEADER_CHANGE, "of a partition");
    sim_engine_leave();
}

void sim_log_outage(struct sim_log *log, uint64_t ns)
{
    sim_engine_enter();
    outage(log, ns);
    sim_engine_leave();
}

static void keep_newest(struct sim_part *part, uint64_t keep)
{
    uint64_t end = sim_part_end(part);
    uint64_t start = end > keep ? end - keep : 0;
    if (start > part->start)
        part->start = start;
}

void sim_log_retention(struct sim_log *log, uint32_t partition, uint64_t keep)
{
    sim_engine_enter();
    keep_newest(sim_log__partition(log, partition), keep);
    sim_engine_leave();
}

void sim_log_inbox_retention(struct sim_log *log, uint64_t server, uint64_t keep)
{
    sim_engine_enter();
    keep_newest(sim_log__inbox(log, server), keep);
    sim_engine_leave();
}

static void lose_end(struct sim_part *part, uint64_t lose)
{
    for (; lose > 0 && sim_part_end(part) > part->start; lose--)
        sim_bytes_unref(&part->record[--part->count].bytes);
}

void sim_log_cut(struct sim_log *log, uint32_t partition, uint64_t lose)
{
    sim_engine_enter();
    lose_end(sim_log__partition(log, partition), lose);
    sim_fault(SIM_FAULT_LOG_CUT, "");
    sim_engine_leave();
}

void sim_log_power_loss(struct sim_log *log, uint64_t most)
{
    sim_engine_enter();
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        lose_end(p, sim_random_skew(&log->random, 0, most));
    sim_fault(SIM_FAULT_LOG_CUT, "all brokers lost power");
    sim_engine_leave();
}

void sim_log_rebalance(struct sim_log *log)
{
    sim_engine_enter();
    sim_log__shuffle(log);
    sim_engine_leave();
}

void sim_log_on_push(struct sim_log *log, sim_log_push_fn fn, void *arg)
{
    log->push_fn = fn;
    log->push_arg = arg;
}

/* ---- what a world sees ---- */

size_t sim_log_partitions(const struct sim_log *log)
{
    size_t n = 0;
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        n += p->commands;
    return n;
}

uint32_t sim_log_partition(const struct sim_log *log, size_t index)
{
    size_t n = 0;
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        if (p->commands && n++ == index)
            return (uint32_t)p->id;
    return 0;
}

uint64_t sim_log_start(const struct sim_log *log, uint32_t partition)
{
    return sim_log__partition(log, partition)->start;
}

uint64_t sim_log_end(const struct sim_log *log, uint32_t partition)
{
    return sim_part_end(sim_log__partition(log, partition));
}

bool sim_log_record(const struct sim_log *log, uint32_t partition, uint64_t offset,
                    struct par_queue_record *record_r)
{
    struct sim_part *part = sim_log__partition(log, partition);
    if (part == NULL || offset < part->base || offset < part->start || offset >= sim_part_end(part))
        return false;
    struct sim_log_record *r = &part->record[offset - part->base];
    *record_r = (struct par_queue_record){
        .bytes = sim_bytes_str(r->bytes), .offset = offset, .time_ms = r->time_ms};
    return true;
}

uint64_t sim_log_owner(const struct sim_log *log, uint32_t partition)
{
    struct sim_part *part = sim_log__partition(log, partition);
    return part->owner != NULL ? part->owner->server : 0;
}

size_t sim_log_waiting(const struct sim_log *log)
{
    size_t n = 0;
    for (struct sim_lane *lane = log->lanes; lane != NULL; lane = lane->next)
        for (struct sim_item *item = lane->first; item != NULL; item = item->next)
            n++;
    return n;
}
