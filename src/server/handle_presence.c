/* presence: who of these is on line. watch: the same, and tell me when it changes. */
#include "server/client.h"
#include "server/dispatch.h"
#include "server/poll.h"
#include "server/presence.h"
#include "server/reading.h"

/* An event that came after this was read leaves before the answer, which would take it back: so
 * what was told meanwhile is compared only now. */
static void answered(struct par_request *req)
{
    const struct par_presence_read *read = req->state_of_op;
    if (read && !req->err)
        par_presence_answered(req->reactor->server, read);
    par_request_finish(req);
}

static void work(struct par_request *req)
{
    struct par_presence_read *read = par_arena_zalloc(&req->arena, sizeof *read);
    if (!read) {
        par_request_error(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    req->state_of_op = read;
    /* watch has the same arguments. */
    const struct par_user_refs *users = &req->args.presence->users;
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    par_json_key(&w, "users");
    par_json_open_array(&w);
    enum par_err err = par_presence_write(req->reactor->server, &reader, req->who.user,
                                          users->users, users->count, false, &w, read);
    par_json_close_array(&w);
    par_reading_end(req, &w, err, &reader);
}

void par_handle_presence(struct par_request *req)
{
    par_request_work(req, work, answered);
}

void par_handle_watch(struct par_request *req)
{
    _Static_assert(sizeof(struct par_args_watch) == sizeof(struct par_args_presence),
                   "presence and watch are read alike");
    const struct par_user_refs *users = &req->args.watch->users;
    const uint64_t *ids = par_user_ids(users, &req->arena);
    if (!ids && users->count) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    /* Watching begins before the look, so that no change falls in between. */
    enum par_err err = PAR_OK;
    if (req->client)
        err =
            par_endpoint_watch(req->reactor, (struct par_endpoint *)req->client, ids, users->count);
    else
        par_poll_watch(req->reactor->server, &req->who, ids, users->count);
    if (err)
        par_request_fail(req, err, "too many are watched; try again");
    else
        par_request_work(req, work, answered);
}
