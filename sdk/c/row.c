/* What rows of sync, events and entries say of a conversation beside its log: name, members,
 * settings, marks. Marks never go back. */
#include "sdk/c/sdk_private.h"

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void need(struct par_sdk__conv *c, bool ok)
{
    if (!ok)
        par_sdk__break(c->sdk);
}

/* ---- fields ---- */

static bool flag(const struct par_json *v, bool otherwise)
{
    return v->type == PAR_JSON_TRUE ? true : v->type == PAR_JSON_FALSE ? false : otherwise;
}

static void take_name(struct par_sdk__conv *c, struct par_str name)
{
    if (name.len)
        need(c, par_sdk__conv_name(c, name));
}

/* Settings that this device has changed and the server does not know yet stay as they are. */
static void take_setting(struct par_sdk__conv *c, struct par_str name, const struct par_json *value,
                         struct par_arena *arena)
{
    struct par_sdk_conv *v = &c->view;
    unsigned kept = c->set_pending | c->set_flying;
    if (par_str_is(name, "muted_until") && !(kept & PAR_SDK_SET_MUTED_UNTIL))
        v->muted_until = par_sdk__int(value, v->muted_until);
    else if (par_str_is(name, "archived") && !(kept & PAR_SDK_SET_ARCHIVED))
        v->archived = flag(value, v->archived);
    else if (par_str_is(name, "pinned") && !(kept & PAR_SDK_SET_PINNED))
        v->pinned = flag(value, v->pinned);
    else if (par_str_is(name, "marked_unread") && !(kept & PAR_SDK_SET_MARKED_UNREAD))
        v->marked_unread = flag(value, v->marked_unread);
    else if (par_str_is(name, "draft") && !(kept & PAR_SDK_SET_DRAFT)) {
        struct par_str draft = par_sdk__text(value, arena);
        if (draft.ptr)
            need(c, par_sdk__conv_draft(c, draft));
    }
}

void par_sdk__row_fields(struct par_sdk__conv *c, const struct par_json *o, struct par_arena *arena,
                         bool stale)
{
    struct par_sdk_conv *v = &c->view;
    struct par_json_member m;
    for (struct par_json_iter it = par_json_iter(o); par_json_next_member(&it, &m);) {
        struct par_str name = par_str_of(m.name.ptr, m.name.len);
        if (par_str_is(name, "name")) {
            if (!stale || v->direct)
                take_name(c, par_sdk__text(&m.value, arena));
        } else if (par_str_is(name, "member")) {
            if (!stale)
                v->member = flag(&m.value, v->member);
        } else if (par_str_is(name, "member_count")) {
            int64_t n = par_sdk__int(&m.value, v->member_count);
            if (!stale && n >= 0 && n <= UINT32_MAX)
                v->member_count = (uint32_t)n;
        } else {
            take_setting(c, name, &m.value, arena);
        }
    }
    if (!v->member)
        par_list_remove(&c->marks);
}

/* ---- marks ---- */

static void tell_mark(struct par_sdk__conv *c, uint64_t user, uint64_t delivered, uint64_t read)
{
    par_sdk__conv_dirty(c);
    if (c->sdk->ops->on_mark)
        c->sdk->ops->on_mark(c->sdk->arg, &c->view, user, delivered, read);
}

static void raise_own(struct par_sdk__conv *c, uint64_t delivered, uint64_t read)
{
    struct par_sdk_conv *v = &c->view;
    c->acked_delivered = max(c->acked_delivered, delivered);
    c->acked_read = max(c->acked_read, read);
    if (delivered <= v->delivered && read <= v->read)
        return;
    v->read = max(v->read, read);
    v->delivered = max(max(v->delivered, delivered), v->read);
    tell_mark(c, c->sdk->settings.user, v->delivered, v->read);
}

static void raise_others(struct par_sdk__conv *c, uint64_t user, uint64_t delivered, uint64_t read)
{
    struct par_sdk_conv *v = &c->view;
    if (delivered <= v->others_delivered && read <= v->others_read)
        return;
    v->others_read = max(v->others_read, read);
    v->others_delivered = max(max(v->others_delivered, delivered), v->others_read);
    tell_mark(c, user, v->others_delivered, v->others_read);
}

void par_sdk__mark(struct par_sdk__conv *c, uint64_t user, uint64_t delivered, uint64_t read)
{
    if (user == c->sdk->settings.user) {
        bool moved = read > c->view.read;
        raise_own(c, delivered, read);
        if (moved)
            par_sdk__unread_ask(c);
    } else if (user == 0 || c->view.direct)
        raise_others(c, user, delivered, read);
    else
        par_sdk__members_mark(c, user, delivered, read);
}

/* ---- entries that change members or the name ---- */

static bool named(const struct par_sdk_entry *e, uint64_t user)
{
    for (uint32_t i = 0; i < e->user_count; i++) {
        if (e->users[i] == user)
            return true;
    }
    return false;
}

static void count(struct par_sdk__conv *c, const struct par_sdk_entry *e, int64_t change)
{
    int64_t n = (int64_t)c->view.member_count + change;
    if (e->seq > c->counted_seq && n >= 0 && n <= UINT32_MAX)
        c->view.member_count = (uint32_t)n;
}

void par_sdk__membership(struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    struct par_sdk_conv *v = &c->view;
    uint64_t self = c->sdk->settings.user;
    /* A row that is newer has said already whether one is in. */
    bool news = e->seq > c->counted_seq;
    switch (e->kind) {
    case PAR_SDK_CREATED:
        take_name(c, e->text);
        if (news)
            v->member_count = e->user_count + !named(e, e->from);
        break;
    case PAR_SDK_RENAMED:
        if (news)
            take_name(c, e->text);
        break;
    case PAR_SDK_MEMBER_ADDED:
        count(c, e, e->user_count);
        if (news && named(e, self))
            v->member = true;
        break;
    case PAR_SDK_MEMBER_REMOVED:
        count(c, e, -(int64_t)e->user_count);
        if (news && named(e, self))
            v->member = false;
        break;
    case PAR_SDK_MEMBER_LEFT:
        count(c, e, -1);
        if (news && e->from == self)
            v->member = false;
        break;
    default:
        return;
    }
    if (c->members)
        par_sdk__members_ask(c);
    par_sdk__conv_changed(c);
}

/* ---- rows ---- */

/* The unread entries of a conversation that this device meets for the first time are read from the
 * first that this account has not been given. */
static void begin_behind(struct par_sdk__conv *c, const struct par_json *row, uint64_t last,
                         uint64_t delivered)
{
    uint32_t most = c->sdk->settings.hole_max;
    uint64_t behind = last > delivered ? last - delivered : 0;
    if (most && c->view.hi == 0 && par_sdk__get_bool(row, "member", true) &&
        par_sdk__get_int(row, "unread", 0) > 0 && behind > 1 && behind <= most)
        par_sdk__restart_at(c, delivered + 1);
}

static void take_last_entry(struct par_sdk__conv *c, const struct par_json *row,
                            struct par_arena *arena)
{
    struct par_json last;
    struct par_sdk_entry e;
    struct par_str id;
    if (!par_sdk__get_object(row, "last_entry", &last) ||
        !par_sdk__entry_read(&last, arena, &e, &id))
        return;
    if ((c->view.hi == 0 && !c->from_start) || e.seq == c->view.hi + 1)
        par_sdk__offer(c, &e, PAR_SDK_BY_ROW);
}

void par_sdk__row(struct par_sdk *sdk, const struct par_json *row, struct par_arena *arena)
{
    struct par_json others;
    struct par_sdk__conv *c = par_sdk__conv_get(sdk, par_sdk__get_text(row, "conv", arena));
    if (!c)
        return;
    uint64_t last = par_sdk__get_seq(row, "last_seq");
    uint64_t delivered = par_sdk__get_seq(row, "delivered");
    uint64_t read = par_sdk__get_seq(row, "read");
    bool stale = last < c->view.hi;
    begin_behind(c, row, last, delivered);
    par_sdk__row_fields(c, row, arena, stale);
    c->view.last_seq = max(c->view.last_seq, last);
    if (!stale)
        c->counted_seq = last;
    /* What came after the row is counted here, if it is still held. */
    if (last + 1 >= c->view.lo) {
        int64_t unread = par_sdk__get_int(row, "unread", 0);
        c->base_unread = unread < 0                     ? 0
                         : unread > PAR_SDK__UNREAD_MAX ? PAR_SDK__UNREAD_MAX
                                                        : (uint32_t)unread;
        c->base_seq = last;
        c->base_read = read;
    } else {
        par_sdk__unread_ask(c);
    }
    raise_own(c, delivered, read);
    /* Exactly what the server has: what is above it was not heard, and goes out again. */
    c->acked_delivered = delivered;
    c->acked_read = read;
    if (par_sdk__get_object(row, "others", &others))
        raise_others(c, 0, par_sdk__get_seq(&others, "delivered"),
                     par_sdk__get_seq(&others, "read"));
    take_last_entry(c, row, arena);
    if (c->members)
        par_sdk__members_ask(c);
    par_sdk__marks_held(c);
    par_sdk__marks_due(c);
    par_sdk__conv_changed(c);
    par_sdk__fill(c);
}
