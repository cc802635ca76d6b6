/* Keys of P-256 in OpenSSL's hands: what Web Push signs and encrypts with. */
#ifndef PAR_PUSH_CURVE_H
#define PAR_PUSH_CURVE_H

#include "push/subscription.h"

#include <openssl/evp.h>

/* A new key pair; NULL: no memory or no randomness. To be freed by EVP_PKEY_free. Any thread, as
 * all of these. */
EVP_PKEY *par_curve_new(void);
/* The key pair of this private number, for tests with known keys; NULL: it is none. */
EVP_PKEY *par_curve_private(const uint8_t number[32]);
/* Is it an uncompressed point of the curve? */
bool par_curve_check(const uint8_t point[PAR_P256_POINT]);
/* The point of a key. False: not a key of P-256. */
bool par_curve_point(EVP_PKEY *key, uint8_t point_r[PAR_P256_POINT]);
/* The secret that our key and somebody's point agree on. False: not a point. */
bool par_curve_agree(EVP_PKEY *key, const uint8_t point[PAR_P256_POINT], uint8_t secret_r[32]);
/* The ES256 signature (RFC 7518 3.4) of the bytes. */
bool par_curve_sign(EVP_PKEY *key, struct par_str bytes, uint8_t signature_r[64]);

#endif
