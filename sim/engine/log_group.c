/* Owners of the partitions of the simulated log: a group with sessions, whose members learn late
 * what became of them. */
#include "sim/engine/log_private.h"

#include "loop/env.h"

#include <stdlib.h>

enum { SESSION_DEFAULT_S = 6, REVOKE_DEFAULT_S = 10, BUSY_MAX_S = 60 };

static struct sim_member *member_of(struct sim_log *log, uint64_t server)
{
    struct sim_member **at = &log->members;
    while (*at != NULL && (*at)->server < server)
        at = &(*at)->next;
    if (*at != NULL && (*at)->server == server)
        return *at;
    struct sim_member *member = calloc(1, sizeof *member);
    PAR_ASSERT(member != NULL);
    member->server = server;
    member->next = *at;
    *at = member;
    return member;
}

/* ---- who is to have what ---- */

static bool takes(const struct sim_member *m)
{
    return m->in && !(m->handle != NULL && m->handle->aside);
}

static size_t wanted(const struct sim_log *log, const struct sim_member *member)
{
    size_t n = 0;
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        n += p->commands && p->want == member;
    return n;
}

static void give(struct sim_log *log, struct sim_part *part, struct sim_member *to)
{
    uint64_t ns = log->plan.revoke_ns > 0 ? log->plan.revoke_ns : REVOKE_DEFAULT_S * SIM_S;
    if (part->want == to)
        return;
    part->want = to;
    part->give_back_ns = sim_now_ns() + ns;
    if (part->owner != NULL)
        sim_fault(SIM_FAULT_LOG_REBALANCE, "");
}

static struct sim_member *with_least(const struct sim_log *log)
{
    struct sim_member *best = NULL;
    for (struct sim_member *m = log->members; m != NULL; m = m->next)
        if (takes(m) && (best == NULL || wanted(log, m) < wanted(log, best)))
            best = m;
    return best;
}

/* Members keep what they have, the rest and what is too much goes to those who have least. */
static void assign(struct sim_log *log)
{
    struct sim_member *least;
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        if (p->commands && (p->want == NULL || !takes(p->want)))
            give(log, p, with_least(log));
    for (struct sim_part *p = log->parts; p != NULL; p = p->next)
        if (p->commands && (least = with_least(log)) != NULL &&
            wanted(log, p->want) > wanted(log, least) + 1)
            give(log, p, least);
}

void sim_log__shuffle(struct sim_log *log)
{
    uint64_t members = 0;
    for (struct sim_member *m = log->members; m != NULL; m = m->next)
        members += takes(m);
    for (struct sim_part *p = log->parts; p != NULL && members > 1; p = p->next) {
        if (!p->commands || sim_random_below(&log->random, 2))
            continue;
        uint64_t skip = sim_random_below(&log->random, members);
        for (struct sim_member *m = log->members; m != NULL; m = m->next)
            if (takes(m) && skip-- == 0)
                give(log, p, m);
    }
}

/* ---- sessions ---- */

/* The owner has lost a partition without having been asked. */
static void lose(struct sim_log *log, struct sim_part *part)
{
    struct sim_handle *h = part->owner->handle;
    if (h != NULL) {
        sim_fault(SIM_FAULT_LOG_ZOMBIE, "");
        h->blind_ns = sim_now_ns() + sim_random_below(&log->random, log->plan.blind_ns + 1);
    }
    part->owner = NULL;
}

static bool shows_life(const struct sim_member *m)
{
    const struct sim_handle *h = m->handle;
    return h != NULL && !h->leaving && !sim_node_paused(h->node) && sim_reaches(h->node, SIM_LOG) &&
           (h->busy_ns == 0 || sim_now_ns() - h->busy_ns < BUSY_MAX_S * SIM_S);
}

void sim_log__group_turn(struct sim_log *log)
{
    uint64_t now = sim_now_ns();
    uint64_t session = log->plan.session_ns > 0 ? log->plan.session_ns : SESSION_DEFAULT_S * SIM_S;
    bool changed = false;
    for (struct sim_member *m = log->members; m != NULL; m = m->next) {
        bool was = takes(m);
        if (shows_life(m)) {
            m->seen_ns = now;
            m->in = true;
        } else if (m->in && now - m->seen_ns > session) {
            m->in = false;
        }
        changed |= was != takes(m) || m->asked_aside;
        m->asked_aside = false;
    }
    for (struct sim_part *p = log->parts; p != NULL; p = p->next) {
        changed |= p->commands && p->want == NULL && log->members != NULL;
        if (p->owner != NULL && (!p->owner->in || (p->owner != p->want && now >= p->give_back_ns)))
            lose(log, p);
    }
    if (changed)
        assign(log);
    if (sim_log__due(log, log->plan.rebalance_ppm))
        sim_log__shuffle(log);
    for (struct sim_handle *h = log->handles; h != NULL; h = h->next)
        if (h->fn != NULL)
            sim_wake_all(&h->waiters);
}

/* ---- what a server believes ---- */

static void tell(struct sim_handle *h, struct sim_part *part, bool owned)
{
    h->busy_ns = sim_now_ns() + 1;
    sim_engine_leave();
    h->fn(h->fn_arg, &(uint32_t){(uint32_t)part->id}, 1, owned);
    sim_engine_enter();
    h->busy_ns = 0;
}

static bool believes(const struct sim_handle *h, const struct sim_part *part)
{
    for (size_t i = 0; i < h->owned_count; i++)
        if (h->owned[i] == part)
            return true;
    return false;
}

static void give_up(struct sim_handle *h, size_t i, const struct sim_member *m)
{
    struct sim_part *part = h->owned[i];
    tell(h, part, false);
    memmove(h->owned + i, h->owned + i + 1, (--h->owned_count - i) * sizeof(struct sim_part *));
    if (part->owner == m && part->want != m)
        part->owner = NULL;
}

static void take_over(struct sim_handle *h, struct sim_part *part, struct sim_member *m)
{
    part->owner = m;
    if (h->owned_count == h->owned_cap) {
        h->owned_cap = h->owned_cap > 0 ? h->owned_cap * 2 : 8;
        h->owned = realloc(h->owned, h->owned_cap * sizeof(struct sim_part *));
        PAR_ASSERT(h->owned != NULL);
    }
    h->owned[h->owned_count++] = part;
    tell(h, part, true);
}

/* One thing that the server learns; false: nothing is new. */
static bool learn(struct sim_handle *h)
{
    struct sim_member *m = member_of(h->log, h->server);
    if (h->leaving || m->handle != h || sim_now_ns() < h->blind_ns ||
        !sim_reaches(h->node, SIM_LOG))
        return false;
    for (size_t i = 0; i < h->owned_count; i++) {
        if (h->owned[i]->owner != m || h->owned[i]->want != m) {
            give_up(h, i, m);
            return true;
        }
    }
    for (struct sim_part *p = h->log->parts; p != NULL; p = p->next) {
        if (p->commands && m->in && p->want == m && (p->owner == NULL || p->owner == m) &&
            !believes(h, p)) {
            take_over(h, p, m);
            return true;
        }
    }
    return false;
}

static void group_thread(void *arg)
{
    struct sim_handle *h = arg;
    sim_engine_enter();
    while (!h->leaving)
        if (!learn(h))
            (void)sim_wait(&h->waiters, SIM_S);
    sim_engine_leave();
}

void sim_log_turn(struct sim_log *log, uint64_t server)
{
    sim_engine_enter();
    struct sim_member *m = member_of(log, server);
    while (m->handle != NULL && learn(m->handle))
        ;
    sim_engine_leave();
}

enum par_err sim_log__join(struct sim_handle *h, par_queue_owner_fn fn, void *arg)
{
    struct sim_member *m = member_of(h->log, h->server);
    h->fn = fn;
    h->fn_arg = arg;
    h->leaving = false;
    m->handle = h;
    if (h->log->plan.no_thread)
        return PAR_OK;
    return par_thread_start("queue", group_thread, h, &h->thread);
}

void sim_log__set_aside(struct sim_handle *h, bool aside)
{
    member_of(h->log, h->server)->asked_aside |= h->aside != aside;
    h->aside = aside;
}

void sim_log__leave(struct sim_handle *h)
{
    struct sim_member *m = member_of(h->log, h->server);
    if (h->fn == NULL)
        return;
    h->leaving = true;
    sim_wake_all(&h->waiters);
    sim_engine_leave();
    if (h->thread != NULL)
        par_thread_join(&h->thread);
    sim_engine_enter();
    while (h->owned_count > 0)
        give_up(h, h->owned_count - 1, m);
    h->fn = NULL;
    if (m->handle != h)
        return;
    m->handle = NULL;
    if (h->log->plan.static_members || !sim_reaches(h->node, SIM_LOG))
        return;
    m->in = false;
    for (struct sim_part *p = h->log->parts; p != NULL; p = p->next)
        if (p->owner == m)
            p->owner = NULL;
    assign(h->log);
}

void sim_log__group_gone(struct sim_handle *h)
{
    for (struct sim_member *m = h->log->members; m != NULL; m = m->next)
        if (m->handle == h)
            m->handle = NULL;
}
