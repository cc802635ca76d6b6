/* Accounts: registering, signing in, devices, profiles, keys. Everything here works on the store
 * alone, blocks, and is used by the server's pool threads and by `parley admin`; what follows for
 * open connections is the caller's business. Rows that two might change at once are compared and
 * swapped. */
#ifndef PAR_AUTH_ACCOUNT_H
#define PAR_AUTH_ACCOUNT_H

#include "auth/secret.h"
#include "base/arena.h"
#include "parley/store.h"
#include "store/record.h"

/* What these functions work with. */
struct par_accounts {
    struct par_store *store;
    struct par_arena *arena; /* results live here */
    struct par_password_cost cost;
    uint32_t devices; /* most of a user */
    /* Is a connection of the device open? Then it is in use now. NULL: none is. */
    bool (*in_use)(void *arg, uint64_t user, uint64_t device);
    void *in_use_arg;
    const char *message; /* out: why, after an error; static, may stay NULL */
};

/* A new session: the token is told once. */
struct par_session {
    struct par_user user;
    uint64_t device;
    char token[PAR_SECRET_TEXT];
    uint64_t removed_device; /* that made room; its connections are to be closed. 0: none */
};

struct par_registration {
    struct par_str name;
    struct par_str password;     /* missing: no login by password */
    struct par_str display_name; /* missing: the name */
    struct par_str device_name;
    struct par_str invite;
    bool needs_invite;
    bool no_session; /* only the account (parley admin) */
};
/* WEAK_PASSWORD, NAME_TAKEN, FORBIDDEN (invite), UNAVAILABLE. Hashes: password threads. */
enum par_err par_account_register(struct par_accounts *a, const struct par_registration *reg,
                                  struct par_session *session_r) PAR_MUST_CHECK;

/* UNAUTHORIZED (name or password; which of them is not told), FORBIDDEN (disabled), UNAVAILABLE.
 * Hashes. */
enum par_err par_account_login(struct par_accounts *a, struct par_str name, struct par_str password,
                               struct par_str device_name,
                               struct par_session *session_r) PAR_MUST_CHECK;
/* A session for a user without a password (parley admin users create). */
enum par_err par_account_session(struct par_accounts *a, const struct par_user *user,
                                 struct par_str device_name,
                                 struct par_session *session_r) PAR_MUST_CHECK;

/* Who shows this token. UNAUTHORIZED; FORBIDDEN: the account is disabled; UNAVAILABLE. client (may
 * be missing) and the time are noted with the device, not at every call. */
enum par_err par_account_authenticate(struct par_accounts *a, struct par_str token,
                                      struct par_str client, int64_t now_ms,
                                      struct par_user *user_r, uint64_t *device_r) PAR_MUST_CHECK;

/* NOT_FOUND when there is none, or it was deleted. */
enum par_err par_account_get(struct par_accounts *a, uint64_t user,
                             struct par_user *user_r) PAR_MUST_CHECK;
enum par_err par_account_by_name(struct par_accounts *a, struct par_str name,
                                 struct par_user *user_r) PAR_MUST_CHECK;

/* Ends a device's session. NOT_FOUND. */
enum par_err par_account_revoke(struct par_accounts *a, uint64_t user,
                                uint64_t device) PAR_MUST_CHECK;

/* Changes the row of a user: change() edits the decoded row (its strings may point anywhere that
 * lives as long as the call); false: nothing is to be done. Repeats when another writer was faster.
 * *user_r is the new state. */
typedef bool (*par_account_change_fn)(void *arg, struct par_user *user);
enum par_err par_account_change(struct par_accounts *a, uint64_t user, par_account_change_fn change,
                                void *arg, struct par_user *user_r) PAR_MUST_CHECK;

/* Disables or enables; a disabled one cannot sign in, and its sessions stay. Deleting ends the
 * sessions, frees the name and empties the profile; what was written stays. */
enum par_err par_account_disable(struct par_accounts *a, uint64_t user,
                                 bool disabled) PAR_MUST_CHECK;
enum par_err par_account_delete(struct par_accounts *a, uint64_t user) PAR_MUST_CHECK;

/* Invites: the code is told once. */
enum par_err par_invite_create(struct par_accounts *a, uint32_t uses, int64_t expires_ms,
                               char code_r[PAR_SECRET_TEXT]) PAR_MUST_CHECK;

/* Server-to-server keys: callers show the secret, which is told once. */
enum par_err par_api_key_create(struct par_accounts *a, struct par_str name, uint32_t scopes,
                                uint64_t *id_r, char secret_r[PAR_SECRET_TEXT]) PAR_MUST_CHECK;
enum par_err par_api_key_revoke(struct par_accounts *a, uint64_t id) PAR_MUST_CHECK;
/* UNAUTHORIZED: no such key, or revoked. text is the secret as printed by key create. */
enum par_err par_api_key_check(struct par_accounts *a, struct par_str text,
                               struct par_api_key *key_r) PAR_MUST_CHECK;

#endif
