/* The head of an HTTP answer as bytes, and the body of an error. */
#ifndef PAR_HTTP_RESPONSE_H
#define PAR_HTTP_RESPONSE_H

#include "base/buf.h"
#include "parley/err.h"

/* What an answer says beside its body. Start with {.status = ...}. */
struct par_http_answer {
    int status;
    struct par_str content_type; /* {0}: application/json, when there is a body */
    struct par_str headers;      /* further header lines, each "Name: value\r\n"; or {0} */
};

/* Appends the status line and headers; a Content-Length of body_len (none for 204, 304 and 1xx). */
void par_http_add_head(struct par_buf *b, const struct par_http_answer *answer, size_t body_len,
                       bool keep_alive);

/* "Not Found" for 404; "Unknown" for what has no name here. */
const char *par_http_reason(int status);

/* Appends the error object of PROTOCOL.md 5: {"error":{...}}. message is our own text, without
 * characters that JSON escapes. */
void par_http_add_error(struct par_buf *b, enum par_err err, const char *message,
                        uint64_t retry_after_ms);

/* The protocol's error that stands for a status that the HTTP layer itself gives. */
enum par_err par_http_err_of_status(int status);

#endif
