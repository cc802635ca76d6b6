/* The JSON writer: commas, numbers, and strings whose runs without an escape are copied whole. */
#include "base/json_write.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool needs_escape(uint8_t c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* Length of the run from p that goes out as it is. */
static size_t plain_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1F);
    for (; n - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_max_epu8(v, last_control), last_control));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return i + (size_t)__builtin_ctz(mask);
    }
#endif
    while (i < n && !needs_escape(p[i]))
        i++;
    return i;
}

static void add_escape(struct par_buf *b, uint8_t c)
{
    switch (c) {
    case '"':
        par_buf_add(b, "\\\"", 2);
        break;
    case '\\':
        par_buf_add(b, "\\\\", 2);
        break;
    case '\n':
        par_buf_add(b, "\\n", 2);
        break;
    case '\r':
        par_buf_add(b, "\\r", 2);
        break;
    case '\t':
        par_buf_add(b, "\\t", 2);
        break;
    case '\b':
        par_buf_add(b, "\\b", 2);
        break;
    case '\f':
        par_buf_add(b, "\\f", 2);
        break;
    default: {
        char u[6] = {'\\', 'u', '0', '0', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
        par_buf_add(b, u, sizeof u);
    }
    }
}

void par_json_add_str(struct par_buf *b, struct par_str s)
{
    const uint8_t *p = (const uint8_t *)s.ptr;
    size_t left = s.len;
    uint8_t *to = par_buf_reserve(b, left + 2);
    if (!to)
        return;
    *to++ = '"';
    size_t run = plain_run(p, left);
    if (run)
        memcpy(to, p, run);
    if (run == left) {
        to[run] = '"';
        b->len += run + 2;
        return;
    }
    b->len += 1 + run;
    while (left > run) {
        add_escape(b, p[run]);
        p += run + 1;
        left -= run + 1;
        run = plain_run(p, left);
        par_buf_add(b, p, run);
    }
    par_buf_add(b, "\"", 1);
}

/* Room for n bytes and a comma, which is put when one is due; NULL when memory is refused. */
static char *before(struct par_json_out *w, size_t n)
{
    char *to = (char *)par_buf_reserve(w->buf, n + 1);
    if (to && w->_comma) {
        *to++ = ',';
        w->buf->len++;
    }
    w->_comma = true;
    return to;
}

static void put(struct par_json_out *w, const char *bytes, size_t n)
{
    char *to = before(w, n);
    if (!to)
        return;
    memcpy(to, bytes, n);
    w->buf->len += n;
}

static void open_with(struct par_json_out *w, const char *bracket)
{
    put(w, bracket, 1);
    w->_comma = false;
}

static void close_with(struct par_json_out *w, const char *bracket)
{
    par_buf_add(w->buf, bracket, 1);
    w->_comma = true;
}

void par_json_open(struct par_json_out *w)
{
    open_with(w, "{");
}

void par_json_close(struct par_json_out *w)
{
    close_with(w, "}");
}

void par_json_open_array(struct par_json_out *w)
{
    open_with(w, "[");
}

void par_json_close_array(struct par_json_out *w)
{
    close_with(w, "]");
}

void par_json_key(struct par_json_out *w, const char *name)
{
    size_t n = strlen(name);
    char *to = before(w, n + 3);
    w->_comma = false;
    if (!to)
        return;
    to[0] = '"';
    memcpy(to + 1, name, n);
    to[n + 1] = '"';
    to[n + 2] = ':';
    w->buf->len += n + 3;
}

void par_json_key_text(struct par_json_out *w, struct par_str name)
{
    before(w, 0);
    par_json_add_str(w->buf, name);
    par_buf_add(w->buf, ":", 1);
    w->_comma = false;
}

void par_json_str(struct par_json_out *w, struct par_str s)
{
    before(w, s.len + 2);
    par_json_add_str(w->buf, s);
}

void par_json_int(struct par_json_out *w, int64_t v)
{
    char *to = before(w, 21);
    if (!to)
        return;
    if (v < 0) {
        *to++ = '-';
        w->buf->len++;
    }
    w->buf->len += par_u64_to_dec(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, to);
}

void par_json_uint(struct par_json_out *w, uint64_t v)
{
    char *to = before(w, 20);
    if (to)
        w->buf->len += par_u64_to_dec(v, to);
}

void par_json_id(struct par_json_out *w, uint64_t v)
{
    char *to = before(w, 22);
    if (!to)
        return;
    to[0] = '"';
    size_t n = par_u64_to_dec(v, to + 1);
    to[n + 1] = '"';
    w->buf->len += n + 2;
}

void par_json_bool(struct par_json_out *w, bool v)
{
    if (v)
        put(w, "true", 4);
    else
        put(w, "false", 5);
}

void par_json_null(struct par_json_out *w)
{
    put(w, "null", 4);
}

void par_json_raw(struct par_json_out *w, struct par_str json)
{
    if (json.len)
        put(w, json.ptr, json.len);
}

void par_json_key_str(struct par_json_out *w, const char *name, struct par_str s)
{
    par_json_key(w, name);
    par_json_str(w, s);
}

void par_json_key_z(struct par_json_out *w, const char *name, const char *z)
{
    par_json_key(w, name);
    par_json_str(w, par_str(z));
}

void par_json_key_int(struct par_json_out *w, const char *name, int64_t v)
{
    par_json_key(w, name);
    par_json_int(w, v);
}

void par_json_key_id(struct par_json_out *w, const char *name, uint64_t v)
{
    par_json_key(w, name);
    par_json_id(w, v);
}

void par_json_key_bool(struct par_json_out *w, const char *name, bool v)
{
    par_json_key(w, name);
    par_json_bool(w, v);
}
