/* Accounts: rows of users read and changed. */
#include "auth/account_private.h"

uint64_t par_account__new_id(void)
{
    uint64_t id;
    do {
        id = par_random_u64() & INT64_MAX;
    } while (id == 0 || id == INT64_MAX); /* the greatest one stands for nobody */
    return id;
}

enum par_err par_account__store_trouble(struct par_accounts *a)
{
    a->message = "the store does not answer; try again";
    return PAR_E_UNAVAILABLE;
}

enum par_err par_account__load(struct par_accounts *a, uint64_t user, struct par_str *raw_r,
                               struct par_user *user_r)
{
    *user_r = (struct par_user){0};
    *raw_r = (struct par_str){0};
    if (!user)
        return PAR_E_NOT_FOUND;
    struct par_key key = par_key_user(user);
    int found = par_store_get_in(a->store, PAR_T_USERS, par_key_str(&key), a->arena, raw_r);
    if (found < 0)
        return par_account__store_trouble(a);
    if (found == 0)
        return PAR_E_NOT_FOUND;
    if (!par_user_decode(*raw_r, user_r)) {
        a->message = "the account's row is damaged; run `parley store verify`";
        return PAR_E_INTERNAL;
    }
    user_r->id = user;
    return user_r->deleted ? PAR_E_NOT_FOUND : PAR_OK;
}

enum par_err par_account_get(struct par_accounts *a, uint64_t user, struct par_user *user_r)
{
    struct par_str raw;
    return par_account__load(a, user, &raw, user_r);
}

enum par_err par_account_by_name(struct par_accounts *a, struct par_str name,
                                 struct par_user *user_r)
{
    *user_r = (struct par_user){0};
    if (name.len > PAR_KEY_MAX)
        return PAR_E_NOT_FOUND;
    struct par_key key = par_key_text(name);
    struct par_str raw;
    struct par_name row;
    int found = par_store_get_in(a->store, PAR_T_NAMES, par_key_str(&key), a->arena, &raw);
    if (found < 0)
        return par_account__store_trouble(a);
    if (found == 0 || !par_name_decode(raw, &row))
        return PAR_E_NOT_FOUND;
    return par_account_get(a, row.user, user_r);
}

enum par_err par_account_change(struct par_accounts *a, uint64_t user, par_account_change_fn change,
                                void *arg, struct par_user *user_r)
{
    enum { TRIES = 16 };
    struct par_key key = par_key_user(user);
    for (int i = 0; i < TRIES; i++) {
        struct par_str raw;
        enum par_err err = par_account__load(a, user, &raw, user_r);
        if (err)
            return err;
        if (!change(arg, user_r))
            return PAR_OK;
        struct par_buf value = {0};
        par_user_encode(user_r, &value);
        int done = par_store_swap(a->store, PAR_T_USERS, par_key_str(&key), raw,
                                  par_buf_str(&value), (uint64_t)par_wall_ms(), NULL);
        par_buf_fini(&value);
        if (done < 0)
            return par_account__store_trouble(a);
        if (done > 0)
            return PAR_OK;
    }
    a->message = "the account is being changed by somebody else; try again";
    return PAR_E_UNAVAILABLE;
}

static bool set_disabled(void *arg, struct par_user *user)
{
    bool disabled = *(bool *)arg;
    bool differs = user->disabled != disabled;
    user->disabled = disabled;
    return differs;
}

enum par_err par_account_disable(struct par_accounts *a, uint64_t user, bool disabled)
{
    struct par_user now;
    return par_account_change(a, user, set_disabled, &disabled, &now);
}

static bool set_deleted(void *arg, struct par_user *user)
{
    int64_t created = user->created;
    struct par_str name = user->name;
    (void)arg;
    *user = (struct par_user){.id = user->id, .created = created, .name = name, .deleted = true};
    return true;
}

enum par_err par_account_delete(struct par_accounts *a, uint64_t user)
{
    struct par_user now;
    enum par_err err = par_account_change(a, user, set_deleted, NULL, &now);
    if (err)
        return err;
    struct par_batch batch = {0};
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    err = par_store_scan_in(a->store, PAR_T_DEVICES, par_key_str(&from), par_key_str(&to), 0, 0,
                            a->arena, &rows, NULL);
    for (; !err && rows; rows = rows->next) {
        struct par_device device;
        par_batch_delete(&batch, PAR_T_DEVICES, rows->key, PAR_STORE_FOR_GOOD);
        if (par_device_decode(rows->value, &device) && device.token_hash.len == PAR_SECRET_HASH)
            par_batch_delete(&batch, PAR_T_TOKENS, device.token_hash, PAR_STORE_FOR_GOOD);
    }
    /* The row of the name stays, and names nobody: a delete would hide the next who claims it from
     * a server whose clock is behind. */
    if (!err && par_store_commit(a->store, &batch, true) != PAR_OUTCOME_OK)
        err = par_account__store_trouble(a);
    par_batch_fini(&batch);
    return err;
}
