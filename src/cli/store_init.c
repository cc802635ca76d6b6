/* parley store init: makes an empty store. `parley serve` does it by itself. */
#include "cli/commands.h"
#include "cli/store.h"

static int run(struct par_cli *cli)
{
    struct par_store_options options;
    struct par_store *store;
    struct par_buf why = {0};
    int code = PAR_CLI_OK;
    par_store_options_from(&cli->cfg, &options);
    options.must_be_new = true;
    enum par_err err = par_store_open(&options, &store, &why);
    if (err == PAR_OK)
        printf("store: made %s, incarnation %s\n", cli->cfg.store.path,
               par_store_incarnation(store));
    else
        code = par_cli_store_error(cli, err, &why);
    par_store_close(&store);
    par_buf_fini(&why);
    return code;
}

const struct par_cli_command par_cli_store_init = {
    .name = "store init",
    .args = "",
    .summary = "makes an empty store",
    .run = run,
};
