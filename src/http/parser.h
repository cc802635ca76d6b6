/* HTTP/1.x messages from bytes, strictly: what two readers could understand differently is refused.
 *
 * llhttp takes the message apart; this file decides what it may look like. The head is collected
 * first and checked as a whole (http/lines.h), so that headers are slices of one buffer. A parser
 * exists only while a message is being read or answered. */
#ifndef PAR_HTTP_PARSER_H
#define PAR_HTTP_PARSER_H

#include "http/request.h"

#include <stdint.h>

struct par_http_limits {
    size_t max_head;    /* bytes of the request line and all headers: 431 beyond */
    size_t max_body;    /* decoded bytes: 413 beyond */
    size_t max_headers; /* how many: 431 beyond */
};
#define PAR_HTTP_LIMITS_DEFAULT                                                                    \
    {                                                                                              \
        .max_head = 16 * 1024, .max_body = 64 * 1024, .max_headers = 100                           \
    }

enum par_http_progress {
    PAR_HTTP_MORE = 0, /* all bytes are used up, the message is not complete */
    PAR_HTTP_DONE,
    PAR_HTTP_REFUSED /* par_http_parser_refusal() says why; nothing more can be read from this peer
                      */
};

struct par_http_parser;

/* limits must outlive it. NULL without memory. Not thread-safe. */
struct par_http_parser *par_http_parser_new(const struct par_http_limits *limits);
/* For the client side: reads an answer. to_head: it answers a HEAD request, so it has no body. */
struct par_http_parser *par_http_parser_new_response(const struct par_http_limits *limits,
                                                     bool to_head);
void par_http_parser_free(struct par_http_parser **parser);

/* Reads up to the end of the message; *used_r tells how many bytes that took. Not called again
 * after DONE or REFUSED. */
enum par_http_progress par_http_parser_feed(struct par_http_parser *p, const uint8_t *data,
                                            size_t len, size_t *used_r);
/* The peer sends no more. DONE when that ends an answer whose body has no length; else REFUSED. */
enum par_http_progress par_http_parser_end(struct par_http_parser *p);

/* True when a byte was read; and when the head is complete, so that the body is awaited. */
bool par_http_parser_begun(const struct par_http_parser *p);
bool par_http_parser_in_body(const struct par_http_parser *p);

/* After DONE; while in the body too, but then without the body. For an answer: its headers, body
 * and keep_alive. Lives as long as the parser. */
struct par_http_request *par_http_parser_request(struct par_http_parser *p);

/* Of an answer: its status. */
int par_http_parser_status(const struct par_http_parser *p);

/* After REFUSED: the status to answer with, and why (static text). */
int par_http_parser_refusal(const struct par_http_parser *p, const char **why_r);

#endif
