/* Routes of this server in a table of many servers: kept in step with the directory.
 *
 * A local table is changed under the directory's lock and is never behind. A remote one blocks and
 * fails, so it is changed on pool threads: for one user one call at a time, and each asks the
 * directory anew what is true. So the last call says what is true then, whatever the order in which
 * connections came and went. A sign-in waits until its route is confirmed, before its sync reads
 * (TAKEOVER.md R1). Of a local table all of this does nothing. */
#ifndef PAR_SERVER_ROUTES_H
#define PAR_SERVER_ROUTES_H

#include "server/server.h"

struct par_routes;

/* *routes_r stays NULL, and PAR_OK, when the table is local. */
enum par_err par_routes_open(struct par_server *server,
                             struct par_routes **routes_r) PAR_MUST_CHECK;
/* No other thread may use it any more. Harmless for NULL. */
void par_routes_close(struct par_routes **routes);

/* Brings the table in step for a user who signed in, and returns when it is. PAR_E_UNAVAILABLE: it
 * may or may not be; the endpoint is to be taken out again. Pool threads: blocks. */
enum par_err par_routes_confirm(struct par_server *server, uint64_t user) PAR_MUST_CHECK;
/* The user's last endpoint went: brings the table in step soon. Any thread; does not block. */
void par_routes_left(struct par_server *server, uint64_t user);
/* Tries again what failed. One thread; blocks. */
void par_routes_retry(struct par_server *server);

#endif
