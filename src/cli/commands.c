/* The list of commands: one line each. */
#include "cli/commands.h"

const struct par_cli_command *const par_cli_commands[] = {
    &par_cli_serve,
    &par_cli_admin_user_add,
    &par_cli_admin_user_list,
    &par_cli_admin_user_disable,
    &par_cli_admin_user_enable,
    &par_cli_admin_user_delete,
    &par_cli_admin_users_create,
    &par_cli_admin_invite_create,
    &par_cli_admin_key_create,
    &par_cli_admin_key_list,
    &par_cli_admin_key_revoke,
    &par_cli_admin_status,
    &par_cli_admin_drain,
    &par_cli_admin_log_level,
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
