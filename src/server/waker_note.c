/* One push: whether it is still worth sending, what it says, and what became of it. */
#include "server/waker_private.h"

#include "base/log.h"
#include "base/map.h"
#include "base/stats.h"
#include "conv/read.h"
#include "push/encrypt.h"
#include "push/payload.h"
#include "store/key.h"
#include "store/record.h"

#include <sodium.h>
#include <stdlib.h>

enum {
    BEHIND_MS = 100,       /* behind one that is being sent, or when no more may be */
    SERVICE_MS = 2000,     /* behind others for a service that did not answer lately */
    USER_PART = 8,         /* of the requests under way one user has such a part, ... */
    SERVICE_PART = 4,      /* and a service that did not answer lately */
    PAUSE_MAX_MS = 900000, /* between two tries */
    DOUBLINGS_MAX = 20,
    TOPIC = 24, /* bytes: 32 characters, the most that RFC 8030 allows */
    HEADER_MAX = 2048
};

/* A wake-up while it is worked on. */
struct work {
    struct par_waker *w;
    struct par_waker__item *item;
    struct par_arena arena;
    struct par_push_token tokens[PAR_WAKER_DEVICES_MAX];
    size_t count;
    struct par_push_view view;
    uint32_t badge;
};

/* ---- whom ---- */

/* The browsers of the user, or the one that is asked for. */
static bool read_tokens(struct work *k)
{
    uint64_t user = k->item->job.user;
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    if (par_store_scan_in(k->w->server->store, PAR_T_PUSH_TOKENS, par_key_str(&from),
                          par_key_str(&to), 0, 0, &k->arena, &rows, NULL))
        return false;
    for (; rows && k->count < PAR_WAKER_DEVICES_MAX; rows = rows->next) {
        struct par_push_token *t = &k->tokens[k->count];
        if (par_push_token_decode(rows->value, t) &&
            par_key_parse_user_id(rows->key, &t->user, &t->id) && t->kind == PAR_PUSH_WEBPUSH &&
            (!k->item->token || k->item->token == t->id))
            k->count++;
    }
    return true;
}

static bool forget(struct par_waker *w, uint64_t user, uint64_t token)
{
    struct par_key key = par_key_user_id(user, token);
    return par_store_set(w->server->store, PAR_T_PUSH_TOKENS, par_key_str(&key),
                         (struct par_str){0}, (uint64_t)par_wall_ms()) == PAR_OUTCOME_OK;
}

/* A device that was signed out is not woken any more, and its subscription goes. */
static bool drop_signed_out(struct work *k)
{
    struct par_key keys[PAR_WAKER_DEVICES_MAX];
    struct par_store_key asked[PAR_WAKER_DEVICES_MAX];
    struct par_str values[PAR_WAKER_DEVICES_MAX];
    size_t left = 0;
    for (size_t i = 0; i < k->count; i++) {
        keys[i] = par_key_user_id(k->tokens[i].user, k->tokens[i].device);
        asked[i] = (struct par_store_key){PAR_T_DEVICES, par_key_str(&keys[i])};
    }
    if (k->count && par_store_multi_get(k->w->server->store, k->count, asked, &k->arena, values))
        return false;
    for (size_t i = 0; i < k->count; i++) {
        if (values[i].ptr)
            k->tokens[left++] = k->tokens[i];
        else
            (void)forget(k->w, k->tokens[i].user, k->tokens[i].id);
    }
    k->count = left;
    return true;
}

/* ---- what ---- */

/* By a hash that tells the push service nothing: what waits there for one conversation is replaced
 * by what comes later. */
static void topic_of(const struct par_subscription *sub, const struct par_conv *conv,
                     char text_r[40])
{
    uint8_t hash[TOPIC];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)conv, PAR_CONV_BYTES, sub->auth,
                       sizeof sub->auth);
    sodium_bin2base64(text_r, 40, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static int64_t life_left_s(const struct par_waker__item *item)
{
    int64_t life_s = PAR_CONFIG_GET(item->waker->server->config->push_webpush.ttl_s);
    int64_t age_ms = par_wall_ms() - item->job.ts;
    int64_t left = life_s - (age_ms > 0 ? age_ms / 1000 : 0);
    return left > 1 ? left : 1;
}

static void done(void *arg, const struct par_https_answer *answer)
{
    struct par_waker__item *item = arg;
    struct par_waker *w = item->waker;
    item->answer = *answer;
    item->answer.why = NULL;
    if (answer->status == 0)
        par_log_warn("push.no_answer", PAR_KV("user", item->job.user), PAR_KV("why", answer->why));
    pthread_mutex_lock(&w->lock);
    item->done_next = w->done;
    w->done = item;
    pthread_mutex_unlock(&w->lock);
    /* At the end the thread looks by itself, and then it is gone. */
    if (par_service_stopping(&w->service))
        return;
    par_service_wake(&w->service);
    par_queue_wake_pushes(w->server->queue);
}

static bool post(struct par_waker__item *item, const struct par_push_token *token,
                 const struct par_subscription *sub, struct par_str body)
{
    struct par_waker *w = item->waker;
    char ttl[32], topic[60], hash[40], url[2100];
    struct par_buf auth = {0};
    par_buf_addz(&auth, "Authorization: ");
    bool ok = par_vapid_authorize(w->vapid, sub->origin, w->server->config->push_webpush.subject,
                                  par_wall_ms() / 1000, &auth);
    par_buf_add_u8(&auth, 0);
    topic_of(sub, &item->job.conv, hash);
    snprintf(ttl, sizeof ttl, "TTL: %lld", (long long)life_left_s(item));
    snprintf(topic, sizeof topic, "Topic: %s", hash);
    snprintf(url, sizeof url, "%.*s", PAR_STR_ARGS(token->endpoint));
    const char *const headers[] = {ttl,
                                   item->job.reason == PAR_PUSH_ADDED ? "Urgency: normal"
                                                                      : "Urgency: high",
                                   topic,
                                   "Content-Encoding: aes128gcm",
                                   "Content-Type: application/octet-stream",
                                   "User-Agent: parley/" PARLEY_VERSION,
                                   "Expect:",
                                   (const char *)auth.data,
                                   NULL};
    struct par_https_post p = {
        .url = url, .headers = headers, .body = body, .done = done, .arg = item};
    ok = ok && !auth.failed && par_https_post(w->https, &p);
    par_buf_fini(&auth);
    return ok;
}

static void payload(const struct work *k, const struct par_push_token *token, struct par_buf *out)
{
    const struct par_push_job *job = &k->item->job;
    struct par_push_note note = {
        .reason = job->reason == PAR_PUSH_TEST ? PAR_PUSH_TEST
                  : k->view.added              ? PAR_PUSH_ADDED
                                               : PAR_PUSH_TEXT,
        .conv = job->conv,
        .seq = job->seq,
        .ts = job->ts,
        .from = job->from,
        .sender = k->view.sender,
        .group = k->view.group,
        .text = token->hide_text ? (struct par_str){0} : k->view.text,
        .badge = k->badge,
        .url = k->w->server->config->push_webpush.url,
    };
    par_push_payload(&note, out);
}

/* ---- sending ---- */

static bool is_sending(const struct par_waker__item *item)
{
    const struct par_waker__item *other = item->waker->sending.first;
    uint64_t key = par_waker__key(item);
    while (other && par_waker__key(other) != key)
        other = other->next;
    return other != NULL;
}

/* Where it is noted that a service answers; the lowest bit is always set. */
static uint64_t *place(struct par_waker *w, uint64_t service)
{
    return &w->answers[(service >> 1) % PAR_WAKER_SERVICES];
}

static void note_answer(struct par_waker *w, uint64_t service, bool answered)
{
    uint64_t *at = place(w, service);
    if (answered)
        *at = service;
    else if (*at == service)
        *at = 0;
}

/* Anybody can name services that take requests and never answer: neither a service nor a user may
 * have all that can be under way. 0, or how long it waits for others. */
static uint64_t crowd_ms(const struct par_waker__item *item)
{
    struct par_waker *w = item->waker;
    size_t most = (size_t)w->server->config->push_webpush.in_flight, all = 0, user = 0, service = 0;
    for (const struct par_waker__item *other = w->sending.first; other; other = other->next) {
        all++;
        user += other->job.user == item->job.user;
        service += other->service == item->service;
    }
    bool answers = !item->service || *place(w, item->service) == item->service;
    if (!answers && service > 0 && service >= most / SERVICE_PART)
        return SERVICE_MS;
    return all >= most || (user > 0 && user >= most / USER_PART) ? BEHIND_MS : 0;
}

/* 0, or how long it has to wait for its turn. */
static uint64_t wait_ms(const struct par_waker__item *item)
{
    struct par_waker *w = item->waker;
    uint64_t key = par_waker__key(item), now = par_mono_ms();
    uint64_t gap = (uint64_t)w->server->config->push_webpush.gap_ms;
    if (is_sending(item))
        return gap > BEHIND_MS ? gap : BEHIND_MS;
    uint64_t sent = w->recent[key % PAR_WAKER_RECENT].sent_ms;
    bool recent = w->recent[key % PAR_WAKER_RECENT].key == key && now - sent < gap;
    return recent ? gap - (now - sent) : crowd_ms(item);
}

/* Without its scheme and port. */
static void note_host(struct par_waker__item *item, struct par_str origin)
{
    size_t scheme = strlen("https://");
    const char *host = origin.ptr + scheme, *end = origin.ptr + origin.len;
    const char *port = memrchr(host, ':', (size_t)(end - host));
    /* The colons of an address of IPv6 stand in brackets. */
    if (port && !memchr(port, ']', (size_t)(end - port)))
        end = port;
    snprintf(item->host, sizeof item->host, "%.*s", (int)(end - host), host);
}

static void send_to(struct work *k, struct par_waker__item *item,
                    const struct par_push_token *token)
{
    struct par_waker *w = item->waker;
    struct par_subscription sub;
    const char *why;
    item->device = token->device;
    if (!par_subscription_read(token->endpoint, token->p256dh, token->auth,
                               w->server->config->push_webpush.private_addresses, &sub, &why)) {
        /* Registered under another configuration, or by another version. */
        (void)forget(w, item->job.user, item->token);
        par_stats_inc_at(PAR_C_PUSH_POSTS, PAR_PUSH_POST_REFUSED);
        par_waker__note(item, PAR_PUSH_END_UNUSABLE);
        par_waker__end(item);
        return;
    }
    note_host(item, sub.origin);
    item->service = par_siphash(w->seed, sub.origin.ptr, sub.origin.len) | 1;
    uint64_t wait = wait_ms(item);
    if (wait) {
        par_waker__later(item, wait);
        return;
    }
    struct par_buf plain = {0}, body = {0};
    payload(k, token, &plain);
    bool ok = !plain.failed && par_push_encrypt(&sub, par_buf_str(&plain), &body) && !body.failed &&
              post(item, token, &sub, par_buf_str(&body));
    par_buf_fini(&plain);
    par_buf_fini(&body);
    if (!ok) {
        par_waker__later(item, BEHIND_MS);
        return;
    }
    uint64_t key = par_waker__key(item);
    w->recent[key % PAR_WAKER_RECENT].key = key;
    w->recent[key % PAR_WAKER_RECENT].sent_ms = par_mono_ms();
    item->requests++;
    par_waker__append(&w->sending, item);
}

static void send_to_all(struct work *k)
{
    for (size_t i = 0; i < k->count; i++) {
        struct par_waker__item *copy = par_waker__copy(k->item, k->tokens[i].id);
        if (copy)
            send_to(k, copy, &k->tokens[i]);
    }
    par_waker__end(k->item);
}

static enum par_waker__verdict leave_out(struct par_waker__item *item, enum par_push_fate why,
                                         enum par_push_end end)
{
    par_stats_inc_at(PAR_C_PUSH_JOBS, why);
    par_waker__note(item, end);
    return PAR_WAKER_DONE;
}

static enum par_waker__verdict work(struct work *k)
{
    const struct par_push_job *job = &k->item->job;
    struct par_reader reader = {.store = k->w->server->store, .arena = &k->arena};
    int64_t now = par_wall_ms();
    if (!read_tokens(k))
        return PAR_WAKER_FAILED;
    if (k->count && !drop_signed_out(k))
        return PAR_WAKER_FAILED;
    if (k->count == 0)
        return leave_out(k->item, PAR_PUSH_NO_DEVICE,
                         k->item->token ? PAR_PUSH_END_GONE : PAR_PUSH_END_NO_DEVICE);
    enum par_err err = PAR_OK;
    if (job->reason != PAR_PUSH_TEST) {
        err = par_read_push(&reader, job, now, &k->view);
        if (!err && (k->view.gone || k->view.read))
            return leave_out(k->item, PAR_PUSH_SEEN,
                             k->view.gone ? PAR_PUSH_END_WITHDRAWN : PAR_PUSH_END_READ);
        if (!err && k->view.muted)
            return leave_out(k->item, PAR_PUSH_MUTED, PAR_PUSH_END_MUTED);
    }
    if (!err)
        err = par_read_badge(&reader, job->user, now, &k->badge);
    if (err == PAR_E_INTERNAL) {
        /* A damaged row is damaged the next time, too. */
        par_log_error("push.read", PAR_KV("user", job->user), PAR_KV("why", reader.message));
        return leave_out(k->item, PAR_PUSH_DROPPED, PAR_PUSH_END_DAMAGED);
    }
    if (err)
        return PAR_WAKER_FAILED;
    if (k->item->token) {
        send_to(k, k->item, &k->tokens[0]);
    } else {
        par_stats_inc_at(PAR_C_PUSH_JOBS, PAR_PUSH_GIVEN);
        send_to_all(k);
    }
    return PAR_WAKER_SENT;
}

enum par_waker__verdict par_waker__wake(struct par_waker__item *item)
{
    struct work k = {.w = item->waker, .item = item};
    if (!item->waker->https)
        return leave_out(item, PAR_PUSH_NO_DEVICE, PAR_PUSH_END_OFF);
    /* Before anything is read for it. */
    uint64_t wait = item->token ? wait_ms(item) : 0;
    if (wait) {
        par_waker__later(item, wait);
        return PAR_WAKER_SENT;
    }
    enum par_waker__verdict verdict = work(&k);
    par_arena_fini(&k.arena);
    return verdict;
}

int par_waker__delivered(const struct par_waker__item *item)
{
    struct par_key key = par_key_mark(&item->job.conv, item->job.user);
    struct par_buf value = {0};
    struct par_mark mark = {0};
    int found = par_store_get(item->waker->server->store, PAR_T_MARKS, par_key_str(&key), &value);
    bool had =
        found > 0 && par_mark_decode(par_buf_str(&value), &mark) && mark.delivered >= item->job.seq;
    par_buf_fini(&value);
    return found < 0 ? -1 : had;
}

/* ---- what became of it ---- */

static void try_again(struct par_waker__item *item)
{
    const struct par_waker *w = item->waker;
    uint32_t n = item->attempts < DOUBLINGS_MAX ? item->attempts : DOUBLINGS_MAX;
    uint64_t ms = (uint64_t)w->server->config->push_webpush.retry_ms << n;
    if (ms > PAUSE_MAX_MS)
        ms = PAUSE_MAX_MS;
    /* Up to a quarter more, so that not all come back at once. */
    ms += par_random_u64() % (ms / 4 + 1);
    uint64_t asked = (uint64_t)item->answer.retry_after_s * 1000;
    if (asked > ms)
        ms = asked;
    if (item->job.reason == PAR_PUSH_TEST || (int64_t)(ms / 1000) >= life_left_s(item)) {
        par_stats_inc_at(PAR_C_PUSH_POSTS, PAR_PUSH_POST_EXPIRED);
        par_waker__note(item, item->job.reason == PAR_PUSH_TEST ? PAR_PUSH_END_TEST_FAILED
                                                                : PAR_PUSH_END_EXPIRED);
        par_waker__end(item);
        return;
    }
    item->attempts++;
    par_stats_inc_at(PAR_C_PUSH_POSTS, PAR_PUSH_POST_AGAIN);
    par_waker__note(item, PAR_PUSH_END_AGAIN);
    par_waker__later(item, ms);
}

void par_waker__answered(struct par_waker__item *item)
{
    int status = item->answer.status;
    enum par_push_post end = PAR_PUSH_POST_REFUSED;
    enum par_push_end noted = PAR_PUSH_END_REFUSED;
    note_answer(item->waker, item->service, status != 0);
    if (status == 0 || status == 429 || status >= 500) {
        try_again(item);
        return;
    }
    if (status >= 200 && status < 300) {
        end = PAR_PUSH_POST_SENT;
        noted = PAR_PUSH_END_SENT;
    } else if (status == 404 || status == 410) {
        end = PAR_PUSH_POST_GONE;
        noted = PAR_PUSH_END_GONE;
        if (!forget(item->waker, item->job.user, item->token))
            par_log_warn("push.not_forgotten", PAR_KV("user", item->job.user));
    } else {
        par_log_warn("push.refused", PAR_KV("user", item->job.user), PAR_KV("status", status));
    }
    par_stats_inc_at(PAR_C_PUSH_POSTS, end);
    par_waker__note(item, noted);
    par_waker__end(item);
}
