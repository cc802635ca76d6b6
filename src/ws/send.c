/* Sending on a WebSocket connection. */
#include "ws/connection_private.h"

#include "base/stats.h"
#include "loop/env.h"

/* Payloads over this are queued by reference instead of copied twice. */
#define COPY_BYTES 16384u
/* Shorter texts gain nothing from compression. */
#define COMPRESS_BYTES 128u
#define SCRATCH_BYTES  (256u * 1024)

/* The next four bytes for a mask; NULL for a server, which does not mask. */
static const uint8_t *next_key(struct par_ws_conn *c)
{
    struct par_ws *ws = c->ws;
    if (!(c->kind & PAR_WS__CLIENT))
        return NULL;
    if (ws->_keys_left < 4) {
        par_random(ws->_keys, sizeof ws->_keys);
        ws->_keys_left = sizeof ws->_keys;
    }
    ws->_keys_left -= 4;
    return ws->_keys + ws->_keys_left;
}

static bool send_large(struct par_ws_conn *c, enum par_ws_opcode opcode, struct par_str payload)
{
    const uint8_t *key = next_key(c);
    uint8_t header[PAR_WS_HEADER_MAX];
    size_t n = par_ws_frame_header(header, opcode, 0, payload.len, key);
    struct par_shared *frame = par_shared_new(n + payload.len);
    if (!frame)
        return false;
    memcpy(frame->data, header, n);
    memcpy(frame->data + n, payload.ptr, payload.len);
    if (key)
        par_ws_mask(frame->data + n, payload.len, key, 0);
    bool sent = par_tcp_write_shared(&c->tcp, frame);
    par_shared_unref(&frame);
    return sent;
}

static bool send_compressed(struct par_ws_conn *c, enum par_ws_opcode opcode,
                            struct par_str payload)
{
    struct par_ws *ws = c->ws;
    struct par_buf z = {0};
    bool sent = false;
    if (par_ws_deflate_message(&ws->_deflate, c->window_bits, payload, &z) == PAR_OK && !z.failed) {
        par_buf_clear(&ws->_out);
        par_ws_frame_add(&ws->_out, opcode, PAR_WS_RSV1, par_buf_str(&z), next_key(c));
        sent = !ws->_out.failed && par_tcp_write(&c->tcp, ws->_out.data, ws->_out.len);
        if (ws->_out.cap > SCRATCH_BYTES)
            par_buf_fini(&ws->_out);
    }
    par_buf_fini(&z);
    return sent;
}

static bool send_plain(struct par_ws_conn *c, enum par_ws_opcode opcode, struct par_str payload)
{
    struct par_buf *out = &c->ws->_out;
    par_buf_clear(out);
    par_ws_frame_add(out, opcode, 0, payload, next_key(c));
    return !out->failed && par_tcp_write(&c->tcp, out->data, out->len);
}

static bool send_message(struct par_ws_conn *c, enum par_ws_opcode opcode, struct par_str payload)
{
    if (c->reason)
        return false;
    par_stats_inc(PAR_C_FRAMES_OUT);
    size_t least = c->ws->_settings.deflate_short ? 0 : COMPRESS_BYTES;
    if ((c->kind & PAR_WS__DEFLATE) && payload.len >= least)
        return send_compressed(c, opcode, payload);
    if (payload.len > COPY_BYTES)
        return send_large(c, opcode, payload);
    return send_plain(c, opcode, payload);
}

bool par_ws_send_text(struct par_ws_conn *c, struct par_str text)
{
    return send_message(c, PAR_WS_TEXT, text);
}

bool par_ws_send_binary(struct par_ws_conn *c, struct par_str bytes)
{
    return send_message(c, PAR_WS_BINARY, bytes);
}

bool par_ws_send_frame(struct par_ws_conn *c, struct par_shared *frame)
{
    PAR_ASSERT(!(c->kind & PAR_WS__CLIENT));
    if (c->reason)
        return false;
    par_stats_inc(PAR_C_FRAMES_OUT);
    return par_tcp_write_shared(&c->tcp, frame);
}

struct par_shared *par_ws_frame_shared(struct par_str text, uint32_t *text_at_r)
{
    uint8_t header[PAR_WS_HEADER_MAX];
    size_t n = par_ws_frame_header(header, PAR_WS_TEXT, 0, text.len, NULL);
    struct par_shared *frame = par_shared_new(n + text.len);
    if (text_at_r)
        *text_at_r = frame ? (uint32_t)n : 0;
    if (!frame)
        return NULL;
    memcpy(frame->data, header, n);
    if (text.len)
        memcpy(frame->data + n, text.ptr, text.len);
    return frame;
}

bool par_ws__send_control(struct par_ws_conn *c, enum par_ws_opcode opcode, struct par_str payload)
{
    return !c->reason && send_plain(c, opcode, payload);
}

void par_ws__send_close(struct par_ws_conn *c, uint16_t code, struct par_str text)
{
    struct par_buf *out = &c->ws->_out;
    if (c->reason)
        return;
    par_buf_clear(out);
    par_ws_frame_add_close(out, code, text, next_key(c));
    if (!out->failed)
        par_tcp_write(&c->tcp, out->data, out->len);
}

void par_ws_ping(struct par_ws_conn *c)
{
    par_stats_inc(PAR_C_PINGS);
    par_ws__send_control(c, PAR_WS_PING, (struct par_str){0});
}
