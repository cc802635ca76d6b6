/* group.create, add, remove, leave, rename, role. */
#include "server/commands.h"
#include "server/dispatch.h"

static struct par_command *of_group(struct par_request *req, enum par_command_kind kind,
                                    const struct par_conv_ref *ref, struct par_str cmid)
{
    struct par_conv conv;
    if (!par_command_conv(req, ref, &conv))
        return NULL;
    struct par_command *command = par_command_in(req, kind);
    if (!command)
        return NULL;
    command->conv = conv;
    command->cmid = cmid;
    command->group_members =
        (uint32_t)PAR_CONFIG_GET(req->reactor->server->config->limits.group_members);
    return command;
}

static void with_users(struct par_request *req, struct par_command *command,
                       const struct par_user_refs *users)
{
    if (!par_command_users(req, users, &command->users, &command->user_count))
        return;
    par_command_check_users(req, command, command->users, command->user_count);
}

void par_handle_group_create(struct par_request *req)
{
    const struct par_args_group_create *args = req->args.group_create;
    struct par_conv_ref ref = {.conv = par_conv_group_id(req->who.user, args->cmid)};
    struct par_command *command = of_group(req, PAR_COMMAND_GROUP_CREATE, &ref, args->cmid);
    if (!command)
        return;
    command->text = args->name;
    command->history = (uint8_t)(args->has_history ? args->history : PAR_HISTORY_ALL);
    with_users(req, command, &args->members);
}

void par_handle_group_add(struct par_request *req)
{
    const struct par_args_group_add *args = req->args.group_add;
    struct par_command *command = of_group(req, PAR_COMMAND_GROUP_ADD, &args->conv, args->cmid);
    if (command)
        with_users(req, command, &args->users);
}

void par_handle_group_remove(struct par_request *req)
{
    const struct par_args_group_remove *args = req->args.group_remove;
    struct par_command *command = of_group(req, PAR_COMMAND_GROUP_REMOVE, &args->conv, args->cmid);
    if (command)
        with_users(req, command, &args->users);
}

void par_handle_group_leave(struct par_request *req)
{
    const struct par_args_group_leave *args = req->args.group_leave;
    struct par_command *command = of_group(req, PAR_COMMAND_GROUP_LEAVE, &args->conv, args->cmid);
    if (command)
        par_request_command(req, command);
}

void par_handle_group_rename(struct par_request *req)
{
    const struct par_args_group_rename *args = req->args.group_rename;
    struct par_command *command = of_group(req, PAR_COMMAND_GROUP_RENAME, &args->conv, args->cmid);
    if (!command)
        return;
    command->text = args->name;
    par_request_command(req, command);
}

void par_handle_group_role(struct par_request *req)
{
    const struct par_args_group_role *args = req->args.group_role;
    struct par_command *command = of_group(req, PAR_COMMAND_GROUP_ROLE, &args->conv, args->cmid);
    if (!command)
        return;
    command->role = (uint8_t)args->role;
    uint64_t *user = par_arena_alloc(&req->arena, sizeof *user);
    if (!user) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    *user = args->user.id ? args->user.id : PAR_USER_NOBODY;
    command->users = user;
    command->user_count = 1;
    par_command_check_users(req, command, command->users, command->user_count);
}
