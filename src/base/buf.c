/* The growable byte buffer and the cursor that reads what it wrote. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void par_buf_init(struct par_buf *b)
{
    *b = (struct par_buf){0};
}

void par_buf_fini(struct par_buf *b)
{
    free(b->data);
    *b = (struct par_buf){0};
}

void par_buf_clear(struct par_buf *b)
{
    b->len = 0;
    b->failed = false;
}

uint8_t *par_buf_reserve(struct par_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (b->cap - b->len >= n)
        return b->data + b->len;
    if (n > SIZE_MAX / 2 - b->len)
        goto refused;
    size_t cap = b->cap ? b->cap : 64;
    while (cap - b->len < n)
        cap *= 2;
    uint8_t *data = realloc(b->data, cap);
    if (!data)
        goto refused;
    b->data = data;
    b->cap = cap;
    return b->data + b->len;
refused:
    b->failed = true;
    b->len = 0;
    return NULL;
}

void par_buf_add(struct par_buf *b, const void *data, size_t n)
{
    if (n == 0)
        return;
    uint8_t *to = par_buf_reserve(b, n);
    if (!to)
        return;
    memcpy(to, data, n);
    b->len += n;
}

void par_buf_add_str(struct par_buf *b, struct par_str s)
{
    par_buf_add(b, s.ptr, s.len);
}

void par_buf_addz(struct par_buf *b, const char *z)
{
    par_buf_add(b, z, strlen(z));
}

void par_buf_printf(struct par_buf *b, const char *fmt, ...)
{
    va_list args;
    char small[256];
    va_start(args, fmt);
    int n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if ((size_t)n < sizeof small) {
        par_buf_add(b, small, (size_t)n);
        return;
    }
    uint8_t *to = par_buf_reserve(b, (size_t)n + 1);
    if (!to)
        return;
    va_start(args, fmt);
    vsnprintf((char *)to, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

void par_buf_add_u64_dec(struct par_buf *b, uint64_t v)
{
    uint8_t *to = par_buf_reserve(b, 20);
    if (to)
        b->len += par_u64_to_dec(v, (char *)to);
}

void par_buf_add_i64_dec(struct par_buf *b, int64_t v)
{
    if (v < 0) {
        par_buf_add_u8(b, '-');
        par_buf_add_u64_dec(b, 0 - (uint64_t)v);
    } else {
        par_buf_add_u64_dec(b, (uint64_t)v);
    }
}

static void add_be(struct par_buf *b, uint64_t v, size_t width)
{
    uint8_t *to = par_buf_reserve(b, width);
    if (!to)
        return;
    for (size_t i = width; i-- > 0; v >>= 8)
        to[i] = (uint8_t)v;
    b->len += width;
}

void par_buf_add_u8(struct par_buf *b, uint8_t v)
{
    add_be(b, v, 1);
}

void par_buf_add_u16(struct par_buf *b, uint16_t v)
{
    add_be(b, v, 2);
}

void par_buf_add_u32(struct par_buf *b, uint32_t v)
{
    add_be(b, v, 4);
}

void par_buf_add_u64(struct par_buf *b, uint64_t v)
{
    add_be(b, v, 8);
}

void par_buf_add_varint(struct par_buf *b, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    while (v >= 0x80) {
        bytes[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (uint8_t)v;
    par_buf_add(b, bytes, n);
}

void par_buf_add_lstr(struct par_buf *b, struct par_str s)
{
    par_buf_add_varint(b, s.len);
    par_buf_add_str(b, s);
}

void par_buf_consume(struct par_buf *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

struct par_cursor par_cursor(struct par_str bytes)
{
    const uint8_t *p = (const uint8_t *)bytes.ptr;
    return (struct par_cursor){p, p ? p + bytes.len : p, false};
}

static bool get_be(struct par_cursor *c, size_t width, uint64_t *v_r)
{
    *v_r = 0;
    if (c->bad || par_cursor_left(c) < width) {
        c->bad = true;
        return false;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | c->pos[i];
    c->pos += width;
    *v_r = v;
    return true;
}

bool par_cursor_u8(struct par_cursor *c, uint8_t *v_r)
{
    uint64_t v;
    bool ok = get_be(c, 1, &v);
    *v_r = (uint8_t)v;
    return ok;
}

bool par_cursor_u16(struct par_cursor *c, uint16_t *v_r)
{
    uint64_t v;
    bool ok = get_be(c, 2, &v);
    *v_r = (uint16_t)v;
    return ok;
}

bool par_cursor_u32(struct par_cursor *c, uint32_t *v_r)
{
    uint64_t v;
    bool ok = get_be(c, 4, &v);
    *v_r = (uint32_t)v;
    return ok;
}

bool par_cursor_u64(struct par_cursor *c, uint64_t *v_r)
{
    return get_be(c, 8, v_r);
}

bool par_cursor_varint(struct par_cursor *c, uint64_t *v_r)
{
    *v_r = 0;
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        if (!par_cursor_u8(c, &byte))
            return false;
        if (shift == 63 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *v_r = v;
            return true;
        }
    }
    c->bad = true;
    return false;
}

bool par_cursor_bytes(struct par_cursor *c, size_t n, struct par_str *s_r)
{
    *s_r = (struct par_str){0};
    if (c->bad || par_cursor_left(c) < n) {
        c->bad = true;
        return false;
    }
    *s_r = par_str_of(c->pos, n);
    c->pos += n;
    return true;
}

bool par_cursor_lstr(struct par_cursor *c, struct par_str *s_r)
{
    uint64_t n;
    *s_r = (struct par_str){0};
    if (!par_cursor_varint(c, &n))
        return false;
    if (n > par_cursor_left(c)) {
        c->bad = true;
        return false;
    }
    return par_cursor_bytes(c, (size_t)n, s_r);
}
