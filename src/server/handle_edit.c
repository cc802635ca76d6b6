/* edit, delete, react: entries that point at another one. */
#include "server/commands.h"
#include "server/dispatch.h"

static struct par_command *pointing(struct par_request *req, enum par_command_kind kind,
                                    const struct par_conv_ref *ref, int64_t seq,
                                    struct par_str cmid)
{
    struct par_conv conv;
    if (!par_command_conv(req, ref, &conv))
        return NULL;
    struct par_command *command = par_command_in(req, kind);
    if (!command)
        return NULL;
    command->conv = conv;
    command->target = (uint64_t)seq;
    command->cmid = cmid;
    return command;
}

void par_handle_edit(struct par_request *req)
{
    const struct par_args_edit *args = req->args.edit;
    struct par_command *command =
        pointing(req, PAR_COMMAND_EDIT, &args->conv, args->seq, args->cmid);
    if (!command)
        return;
    command->text = args->text;
    par_request_command(req, command);
}

void par_handle_delete(struct par_request *req)
{
    const struct par_args_delete *args = req->args.delete;
    struct par_command *command =
        pointing(req, PAR_COMMAND_DELETE, &args->conv, args->seq, args->cmid);
    if (command)
        par_request_command(req, command);
}

void par_handle_react(struct par_request *req)
{
    const struct par_args_react *args = req->args.react;
    struct par_command *command =
        pointing(req, PAR_COMMAND_REACT, &args->conv, args->seq, args->cmid);
    if (!command)
        return;
    command->text = args->emoji;
    command->on = args->on;
    par_request_command(req, command);
}
