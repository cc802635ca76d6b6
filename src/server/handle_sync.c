/* sync: the conversations that changed. */
#include "server/dispatch.h"
#include "server/reading.h"

static void work(struct par_request *req)
{
    const struct par_args_sync *args = req->args.sync;
    struct par_sync_query q = {.have = args->has_have ? &args->have : NULL,
                               .limit = args->has_limit ? (uint32_t)args->limit : 100,
                               .cursor = args->has_cursor ? args->cursor : (struct par_str){0},
                               .since = args->has_since ? args->since : (struct par_str){0},
                               .rest = req->style == PAR_STYLE_REST};
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = par_read_sync(&reader, req->who.user, &q, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_handle_sync(struct par_request *req)
{
    par_request_work(req, work, NULL);
}
