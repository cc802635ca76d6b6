/* Answers, entries and rows of conversations as JSON. */
#include "proto/encode.h"

#include "store/record_conv.h"

static void open_answer(struct par_json_out *w, struct par_re re)
{
    par_json_open(w);
    par_json_key(w, "re");
    if (re.has_id)
        par_json_int(w, re.id);
    else
        par_json_null(w);
}

struct par_json_out par_answer_open(struct par_buf *out, struct par_re re)
{
    struct par_json_out w = par_json_out(out);
    open_answer(&w, re);
    par_json_key(&w, "ok");
    par_json_open(&w);
    return w;
}

void par_answer_close(struct par_json_out *w)
{
    par_json_close(w);
    par_json_close(w);
}

void par_answer_empty(struct par_buf *out, struct par_re re)
{
    struct par_json_out w = par_answer_open(out, re);
    par_answer_close(&w);
}

void par_answer_written(struct par_buf *out, struct par_re re, const struct par_conv *conv,
                        uint64_t seq, int64_t ts, bool dup)
{
    struct par_json_out w = par_answer_open(out, re);
    par_json_key_conv(&w, "conv", conv);
    par_json_key_int(&w, "seq", (int64_t)seq);
    par_json_key_int(&w, "ts", ts);
    par_json_key_bool(&w, "dup", dup);
    par_answer_close(&w);
}

static void error_member(struct par_json_out *w, enum par_err err, const char *message,
                         uint32_t retry_after_ms)
{
    par_json_key(w, "error");
    par_json_open(w);
    par_json_key_z(w, "code", par_err_code(err));
    par_json_key_z(w, "message", message ? message : par_err_code(err));
    par_json_key_bool(w, "retry", par_err_retry(err));
    par_json_key_int(w, "retry_after_ms", retry_after_ms);
    par_json_close(w);
}

void par_answer_error(struct par_buf *out, struct par_re re, enum par_err err, const char *message,
                      uint32_t retry_after_ms)
{
    struct par_json_out w = par_json_out(out);
    open_answer(&w, re);
    error_member(&w, err, message, retry_after_ms);
    par_json_close(&w);
}

void par_rest_error(struct par_buf *out, enum par_err err, const char *message,
                    uint32_t retry_after_ms)
{
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    error_member(&w, err, message, retry_after_ms);
    par_json_close(&w);
}

void par_json_conv(struct par_json_out *w, const struct par_conv *conv)
{
    char text[PAR_CONV_TEXT_MAX];
    par_json_str(w, par_str_of(text, par_conv_format(conv, text)));
}

void par_json_key_conv(struct par_json_out *w, const char *name, const struct par_conv *conv)
{
    par_json_key(w, name);
    par_json_conv(w, conv);
}

void par_json_limits(struct par_json_out *w, const struct par_proto_limits *limits)
{
    par_json_open(w);
#define X(name, value) par_json_key_int(w, #name, limits->name);
    PAR_PROTO_LIMITS(X)
#undef X
    par_json_close(w);
}

static void key_seq(struct par_json_out *w, const char *name, uint64_t seq)
{
    if (seq)
        par_json_key_int(w, name, (int64_t)seq);
}

static void key_message_id(struct par_json_out *w, const struct par_entry *e)
{
    char id[PAR_CONV_TEXT_MAX + 24];
    size_t n = par_conv_format(&e->conv, id);
    id[n++] = ':';
    char digits[20];
    size_t i = sizeof digits;
    uint64_t seq = e->seq;
    do
        digits[--i] = (char)('0' + seq % 10);
    while (seq /= 10);
    memcpy(id + n, digits + i, sizeof digits - i);
    par_json_key_str(w, "message_id", par_str_of(id, n + sizeof digits - i));
}

void par_json_entry_members(struct par_json_out *w, const struct par_entry *e, unsigned show)
{
    par_json_key_conv(w, "conv", &e->conv);
    par_json_key_int(w, "seq", (int64_t)e->seq);
    par_json_key_int(w, "ts", e->ts);
    par_json_key_id(w, "from", e->sender);
    par_json_key_z(w, "kind", par_entry_kind_name(e->kind));
    if (e->text.ptr)
        par_json_key_str(w, "text", e->text);
    if ((show & PAR_ENTRY_SHOW_CMID) && e->cmid.len)
        par_json_key_str(w, "cmid", e->cmid);
    key_seq(w, "reply_to", e->reply_to);
    if (e->has_client_ts)
        par_json_key_int(w, "client_ts", e->client_ts);
    key_seq(w, "target", e->target);
    if (e->kind == PAR_ENTRY_REACTION)
        par_json_key_bool(w, "on", e->on);
    if (e->users.len || e->kind == PAR_ENTRY_CREATED) {
        par_json_key(w, "users");
        par_json_open_array(w);
        for (size_t i = 0; i < par_users_count(e->users); i++)
            par_json_id(w, par_users_at(e->users, i));
        par_json_close_array(w);
    }
    if (e->kind == PAR_ENTRY_ROLE_CHANGED)
        par_json_key_z(w, "role", par_role_name(e->role));
    if (e->kind == PAR_ENTRY_CREATED)
        par_json_key_z(w, "history", e->history == PAR_HISTORY_JOINED ? "joined" : "all");
    if (!(show & PAR_ENTRY_AS_WRITTEN)) {
        key_seq(w, "edited_seq", e->edited_seq);
        key_seq(w, "deleted_seq", e->deleted_seq);
    }
    if (show & PAR_ENTRY_SHOW_MESSAGE_ID)
        key_message_id(w, e);
}

void par_json_entry(struct par_json_out *w, const struct par_entry *entry, unsigned show)
{
    par_json_open(w);
    par_json_entry_members(w, entry, show);
    par_json_close(w);
}

void par_json_conv_row_members(struct par_json_out *w, const struct par_conv_row *row)
{
    par_json_key_conv(w, "conv", &row->conv);
    par_json_key_z(w, "kind", row->conv.kind == PAR_CONV_GROUP ? "group" : "direct");
    par_json_key_str(w, "name", row->name);
    par_json_key_int(w, "last_seq", (int64_t)row->last_seq);
    par_json_key(w, "last_entry");
    if (row->last_entry)
        par_json_entry(w, row->last_entry, row->last_entry_own ? PAR_ENTRY_SHOW_CMID : 0);
    else
        par_json_null(w);
    par_json_key_int(w, "unread", row->unread);
    par_json_key_int(w, "delivered", (int64_t)row->delivered);
    par_json_key_int(w, "read", (int64_t)row->read);
    par_json_key(w, "others");
    par_json_open(w);
    par_json_key_int(w, "delivered", (int64_t)row->others_delivered);
    par_json_key_int(w, "read", (int64_t)row->others_read);
    par_json_close(w);
    par_json_key_bool(w, "member", row->member);
    par_json_key_int(w, "member_count", row->member_count);
    par_json_key_int(w, "muted_until", row->muted_until);
    par_json_key_bool(w, "archived", row->archived);
    par_json_key_bool(w, "pinned", row->pinned);
    par_json_key_bool(w, "marked_unread", row->marked_unread);
    par_json_key_str(w, "draft", row->draft);
}

void par_json_conv_row(struct par_json_out *w, const struct par_conv_row *row)
{
    par_json_open(w);
    par_json_conv_row_members(w, row);
    par_json_close(w);
}
