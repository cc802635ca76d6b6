/* Events: whole frames that the server sends unasked. */
#include "proto/encode.h"

#include "store/record_conv.h"

static struct par_json_out open_event(struct par_buf *out, const char *ev)
{
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    par_json_key_z(&w, "ev", ev);
    return w;
}

void par_event_entry(struct par_buf *out, const struct par_entry *entry, bool with_cmid)
{
    struct par_json_out w = open_event(out, "entry");
    par_json_entry_members(&w, entry, PAR_ENTRY_AS_WRITTEN | (with_cmid ? PAR_ENTRY_SHOW_CMID : 0));
    par_json_close(&w);
}

static void marks(struct par_json_out *w, uint64_t delivered, uint64_t read)
{
    par_json_key_int(w, "delivered", (int64_t)delivered);
    par_json_key_int(w, "read", (int64_t)read);
}

void par_event_mark(struct par_buf *out, const struct par_conv *conv, uint64_t user,
                    uint64_t delivered, uint64_t read)
{
    struct par_json_out w = open_event(out, "mark");
    par_json_key_conv(&w, "conv", conv);
    par_json_key_id(&w, "user", user);
    marks(&w, delivered, read);
    par_json_close(&w);
}

void par_event_mark_others(struct par_buf *out, const struct par_conv *conv, uint64_t delivered,
                           uint64_t read)
{
    struct par_json_out w = open_event(out, "mark");
    par_json_key_conv(&w, "conv", conv);
    par_json_key(&w, "others");
    par_json_open(&w);
    marks(&w, delivered, read);
    par_json_close(&w);
    par_json_close(&w);
}

void par_event_sync(struct par_buf *out)
{
    struct par_json_out w = open_event(out, "sync");
    par_json_close(&w);
}

void par_event_presence(struct par_buf *out, uint64_t user, bool online, int64_t last_seen)
{
    struct par_json_out w = open_event(out, "presence");
    par_json_key_id(&w, "user", user);
    par_json_key_z(&w, "status", online ? "online" : "offline");
    par_json_key_int(&w, "last_seen", last_seen);
    par_json_close(&w);
}

void par_event_typing(struct par_buf *out, const struct par_conv *conv, uint64_t user, bool on)
{
    struct par_json_out w = open_event(out, "typing");
    par_json_key_conv(&w, "conv", conv);
    par_json_key_id(&w, "user", user);
    par_json_key_bool(&w, "on", on);
    par_json_close(&w);
}

void par_event_drain(struct par_buf *out, uint32_t retry_after_ms)
{
    struct par_json_out w = open_event(out, "drain");
    par_json_key_int(&w, "retry_after_ms", retry_after_ms);
    par_json_close(&w);
}

void par_event_conv(struct par_buf *out, const struct par_conv *conv,
                    const struct par_conv_change *change)
{
    struct par_json_out w = open_event(out, "conv");
    const struct par_settings *set = change->settings;
    unsigned bits = set ? set->set : 0;
    par_json_key_conv(&w, "conv", conv);
    if (change->has_kind)
        par_json_key_z(&w, "kind", conv->kind == PAR_CONV_GROUP ? "group" : "direct");
    if (change->name.ptr)
        par_json_key_str(&w, "name", change->name);
    if (change->has_member)
        par_json_key_bool(&w, "member", change->member);
    if (bits & PAR_SET_MUTED_UNTIL)
        par_json_key_int(&w, "muted_until", set->muted_until);
    if (bits & PAR_SET_ARCHIVED)
        par_json_key_bool(&w, "archived", set->archived);
    if (bits & PAR_SET_PINNED)
        par_json_key_bool(&w, "pinned", set->pinned);
    if (bits & PAR_SET_MARKED_UNREAD)
        par_json_key_bool(&w, "marked_unread", set->marked_unread);
    if (bits & PAR_SET_DRAFT)
        par_json_key_str(&w, "draft", set->draft);
    par_json_close(&w);
}
