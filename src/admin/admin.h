/* What operators do: `parley admin …`, on a running server by its socket or straight on the store.
 *
 * A command is a name, words, perhaps a text from standard input; it yields lines for standard
 * output and standard error, and an exit code. One function does each, whether it was asked over
 * the socket (server set: open connections are told at once) or works on a store that no server has
 * open (server NULL). */
#ifndef PAR_ADMIN_ADMIN_H
#define PAR_ADMIN_ADMIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "loop/loop.h"
#include "parley/store.h"

struct par_server;
struct par_admin;

/* The exit code of a command that the server goes on with. */
enum { PAR_ADMIN_GOES_ON = 75 };

/* A call of a command, and what it answers. out and err are whole lines. */
struct par_admin_call {
    struct par_server *server; /* NULL: none is running */
    struct par_store *store;
    struct par_config *config;
    struct par_str command;     /* "user add" */
    const struct par_str *args; /* words, then options as "--name" and its value */
    size_t arg_count;
    struct par_str input;
    struct par_arena *arena;
    struct par_buf out;
    struct par_buf err;
};

/* Runs it; returns the exit code (0 done, 1 it failed, 2 it was asked wrongly). Blocks: not on a
 * reactor. */
int par_admin_run(struct par_admin_call *call);
/* True when the command can only be done by a running server. */
bool par_admin_needs_server(struct par_str command);

/* Listens on server.admin_socket of the server's configuration, on the loop of the main thread,
 * where commands may block. PAR_E_UNAVAILABLE: no socket to be had, *os_error_r says why. */
enum par_err par_admin_open(struct par_server *server, struct par_loop *loop,
                            struct par_admin **admin_r, int *os_error_r) PAR_MUST_CHECK;
/* Stops listening, drops connections, frees and nulls. The loop must turn once more. */
void par_admin_close(struct par_admin **admin);

#endif
