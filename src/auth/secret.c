/* Secrets and passwords on libsodium. */
#include "auth/secret.h"

#include "loop/env.h"

#include <sodium.h>

enum par_err par_secret_init(void)
{
    return sodium_init() < 0 ? PAR_E_UNAVAILABLE : PAR_OK;
}

void par_secret_make(char text_r[PAR_SECRET_TEXT], uint8_t hash_r[PAR_SECRET_HASH])
{
    uint8_t bytes[32];
    par_random(bytes, sizeof bytes);
    sodium_bin2base64(text_r, PAR_SECRET_TEXT, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    crypto_generichash(hash_r, PAR_SECRET_HASH, bytes, sizeof bytes, NULL, 0);
    sodium_memzero(bytes, sizeof bytes);
}

bool par_secret_hash(struct par_str text, uint8_t hash_r[PAR_SECRET_HASH])
{
    uint8_t bytes[32];
    size_t len = 0;
    memset(hash_r, 0, PAR_SECRET_HASH);
    if (text.len != PAR_SECRET_TEXT - 1 ||
        sodium_base642bin(bytes, sizeof bytes, text.ptr, text.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        len != sizeof bytes)
        return false;
    crypto_generichash(hash_r, PAR_SECRET_HASH, bytes, sizeof bytes, NULL, 0);
    sodium_memzero(bytes, sizeof bytes);
    return true;
}

bool par_secret_same(const uint8_t a[PAR_SECRET_HASH], const uint8_t b[PAR_SECRET_HASH])
{
    return sodium_memcmp(a, b, PAR_SECRET_HASH) == 0;
}

enum par_err par_password_hash(struct par_str password, const struct par_password_cost *cost,
                               char text_r[PAR_PASSWORD_TEXT])
{
    _Static_assert(PAR_PASSWORD_TEXT >= crypto_pwhash_STRBYTES, "room for the text of a hash");
    memset(text_r, 0, PAR_PASSWORD_TEXT);
    int failed =
        crypto_pwhash_str_alg(text_r, password.ptr ? password.ptr : "", password.len, cost->ops,
                              cost->mem_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    return failed ? PAR_E_UNAVAILABLE : PAR_OK;
}

bool par_password_check(struct par_str text, struct par_str password,
                        const struct par_password_cost *cost)
{
    char stored[PAR_PASSWORD_TEXT];
    if (text.len == 0 || text.len >= sizeof stored) {
        if (par_password_hash(password, cost, stored))
            return false;
        return false;
    }
    memset(stored, 0, sizeof stored);
    memcpy(stored, text.ptr, text.len);
    return crypto_pwhash_str_verify(stored, password.ptr ? password.ptr : "", password.len) == 0;
}
