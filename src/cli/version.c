/* parley version. */
#include "cli/commands.h"

static int run(struct par_cli *cli)
{
    (void)cli;
    printf("parley %s\n", PARLEY_VERSION);
    return PAR_CLI_OK;
}

const struct par_cli_command par_cli_version = {
    .name = "version",
    .args = "",
    .summary = "prints the version",
    .no_config = true,
    .run = run,
};
