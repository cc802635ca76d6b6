/* parley help: the commands, one command, or the keys of the configuration. */
#include "cli/commands.h"

#include <string.h>

/* The topic `config` prints the example file, so that it can be made again from the program. */
static int run(struct par_cli *cli)
{
    int words;

    if (cli->n_args == 0) {
        fputs("Parley is a messenger server. Its commands:\n\n", stdout);
        (void)par_cli_print_list(stdout, NULL);
        fputs("\n`parley help COMMAND` says more about one, `parley help config` prints every key "
              "of the "
              "configuration,\nand `parley help server` or `parley help server.listen` those of a "
              "section, or one.\n",
              stdout);
        return PAR_CLI_OK;
    }
    const struct par_cli_command *command = par_cli_find((int)cli->n_args, cli->args, &words);
    if (command && (unsigned)words == cli->n_args) {
        par_cli_print_help(stdout, command);
        return PAR_CLI_OK;
    }
    if (cli->n_args == 1 && strcmp(cli->args[0], "config") == 0) {
        par_config_write_example(stdout);
        return PAR_CLI_OK;
    }
    bool found = false;
    if (cli->n_args == 1) {
        found = par_cli_print_list(stdout, cli->args[0]);
        if (!found)
            found = par_config_write_help(stdout, cli->args[0]);
    }
    if (!found)
        return par_cli_usage(cli, "there is no command and no key \"%.80s\" (see `parley help`)",
                             cli->args[command ? (unsigned)words : 0]);
    return PAR_CLI_OK;
}

const struct par_cli_command par_cli_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "says what a command does, or lists them all",
    .max_args = 4,
    .no_config = true,
    .run = run,
};
