/* Text and binary forms of conversation and user ids. */
#include "base/conv_id.h"

#include <sodium.h>

_Static_assert(sizeof(struct par_conv) == 17, "compared and stored as bytes");

static void put_be(uint8_t to[8], uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        to[i] = (uint8_t)v;
}

static uint64_t get_be(const uint8_t from[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | from[i];
    return v;
}

bool par_user_parse(struct par_str text, uint64_t *user_r)
{
    *user_r = 0;
    uint64_t v;
    if (!par_str_to_u64(text, &v) || v == 0 || v > INT64_MAX)
        return false;
    *user_r = v;
    return true;
}

static bool parse_direct(struct par_str text, struct par_conv *conv_r)
{
    const char *dot = memchr(text.ptr, '.', text.len);
    if (!dot)
        return false;
    size_t n = (size_t)(dot - text.ptr);
    uint64_t low, high;
    if (!par_user_parse(par_str_of(text.ptr, n), &low) ||
        !par_user_parse(par_str_of(dot + 1, text.len - n - 1), &high) || low >= high)
        return false;
    *conv_r = par_conv_direct(low, high);
    return true;
}

static bool parse_group(struct par_str text, struct par_conv *conv_r)
{
    struct par_conv conv = {.kind = PAR_CONV_GROUP};
    if (text.len != 32)
        return false;
    for (size_t i = 0; i < 32; i++) {
        char c = text.ptr[i];
        unsigned v;
        if (c >= '0' && c <= '9')
            v = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = (unsigned)(c - 'a') + 10;
        else
            return false;
        conv.id[i / 2] = (uint8_t)(conv.id[i / 2] << 4 | v);
    }
    *conv_r = conv;
    return true;
}

enum par_conv_parse par_conv_parse(struct par_str text, struct par_conv *conv_r)
{
    *conv_r = (struct par_conv){0};
    if (text.len == 0 || text.len > PAR_CONV_TEXT_MAX)
        return PAR_CONV_BAD;
    if (text.len < 2 || text.ptr[1] != '.')
        return PAR_CONV_NOT_MEMBER;
    struct par_str rest = par_str_of(text.ptr + 2, text.len - 2);
    if (text.ptr[0] == 'd')
        return parse_direct(rest, conv_r) ? PAR_CONV_OK : PAR_CONV_NOT_FOUND;
    if (text.ptr[0] == 'g' && parse_group(rest, conv_r))
        return PAR_CONV_OK;
    return PAR_CONV_NOT_MEMBER;
}

size_t par_conv_format(const struct par_conv *conv, char out[PAR_CONV_TEXT_MAX])
{
    if (conv->kind == PAR_CONV_DIRECT) {
        size_t n = 2;
        out[0] = 'd';
        out[1] = '.';
        n += par_u64_to_dec(get_be(conv->id), out + n);
        out[n++] = '.';
        return n + par_u64_to_dec(get_be(conv->id + 8), out + n);
    }
    if (conv->kind != PAR_CONV_GROUP)
        return 0;
    out[0] = 'g';
    out[1] = '.';
    for (size_t i = 0; i < 16; i++) {
        out[2 + 2 * i] = "0123456789abcdef"[conv->id[i] >> 4];
        out[3 + 2 * i] = "0123456789abcdef"[conv->id[i] & 15];
    }
    return 34;
}

struct par_conv par_conv_direct(uint64_t a, uint64_t b)
{
    struct par_conv conv = {.kind = PAR_CONV_DIRECT};
    put_be(conv.id, a < b ? a : b);
    put_be(conv.id + 8, a < b ? b : a);
    return conv;
}

struct par_conv par_conv_group(const uint8_t id[16])
{
    struct par_conv conv = {.kind = PAR_CONV_GROUP};
    memcpy(conv.id, id, 16);
    return conv;
}

bool par_conv_users(const struct par_conv *conv, uint64_t *low_r, uint64_t *high_r)
{
    *low_r = *high_r = 0;
    if (conv->kind != PAR_CONV_DIRECT)
        return false;
    *low_r = get_be(conv->id);
    *high_r = get_be(conv->id + 8);
    return true;
}

uint16_t par_conv_hash2(const struct par_conv *conv)
{
    uint8_t h[crypto_generichash_BYTES];
    crypto_generichash(h, sizeof h, (const void *)conv, sizeof *conv, NULL, 0);
    return (uint16_t)(h[0] << 8 | h[1]);
}

uint64_t par_conv_other(const struct par_conv *conv, uint64_t self)
{
    uint64_t low, high;
    if (!par_conv_users(conv, &low, &high))
        return 0;
    return self == low ? high : self == high ? low : 0;
}
