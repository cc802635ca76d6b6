/* Asks the running server, by its socket, to do a command.
 *
 * The request is one line of JSON, {"command":"store backup","args":["/abs/dir"],"input":"…"}; the
 * answer is one, {"exit":0,"out":"lines for standard output\n","err":"lines for standard error\n"},
 * and then the server closes. */
#ifndef PAR_CLI_ADMIN_CALL_H
#define PAR_CLI_ADMIN_CALL_H

#include "cli/cli.h"

/* Prints what the server answers and puts its exit code into *code_r. False, with nothing printed,
 * when no server listens on the socket of the configuration. input: what the command reads from
 * standard input, or NULL. Blocks, as long as the server works on it: at most timeout_ms of
 * silence. */
bool par_cli_admin_call(const struct par_cli *cli, const char *command, const char *const *args,
                        unsigned n_args, const char *input, uint32_t timeout_ms, int *code_r);

#endif
