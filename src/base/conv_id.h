/* Names of conversations: the text that clients use, and the 17 bytes that keys and commands use.
 */
#ifndef PAR_BASE_CONV_ID_H
#define PAR_BASE_CONV_ID_H

#include "base/str.h"
#include "parley/err.h"

/* The values stand in keys and never change. */
enum par_conv_kind { PAR_CONV_NONE = 0, PAR_CONV_DIRECT = 1, PAR_CONV_GROUP = 2 };

/* A direct one: the two user ids, big-endian, the smaller first. A group: its 128 bits. No padding,
 * so that the 17 bytes may be compared, hashed and copied as they are. */
struct par_conv {
    uint8_t kind;
    uint8_t id[16];
};

enum {
    PAR_CONV_BYTES = 17,
    /* The longest text of an id and its NUL: "d.", two times 19 digits, a point. */
    PAR_CONV_TEXT_MAX = 42,
};

/* User ids are 1 … 2^63 - 1. */
static inline bool par_user_id_ok(uint64_t user)
{
    return user != 0 && user <= INT64_MAX;
}

/* Reads a decimal user id; false and 0 when it is none. */
bool par_user_id_parse(struct par_str text, uint64_t *user_r);

/* Reads `d.<smaller>.<larger>` or `g.` and 32 lower-case hex digits. PAR_E_NOT_FOUND for an id that
 * begins with `d.` and is none (wrong order and equal users too), PAR_E_NOT_MEMBER for anything
 * else that is none: the answers the protocol gives. *conv_r is all zero then. */
enum par_err par_conv_parse(struct par_str text, struct par_conv *conv_r) PAR_MUST_CHECK;

/* Writes the text and a NUL; returns its length without the NUL. */
size_t par_conv_format(const struct par_conv *conv, char text_r[PAR_CONV_TEXT_MAX]);

/* The direct conversation of two different users, in either order. */
struct par_conv par_conv_direct(uint64_t a, uint64_t b);
/* The group whose id is these 16 bytes. */
struct par_conv par_conv_group(const uint8_t id[16]);

/* The users of a direct conversation; 0 and 0 for a group. */
void par_conv_users(const struct par_conv *conv, uint64_t *smaller_r, uint64_t *larger_r);
/* The other one of a direct conversation; 0 when `user` is not in it or it is a group. */
uint64_t par_conv_other(const struct par_conv *conv, uint64_t user);

static inline struct par_str par_conv_bytes(const struct par_conv *conv)
{
    return par_str_of(conv, PAR_CONV_BYTES);
}

static inline bool par_conv_eq(const struct par_conv *a, const struct par_conv *b)
{
    return memcmp(a, b, PAR_CONV_BYTES) == 0;
}

#endif
