/* The list of commands: one line each. */
#include "cli/commands.h"

const struct par_cli_command *const par_cli_commands[] = {
    &par_cli_version,
    &par_cli_help,
    NULL,
};
