/* REST: the group operations. */
#include "server/reading.h"
#include "server/rest.h"

static void no_memory(struct par_request *req)
{
    par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
}

/* The conversation of the path. */
static struct par_conv_ref group_of(struct par_request *req)
{
    return par_call_conv(par_call_of(req)->part[0]);
}

static struct par_user_ref user_of(struct par_request *req)
{
    struct par_user_ref ref = {.text = par_call_of(req)->part[1]};
    if (!par_user_parse(ref.text, &ref.id))
        ref.id = 0;
    return ref;
}

void par_rest_group_create(struct par_request *req)
{
    if (!par_call_body(req, PAR_BODY_GROUP))
        return;
    const struct par_args_body_group *body = req->args.body_group;
    struct par_args_group_create *args = par_arena_zalloc(&req->arena, sizeof *args);
    if (!args) {
        no_memory(req);
        return;
    }
    *args = (struct par_args_group_create){.name = body->name,
                                           .members = body->members,
                                           .has_history = body->has_history,
                                           .history = body->history,
                                           .cmid = body->cmid};
    req->args.group_create = args;
    par_call_dispatch(req, PAR_OP_GROUP_CREATE, 201);
}

static void group_work(struct par_request *req)
{
    struct par_conv_ref ref = group_of(req);
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = ref.err;
    if (!err && ref.conv.kind != PAR_CONV_GROUP)
        err = PAR_E_NOT_FOUND;
    if (!err)
        err = par_read_conversation(&reader, req->who.user, &ref.conv, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_rest_group(struct par_request *req)
{
    par_request_work(req, group_work, NULL);
}

void par_rest_group_rename(struct par_request *req)
{
    if (!par_call_body(req, PAR_BODY_GROUP_PATCH))
        return;
    const struct par_args_body_group_patch *body = req->args.body_group_patch;
    struct par_args_group_rename *args = par_arena_zalloc(&req->arena, sizeof *args);
    if (!args) {
        no_memory(req);
        return;
    }
    args->conv = group_of(req);
    args->name = body->name;
    args->cmid = body->has_cmid ? body->cmid : par_call_cmid(req);
    req->args.group_rename = args;
    par_call_dispatch(req, PAR_OP_GROUP_RENAME, 200);
}

void par_rest_group_add(struct par_request *req)
{
    if (!par_call_body(req, PAR_BODY_GROUP_MEMBERS))
        return;
    const struct par_args_body_group_members *body = req->args.body_group_members;
    struct par_args_group_add *args = par_arena_zalloc(&req->arena, sizeof *args);
    if (!args) {
        no_memory(req);
        return;
    }
    args->conv = group_of(req);
    args->users = body->users;
    args->cmid = body->cmid;
    req->args.group_add = args;
    par_call_dispatch(req, PAR_OP_GROUP_ADD, 200);
}

void par_rest_group_role(struct par_request *req)
{
    if (!par_call_body(req, PAR_BODY_MEMBER_PATCH))
        return;
    const struct par_args_body_member_patch *body = req->args.body_member_patch;
    struct par_args_group_role *args = par_arena_zalloc(&req->arena, sizeof *args);
    if (!args) {
        no_memory(req);
        return;
    }
    args->conv = group_of(req);
    args->user = user_of(req);
    args->role = body->role;
    args->cmid = body->has_cmid ? body->cmid : par_call_cmid(req);
    req->args.group_role = args;
    par_call_dispatch(req, PAR_OP_GROUP_ROLE, 200);
}

void par_rest_group_remove(struct par_request *req)
{
    struct par_args_group_remove *args = par_arena_zalloc(&req->arena, sizeof *args);
    struct par_user_ref *user = par_arena_alloc(&req->arena, sizeof *user);
    if (!args || !user) {
        no_memory(req);
        return;
    }
    *user = user_of(req);
    args->conv = group_of(req);
    args->users = (struct par_user_refs){.users = user, .count = 1, .unknown = user->id == 0};
    struct par_str cmid = par_call_query(par_call_of(req), "cmid");
    if (cmid.ptr && (cmid.len < 1 || cmid.len > PAR_COMMAND_CMID_MAX)) {
        par_request_fail(req, PAR_E_BAD_REQUEST, "cmid: 1 to 64 bytes");
        return;
    }
    args->cmid = cmid.ptr ? cmid : par_call_cmid(req);
    req->args.group_remove = args;
    par_call_dispatch(req, PAR_OP_GROUP_REMOVE, 200);
}
