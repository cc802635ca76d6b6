/* Requests that wait for the writer, for a bounded time; and what is kept of those that waited in
 * vain.
 *
 * All wait equally long, so a list in the order of asking is a list in the order of their ends: one
 * timer for all, which looks at the first. A request that is late is answered `unavailable`; its
 * handle stays for a while, without anything else, since the entry that it may have written after
 * all must reach the connection that asked (TAKEOVER.md R3). */
#include "server/client_private.h"

#include "base/mutant.h"
#include "base/stats.h"
#include "server/peers.h"

/* An entry that comes later still is found by its connection as a hole (PROTOCOL.md 4). */
enum { KEEP_MS = 600000, KEEP_MAX = 16384 };

static struct par_request *first_of(struct par_list *list)
{
    return par_list_empty(list) ? NULL : PAR_CONTAINER(list->next, struct par_request, waiting);
}

static void arm(struct par_reactor *reactor)
{
    const struct par_request *waits = first_of(&reactor->waiting), *late = first_of(&reactor->late);
    if (!waits && !late)
        return;
    uint64_t due = waits ? waits->due_ms : late->due_ms, now = par_loop_now_ms(reactor->loop);
    if (late && late->due_ms < due)
        due = late->due_ms;
    /* Late ones are kept for long: a timer that is set for one of them is moved. */
    if (par_timer_is_set(&reactor->answer_timer) &&
        (reactor->answer_due_ms <= due || PAR_MUTANT(LATE_KEEPS_TIMER)))
        return;
    par_timer_cancel(&reactor->answer_timer);
    reactor->answer_due_ms = due;
    par_timer_set(reactor->loop, &reactor->answer_timer, due > now ? due - now : 0);
}

void par_waiting_give_up(struct par_request *req)
{
    par_waiting_end(req);
    req->late = true;
    par_stats_inc(PAR_C_ANSWERS_LATE);
    par_request_fail(req, PAR_MUTANT(TIMEOUT_FINAL) ? PAR_E_CONFLICT : PAR_E_UNAVAILABLE,
                     "no answer in time; it may still take effect: try again");
}

static void due(struct par_timer *timer)
{
    struct par_reactor *reactor = PAR_CONTAINER(timer, struct par_reactor, answer_timer);
    uint64_t now = par_loop_now_ms(reactor->loop);
    for (struct par_request *req; (req = first_of(&reactor->waiting)) && req->due_ms <= now;)
        par_waiting_give_up(req);
    for (struct par_request *req; (req = first_of(&reactor->late)) && req->due_ms <= now;)
        par_request_drop(req);
    arm(reactor);
}

void par_waiting_init(struct par_reactor *reactor)
{
    par_list_init(&reactor->waiting);
    par_list_init(&reactor->late);
    par_timer_init(&reactor->answer_timer, due);
}

void par_waiting_add(struct par_request *req)
{
    struct par_reactor *reactor = req->reactor;
    req->waits = true;
    req->due_ms = par_loop_now_ms(reactor->loop) +
                  (uint64_t)PAR_CONFIG_GET(reactor->server->config->queue.answer_ms);
    par_list_append(&reactor->waiting, &req->waiting);
    arm(reactor);
}

void par_waiting_end(struct par_request *req)
{
    req->waits = false;
    par_list_remove(&req->waiting);
}

void par_waiting_keep(struct par_request *req)
{
    struct par_reactor *reactor = req->reactor;
    req->state = PAR_REQUEST_LATE;
    req->client = NULL;
    req->due_ms = par_loop_now_ms(reactor->loop) + KEEP_MS;
    par_list_append(&reactor->late, &req->waiting);
    if (++reactor->late_count > KEEP_MAX)
        par_request_drop(first_of(&reactor->late));
    arm(reactor);
}

/* Of a session on this server the entry itself is given (fanout.c). */
void par_waiting_answered_late(struct par_request *req)
{
    struct par_delivery d = {
        .kind = PAR_DELIVERY_SYNC, .user = req->who.user, .device = req->who.device};
    if (!req->endpoint && req->who.device && !PAR_MUTANT(ANSWER_NOT_ENTRY))
        par_peers_tell(req->reactor->server, PAR_QUEUE_ALL_SERVERS, &d);
}

void par_waiting_forget(struct par_request *req)
{
    par_list_remove(&req->waiting);
    req->reactor->late_count--;
}

bool par_waiting_is_late(struct par_reactor *reactor, uint64_t handle)
{
    const struct par_request *req = par_handles_get(&reactor->requests, handle);
    return req && req->late;
}
