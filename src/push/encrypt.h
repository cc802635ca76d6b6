/* The encryption of a push message for one browser: RFC 8291 on RFC 8188, one record. */
#ifndef PAR_PUSH_ENCRYPT_H
#define PAR_PUSH_ENCRYPT_H

#include "base/buf.h"
#include "parley/err.h"
#include "push/subscription.h"

#include <openssl/evp.h>

/* The longest plain text that fits the 4,096 bytes every push service takes: less the header (86),
 * the delimiter and the tag (16). */
enum { PAR_PUSH_PLAIN_MAX = 4096 - 86 - 1 - 16, PAR_PUSH_SALT = 16 };

/* Appends the body of the request (Content-Encoding: aes128gcm). A key and a salt are for one
 * message: par_push_encrypt draws both; _with is for tests that know the result. False: it does
 * not fit, or OpenSSL failed. Any thread. */
bool par_push_encrypt(const struct par_subscription *sub, struct par_str plain,
                      struct par_buf *out) PAR_MUST_CHECK;
bool par_push_encrypt_with(const struct par_subscription *sub, struct par_str plain, EVP_PKEY *key,
                           const uint8_t salt[PAR_PUSH_SALT], struct par_buf *out) PAR_MUST_CHECK;

#endif
