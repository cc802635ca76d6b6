/* ping: the server's time. */
#include "server/dispatch.h"

void par_handle_ping(struct par_request *req)
{
    struct par_json_out w = par_request_open(req);
    par_json_key_int(&w, "server_time", par_wall_ms());
    par_request_close(req, &w);
    par_request_finish(req);
}
