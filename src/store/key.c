/* Keys: built and taken apart. */
#include "store/key.h"

#include "parley/err.h"

#include <sodium.h>

static uint16_t hash2(const void *data, size_t n)
{
    uint8_t h[crypto_generichash_BYTES];
    crypto_generichash(h, sizeof h, data, n, NULL, 0);
    return (uint16_t)(h[0] << 8 | h[1]);
}

static void put_u64(uint8_t *to, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        to[i] = (uint8_t)v;
}

static uint64_t get_u64(const void *from)
{
    const uint8_t *p = from;
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

uint16_t par_key_conv_hash2(const struct par_conv *conv)
{
    return par_conv_hash2(conv);
}

uint16_t par_key_user_hash2(uint64_t user)
{
    uint8_t bytes[8];
    put_u64(bytes, user);
    return hash2(bytes, sizeof bytes);
}

static void add_u64(struct par_key *key, uint64_t v)
{
    put_u64(key->bytes + key->len, v);
    key->len += 8;
}

static void add(struct par_key *key, const void *data, size_t n)
{
    PAR_ASSERT(n <= sizeof key->bytes - key->len);
    if (n > 0)
        memcpy(key->bytes + key->len, data, n);
    key->len = (uint8_t)(key->len + n);
}

static void add_hash2(struct par_key *key, uint16_t hash)
{
    key->bytes[key->len++] = (uint8_t)(hash >> 8);
    key->bytes[key->len++] = (uint8_t)hash;
}

struct par_key par_key_conv(const struct par_conv *conv)
{
    struct par_key key;
    key.len = 0;
    add_hash2(&key, par_key_conv_hash2(conv));
    add(&key, conv, sizeof *conv);
    return key;
}

struct par_key par_key_user(uint64_t user)
{
    struct par_key key;
    key.len = 0;
    add_hash2(&key, par_key_user_hash2(user));
    add_u64(&key, user);
    return key;
}

struct par_key par_key_entry(const struct par_conv *conv, uint64_t seq)
{
    struct par_key key = par_key_conv(conv);
    add_u64(&key, ~seq);
    return key;
}

struct par_key par_key_search(const struct par_conv *conv, uint64_t block)
{
    return par_key_entry(conv, block);
}

struct par_key par_key_cmid(const struct par_conv *conv, uint64_t sender, struct par_str cmid)
{
    struct par_key key = par_key_conv(conv);
    PAR_ASSERT(cmid.len <= PAR_KEY_CMID_MAX);
    add_u64(&key, sender);
    add(&key, cmid.ptr, cmid.len);
    return key;
}

struct par_key par_key_mark(const struct par_conv *conv, uint64_t user)
{
    struct par_key key = par_key_conv(conv);
    add_u64(&key, user);
    return key;
}

struct par_key par_key_user_conv(uint64_t user, const struct par_conv *conv)
{
    struct par_key key = par_key_user(user);
    add(&key, conv, sizeof *conv);
    return key;
}

struct par_key par_key_user_id(uint64_t user, uint64_t id)
{
    struct par_key key = par_key_user(user);
    add_u64(&key, id);
    return key;
}

struct par_key par_key_number(uint64_t number)
{
    struct par_key key;
    key.len = 0;
    add_u64(&key, number);
    return key;
}

struct par_key par_key_hash(const uint8_t hash[PAR_KEY_HASH])
{
    struct par_key key;
    key.len = 0;
    add(&key, hash, PAR_KEY_HASH);
    return key;
}

struct par_key par_key_text(struct par_str text)
{
    struct par_key key;
    key.len = 0;
    add(&key, text.ptr, text.len);
    return key;
}

struct par_key par_key_after(struct par_str prefix)
{
    struct par_key key = par_key_text(prefix);
    while (key.len > 0 && key.bytes[key.len - 1] == 0xFF)
        key.len--;
    if (key.len > 0)
        key.bytes[key.len - 1]++;
    return key;
}

/* The two bytes before n bytes of `what` must be their hash. */
static bool hash2_holds(const uint8_t *key, size_t n)
{
    return hash2(key + 2, n) == (uint16_t)(key[0] << 8 | key[1]);
}

static bool take_conv(struct par_str key, size_t len, struct par_conv *conv_r)
{
    const uint8_t *bytes = (const uint8_t *)key.ptr;
    memset(conv_r, 0, sizeof *conv_r);
    if (key.len != len || !hash2_holds(bytes, sizeof *conv_r) ||
        (bytes[2] != PAR_CONV_DIRECT && bytes[2] != PAR_CONV_GROUP))
        return false;
    memcpy(conv_r, bytes + 2, sizeof *conv_r);
    return true;
}

static bool take_user(struct par_str key, size_t len, uint64_t *user_r)
{
    *user_r = 0;
    if (key.len != len || !hash2_holds((const uint8_t *)key.ptr, 8))
        return false;
    *user_r = get_u64(key.ptr + 2);
    return true;
}

bool par_key_parse_conv(struct par_str key, struct par_conv *conv_r)
{
    return take_conv(key, PAR_KEY_CONV, conv_r);
}

bool par_key_parse_entry(struct par_str key, struct par_conv *conv_r, uint64_t *seq_r)
{
    *seq_r = 0;
    if (!take_conv(key, PAR_KEY_CONV + 8, conv_r))
        return false;
    *seq_r = ~get_u64(key.ptr + PAR_KEY_CONV);
    return true;
}

bool par_key_parse_search(struct par_str key, struct par_conv *conv_r, uint64_t *block_r)
{
    return par_key_parse_entry(key, conv_r, block_r);
}

bool par_key_parse_cmid(struct par_str key, struct par_conv *conv_r, uint64_t *sender_r,
                        struct par_str *cmid_r)
{
    *sender_r = 0;
    *cmid_r = (struct par_str){0};
    if (key.len > PAR_KEY_CONV + 8 + PAR_KEY_CMID_MAX || key.len <= PAR_KEY_CONV + 8 ||
        !take_conv(key, key.len, conv_r)) {
        memset(conv_r, 0, sizeof *conv_r);
        return false;
    }
    *sender_r = get_u64(key.ptr + PAR_KEY_CONV);
    *cmid_r = par_str_of(key.ptr + PAR_KEY_CONV + 8, key.len - PAR_KEY_CONV - 8);
    return true;
}

bool par_key_parse_mark(struct par_str key, struct par_conv *conv_r, uint64_t *user_r)
{
    *user_r = 0;
    if (!take_conv(key, PAR_KEY_CONV + 8, conv_r))
        return false;
    *user_r = get_u64(key.ptr + PAR_KEY_CONV);
    return true;
}

bool par_key_parse_user(struct par_str key, uint64_t *user_r)
{
    return take_user(key, PAR_KEY_USER, user_r);
}

bool par_key_parse_user_conv(struct par_str key, uint64_t *user_r, struct par_conv *conv_r)
{
    memset(conv_r, 0, sizeof *conv_r);
    if (!take_user(key, PAR_KEY_USER + PAR_CONV_BYTES, user_r))
        return false;
    memcpy(conv_r, key.ptr + PAR_KEY_USER, sizeof *conv_r);
    if (conv_r->kind == PAR_CONV_DIRECT || conv_r->kind == PAR_CONV_GROUP)
        return true;
    *user_r = 0;
    memset(conv_r, 0, sizeof *conv_r);
    return false;
}

bool par_key_parse_user_id(struct par_str key, uint64_t *user_r, uint64_t *id_r)
{
    *id_r = 0;
    if (!take_user(key, PAR_KEY_USER + 8, user_r))
        return false;
    *id_r = get_u64(key.ptr + PAR_KEY_USER);
    return true;
}

bool par_key_parse_number(struct par_str key, uint64_t *number_r)
{
    *number_r = 0;
    if (key.len != 8)
        return false;
    *number_r = get_u64(key.ptr);
    return true;
}
