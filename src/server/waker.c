/* The waker's thread: its lists, where jobs come from, and who is connected after all. */
#include "server/waker_private.h"

#include "base/log.h"
#include "base/stats.h"
#include "conv/delivery_codec.h"
#include "queue/job.h"

#include <stdlib.h>

enum {
    TAKE = 64,
    REST_MS = 1000,
    RETRY_MS = 500,   /* the store or the routes fail */
    TOLD_MS = 5000,   /* a device that was told to sync gets as long to have the entry */
    TOLD_MAX = 3,     /* then its user is woken, since its route may be an old one */
    HOLD_MS = 120000, /* so long a record of the log is held for a service that fails */
    END_MS = 3000,    /* for what is being sent, at the end */
    END_STEP_MS = 20
};

/* ---- lists ---- */

static void init(struct par_waker__list *list)
{
    *list = (struct par_waker__list){0};
    list->last = &list->first;
}

void par_waker__append(struct par_waker__list *list, struct par_waker__item *item)
{
    item->next = NULL;
    *list->last = item;
    list->last = &item->next;
}

void par_waker__remove(struct par_waker__list *list, struct par_waker__item *item)
{
    struct par_waker__item **at = &list->first;
    while (*at != item)
        at = &(*at)->next;
    *at = item->next;
    if (!*at)
        list->last = at;
}

struct par_waker__item *par_waker__take_all(struct par_waker__list *list)
{
    struct par_waker__item *first = list->first;
    init(list);
    return first;
}

static struct par_waker__item *take_fresh(struct par_waker *w)
{
    pthread_mutex_lock(&w->lock);
    struct par_waker__item *first = par_waker__take_all(&w->fresh);
    pthread_mutex_unlock(&w->lock);
    return first;
}

/* ---- items ---- */

static struct par_waker__item *new_item(struct par_waker *w, const struct par_push_job *job)
{
    struct par_waker__item *item = calloc(1, sizeof *item + job->text.len);
    if (!item)
        return NULL;
    item->waker = w;
    item->job = *job;
    item->born_ms = par_mono_ms();
    if (job->text.len)
        memcpy(item->text, job->text.ptr, job->text.len);
    item->job.text.ptr = job->text.ptr ? item->text : NULL;
    atomic_fetch_add(&w->items, 1);
    return item;
}

struct par_waker__item *par_waker__copy(struct par_waker__item *item, uint64_t token)
{
    struct par_waker__item *copy = new_item(item->waker, &item->job);
    if (!copy)
        return NULL;
    copy->token = token;
    copy->born_ms = item->born_ms;
    copy->record = item->record;
    if (copy->record)
        copy->record->items++;
    return copy;
}

static void let_go(struct par_waker__item *item)
{
    struct par_waker__record *record = item->record;
    item->record = NULL;
    if (!record || --record->items > 0)
        return;
    par_queue_confirm_push(item->waker->server->queue, &record->place);
    free(record);
}

void par_waker__end(struct par_waker__item *item)
{
    struct par_waker *w = item->waker;
    let_go(item);
    free(item);
    atomic_fetch_sub(&w->items, 1);
    atomic_fetch_add(&w->passed, 1);
}

uint64_t par_waker__key(const struct par_waker__item *item)
{
    const uint8_t *conv = (const uint8_t *)&item->job.conv;
    uint64_t key = 0xCBF29CE484222325u ^ item->token ^ item->job.user << 1;
    for (size_t i = 0; i < PAR_CONV_BYTES; i++)
        key = (key ^ conv[i]) * 0x100000001B3u;
    return key;
}

void par_waker__note(struct par_waker__item *item, enum par_push_end end)
{
    const struct par_push_job *job = &item->job;
    if (!item->ledger_id)
        item->ledger_id = par_ledger_id();
    struct par_ledger_note note = {.user = job->user,
                                   .id = item->ledger_id,
                                   .end = end,
                                   .reason = job->reason,
                                   .conv = job->conv,
                                   .seq = job->seq,
                                   .status = (uint32_t)item->answer.status,
                                   .tries = item->requests,
                                   .device = item->device};
    memcpy(note.service, item->host, sizeof note.service);
    par_ledger_add(item->waker->server->ledger, &note);
}

static bool same_push(const struct par_waker__item *a, const struct par_waker__item *b)
{
    return a->token == b->token && a->job.user == b->job.user && a->token &&
           par_conv_eq(&a->job.conv, &b->job.conv);
}

/* Of two that wait for one device and conversation the newer is enough. */
static struct par_waker__item *replace(struct par_waker *w, struct par_waker__item *item)
{
    struct par_waker__item *other = w->waiting.first;
    while (other && !same_push(other, item))
        other = other->next;
    if (!other)
        return item;
    par_stats_inc_at(PAR_C_PUSH_POSTS, PAR_PUSH_POST_REPLACED);
    bool other_is_newer = other->job.seq > item->job.seq;
    par_waker__note(other_is_newer ? item : other, PAR_PUSH_END_REPLACED);
    if (other_is_newer) {
        par_waker__end(item);
        return NULL;
    }
    item->attempts = other->attempts;
    if (other->due_ms > item->due_ms)
        item->due_ms = other->due_ms;
    par_waker__remove(&w->waiting, other);
    par_waker__end(other);
    return item;
}

void par_waker__later(struct par_waker__item *item, uint64_t ms)
{
    struct par_waker *w = item->waker;
    item->due_ms = par_mono_ms() + ms;
    item = replace(w, item);
    if (item)
        par_waker__append(&w->waiting, item);
}

/* ---- connected after all ---- */

enum connection { NOT_CONNECTED = 0, CONNECTED, TOLD, UNKNOWN };

static enum par_err tell(struct par_waker *w, const struct par_push_job *job,
                         const struct par_route_hits *hits)
{
    struct par_server *server = w->server;
    struct par_delivery d = {.kind = PAR_DELIVERY_SYNC, .user = job->user};
    struct par_buf bytes = {0};
    par_delivery_encode(&d, &bytes);
    enum par_err err = bytes.failed ? PAR_E_UNAVAILABLE : PAR_OK;
    for (size_t i = 0; i < hits->count && !err; i++)
        err = par_queue_send(server->queue, hits->hit[i].server, par_buf_str(&bytes));
    par_buf_fini(&bytes);
    return err ? err : par_queue_deliver_flush(server->queue);
}

/* Many servers: a route may be an old one, or of a server that ends just now; so who was told is
 * looked at again, until the entry is there. */
static enum connection connected_somewhere(struct par_waker__item *item)
{
    struct par_waker *w = item->waker;
    struct par_route_hits hits = {0};
    enum connection is = UNKNOWN;
    int delivered = item->told ? par_waker__delivered(item) : 0;
    if (delivered > 0)
        return CONNECTED;
    if (delivered == 0 && !par_route_lookup(w->server->route, &item->job.user, 1, &hits)) {
        is = hits.count && item->told < TOLD_MAX ? TOLD : NOT_CONNECTED;
        if (is == TOLD && tell(w, &item->job, &hits))
            is = UNKNOWN;
        item->told += is == TOLD;
    }
    par_route_hits_fini(&hits);
    return is;
}

static enum connection connected(struct par_waker__item *item)
{
    struct par_server *server = item->waker->server;
    if (item->job.reason == PAR_PUSH_TEST)
        return NOT_CONNECTED;
    if (par_route_remote(server->route))
        return connected_somewhere(item);
    /* Here it had the entry, or has synced since it was durable (R1). */
    return par_directory_has(server->directory, item->job.user) ? CONNECTED : NOT_CONNECTED;
}

/* ---- one item ---- */

static bool expired(const struct par_waker__item *item)
{
    int64_t life_ms = PAR_CONFIG_GET(item->waker->server->config->push_webpush.ttl_s) * 1000;
    return item->job.reason != PAR_PUSH_TEST && item->job.ts + life_ms < par_wall_ms();
}

static void deal_with(struct par_waker__item *item)
{
    if (expired(item)) {
        par_stats_inc_at(PAR_C_PUSH_POSTS, PAR_PUSH_POST_EXPIRED);
        par_waker__note(item, PAR_PUSH_END_EXPIRED);
        par_waker__end(item);
        return;
    }
    enum connection is = connected(item);
    if (is == CONNECTED) {
        par_stats_inc_at(PAR_C_PUSH_JOBS, PAR_PUSH_CONNECTED);
        par_waker__note(item, PAR_PUSH_END_CONNECTED);
        par_waker__end(item);
        return;
    }
    if (is == TOLD) {
        par_waker__later(item, TOLD_MS);
        return;
    }
    enum par_waker__verdict verdict = is == UNKNOWN ? PAR_WAKER_FAILED : par_waker__wake(item);
    if (verdict == PAR_WAKER_DONE)
        par_waker__end(item);
    else if (verdict == PAR_WAKER_FAILED)
        par_waker__later(item, RETRY_MS);
}

static void deal_with_all(struct par_waker__item *item)
{
    for (struct par_waker__item *next; item; item = next) {
        next = item->next;
        deal_with(item);
    }
}

static void deal_with_done(struct par_waker *w)
{
    pthread_mutex_lock(&w->lock);
    struct par_waker__item *item = w->done;
    w->done = NULL;
    pthread_mutex_unlock(&w->lock);
    for (struct par_waker__item *next; item; item = next) {
        next = item->done_next;
        par_waker__remove(&w->sending, item);
        par_waker__answered(item);
    }
}

/* Returns how long until the next one is due. */
static uint32_t deal_with_due(struct par_waker *w)
{
    uint64_t now = par_mono_ms(), rest = REST_MS;
    struct par_waker__list due;
    init(&due);
    for (struct par_waker__item *item = par_waker__take_all(&w->waiting), *next; item;
         item = next) {
        next = item->next;
        par_waker__append(item->due_ms <= now ? &due : &w->waiting, item);
        if (item->due_ms <= now)
            continue;
        if (item->record && now - item->born_ms > HOLD_MS)
            let_go(item);
        if (item->due_ms - now < rest)
            rest = item->due_ms - now;
    }
    deal_with_all(due.first);
    return (uint32_t)rest;
}

/* ---- where jobs come from ---- */

/* What fails for long does not keep out what is new: of a list that is nearly full those go that
 * were tried most often. */
static void make_room(struct par_waker *w)
{
    uint64_t limit = (uint64_t)w->server->config->push_webpush.queue;
    uint32_t most = 1;
    if (atomic_load(&w->items) <= limit - limit / 8)
        return;
    for (const struct par_waker__item *item = w->waiting.first; item; item = item->next)
        most = item->attempts > most ? item->attempts : most;
    for (struct par_waker__item *item = par_waker__take_all(&w->waiting), *next; item;
         item = next) {
        next = item->next;
        if (item->attempts < most || atomic_load(&w->items) <= limit - limit / 4) {
            par_waker__append(&w->waiting, item);
            continue;
        }
        par_stats_inc_at(PAR_C_PUSH_POSTS, PAR_PUSH_POST_GIVEN_UP);
        par_waker__note(item, PAR_PUSH_END_CROWDED);
        par_waker__end(item);
    }
}

static size_t room(const struct par_waker *w)
{
    uint64_t limit = (uint64_t)w->server->config->push_webpush.queue;
    uint64_t items = atomic_load(&w->items);
    return items < limit ? (size_t)(limit - items) : 0;
}

static void wake(struct par_waker *w)
{
    par_service_wake(&w->service);
    par_queue_wake_pushes(w->server->queue);
}

static bool add(struct par_waker *w, const struct par_push_job *job, uint64_t token)
{
    struct par_waker__item *item = room(w) ? new_item(w, job) : NULL;
    if (!item) {
        atomic_fetch_add(&w->refused, 1);
        return false;
    }
    item->token = token;
    pthread_mutex_lock(&w->lock);
    par_waker__append(&w->fresh, item);
    pthread_mutex_unlock(&w->lock);
    wake(w);
    return true;
}

/* From a local queue: on the thread of whoever made the job. */
static void job_made(void *arg, const struct par_push_job *job)
{
    struct par_waker *w = arg;
    if (add(w, job, 0))
        return;
    par_stats_inc_at(PAR_C_PUSH_JOBS, PAR_PUSH_DROPPED);
    struct par_waker__item dropped = {.waker = w, .job = *job};
    par_waker__note(&dropped, PAR_PUSH_END_NO_ROOM);
}

enum par_err par_waker_test(struct par_server *server, uint64_t user, uint64_t push_id)
{
    struct par_push_job job = {.reason = PAR_PUSH_TEST, .user = user, .ts = par_wall_ms()};
    if (!server->waker->https)
        return PAR_E_NOT_FOUND;
    return add(server->waker, &job, push_id) ? PAR_OK : PAR_E_OVERLOADED;
}

/* A record that cannot be read is another version's, or damaged: it would be so the next time. */
static void taken(struct par_waker *w, const struct par_queue_push_record *from)
{
    struct par_push_job job;
    struct par_waker__record *record = malloc(sizeof *record);
    struct par_waker__item *item = NULL;
    bool readable = par_push_job_decode(from->bytes, &job);
    if (readable && record)
        item = new_item(w, &job);
    if (!item) {
        free(record);
        par_stats_inc_at(PAR_C_PUSH_JOBS, PAR_PUSH_DROPPED);
        if (!readable)
            par_log_warn("push.malformed", PAR_KV("offset", from->place.offset));
        par_queue_confirm_push(w->server->queue, &from->place);
        return;
    }
    *record = (struct par_waker__record){.place = from->place, .items = 1};
    item->record = record;
    pthread_mutex_lock(&w->lock);
    par_waker__append(&w->fresh, item);
    pthread_mutex_unlock(&w->lock);
}

static void take(struct par_waker *w, uint32_t rest_ms)
{
    struct par_queue_push_record records[TAKE];
    size_t most = room(w);
    if (most == 0 || !par_queue_remote(w->server->queue)) {
        (void)par_service_rest(&w->service, rest_ms);
        return;
    }
    size_t n = par_queue_take_pushes(w->server->queue, most < TAKE ? most : TAKE, rest_ms, records);
    for (size_t i = 0; i < n; i++)
        taken(w, &records[i]);
}

/* ---- the thread ---- */

static void run(void *arg)
{
    struct par_waker *w = arg;
    static _Atomic uint32_t never;
    while (!par_service_stopping(&w->service)) {
        deal_with_done(w);
        uint32_t rest_ms = deal_with_due(w);
        deal_with_all(take_fresh(w));
        make_room(w);
        if (!par_service_stopping(&w->service))
            take(w, rest_ms);
    }
    for (uint64_t end = par_mono_ms() + END_MS; w->sending.first && par_mono_ms() < end;) {
        par_pause(&never, END_STEP_MS);
        deal_with_done(w);
    }
}

/* What is left. That of the log which was confirmed already goes back there. */
static void give_back(struct par_waker *w, struct par_waker__item *item)
{
    bool remote = par_queue_remote(w->server->queue);
    for (struct par_waker__item *next; item; item = next) {
        next = item->next;
        if (remote && !item->record && item->job.reason != PAR_PUSH_TEST)
            (void)par_queue_push_job(w->server->queue, &item->job);
        free(item);
    }
}

/* Unlike par_waker__end nothing is confirmed: what is in the log comes again. */
static void free_left(struct par_waker *w)
{
    struct par_waker__list *lists[] = {&w->fresh, &w->waiting, &w->sending};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (struct par_waker__item *item = lists[i]->first; item; item = item->next) {
            if (item->record && --item->record->items == 0)
                free(item->record);
        }
        give_back(w, par_waker__take_all(lists[i]));
    }
    if (par_queue_remote(w->server->queue))
        (void)par_queue_deliver_flush(w->server->queue);
}

static void say_what_is_not_sent(const struct par_config *config)
{
    if (*config->push_apns.key || *config->push_fcm.account)
        par_log_warn("push.browsers_only",
                     PAR_KV("key", *config->push_apns.key ? "push.apns.key" : "push.fcm.account"),
                     PAR_KV("do", "nothing: this version records these tokens and sends nothing"));
}

enum par_err par_waker_open(struct par_server *server, struct par_waker **waker_r, char *why,
                            size_t why_size)
{
    const struct par_config *config = server->config;
    *waker_r = NULL;
    struct par_waker *w = calloc(1, sizeof *w);
    say_what_is_not_sent(config);
    if (!w) {
        snprintf(why, why_size, "out of memory");
        return PAR_E_UNAVAILABLE;
    }
    w->server = server;
    pthread_mutex_init(&w->lock, NULL);
    init(&w->fresh);
    init(&w->waiting);
    init(&w->sending);
    enum par_err err = PAR_OK;
    if (config->push_webpush.enabled) {
        struct par_https_config https = {.ca_file = config->push_webpush.ca,
                                         .any_address = config->push_webpush.private_addresses,
                                         .in_flight = (uint32_t)config->push_webpush.in_flight,
                                         .connect_ms =
                                             (uint32_t)config->push_webpush.timeout_ms / 2,
                                         .total_ms = (uint32_t)config->push_webpush.timeout_ms};
        par_random(w->seed, sizeof w->seed);
        err = par_waker__load_key(server, &w->vapid, why, why_size);
        if (!err && (err = par_https_open(&https, &w->https)) != PAR_OK)
            snprintf(why, why_size, "push.webpush: no client for HTTPS, or %s cannot be read",
                     *https.ca_file ? https.ca_file : "its certificates");
    }
    if (!err && (err = par_service_start(&w->service, "waker", run, w)) != PAR_OK)
        snprintf(why, why_size, "the system gives no threads");
    if (err) {
        (void)par_waker_close(&w);
        return err;
    }
    *waker_r = w;
    par_queue_set_push(server->queue, job_made, w);
    return PAR_OK;
}

bool par_waker_close(struct par_waker **waker)
{
    struct par_waker *w = *waker;
    if (!w)
        return true;
    par_queue_set_push(w->server->queue, NULL, NULL);
    if (w->service._thread) {
        par_service_ask_stop(&w->service);
        par_queue_wake_pushes(w->server->queue);
    }
    par_service_stop(&w->service);
    par_https_close(&w->https);
    bool all = atomic_load(&w->items) == 0;
    free_left(w);
    par_vapid_close(&w->vapid);
    pthread_mutex_destroy(&w->lock);
    free(w);
    *waker = NULL;
    return all;
}

struct par_str par_waker_key(const struct par_server *server)
{
    const struct par_waker *w = server->waker;
    return w && w->vapid ? par_vapid_public(w->vapid) : (struct par_str){0};
}

void par_waker_stats(struct par_waker *w, struct par_waker_stats *stats_r)
{
    *stats_r = (struct par_waker_stats){
        .depth = atomic_load(&w->items),
        .limit = (uint64_t)w->server->config->push_webpush.queue,
        .refused = atomic_load(&w->refused),
        .passed = atomic_load(&w->passed),
    };
}
