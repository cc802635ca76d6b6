/* parley store import: a new store from an export. */
#include "cli/commands.h"
#include "cli/store.h"

#include "store/export.h"

#include <errno.h>
#include <string.h>

static int run(struct par_cli *cli)
{
    struct par_store_options options;
    struct par_buf why = {0};
    uint64_t rows;
    int code = PAR_CLI_OK;
    FILE *in = fopen(cli->args[0], "re");
    if (in == NULL)
        return par_cli_usage(cli, "%s cannot be read: %s", cli->args[0], strerror(errno));
    par_store_options_from(&cli->cfg, &options);
    enum par_err err = par_store_import(&options, in, &rows, &why);
    if (err == PAR_OK)
        printf("store: imported %llu rows from %s\n", (unsigned long long)rows, cli->args[0]);
    else
        code = par_cli_store_error(cli, err, &why);
    fclose(in);
    par_buf_fini(&why);
    return code;
}

const struct par_cli_command par_cli_store_import = {
    .name = "store import",
    .args = "FILE",
    .summary = "makes a new store of an exported file",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
