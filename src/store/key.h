/* Keys of the store's tables (DESIGN.md 4). Numbers are big-endian, so that keys sort as numbers
 * do; hash2 is the first two bytes of BLAKE2b-256 of what follows it, so that rows spread over
 * regions. */
#ifndef PAR_STORE_KEY_H
#define PAR_STORE_KEY_H

#include "base/conv_id.h"
#include "base/str.h"

enum {
    PAR_KEY_CONV = 19, /* hash2 and conv: the prefix of everything of a conversation */
    PAR_KEY_USER = 10, /* hash2 and user: the prefix of everything of a user */
    PAR_KEY_MAX = 128, /* the longest: 19 + 8 + 64 */
    PAR_KEY_CMID_MAX = 64,
    PAR_KEY_HASH = 32, /* BLAKE2b-256 of a secret */
};

/* A key in place. par_key_str() borrows from it. */
struct par_key {
    uint8_t len;
    uint8_t bytes[PAR_KEY_MAX];
};
static inline struct par_str par_key_str(const struct par_key *key)
{
    return par_str_of(key->bytes, key->len);
}

/* The 16 bits that also choose the partition of a conversation, or the home of a user. */
uint16_t par_key_conv_hash2(const struct par_conv *conv);
uint16_t par_key_user_hash2(uint64_t user);

/* conversations and rosters; and the prefix of entries, cmids, marks. */
struct par_key par_key_conv(const struct par_conv *conv);
/* users; and the prefix of user_convs, devices, contacts, blocks, push_tokens, push_ledger. */
struct par_key par_key_user(uint64_t user);

/* entries. Newest first: a scan from seq n goes to n, n-1 …; from par_key_conv() it begins at the
 * newest. */
struct par_key par_key_entry(const struct par_conv *conv, uint64_t seq);
/* search: the signature of a block of entries, the newest first. */
struct par_key par_key_search(const struct par_conv *conv, uint64_t block);
/* cmids. A cmid longer than PAR_KEY_CMID_MAX is a bug of the caller. group.create uses the
 * conversation that it makes. */
struct par_key par_key_cmid(const struct par_conv *conv, uint64_t sender, struct par_str cmid);
struct par_key par_key_mark(const struct par_conv *conv, uint64_t user);
struct par_key par_key_user_conv(uint64_t user, const struct par_conv *conv);
/* devices, contacts, blocks, push_tokens and push_ledger: (user, device), (user, other), (user,
 * push id), (user, slot). */
struct par_key par_key_user_id(uint64_t user, uint64_t id);
/* checkpoints and api_keys: one number. */
struct par_key par_key_number(uint64_t number);
/* tokens and invites: the BLAKE2b-256 of the secret. */
struct par_key par_key_hash(const uint8_t hash[PAR_KEY_HASH]);
/* names and meta: the text itself, at most PAR_KEY_MAX bytes. */
struct par_key par_key_text(struct par_str text);

/* The least key above all that begin with these bytes: the end of a scan of a prefix. Empty (the
 * end of the table) when there is none. */
struct par_key par_key_after(struct par_str prefix);

/* Back from keys; false when the bytes are not such a key (wrong length, wrong hash2, an unknown
 * kind). */
bool par_key_parse_conv(struct par_str key, struct par_conv *conv_r);
bool par_key_parse_entry(struct par_str key, struct par_conv *conv_r, uint64_t *seq_r);
bool par_key_parse_search(struct par_str key, struct par_conv *conv_r, uint64_t *block_r);
/* The cmid borrows from the key. */
bool par_key_parse_cmid(struct par_str key, struct par_conv *conv_r, uint64_t *sender_r,
                        struct par_str *cmid_r);
bool par_key_parse_mark(struct par_str key, struct par_conv *conv_r, uint64_t *user_r);
bool par_key_parse_user(struct par_str key, uint64_t *user_r);
bool par_key_parse_user_conv(struct par_str key, uint64_t *user_r, struct par_conv *conv_r);
bool par_key_parse_user_id(struct par_str key, uint64_t *user_r, uint64_t *id_r);
bool par_key_parse_number(struct par_str key, uint64_t *number_r);

#endif
