/* RFC 8291: from the browser's keys to one record of aes128gcm. */
#include "push/encrypt.h"

#include "loop/env.h"
#include "push/curve.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

enum { RECORD_SIZE = 4096, HASH = 32, KEY = 16, NONCE = 12, TAG = 16 };

static bool hmac(const uint8_t *key, size_t key_len, const struct par_buf *data,
                 uint8_t hash_r[HASH])
{
    unsigned len = HASH;
    return !data->failed &&
           HMAC(EVP_sha256(), key, (int)key_len, data->data, data->len, hash_r, &len) != NULL;
}

/* One step of HKDF: HMAC over the info and the byte 1. */
static bool expand(const uint8_t prk[HASH], struct par_buf *info, uint8_t hash_r[HASH])
{
    par_buf_add_u8(info, 1);
    bool ok = hmac(prk, HASH, info, hash_r);
    par_buf_clear(info);
    return ok;
}

static bool expand_word(const uint8_t prk[HASH], const char *word, struct par_buf *scratch,
                        uint8_t hash_r[HASH])
{
    par_buf_addz(scratch, word);
    par_buf_add_u8(scratch, 0);
    return expand(prk, scratch, hash_r);
}

/* From both sides' keys and the salt to the key and nonce of the record. */
static bool keys_of(const struct par_subscription *sub, EVP_PKEY *key,
                    const uint8_t own[PAR_P256_POINT], const uint8_t salt[PAR_PUSH_SALT],
                    struct par_buf *scratch, uint8_t key_r[HASH], uint8_t nonce_r[HASH])
{
    uint8_t secret[HASH], prk[HASH], ikm[HASH];
    bool ok = par_curve_agree(key, sub->point, secret);
    par_buf_add(scratch, secret, HASH);
    ok = ok && hmac(sub->auth, sizeof sub->auth, scratch, prk);
    par_buf_clear(scratch);
    par_buf_addz(scratch, "WebPush: info");
    par_buf_add_u8(scratch, 0);
    par_buf_add(scratch, sub->point, PAR_P256_POINT);
    par_buf_add(scratch, own, PAR_P256_POINT);
    ok = ok && expand(prk, scratch, ikm);
    par_buf_clear(scratch);
    par_buf_add(scratch, ikm, HASH);
    ok = ok && hmac(salt, PAR_PUSH_SALT, scratch, prk);
    par_buf_clear(scratch);
    ok = ok && expand_word(prk, "Content-Encoding: aes128gcm", scratch, key_r) &&
         expand_word(prk, "Content-Encoding: nonce", scratch, nonce_r);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(prk, sizeof prk);
    OPENSSL_cleanse(ikm, sizeof ikm);
    return ok;
}

/* Appends cipher text and tag of the plain text and the mark of the last record. */
static bool seal(const uint8_t key[KEY], const uint8_t nonce[NONCE], struct par_str plain,
                 struct par_buf *out)
{
    static const uint8_t last = 2;
    uint8_t *to = par_buf_reserve(out, plain.len + 1 + TAG);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, m = 0, end = 0;
    bool ok = to && ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, nonce) == 1 &&
              EVP_EncryptUpdate(ctx, to, &n, (const uint8_t *)plain.ptr, (int)plain.len) == 1 &&
              EVP_EncryptUpdate(ctx, to + n, &m, &last, 1) == 1 &&
              EVP_EncryptFinal_ex(ctx, to + n + m, &end) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, to + n + m) == 1;
    if (ok)
        out->len += plain.len + 1 + TAG;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

bool par_push_encrypt_with(const struct par_subscription *sub, struct par_str plain, EVP_PKEY *key,
                           const uint8_t salt[PAR_PUSH_SALT], struct par_buf *out)
{
    uint8_t own[PAR_P256_POINT], record_key[HASH], nonce[HASH];
    struct par_buf scratch = {0};
    bool ok = plain.len <= PAR_PUSH_PLAIN_MAX && par_curve_point(key, own) &&
              keys_of(sub, key, own, salt, &scratch, record_key, nonce);
    par_buf_fini(&scratch);
    if (ok) {
        par_buf_add(out, salt, PAR_PUSH_SALT);
        par_buf_add_u32(out, RECORD_SIZE);
        par_buf_add_u8(out, PAR_P256_POINT);
        par_buf_add(out, own, PAR_P256_POINT);
        ok = seal(record_key, nonce, plain, out);
    }
    OPENSSL_cleanse(record_key, sizeof record_key);
    OPENSSL_cleanse(nonce, sizeof nonce);
    return ok;
}

bool par_push_encrypt(const struct par_subscription *sub, struct par_str plain, struct par_buf *out)
{
    uint8_t salt[PAR_PUSH_SALT];
    EVP_PKEY *key = par_curve_new();
    par_random(salt, sizeof salt);
    bool ok = key && par_push_encrypt_with(sub, plain, key, salt, out);
    EVP_PKEY_free(key);
    return ok;
}
