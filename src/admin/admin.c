/* The commands' table and what they share. */
#include "admin/admin_private.h"

#include <stdio.h>

static const struct command {
    const char *name;
    bool needs_server;
    size_t words;
    int (*run)(struct par_admin_call *call);
} commands[] = {
    {"user add", false, 1, par_admin__user_add},
    {"user list", false, 0, par_admin__user_list},
    {"user disable", false, 1, par_admin__user_disable},
    {"user enable", false, 1, par_admin__user_enable},
    {"user delete", false, 1, par_admin__user_delete},
    {"users create", false, 0, par_admin__users_create},
    {"invite create", false, 0, par_admin__invite_create},
    {"key create", false, 0, par_admin__key_create},
    {"key list", false, 0, par_admin__key_list},
    {"key revoke", false, 1, par_admin__key_revoke},
    {"push why", false, 1, par_admin__push_why},
    {"status", true, 0, par_admin__status},
    {"drain", true, 0, par_admin__drain},
    {"log-level", true, 1, par_admin__log_level},
    {"store backup", true, 1, par_admin__store_backup},
    {"store migrate", true, 2, par_admin__store_migrate},
    {"store migrating", true, 0, par_admin__store_migrating},
};

static const struct command *find(struct par_str name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (par_str_is(name, commands[i].name))
            return &commands[i];
    }
    return NULL;
}

bool par_admin_needs_server(struct par_str command)
{
    const struct command *c = find(command);
    return c && c->needs_server;
}

static bool is_option(struct par_str arg)
{
    return par_str_starts(arg, "--");
}

struct par_str par_admin__word(const struct par_admin_call *call, size_t i)
{
    for (size_t at = 0; at < call->arg_count; at++) {
        if (is_option(call->args[at]))
            at++;
        else if (i-- == 0)
            return call->args[at];
    }
    return (struct par_str){0};
}

struct par_str par_admin__option(const struct par_admin_call *call, const char *name)
{
    for (size_t at = 0; at + 1 < call->arg_count; at++) {
        if (!is_option(call->args[at]))
            continue;
        if (par_str_is(par_str_of(call->args[at].ptr + 2, call->args[at].len - 2), name))
            return call->args[at + 1];
        at++;
    }
    return (struct par_str){0};
}

bool par_admin__number(struct par_admin_call *call, const char *name, uint64_t least, uint64_t most,
                       uint64_t otherwise, uint64_t *v_r)
{
    struct par_str text = par_admin__option(call, name);
    *v_r = otherwise;
    if (!text.ptr)
        return true;
    if (par_str_to_u64(text, v_r) && *v_r >= least && *v_r <= most)
        return true;
    par_admin__say(call, PAR_ADMIN_USAGE, "--%s: a number from %llu to %llu", name,
                   (unsigned long long)least, (unsigned long long)most);
    return false;
}

int par_admin__say(struct par_admin_call *call, int code, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    par_buf_printf(&call->err, "parley admin %.*s: %s\n", PAR_STR_ARGS(call->command), line);
    return code;
}

int par_admin__trouble(struct par_admin_call *call, enum par_err err,
                       const struct par_accounts *accounts)
{
    return par_admin__say(call, PAR_ADMIN_FAILED, "%s",
                          accounts->message ? accounts->message : par_err_code(err));
}

struct par_accounts par_admin__accounts(struct par_admin_call *call)
{
    return (struct par_accounts){
        .store = call->store,
        .arena = call->arena,
        .cost = {.ops = (uint64_t)call->config->auth.argon2_ops,
                 .mem_kib = (uint64_t)call->config->auth.argon2_mem_kib},
        .devices = (uint32_t)PAR_CONFIG_GET(call->config->limits.devices),
    };
}

int par_admin_run(struct par_admin_call *call)
{
    const struct command *c = find(call->command);
    if (!c)
        return par_admin__say(call, PAR_ADMIN_USAGE, "no such command; see `parley help`");
    if (c->needs_server && !call->server)
        return par_admin__say(call, PAR_ADMIN_FAILED, "no server is running on this data folder");
    if (!par_admin__word(call, c->words).ptr &&
        (c->words == 0 || par_admin__word(call, c->words - 1).len))
        return c->run(call);
    return par_admin__say(call, PAR_ADMIN_USAGE, "it takes %zu word%s; see `parley help admin`",
                          c->words, c->words == 1 ? "" : "s");
}
