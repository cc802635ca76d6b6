/* conv.set: one's own settings of a conversation. */
#include "server/commands.h"
#include "server/dispatch.h"

void par_handle_conv_set(struct par_request *req)
{
    const struct par_args_conv_set *args = req->args.conv_set;
    struct par_conv conv;
    if (!par_command_conv(req, &args->conv, &conv))
        return;
    struct par_command *command = par_command_in(req, PAR_COMMAND_CONV_SET);
    if (!command)
        return;
    command->conv = conv;
    struct par_settings *set = &command->settings;
    set->set = (args->has_muted_until ? PAR_SET_MUTED_UNTIL : 0) |
               (args->has_archived ? PAR_SET_ARCHIVED : 0) |
               (args->has_pinned ? PAR_SET_PINNED : 0) |
               (args->has_marked_unread ? PAR_SET_MARKED_UNREAD : 0) |
               (args->has_draft ? PAR_SET_DRAFT : 0);
    set->muted_until = args->muted_until;
    set->archived = args->archived;
    set->pinned = args->pinned;
    set->marked_unread = args->marked_unread;
    set->draft = args->draft;
    par_request_command(req, command);
}
