/* Commands as bytes. All lengths are fixed-width and unused bits are refused, so that a command has
 * exactly one encoding. */
#include "conv/command.h"

#include <sodium.h>
#include <stdlib.h>

enum { VERSION = 1, DIGEST_VERSION = 1, GROUP_ID_VERSION = 1 };

enum { F_VERDICT = 1, F_CLIENT_TS = 2, F_ON = 4, F_SHOW_READ = 8, F_ALL = 15 };

enum {
    SET_ALL = PAR_SET_MUTED_UNTIL | PAR_SET_ARCHIVED | PAR_SET_PINNED | PAR_SET_MARKED_UNREAD |
              PAR_SET_DRAFT
};

static const char *const names[PAR_COMMAND_KINDS] = {
    "none",      "send",         "edit",        "delete",       "react",      "group_create",
    "group_add", "group_remove", "group_leave", "group_rename", "group_role", "marks",
    "conv_set",  "block",        "unblock",     "void",         "seal",       "rules"};

const char *par_command_name(enum par_command_kind kind)
{
    return (unsigned)kind < PAR_COMMAND_KINDS ? names[kind] : names[0];
}

/* Which parts a kind has. */
enum { P_CONV = 1, P_CMID = 2, P_TEXT = 4, P_TARGET = 8, P_USERS = 16 };
static const uint8_t parts[PAR_COMMAND_KINDS] = {
    [PAR_COMMAND_SEND] = P_CONV | P_CMID | P_TEXT,
    [PAR_COMMAND_EDIT] = P_CONV | P_CMID | P_TEXT | P_TARGET,
    [PAR_COMMAND_DELETE] = P_CONV | P_CMID | P_TARGET,
    [PAR_COMMAND_REACT] = P_CONV | P_CMID | P_TEXT | P_TARGET,
    [PAR_COMMAND_GROUP_CREATE] = P_CONV | P_CMID | P_TEXT | P_USERS,
    [PAR_COMMAND_GROUP_ADD] = P_CONV | P_CMID | P_USERS,
    [PAR_COMMAND_GROUP_REMOVE] = P_CONV | P_CMID | P_USERS,
    [PAR_COMMAND_GROUP_LEAVE] = P_CONV | P_CMID,
    [PAR_COMMAND_GROUP_RENAME] = P_CONV | P_CMID | P_TEXT,
    [PAR_COMMAND_GROUP_ROLE] = P_CONV | P_CMID | P_USERS,
    [PAR_COMMAND_CONV_SET] = P_CONV,
    [PAR_COMMAND_BLOCK] = P_CONV,
    [PAR_COMMAND_UNBLOCK] = P_CONV,
    [PAR_COMMAND_VOID] = P_CONV,
    [PAR_COMMAND_RULES] = P_TARGET,
};

static size_t dedup_few(uint64_t *users, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < n && users[j] != users[i])
            j++;
        if (j == n)
            users[n++] = users[i];
    }
    return n;
}

size_t par_command_dedup(uint64_t *users, size_t count)
{
    if (count <= 16)
        return dedup_few(users, count);
    size_t cap = 32;
    while (cap < count * 2)
        cap *= 2;
    /* Slots hold the place in the list plus 1. Ids are random numbers, and who chooses other ones
     * to make them collide meets a multiplier that spreads neighbours. */
    uint32_t *slot = calloc(cap, sizeof *slot);
    if (!slot)
        return SIZE_MAX;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t h = users[i] * 0x9E3779B97F4A7C15u;
        size_t s = (size_t)(h ^ h >> 32) & (cap - 1);
        while (slot[s] && users[slot[s] - 1] != users[i])
            s = (s + 1) & (cap - 1);
        if (slot[s])
            continue;
        users[n++] = users[i];
        slot[s] = (uint32_t)n;
    }
    free(slot);
    return n;
}

static uint8_t *put(uint8_t *p, uint64_t v, int width)
{
    for (int i = width - 1; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
    return p + width;
}

void par_command_digest(const struct par_command *c, uint8_t digest_r[16])
{
    /* Streamed in pieces of one buffer: a command may have a long text or many users. */
    uint8_t block[512];
    uint8_t *p = block;
    *p++ = DIGEST_VERSION;
    *p++ = (uint8_t)c->kind;
    *p++ = c->on;
    *p++ = c->role;
    *p++ = c->history;
    p = put(p, c->reply_to, 8);
    p = put(p, c->target, 8);
    p = put(p, c->text.len, 4);
    p = put(p, c->user_count, 4);
    size_t rest = c->text.len + 8 * c->user_count;
    if (rest <= sizeof block - (size_t)(p - block)) {
        if (c->text.len)
            memcpy(p, c->text.ptr, c->text.len);
        p += c->text.len;
        for (size_t i = 0; i < c->user_count; i++)
            p = put(p, c->users[i], 8);
        crypto_generichash(digest_r, 16, block, (size_t)(p - block), NULL, 0);
        return;
    }
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 16);
    crypto_generichash_update(&state, block, (size_t)(p - block));
    if (c->text.len)
        crypto_generichash_update(&state, (const uint8_t *)c->text.ptr, c->text.len);
    for (size_t i = 0; i < c->user_count; i++) {
        put(block, c->users[i], 8);
        crypto_generichash_update(&state, block, 8);
    }
    crypto_generichash_final(&state, digest_r, 16);
}

struct par_conv par_conv_group_id(uint64_t creator, struct par_str cmid)
{
    uint8_t block[1 + 8 + PAR_COMMAND_CMID_MAX], id[16];
    size_t len = cmid.len < PAR_COMMAND_CMID_MAX ? cmid.len : PAR_COMMAND_CMID_MAX;
    block[0] = GROUP_ID_VERSION;
    put(block + 1, creator, 8);
    if (len)
        memcpy(block + 9, cmid.ptr, len);
    crypto_generichash(id, sizeof id, block, 9 + len, NULL, 0);
    return par_conv_group(id);
}

static void encode_marks(const struct par_command *c, struct par_buf *out)
{
    par_buf_add_u32(out, (uint32_t)c->mark_count);
    for (size_t i = 0; i < c->mark_count; i++) {
        par_buf_add(out, &c->marks[i].conv, PAR_CONV_BYTES);
        par_buf_add_u64(out, c->marks[i].delivered);
        par_buf_add_u64(out, c->marks[i].read);
    }
}

static void encode_settings(const struct par_settings *s, struct par_buf *out)
{
    par_buf_add_u8(out, (uint8_t)s->set);
    if (s->set & PAR_SET_MUTED_UNTIL)
        par_buf_add_u64(out, (uint64_t)s->muted_until);
    par_buf_add_u8(
        out, (uint8_t)((s->set & PAR_SET_ARCHIVED && s->archived ? PAR_SET_ARCHIVED : 0) |
                       (s->set & PAR_SET_PINNED && s->pinned ? PAR_SET_PINNED : 0) |
                       (s->set & PAR_SET_MARKED_UNREAD && s->marked_unread ? PAR_SET_MARKED_UNREAD
                                                                           : 0)));
    if (s->set & PAR_SET_DRAFT) {
        par_buf_add_u32(out, (uint32_t)s->draft.len);
        par_buf_add_str(out, s->draft);
    }
}

void par_command_encode(const struct par_command *c, struct par_buf *out)
{
    uint8_t head[3 + PAR_CONV_BYTES + 8 + 5 * 8 + 16], *p = head;
    uint8_t part = parts[c->kind];
    *p++ = VERSION;
    *p++ = (uint8_t)c->kind;
    *p++ = (uint8_t)((c->verdict.err != PAR_OK ? F_VERDICT : 0) |
                     (c->has_client_ts ? F_CLIENT_TS : 0) | (c->on ? F_ON : 0) |
                     (c->show_read ? F_SHOW_READ : 0));
    memcpy(p, &c->conv, PAR_CONV_BYTES);
    p += PAR_CONV_BYTES;
    p = put(p, c->sender, 8);
    p = put(p, c->reply.server, 8);
    p = put(p, c->reply.boot, 8);
    p = put(p, c->reply.handle, 8);
    p = put(p, c->reply.endpoint, 8);
    p = put(p, c->reply.poll_device, 8);
    if (part & P_CMID)
        par_command_digest(c, p);
    else
        memset(p, 0, 16);
    par_buf_reserve(out, sizeof head + 64 + c->cmid.len + c->text.len + 8 * c->user_count);
    par_buf_add(out, head, sizeof head);
    if (c->verdict.err != PAR_OK) {
        struct par_str message = c->verdict.message;
        if (message.len > PAR_COMMAND_MESSAGE_MAX)
            message.len = PAR_COMMAND_MESSAGE_MAX;
        par_buf_add_u8(out, (uint8_t)c->verdict.err);
        par_buf_add_u32(out, c->verdict.retry_after_ms);
        par_buf_add_u8(out, (uint8_t)message.len);
        par_buf_add_str(out, message);
    }
    if (c->has_client_ts)
        par_buf_add_u64(out, (uint64_t)c->client_ts);
    if (part & P_CMID) {
        par_buf_add_u8(out, (uint8_t)c->cmid.len);
        par_buf_add_str(out, c->cmid);
    }
    if (part & P_TEXT) {
        par_buf_add_u32(out, (uint32_t)c->text.len);
        par_buf_add_str(out, c->text);
    }
    if (part & P_TARGET)
        par_buf_add_u64(out, c->target);
    if (part & P_USERS) {
        par_buf_add_u32(out, (uint32_t)c->user_count);
        for (size_t i = 0; i < c->user_count; i++)
            par_buf_add_u64(out, c->users[i]);
        par_buf_add_u8(out, c->role);
        par_buf_add_u8(out, c->history);
        par_buf_add_u32(out, c->group_members);
    }
    if (c->kind == PAR_COMMAND_SEND)
        par_buf_add_u64(out, c->reply_to);
    else if (c->kind == PAR_COMMAND_MARKS)
        encode_marks(c, out);
    else if (c->kind == PAR_COMMAND_CONV_SET)
        encode_settings(&c->settings, out);
}

static bool user_ok(uint64_t user)
{
    return user != 0 && user <= INT64_MAX;
}

static bool conv_ok(const struct par_conv *conv)
{
    if (conv->kind != PAR_CONV_DIRECT)
        return conv->kind == PAR_CONV_GROUP;
    uint64_t a, b;
    par_conv_users(conv, &a, &b);
    return user_ok(a) && user_ok(b) && a < b;
}

static bool get_conv(struct par_cursor *c, struct par_conv *conv_r)
{
    struct par_str bytes;
    if (!par_cursor_bytes(c, PAR_CONV_BYTES, &bytes))
        return false;
    memcpy(conv_r, bytes.ptr, PAR_CONV_BYTES);
    return true;
}

static bool get_text(struct par_cursor *cur, struct par_str *text_r)
{
    uint32_t len;
    return par_cursor_u32(cur, &len) && len <= PAR_COMMAND_TEXT_MAX &&
           par_cursor_bytes(cur, len, text_r);
}

static bool decode_users(struct par_cursor *cur, struct par_arena *arena, struct par_command *c)
{
    uint32_t count;
    if (!par_cursor_u32(cur, &count) || count > PAR_COMMAND_USERS_MAX ||
        par_cursor_left(cur) / 8 < count)
        return false;
    uint64_t *users = par_arena_alloc(arena, count * sizeof *users);
    if (!users)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!par_cursor_u64(cur, &users[i]) || !user_ok(users[i]))
            return false;
    c->users = users;
    c->user_count = count;
    if (!par_cursor_u8(cur, &c->role) || !par_cursor_u8(cur, &c->history) ||
        !par_cursor_u32(cur, &c->group_members))
        return false;
    if (c->history > PAR_HISTORY_JOINED)
        return false;
    if (c->kind == PAR_COMMAND_GROUP_ROLE)
        return count == 1 && c->role != PAR_ROLE_NONE && c->role < PAR_ROLE_COUNT;
    return true;
}

static bool decode_marks(struct par_cursor *cur, struct par_arena *arena, struct par_command *c)
{
    uint32_t count;
    if (!par_cursor_u32(cur, &count) || count > PAR_COMMAND_MARKS_MAX ||
        par_cursor_left(cur) / (PAR_CONV_BYTES + 16) < count)
        return false;
    struct par_command_mark *marks = par_arena_alloc(arena, count * sizeof *marks);
    if (!marks)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!get_conv(cur, &marks[i].conv) || !conv_ok(&marks[i].conv) ||
            !par_cursor_u64(cur, &marks[i].delivered) || !par_cursor_u64(cur, &marks[i].read))
            return false;
    c->marks = marks;
    c->mark_count = count;
    return true;
}

static bool decode_settings(struct par_cursor *cur, struct par_settings *s)
{
    uint8_t set, on;
    uint64_t until = 0;
    if (!par_cursor_u8(cur, &set) || set & ~SET_ALL)
        return false;
    if (set & PAR_SET_MUTED_UNTIL && (!par_cursor_u64(cur, &until) || until > INT64_MAX))
        return false;
    if (!par_cursor_u8(cur, &on) ||
        on & ~(set & (PAR_SET_ARCHIVED | PAR_SET_PINNED | PAR_SET_MARKED_UNREAD)))
        return false;
    if (set & PAR_SET_DRAFT && !get_text(cur, &s->draft))
        return false;
    s->set = set;
    s->muted_until = (int64_t)until;
    s->archived = on & PAR_SET_ARCHIVED;
    s->pinned = on & PAR_SET_PINNED;
    s->marked_unread = on & PAR_SET_MARKED_UNREAD;
    return true;
}

static bool decode_verdict(struct par_cursor *cur, struct par_verdict *v)
{
    uint8_t err, len;
    if (!par_cursor_u8(cur, &err) || err == PAR_OK || err >= PAR_E_COUNT ||
        !par_cursor_u32(cur, &v->retry_after_ms) || !par_cursor_u8(cur, &len) ||
        !par_cursor_bytes(cur, len, &v->message))
        return false;
    v->err = (enum par_err)err;
    return true;
}

/* Commands of operators have no sender, all others one. */
static bool sender_ok(enum par_command_kind kind, uint64_t sender)
{
    return kind >= PAR_COMMAND_VOID ? sender == 0 : user_ok(sender);
}

static bool decode(struct par_cursor *cur, struct par_arena *arena, struct par_command *c)
{
    uint8_t version, kind, flags, len;
    uint64_t v;
    struct par_str bytes;
    if (!par_cursor_u8(cur, &version) || version != VERSION || !par_cursor_u8(cur, &kind) ||
        kind == 0 || kind >= PAR_COMMAND_KINDS || !par_cursor_u8(cur, &flags) || flags & ~F_ALL ||
        !get_conv(cur, &c->conv))
        return false;
    uint8_t part = parts[kind];
    c->kind = (enum par_command_kind)kind;
    if (part & P_CONV ? !conv_ok(&c->conv) : c->conv.kind != PAR_CONV_NONE)
        return false;
    if (!par_cursor_u64(cur, &c->sender) || !sender_ok(c->kind, c->sender) ||
        !par_cursor_u64(cur, &c->reply.server) || !par_cursor_u64(cur, &c->reply.boot) ||
        !par_cursor_u64(cur, &c->reply.handle) || !par_cursor_u64(cur, &c->reply.endpoint) ||
        !par_cursor_u64(cur, &c->reply.poll_device) ||
        !par_cursor_bytes(cur, sizeof c->digest, &bytes))
        return false;
    memcpy(c->digest, bytes.ptr, sizeof c->digest);
    if (flags & F_VERDICT && !decode_verdict(cur, &c->verdict))
        return false;
    c->on = flags & F_ON;
    c->show_read = flags & F_SHOW_READ;
    if (flags & F_CLIENT_TS) {
        if (!par_cursor_u64(cur, &v))
            return false;
        c->has_client_ts = true;
        c->client_ts = (int64_t)v;
    }
    if (part & P_CMID && (!par_cursor_u8(cur, &len) || len == 0 || len > PAR_COMMAND_CMID_MAX ||
                          !par_cursor_bytes(cur, len, &c->cmid)))
        return false;
    if (part & P_TEXT && !get_text(cur, &c->text))
        return false;
    if (part & P_TARGET && !par_cursor_u64(cur, &c->target))
        return false;
    if (part & P_USERS && !decode_users(cur, arena, c))
        return false;
    if (kind == PAR_COMMAND_SEND && !par_cursor_u64(cur, &c->reply_to))
        return false;
    if (kind == PAR_COMMAND_MARKS && !decode_marks(cur, arena, c))
        return false;
    if (kind == PAR_COMMAND_CONV_SET && !decode_settings(cur, &c->settings))
        return false;
    return par_cursor_left(cur) == 0;
}

bool par_command_decode(struct par_str bytes, struct par_arena *arena, struct par_command *c_r)
{
    struct par_cursor cur = par_cursor(bytes);
    *c_r = (struct par_command){0};
    if (decode(&cur, arena, c_r))
        return true;
    *c_r = (struct par_command){0};
    return false;
}
