/* The lines of a history: each function writes one kind. */
#include "check/history.h"

static struct par_json_out begin(struct par_buf *out, int64_t t, const char *kind)
{
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    par_json_key_z(&w, "e", kind);
    par_json_key_int(&w, "t", t);
    return w;
}

static void end(struct par_json_out *w)
{
    par_json_close(w);
    par_buf_add_u8(w->buf, '\n');
}

static const char *via_name(enum par_via via)
{
    switch (via) {
    case PAR_VIA_WS:
        return "ws";
    case PAR_VIA_POLL:
        return "poll";
    case PAR_VIA_REST:
        return "rest";
    case PAR_VIA_OP:
        return "op";
    case PAR_VIA_KEY:
        return "key";
    }
    return "ws";
}

/* A newline can stand in JSON between values only, never inside a string. */
static void add_frame(struct par_json_out *w, struct par_str frame)
{
    par_json_key(w, "frame");
    size_t from = w->buf->len;
    par_json_raw(w, frame);
    if (w->buf->failed)
        return;
    for (uint8_t *p = w->buf->data + from; p < w->buf->data + w->buf->len; p++) {
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    }
}

void par_history_begin(struct par_buf *out, const struct par_history_head *head)
{
    struct par_json_out w = begin(out, head->t, "begin");
    par_json_key_int(&w, "version", PAR_HISTORY_VERSION);
    if (head->name)
        par_json_key_z(&w, "name", head->name);
    par_json_key_int(&w, "healing_ms", head->healing_ms);
    par_json_key_int(&w, "presence_ms", head->presence_ms);
    par_json_key_bool(&w, "silence", head->silence);
    par_json_key_bool(&w, "whole", head->whole);
    par_json_key_bool(&w, "push", head->push);
    end(&w);
}

void par_history_user(struct par_buf *out, int64_t t, uint64_t user, const char *name)
{
    struct par_json_out w = begin(out, t, "user");
    par_json_key_id(&w, "user", user);
    if (name)
        par_json_key_z(&w, "name", name);
    end(&w);
}

void par_history_device(struct par_buf *out, int64_t t, const char *device, uint64_t user)
{
    struct par_json_out w = begin(out, t, "device");
    par_json_key_z(&w, "device", device);
    par_json_key_id(&w, "user", user);
    end(&w);
}

void par_history_open(struct par_buf *out, int64_t t, uint64_t conn, const char *device,
                      enum par_via via)
{
    struct par_json_out w = begin(out, t, "open");
    par_json_key_int(&w, "conn", (int64_t)conn);
    par_json_key_z(&w, "device", device);
    par_json_key_z(&w, "via", via_name(via));
    end(&w);
}

void par_history_close(struct par_buf *out, int64_t t, uint64_t conn)
{
    struct par_json_out w = begin(out, t, "close");
    par_json_key_int(&w, "conn", (int64_t)conn);
    end(&w);
}

void par_history_ask(struct par_buf *out, int64_t t, uint64_t conn, struct par_str frame)
{
    struct par_json_out w = begin(out, t, "ask");
    par_json_key_int(&w, "conn", (int64_t)conn);
    add_frame(&w, frame);
    end(&w);
}

void par_history_got(struct par_buf *out, int64_t t, uint64_t conn, struct par_str frame)
{
    struct par_json_out w = begin(out, t, "got");
    par_json_key_int(&w, "conn", (int64_t)conn);
    add_frame(&w, frame);
    end(&w);
}

void par_history_call(struct par_buf *out, int64_t t, uint64_t conn, const char *device,
                      uint64_t user, enum par_via via, struct par_str frame)
{
    struct par_json_out w = begin(out, t, "ask");
    par_json_key_int(&w, "conn", (int64_t)conn);
    if (device)
        par_json_key_z(&w, "device", device);
    else
        par_json_key_id(&w, "user", user);
    par_json_key_z(&w, "via", via_name(via));
    add_frame(&w, frame);
    end(&w);
}

void par_history_push(struct par_buf *out, int64_t t, uint64_t user, struct par_str conv,
                      uint64_t seq, const char *reason)
{
    struct par_json_out w = begin(out, t, "push");
    par_json_key_id(&w, "user", user);
    par_json_key_str(&w, "conv", conv);
    par_json_key_int(&w, "seq", (int64_t)seq);
    if (reason)
        par_json_key_z(&w, "reason", reason);
    end(&w);
}

void par_history_truth(struct par_buf *out, int64_t t, uint64_t user, bool online)
{
    struct par_json_out w = begin(out, t, "truth");
    par_json_key_id(&w, "user", user);
    par_json_key_bool(&w, "online", online);
    end(&w);
}

void par_history_heal(struct par_buf *out, int64_t t)
{
    struct par_json_out w = begin(out, t, "heal");
    end(&w);
}

void par_history_end(struct par_buf *out, int64_t t)
{
    struct par_json_out w = begin(out, t, "end");
    end(&w);
}

void par_history_note(struct par_buf *out, int64_t t, const char *text)
{
    struct par_json_out w = begin(out, t, "note");
    par_json_key_z(&w, "text", text);
    end(&w);
}

void par_history_outbox(struct par_buf *out, int64_t t, const char *device,
                        const struct par_str *cmids, size_t count)
{
    struct par_json_out w = begin(out, t, "outbox");
    par_json_key_z(&w, "device", device);
    par_json_key(&w, "cmids");
    par_json_open_array(&w);
    for (size_t i = 0; i < count; i++)
        par_json_str(&w, cmids[i]);
    par_json_close_array(&w);
    end(&w);
}

struct par_history_hold par_history_hold(struct par_buf *out, int64_t t, const char *device,
                                         struct par_str conv, uint64_t first, uint64_t last)
{
    struct par_history_hold hold = {begin(out, t, "hold")};
    par_json_key_z(&hold._w, "device", device);
    par_json_key_str(&hold._w, "conv", conv);
    par_json_key_int(&hold._w, "first", (int64_t)first);
    par_json_key_int(&hold._w, "last", (int64_t)last);
    par_json_key(&hold._w, "entries");
    par_json_open_array(&hold._w);
    return hold;
}

struct par_history_hold par_history_store(struct par_buf *out, int64_t t, struct par_str conv,
                                          uint64_t last)
{
    struct par_history_hold hold = {begin(out, t, "store")};
    par_json_key_str(&hold._w, "conv", conv);
    par_json_key_int(&hold._w, "last", (int64_t)last);
    par_json_key(&hold._w, "entries");
    par_json_open_array(&hold._w);
    return hold;
}

void par_history_hold_entry(struct par_history_hold *hold, struct par_str entry)
{
    par_json_raw(&hold->_w, entry);
}

void par_history_hold_end(struct par_history_hold *hold)
{
    par_json_close_array(&hold->_w);
    end(&hold->_w);
}
