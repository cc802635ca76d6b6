/* A device: the client core's surroundings in the simulated world. */
#include "sim/device.h"

#include "sim/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MS = 8000, AGAIN_MAX_MS = 8000 };

struct sim_history sim_history;

/* One connection that was wanted; outlives the wish. It is its WebSocket's argument. */
struct sim_attempt {
    struct sim_device *device; /* NULL: no longer wanted */
    struct par_timer failed;   /* it could not even begin */
    struct par_defer defer;
    struct par_ws_conn *ws;
    uint64_t conn;
};

static int64_t now_of(const struct sim_device *d)
{
    return (int64_t)par_loop_now_ms(d->all->loop);
}

static void set_timer(struct sim_device *d)
{
    if (!d->sdk)
        return;
    int64_t next = par_sdk_next(d->sdk);
    if (next == INT64_MAX)
        par_timer_cancel(&d->timer);
    else
        par_timer_set(d->all->loop, &d->timer, next > now_of(d) ? (uint64_t)(next - now_of(d)) : 0);
}

static void tick(struct par_timer *timer)
{
    struct sim_device *d = PAR_CONTAINER(timer, struct sim_device, timer);
    par_sdk_tick(d->sdk, now_of(d));
    set_timer(d);
}

/* ---- presence, as seen from outside ---- */

static void signed_in(struct sim_device *d, bool on)
{
    if (d->signed_in == on)
        return;
    d->signed_in = on;
    d->user->online += on ? 1 : (unsigned)-1;
    if (d->user->online == (on ? 1 : 0))
        par_history_truth(&sim_history.buf, sim_history_t(), d->user->id, on);
}

/* ---- connections ---- */

static void free_attempt(struct par_defer *defer)
{
    free(PAR_CONTAINER(defer, struct sim_attempt, defer));
}

/* The device lets go; what it had is told in the history. */
static void let_go(struct sim_device *d)
{
    struct sim_attempt *a = d->attempt;
    if (!a)
        return;
    signed_in(d, false);
    d->attempt = NULL;
    a->device = NULL;
    if (d->ws)
        par_history_close(&sim_history.buf, sim_history_t(), a->conn);
    d->ws = NULL;
    if (par_timer_is_set(&a->failed)) {
        par_timer_cancel(&a->failed);
        par_loop_defer(d->all->loop, &a->defer, free_attempt);
    }
}

void sim_device_judge(const struct sim_device *d, struct par_str frame)
{
    static const char internal[] = "\"code\":\"internal\"";
    if (memmem(frame.ptr, frame.len < 100 ? frame.len : 100, internal, sizeof internal - 1))
        sim_fail("internal", "%s was told of damage: %.*s", d->name, (int)frame.len, frame.ptr);
}

static void on_message(struct par_ws_conn *ws, struct par_str text)
{
    struct sim_attempt *a = par_ws_arg(ws);
    struct sim_device *d = a->device;
    if (!d || !d->running)
        return;
    d->all->frames_in++;
    par_history_got(&sim_history.buf, sim_history_t(), a->conn, text);
    sim_device_judge(d, text);
    /* The first answer is that to hello. */
    if (!d->signed_in && text.len > 6 && memcmp(text.ptr, "{\"re\":", 6) == 0 &&
        memmem(text.ptr, text.len < 40 ? text.len : 40, "\"ok\":", 5))
        signed_in(d, true);
    par_sdk_frame(d->sdk, now_of(d), text);
    set_timer(d);
    if (d->unknown_to_core)
        sim_device_cut_off(d);
}

static void on_closed(struct par_ws_conn *ws, enum par_close reason)
{
    struct sim_attempt *a = par_ws_arg(ws);
    struct sim_device *d = a->device;
    if (d) {
        let_go(d);
        uint16_t code = par_ws_peer_code(ws);
        sim_trace("device.closed", d->node->number, reason);
        if (d->running) {
            par_sdk_closed(d->sdk, now_of(d), code ? code : 1006);
            set_timer(d);
        }
        par_loop_defer(d->all->loop, &a->defer, free_attempt);
    } else {
        free(a);
    }
}

static const struct par_ws_ops ws_ops = {.on_message = on_message, .on_closed = on_closed};

static void opened(struct par_ws_conn *ws, const char *why, void *arg)
{
    struct sim_attempt *a = arg;
    struct sim_device *d = a->device;
    if (!d) {
        if (ws)
            par_ws_close(ws, PAR_CLOSE_EOF);
        else
            free(a);
        return;
    }
    if (!ws) {
        sim_trace_bytes("not opened", d->node->number, par_str(why));
        let_go(d);
        free(a);
        par_sdk_closed(d->sdk, now_of(d), 1006);
    } else {
        d->ws = ws;
        a->conn = d->conn = ++sim_history.conns;
        par_history_open(&sim_history.buf, sim_history_t(), a->conn, d->name, PAR_VIA_WS);
        par_sdk_opened(d->sdk, now_of(d));
    }
    set_timer(d);
}

static void could_not_begin(struct par_timer *timer)
{
    struct sim_attempt *a = PAR_CONTAINER(timer, struct sim_attempt, failed);
    opened(NULL, "no socket", a);
}

/* As a load balancer does: where it was, or where a server seems to be well. */
static unsigned choose(struct sim_device *d)
{
    struct sim_devices *all = d->all;
    if (sim_random_ppm(&d->random, all->follow_ppm) && all->servers[d->server]->serving)
        return d->server;
    for (int i = 0; i < 4; i++) {
        d->server = (unsigned)sim_random_below(&d->random, all->server_count);
        const struct sim_server *s = all->servers[d->server];
        if (s->serving && !s->asked_to_end)
            break;
    }
    return d->server;
}

static void op_connect(void *arg)
{
    struct sim_device *d = arg;
    if (d->dying)
        return;
    struct sim_server *s = d->all->servers[choose(d)];
    struct sim_attempt *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->device = d;
    d->attempt = a;
    d->all->connects++;
    par_timer_init(&a->failed, could_not_begin);
    char path[48];
    snprintf(path, sizeof path, d->all->hints ? "/v1/ws?u=%llu" : "/v1/ws",
             (unsigned long long)d->user->id);
    struct par_ws_target target = {
        .addr = s->addr, .host = par_str(s->address), .path = par_str(path), .timeout_ms = OPEN_MS};
    sim_net_as(d->node);
    if (par_ws_connect(&d->all->ws, &target, &ws_ops, opened, a))
        par_timer_set(d->all->loop, &a->failed, 0);
    sim_net_as(NULL);
}

static void op_close(void *arg)
{
    struct sim_device *d = arg;
    struct par_ws_conn *ws = d->ws;
    if (d->dying)
        return;
    let_go(d);
    if (ws)
        par_ws_close(ws, PAR_CLOSE_CLIENT);
}

void sim_device_cut_off(struct sim_device *d)
{
    struct par_ws_conn *ws = d->ws;
    d->unknown_to_core = false;
    if (d->dying || !ws)
        return;
    let_go(d);
    par_ws_close(ws, PAR_CLOSE_EOF);
    par_sdk_closed(d->sdk, now_of(d), 1006);
    set_timer(d);
}

static char *text_of(const char *from, size_t n)
{
    char *z = malloc(n + 1);
    if (!z)
        abort();
    memcpy(z, from, n);
    z[n] = 0;
    return z;
}

/* `"op":"send","id":7,` begins a frame of the core; what follows are the members. */
static void remember(struct sim_device *d, struct par_str frame)
{
    const char *cmid = memmem(frame.ptr, frame.len, "\"cmid\":", 7);
    if (!cmid || frame.len < 12 || memcmp(frame.ptr, "{\"op\":\"", 7) != 0)
        return;
    const char *op = frame.ptr + 7, *end = frame.ptr + frame.len - 1;
    const char *quote = memchr(op, '"', (size_t)(end - op));
    const char *members = quote ? memchr(quote + 2, ',', (size_t)(end - quote - 2)) : NULL;
    if (!members)
        return;
    struct sim_recent *r = &d->user->recent[d->user->recent_next++ % SIM_RECENT];
    free(r->op);
    free(r->members);
    r->op = text_of(op, (size_t)(quote - op));
    r->members = text_of(members + 1, (size_t)(end - members - 1));
}

static void op_send(void *arg, struct par_str frame)
{
    struct sim_device *d = arg;
    if (d->dying || !d->ws)
        return;
    d->all->frames_out++;
    par_history_ask(&sim_history.buf, sim_history_t(), d->conn, frame);
    remember(d, frame);
    (void)par_ws_send_text(d->ws, frame);
}

/* ---- records ---- */

static void op_put(void *arg, enum par_sdk_record kind, struct par_str key, struct par_str value)
{
    struct sim_device *d = arg;
    sim_records_put(&d->records, kind, key, value);
}

static void op_del(void *arg, enum par_sdk_record kind, struct par_str key)
{
    struct sim_device *d = arg;
    sim_records_del(&d->records, kind, key);
}

static void op_clear(void *arg)
{
    struct sim_device *d = arg;
    sim_records_clear(&d->records, PAR_SDK_RECORD_ITEM);
}

static void come_back(struct sim_device *d, uint64_t max_ms)
{
    par_timer_set(d->all->loop, &d->again, sim_random_below(&d->random, max_ms + 1));
}

/* Sometimes it is the last thing that a device does, or does not manage to do any more. */
static bool op_commit(void *arg)
{
    struct sim_device *d = arg;
    if (d->dying)
        return true;
    if (!sim_healed() && !d->left && sim_random_ppm(&d->random, d->all->crash_ppm)) {
        sim_fault(SIM_FAULT_DEVICE_CRASHED, d->name);
        if (sim_random_below(&d->random, 2))
            sim_records_commit(&d->records);
        d->dying = true;
        come_back(d, 0);
        return true;
    }
    sim_records_commit(&d->records);
    return true;
}

/* ---- the core's news ---- */

static uint64_t op_random(void *arg)
{
    struct sim_device *d = arg;
    return sim_random_u64(&d->random);
}

static int64_t op_wall_ms(void *arg)
{
    struct sim_device *d = arg;
    return sim_true_wall_ms() + d->node->skew_ms;
}

static void op_status(void *arg, const struct par_sdk_status *status)
{
    struct sim_device *d = arg;
    sim_trace("device.link", d->node->number, status->link);
    if (d->all->on_link)
        d->all->on_link(d, status->link);
    if (status->link == PAR_SDK_SIGNED_OUT && d->left)
        return;
    if (status->link == PAR_SDK_SIGNED_OUT || status->link == PAR_SDK_DISABLED)
        sim_fail("signed out", "%s was told that its token is none (close code %u)", d->name,
                 status->code);
    if (status->link == PAR_SDK_REPLACED && !d->dying)
        come_back(d, AGAIN_MAX_MS);
    if (status->link == PAR_SDK_BROKEN)
        sim_fail("sdk", "%s: the client core is broken", d->name);
}

static void op_item(void *arg, const struct par_sdk_item *item)
{
    struct sim_device *d = arg;
    if (d->all->on_item)
        d->all->on_item(d, item);
    if (item->state == PAR_SDK_SENT)
        d->all->sent++;
    if (item->state == PAR_SDK_FAILED) {
        d->all->failed++;
        par_timer_set(d->all->loop, &d->discard, 0); /* not within the core's own call */
    }
}

static void op_entry(void *arg, const struct par_sdk_conv *conv, const struct par_sdk_entry *entry,
                     enum par_sdk_how how)
{
    struct sim_device *d = arg;
    (void)conv;
    (void)how;
    if (d->all->on_entry)
        d->all->on_entry(d, entry);
}

static void op_answer(void *arg, uint64_t tag, struct par_str ok, enum par_err err,
                      struct par_str message)
{
    struct sim_device *d = arg;
    (void)message;
    if (d->asks_open)
        d->asks_open--;
    if (!d->dying && tag == SIM_TAG_RAW && ok.ptr)
        d->unknown_to_core = true;
    else if (!d->dying && tag)
        sim_device_answered(d, tag, ok, err);
}

static const struct par_sdk_ops ops = {
    .random = op_random,
    .wall_ms = op_wall_ms,
    .connect = op_connect,
    .close = op_close,
    .send = op_send,
    .put = op_put,
    .del = op_del,
    .clear = op_clear,
    .commit = op_commit,
    .on_status = op_status,
    .on_entry = op_entry,
    .on_item = op_item,
    .on_answer = op_answer,
};

/* ---- life ---- */

static void restore(void *arg, unsigned kind, struct par_str key, struct par_str value)
{
    struct sim_device *d = arg;
    if (!par_sdk_restore(d->sdk, (enum par_sdk_record)kind, key, value))
        sim_fail("sdk", "%s: a record of kind %u is refused", d->name, kind);
}

static void plan_act(struct sim_device *d)
{
    if (d->all->act_ms)
        par_timer_set(d->all->loop, &d->act, sim_random_below(&d->random, 2 * d->all->act_ms) + 1);
}

void sim_device_on(struct sim_device *d)
{
    struct par_sdk_settings settings = PAR_SDK_SETTINGS_DEFAULT;
    settings.user = d->user->id;
    settings.token = par_str(d->token);
    settings.client = PAR_STR("sim/1");
    settings.hole_max = 0;
    settings.held_max = 0;
    settings.heartbeat = d->node->number % 2;
    settings.by_have = d->node->number % 5 == 0;
    d->running = true;
    d->dying = false;
    d->asks_open = 0;
    d->sdk = par_sdk_new(&settings, &ops, d);
    if (!d->sdk)
        abort();
    sim_records_each(&d->records, restore, d);
    par_sdk_start(d->sdk, now_of(d));
    set_timer(d);
    plan_act(d);
}

void sim_device_off(struct sim_device *d)
{
    if (!d->running)
        return;
    d->running = false;
    struct par_ws_conn *ws = d->ws;
    let_go(d);
    if (ws)
        par_ws_close(ws, PAR_CLOSE_EOF);
    par_timer_cancel(&d->timer);
    par_timer_cancel(&d->again);
    par_timer_cancel(&d->act);
    par_timer_cancel(&d->discard);
    par_timer_cancel(&d->look);
    par_sdk_free(&d->sdk);
    sim_records_rollback(&d->records);
}

void sim_device_leave(struct sim_device *d, bool silent)
{
    d->left = true;
    if (silent)
        sim_net_swallow(d->node);
    else if (d->ws)
        op_close(d);
    sim_device_off(d);
}

static void again(struct par_timer *timer)
{
    struct sim_device *d = PAR_CONTAINER(timer, struct sim_device, again);
    if (d->left)
        return;
    if (!d->running) {
        sim_device_on(d);
    } else if (d->dying) {
        sim_device_off(d);
        come_back(d, AGAIN_MAX_MS);
    } else {
        par_sdk_start(d->sdk, now_of(d));
        set_timer(d);
    }
}

static void discard(struct par_timer *timer)
{
    struct sim_device *d = PAR_CONTAINER(timer, struct sim_device, discard);
    for (const struct par_sdk_item *i = par_sdk_item_after(d->sdk, NULL); i;) {
        if (i->state != PAR_SDK_FAILED) {
            i = par_sdk_item_after(d->sdk, i);
            continue;
        }
        char conv[80], cmid[72];
        snprintf(conv, sizeof conv, "%.*s", PAR_STR_ARGS(i->write->conv));
        snprintf(cmid, sizeof cmid, "%.*s", PAR_STR_ARGS(i->write->cmid));
        if (!par_sdk_discard(d->sdk, now_of(d), par_str(conv), par_str(cmid)))
            sim_fail("sdk", "%s: a failed item is not discarded", d->name);
        i = par_sdk_item_after(d->sdk, NULL);
    }
    set_timer(d);
}

static void act(struct par_timer *timer)
{
    struct sim_device *d = PAR_CONTAINER(timer, struct sim_device, act);
    if (!d->dying)
        sim_device_act(d);
    set_timer(d);
    plan_act(d);
}

bool sim_device_ask(struct sim_device *d, const char *op, const char *members, uint64_t tag)
{
    if (!d->running || d->dying || !par_sdk_ask(d->sdk, now_of(d), op, par_str(members), tag))
        return false;
    d->asks_open++;
    set_timer(d);
    return true;
}

void sim_device_init(struct sim_device *d, struct sim_devices *all, struct sim_user *user,
                     unsigned index)
{
    *d = (struct sim_device){.all = all, .user = user};
    snprintf(d->name, sizeof d->name, "%s-%u", user->name, index);
    d->node = sim_node_new(SIM_NODE_DEVICE, d->name);
    sim_node_up(d->node);
    sim_random_init(&d->random, d->name, 0);
    par_timer_init(&d->timer, tick);
    par_timer_init(&d->again, again);
    par_timer_init(&d->act, act);
    par_timer_init(&d->discard, discard);
    par_timer_init(&d->look, sim_device_look_again);
}
