/* Borrowed bytes with a length: how text and binary values travel between functions. */
#ifndef PAR_BASE_STR_H
#define PAR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Not owned, not NUL-terminated. ptr may be NULL only when len is 0. A missing optional value is
 * {NULL, 0}; an empty one that is present has a non-NULL ptr. */
struct par_str {
    const char *ptr;
    size_t len;
};

#define PAR_STR(literal) ((struct par_str){(literal), sizeof(literal) - 1})
#define PAR_STR_ARGS(s)  (int)(s).len, (s).ptr /* for "%.*s" */

static inline struct par_str par_str(const char *z)
{
    return (struct par_str){z, z ? strlen(z) : 0};
}

static inline struct par_str par_str_of(const void *ptr, size_t len)
{
    return (struct par_str){(const char *)ptr, len};
}

static inline bool par_str_eq(struct par_str a, struct par_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool par_str_is(struct par_str a, const char *z)
{
    return par_str_eq(a, par_str(z));
}

static inline bool par_str_starts(struct par_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

/* Byte order, shorter first among equals: <0, 0, >0. */
int par_str_cmp(struct par_str a, struct par_str b);

/* Reads a decimal number without sign, blanks or leading zeros ("0" alone is 0) that fits 64 bits.
 * False, and 0 in *value_r, otherwise. */
bool par_str_to_u64(struct par_str s, uint64_t *value_r);

/* Writes v as decimal digits, without a NUL, and returns how many. */
size_t par_u64_to_dec(uint64_t v, char out[20]);

/* True when the bytes are UTF-8 (RFC 3629: no surrogates, nothing over U+10FFFF, shortest form).
 * The number of code points goes to *code_points_r unless that is NULL. */
bool par_utf8_check(struct par_str s, size_t *code_points_r);

#endif
