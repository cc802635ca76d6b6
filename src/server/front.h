/* The front door: what an HTTP request is for. */
#ifndef PAR_SERVER_FRONT_H
#define PAR_SERVER_FRONT_H

#include "http/connection.h"
#include "server/reactor.h"

/* For par_http_init: WebSockets become clients, /v1/ is REST, then health, metrics and the page.
 * arg is the reactor. */
void par_front_request(struct par_http_conn *conn, const struct par_http_request *req, void *arg);
void par_front_closed(struct par_http_conn *conn, enum par_close reason, void *arg);

/* healthz, readyz, metrics (ops.c). False when the path is none of them. */
bool par_ops_request(struct par_reactor *reactor, struct par_http_conn *conn,
                     const struct par_http_request *req);
/* The only requests of metrics.listen. */
void par_ops_metrics_request(struct par_http_conn *conn, const struct par_http_request *req,
                             void *arg);
/* Can this server do what it is for? Else why not. */
bool par_server_ready(struct par_server *server, const char **why_r);

#endif
