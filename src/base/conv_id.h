/* Ids of conversations and users as values: text in frames, 17 and 8 bytes in keys. */
#ifndef PAR_BASE_CONV_ID_H
#define PAR_BASE_CONV_ID_H

#include "base/str.h"

/* The kinds are stored in keys and records: never renumber. NONE is an id that names nothing. */
enum par_conv_kind { PAR_CONV_NONE = 0, PAR_CONV_DIRECT = 1, PAR_CONV_GROUP = 2 };

/* Direct: the smaller user id, then the larger, both big-endian. Group: 128 bits. No padding, so
 * that it may be compared and hashed as 17 bytes. */
struct par_conv {
    uint8_t kind;
    uint8_t id[16];
};

enum { PAR_CONV_BYTES = 17, PAR_CONV_TEXT_MAX = 64, PAR_USER_TEXT_MAX = 20 };

/* What a client's text names. */
enum par_conv_parse {
    PAR_CONV_OK = 0,
    PAR_CONV_NOT_FOUND,  /* begins with "d." and is no direct id: answer not_found */
    PAR_CONV_NOT_MEMBER, /* nothing that could exist: answered as a group one is not in */
    PAR_CONV_BAD         /* empty or over 64 bytes: bad_request */
};

/* Reads "d.<smaller>.<larger>" (canonical decimals of 63-bit ids that are not 0) or "g." and 32
 * lower-case hex digits. *conv_r is all zeros unless OK. */
enum par_conv_parse par_conv_parse(struct par_str text, struct par_conv *conv_r);

/* Writes the text form without a NUL and returns its length (at most PAR_CONV_TEXT_MAX); 0 for
 * NONE. */
size_t par_conv_format(const struct par_conv *conv, char out[PAR_CONV_TEXT_MAX]);

/* The direct conversation of two different users. */
struct par_conv par_conv_direct(uint64_t a, uint64_t b);
struct par_conv par_conv_group(const uint8_t id[16]);

/* The two users of a direct conversation, the smaller first; false, and zeros, for any other. */
bool par_conv_users(const struct par_conv *conv, uint64_t *low_r, uint64_t *high_r);

/* The first two bytes of a hash of the id: where its rows lie in the store, and so which partition
 * its commands go to. */
uint16_t par_conv_hash2(const struct par_conv *conv);

/* The other side of a direct conversation; 0 when `self` is not one of its two users. */
uint64_t par_conv_other(const struct par_conv *conv, uint64_t self);

/* <0, 0, >0 in the order of their 17 bytes. */
static inline int par_conv_cmp(const struct par_conv *a, const struct par_conv *b)
{
    return memcmp(a, b, sizeof *a);
}

static inline bool par_conv_eq(const struct par_conv *a, const struct par_conv *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* A user id: the canonical decimal of a 63-bit number that is not 0. False, and 0, for any other
 * text, which therefore names a user who does not exist. */
bool par_user_parse(struct par_str text, uint64_t *user_r);

#endif
