/* Names of conversations, read and written. */
#include "base/conv_id.h"

#include <stdio.h>

_Static_assert(sizeof(struct par_conv) == PAR_CONV_BYTES, "keys copy the struct as it is");

static void put_u64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t in[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

bool par_user_id_parse(struct par_str text, uint64_t *user_r)
{
    uint64_t user;
    *user_r = 0;
    if (!par_str_to_u64(text, &user) || !par_user_id_ok(user))
        return false;
    *user_r = user;
    return true;
}

static bool parse_direct(struct par_str rest, struct par_conv *conv_r)
{
    const char *point = rest.len > 0 ? memchr(rest.ptr, '.', rest.len) : NULL;
    if (point == NULL)
        return false;
    size_t first = (size_t)(point - rest.ptr);
    uint64_t a, b;
    if (!par_user_id_parse(par_str_of(rest.ptr, first), &a) ||
        !par_user_id_parse(par_str_of(point + 1, rest.len - first - 1), &b) || a >= b)
        return false;
    *conv_r = par_conv_direct(a, b);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool parse_group(struct par_str rest, struct par_conv *conv_r)
{
    uint8_t id[16];
    if (rest.len != 32)
        return false;
    for (size_t i = 0; i < 16; i++) {
        int high = hex_digit(rest.ptr[2 * i]), low = hex_digit(rest.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        id[i] = (uint8_t)(high << 4 | low);
    }
    *conv_r = par_conv_group(id);
    return true;
}

enum par_err par_conv_parse(struct par_str text, struct par_conv *conv_r)
{
    memset(conv_r, 0, sizeof *conv_r);
    if (par_str_starts(text, "d."))
        return parse_direct(par_str_of(text.ptr + 2, text.len - 2), conv_r) ? PAR_OK
                                                                            : PAR_E_NOT_FOUND;
    if (par_str_starts(text, "g.") && parse_group(par_str_of(text.ptr + 2, text.len - 2), conv_r))
        return PAR_OK;
    return PAR_E_NOT_MEMBER;
}

size_t par_conv_format(const struct par_conv *conv, char text_r[PAR_CONV_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    if (conv->kind == PAR_CONV_DIRECT) {
        uint64_t a, b;
        par_conv_users(conv, &a, &b);
        /* Masked, so that a damaged key cannot make the text longer than its buffer. */
        return (size_t)snprintf(text_r, PAR_CONV_TEXT_MAX, "d.%llu.%llu",
                                (unsigned long long)(a & INT64_MAX),
                                (unsigned long long)(b & INT64_MAX));
    }
    text_r[0] = 'g';
    text_r[1] = '.';
    for (size_t i = 0; i < 16; i++) {
        text_r[2 + 2 * i] = digits[conv->id[i] >> 4];
        text_r[3 + 2 * i] = digits[conv->id[i] & 15];
    }
    text_r[34] = '\0';
    return 34;
}

struct par_conv par_conv_direct(uint64_t a, uint64_t b)
{
    struct par_conv conv = {.kind = PAR_CONV_DIRECT};
    put_u64(conv.id, a < b ? a : b);
    put_u64(conv.id + 8, a < b ? b : a);
    return conv;
}

struct par_conv par_conv_group(const uint8_t id[16])
{
    struct par_conv conv = {.kind = PAR_CONV_GROUP};
    memcpy(conv.id, id, 16);
    return conv;
}

void par_conv_users(const struct par_conv *conv, uint64_t *smaller_r, uint64_t *larger_r)
{
    bool direct = conv->kind == PAR_CONV_DIRECT;
    *smaller_r = direct ? get_u64(conv->id) : 0;
    *larger_r = direct ? get_u64(conv->id + 8) : 0;
}

uint64_t par_conv_other(const struct par_conv *conv, uint64_t user)
{
    uint64_t a, b;
    par_conv_users(conv, &a, &b);
    if (user == 0)
        return 0;
    return user == a ? b : user == b ? a : 0;
}
