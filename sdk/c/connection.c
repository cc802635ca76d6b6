/* The one connection of a client: wants it, says hello, keeps it alive, and wants the next one
 * after a loss. */
#include "sdk/c/sdk_private.h"

enum { HANDSHAKE_MS = 15000, DEAD_MS = 10000, AT_ONCE_MS = 100, HEARTBEAT_MS = 25000 };

/* Close codes that say more than that the connection has gone. */
enum {
    CODE_GOING_AWAY = 1001,
    CODE_ABNORMAL = 1006,
    CODE_NOT_SIGNED_IN = 4401,
    CODE_DISABLED = 4403,
    CODE_TOO_SLOW = 4408,
    CODE_REPLACED = 4409
};

/* ---- letting go ---- */

/* What was under way ends as lost; what was queued is dropped. */
static void drop(struct par_sdk *sdk)
{
    bool was_online = par_sdk__online(sdk);
    sdk->link = PAR_SDK_WAITING;
    par_sdk__timer_stop(&sdk->link_timer);
    par_sdk__timer_stop(&sdk->drain_timer);
    par_sdk__timer_stop(&sdk->heartbeat_timer);
    par_sdk__timer_stop(&sdk->mark_timer);
    par_sdk__timer_stop(&sdk->set_timer);
    sdk->opened = false;
    sdk->want_connect = false;
    if (sdk->connected)
        sdk->want_close = true;
    sdk->connected = false;
    par_buf_clear(&sdk->out);
    par_sdk__requests_lost(sdk);
    if (was_online)
        par_sdk__catchup_stop(sdk);
}

void par_sdk__unlink(struct par_sdk *sdk, enum par_sdk_link link)
{
    drop(sdk);
    sdk->link = link;
}

static void open_link(struct par_sdk *sdk)
{
    sdk->link = PAR_SDK_CONNECTING;
    sdk->refused = false;
    sdk->want_connect = true;
    par_sdk__timer_set(sdk, &sdk->link_timer, HANDSHAKE_MS);
}

void par_sdk__lost(struct par_sdk *sdk, uint16_t code)
{
    bool was_online = par_sdk__online(sdk);
    /* The refusal of hello says why it will close; the code may say it more exactly. */
    if (sdk->refused && code != CODE_DISABLED)
        code = CODE_NOT_SIGNED_IN;
    /* Without a refusal, on a connection that had none of our hellos, it only says that none came
     * in time: a server, or something on the way, may have stood still. */
    bool unheard = !sdk->refused && !was_online;
    sdk->code = code;
    drop(sdk);
    switch (code) {
    case CODE_NOT_SIGNED_IN:
        if (unheard)
            break;
        sdk->link = PAR_SDK_SIGNED_OUT;
        return;
    case CODE_DISABLED:
        sdk->link = PAR_SDK_DISABLED;
        return;
    case CODE_REPLACED:
        sdk->link = PAR_SDK_REPLACED;
        return;
    default:
        break;
    }
    /* A server that goes away, or found us too slow, wants us back at once; when that fails too, it
     * waits as usual. */
    bool at_once = was_online && (code == CODE_GOING_AWAY || code == CODE_TOO_SLOW);
    int64_t wait = at_once ? (int64_t)(sdk->ops->random(sdk->arg) % (AT_ONCE_MS + 1))
                           : par_sdk__backoff(sdk, &sdk->backoff);
    par_sdk__timer_set(sdk, &sdk->link_timer, wait);
}

/* WAITING: it is time to try. CONNECTING: it took too long. */
static void link_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)timer;
    if (sdk->link == PAR_SDK_WAITING)
        open_link(sdk);
    else
        par_sdk__lost(sdk, CODE_ABNORMAL);
}

/* ---- the owner's wishes ---- */

void par_sdk_start(struct par_sdk *sdk, int64_t now)
{
    if (sdk->link == PAR_SDK_BROKEN || sdk->link == PAR_SDK_CONNECTING || par_sdk__online(sdk))
        return;
    par_sdk__enter(sdk, now);
    if (!sdk->started) {
        /* All records are there: what points at earlier entries is laid over them. */
        sdk->started = true;
        PAR_LIST_FOR_EACH (node, &sdk->convs) {
            par_sdk__lay_all(PAR_CONTAINER(node, struct par_sdk__conv, node));
        }
    }
    sdk->backoff = 0;
    open_link(sdk);
    par_sdk__leave(sdk);
}

void par_sdk_stop(struct par_sdk *sdk, int64_t now)
{
    if (sdk->link == PAR_SDK_BROKEN)
        return;
    par_sdk__enter(sdk, now);
    par_sdk__unlink(sdk, PAR_SDK_STOPPED);
    par_sdk__leave(sdk);
}

/* Asks for a sign of life; without one in time the connection is dead. */
static void probe(struct par_sdk *sdk)
{
    struct par_json_out w;
    sdk->pinged = true;
    sdk->heard = false;
    if (par_sdk__request_begin(sdk, PAR_SDK__PING, "ping", &w))
        par_sdk__request_end(sdk, &w);
    par_sdk__timer_set(sdk, &sdk->heartbeat_timer, DEAD_MS);
}

void par_sdk_kick(struct par_sdk *sdk, int64_t now)
{
    par_sdk__enter(sdk, now);
    if (sdk->link == PAR_SDK_WAITING) {
        sdk->backoff = 0;
        open_link(sdk);
    } else if (par_sdk__online(sdk) && !sdk->pinged) {
        probe(sdk);
    }
    par_sdk__leave(sdk);
}

static void heartbeat_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    if (sdk->pinged && !sdk->heard) {
        par_sdk__lost(sdk, CODE_ABNORMAL);
        return;
    }
    bool silent = !sdk->heard && sdk->settings.heartbeat;
    sdk->heard = sdk->pinged = false;
    if (silent)
        probe(sdk);
    else if (sdk->settings.heartbeat)
        par_sdk__timer_set(sdk, timer, sdk->heartbeat_ms);
}

/* ---- hello ---- */

static void say_hello(struct par_sdk *sdk, bool plain)
{
    struct par_json_out w;
    sdk->plain_hello = plain;
    if (!par_sdk__request_begin(sdk, PAR_SDK__HELLO, "hello", &w))
        return;
    par_json_key_z(&w, "token", sdk->token);
    par_json_key_z(&w, "client", sdk->client);
    if (!plain) {
        par_json_key(&w, "sync");
        par_sdk__sync_hello(sdk, &w);
    }
    par_sdk__request_end(sdk, &w);
}

void par_sdk_opened(struct par_sdk *sdk, int64_t now)
{
    if (sdk->link != PAR_SDK_CONNECTING || sdk->opened)
        return;
    par_sdk__enter(sdk, now);
    sdk->opened = true;
    say_hello(sdk, false);
    par_sdk__leave(sdk);
}

void par_sdk_closed(struct par_sdk *sdk, int64_t now, uint16_t code)
{
    if (sdk->link != PAR_SDK_CONNECTING && !par_sdk__online(sdk))
        return;
    par_sdk__enter(sdk, now);
    /* It has ended by itself: nobody is asked to close it. */
    sdk->connected = false;
    par_sdk__lost(sdk, code);
    par_sdk__leave(sdk);
}

/* The server was restored from a backup: what is held may never have happened. The outbox stays. */
static void forget_cache(struct par_sdk *sdk)
{
    par_sdk__clear_records(sdk);
    free(sdk->sync_token);
    sdk->sync_token = NULL;
    PAR_LIST_FOR_EACH (node, &sdk->convs) {
        par_sdk__conv_wipe(PAR_CONTAINER(node, struct par_sdk__conv, node));
    }
    if (sdk->ops->on_reset)
        sdk->ops->on_reset(sdk->arg);
}

/* True when it is not the incarnation that the cache is of. */
static bool learn_store(struct par_sdk *sdk, struct par_str store)
{
    if (!store.len || par_str_eq(store, sdk->store))
        return false;
    bool other = sdk->store.len > 0;
    char *text = par_sdk__strdup(store);
    if (!text) {
        par_sdk__break(sdk);
        return false;
    }
    if (other)
        forget_cache(sdk);
    free(sdk->store_text);
    sdk->store_text = text;
    sdk->store = par_str_of(text, store.len);
    par_sdk__put_meta(sdk, "store", sdk->store);
    return other;
}

static void learn_limits(struct par_sdk *sdk, const struct par_json *ok)
{
    struct par_json limits;
    if (!par_sdk__get_object(ok, "limits", &limits))
        return;
    int64_t frame = par_sdk__get_int(&limits, "frame_bytes", sdk->frame_bytes);
    int64_t page = par_sdk__get_int(&limits, "history_page", sdk->history_page);
    if (frame > 0 && frame <= INT32_MAX)
        sdk->frame_bytes = (uint32_t)frame;
    if (page > 0 && page <= INT32_MAX)
        sdk->history_page = (uint32_t)page;
}

static void resume(struct par_sdk *sdk)
{
    par_sdk__outbox_resume(sdk);
    PAR_LIST_FOR_EACH (node, &sdk->convs) {
        struct par_sdk__conv *c = PAR_CONTAINER(node, struct par_sdk__conv, node);
        par_sdk__marks_held(c);
        par_sdk__marks_due(c);
        par_sdk__fill(c);
    }
    par_sdk__marks_flush(sdk);
    par_sdk__sets_flush(sdk);
    par_sdk__watch_send(sdk);
}

static void online(struct par_sdk *sdk, const struct par_sdk__answer *a)
{
    int64_t beat = par_sdk__get_int(a->ok, "heartbeat_ms", HEARTBEAT_MS);
    par_sdk__timer_stop(&sdk->link_timer);
    sdk->link = PAR_SDK_ONLINE;
    sdk->backoff = 0;
    sdk->heartbeat_ms = beat >= 1000 && beat <= 3600000 ? beat : HEARTBEAT_MS;
    sdk->heard = sdk->pinged = false;
    if (sdk->settings.heartbeat)
        par_sdk__timer_set(sdk, &sdk->heartbeat_timer, sdk->heartbeat_ms);
    learn_limits(sdk, a->ok);
    bool other = learn_store(sdk, par_sdk__get_text(a->ok, "store", a->arena));
    struct par_json rows;
    bool first = par_sdk__get_array(a->ok, "conversations", &rows) && !other;
    par_sdk__sync(sdk, first ? a->ok : NULL, a->arena, !first);
    resume(sdk);
}

/* The server cannot take anybody: the next try waits at least as long as it says. */
static void refused_for_now(struct par_sdk *sdk, int64_t retry_after_ms)
{
    par_sdk__lost(sdk, CODE_ABNORMAL);
    if (sdk->link == PAR_SDK_WAITING && sdk->link_timer.at < sdk->now + retry_after_ms)
        par_sdk__timer_set(sdk, &sdk->link_timer, retry_after_ms);
}

/* The next number of a version, and 0 behind the last one. */
static uint64_t next_number(struct par_str *version)
{
    uint64_t n = 0;
    while (version->len && *version->ptr >= '0' && *version->ptr <= '9') {
        n = n < UINT32_MAX ? n * 10 + (uint64_t)(*version->ptr - '0') : n;
        *version = par_str_of(version->ptr + 1, version->len - 1);
    }
    bool more = version->len > 1 && *version->ptr == '.';
    *version = more ? par_str_of(version->ptr + 1, version->len - 1) : (struct par_str){0};
    return n;
}

static struct par_str version_of(struct par_str client)
{
    const char *slash = client.len ? memchr(client.ptr, '/', client.len) : NULL;
    return slash ? par_str_of(slash + 1, client.len - (size_t)(slash + 1 - client.ptr))
                 : (struct par_str){0};
}

/* Is the client older than what the server lets in? Number by number (protocol/ADDITIONS.md). */
static bool is_outdated(struct par_str client, struct par_str oldest)
{
    struct par_str have = version_of(client), want = version_of(oldest);
    while (have.len || want.len) {
        uint64_t h = next_number(&have), w = next_number(&want);
        if (h != w)
            return h < w;
    }
    return false;
}

void par_sdk__hello_answer(struct par_sdk *sdk, const struct par_sdk__answer *a)
{
    if (a->lost || sdk->link != PAR_SDK_CONNECTING)
        return;
    if (a->ok &&
        is_outdated(par_str(sdk->client), par_sdk__get_text(a->ok, "oldest_client", a->arena)))
        par_sdk__unlink(sdk, PAR_SDK_OUTDATED);
    else if (a->ok)
        online(sdk, a);
    else if (a->err == PAR_E_BAD_REQUEST && !sdk->plain_hello)
        /* A `since` that is too old for this server: sync comes by itself, and takes everything. */
        say_hello(sdk, true);
    else if (a->err == PAR_E_UNAUTHORIZED)
        sdk->refused = true;
    else
        refused_for_now(sdk, a->retry_after_ms);
}

/* ---- drain ---- */

static void drain_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)timer;
    par_sdk__lost(sdk, CODE_GOING_AWAY);
}

void par_sdk__drain(struct par_sdk *sdk, int64_t within_ms)
{
    int64_t within = within_ms < 0 ? 0 : within_ms > 3600000 ? 3600000 : within_ms;
    if (!par_sdk__online(sdk) || par_sdk__timer_runs(&sdk->drain_timer))
        return;
    par_sdk__timer_set(sdk, &sdk->drain_timer,
                       (int64_t)(sdk->ops->random(sdk->arg) % (uint64_t)(within + 1)));
}

void par_sdk__link_init(struct par_sdk *sdk)
{
    par_sdk__timer_init(&sdk->link_timer, link_due);
    par_sdk__timer_init(&sdk->drain_timer, drain_due);
    par_sdk__timer_init(&sdk->heartbeat_timer, heartbeat_due);
}
