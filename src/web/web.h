/* The web page: files that were built, compressed and named by their content beforehand, served from memory.
 *
 * They come from inside the program (tools/embed-web) or, with web.dir, from a folder that is read once at
 * start. Files with hashed names may be kept for ever by browsers; index.html is asked for each time. An
 * unknown path without a dot is an address of the app, and gets index.html. */
#ifndef PAR_WEB_WEB_H
#define PAR_WEB_WEB_H

#include "base/buf.h"
#include "http/connection.h"

struct par_web;

/* dir: "" for the files in the program. PAR_E_UNAVAILABLE: the folder cannot be read; why_r gets one line. */
enum par_err par_web_new(const char *dir, struct par_web **web_r, struct par_buf *why_r) PAR_MUST_CHECK;
void par_web_free(struct par_web **web);

/* Answers a request for the page or one of its files. web NULL: there is no page. Any reactor. */
void par_web_request(const struct par_web *web, struct par_http_conn *conn,
                     const struct par_http_request *req);

#endif
