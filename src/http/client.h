/* One HTTP request to a server and its answer: the client side, for our own commands and tests. */
#ifndef PAR_HTTP_CLIENT_H
#define PAR_HTTP_CLIENT_H

#include "base/str.h"
#include "loop/addr.h"
#include "loop/loop.h"
#include "parley/err.h"

struct par_http_call {
    struct par_addr addr;
    struct par_str method;  /* "GET" */
    struct par_str host;    /* of the Host header: "127.0.0.1:8080" */
    struct par_str path;    /* with the query, escaped as needed */
    struct par_str headers; /* further header lines, each ending in CRLF; or {0} */
    struct par_str body;    /* JSON; {0}: none */
    uint32_t timeout_ms;    /* for all of it */
    size_t max_body;        /* of the answer; 0: 2 MiB */
};

/* Called once. status 0: no answer, and why says how that came (static text). body is valid during
 * the call. */
typedef void (*par_http_reply_fn)(int status, struct par_str body, const char *why, void *arg);

/* Connects, asks, and closes; what call points at is copied. reply is not called before this
 * returns. PAR_E_UNAVAILABLE when there is no socket or memory: reply is not called. */
enum par_err par_http_fetch(struct par_loop *loop, const struct par_http_call *call,
                            par_http_reply_fn reply, void *arg) PAR_MUST_CHECK;

#endif
