/* invite create; key create, list, revoke. */
#include "admin/admin_private.h"

#include "loop/env.h"
#include "store/key.h"

int par_admin__invite_create(struct par_admin_call *call)
{
    uint64_t uses, days;
    if (!par_admin__number(call, "uses", 1, 1000000, 1, &uses) ||
        !par_admin__number(call, "days", 0, 36500, 7, &days))
        return PAR_ADMIN_USAGE;
    struct par_accounts accounts = par_admin__accounts(call);
    char code[PAR_SECRET_TEXT];
    int64_t expires = days ? par_wall_ms() + (int64_t)days * 24 * 3600 * 1000 : 0;
    enum par_err err = par_invite_create(&accounts, (uint32_t)uses, expires, code);
    if (err)
        return par_admin__trouble(call, err, &accounts);
    par_buf_printf(&call->out, "%s\n", code);
    return PAR_ADMIN_OK;
}

static const struct scope {
    const char *name;
    uint32_t bit;
} scopes[] = {
    {"messages:write", PAR_SCOPE_MESSAGES_WRITE},
    {"messages:read", PAR_SCOPE_MESSAGES_READ},
    {"status:read", PAR_SCOPE_STATUS_READ},
};

static bool parse_scopes(struct par_str text, uint32_t *bits_r)
{
    *bits_r = 0;
    while (text.len) {
        const char *comma = memchr(text.ptr, ',', text.len);
        struct par_str one = {text.ptr, comma ? (size_t)(comma - text.ptr) : text.len};
        size_t i = 0;
        while (i < sizeof scopes / sizeof scopes[0] && !par_str_is(one, scopes[i].name))
            i++;
        if (i == sizeof scopes / sizeof scopes[0])
            return false;
        *bits_r |= scopes[i].bit;
        size_t step = one.len + (comma ? 1 : 0);
        text = par_str_of(text.ptr + step, text.len - step);
    }
    return *bits_r != 0;
}

int par_admin__key_create(struct par_admin_call *call)
{
    struct par_str name = par_admin__option(call, "name");
    uint32_t bits;
    if (!name.len || name.len > 64 || !par_utf8_check(name, NULL))
        return par_admin__say(call, PAR_ADMIN_USAGE,
                              "--name: what the key is for, at most 64 bytes");
    if (!parse_scopes(par_admin__option(call, "scope"), &bits))
        return par_admin__say(
            call, PAR_ADMIN_USAGE,
            "--scope: of messages:write, messages:read, status:read, with commas between");
    struct par_accounts accounts = par_admin__accounts(call);
    uint64_t id;
    char secret[PAR_SECRET_TEXT];
    enum par_err err = par_api_key_create(&accounts, name, bits, &id, secret);
    if (err)
        return par_admin__trouble(call, err, &accounts);
    par_buf_printf(&call->out, "%llu %s\n", (unsigned long long)id, secret);
    return PAR_ADMIN_OK;
}

int par_admin__key_list(struct par_admin_call *call)
{
    struct par_store_row *rows;
    enum par_err err = par_store_scan_in(call->store, PAR_T_API_KEYS, PAR_STR(""),
                                         (struct par_str){0}, 0, 0, call->arena, &rows, NULL);
    if (err)
        return par_admin__say(call, PAR_ADMIN_FAILED, "the store cannot be read");
    for (; rows; rows = rows->next) {
        uint64_t id;
        struct par_api_key key;
        if (!par_key_parse_number(rows->key, &id) || !par_api_key_decode(rows->value, &key))
            continue;
        par_buf_printf(&call->out, "%llu %s", (unsigned long long)id,
                       key.revoked ? "revoked" : "valid");
        const char *before = " ";
        for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
            if (key.scopes & scopes[i].bit) {
                par_buf_printf(&call->out, "%s%s", before, scopes[i].name);
                before = ",";
            }
        }
        par_buf_printf(&call->out, " %.*s\n", PAR_STR_ARGS(key.name));
    }
    return PAR_ADMIN_OK;
}

int par_admin__key_revoke(struct par_admin_call *call)
{
    uint64_t id;
    struct par_accounts accounts = par_admin__accounts(call);
    if (!par_str_to_u64(par_admin__word(call, 0), &id))
        return par_admin__say(call, PAR_ADMIN_USAGE,
                              "a key is named by its number; see `parley admin key list`");
    enum par_err err = par_api_key_revoke(&accounts, id);
    if (err == PAR_E_NOT_FOUND)
        return par_admin__say(call, PAR_ADMIN_FAILED, "there is no such key");
    if (err)
        return par_admin__trouble(call, err, &accounts);
    par_buf_printf(&call->out, "%llu is revoked\n", (unsigned long long)id);
    return PAR_ADMIN_OK;
}
