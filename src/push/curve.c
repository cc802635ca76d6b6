/* P-256 by OpenSSL. */
#include "push/curve.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

static const char curve_name[] = "P-256";

EVP_PKEY *par_curve_new(void)
{
    return EVP_EC_gen(curve_name);
}

/* A key from what it is made of; missing parts are NULL. */
static EVP_PKEY *key_from(const uint8_t *point, const BIGNUM *number)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (build && ctx &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve_name, 0) &&
        (!point ||
         OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, PAR_P256_POINT)) &&
        (!number || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number)))
        params = OSSL_PARAM_BLD_to_param(build);
    if (params && (EVP_PKEY_fromdata_init(ctx) != 1 ||
                   EVP_PKEY_fromdata(ctx, &key, number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                                     params) != 1))
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *public_key(const uint8_t point[PAR_P256_POINT])
{
    EVP_PKEY *key = point[0] == 4 ? key_from(point, NULL) : NULL;
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    if (key && (!ctx || EVP_PKEY_public_check(ctx) != 1)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

EVP_PKEY *par_curve_private(const uint8_t number[32])
{
    uint8_t bytes[PAR_P256_POINT];
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    BIGNUM *n = BN_bin2bn(number, 32, NULL);
    EVP_PKEY *key = NULL;
    if (point && n && EC_POINT_mul(group, point, n, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes,
                           NULL) == sizeof bytes)
        key = key_from(bytes, n);
    BN_clear_free(n);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return key;
}

bool par_curve_check(const uint8_t point[PAR_P256_POINT])
{
    EVP_PKEY *key = public_key(point);
    EVP_PKEY_free(key);
    return key != NULL;
}

bool par_curve_point(EVP_PKEY *key, uint8_t point_r[PAR_P256_POINT])
{
    unsigned char *bytes = NULL;
    char group[32] = "";
    bool ok = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
              (strcmp(group, "prime256v1") == 0 || strcmp(group, curve_name) == 0) &&
              EVP_PKEY_get1_encoded_public_key(key, &bytes) == PAR_P256_POINT && bytes[0] == 4;
    if (ok)
        memcpy(point_r, bytes, PAR_P256_POINT);
    OPENSSL_free(bytes);
    return ok;
}

bool par_curve_agree(EVP_PKEY *key, const uint8_t point[PAR_P256_POINT], uint8_t secret_r[32])
{
    EVP_PKEY *peer = public_key(point);
    EVP_PKEY_CTX *ctx = peer ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    size_t len = 32;
    bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
              EVP_PKEY_derive(ctx, secret_r, &len) == 1 && len == 32;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    return ok;
}

/* OpenSSL signs in DER; RFC 7518 wants the two numbers side by side. */
static bool flat(const uint8_t *der, size_t len, uint8_t signature_r[64])
{
    const unsigned char *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature_r, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature_r + 32, 32) == 32;
    ECDSA_SIG_free(sig);
    return ok;
}

bool par_curve_sign(EVP_PKEY *key, struct par_str bytes, uint8_t signature_r[64])
{
    uint8_t der[80];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, der, &len, (const unsigned char *)bytes.ptr, bytes.len) == 1 &&
              flat(der, len, signature_r);
    EVP_MD_CTX_free(ctx);
    return ok;
}
