/* The thread that takes this server's inbox. */
#include "server/inbox.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "conv/delivery_codec.h"
#include "server/fanout.h"
#include "server/forward.h"
#include "server/reach.h"
#include "server/service.h"
#include "server/standby.h"

#include <stdlib.h>

enum {
    TAKE = 256,
    TAKE_MS = 1000,
    RETRY_MS = 200,
    TRIES = 25,      /* to forward a run: 5 s and the time of the calls */
    CHUNKS_MAX = 64, /* runs that a reactor may be behind */
    SYNC_EVERY_MS = 5000,
    /* A confirmation is a record in a log of its own: one for each run would cost the brokers more
     * than the deliveries. */
    CONFIRM_EVERY_MS = 200,
    END_MS = 2000 /* for working off what is left, at the end */
};

struct par_inbox {
    struct par_server *server;
    struct par_service service;
    struct par_fanout fanout;
    struct par_forward forward;
    struct par_arena arena;
    struct par_queue_record records[TAKE];
    struct par_delivery *deliveries;
    size_t count, cap;         /* of deliveries: without those that cannot be read */
    uint64_t next;             /* the offset that should come; 0: not known */
    uint64_t dealt, confirmed; /* everything below */
    uint64_t confirmed_ms;
    bool owes_sync;
    uint64_t synced_ms;
    uint64_t end_ms; /* when working off ends; 0: not asked to */
    _Atomic uint64_t taken, malformed, given_up, gaps;
};

void par_inbox_sync_here(struct par_server *server)
{
    struct par_fanout f;
    struct par_delivery d = {.kind = PAR_DELIVERY_SYNC};
    par_fanout_init(&f, server);
    par_fanout_deliver(&f, &d);
    par_fanout_flush(&f);
}

/* Records that are gone (retention, a log that lost its end) held events: R6. Those that come again
 * are harmless. */
static void look_for_gap(struct par_inbox *in, size_t n)
{
    bool gap = in->next && in->records[0].offset > in->next;
    for (size_t i = 1; i < n; i++)
        gap |= in->records[i].offset > in->records[i - 1].offset + 1;
    in->next = in->records[n - 1].offset + 1;
    if (!gap)
        return;
    atomic_fetch_add(&in->gaps, 1);
    par_log_warn("inbox.gap", PAR_KV("next", in->next));
    par_inbox_sync_here(in->server);
}

/* False: no memory. */
static bool reserve(struct par_inbox *in)
{
    if (in->count < in->cap)
        return true;
    size_t cap = in->cap ? in->cap * 2 : TAKE;
    struct par_delivery *more = realloc(in->deliveries, cap * sizeof *more);
    if (!more)
        return false;
    in->deliveries = more;
    in->cap = cap;
    return true;
}

static void decode_record(struct par_inbox *in, const struct par_queue_record *record)
{
    struct par_cursor cur = par_cursor(record->bytes);
    do {
        if (!reserve(in)) {
            par_log_error("inbox.no_memory", PAR_KV("offset", record->offset));
            par_inbox_sync_here(in->server);
            return;
        }
        if (!par_delivery_next(&cur, &in->arena, &in->deliveries[in->count])) {
            atomic_fetch_add(&in->malformed, 1);
            par_stats_inc(PAR_C_UNEXPECTED);
            par_log_error("inbox.malformed", PAR_KV("offset", record->offset));
            return;
        }
        in->count++;
    } while (par_cursor_left(&cur));
}

static void decode(struct par_inbox *in, size_t n)
{
    in->count = 0;
    for (size_t i = 0; i < n; i++) {
        if (in->records[i].way_ns)
            par_stats_record(PAR_H_HOP, PAR_HOP_INBOX, in->records[i].way_ns);
        decode_record(in, &in->records[i]);
    }
    atomic_fetch_add(&in->taken, n);
}

/* Reactors that are behind hold the inbox up, not the memory. */
static void wait_for_reactors(struct par_inbox *in)
{
    struct par_server *server = in->server;
    for (unsigned i = 0; i < server->reactor_count; i++) {
        while (par_mailbox_depth(&server->reactors[i]->mailbox) > CHUNKS_MAX &&
               par_service_rest(&in->service, 1))
            ;
    }
}

static enum par_err forward_all(struct par_inbox *in)
{
    for (size_t i = 0; i < in->count; i++) {
        enum par_err err = par_forward(&in->forward, &in->deliveries[i]);
        if (err)
            return err;
    }
    return par_forward_flush(&in->forward);
}

/* Who was to have it and is not here: is looked at later. Who is elsewhere by now read it with the
 * sync there (R1), unless routes were lost: hence sync for all. */
static void give_up(struct par_inbox *in)
{
    atomic_fetch_add(&in->given_up, 1);
    par_log_warn("inbox.not_forwarded", PAR_KV("records", in->count));
    for (size_t i = 0; i < in->count; i++) {
        const struct par_delivery *d = &in->deliveries[i];
        for (size_t k = 0; d->kind == PAR_DELIVERY_ENTRY && k < d->user_count; k++) {
            if (!par_directory_has(in->server->directory, d->users[k]))
                par_standby_missed(in->server, d->users[k]);
        }
    }
    in->owes_sync = true;
}

static void pay_sync(struct par_inbox *in)
{
    struct par_server *server = in->server;
    uint64_t now = par_mono_ms();
    if (!in->owes_sync || now < in->synced_ms + SYNC_EVERY_MS ||
        par_route_lookup(server->route, NULL, 0, &in->forward._hits))
        return;
    struct par_delivery d = {.kind = PAR_DELIVERY_SYNC};
    struct par_buf bytes = {0};
    par_delivery_encode(&d, &bytes);
    if (!bytes.failed &&
        !par_queue_send(server->queue, PAR_QUEUE_ALL_SERVERS, par_buf_str(&bytes)) &&
        !par_queue_deliver_flush(server->queue)) {
        in->owes_sync = false;
        in->synced_ms = now;
    }
    par_buf_fini(&bytes);
}

/* In how many ms what was dealt with is to be confirmed. */
static uint32_t confirm_in(const struct par_inbox *in)
{
    uint64_t now = par_mono_ms(), due = in->confirmed_ms + CONFIRM_EVERY_MS;
    if (in->dealt == in->confirmed)
        return TAKE_MS;
    return due > now ? (uint32_t)(due - now) : 0;
}

static void confirm(struct par_inbox *in)
{
    if (in->dealt == in->confirmed)
        return;
    /* One that is lost is made good by the next. */
    (void)par_queue_confirm_inbox(in->server->queue, in->server->id, in->dealt);
    in->confirmed = in->dealt;
    in->confirmed_ms = par_mono_ms();
}

/* False: it ends, and this run is left for the next start. */
static bool deal_with(struct par_inbox *in, size_t n)
{
    uint64_t end = in->records[n - 1].offset + 1;
    if (PAR_MUTANT(INBOX_CONFIRM_EARLY)) {
        in->dealt = end;
        confirm(in);
    }
    look_for_gap(in, n);
    decode(in, n);
    wait_for_reactors(in);
    for (size_t i = 0; i < in->count; i++)
        par_fanout_deliver(&in->fanout, &in->deliveries[i]);
    par_fanout_flush(&in->fanout);
    int tries = 0;
    const char *why;
    enum par_err err;
    /* Calls of a route table that is silent take long; and the answer of who serves (reach.h) may
     * stand behind. */
    while ((err = forward_all(in)) && ++tries < TRIES && par_reach_well(in->server->reach, &why) &&
           par_service_rest(&in->service, RETRY_MS))
        ;
    if (err && par_service_stopping(&in->service))
        return false;
    if (err)
        give_up(in);
    in->dealt = end;
    return true;
}

static void run(void *arg)
{
    struct par_inbox *in = arg;
    struct par_queue *queue = in->server->queue;
    for (;;) {
        bool stopping = par_service_stopping(&in->service);
        size_t n = par_queue_take_inbox(queue, in->server->id, TAKE, stopping ? 0 : confirm_in(in),
                                        in->records);
        if (n && !deal_with(in, n))
            break;
        pay_sync(in);
        par_arena_fini(&in->arena);
        if (confirm_in(in) == 0)
            confirm(in);
        if (stopping && (n == 0 || par_mono_ms() >= in->end_ms))
            break;
    }
    confirm(in);
}

enum par_err par_inbox_open(struct par_server *server, struct par_inbox **inbox_r)
{
    *inbox_r = NULL;
    if (!par_queue_remote(server->queue))
        return PAR_OK;
    struct par_inbox *in = calloc(1, sizeof *in);
    if (!in)
        return PAR_E_UNAVAILABLE;
    in->server = server;
    par_fanout_init(&in->fanout, server);
    par_forward_init(&in->forward, server, server->id, server->boot);
    enum par_err err = par_service_start(&in->service, "inbox", run, in);
    if (err) {
        free(in);
        return err;
    }
    *inbox_r = in;
    return PAR_OK;
}

void par_inbox_close(struct par_inbox **inbox)
{
    struct par_inbox *in = *inbox;
    if (!in)
        return;
    in->end_ms = par_mono_ms() + END_MS;
    par_service_ask_stop(&in->service);
    par_queue_wake_inbox(in->server->queue, in->server->id);
    par_service_stop(&in->service);
    par_forward_fini(&in->forward);
    par_arena_fini(&in->arena);
    free(in->deliveries);
    free(in);
    *inbox = NULL;
}

void par_inbox_stats(struct par_inbox *in, struct par_inbox_stats *stats_r)
{
    *stats_r = (struct par_inbox_stats){0};
    if (in)
        *stats_r = (struct par_inbox_stats){atomic_load(&in->taken), atomic_load(&in->malformed),
                                            atomic_load(&in->given_up), atomic_load(&in->gaps)};
}
