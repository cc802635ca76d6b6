/* What an operator hands out: invites, and keys for other servers. */
#include "auth/account_private.h"

enum par_err par_invite_create(struct par_accounts *a, uint32_t uses, int64_t expires_ms,
                               char code_r[PAR_SECRET_TEXT])
{
    uint8_t hash[PAR_SECRET_HASH];
    int64_t now = par_wall_ms();
    par_secret_make(code_r, hash);
    struct par_key key = par_key_hash(hash);
    struct par_buf value = {0};
    struct par_invite invite = {
        .uses_left = uses, .uses = uses, .created = now, .expires = expires_ms};
    par_invite_encode(&invite, &value);
    enum par_outcome outcome = par_store_put(a->store, PAR_T_INVITES, par_key_str(&key),
                                             par_buf_str(&value), (uint64_t)now);
    par_buf_fini(&value);
    return outcome == PAR_OUTCOME_OK ? PAR_OK : par_account__store_trouble(a);
}

enum par_err par_api_key_create(struct par_accounts *a, struct par_str name, uint32_t scopes,
                                uint64_t *id_r, char secret_r[PAR_SECRET_TEXT])
{
    uint8_t hash[PAR_SECRET_HASH];
    int64_t now = par_wall_ms();
    par_secret_make(secret_r, hash);
    /* The id is drawn from the secret's hash, so that the secret alone finds its row. */
    *id_r = 0;
    for (int i = 0; i < 8; i++)
        *id_r = *id_r << 8 | hash[i];
    *id_r &= INT64_MAX;
    struct par_key key = par_key_number(*id_r);
    struct par_buf value = {0};
    struct par_api_key row = {.name = name,
                              .secret_hash = par_str_of(hash, sizeof hash),
                              .scopes = scopes,
                              .created = now};
    par_api_key_encode(&row, &value);
    int done = par_store_put_if_absent(a->store, PAR_T_API_KEYS, par_key_str(&key),
                                       par_buf_str(&value), (uint64_t)now, NULL);
    par_buf_fini(&value);
    return done == 1 ? PAR_OK : par_account__store_trouble(a);
}

enum par_err par_api_key_revoke(struct par_accounts *a, uint64_t id)
{
    struct par_key key = par_key_number(id);
    struct par_str raw;
    struct par_api_key row;
    int found = par_store_get_in(a->store, PAR_T_API_KEYS, par_key_str(&key), a->arena, &raw);
    if (found < 0)
        return par_account__store_trouble(a);
    if (found == 0 || !par_api_key_decode(raw, &row))
        return PAR_E_NOT_FOUND;
    row.revoked = par_wall_ms();
    struct par_buf value = {0};
    par_api_key_encode(&row, &value);
    /* Whoever else changes the row, revokes it. */
    int done = par_store_swap(a->store, PAR_T_API_KEYS, par_key_str(&key), raw, par_buf_str(&value),
                              (uint64_t)row.revoked, NULL);
    par_buf_fini(&value);
    return done >= 0 ? PAR_OK : par_account__store_trouble(a);
}

enum par_err par_api_key_check(struct par_accounts *a, struct par_str text,
                               struct par_api_key *key_r)
{
    *key_r = (struct par_api_key){0};
    a->message = "no such key";
    uint8_t hash[PAR_SECRET_HASH];
    if (!par_secret_hash(text, hash))
        return PAR_E_UNAUTHORIZED;
    uint64_t id = 0;
    for (int i = 0; i < 8; i++)
        id = id << 8 | hash[i];
    id &= INT64_MAX;
    struct par_key key = par_key_number(id);
    struct par_str raw;
    int found = par_store_get_in(a->store, PAR_T_API_KEYS, par_key_str(&key), a->arena, &raw);
    if (found < 0)
        return par_account__store_trouble(a);
    if (found == 0 || !par_api_key_decode(raw, key_r) || key_r->revoked ||
        key_r->secret_hash.len != PAR_SECRET_HASH ||
        !par_secret_same(hash, (const uint8_t *)key_r->secret_hash.ptr)) {
        *key_r = (struct par_api_key){0};
        return PAR_E_UNAUTHORIZED;
    }
    key_r->id = id;
    return PAR_OK;
}
