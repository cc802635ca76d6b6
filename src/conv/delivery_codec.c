/* Deliveries as bytes. A head of fixed width, then what the kind has. */
#include "conv/delivery_codec.h"

#include "parley/close.h"
#include "store/record.h"

enum { VERSION = 1 };

enum { F_DUP = 1, F_MEMBER = 2, F_ON = 4, F_ALL = 7 };

enum {
    CONV_SET_ALL =
        PAR_CONV_EVENT_KIND | PAR_CONV_EVENT_NAME | PAR_CONV_EVENT_MEMBER | PAR_CONV_EVENT_SETTINGS,
    SETTINGS_ALL = PAR_SET_MUTED_UNTIL | PAR_SET_ARCHIVED | PAR_SET_PINNED | PAR_SET_MARKED_UNREAD |
                   PAR_SET_DRAFT,
    SETTINGS_BITS = PAR_SET_ARCHIVED | PAR_SET_PINNED | PAR_SET_MARKED_UNREAD
};

static bool has_users(enum par_delivery_kind kind)
{
    return kind != PAR_DELIVERY_ANSWER && kind != PAR_DELIVERY_SYNC && kind != PAR_DELIVERY_CLOSE &&
           kind != PAR_DELIVERY_USER && kind != PAR_DELIVERY_WHO_SERVES &&
           kind != PAR_DELIVERY_I_SERVE;
}

static void put_text(struct par_buf *out, struct par_str text)
{
    par_buf_add_u32(out, (uint32_t)text.len);
    par_buf_add_str(out, text);
}

static void put_answer(const struct par_delivery *d, struct par_buf *out)
{
    struct par_str message = d->message;
    if (message.len > PAR_DELIVERY_MESSAGE_MAX)
        message.len = PAR_DELIVERY_MESSAGE_MAX;
    par_buf_add_u8(out, (uint8_t)d->command);
    par_buf_add_u8(out, (uint8_t)d->err);
    par_buf_add_u32(out, d->retry_after_ms);
    par_buf_add_u8(out, (uint8_t)message.len);
    par_buf_add_str(out, message);
    par_buf_add_u64(out, d->seq);
    par_buf_add_u64(out, (uint64_t)d->ts);
}

static void put_entry(const struct par_entry *e, struct par_buf *out)
{
    struct par_buf bytes = {0};
    par_entry_encode(e, &bytes);
    if (bytes.failed)
        out->failed = true;
    par_buf_add_u64(out, e->seq);
    put_text(out, par_buf_str(&bytes));
    par_buf_fini(&bytes);
}

static void put_conv_event(const struct par_delivery *d, struct par_buf *out)
{
    const struct par_settings *s = &d->settings;
    par_buf_add_u8(out, (uint8_t)d->conv_set);
    if (d->conv_set & PAR_CONV_EVENT_NAME)
        put_text(out, d->name);
    if (!(d->conv_set & PAR_CONV_EVENT_SETTINGS))
        return;
    uint8_t on = (uint8_t)((s->archived ? PAR_SET_ARCHIVED : 0) | (s->pinned ? PAR_SET_PINNED : 0) |
                           (s->marked_unread ? PAR_SET_MARKED_UNREAD : 0));
    par_buf_add_u8(out, (uint8_t)s->set);
    par_buf_add_u8(out, (uint8_t)(on & s->set));
    if (s->set & PAR_SET_MUTED_UNTIL)
        par_buf_add_u64(out, (uint64_t)s->muted_until);
    if (s->set & PAR_SET_DRAFT)
        put_text(out, s->draft);
}

void par_delivery_encode(const struct par_delivery *d, struct par_buf *out)
{
    par_buf_add_u8(out, VERSION);
    par_buf_add_u8(out, (uint8_t)d->kind);
    par_buf_add_u8(
        out, (uint8_t)((d->dup ? F_DUP : 0) | (d->member ? F_MEMBER : 0) | (d->on ? F_ON : 0)));
    par_buf_add_u8(out, d->forwards);
    par_buf_add(out, &d->conv, PAR_CONV_BYTES);
    par_buf_add_u64(out, d->reply.server);
    par_buf_add_u64(out, d->reply.boot);
    par_buf_add_u64(out, d->reply.handle);
    par_buf_add_u64(out, d->reply.endpoint);
    par_buf_add_u64(out, d->reply.poll_device);
    switch (d->kind) {
    case PAR_DELIVERY_ANSWER:
        put_answer(d, out);
        break;
    case PAR_DELIVERY_ENTRY:
        put_entry(d->entry, out);
        break;
    case PAR_DELIVERY_MARK:
        par_buf_add_u64(out, d->user);
        par_buf_add_u64(out, d->delivered);
        par_buf_add_u64(out, d->read);
        break;
    case PAR_DELIVERY_OTHERS:
        par_buf_add_u64(out, d->delivered);
        par_buf_add_u64(out, d->read);
        break;
    case PAR_DELIVERY_CONV:
        put_conv_event(d, out);
        break;
    case PAR_DELIVERY_SYNC:
        par_buf_add_u64(out, d->user);
        par_buf_add_u64(out, d->device);
        break;
    case PAR_DELIVERY_CLOSE:
        par_buf_add_u64(out, d->user);
        par_buf_add_u64(out, d->device);
        par_buf_add_u8(out, d->close);
        par_buf_add_u8(out, d->endpoint_kinds);
        par_buf_add_u64(out, (uint64_t)d->ts);
        break;
    case PAR_DELIVERY_USER:
    case PAR_DELIVERY_TYPING:
        par_buf_add_u64(out, d->user);
        break;
    case PAR_DELIVERY_WHO_SERVES:
    case PAR_DELIVERY_I_SERVE:
    case PAR_DELIVERY_KINDS:
        break;
    }
    if (!has_users(d->kind))
        return;
    par_buf_add_u32(out, (uint32_t)d->user_count);
    for (size_t i = 0; i < d->user_count; i++)
        par_buf_add_u64(out, d->users[i]);
}

static bool get_text(struct par_cursor *cur, size_t most, struct par_str *text_r)
{
    uint32_t len;
    return par_cursor_u32(cur, &len) && len <= most && par_cursor_bytes(cur, len, text_r);
}

static bool get_i64(struct par_cursor *cur, int64_t *v_r)
{
    uint64_t v;
    if (!par_cursor_u64(cur, &v) || v > INT64_MAX)
        return false;
    *v_r = (int64_t)v;
    return true;
}

static bool get_answer(struct par_cursor *cur, struct par_delivery *d)
{
    uint8_t command, err, len;
    if (!par_cursor_u8(cur, &command) || command == 0 || command >= PAR_COMMAND_KINDS ||
        !par_cursor_u8(cur, &err) || err >= PAR_E_COUNT ||
        !par_cursor_u32(cur, &d->retry_after_ms) || !par_cursor_u8(cur, &len) ||
        !par_cursor_bytes(cur, len, &d->message))
        return false;
    if (len == 0)
        d->message = (struct par_str){0};
    d->command = (enum par_command_kind)command;
    d->err = (enum par_err)err;
    return par_cursor_u64(cur, &d->seq) && get_i64(cur, &d->ts);
}

static bool get_entry(struct par_cursor *cur, struct par_arena *arena, struct par_delivery *d)
{
    struct par_entry *e = par_arena_zalloc(arena, sizeof *e);
    struct par_str bytes;
    uint64_t seq;
    if (!e || !par_cursor_u64(cur, &seq) || seq == 0 || seq > INT64_MAX ||
        !get_text(cur, PAR_DELIVERY_ENTRY_MAX, &bytes) || !par_entry_decode(bytes, e))
        return false;
    if (e->kind >= PAR_ENTRY_COUNT || e->ts < 0 || d->conv.kind == PAR_CONV_NONE)
        return false;
    e->conv = d->conv;
    e->seq = seq;
    d->entry = e;
    return true;
}

static bool get_conv_event(struct par_cursor *cur, struct par_delivery *d)
{
    struct par_settings *s = &d->settings;
    uint8_t set, on;
    if (!par_cursor_u8(cur, &set) || set & ~CONV_SET_ALL)
        return false;
    d->conv_set = set;
    if (set & PAR_CONV_EVENT_NAME && !get_text(cur, PAR_DELIVERY_TEXT_MAX, &d->name))
        return false;
    if (!(set & PAR_CONV_EVENT_SETTINGS))
        return true;
    if (!par_cursor_u8(cur, &set) || set & ~SETTINGS_ALL || !par_cursor_u8(cur, &on) ||
        on & ~(set & SETTINGS_BITS))
        return false;
    s->set = set;
    s->archived = on & PAR_SET_ARCHIVED;
    s->pinned = on & PAR_SET_PINNED;
    s->marked_unread = on & PAR_SET_MARKED_UNREAD;
    if (set & PAR_SET_MUTED_UNTIL && !get_i64(cur, &s->muted_until))
        return false;
    return !(set & PAR_SET_DRAFT) || get_text(cur, PAR_DELIVERY_TEXT_MAX, &s->draft);
}

static bool get_close(struct par_cursor *cur, struct par_delivery *d)
{
    return par_cursor_u64(cur, &d->user) && d->user != 0 && par_cursor_u64(cur, &d->device) &&
           par_cursor_u8(cur, &d->close) && d->close < PAR_CLOSE_COUNT &&
           par_cursor_u8(cur, &d->endpoint_kinds) && d->endpoint_kinds != 0 &&
           d->endpoint_kinds <= (PAR_DELIVERY_SOCKETS | PAR_DELIVERY_POLLS) && get_i64(cur, &d->ts);
}

static bool get_users(struct par_cursor *cur, struct par_arena *arena, struct par_delivery *d)
{
    uint32_t count;
    if (!par_cursor_u32(cur, &count) || count > PAR_DELIVERY_USERS_MAX ||
        par_cursor_left(cur) / 8 < count)
        return false;
    uint64_t *users = par_arena_alloc(arena, count * sizeof *users + 1);
    if (!users)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!par_cursor_u64(cur, &users[i]) || users[i] == 0)
            return false;
    d->users = users;
    d->user_count = count;
    return true;
}

static bool get_body(struct par_cursor *cur, struct par_arena *arena, struct par_delivery *d)
{
    switch (d->kind) {
    case PAR_DELIVERY_ANSWER:
        return get_answer(cur, d);
    case PAR_DELIVERY_ENTRY:
        return get_entry(cur, arena, d);
    case PAR_DELIVERY_MARK:
        return par_cursor_u64(cur, &d->user) && par_cursor_u64(cur, &d->delivered) &&
               par_cursor_u64(cur, &d->read);
    case PAR_DELIVERY_OTHERS:
        return par_cursor_u64(cur, &d->delivered) && par_cursor_u64(cur, &d->read);
    case PAR_DELIVERY_CONV:
        return get_conv_event(cur, d);
    case PAR_DELIVERY_SYNC:
        return par_cursor_u64(cur, &d->user) && par_cursor_u64(cur, &d->device);
    case PAR_DELIVERY_CLOSE:
        return get_close(cur, d);
    case PAR_DELIVERY_USER:
    case PAR_DELIVERY_TYPING:
        return par_cursor_u64(cur, &d->user) && d->user != 0;
    case PAR_DELIVERY_WHO_SERVES:
    case PAR_DELIVERY_I_SERVE:
        return true;
    case PAR_DELIVERY_KINDS:
        break;
    }
    return false;
}

static bool decode(struct par_cursor *cur, struct par_arena *arena, struct par_delivery *d)
{
    uint8_t version, kind, flags;
    struct par_str conv;
    if (!par_cursor_u8(cur, &version) || version != VERSION || !par_cursor_u8(cur, &kind) ||
        !par_cursor_u8(cur, &flags) || flags & ~F_ALL || !par_cursor_u8(cur, &d->forwards) ||
        !par_cursor_bytes(cur, PAR_CONV_BYTES, &conv) || !par_cursor_u64(cur, &d->reply.server) ||
        !par_cursor_u64(cur, &d->reply.boot) || !par_cursor_u64(cur, &d->reply.handle) ||
        !par_cursor_u64(cur, &d->reply.endpoint) || !par_cursor_u64(cur, &d->reply.poll_device))
        return false;
    memcpy(&d->conv, conv.ptr, PAR_CONV_BYTES);
    if (d->conv.kind != PAR_CONV_NONE && d->conv.kind != PAR_CONV_DIRECT &&
        d->conv.kind != PAR_CONV_GROUP)
        return false;
    d->kind = (enum par_delivery_kind)kind;
    d->dup = flags & F_DUP;
    d->member = flags & F_MEMBER;
    d->on = flags & F_ON;
    return get_body(cur, arena, d) && (!has_users(d->kind) || get_users(cur, arena, d));
}

bool par_delivery_next(struct par_cursor *cur, struct par_arena *arena, struct par_delivery *d_r)
{
    *d_r = (struct par_delivery){0};
    if (decode(cur, arena, d_r))
        return true;
    *d_r = (struct par_delivery){0};
    return false;
}
