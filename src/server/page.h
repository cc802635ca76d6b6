/* The web page: files that were built, compressed and named by their content beforehand, served
 * from memory.
 *
 * They come from inside the program (parley/web.h). Files with hashed names may be kept for ever by
 * browsers; index.html is asked for each time. An unknown path without a dot is an address of the
 * app, and gets index.html. */
#ifndef PAR_SERVER_PAGE_H
#define PAR_SERVER_PAGE_H

#include "base/buf.h"
#include "http/connection.h"

/* Answers a request for the page or one of its files. Any reactor. */
void par_page_request(struct par_http_conn *conn, const struct par_http_request *req);

#endif
