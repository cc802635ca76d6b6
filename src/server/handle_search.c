/* search: messages that hold all words of a query. */
#include "server/dispatch.h"
#include "server/reading.h"

static void work(struct par_request *req)
{
    const struct par_args_search *args = req->args.search;
    struct par_server *server = req->reactor->server;
    struct par_search_query q = {.query = args->query,
                                 .conv = args->has_conv ? &args->conv.conv : NULL,
                                 .from = args->has_from ? args->from.id : 0,
                                 .after_ts = args->has_after_ts ? args->after_ts : 0,
                                 .before_ts = args->has_before_ts ? args->before_ts : INT64_MAX,
                                 .limit = args->has_limit ? (uint32_t)args->limit : 20,
                                 .cursor = args->has_cursor ? args->cursor : (struct par_str){0},
                                 .budget = PAR_CONFIG_GET(server->config->search.budget)};
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = par_read_search(&reader, req->who.user, &q, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_handle_search(struct par_request *req)
{
    const struct par_args_search *args = req->args.search;
    if (!req->reactor->server->config->search.enabled) {
        par_request_fail(req, PAR_E_FORBIDDEN, "search is switched off on this server");
        return;
    }
    if (args->has_conv && args->conv.err) {
        par_request_fail(req, args->conv.err, "no such conversation");
        return;
    }
    if (args->has_from && !args->from.id) {
        par_request_fail(req, PAR_E_NOT_FOUND, "no such user");
        return;
    }
    par_request_search(req, work, NULL);
}
