/* What the commands `parley store …` share. */
#include "cli/store.h"

int par_cli_store_error(const struct par_cli *cli, enum par_err err, const struct par_buf *why)
{
    int (*say)(const struct par_cli *, const char *, ...) =
        err == PAR_E_CONFLICT || err == PAR_E_BAD_REQUEST ? par_cli_usage : par_cli_fail;
    if (why->failed || why->len == 0)
        return say(cli, "the store failed (%s)", par_err_code(err));
    return say(cli, "%.*s", (int)why->len, (const char *)why->data);
}

bool par_cli_store_open(const struct par_cli *cli, struct par_store **store_r, int *code_r)
{
    struct par_store_options options;
    struct par_buf why = {0};
    par_store_options_from(&cli->cfg, &options);
    options.must_exist = true;
    enum par_err err = par_store_open(&options, store_r, &why);
    *code_r = err == PAR_OK ? PAR_CLI_OK : par_cli_store_error(cli, err, &why);
    par_buf_fini(&why);
    return err == PAR_OK;
}
