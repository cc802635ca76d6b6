/* JSON calls to a server over HTTP, for the commands that act as a user: send and tail.
 *
 * They say where the server is by --server, and who asks by a session token, which comes from the
 * file of --token or from the environment (PARLEY_TOKEN), never from the command line, where others
 * could read it. */
#ifndef PAR_CLI_REMOTE_H
#define PAR_CLI_REMOTE_H

#include "cli/cli.h"

#include "base/buf.h"
#include "loop/addr.h"
#include "loop/loop.h"

#include <jansson.h>

struct par_cli_remote {
    struct par_loop *loop;
    struct par_addr addr;
    char host[272];
    struct par_buf headers; /* with the token; never printed */
};

/* The options that open reads: put them into the table of the command. */
#define PAR_CLI_REMOTE_OPTIONS                                                                     \
    {"server", "URL", "the server (http://127.0.0.1:8080)", NULL},                                 \
    {                                                                                              \
        "token", "FILE", "file with a session token; else it is taken from PARLEY_TOKEN", NULL     \
    }

/* Reads the options. False, with a line on standard error and the exit code in *code_r, when they
 * are not good. Blocks while a host name is looked up. close frees what open took, whatever it
 * returned. */
bool par_cli_remote_open(const struct par_cli *cli, struct par_cli_remote *remote_r, int *code_r);
void par_cli_remote_close(struct par_cli_remote *remote);

/* Asks and waits for the answer. Returns its HTTP status, 0 when there was none; the body, parsed,
 * goes to *answer_r: NULL without JSON in it, else the caller frees it (json_decref). body: JSON,
 * or NULL, and is freed here. Blocks up to timeout_ms. */
int par_cli_remote_call(struct par_cli_remote *remote, const char *method, const char *path,
                        json_t *body, uint32_t timeout_ms, json_t **answer_r);

/* The text of "error.message" in an answer; something to say in any case. */
const char *par_cli_remote_message(int status, const json_t *answer);

/* Whether asking again may help: no answer, 429, 5xx. */
bool par_cli_remote_retry(int status);
/* How long to wait before asking again for the tries-th time (from 0): what the answer says, else
 * 250 ms, doubled up to 8 s. */
uint32_t par_cli_remote_backoff_ms(const json_t *answer, unsigned tries);
/* Waits. */
void par_cli_remote_wait(struct par_cli_remote *remote, uint32_t ms);

#endif
