/* Cursors of searches: numbers between points, and the conversation. */
#include "search/cursor.h"

#include <inttypes.h>
#include <stdio.h>

enum { INCARNATION = 8, NUMBERS = 4 };

size_t par_search_cursor_write(const struct par_search_cursor *c, const char *incarnation,
                               char out[PAR_SEARCH_CURSOR_MAX])
{
    int n = snprintf(out, PAR_SEARCH_CURSOR_MAX,
                     "%.*s.%" PRIu32 ".%" PRId64 ".%" PRId64 ".%" PRIu64 ".", INCARNATION,
                     incarnation, c->digest, c->as_of, c->ts, c->seq);
    return (size_t)n + par_conv_format(&c->conv, out + n);
}

bool par_search_cursor_read(struct par_str text, const char *incarnation,
                            struct par_search_cursor *c_r)
{
    uint64_t number[NUMBERS];
    *c_r = (struct par_search_cursor){0};
    if (text.len <= INCARNATION || memcmp(text.ptr, incarnation, INCARNATION) != 0 ||
        text.ptr[INCARNATION] != '.')
        return false;
    text = par_str_of(text.ptr + INCARNATION + 1, text.len - INCARNATION - 1);
    for (int i = 0; i < NUMBERS; i++) {
        const char *point = memchr(text.ptr, '.', text.len);
        size_t len = point ? (size_t)(point - text.ptr) : 0;
        if (!point || !par_str_to_u64(par_str_of(text.ptr, len), &number[i]))
            return false;
        text = par_str_of(point + 1, text.len - len - 1);
    }
    if (number[0] > UINT32_MAX || number[1] > INT64_MAX || number[2] > INT64_MAX ||
        par_conv_parse(text, &c_r->conv) != PAR_CONV_OK) {
        c_r->conv = (struct par_conv){0};
        return false;
    }
    c_r->digest = (uint32_t)number[0];
    c_r->as_of = (int64_t)number[1];
    c_r->ts = (int64_t)number[2];
    c_r->seq = number[3];
    return true;
}

static uint32_t mix(uint32_t h, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

uint32_t par_search_digest(struct par_str query, const struct par_conv *conv, uint64_t from,
                           int64_t after_ts, int64_t before_ts)
{
    uint32_t h = mix(2166136261u, query.ptr, query.len);
    h = mix(h, conv, sizeof *conv);
    h = mix(h, &from, sizeof from);
    h = mix(h, &after_ts, sizeof after_ts);
    return mix(h, &before_ts, sizeof before_ts);
}
