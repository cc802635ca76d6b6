/* A growable byte buffer: encoders append to it, codecs and connections read from it. */
#ifndef PAR_BASE_BUF_H
#define PAR_BASE_BUF_H

#include "base/str.h"

#include <stdarg.h>

/* data[0..len) is the content. Start with {0}. Appending never fails for the caller: when memory is
 * refused the buffer turns `failed`, drops its content and ignores further appends, so that an
 * encoder checks once, at its end. Not thread-safe. */
struct par_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    bool failed;
};

/* An empty buffer without memory; the same as {0}. */
void par_buf_init(struct par_buf *b);
/* Frees the memory; the buffer may be used again. */
void par_buf_fini(struct par_buf *b);
/* Forgets the content and a failure, keeps the memory. */
void par_buf_clear(struct par_buf *b);

/* Makes room for n more bytes and returns where they go, or NULL (failed). Does not change len. */
uint8_t *par_buf_reserve(struct par_buf *b, size_t n);

/* Appends: bytes, a string, a C string, formatted text, a number in decimal. */
void par_buf_add(struct par_buf *b, const void *data, size_t n);
void par_buf_add_str(struct par_buf *b, struct par_str s);
void par_buf_addz(struct par_buf *b, const char *z);
void par_buf_printf(struct par_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void par_buf_add_u64_dec(struct par_buf *b, uint64_t v);
void par_buf_add_i64_dec(struct par_buf *b, int64_t v);

/* Fixed-width integers, big-endian (so that keys sort as numbers do). */
void par_buf_add_u8(struct par_buf *b, uint8_t v);
void par_buf_add_u16(struct par_buf *b, uint16_t v);
void par_buf_add_u32(struct par_buf *b, uint32_t v);
void par_buf_add_u64(struct par_buf *b, uint64_t v);
/* Unsigned LEB128, 1-10 bytes; and bytes preceded by their length in it. */
void par_buf_add_varint(struct par_buf *b, uint64_t v);
void par_buf_add_lstr(struct par_buf *b, struct par_str s);

/* Removes n bytes from the front (n <= len). */
void par_buf_consume(struct par_buf *b, size_t n);

static inline struct par_str par_buf_str(const struct par_buf *b)
{
    return par_str_of(b->data ? (const void *)b->data : "", b->len);
}

/* The reading side: a cursor over borrowed bytes. Each get returns false, with 0 in its result and
 * `bad` set, when the bytes run out or are malformed; after that everything fails, so that a
 * decoder may check `bad` once, at its end. */
struct par_cursor {
    const uint8_t *pos;
    const uint8_t *end;
    bool bad;
};

/* Starts at the front of bytes; then one get for each put above. */
struct par_cursor par_cursor(struct par_str bytes);
bool par_cursor_u8(struct par_cursor *c, uint8_t *v_r);
bool par_cursor_u16(struct par_cursor *c, uint16_t *v_r);
bool par_cursor_u32(struct par_cursor *c, uint32_t *v_r);
bool par_cursor_u64(struct par_cursor *c, uint64_t *v_r);
bool par_cursor_varint(struct par_cursor *c, uint64_t *v_r);
/* The result borrows from the cursor's bytes. */
bool par_cursor_lstr(struct par_cursor *c, struct par_str *s_r);
bool par_cursor_bytes(struct par_cursor *c, size_t n, struct par_str *s_r);
static inline size_t par_cursor_left(const struct par_cursor *c)
{
    return (size_t)(c->end - c->pos);
}

#endif
