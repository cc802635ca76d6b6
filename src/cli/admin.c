/* parley admin …: asks the running server by its socket, else works straight on the store. */
#include "admin/admin.h"
#include "auth/secret.h"
#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 16, INPUT_MAX = 4096, SILENCE_MS = 600 * 1000 };

/* What the server gets: the words, then "--name" and value for each option of the command that was
 * given. A file that it is to write is named from here, as the server has another working folder.
 */
static bool collect(const struct par_cli *cli, const char *words[WORDS_MAX], unsigned *n_r,
                    char path[4096])
{
    static char names[WORDS_MAX][64];
    *n_r = 0;
    for (unsigned i = 0; i < cli->n_args; i++)
        words[(*n_r)++] = cli->args[i];
    unsigned row = 0;
    for (const struct par_cli_option *o = cli->command->options; o && o->name; o++, row++) {
        const char *value = par_cli_value(cli, o->name);
        if (!value || *n_r + 2 > WORDS_MAX)
            continue;
        snprintf(names[row], sizeof names[row], "--%s", o->name);
        words[(*n_r)++] = names[row];
        if (strcmp(o->name, "tokens") == 0 && value[0] != '/') {
            char here[2048];
            if (!getcwd(here, sizeof here) || snprintf(path, 4096, "%s/%s", here, value) >= 4096)
                return false;
            value = path;
        }
        words[(*n_r)++] = value;
    }
    return true;
}

/* All of standard input, cut to what a password may be. */
static const char *read_input(char input[INPUT_MAX])
{
    size_t n = fread(input, 1, INPUT_MAX - 1, stdin);
    input[n] = 0;
    return input;
}

static int on_store(struct par_cli *cli, const char *command, const char *const *words, unsigned n,
                    const char *input)
{
    struct par_arena arena = {0};
    struct par_str args[WORDS_MAX];
    for (unsigned i = 0; i < n; i++)
        args[i] = par_str(words[i]);
    struct par_admin_call call = {.config = &cli->cfg,
                                  .command = par_str(command),
                                  .args = args,
                                  .arg_count = n,
                                  .input = input ? par_str(input) : (struct par_str){0},
                                  .arena = &arena};
    if (par_admin_needs_server(call.command))
        return par_cli_fail(cli, "no server is running on this data folder (its socket is %s)",
                            cli->cfg.server.admin_socket);
    int code;
    if (par_secret_init())
        return par_cli_fail(cli, "the system gives no random numbers");
    if (!par_cli_store_open(cli, &call.store, &code))
        return code;
    code = par_admin_run(&call);
    par_store_close(&call.store);
    fwrite(call.out.data, 1, call.out.len, stdout);
    fwrite(call.err.data, 1, call.err.len, stderr);
    par_buf_fini(&call.out);
    par_buf_fini(&call.err);
    par_arena_fini(&arena);
    return code;
}

static int run(struct par_cli *cli)
{
    const char *command = cli->command->name + strlen("admin ");
    const char *words[WORDS_MAX];
    char path[4096], buffer[INPUT_MAX];
    unsigned n;
    int code;
    if (!collect(cli, words, &n, path))
        return par_cli_usage(cli, "the name of the file is too long");
    const char *input = strcmp(command, "user add") == 0 ? read_input(buffer) : NULL;
    if (par_cli_admin_call(cli, command, words, n, input, SILENCE_MS, &code))
        return code;
    return on_store(cli, command, words, n, input);
}

#define COMMAND(symbol, words, usage, count, about, ...)                                           \
    static const struct par_cli_option symbol##_options[] = {__VA_ARGS__ __VA_OPT__(, ){0}};       \
    const struct par_cli_command par_cli_admin_##symbol = {                                        \
        .name = "admin " words,                                                                    \
        .args = usage,                                                                             \
        .summary = about,                                                                          \
        .min_args = count,                                                                         \
        .max_args = count,                                                                         \
        .options = symbol##_options,                                                               \
        .run = run,                                                                                \
    };

COMMAND(user_add, "user add", "NAME", 1,
        "makes an account; its password is read from standard input",
        {.name = "display-name", .arg = "NAME", .doc = "as others see it (default: the name)"})
COMMAND(user_list, "user list", "", 0, "lists the accounts: id and name")
COMMAND(user_disable, "user disable", "NAME", 1,
        "ends an account's connections and lets it sign in no more")
COMMAND(user_enable, "user enable", "NAME", 1, "lets a disabled account sign in again")
COMMAND(user_delete, "user delete", "NAME", 1, "deletes an account; what it wrote stays")
COMMAND(users_create, "users create", "", 0,
        "makes many accounts with a session each, for load tests",
        {.name = "count", .arg = "N", .doc = "how many"},
        {.name = "prefix", .arg = "P", .doc = "their names are P0, P1, ..."},
        {.name = "tokens", .arg = "FILE", .doc = "gets a line `id name token` for each"})
COMMAND(invite_create, "invite create", "", 0, "prints a new code for registering",
        {.name = "uses", .arg = "N", .doc = "how often it can be used (default 1)"},
        {.name = "days", .arg = "N", .doc = "how long it holds (default 7; 0: for ever)"})
COMMAND(key_create, "key create", "", 0, "prints id and secret of a new server-to-server key",
        {.name = "name", .arg = "NAME", .doc = "what it is for"},
        {.name = "scope",
         .arg = "LIST",
         .doc = "of messages:write, messages:read, status:read, with commas"})
COMMAND(key_list, "key list", "", 0, "lists the server-to-server keys")
COMMAND(key_revoke, "key revoke", "ID", 1, "makes a server-to-server key useless")
COMMAND(push_why, "push why", "USER", 1,
        "says why a phone did not ring: what became of a user's newest notifications")
COMMAND(status, "status", "", 0, "says how the running server is doing")
COMMAND(drain, "drain", "", 0, "moves the clients of the running server away; it goes on running")
COMMAND(log_level, "log-level", "LEVEL", 1,
        "changes the running server's log level: error, warn, info, debug")
