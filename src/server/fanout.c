/* Fan-out: chunks of answers and events, one a reactor, filled by whoever has something to tell. */
#include "server/fanout.h"

#include "base/mutant.h"
#include "base/stats.h"
#include "server/accounts.h"
#include "server/reach.h"
#include "store/record.h"

#include <stdlib.h>

/* A chunk's items, each preceded by its tag. */
enum tag { TAG_ANSWER = 1, TAG_EVENT, TAG_LATE };

struct answer_item {
    uint64_t handle;
    struct par_conv conv;
    uint8_t err;
    uint8_t dup;
    uint16_t message_len; /* the message follows */
    uint32_t retry_after_ms;
    uint64_t seq;
    int64_t ts;
};

struct event_item {
    struct par_event event; /* a reference of its own */
    uint32_t count;         /* ids of endpoints follow */
};

/* For the endpoint that asked, in place of an answer that came too late for it. */
struct late_item {
    struct par_event event; /* a reference of its own */
    uint64_t endpoint;
    uint64_t handle; /* of the request */
};

struct par_fanout__chunk {
    struct par_post post;
    uint64_t begun_ns;
    struct par_buf items;
    size_t event_at; /* of the event_item being filled; SIZE_MAX: none */
};

void par_fanout_init(struct par_fanout *f, struct par_server *server)
{
    *f = (struct par_fanout){.server = server};
}

static struct par_fanout__chunk *chunk_of(struct par_fanout *f, unsigned reactor)
{
    struct par_fanout__chunk **chunk = &f->_chunks[reactor];
    if (!*chunk) {
        *chunk = calloc(1, sizeof **chunk);
        if (*chunk)
            **chunk = (struct par_fanout__chunk){.begun_ns = par_mono_ns(), .event_at = SIZE_MAX};
    }
    return *chunk;
}

void par_fanout_begin(struct par_fanout *f, struct par_str json)
{
    f->_event = par_event_of(json);
    f->_receivers = 0;
}

void par_fanout_to(struct par_fanout *f, uint64_t endpoint)
{
    unsigned reactor = par_handle_reactor(endpoint);
    if (!f->_event.frame || !endpoint || reactor >= f->server->reactor_count)
        return;
    struct par_fanout__chunk *chunk = chunk_of(f, reactor);
    if (!chunk)
        return;
    struct par_buf *items = &chunk->items;
    if (chunk->event_at == SIZE_MAX) {
        if (!par_buf_reserve(items, 1 + sizeof(struct event_item) + sizeof endpoint))
            return;
        struct event_item item = {.event = f->_event};
        par_shared_ref(f->_event.frame);
        par_buf_add_u8(items, TAG_EVENT);
        chunk->event_at = items->len;
        par_buf_add(items, &item, sizeof item);
    }
    if (!par_buf_reserve(items, sizeof endpoint))
        return;
    par_buf_add(items, &endpoint, sizeof endpoint);
    struct event_item item;
    memcpy(&item, items->data + chunk->event_at, sizeof item);
    item.count++;
    memcpy(items->data + chunk->event_at, &item, sizeof item);
    f->_receivers++;
}

/* R3: what a request wrote is no event for who has its answer; but an answer nobody waits for
 * becomes the event. Only the reactor knows which. */
static void to_asker(struct par_fanout *f, uint64_t endpoint, uint64_t handle)
{
    unsigned reactor = par_handle_reactor(endpoint);
    if (!f->_event.frame || !handle || reactor >= f->server->reactor_count)
        return;
    struct par_fanout__chunk *chunk = chunk_of(f, reactor);
    struct late_item item = {.event = f->_event, .endpoint = endpoint, .handle = handle};
    if (!chunk || !par_buf_reserve(&chunk->items, 1 + sizeof item))
        return;
    par_shared_ref(f->_event.frame);
    par_buf_add_u8(&chunk->items, TAG_LATE);
    par_buf_add(&chunk->items, &item, sizeof item);
    chunk->event_at = SIZE_MAX;
}

void par_fanout_end(struct par_fanout *f)
{
    for (unsigned i = 0; i < f->server->reactor_count; i++) {
        if (f->_chunks[i])
            f->_chunks[i]->event_at = SIZE_MAX;
    }
    par_shared_unref(&f->_event.frame);
    if (f->_receivers) {
        par_stats_add(PAR_C_DELIVERIES, f->_receivers);
        par_stats_record(PAR_H_FANOUT, 0, f->_receivers);
    }
}

void par_fanout_users(struct par_fanout *f, struct par_str json, const uint64_t *users, size_t n)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    par_fanout_begin(f, json);
    for (size_t i = 0; i < n; i++) {
        size_t count = par_directory_endpoints(f->server->directory, users[i], endpoints);
        for (size_t j = 0; j < count; j++)
            par_fanout_to(f, endpoints[j].id);
    }
    par_fanout_end(f);
}

/* ---- on the reactor ---- */

static void handle_answer(struct par_reactor *reactor, struct par_cursor *c)
{
    struct par_str bytes, message;
    struct answer_item item;
    if (!par_cursor_bytes(c, sizeof item, &bytes))
        return;
    memcpy(&item, bytes.ptr, sizeof item);
    if (!par_cursor_bytes(c, item.message_len, &message))
        return;
    struct par_request *req = par_handles_get(&reactor->requests, item.handle);
    if (!req) {
        par_stats_inc(PAR_C_DELIVERIES_LOST);
        return;
    }
    struct par_written written = {.err = (enum par_err)item.err,
                                  .retry_after_ms = item.retry_after_ms,
                                  .message = message,
                                  .conv = item.conv,
                                  .seq = item.seq,
                                  .ts = item.ts,
                                  .dup = item.dup};
    par_request_written(req, &written);
}

static void handle_event(struct par_reactor *reactor, struct par_cursor *c)
{
    struct par_str bytes;
    struct event_item item;
    if (!par_cursor_bytes(c, sizeof item, &bytes))
        return;
    memcpy(&item, bytes.ptr, sizeof item);
    for (uint32_t i = 0; i < item.count; i++) {
        uint64_t id;
        if (!par_cursor_bytes(c, sizeof id, &bytes))
            break;
        memcpy(&id, bytes.ptr, sizeof id);
        struct par_endpoint *endpoint = par_handles_get(&reactor->endpoints, id);
        if (endpoint)
            par_endpoint_event(reactor, endpoint, &item.event);
        else
            par_stats_inc(PAR_C_DELIVERIES_LOST);
    }
    par_shared_unref(&item.event.frame);
}

static void handle_late(struct par_reactor *reactor, struct par_cursor *c)
{
    struct par_str bytes;
    struct late_item item;
    if (!par_cursor_bytes(c, sizeof item, &bytes))
        return;
    memcpy(&item, bytes.ptr, sizeof item);
    struct par_endpoint *endpoint = par_handles_get(&reactor->endpoints, item.endpoint);
    if (endpoint && par_waiting_is_late(reactor, item.handle) && !PAR_MUTANT(ANSWER_NOT_ENTRY))
        par_endpoint_event(reactor, endpoint, &item.event);
    par_shared_unref(&item.event.frame);
}

static void handle_chunk(struct par_reactor *reactor, struct par_post *post)
{
    struct par_fanout__chunk *chunk = PAR_CONTAINER(post, struct par_fanout__chunk, post);
    struct par_cursor c = par_cursor(par_buf_str(&chunk->items));
    uint64_t n = 0;
    uint8_t tag;
    for (; par_cursor_left(&c) && par_cursor_u8(&c, &tag); n++) {
        if (tag == TAG_ANSWER)
            handle_answer(reactor, &c);
        else if (tag == TAG_EVENT)
            handle_event(reactor, &c);
        else
            handle_late(reactor, &c);
    }
    par_stats_record_many(PAR_H_HOP, PAR_HOP_DELIVER, par_mono_ns() - chunk->begun_ns, n);
    par_buf_fini(&chunk->items);
    free(chunk);
}

void par_fanout_flush(struct par_fanout *f)
{
    for (unsigned i = 0; i < f->server->reactor_count; i++) {
        struct par_fanout__chunk *chunk = f->_chunks[i];
        f->_chunks[i] = NULL;
        if (chunk)
            par_reactor_post(f->server->reactors[i], &chunk->post, handle_chunk);
    }
}

/* ---- the sink of the writer's deliveries ---- */

/* Was it asked here, in this life of the server? What an earlier life asked has no request. */
static bool asked_here(const struct par_fanout *f, const struct par_delivery *d)
{
    return d->reply.server == f->server->id &&
           (d->reply.boot == f->server->boot || PAR_MUTANT(ANSWERS_OF_ANOTHER_LIFE));
}

static void deliver_answer(struct par_fanout *f, const struct par_delivery *d)
{
    unsigned reactor = par_handle_reactor(d->reply.handle);
    struct par_fanout__chunk *chunk =
        asked_here(f, d) && reactor < f->server->reactor_count ? chunk_of(f, reactor) : NULL;
    if (!chunk)
        return;
    size_t message_len = d->message.len > UINT16_MAX ? UINT16_MAX : d->message.len;
    struct answer_item item = {.handle = d->reply.handle,
                               .conv = d->conv,
                               .err = (uint8_t)d->err,
                               .dup = d->dup,
                               .message_len = (uint16_t)message_len,
                               .retry_after_ms = d->retry_after_ms,
                               .seq = d->seq,
                               .ts = d->ts};
    if (!par_buf_reserve(&chunk->items, 1 + sizeof item + message_len))
        return;
    par_buf_add_u8(&chunk->items, TAG_ANSWER);
    par_buf_add(&chunk->items, &item, sizeof item);
    par_buf_add(&chunk->items, d->message.ptr, message_len);
}

/* Everybody of users[] but the connection that has the answer, and the poll session of the device
 * that wrote; `only` and `but`: of these users alone, or not of this one (0: no such limit). */
static void deliver_to(struct par_fanout *f, const struct par_delivery *d, struct par_str json,
                       uint64_t only, uint64_t but)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    bool here = asked_here(f, d);
    par_fanout_begin(f, json);
    if (d->kind == PAR_DELIVERY_ENTRY) {
        f->_event.conv = d->conv;
        f->_event.seq = d->entry->seq;
    }
    for (size_t i = 0; i < d->user_count; i++) {
        uint64_t user = d->users[i];
        if ((only && user != only) || (but && user == but))
            continue;
        size_t n = par_directory_endpoints(f->server->directory, user, endpoints);
        for (size_t j = 0; j < n; j++) {
            bool asker = (here && endpoints[j].id == d->reply.endpoint) ||
                         (endpoints[j].kind == PAR_ENDPOINT_POLL &&
                          endpoints[j].device == d->reply.poll_device);
            if (!asker)
                par_fanout_to(f, endpoints[j].id);
            else if (here)
                to_asker(f, endpoints[j].id, d->reply.handle);
        }
    }
    par_fanout_end(f);
}

static bool has_user(const struct par_delivery *d, uint64_t user)
{
    for (size_t i = 0; i < d->user_count; i++) {
        if (d->users[i] == user)
            return true;
    }
    return false;
}

static void deliver_entry(struct par_fanout *f, const struct par_delivery *d, struct par_buf *json)
{
    uint64_t sender = d->entry->sender;
    par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_ENTRY);
    par_event_entry(json, d->entry, false);
    deliver_to(f, d, par_buf_str(json), 0, sender);
    if (!sender || !has_user(d, sender))
        return;
    par_buf_clear(json);
    par_event_entry(json, d->entry, true);
    deliver_to(f, d, par_buf_str(json), sender, 0);
}

static void deliver_conv(struct par_fanout *f, const struct par_delivery *d, struct par_buf *json)
{
    struct par_conv_change change = {
        .has_kind = d->conv_set & PAR_CONV_EVENT_KIND,
        .name = d->conv_set & PAR_CONV_EVENT_NAME ? d->name : (struct par_str){0},
        .has_member = d->conv_set & PAR_CONV_EVENT_MEMBER,
        .member = d->member,
        .settings = d->conv_set & PAR_CONV_EVENT_SETTINGS ? &d->settings : NULL,
    };
    par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_CONV);
    par_event_conv(json, &d->conv, &change);
    deliver_to(f, d, par_buf_str(json), 0, 0);
}

static void to_everybody(void *arg, uint64_t user, struct par_dir_endpoint endpoint)
{
    (void)user;
    par_fanout_to(arg, endpoint.id);
}

static void deliver_sync(struct par_fanout *f, const struct par_delivery *d, struct par_buf *json)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_SYNC);
    par_event_sync(json);
    par_fanout_begin(f, par_buf_str(json));
    if (d->user) {
        size_t n = par_directory_endpoints(f->server->directory, d->user, endpoints);
        for (size_t i = 0; i < n; i++) {
            bool poll = endpoints[i].kind == PAR_ENDPOINT_POLL;
            if (d->device == 0 || (poll && endpoints[i].device == d->device))
                par_fanout_to(f, endpoints[i].id);
        }
    } else {
        par_directory_each(f->server->directory, to_everybody, f);
    }
    par_fanout_end(f);
}

void par_fanout_deliver(void *arg, const struct par_delivery *d)
{
    struct par_fanout *f = arg;
    struct par_buf json = {0};
    switch (d->kind) {
    case PAR_DELIVERY_ANSWER:
        deliver_answer(f, d);
        break;
    case PAR_DELIVERY_ENTRY:
        deliver_entry(f, d, &json);
        break;
    case PAR_DELIVERY_MARK:
        par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_MARK);
        par_event_mark(&json, &d->conv, d->user, d->delivered, d->read);
        deliver_to(f, d, par_buf_str(&json), 0, 0);
        break;
    case PAR_DELIVERY_OTHERS:
        par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_MARK);
        par_event_mark_others(&json, &d->conv, d->delivered, d->read);
        deliver_to(f, d, par_buf_str(&json), 0, 0);
        break;
    case PAR_DELIVERY_CONV:
        deliver_conv(f, d, &json);
        break;
    case PAR_DELIVERY_SYNC:
        deliver_sync(f, d, &json);
        break;
    case PAR_DELIVERY_TYPING:
        par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_TYPING);
        par_event_typing(&json, &d->conv, d->user, d->on);
        deliver_to(f, d, par_buf_str(&json), 0, 0);
        break;
    case PAR_DELIVERY_CLOSE:
        par_endpoint_close_told(f->server, d);
        break;
    case PAR_DELIVERY_USER:
        par_account_reread_later(f->server, d->user);
        break;
    case PAR_DELIVERY_WHO_SERVES:
    case PAR_DELIVERY_I_SERVE:
        par_reach_told(f->server->reach, d);
        break;
    case PAR_DELIVERY_KINDS:
        break;
    }
    par_buf_fini(&json);
}

void par_fanout_deliver_flush(void *arg)
{
    par_fanout_flush(arg);
}
