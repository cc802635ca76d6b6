/* Borrowed bytes: comparing, numbers, UTF-8. */
#include "base/str.h"

int par_str_cmp(struct par_str a, struct par_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c)
        return c;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool par_str_to_u64(struct par_str s, uint64_t *value_r)
{
    *value_r = 0;
    if (s.len == 0 || s.len > 20 || (s.len > 1 && s.ptr[0] == '0'))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned d = (unsigned char)s.ptr[i] - '0';
        /* Nineteen digits always fit; only the twentieth may be too much. */
        if (d > 9 || (i == 19 && v > (UINT64_MAX - d) / 10))
            return false;
        v = v * 10 + d;
    }
    *value_r = v;
    return true;
}

/* "00" to "99". */
static const char pairs[200] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* Eight digits, with leading zeros. */
static void put_eight(char *out, uint32_t v)
{
    uint32_t high = v / 10000, low = v % 10000;
    memcpy(out, pairs + 2 * (high / 100), 2);
    memcpy(out + 2, pairs + 2 * (high % 100), 2);
    memcpy(out + 4, pairs + 2 * (low / 100), 2);
    memcpy(out + 6, pairs + 2 * (low % 100), 2);
}

size_t par_u64_to_dec(uint64_t v, char out[20])
{
    /* Ids and times are long: eight digits at a time need no 64-bit division within. */
    char digits[24];
    put_eight(digits, (uint32_t)(v / 10000000000000000u));
    put_eight(digits + 8, (uint32_t)(v / 100000000 % 100000000));
    put_eight(digits + 16, (uint32_t)(v % 100000000));
    size_t skip = v >= 10000000000000000u ? 4 : v >= 100000000 ? 8 : 16;
    while (skip < 23 && digits[skip] == '0')
        skip++;
    memcpy(out, digits + skip, 24 - skip);
    return 24 - skip;
}

bool par_utf8_check(struct par_str s, size_t *code_points_r)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    const unsigned char *end = p ? p + s.len : p;
    size_t count = 0;
    if (code_points_r)
        *code_points_r = 0;
    while (p < end) {
        unsigned char c = *p;
        size_t len;
        unsigned char low = 0x80, high = 0xBF;
        if (c < 0x80) {
            len = 1;
        } else if (c >= 0xC2 && c <= 0xDF) {
            len = 2;
        } else if (c >= 0xE0 && c <= 0xEF) {
            len = 3;
            if (c == 0xE0)
                low = 0xA0;
            if (c == 0xED)
                high = 0x9F;
        } else if (c >= 0xF0 && c <= 0xF4) {
            len = 4;
            if (c == 0xF0)
                low = 0x90;
            if (c == 0xF4)
                high = 0x8F;
        } else {
            return false;
        }
        if ((size_t)(end - p) < len)
            return false;
        for (size_t i = 1; i < len; i++) {
            if (p[i] < low || p[i] > high)
                return false;
            low = 0x80;
            high = 0xBF;
        }
        p += len;
        count++;
    }
    if (code_points_r)
        *code_points_r = count;
    return true;
}
