/* Every command's struct; each is defined in the file of its name. */
#ifndef PAR_CLI_COMMANDS_H
#define PAR_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct par_cli_command par_cli_admin_drain;
extern const struct par_cli_command par_cli_admin_invite_create;
extern const struct par_cli_command par_cli_admin_key_create;
extern const struct par_cli_command par_cli_admin_key_list;
extern const struct par_cli_command par_cli_admin_key_revoke;
extern const struct par_cli_command par_cli_admin_log_level;
extern const struct par_cli_command par_cli_admin_push_why;
extern const struct par_cli_command par_cli_admin_status;
extern const struct par_cli_command par_cli_admin_user_add;
extern const struct par_cli_command par_cli_admin_user_delete;
extern const struct par_cli_command par_cli_admin_user_disable;
extern const struct par_cli_command par_cli_admin_user_enable;
extern const struct par_cli_command par_cli_admin_user_list;
extern const struct par_cli_command par_cli_admin_users_create;
extern const struct par_cli_command par_cli_bench_echo;
extern const struct par_cli_command par_cli_bench_floor;
extern const struct par_cli_command par_cli_bench_group;
extern const struct par_cli_command par_cli_bench_history;
extern const struct par_cli_command par_cli_bench_idle;
extern const struct par_cli_command par_cli_bench_reconnect;
extern const struct par_cli_command par_cli_bench_drain;
extern const struct par_cli_command par_cli_bench_send;
extern const struct par_cli_command par_cli_bench_sync;
extern const struct par_cli_command par_cli_help;
extern const struct par_cli_command par_cli_store_backup;
extern const struct par_cli_command par_cli_store_export;
extern const struct par_cli_command par_cli_store_grow;
extern const struct par_cli_command par_cli_store_import;
extern const struct par_cli_command par_cli_store_index;
extern const struct par_cli_command par_cli_store_migrate;
extern const struct par_cli_command par_cli_store_init;
extern const struct par_cli_command par_cli_store_restore;
extern const struct par_cli_command par_cli_store_verify;
extern const struct par_cli_command par_cli_send;
extern const struct par_cli_command par_cli_serve;
extern const struct par_cli_command par_cli_tail;
extern const struct par_cli_command par_cli_version;

#endif
