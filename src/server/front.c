/* The front door. */
#include "server/front.h"

#include "base/log.h"
#include "server/client_private.h"
#include "server/rest.h"
#include "server/page.h"
#include "ws/connection.h"

static void accept_socket(struct par_reactor *reactor, struct par_http_conn *conn)
{
    struct par_client *client = par_client_new(reactor);
    if (!client) {
        par_http_answer_error(conn, PAR_E_OVERLOADED, "out of memory; try again", 1000);
        return;
    }
    client->ws = par_ws_accept(&reactor->ws, conn, &par_client_ws_ops, client);
    if (!client->ws)
        par_client_free(&client);
}

void par_front_request(struct par_http_conn *conn, const struct par_http_request *req, void *arg)
{
    struct par_reactor *reactor = arg;
    if (par_ops_request(reactor, conn, req))
        return;
    if (par_server_phase(reactor->server) >= PAR_SERVER_DRAINING) {
        par_http_answer_error(conn, PAR_E_UNAVAILABLE, "this server is about to stop; try another",
                              1000);
        return;
    }
    if (par_str_is(req->path, "/v1/ws"))
        accept_socket(reactor, conn);
    else if (par_str_starts(req->path, "/v1/") || par_str_is(req->path, "/v1"))
        par_rest_request(reactor, conn, req);
    else if (reactor->server->config->web.enabled)
        par_page_request(conn, req);
    else
        par_http_answer_error(conn, PAR_E_NOT_FOUND, "this server has no web page", 0);
}

void par_front_closed(struct par_http_conn *conn, enum par_close reason, void *arg)
{
    (void)conn;
    struct par_reactor *reactor = arg;
    atomic_fetch_sub(&reactor->server->connections, 1);
    par_log_debug("http.closed", PAR_KV("reason", par_close_label(reason)));
}
