/* What operators ask: is it alive, can it serve, how is it doing. */
#include "server/front.h"

#include "base/stats.h"
#include "server/owners.h"
#include "server/reach.h"

bool par_server_ready(struct par_server *server, const char **why_r)
{
    *why_r = "";
    if (par_server_phase(server) != PAR_SERVER_SERVING)
        *why_r = "starting or stopping";
    else if (!par_store_writable(server->store))
        *why_r = par_store_trouble(server->store);
    /* Of many servers it says whether clients are better off elsewhere. A writer that waits is no
     * reason: their conversations have it wherever they connect. Nor is what nobody reaches: a
     * balancer would take all servers for dead, and end every connection there is. */
    else if (server->reach)
        (void)!par_reach_aside(server->reach, why_r);
    else
        (void)!par_owners_ready(server->owners, why_r);
    return !**why_r;
}

static void answer_text(struct par_http_conn *conn, int status, const char *text)
{
    struct par_http_answer answer = {.status = status,
                                     .content_type = PAR_STR("text/plain; charset=utf-8"),
                                     .headers = PAR_STR("Cache-Control: no-store\r\n")};
    par_http_answer(conn, &answer, par_str(text));
}

static void answer_metrics(struct par_http_conn *conn)
{
    struct par_buf page = {0};
    par_stats_write(&page);
    struct par_http_answer answer = {.status = 200,
                                     .content_type = PAR_STR(PAR_STATS_CONTENT_TYPE),
                                     .headers = PAR_STR("Cache-Control: no-store\r\n")};
    par_http_answer(conn, &answer, par_buf_str(&page));
    par_buf_fini(&page);
}

bool par_ops_request(struct par_reactor *reactor, struct par_http_conn *conn,
                     const struct par_http_request *req)
{
    struct par_server *server = reactor->server;
    bool health = par_str_is(req->path, "/healthz"), ready = par_str_is(req->path, "/readyz");
    bool metrics = par_str_is(req->path, "/metrics");
    if (metrics && *server->config->metrics.listen) {
        par_http_answer_error(conn, PAR_E_NOT_FOUND, "the metrics are at another address", 0);
        return true;
    }
    if (!health && !ready && !metrics)
        return false;
    bool draining = par_server_phase(server) >= PAR_SERVER_DRAINING;
    const char *why;
    if (req->method != PAR_HTTP_GET && req->method != PAR_HTTP_HEAD)
        par_http_answer_status(conn, 405, PAR_STR("Allow: GET, HEAD\r\n"),
                               "GET is what works here");
    else if (ready && draining)
        answer_text(conn, 404, "draining\n");
    else if (draining)
        par_http_answer_error(conn, PAR_E_UNAVAILABLE, "this server is about to stop", 1000);
    else if (ready && !par_server_ready(server, &why))
        answer_text(conn, 503, *why ? why : "not ready");
    else if (metrics)
        answer_metrics(conn);
    else
        answer_text(conn, 200, "ok\n");
    return true;
}

/* The listener of metrics.listen answers nothing else. */
void par_ops_metrics_request(struct par_http_conn *conn, const struct par_http_request *req,
                             void *arg)
{
    (void)arg;
    if (par_str_is(req->path, "/metrics") &&
        (req->method == PAR_HTTP_GET || req->method == PAR_HTTP_HEAD))
        answer_metrics(conn);
    else
        par_http_answer_error(conn, PAR_E_NOT_FOUND, "only /metrics is here", 0);
}
