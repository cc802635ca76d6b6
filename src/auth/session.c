/* Sessions: devices and their tokens; registering and signing in. */
#include "auth/account_private.h"

/* Fills device rows of the user until there is room for one more: the one unused for longest goes.
 */
static enum par_err make_room(struct par_accounts *a, uint64_t user, struct par_batch *batch,
                              uint64_t *removed_r)
{
    *removed_r = 0;
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    enum par_err err = par_store_scan_in(a->store, PAR_T_DEVICES, par_key_str(&from),
                                         par_key_str(&to), 0, 0, a->arena, &rows, NULL);
    if (err)
        return par_account__store_trouble(a);
    uint32_t count = 0;
    struct par_store_row *oldest = NULL;
    struct par_device oldest_device = {0};
    for (struct par_store_row *row = rows; row; row = row->next) {
        struct par_device device;
        uint64_t owner, id;
        if (!par_device_decode(row->value, &device) ||
            !par_key_parse_user_id(row->key, &owner, &id))
            continue;
        count++;
        if (a->in_use && a->in_use(a->in_use_arg, user, id))
            device.last_used = INT64_MAX; /* goes only when all of them are in use */
        if (!oldest || device.last_used < oldest_device.last_used) {
            oldest = row;
            oldest_device = device;
        }
    }
    if (count < a->devices || !oldest)
        return PAR_OK;
    uint64_t owner;
    if (!par_key_parse_user_id(oldest->key, &owner, removed_r))
        return PAR_OK;
    par_batch_delete(batch, PAR_T_DEVICES, oldest->key, PAR_STORE_FOR_GOOD);
    if (oldest_device.token_hash.len == PAR_SECRET_HASH)
        par_batch_delete(batch, PAR_T_TOKENS, oldest_device.token_hash, PAR_STORE_FOR_GOOD);
    return PAR_OK;
}

static void put_session(struct par_batch *batch, uint64_t user, struct par_str device_name,
                        struct par_session *session)
{
    uint8_t hash[PAR_SECRET_HASH];
    int64_t now = par_wall_ms();
    session->device = par_account__new_id();
    par_secret_make(session->token, hash);
    struct par_key device_key = par_key_user_id(user, session->device);
    struct par_device device = {.name = device_name,
                                .token_hash = par_str_of(hash, sizeof hash),
                                .created = now,
                                .last_used = now};
    par_device_encode(
        &device, par_batch_begin(batch, PAR_T_DEVICES, par_key_str(&device_key), (uint64_t)now));
    par_batch_end(batch);
    struct par_key token_key = par_key_hash(hash);
    struct par_token token = {.user = user, .device = session->device, .created = now};
    par_token_encode(&token,
                     par_batch_begin(batch, PAR_T_TOKENS, par_key_str(&token_key), (uint64_t)now));
    par_batch_end(batch);
}

enum par_err par_account_session(struct par_accounts *a, const struct par_user *user,
                                 struct par_str device_name, struct par_session *session_r)
{
    *session_r = (struct par_session){.user = *user};
    struct par_batch batch = {0};
    enum par_err err = make_room(a, user->id, &batch, &session_r->removed_device);
    if (!err) {
        put_session(&batch, user->id, device_name, session_r);
        if (par_store_commit(a->store, &batch, true) != PAR_OUTCOME_OK)
            err = par_account__store_trouble(a);
    }
    par_batch_fini(&batch);
    return err;
}

/* Takes one use of an invite: 1 done, 0 no such use, -1 store trouble. */
static int use_invite(struct par_accounts *a, struct par_str code)
{
    enum { TRIES = 16 };
    uint8_t hash[PAR_SECRET_HASH];
    if (!par_secret_hash(code, hash))
        return 0;
    struct par_key key = par_key_hash(hash);
    for (int i = 0; i < TRIES; i++) {
        struct par_str raw;
        struct par_invite invite;
        int found = par_store_get_in(a->store, PAR_T_INVITES, par_key_str(&key), a->arena, &raw);
        if (found <= 0)
            return found;
        if (!par_invite_decode(raw, &invite) || invite.uses_left == 0 ||
            (invite.expires && invite.expires <= par_wall_ms()))
            return 0;
        invite.uses_left--;
        struct par_buf value = {0};
        par_invite_encode(&invite, &value);
        int done = par_store_swap(a->store, PAR_T_INVITES, par_key_str(&key), raw,
                                  par_buf_str(&value), (uint64_t)par_wall_ms(), NULL);
        par_buf_fini(&value);
        if (done)
            return done;
    }
    return -1;
}

/* The row of a user, unless there is one: 1 done, 0 there is one (which says whether the account
 * was deleted), -1 store trouble. */
static int put_user(struct par_accounts *a, const struct par_user *user, bool *deleted_r)
{
    struct par_key key = par_key_user(user->id);
    struct par_buf value = {0}, there = {0};
    par_user_encode(user, &value);
    int done = par_store_put_if_absent(a->store, PAR_T_USERS, par_key_str(&key),
                                       par_buf_str(&value), (uint64_t)user->created, &there);
    struct par_user now = {0};
    if (done == 0 && !par_user_decode(par_buf_str(&there), &now))
        done = -1;
    *deleted_r = now.deleted;
    par_buf_fini(&value);
    par_buf_fini(&there);
    return done;
}

/* Whether the user who has the name is none, and stays none: 1 yes, 0 no, -1 store trouble. One who
 * is not written may be so a moment later; a row that says "deleted" takes the place. */
static int is_nobody(struct par_accounts *a, uint64_t id, struct par_str name)
{
    struct par_user nobody = {.id = id, .name = name, .created = par_wall_ms(), .deleted = true};
    bool deleted;
    int done = put_user(a, &nobody, &deleted);
    return done != 0 ? done : deleted;
}

/* Claims the name for the user: 1 done, 0 taken, -1 store trouble. The name of an account that was
 * deleted, or never written (a crash in between), is free. */
static int claim_name(struct par_accounts *a, struct par_str name, uint64_t user)
{
    struct par_key key = par_key_text(name);
    struct par_buf value = {0}, former = {0};
    par_name_encode(&(struct par_name){.user = user}, &value);
    int done = par_store_put_if_absent(a->store, PAR_T_NAMES, par_key_str(&key),
                                       par_buf_str(&value), (uint64_t)par_wall_ms(), &former);
    struct par_name row;
    if (done == 0 && par_name_decode(par_buf_str(&former), &row)) {
        done = is_nobody(a, row.user, name);
        if (done == 1)
            done = par_store_swap(a->store, PAR_T_NAMES, par_key_str(&key), par_buf_str(&former),
                                  par_buf_str(&value), (uint64_t)par_wall_ms(), NULL);
    }
    par_buf_fini(&value);
    par_buf_fini(&former);
    return done;
}

static enum par_err weak(struct par_accounts *a, struct par_str password)
{
    enum { LEAST = 8, MOST_BYTES = 1024 };
    size_t code_points;
    if (!par_utf8_check(password, &code_points) || code_points < LEAST) {
        a->message = "password: at least 8 characters";
        return PAR_E_WEAK_PASSWORD;
    }
    if (password.len > MOST_BYTES) {
        a->message = "password: at most 1,024 bytes";
        return PAR_E_BAD_REQUEST;
    }
    return PAR_OK;
}

static enum par_err name_taken(struct par_accounts *a)
{
    a->message = "name: somebody has it";
    return PAR_E_NAME_TAKEN;
}

static enum par_err write_account(struct par_accounts *a, const struct par_registration *reg,
                                  struct par_str password, struct par_session *session)
{
    session->user.name = reg->name;
    session->user.display_name = reg->display_name.len ? reg->display_name : reg->name;
    session->user.password = password;
    session->user.created = par_wall_ms();
    bool deleted;
    int done = put_user(a, &session->user, &deleted);
    /* Somebody took this for an account that was never written, and has the name now. */
    if (done == 0)
        return name_taken(a);
    if (done < 0)
        return par_account__store_trouble(a);
    if (reg->no_session)
        return PAR_OK;
    struct par_batch batch = {0};
    put_session(&batch, session->user.id, reg->device_name, session);
    enum par_err err = par_store_commit(a->store, &batch, true) == PAR_OUTCOME_OK
                           ? PAR_OK
                           : par_account__store_trouble(a);
    par_batch_fini(&batch);
    return err;
}

enum par_err par_account_register(struct par_accounts *a, const struct par_registration *reg,
                                  struct par_session *session_r)
{
    *session_r = (struct par_session){0};
    char *password = NULL;
    if (reg->password.ptr || !reg->no_session) {
        enum par_err err = weak(a, reg->password);
        if (err)
            return err;
    }
    struct par_user other;
    enum par_err taken = par_account_by_name(a, reg->name, &other);
    if (taken == PAR_OK)
        return name_taken(a);
    if (taken != PAR_E_NOT_FOUND)
        return taken;
    if (reg->needs_invite) {
        int used = use_invite(a, reg->invite);
        if (used < 0)
            return par_account__store_trouble(a);
        if (!used) {
            a->message = "invite: missing, used up or not known";
            return PAR_E_FORBIDDEN;
        }
    }
    if (reg->password.ptr) {
        password = par_arena_alloc(a->arena, PAR_PASSWORD_TEXT);
        if (!password || par_password_hash(reg->password, &a->cost, password)) {
            a->message = "no memory for the password's hash; try again";
            return PAR_E_UNAVAILABLE;
        }
    }
    session_r->user.id = par_account__new_id();
    int claimed = claim_name(a, reg->name, session_r->user.id);
    if (claimed < 0)
        return par_account__store_trouble(a);
    if (!claimed)
        return name_taken(a);
    return write_account(a, reg, par_str(password), session_r);
}

enum par_err par_account_login(struct par_accounts *a, struct par_str name, struct par_str password,
                               struct par_str device_name, struct par_session *session_r)
{
    *session_r = (struct par_session){0};
    struct par_user user;
    enum par_err err = par_account_by_name(a, name, &user);
    if (err && err != PAR_E_NOT_FOUND)
        return err;
    bool fits = par_password_check(user.password, password, &a->cost);
    if (err || !fits) {
        a->message = "no such name, or another password";
        return PAR_E_UNAUTHORIZED;
    }
    if (user.disabled) {
        a->message = "the account is disabled";
        return PAR_E_FORBIDDEN;
    }
    return par_account_session(a, &user, device_name, session_r);
}

/* Notes the use of a device now and then; a swap, so that a device that was revoked meanwhile stays
 * gone. */
static void note_use(struct par_accounts *a, const struct par_token *token, struct par_str client,
                     int64_t now_ms)
{
    enum { EVERY_MS = 5 * 60 * 1000 };
    struct par_key key = par_key_user_id(token->user, token->device);
    struct par_str raw;
    struct par_device device;
    if (par_store_get_in(a->store, PAR_T_DEVICES, par_key_str(&key), a->arena, &raw) != 1 ||
        !par_device_decode(raw, &device))
        return;
    if (now_ms - device.last_used < EVERY_MS && (!client.ptr || par_str_eq(client, device.client)))
        return;
    device.last_used = now_ms;
    if (client.ptr)
        device.client = client;
    struct par_buf value = {0};
    par_device_encode(&device, &value);
    if (par_store_swap(a->store, PAR_T_DEVICES, par_key_str(&key), raw, par_buf_str(&value),
                       (uint64_t)now_ms, NULL) < 0)
        a->message = NULL; /* the next use notes it */
    par_buf_fini(&value);
}

enum par_err par_account_authenticate(struct par_accounts *a, struct par_str token_text,
                                      struct par_str client, int64_t now_ms,
                                      struct par_user *user_r, uint64_t *device_r)
{
    *user_r = (struct par_user){0};
    *device_r = 0;
    a->message = "the token is not valid (any more)";
    uint8_t hash[PAR_SECRET_HASH];
    if (!par_secret_hash(token_text, hash))
        return PAR_E_UNAUTHORIZED;
    struct par_key key = par_key_hash(hash);
    struct par_str raw;
    struct par_token token;
    int found = par_store_get_in(a->store, PAR_T_TOKENS, par_key_str(&key), a->arena, &raw);
    if (found < 0)
        return par_account__store_trouble(a);
    if (found == 0 || !par_token_decode(raw, &token))
        return PAR_E_UNAUTHORIZED;
    enum par_err err = par_account_get(a, token.user, user_r);
    if (err)
        return err == PAR_E_NOT_FOUND ? PAR_E_UNAUTHORIZED : err;
    if (user_r->disabled) {
        a->message = "the account is disabled";
        return PAR_E_FORBIDDEN;
    }
    note_use(a, &token, client, now_ms);
    *device_r = token.device;
    return PAR_OK;
}

enum par_err par_account_revoke(struct par_accounts *a, uint64_t user, uint64_t device_id)
{
    struct par_key key = par_key_user_id(user, device_id);
    struct par_str raw;
    struct par_device device;
    int found = par_store_get_in(a->store, PAR_T_DEVICES, par_key_str(&key), a->arena, &raw);
    if (found < 0)
        return par_account__store_trouble(a);
    if (found == 0 || !par_device_decode(raw, &device))
        return PAR_E_NOT_FOUND;
    struct par_batch batch = {0};
    par_batch_delete(&batch, PAR_T_DEVICES, par_key_str(&key), PAR_STORE_FOR_GOOD);
    if (device.token_hash.len == PAR_SECRET_HASH)
        par_batch_delete(&batch, PAR_T_TOKENS, device.token_hash, PAR_STORE_FOR_GOOD);
    enum par_err err = par_store_commit(a->store, &batch, true) == PAR_OUTCOME_OK
                           ? PAR_OK
                           : par_account__store_trouble(a);
    par_batch_fini(&batch);
    return err;
}
