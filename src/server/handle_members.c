/* members: a page of a conversation's members. */
#include "server/dispatch.h"
#include "server/reading.h"

static void work(struct par_request *req)
{
    const struct par_args_members *args = req->args.members;
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = par_read_members(&reader, req->who.user, &args->conv.conv,
                                        args->has_cursor ? args->cursor : (struct par_str){0},
                                        args->has_limit ? (uint32_t)args->limit : 100, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_handle_members(struct par_request *req)
{
    if (req->args.members->conv.err) {
        par_request_fail(req, req->args.members->conv.err, "no such conversation");
        return;
    }
    par_request_work(req, work, NULL);
}
