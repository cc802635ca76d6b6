/* user add, list, disable, enable, delete; users create for load tests. */
#include "admin/admin_private.h"

#include "loop/env.h"
#include "server/accounts.h"
#include "store/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool name_ok(struct par_str name)
{
    if (name.len < 2 || name.len > 32)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
            return false;
    }
    return true;
}

static int bad_name(struct par_admin_call *call)
{
    return par_admin__say(call, PAR_ADMIN_USAGE, "a name is 2 to 32 of a-z, 0-9, _ and .");
}

/* The password is the first line of the input. */
static struct par_str password_of(const struct par_admin_call *call)
{
    struct par_str p = call->input;
    const char *newline = p.len ? memchr(p.ptr, '\n', p.len) : NULL;
    if (newline)
        p.len = (size_t)(newline - p.ptr);
    if (p.len && p.ptr[p.len - 1] == '\r')
        p.len--;
    return p;
}

int par_admin__user_add(struct par_admin_call *call)
{
    struct par_str name = par_admin__word(call, 0),
                   display = par_admin__option(call, "display-name");
    struct par_registration reg = {
        .name = name, .password = password_of(call), .display_name = display, .no_session = true};
    size_t code_points;
    if (!name_ok(name))
        return bad_name(call);
    if (!par_utf8_check(display, &code_points) ||
        code_points > (size_t)PAR_CONFIG_GET(call->config->limits.name_code_points))
        return par_admin__say(call, PAR_ADMIN_USAGE, "--display-name is too long, or not UTF-8");
    if (!reg.password.ptr)
        reg.password = PAR_STR("");
    struct par_accounts accounts = par_admin__accounts(call);
    struct par_session session;
    enum par_err err = par_account_register(&accounts, &reg, &session);
    if (err)
        return par_admin__trouble(call, err, &accounts);
    par_buf_printf(&call->out, "%llu %.*s\n", (unsigned long long)session.user.id,
                   PAR_STR_ARGS(name));
    return PAR_ADMIN_OK;
}

int par_admin__user_list(struct par_admin_call *call)
{
    enum { PAGE = 1000 };
    struct par_accounts accounts = par_admin__accounts(call);
    struct par_str from = PAR_STR("");
    bool more = true;
    while (more) {
        struct par_store_row *rows;
        enum par_err err = par_store_scan_in(call->store, PAR_T_NAMES, from, (struct par_str){0},
                                             PAGE, 0, call->arena, &rows, &more);
        if (err)
            return par_admin__trouble(call, err, &accounts);
        for (; rows; rows = rows->next) {
            struct par_name name;
            struct par_user user;
            /* A name may be claimed and its account not be there yet, or any more. */
            err = par_name_decode(rows->value, &name) ? par_account_get(&accounts, name.user, &user)
                                                      : PAR_E_NOT_FOUND;
            if (err && err != PAR_E_NOT_FOUND)
                return par_admin__trouble(call, err, &accounts);
            if (!err)
                par_buf_printf(&call->out, "%llu %.*s%s\n", (unsigned long long)user.id,
                               PAR_STR_ARGS(user.name), user.disabled ? " disabled" : "");
            if (!rows->next) {
                /* The next page begins just behind this key. */
                char *next = par_arena_alloc(call->arena, rows->key.len + 1);
                if (!next)
                    return par_admin__say(call, PAR_ADMIN_FAILED, "out of memory");
                memcpy(next, rows->key.ptr, rows->key.len);
                next[rows->key.len] = 0;
                from = par_str_of(next, rows->key.len + 1);
            }
        }
    }
    return PAR_ADMIN_OK;
}

static int find(struct par_admin_call *call, struct par_accounts *accounts, struct par_user *user_r)
{
    enum par_err err = par_account_by_name(accounts, par_admin__word(call, 0), user_r);
    if (err == PAR_E_NOT_FOUND)
        return par_admin__say(call, PAR_ADMIN_FAILED, "there is no user of this name");
    return err ? par_admin__trouble(call, err, accounts) : PAR_ADMIN_OK;
}

static int set_disabled(struct par_admin_call *call, bool disabled)
{
    struct par_accounts accounts = par_admin__accounts(call);
    struct par_user user;
    int code = find(call, &accounts, &user);
    if (code)
        return code;
    enum par_err err = par_account_disable(&accounts, user.id, disabled);
    if (err)
        return par_admin__trouble(call, err, &accounts);
    if (call->server && disabled)
        par_account_changed(call->server, user.id);
    par_buf_printf(&call->out, "%.*s is %s\n", PAR_STR_ARGS(user.name),
                   disabled ? "disabled" : "enabled");
    return PAR_ADMIN_OK;
}

int par_admin__user_disable(struct par_admin_call *call)
{
    return set_disabled(call, true);
}

int par_admin__user_enable(struct par_admin_call *call)
{
    return set_disabled(call, false);
}

int par_admin__user_delete(struct par_admin_call *call)
{
    struct par_accounts accounts = par_admin__accounts(call);
    struct par_user user;
    int code = find(call, &accounts, &user);
    if (code)
        return code;
    enum par_err err = par_account_delete(&accounts, user.id);
    if (err)
        return par_admin__trouble(call, err, &accounts);
    if (call->server)
        par_account_changed(call->server, user.id);
    par_buf_printf(&call->out, "%.*s is deleted\n", PAR_STR_ARGS(user.name));
    return PAR_ADMIN_OK;
}

/* ---- users create ---- */

struct made {
    uint64_t id;
    char name[33];
    char token[PAR_SECRET_TEXT];
};

/* Names first: a store of rows that fails in between leaves names without a user, which harm
 * nobody, and no user without the name it has. */
static void put_name(struct par_batch *batch, struct made *made, int64_t now)
{
    struct par_key key = par_key_text(par_str(made->name));
    made->id = (par_random_u64() & INT64_MAX) | 1;
    par_name_encode(&(struct par_name){.user = made->id},
                    par_batch_begin(batch, PAR_T_NAMES, par_key_str(&key), (uint64_t)now));
    par_batch_end(batch);
}

static void put_user(struct par_batch *batch, struct made *made, int64_t now)
{
    uint8_t hash[PAR_SECRET_HASH];
    uint64_t device = (par_random_u64() & INT64_MAX) | 1;
    par_secret_make(made->token, hash);
    struct par_str name = par_str(made->name);
    struct par_key user_key = par_key_user(made->id);
    struct par_key device_key = par_key_user_id(made->id, device), token_key = par_key_hash(hash);
    struct par_user user = {.name = name, .display_name = name, .created = now};
    par_user_encode(&user,
                    par_batch_begin(batch, PAR_T_USERS, par_key_str(&user_key), (uint64_t)now));
    par_batch_end(batch);
    struct par_device row = {.name = PAR_STR("load test"),
                             .token_hash = par_str_of(hash, sizeof hash),
                             .created = now,
                             .last_used = now};
    par_device_encode(
        &row, par_batch_begin(batch, PAR_T_DEVICES, par_key_str(&device_key), (uint64_t)now));
    par_batch_end(batch);
    struct par_token token = {.user = made->id, .device = device, .created = now};
    par_token_encode(&token,
                     par_batch_begin(batch, PAR_T_TOKENS, par_key_str(&token_key), (uint64_t)now));
    par_batch_end(batch);
}

/* A store of many machines may take nothing for a moment, or not say that it did: the same rows are
 * then put again. */
static enum par_outcome commit(struct par_store *store, const struct par_batch *batch)
{
    enum { TRIES = 5, PAUSE_MS = 1000 };
    _Atomic uint32_t never = 0;
    enum par_outcome outcome = par_store_commit(store, batch, true);
    for (int i = 1; i < TRIES && outcome != PAR_OUTCOME_OK && !par_store_atomic(store); i++) {
        par_pause(&never, PAUSE_MS);
        outcome = par_store_commit(store, batch, true);
    }
    return outcome;
}

static int create_some(struct par_admin_call *call, struct par_str prefix, uint64_t first,
                       uint64_t count, FILE *tokens)
{
    enum { BATCH = 500 };
    static struct made made[BATCH];
    struct par_batch batch = {0};
    int code = PAR_ADMIN_OK;
    for (uint64_t at = 0; at < count && !code; at += BATCH) {
        size_t n = count - at < BATCH ? (size_t)(count - at) : BATCH;
        int64_t now = par_wall_ms();
        enum par_outcome outcome;
        par_batch_clear(&batch);
        for (size_t i = 0; i < n; i++) {
            snprintf(made[i].name, sizeof made[i].name, "%.*s%llu", PAR_STR_ARGS(prefix),
                     (unsigned long long)(first + at + i));
            put_name(&batch, &made[i], now);
        }
        outcome = commit(call->store, &batch);
        par_batch_clear(&batch);
        for (size_t i = 0; i < n && outcome == PAR_OUTCOME_OK; i++)
            put_user(&batch, &made[i], now);
        if (outcome == PAR_OUTCOME_OK)
            outcome = commit(call->store, &batch);
        if (outcome != PAR_OUTCOME_OK) {
            const char *why = par_store_trouble(call->store);
            code = par_admin__say(call, PAR_ADMIN_FAILED, "the store does not take it: %s",
                                  *why ? why : "its log line says why; try again");
            break;
        }
        for (size_t i = 0; i < n; i++)
            fprintf(tokens, "%llu %s %s\n", (unsigned long long)made[i].id, made[i].name,
                    made[i].token);
    }
    par_batch_fini(&batch);
    return code;
}

int par_admin__users_create(struct par_admin_call *call)
{
    struct par_str prefix = par_admin__option(call, "prefix"),
                   path = par_admin__option(call, "tokens");
    uint64_t count;
    if (!par_admin__number(call, "count", 1, 10000000, 1, &count))
        return PAR_ADMIN_USAGE;
    if (!name_ok(prefix) || prefix.len > 20)
        return par_admin__say(call, PAR_ADMIN_USAGE, "--prefix: 2 to 20 of a-z, 0-9, _ and .");
    struct par_key key = par_key_text(prefix), after = par_key_after(par_key_str(&key));
    struct par_store_row *rows;
    enum par_err err = par_store_scan_in(call->store, PAR_T_NAMES, par_key_str(&key),
                                         par_key_str(&after), 1, 0, call->arena, &rows, NULL);
    if (err)
        return par_admin__say(call, PAR_ADMIN_FAILED, "the store cannot be read");
    if (rows)
        return par_admin__say(call, PAR_ADMIN_FAILED,
                              "--prefix: there are names that begin so; choose another");
    struct par_str file = par_arena_copy(call->arena, path);
    int fd = file.len ? open(file.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    FILE *tokens = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!tokens)
        return par_admin__say(call, PAR_ADMIN_USAGE, "--tokens: cannot write the file: %s",
                              file.len ? strerror(errno) : "none named");
    int code = create_some(call, prefix, 0, count, tokens);
    if (fclose(tokens) != 0 && !code)
        code = par_admin__say(call, PAR_ADMIN_FAILED, "--tokens: %s", strerror(errno));
    if (!code)
        par_buf_printf(&call->out, "%llu users\n", (unsigned long long)count);
    return code;
}
