/* send: a message to a conversation, or to a user. */
#include "server/commands.h"
#include "server/dispatch.h"

void par_handle_send(struct par_request *req)
{
    const struct par_args_send *args = req->args.send;
    struct par_conv conv;
    if (args->has_to) {
        if (args->to.id == req->who.user) {
            par_request_fail(req, PAR_E_BAD_REQUEST, "to: oneself");
            return;
        }
        if (args->to.id == 0) {
            par_request_fail(req, PAR_E_NOT_FOUND, "to: no such user");
            return;
        }
        conv = par_conv_direct(req->who.user, args->to.id);
    } else if (!par_command_conv(req, &args->conv, &conv)) {
        return;
    }
    struct par_command *command = par_command_in(req, PAR_COMMAND_SEND);
    if (!command)
        return;
    command->conv = conv;
    command->cmid = args->cmid;
    command->text = args->text;
    command->reply_to = args->has_reply_to ? (uint64_t)args->reply_to : 0;
    command->has_client_ts = args->has_client_ts;
    command->client_ts = args->client_ts;
    uint64_t *users = par_arena_alloc(&req->arena, 2 * sizeof *users);
    if (!users) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    users[0] = par_conv_other(&conv, req->who.user);
    users[1] = req->who.user; /* of a server-to-server key: only named */
    par_command_check_users(req, command, users, !users[0] ? 0 : req->who.scopes ? 2 : 1);
}
