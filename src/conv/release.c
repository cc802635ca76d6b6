/* Release: what a durable batch tells, to whom, in the order of its commands. */
#include "conv/writer_private.h"

#include <stdlib.h>

enum {
    LOOKUP_USERS = 8192,
    FLUSH_EVERY = 256,
    ROUTE_TRIES = 5,     /* so often are routes asked for that can be read no more */
    SYNC_EVERY_MS = 1000 /* and then all connections are told to sync, at most so often */
};

static bool reserve(uint64_t **list, size_t *cap, size_t count)
{
    if (count <= *cap)
        return true;
    size_t more = *cap ? *cap : 1024;
    while (more < count)
        more *= 2;
    uint64_t *p = realloc(*list, more * sizeof *p);
    if (!p)
        return false;
    *list = p;
    *cap = more;
    return true;
}

static void deliver(struct par_writer *w, uint64_t server, const struct par_delivery *d)
{
    w->live.deliveries++;
    if (w->remote)
        par_outbox__add(w, server, d);
    else
        /* A server that cannot be reached asks its clients to sync when it can be again (R6). */
        (void)par_queue_deliver(w->queue, server, d);
}

static bool flush_local(struct par_writer *w)
{
    (void)par_queue_deliver_flush(w->queue);
    return true;
}

bool par_release__hand(struct par_writer *w)
{
    return w->remote ? par_outbox__hand(w) : flush_local(w);
}

bool par_release__flush(struct par_writer *w)
{
    return w->remote ? par_outbox__flush(w) : flush_local(w);
}

void par_release__sync(struct par_writer *w)
{
    struct par_delivery d = {.kind = PAR_DELIVERY_SYNC};
    w->live.resyncs++;
    w->synced_ms = w->now_ms;
    deliver(w, PAR_QUEUE_ALL_SERVERS, &d);
    (void)par_release__flush(w);
}

void par_release__settle(struct par_writer *w, bool now)
{
    if (!w->owes_sync || (!now && w->synced_ms && w->now_ms - w->synced_ms < SYNC_EVERY_MS))
        return;
    w->owes_sync = false;
    par_release__sync(w);
}

void par_release__refuse(struct par_writer *w, uint32_t index, enum par_err err)
{
    const struct par_command *c = &w->commands[index];
    struct par_delivery d = {
        .kind = PAR_DELIVERY_ANSWER,
        .conv = c->conv,
        .reply = c->reply,
        .command = c->kind,
        .err = err,
        .retry_after_ms = par_err_retry(err) ? PAR_WRITER_RETRY_MS : 0,
    };
    if (c->kind != 0 && c->reply.server != 0)
        deliver(w, c->reply.server, &d);
}

/* ---- routes ---- */

/* Adds a list to the next look-up, unless it is in it. */
static bool add_to_lookup(struct par_writer *w, struct par_members *users, size_t *count)
{
    if (users->chunk == w->chunk)
        return true;
    if (!reserve(&w->lookup, &w->lookup_cap, *count + users->count))
        return false;
    users->chunk = w->chunk;
    users->first = (uint32_t)*count;
    users->hit_count = UINT32_MAX;
    memcpy(w->lookup + *count, users->user, users->count * sizeof users->user[0]);
    *count += users->count;
    return true;
}

/* Gives a list its part of the hits; to be called for the lists in the order they were added. */
static void take_hits(struct par_writer *w, struct par_members *users, size_t *at)
{
    if (users->hit_count != UINT32_MAX)
        return;
    while (*at < w->hits.count && w->hits.hit[*at].index < users->first)
        ++*at;
    users->hit_first = (uint32_t)*at;
    while (*at < w->hits.count && w->hits.hit[*at].index < users->first + users->count)
        ++*at;
    users->hit_count = (uint32_t)(*at - users->hit_first);
}

static bool routes(struct par_writer *w, size_t count)
{
    int tries = par_route_remote(w->route) && !w->routes_down ? ROUTE_TRIES : 1;
    for (; tries > 0; tries--) {
        if (par_route_lookup(w->route, w->lookup, count, &w->hits) == PAR_OK) {
            w->routes_down = false;
            return true;
        }
        if (tries > 1 && !par_writer__pause(w, "the routes cannot be read"))
            break;
    }
    /* R6: acks do not wait for a table that may be gone for long. Everybody is told to sync, which
     * needs no route, and who is not connected gets a push job. */
    w->routes_down = true;
    w->hits.count = 0;
    w->owes_sync = true;
    return false;
}

/* One delivery to each server that holds some of the users, naming those (R2). */
static void to_servers(struct par_writer *w, struct par_delivery *d,
                       const struct par_members *users)
{
    size_t n = users->hit_count;
    if (n == 0)
        return;
    const struct par_route_hit *hit = users->hit_count ? w->hits.hit + users->hit_first : NULL;
    bool one = true;
    for (size_t i = 1; i < n && one; i++)
        one = hit[i].server == hit[0].server;
    if (one && n == users->count) {
        d->users = users->user;
        d->user_count = n;
        deliver(w, hit[0].server, d);
        return;
    }
    if (!reserve(&w->scratch, &w->scratch_cap, n)) {
        w->owes_sync = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool done = false;
        for (size_t k = 0; k < i && !done; k++)
            done = hit[k].server == hit[i].server;
        if (done)
            continue;
        d->users = w->scratch;
        d->user_count = 0;
        for (size_t k = i; k < n; k++)
            if (hit[k].server == hit[i].server)
                w->scratch[d->user_count++] = users->user[hit[k].index - users->first];
        deliver(w, hit[i].server, d);
    }
}

bool par_release__to(struct par_writer *w, struct par_delivery *d, struct par_members *users)
{
    size_t count = 0, at = 0;
    w->chunk++;
    if (!add_to_lookup(w, users, &count) || !routes(w, count)) {
        w->owes_sync = true;
        return false;
    }
    take_hits(w, users, &at);
    to_servers(w, d, users);
    return true;
}

bool par_release__to_users(struct par_writer *w, struct par_delivery *d, const uint64_t *users,
                           size_t count)
{
    uint64_t few[sizeof(struct par_members) / 8 + 64];
    struct par_members *list = (struct par_members *)few;
    if (count > 64)
        list = malloc(sizeof *list + count * sizeof list->user[0]);
    if (!list) {
        w->owes_sync = true;
        return false;
    }
    *list = (struct par_members){.count = (uint32_t)count};
    memcpy(list->user, users, count * sizeof list->user[0]);
    bool ok = par_release__to(w, d, list);
    if (count > 64)
        free(list);
    return ok;
}

/* ---- push ---- */

static void push(struct par_writer *w, const struct par_entry *e, uint64_t user,
                 enum par_push_reason reason)
{
    struct par_push_job job = {
        .reason = reason,
        .user = user,
        .conv = e->conv,
        .seq = e->seq,
        .ts = e->ts,
        .from = e->sender,
        .text = e->text,
    };
    w->live.push_jobs++;
    if (w->remote)
        par_outbox__push(w, &job);
    else
        (void)par_queue_push_job(w->queue, &job);
}

/* Members without a route get a push job for a text of somebody else, and who was added for that.
 * When the routes of a remote table cannot be read all members do: a phone that rings for what is
 * on the screen is better than one that stays silent. */
static void push_jobs(struct par_writer *w, const struct par_entry *e,
                      const struct par_members *users)
{
    bool text = e->kind == PAR_ENTRY_TEXT;
    bool added = e->kind == PAR_ENTRY_MEMBER_ADDED || e->kind == PAR_ENTRY_CREATED;
    if (!text && !added)
        return;
    const struct par_route_hit *hit = users->hit_count ? w->hits.hit + users->hit_first : NULL;
    size_t at = 0;
    for (uint32_t i = 0; i < users->count; i++) {
        while (at < users->hit_count && hit[at].index - users->first < i)
            at++;
        if (at < users->hit_count && hit[at].index - users->first == i)
            continue;
        uint64_t user = users->user[i];
        if (user == e->sender || (added && !par_users_has(e->users, user)))
            continue;
        push(w, e, user, text ? PAR_PUSH_TEXT : PAR_PUSH_ADDED);
    }
}

/* ---- the batch ---- */

static void answer(struct par_writer *w, const struct par_release *r, struct par_delivery *d)
{
    const struct par_command *c = &w->commands[r->command];
    *d = (struct par_delivery){
        .kind = PAR_DELIVERY_ANSWER,
        .conv = c->conv,
        .reply = c->reply,
        .command = c->kind,
        .err = (enum par_err)r->err,
        .message = r->verdict ? c->verdict.message : par_str(r->message),
        .retry_after_ms = r->verdict ? c->verdict.retry_after_ms : 0,
        .seq = r->seq,
        .ts = r->ts,
        .dup = r->dup,
    };
    /* Commands of operators have nobody to answer to. */
    if (c->reply.server == 0)
        return;
    if (d->err != PAR_OK && !r->verdict && par_err_retry(d->err))
        d->retry_after_ms = PAR_WRITER_RETRY_MS;
    deliver(w, c->reply.server, d);
}

static void event(struct par_writer *w, const struct par_release *r, bool routed,
                  struct par_delivery *d)
{
    const struct par_command *c = &w->commands[r->command];
    *d = (struct par_delivery){.conv = c->conv, .reply = c->reply};
    switch ((enum par_release_kind)r->kind) {
    case PAR_RELEASE_ENTRY:
        d->kind = PAR_DELIVERY_ENTRY;
        d->entry = r->entry;
        if (r->to_origin)
            d->reply.endpoint = d->reply.poll_device = 0;
        break;
    case PAR_RELEASE_ADDED:
        d->kind = PAR_DELIVERY_CONV;
        d->conv_set = PAR_CONV_EVENT_KIND | PAR_CONV_EVENT_NAME | PAR_CONV_EVENT_MEMBER;
        d->name = r->name;
        d->member = true;
        break;
    case PAR_RELEASE_REMOVED:
        d->kind = PAR_DELIVERY_CONV;
        d->conv_set = PAR_CONV_EVENT_MEMBER;
        break;
    case PAR_RELEASE_SETTINGS:
        d->kind = PAR_DELIVERY_CONV;
        d->conv_set = PAR_CONV_EVENT_SETTINGS;
        d->settings = c->settings;
        break;
    case PAR_RELEASE_ANSWER:
        return;
    }
    if (!routed && !par_route_remote(w->route))
        return;
    if (!routed)
        r->users->hit_count = 0;
    to_servers(w, d, r->users);
    if (r->kind == PAR_RELEASE_ENTRY && !PAR_MUTANT(NO_PUSH_JOBS))
        push_jobs(w, r->entry, r->users);
}

/* W3: in the order of the offsets, refusals and duplicates too. R3: the answer before the events of
 * its entry. */
void par_release__batch(struct par_writer *w)
{
    struct par_delivery d;
    size_t since_flush = 0;
    for (size_t i = 0; i < w->release_count;) {
        size_t end = i, count = 0, at = 0;
        bool routed = true;
        /* R1: routes are read now that the entries are durable, and nowhere kept; many at once. */
        w->chunk++;
        for (; end < w->release_count && count < LOOKUP_USERS && routed; end++)
            if (w->releases[end].users)
                routed = add_to_lookup(w, w->releases[end].users, &count);
        if (!routed)
            w->owes_sync = true;
        else if (count > 0)
            routed = routes(w, count);
        for (size_t k = i; routed && k < end; k++)
            if (w->releases[k].users)
                take_hits(w, w->releases[k].users, &at);
        for (; i < end; i++) {
            const struct par_release *r = &w->releases[i];
            if (r->kind == PAR_RELEASE_ANSWER)
                answer(w, r, &d);
            else
                event(w, r, routed, &d);
            if (++since_flush >= FLUSH_EVERY && !w->remote) {
                since_flush = 0;
                (void)par_release__flush(w);
            }
        }
    }
    par_marks__release(w);
}
