/* The VAPID key and its tokens. */
#include "push/vapid.h"

#include "base/json_write.h"
#include "push/curve.h"

#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>

enum { LIFE_S = 12 * 3600, KEPT = 32, ORIGIN_MAX = 300, SIGNATURE = 64 };

struct token {
    char origin[ORIGIN_MAX];
    int64_t until_s; /* it is used; it holds for as long again */
    struct par_buf value;
};

struct par_vapid {
    EVP_PKEY *key;
    char public[90];
    struct token kept[KEPT];
    size_t next; /* the place that a new one takes */
};

static void add_base64(struct par_buf *out, const void *bytes, size_t n)
{
    size_t room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *to = (char *)par_buf_reserve(out, room);
    if (!to)
        return;
    sodium_bin2base64(to, room, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->len += room - 1;
}

void par_vapid_make(struct par_buf *out)
{
    EVP_PKEY *key = par_curve_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    if (key && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        long len = BIO_get_mem_data(bio, &data);
        par_buf_add(out, data, (size_t)len);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
}

/* Without this one OpenSSL would ask the terminal, and a start would wait for an answer. */
static int no_password(char *buf, int size, int writes, void *arg)
{
    (void)buf;
    (void)size;
    (void)writes;
    (void)arg;
    return -1;
}

enum par_err par_vapid_open(struct par_str pem, struct par_vapid **vapid_r)
{
    uint8_t point[PAR_P256_POINT];
    *vapid_r = NULL;
    struct par_vapid *v = calloc(1, sizeof *v);
    if (!v)
        return PAR_E_UNAVAILABLE;
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    v->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    if (!v->key || !par_curve_point(v->key, point)) {
        par_vapid_close(&v);
        return PAR_E_BAD_REQUEST;
    }
    sodium_bin2base64(v->public, sizeof v->public, point, sizeof point,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *vapid_r = v;
    return PAR_OK;
}

void par_vapid_close(struct par_vapid **vapid)
{
    struct par_vapid *v = *vapid;
    if (!v)
        return;
    for (size_t i = 0; i < KEPT; i++)
        par_buf_fini(&v->kept[i].value);
    EVP_PKEY_free(v->key);
    free(v);
    *vapid = NULL;
}

struct par_str par_vapid_public(const struct par_vapid *vapid)
{
    return par_str(vapid->public);
}

/* header.claims.signature, each in base64url (RFC 7515). */
static bool sign(struct par_vapid *v, struct par_str origin, const char *subject, int64_t until_s,
                 struct par_buf *out)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
    struct par_buf claims = {0}, token = {0};
    struct par_json_out w = par_json_out(&claims);
    uint8_t signature[SIGNATURE];
    par_json_open(&w);
    par_json_key_str(&w, "aud", origin);
    par_json_key_int(&w, "exp", until_s);
    par_json_key_z(&w, "sub", subject);
    par_json_close(&w);
    add_base64(&token, header, sizeof header - 1);
    par_buf_add_u8(&token, '.');
    add_base64(&token, claims.data, claims.len);
    bool ok =
        !claims.failed && !token.failed && par_curve_sign(v->key, par_buf_str(&token), signature);
    if (ok) {
        par_buf_addz(out, "vapid t=");
        par_buf_add_str(out, par_buf_str(&token));
        par_buf_add_u8(out, '.');
        add_base64(out, signature, sizeof signature);
        par_buf_addz(out, ", k=");
        par_buf_addz(out, v->public);
    }
    par_buf_fini(&claims);
    par_buf_fini(&token);
    return ok && !out->failed;
}

bool par_vapid_authorize(struct par_vapid *vapid, struct par_str origin, const char *subject,
                         int64_t now_s, struct par_buf *out)
{
    if (origin.len >= ORIGIN_MAX)
        return sign(vapid, origin, subject, now_s + LIFE_S, out);
    struct token *t = NULL;
    for (size_t i = 0; i < KEPT && !t; i++) {
        if (par_str_is(origin, vapid->kept[i].origin))
            t = &vapid->kept[i];
    }
    /* A clock that was set back by far makes a new one, too: services refuse what lives too long.
     */
    if (!t || now_s >= t->until_s || now_s < t->until_s - LIFE_S / 2) {
        if (!t)
            t = &vapid->kept[vapid->next++ % KEPT];
        memcpy(t->origin, origin.ptr, origin.len);
        t->origin[origin.len] = '\0';
        t->until_s = now_s + LIFE_S / 2;
        par_buf_clear(&t->value);
        if (!sign(vapid, origin, subject, now_s + LIFE_S, &t->value)) {
            t->origin[0] = '\0';
            return false;
        }
    }
    par_buf_add_str(out, par_buf_str(&t->value));
    return !out->failed;
}
