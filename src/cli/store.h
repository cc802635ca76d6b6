/* What the commands `parley store …` share. */
#ifndef PAR_CLI_STORE_H
#define PAR_CLI_STORE_H

#include "cli/cli.h"
#include "parley/store.h"

/* Opens the store of the configuration, one that exists. False after one line on standard error,
 * with the exit code in *code_r: 2 when it must not be used (in use, damaged, newer, none), 1 when
 * it could not. */
bool par_cli_store_open(const struct par_cli *cli, struct par_store **store_r, int *code_r);
/* The line and the exit code of an error of the store. */
int par_cli_store_error(const struct par_cli *cli, enum par_err err, const struct par_buf *why);

#endif
