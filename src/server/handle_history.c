/* history: a page of a conversation. */
#include "server/dispatch.h"
#include "server/reading.h"

static void work(struct par_request *req)
{
    const struct par_args_history *args = req->args.history;
    struct par_server *server = req->reactor->server;
    uint32_t limit = args->has_limit ? (uint32_t)args->limit : 50;
    uint32_t most = (uint32_t)PAR_CONFIG_GET(server->config->limits.history_page);
    struct par_history_query q = {.conv = args->conv.conv, .limit = limit < most ? limit : most};
    if (args->has_before_seq) {
        q.from = PAR_BEFORE_SEQ;
        q.value = args->before_seq;
    } else if (args->has_after_seq) {
        q.from = PAR_AFTER_SEQ;
        q.value = args->after_seq;
    } else if (args->has_before_ts) {
        q.from = PAR_BEFORE_TS;
        q.value = args->before_ts;
    } else if (args->has_around_seq) {
        q.from = PAR_AROUND_SEQ;
        q.value = args->around_seq;
    }
    q.rest = req->style == PAR_STYLE_REST;
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = par_read_history(&reader, req->who.user, &q, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_handle_history(struct par_request *req)
{
    if (req->args.history->conv.err) {
        par_request_fail(req, req->args.history->conv.err, "no such conversation");
        return;
    }
    par_request_work(req, work, NULL);
}
