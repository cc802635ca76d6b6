/* From an operation to its handler, and the conversation that decides its order. */
#include "server/dispatch.h"

void par_dispatch(struct par_request *req)
{
    switch (req->op) {
#define X(NAME, name, word, class, cmid, socket_only)                                              \
    case PAR_OP_##NAME:                                                                            \
        par_handle_##name(req);                                                                    \
        return;
#include "parley/tbl/ops.h"
#undef X
    case PAR_OP_NONE:
    case PAR_OP_COUNT:
        break;
    }
    par_request_fail(req, PAR_E_UNKNOWN_OP, "no such operation");
}

static const struct par_conv_ref *conv_of(const struct par_request *req)
{
    const union par_args *args = &req->args;
    switch (req->op) {
    case PAR_OP_SEND:
        return args->send->has_conv ? &args->send->conv : NULL;
    case PAR_OP_EDIT:
        return &args->edit->conv;
    case PAR_OP_DELETE:
        return &args->delete->conv;
    case PAR_OP_REACT:
        return &args->react->conv;
    case PAR_OP_HISTORY:
        return &args->history->conv;
    case PAR_OP_TYPING:
        return &args->typing->conv;
    case PAR_OP_MEMBERS:
        return &args->members->conv;
    case PAR_OP_CONV_SET:
        return &args->conv_set->conv;
    case PAR_OP_GROUP_ADD:
        return &args->group_add->conv;
    case PAR_OP_GROUP_REMOVE:
        return &args->group_remove->conv;
    case PAR_OP_GROUP_LEAVE:
        return &args->group_leave->conv;
    case PAR_OP_GROUP_RENAME:
        return &args->group_rename->conv;
    case PAR_OP_GROUP_ROLE:
        return &args->group_role->conv;
    default:
        return NULL;
    }
}

void par_dispatch_order(struct par_request *req)
{
    req->class = par_op_info(req->op)->class;
    req->conv = (struct par_conv){0};
    /* Blocking is about the conversation of the two. */
    if (req->op == PAR_OP_BLOCK || req->op == PAR_OP_UNBLOCK) {
        uint64_t other =
            req->op == PAR_OP_BLOCK ? req->args.block->user.id : req->args.unblock->user.id;
        if (other && other != req->who.user) {
            req->class = PAR_OP_CLASS_WRITE;
            req->conv = par_conv_direct(req->who.user, other);
            return;
        }
    }
    if (req->class != PAR_OP_CLASS_READ && req->class != PAR_OP_CLASS_WRITE)
        return;
    const struct par_conv_ref *ref = conv_of(req);
    if (ref)
        req->conv = ref->conv;
    else if (req->op == PAR_OP_SEND && req->args.send->to.id &&
             req->args.send->to.id != req->who.user)
        req->conv = par_conv_direct(req->who.user, req->args.send->to.id);
    else if (req->op == PAR_OP_GROUP_CREATE)
        req->conv = par_conv_group_id(req->who.user, req->args.group_create->cmid);
    if (req->conv.kind == PAR_CONV_NONE)
        req->class = PAR_OP_CLASS_FREE;
}
