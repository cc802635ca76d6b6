/* Every command's struct; each is defined in the file of its name. */
#ifndef PAR_CLI_COMMANDS_H
#define PAR_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct par_cli_command par_cli_help;
extern const struct par_cli_command par_cli_store_backup;
extern const struct par_cli_command par_cli_store_export;
extern const struct par_cli_command par_cli_store_import;
extern const struct par_cli_command par_cli_store_init;
extern const struct par_cli_command par_cli_store_restore;
extern const struct par_cli_command par_cli_store_verify;
extern const struct par_cli_command par_cli_serve;
extern const struct par_cli_command par_cli_version;

#endif
