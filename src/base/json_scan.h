/* How the parts of JSON's grammar are found in bytes: shared by the checker and the walker. */
#ifndef PAR_BASE_JSON_SCAN_H
#define PAR_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first byte from p on that is a quote, a backslash or a control character, or `end`. */
static inline const char *par_json__string_stop(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1F);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_max_epu8(v, last_control), last_control));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && (uint8_t)*p >= 0x20)
        p++;
    return p;
}

static inline const char *par_json__skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static inline bool par_json__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hex digit, or -1. */
static inline int par_json__hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four hex digits after \u, known to be there. */
static inline unsigned par_json__u4(const char *p)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (unsigned)par_json__hex(p[i]);
    return v;
}

/* Unescapes a string whose escapes are known to be well formed. `out` has room for len bytes;
 * unescaping never makes a string longer. A lone surrogate becomes three bytes like any other code
 * unit, so that equal names stay equal; *text_r tells whether the result is text: no lone
 * surrogate, no U+0000. */
size_t par_json__unescape(const char *p, size_t len, char *out, bool *text_r);

#endif
