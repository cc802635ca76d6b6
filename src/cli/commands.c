/* The list of commands: one line each. */
#include "cli/commands.h"

const struct par_cli_command *const par_cli_commands[] = {
    &par_cli_serve,
    &par_cli_store_init,
    &par_cli_store_verify,
    &par_cli_store_backup,
    &par_cli_store_restore,
    &par_cli_store_export,
    &par_cli_store_import,
    &par_cli_version,
    &par_cli_help,
    NULL,
};
