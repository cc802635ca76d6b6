/* parley store restore: a backup becomes the store, under a new incarnation. */
#include "cli/commands.h"
#include "cli/store.h"

static int run(struct par_cli *cli)
{
    struct par_buf why = {0};
    int code = PAR_CLI_OK;
    if (strcmp(cli->cfg.store.driver, "rocksdb") != 0)
        return par_cli_usage(cli, "the store driver %s has no backups", cli->cfg.store.driver);
    enum par_err err = par_store_restore(cli->args[0], cli->cfg.store.path, &why);
    if (err == PAR_OK)
        printf("store: restored %s to %s\n", cli->args[0], cli->cfg.store.path);
    else
        code = par_cli_store_error(cli, err, &why);
    par_buf_fini(&why);
    return code;
}

const struct par_cli_command par_cli_store_restore = {
    .name = "store restore",
    .args = "DIR",
    .summary = "makes a backup the store of an empty data folder",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
