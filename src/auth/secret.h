/* Secrets: session tokens, invite codes, keys; and passwords. Only hashes of them are ever stored.
 */
#ifndef PAR_AUTH_SECRET_H
#define PAR_AUTH_SECRET_H

#include "base/str.h"
#include "parley/err.h"

enum {
    PAR_SECRET_HASH = 32,
    PAR_SECRET_TEXT = 44,   /* 32 bytes in base64url, and a NUL */
    PAR_PASSWORD_TEXT = 128 /* an argon2id hash as libsodium writes it, and a NUL */
};

/* To be called once before the others, by main. PAR_E_UNAVAILABLE: no source of randomness. */
enum par_err par_secret_init(void) PAR_MUST_CHECK;

/* Makes a new secret of 256 random bits as text, and the hash by which it is stored. */
void par_secret_make(char text_r[PAR_SECRET_TEXT], uint8_t hash_r[PAR_SECRET_HASH]);
/* The hash of a secret that somebody shows; false when the text cannot be one. */
bool par_secret_hash(struct par_str text, uint8_t hash_r[PAR_SECRET_HASH]);
/* The same bytes, in constant time. */
bool par_secret_same(const uint8_t a[PAR_SECRET_HASH], const uint8_t b[PAR_SECRET_HASH]);

/* What one password check costs: passes, and memory in KiB. */
struct par_password_cost {
    uint64_t ops;
    uint64_t mem_kib;
};
/* argon2id (RFC 9106). Slow by intent: for password threads. PAR_E_UNAVAILABLE: no memory for it.
 */
enum par_err par_password_hash(struct par_str password, const struct par_password_cost *cost,
                               char text_r[PAR_PASSWORD_TEXT]) PAR_MUST_CHECK;
/* True when the password fits the stored text. With a missing text it takes as long as with one,
 * and is false: whether a name exists must not show in the time. */
bool par_password_check(struct par_str text, struct par_str password,
                        const struct par_password_cost *cost);

#endif
