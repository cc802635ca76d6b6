/* An HTTP request as a handler sees it. */
#ifndef PAR_HTTP_REQUEST_H
#define PAR_HTTP_REQUEST_H

#include "base/str.h"

enum par_http_method {
    PAR_HTTP_GET = 0,
    PAR_HTTP_HEAD,
    PAR_HTTP_POST,
    PAR_HTTP_PUT,
    PAR_HTTP_PATCH,
    PAR_HTTP_DELETE,
    PAR_HTTP_OPTIONS,
    PAR_HTTP_OTHER /* a method of HTTP that nothing here offers */
};

struct par_http_field {
    struct par_str name; /* of a header: in lower case */
    struct par_str value;
};

/* Everything is owned by the connection and lives until the request is answered. No handler changes
 * it. */
struct par_http_request {
    enum par_http_method method;
    struct par_str path;  /* percent-decoded; begins with '/', or is "*" */
    struct par_str query; /* as it came, without the '?' */
    struct par_str body;
    struct par_str peer; /* the peer's address as text, without the port */
    bool http_1_0;
    bool keep_alive; /* the peer wants to go on after the answer */
    bool upgrade;    /* it asks for another protocol (Connection: upgrade and an Upgrade header) */
    bool expect_continue;
    size_t header_count;
    const struct par_http_field *headers; /* in the order of the request */
    size_t param_count;
    const struct par_http_field *params; /* of the query, both sides decoded */
};

/* The value of the first header with this name (in lower case); {NULL, 0} when there is none. */
struct par_str par_http_header(const struct par_http_request *req, const char *name);

/* How many headers have this name. What must not be ambiguous (Authorization, X-Api-Key) is refused
 * by its reader when there are two. */
size_t par_http_header_count(const struct par_http_request *req, const char *name);

/* The value of the first query parameter with this name; {NULL, 0} when there is none. A parameter
 * without
 * '=' has an empty value. */
struct par_str par_http_param(const struct par_http_request *req, const char *name);

/* True when a header that is a comma-separated list of tokens (Connection, Upgrade, ...) has this
 * one, in any of the headers of that name, in any case. */
bool par_http_header_has_token(const struct par_http_request *req, const char *name,
                               const char *token);

#endif
