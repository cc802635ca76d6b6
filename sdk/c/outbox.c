/* What this device wrote and the server has not yet accepted. One request a conversation is under
 * way, in order, with the same cmid on every try; only a final refusal makes an item fail, and one
 * that failed never holds up the next. */
#include "sdk/c/sdk_private.h"

/* Conversations that have a request under way at the same time. */
enum { PARALLEL = 8, UUID_TEXT = 36, FRAME_SPARE = 64 };

static struct par_sdk__item *item_of(const struct par_list *node)
{
    return PAR_CONTAINER(node, struct par_sdk__item, node);
}

static struct par_sdk__item *in_lane(const struct par_list *node)
{
    return PAR_CONTAINER(node, struct par_sdk__item, in_lane);
}

static void tell(struct par_sdk *sdk, const struct par_sdk__item *item)
{
    if (sdk->ops->on_item)
        sdk->ops->on_item(sdk->arg, &item->view);
}

/* ---- lists ---- */

/* The next try is due: the end of the turn sends it. */
static void lane_due(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)sdk, (void)timer;
}

void par_sdk__lane_init(struct par_sdk__lane *lane)
{
    *lane = (struct par_sdk__lane){0};
    par_list_init(&lane->node);
    par_list_init(&lane->items);
    par_sdk__timer_init(&lane->timer, lane_due);
}

void par_sdk__outbox_enlist(struct par_sdk *sdk, struct par_sdk__item *item)
{
    item->lane = item->conv ? &item->conv->lane : &sdk->create_lane;
    if (item->order > sdk->last_order)
        sdk->last_order = item->order;
    struct par_list *at = sdk->items.prev;
    while (at != &sdk->items && item_of(at)->order > item->order)
        at = at->prev;
    par_list_insert_after(at, &item->node);
    sdk->item_count++;
    if (item->view.state == PAR_SDK_FAILED)
        return;
    at = item->lane->items.prev;
    while (at != &item->lane->items && in_lane(at)->order > item->order)
        at = at->prev;
    par_list_insert_after(at, &item->in_lane);
    if (par_list_empty(&item->lane->node))
        par_list_append(&sdk->lanes, &item->lane->node);
}

static void delist(struct par_sdk *sdk, struct par_sdk__item *item)
{
    struct par_sdk__lane *lane = item->lane;
    if (lane->flying == item)
        lane->flying = NULL;
    if (item->request)
        item->request->item = NULL;
    item->request = NULL;
    par_list_remove(&item->in_lane);
    par_list_remove(&item->node);
    par_list_remove(&item->announced);
    sdk->item_count--;
    /* The others have their turn first. */
    par_list_remove(&lane->node);
    if (!par_list_empty(&lane->items))
        par_list_append(&sdk->lanes, &lane->node);
}

/* Of that conversation (NULL: makes a group) and cmid. */
static struct par_sdk__item *find(const struct par_sdk *sdk, const struct par_sdk__conv *c,
                                  struct par_str cmid)
{
    PAR_LIST_FOR_EACH (node, &sdk->items) {
        struct par_sdk__item *item = item_of(node);
        if (item->conv == c && par_str_eq(item->write.cmid, cmid))
            return item;
    }
    return NULL;
}

/* As the owner names it. */
static struct par_sdk__item *find_named(const struct par_sdk *sdk, struct par_str conv,
                                        struct par_str cmid)
{
    struct par_sdk__conv *c = par_sdk__conv_find(sdk, conv);
    return conv.len && !c ? NULL : find(sdk, c, cmid);
}

/* ---- writing ---- */

static void make_cmid(struct par_sdk *sdk, char text[UUID_TEXT + 1])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t r[2] = {sdk->ops->random(sdk->arg), sdk->ops->random(sdk->arg)};
    uint8_t bytes[16];
    memcpy(bytes, r, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char *at = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
    *at = '\0';
}

static bool complete(const struct par_sdk_write *w)
{
    switch (w->op) {
    case PAR_OP_SEND:
        return w->text.len > 0;
    case PAR_OP_EDIT:
        return w->seq > 0 && w->text.len > 0;
    case PAR_OP_DELETE:
        return w->seq > 0;
    case PAR_OP_REACT:
        return w->seq > 0 && w->emoji.len > 0;
    case PAR_OP_GROUP_CREATE:
    case PAR_OP_GROUP_RENAME:
        return w->name.len > 0;
    case PAR_OP_GROUP_ROLE:
        return w->user > 0 && w->role.len > 0;
    case PAR_OP_GROUP_ADD:
    case PAR_OP_GROUP_REMOVE:
    case PAR_OP_GROUP_LEAVE:
        return true;
    default:
        return false;
    }
}

static bool fits(const struct par_sdk *sdk, const struct par_sdk__item *item)
{
    struct par_buf body = {0};
    struct par_json_out w = par_json_out(&body);
    par_sdk__item_body(&w, item);
    bool ok = !body.failed && body.len + FRAME_SPARE <= sdk->frame_bytes;
    par_buf_fini(&body);
    return ok;
}

static bool is_group_op(enum par_op op)
{
    return op != PAR_OP_SEND && op != PAR_OP_EDIT && op != PAR_OP_DELETE && op != PAR_OP_REACT;
}

static enum par_err add(struct par_sdk *sdk, const struct par_sdk_write *w, struct par_sdk__conv *c)
{
    struct par_sdk__item *item = par_sdk__item_new(w);
    if (!item) {
        par_sdk__break(sdk);
        return PAR_E_INTERNAL;
    }
    item->conv = c;
    item->view.client_ts = sdk->ops->wall_ms ? sdk->ops->wall_ms(sdk->arg) : 0;
    if (!fits(sdk, item)) {
        par_sdk__item_free(item);
        return PAR_E_TOO_LARGE;
    }
    item->order = sdk->last_order + 1;
    par_sdk__outbox_enlist(sdk, item);
    par_sdk__item_put(sdk, item);
    par_list_append(&sdk->announce, &item->announced);
    return PAR_OK;
}

enum par_err par_sdk_write(struct par_sdk *sdk, int64_t now, const struct par_sdk_write *w,
                           char *cmid_r)
{
    struct par_sdk_write full = *w;
    char uuid[UUID_TEXT + 1], direct[PAR_CONV_TEXT_MAX];
    if (sdk->link == PAR_SDK_BROKEN)
        return PAR_E_INTERNAL;
    if (w->to) {
        struct par_conv conv = par_conv_direct(sdk->settings.user, w->to);
        full.conv = par_str_of(direct, par_conv_format(&conv, direct));
    }
    bool create = w->op == PAR_OP_GROUP_CREATE;
    if (!complete(w) || w->cmid.len > PAR_SDK__ID_MAX || (create && full.conv.len))
        return PAR_E_BAD_REQUEST;
    if (sdk->settings.items_max && sdk->item_count >= sdk->settings.items_max)
        return PAR_E_OVERLOADED;
    par_sdk__enter(sdk, now);
    struct par_sdk__conv *c = create ? NULL : par_sdk__conv_get(sdk, full.conv);
    if (!full.cmid.len) {
        make_cmid(sdk, uuid);
        full.cmid = par_str_of(uuid, UUID_TEXT);
    }
    enum par_err err = PAR_E_BAD_REQUEST;
    if ((c || create) && !find(sdk, c, full.cmid))
        err = add(sdk, &full, c);
    if (cmid_r) {
        memcpy(cmid_r, full.cmid.ptr, full.cmid.len);
        cmid_r[full.cmid.len] = '\0';
    }
    par_sdk__leave(sdk);
    return err;
}

void par_sdk__outbox_announce(struct par_sdk *sdk)
{
    for (struct par_list *node; (node = par_list_pop(&sdk->announce));)
        tell(sdk, PAR_CONTAINER(node, struct par_sdk__item, announced));
}

bool par_sdk_retry(struct par_sdk *sdk, int64_t now, struct par_str conv, struct par_str cmid)
{
    struct par_sdk__item *item = find_named(sdk, conv, cmid);
    if (!item || item->view.state != PAR_SDK_FAILED)
        return false;
    par_sdk__enter(sdk, now);
    delist(sdk, item);
    free(item->message);
    item->message = NULL;
    item->view.message = (struct par_str){0};
    item->view.state = PAR_SDK_SENDING;
    item->view.err = PAR_OK;
    item->order = sdk->last_order + 1;
    par_sdk__outbox_enlist(sdk, item);
    par_sdk__item_put(sdk, item);
    par_list_append(&sdk->announce, &item->announced);
    par_sdk__leave(sdk);
    return true;
}

bool par_sdk_discard(struct par_sdk *sdk, int64_t now, struct par_str conv, struct par_str cmid)
{
    struct par_sdk__item *item = find_named(sdk, conv, cmid);
    if (!item || (item->view.state != PAR_SDK_FAILED && item->view.tries > 0))
        return false;
    par_sdk__enter(sdk, now);
    delist(sdk, item);
    par_sdk__item_del(sdk, item);
    par_sdk__item_free(item);
    par_sdk__leave(sdk);
    return true;
}

/* ---- sending ---- */

static void fail(struct par_sdk *sdk, struct par_sdk__item *item, enum par_err err,
                 struct par_str message)
{
    delist(sdk, item);
    item->view.state = PAR_SDK_FAILED;
    item->view.err = err;
    item->message = par_sdk__strdup(message);
    item->view.message = par_str(item->message);
    par_sdk__outbox_enlist(sdk, item);
    par_sdk__item_put(sdk, item);
    tell(sdk, item);
}

static void fly(struct par_sdk *sdk, struct par_sdk__item *item)
{
    struct par_json_out w;
    struct par_sdk__request *r =
        par_sdk__request_begin(sdk, PAR_SDK__ITEM, par_op_info(item->write.op)->name.ptr, &w);
    if (!r)
        return;
    par_sdk__item_body(&w, item);
    par_sdk__request_end(sdk, &w);
    r->item = item;
    item->request = r;
    item->view.tries++;
    item->lane->flying = item;
    sdk->flying++;
}

void par_sdk__outbox_pump(struct par_sdk *sdk)
{
    PAR_LIST_FOR_EACH (node, &sdk->lanes) {
        struct par_sdk__lane *lane = PAR_CONTAINER(node, struct par_sdk__lane, node);
        if (!par_sdk__online(sdk) || sdk->flying >= PARALLEL)
            return;
        if (lane->flying || par_sdk__timer_runs(&lane->timer))
            continue;
        struct par_sdk__item *item = in_lane(lane->items.next);
        if (fits(sdk, item))
            fly(sdk, item);
        else
            fail(sdk, item, PAR_E_TOO_LARGE, PAR_STR("The message is too long."));
    }
}

void par_sdk__outbox_resume(struct par_sdk *sdk)
{
    PAR_LIST_FOR_EACH (node, &sdk->lanes) {
        struct par_sdk__lane *lane = PAR_CONTAINER(node, struct par_sdk__lane, node);
        par_sdk__timer_stop(&lane->timer);
        lane->backoff = 0;
    }
}

/* ---- answers ---- */

/* It is out of the outbox and its end was told; the caller frees it. */
static void finish(struct par_sdk *sdk, struct par_sdk__item *item, struct par_str conv,
                   uint64_t seq, int64_t ts, bool dup)
{
    delist(sdk, item);
    item->view.state = PAR_SDK_SENT;
    item->view.err = PAR_OK;
    item->view.message = (struct par_str){0};
    item->view.conv = conv;
    item->view.seq = seq;
    item->view.ts = ts;
    item->view.dup = dup;
    item->lane->backoff = 0;
    par_sdk__item_del(sdk, item);
    tell(sdk, item);
}

static void accepted(struct par_sdk *sdk, struct par_sdk__item *item,
                     const struct par_sdk__answer *a, uint64_t seq)
{
    int64_t ts = par_sdk__get_int(a->ok, "ts", 0);
    bool dup = par_sdk__get_bool(a->ok, "dup", false);
    struct par_str id = par_sdk__get_text(a->ok, "conv", a->arena);
    struct par_sdk__conv *c = item->conv ? item->conv : par_sdk__conv_get(sdk, id);
    bool group = is_group_op(item->write.op);
    finish(sdk, item, c ? c->view.id : id, seq, ts, dup);
    if (c && (group || (dup && seq > c->view.hi))) {
        /* What was accepted long ago may have changed since, and what a change of members became
         * is the server's to say: history knows. */
        if (seq > c->view.last_seq)
            c->view.last_seq = seq;
    } else if (c) {
        struct par_sdk_entry e = par_sdk__item_entry(sdk, item, seq, ts);
        par_sdk__offer(c, &e, PAR_SDK_BY_ANSWER);
    }
    par_sdk__item_free(item);
    if (c) {
        par_sdk__conv_dirty(c);
        par_sdk__fill(c);
    }
}

void par_sdk__outbox_answer(struct par_sdk *sdk, struct par_sdk__item *item,
                            const struct par_sdk__answer *a)
{
    uint64_t seq = a->ok ? par_sdk__get_seq(a->ok, "seq") : 0;
    item->request = NULL;
    item->lane->flying = NULL;
    if (seq) {
        accepted(sdk, item, a, seq);
        return;
    }
    /* Lost: it goes out again with the next turn that is online. */
    if (a->lost)
        return;
    if (!a->ok && !a->retry && a->err != PAR_E_UNAUTHORIZED) {
        fail(sdk, item, a->err, a->message);
        return;
    }
    int64_t wait = par_sdk__backoff(sdk, &item->lane->backoff);
    par_sdk__timer_set(sdk, &item->lane->timer,
                       wait > a->retry_after_ms ? wait : a->retry_after_ms);
}

void par_sdk__outbox_seen(struct par_sdk *sdk, struct par_sdk__conv *c,
                          const struct par_sdk_entry *e)
{
    if (!e->cmid.len || e->from != sdk->settings.user)
        return;
    struct par_sdk__item *item = find(sdk, c, e->cmid);
    if (!item && e->kind == PAR_SDK_CREATED)
        item = find(sdk, NULL, e->cmid);
    if (!item)
        return;
    finish(sdk, item, c->view.id, e->seq, e->ts, false);
    par_sdk__item_free(item);
}

/* ---- looking ---- */

const struct par_sdk_item *par_sdk_item_after(const struct par_sdk *sdk,
                                              const struct par_sdk_item *item)
{
    const struct par_list *node =
        item ? ((const struct par_sdk__item *)item)->node.next : sdk->items.next;
    return node == &sdk->items ? NULL : &item_of(node)->view;
}

uint32_t par_sdk_waiting(const struct par_sdk *sdk)
{
    uint32_t n = 0;
    PAR_LIST_FOR_EACH (node, &sdk->items) {
        n += item_of(node)->view.state == PAR_SDK_SENDING;
    }
    return n;
}
