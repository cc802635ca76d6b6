/* Shared steps of the handlers that make commands. */
#include "server/commands.h"

#include "store/key.h"
#include "store/record.h"

struct par_command *par_command_in(struct par_request *req, enum par_command_kind kind)
{
    struct par_command *command = par_arena_zalloc(&req->arena, sizeof *command);
    if (!command) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return NULL;
    }
    command->kind = kind;
    return command;
}

bool par_command_conv(struct par_request *req, const struct par_conv_ref *ref,
                      struct par_conv *conv_r)
{
    *conv_r = ref->conv;
    if (ref->err) {
        par_request_fail(req, ref->err, "no such conversation");
        return false;
    }
    if (ref->conv.kind == PAR_CONV_DIRECT && !par_conv_other(&ref->conv, req->who.user)) {
        par_request_fail(req, PAR_E_NOT_MEMBER, "a conversation of two others");
        return false;
    }
    return true;
}

bool par_command_users(struct par_request *req, const struct par_user_refs *list,
                       const uint64_t **ids_r, size_t *n_r)
{
    *n_r = 0;
    uint64_t *ids = par_arena_alloc(&req->arena, (list->count + 1) * sizeof *ids);
    *ids_r = ids;
    if (!ids) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return false;
    }
    bool nobody = false;
    for (uint32_t i = 0; i < list->count; i++) {
        uint64_t id = list->users[i].id;
        if (id == 0 || id == PAR_USER_NOBODY) {
            if (nobody)
                continue;
            nobody = true;
            id = PAR_USER_NOBODY;
        }
        ids[(*n_r)++] = id;
    }
    return true;
}

struct check {
    struct par_command *command;
    const uint64_t *users;
    size_t n;
    bool missing;
};

static void look_up(struct par_request *req)
{
    struct check *check = req->state_of_op;
    struct par_server *server = req->reactor->server;
    for (size_t i = 0; i < check->n && !check->missing; i++) {
        uint64_t id = check->users[i];
        if (id == 0 || id == PAR_USER_NOBODY) {
            check->missing = true;
        } else if (!par_known_has(&server->known, id)) {
            struct par_key key = par_key_user(id);
            struct par_str value;
            struct par_user user;
            int found = par_store_get_in(server->store, PAR_T_USERS, par_key_str(&key), &req->arena,
                                         &value);
            if (found < 0) {
                par_request_error(req, PAR_E_UNAVAILABLE, "the store cannot be read; try again");
                return;
            }
            if (found == 0 || !par_user_decode(value, &user) || user.deleted)
                check->missing = true;
            else
                par_known_add(&server->known, id);
        }
    }
}

static void looked_up(struct par_request *req)
{
    struct check *check = req->state_of_op;
    if (req->err) {
        par_request_finish(req);
        return;
    }
    if (check->missing)
        check->command->verdict =
            (struct par_verdict){.err = PAR_E_NOT_FOUND, .message = PAR_STR("no such user")};
    par_request_command(req, check->command);
}

void par_command_check_users(struct par_request *req, struct par_command *command,
                             const uint64_t *users, size_t n)
{
    struct par_known *known = &req->reactor->server->known;
    size_t i = 0;
    while (i < n && par_known_has(known, users[i]))
        i++;
    if (i == n) {
        par_request_command(req, command);
        return;
    }
    struct check *check = par_arena_alloc(&req->arena, sizeof *check);
    if (!check) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    *check = (struct check){command, users, n, false};
    req->state_of_op = check;
    par_request_work(req, look_up, looked_up);
}
