/* block, unblock: commands of the direct conversation of the two, so that no later send slips
 * through. */
#include "server/commands.h"
#include "server/dispatch.h"

static void block(struct par_request *req, const struct par_user_ref *ref,
                  enum par_command_kind kind)
{
    if (ref->id == req->who.user) {
        par_request_fail(req, PAR_E_BAD_REQUEST, "user: oneself");
        return;
    }
    if (ref->id == 0) {
        par_request_fail(req, PAR_E_NOT_FOUND, "user: no such user");
        return;
    }
    struct par_command *command = par_command_in(req, kind);
    uint64_t *user = command ? par_arena_alloc(&req->arena, sizeof *user) : NULL;
    if (!user) {
        if (command)
            par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    *user = ref->id;
    command->conv = par_conv_direct(req->who.user, ref->id);
    par_command_check_users(req, command, user, 1);
}

void par_handle_block(struct par_request *req)
{
    block(req, &req->args.block->user, PAR_COMMAND_BLOCK);
}

void par_handle_unblock(struct par_request *req)
{
    block(req, &req->args.unblock->user, PAR_COMMAND_UNBLOCK);
}
