/* Compressing and decompressing whole messages with the thread's zlib streams. */
#include "ws/deflate.h"

#include <stdlib.h>
#include <zlib.h>

#define INFLATE_STEP 4096u
/* Chat frames are short: a small hash table is cleared faster between messages than a large one,
 * and compresses them as well. */
#define MEM_LEVEL 6
#define LEVEL     4

/* What the end of each message leaves out of the stream (RFC 7692, 7.2.1). */
static const uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};

void par_ws_deflate_fini(struct par_ws_deflate *d)
{
    if (d->_inflate) {
        inflateEnd(d->_inflate);
        free(d->_inflate);
    }
    for (size_t i = 0; i < 16; i++) {
        if (d->_deflate[i]) {
            deflateEnd(d->_deflate[i]);
            free(d->_deflate[i]);
        }
    }
    *d = (struct par_ws_deflate){0};
}

static z_stream *inflate_stream(struct par_ws_deflate *d)
{
    if (d->_inflate) {
        inflateReset(d->_inflate);
        return d->_inflate;
    }
    z_stream *z = calloc(1, sizeof *z);
    if (z && inflateInit2(z, -15) != Z_OK) {
        free(z);
        z = NULL;
    }
    return d->_inflate = z;
}

static z_stream *deflate_stream(struct par_ws_deflate *d, uint8_t window_bits)
{
    PAR_ASSERT(window_bits >= 9 && window_bits <= 15);
    z_stream *z = d->_deflate[window_bits];
    if (z) {
        deflateReset(z);
        return z;
    }
    z = calloc(1, sizeof *z);
    if (z &&
        deflateInit2(z, LEVEL, Z_DEFLATED, -window_bits, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(z);
        z = NULL;
    }
    return d->_deflate[window_bits] = z;
}

/* Decompresses what z has as input, until it is used up. */
static enum par_err inflate_input(z_stream *z, size_t limit, struct par_buf *out)
{
    for (;;) {
        /* One byte over the limit is asked for, so that a message of exactly the limit is told from
         * a longer one. */
        size_t room = limit + 1 - out->len;
        if (room > INFLATE_STEP)
            room = INFLATE_STEP;
        uint8_t *to = par_buf_reserve(out, room);
        if (!to)
            return PAR_E_INTERNAL;
        z->next_out = to;
        z->avail_out = (uInt)room;
        uInt had = z->avail_in;
        int rc = inflate(z, Z_SYNC_FLUSH);
        size_t made = room - z->avail_out;
        out->len += made;
        if (out->len > limit)
            return PAR_E_TOO_LARGE;
        if (rc == Z_STREAM_END) {
            /* A last block may be followed by more blocks of the same message (RFC 7692, 7.2.3.5).
             */
            if (z->avail_in == 0)
                return PAR_OK;
            if (inflateReset(z) != Z_OK)
                return PAR_E_INTERNAL;
            continue;
        }
        if (rc == Z_MEM_ERROR)
            return PAR_E_INTERNAL;
        if (rc != Z_OK && rc != Z_BUF_ERROR)
            return PAR_E_BAD_REQUEST;
        if (z->avail_out > 0 && z->avail_in == 0)
            return PAR_OK;
        if (made == 0 && had == z->avail_in)
            return PAR_E_BAD_REQUEST;
    }
}

enum par_err par_ws_inflate_message(struct par_ws_deflate *d, struct par_str payload, uint64_t max,
                                    struct par_buf *out)
{
    z_stream *z = inflate_stream(d);
    if (!z || payload.len > UINT32_MAX || max >= SIZE_MAX / 2)
        return PAR_E_INTERNAL;
    size_t start = out->len;
    size_t limit = start + (size_t)max;
    z->next_in = (Bytef *)(uintptr_t)payload.ptr;
    z->avail_in = (uInt)payload.len;
    enum par_err err = payload.len ? inflate_input(z, limit, out) : PAR_OK;
    if (!err) {
        z->next_in = (Bytef *)(uintptr_t)tail;
        z->avail_in = sizeof tail;
        size_t len = out->len;
        err = inflate_input(z, limit, out);
        /* A message that was cut inside a block takes the tail for its data, or stands inside a
         * block (bit 7 of data_type is clear) or inside a byte (its low bits) after it. */
        if (!err && (out->len != len || !(z->data_type & 128) || (z->data_type & 7)))
            err = PAR_E_BAD_REQUEST;
    }
    if (err && !out->failed)
        out->len = start;
    return err;
}

enum par_err par_ws_deflate_message(struct par_ws_deflate *d, uint8_t window_bits,
                                    struct par_str message, struct par_buf *out)
{
    z_stream *z = deflate_stream(d, window_bits);
    if (!z || message.len > UINT32_MAX / 2)
        return PAR_E_INTERNAL;
    size_t bound = deflateBound(z, message.len) + 16;
    uint8_t *to = par_buf_reserve(out, bound);
    if (!to)
        return PAR_E_INTERNAL;
    z->next_in = (Bytef *)(uintptr_t)message.ptr;
    z->avail_in = (uInt)message.len;
    z->next_out = to;
    z->avail_out = (uInt)bound;
    int rc = deflate(z, Z_SYNC_FLUSH);
    if ((rc != Z_OK && rc != Z_BUF_ERROR) || z->avail_in || z->avail_out == 0)
        return PAR_E_INTERNAL;
    size_t n = bound - z->avail_out;
    if (n <= sizeof tail || memcmp(to + n - sizeof tail, tail, sizeof tail) != 0)
        return PAR_E_INTERNAL;
    out->len += n - sizeof tail;
    return PAR_OK;
}
