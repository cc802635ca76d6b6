/* The HTTP parser: llhttp inside, our refusals around it. */
#include "http/parser.h"

#include "base/arena.h"
#include "base/buf.h"
#include "http/lines.h"
#include "http/target.h"

#include <llhttp.h>
#include <stdlib.h>
#include <strings.h>

enum phase { IN_HEAD = 0, IN_BODY, LAST_CHUNK, LAST_CHUNK_CR, DONE, REFUSED };

struct par_http_parser {
    llhttp_t ll;
    const struct par_http_limits *limits;
    enum phase phase;
    bool to_head;
    bool head_parsed;      /* llhttp saw the end of the head */
    bool message_complete; /* llhttp saw the end of the message */
    bool too_many_headers;
    bool body_too_large;
    bool chunked;
    int refused_status;
    const char *refused_why;
    struct par_http_lines lines;
    uint64_t body_raw; /* bytes of the body as sent, chunk headers too */
    struct par_buf head;
    struct par_buf body;
    struct par_arena arena;
    struct par_str target;
    struct par_http_field *headers; /* filled by llhttp's callbacks */
    size_t header_count;
    struct par_http_request request;
};

static struct par_http_parser *parser_of(llhttp_t *ll)
{
    return ll->data;
}

static int on_url(llhttp_t *ll, const char *at, size_t len)
{
    parser_of(ll)->target = par_str_of(at, len);
    return 0;
}

static int on_header_field(llhttp_t *ll, const char *at, size_t len)
{
    struct par_http_parser *p = parser_of(ll);
    if (p->head_parsed)
        return -1; /* a trailer */
    if (p->header_count == p->limits->max_headers) {
        p->too_many_headers = true;
        return -1;
    }
    p->headers[p->header_count++].name = par_str_of(at, len);
    return 0;
}

static int on_header_value(llhttp_t *ll, const char *at, size_t len)
{
    struct par_http_parser *p = parser_of(ll);
    while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    if (p->header_count)
        p->headers[p->header_count - 1].value = par_str_of(at, len);
    return 0;
}

static int on_headers_complete(llhttp_t *ll)
{
    struct par_http_parser *p = parser_of(ll);
    p->head_parsed = true;
    p->request.keep_alive = llhttp_should_keep_alive(ll);
    p->request.upgrade = ll->upgrade;
    return p->to_head ? 1 : 0;
}

static int on_body(llhttp_t *ll, const char *at, size_t len)
{
    struct par_http_parser *p = parser_of(ll);
    if (len > p->limits->max_body - p->body.len) {
        p->body_too_large = true;
        return -1;
    }
    par_buf_add(&p->body, at, len);
    return p->body.failed ? -1 : 0;
}

/* Chunk extensions mean nothing to anybody and hide things from careless readers: refused. */
static int on_chunk_extension(llhttp_t *ll, const char *at, size_t len)
{
    (void)ll, (void)at, (void)len;
    return -1;
}

/* Pauses at the last chunk: its end is checked here, byte by byte, since llhttp is lenient there.
 */
static int on_chunk_header(llhttp_t *ll)
{
    return ll->content_length == 0 ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *ll)
{
    parser_of(ll)->message_complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

static struct par_http_parser *parser_new(const struct par_http_limits *limits, llhttp_type_t type)
{
    struct par_http_parser *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    llhttp_init(&p->ll, type, &settings);
    p->ll.data = p;
    p->limits = limits;
    return p;
}

struct par_http_parser *par_http_parser_new(const struct par_http_limits *limits)
{
    return parser_new(limits, HTTP_REQUEST);
}

struct par_http_parser *par_http_parser_new_response(const struct par_http_limits *limits,
                                                     bool to_head)
{
    struct par_http_parser *p = parser_new(limits, HTTP_RESPONSE);
    if (p)
        p->to_head = to_head;
    return p;
}

void par_http_parser_free(struct par_http_parser **parser)
{
    struct par_http_parser *p = *parser;
    if (!p)
        return;
    par_buf_fini(&p->head);
    par_buf_fini(&p->body);
    par_arena_fini(&p->arena);
    free(p);
    *parser = NULL;
}

static enum par_http_progress refuse(struct par_http_parser *p, int status, const char *why)
{
    p->phase = REFUSED;
    p->refused_status = status;
    p->refused_why = why;
    return PAR_HTTP_REFUSED;
}

static enum par_http_method method_of(uint8_t ll_method)
{
    switch (ll_method) {
    case HTTP_GET:
        return PAR_HTTP_GET;
    case HTTP_HEAD:
        return PAR_HTTP_HEAD;
    case HTTP_POST:
        return PAR_HTTP_POST;
    case HTTP_PUT:
        return PAR_HTTP_PUT;
    case HTTP_PATCH:
        return PAR_HTTP_PATCH;
    case HTTP_DELETE:
        return PAR_HTTP_DELETE;
    case HTTP_OPTIONS:
        return PAR_HTTP_OPTIONS;
    default:
        return PAR_HTTP_OTHER;
    }
}

/* A host, and perhaps a port: what may stand in a URI's authority without user information. */
static bool host_valid(struct par_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && !strchr("-._~%!$&'()*+;=:[]", c))
            return false;
    }
    return true;
}

static bool all_digits(struct par_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* What decides where the body ends may be said once and in one way only. */
static const char *check_framing(struct par_http_parser *p)
{
    const struct par_http_request *r = &p->request;
    size_t lengths = par_http_header_count(r, "content-length");
    size_t encodings = par_http_header_count(r, "transfer-encoding");
    if (lengths > 1 || encodings > 1)
        return "more than one length of the body";
    if (lengths && encodings)
        return "Content-Length beside Transfer-Encoding";
    if (lengths && !all_digits(par_http_header(r, "content-length")))
        return "bad Content-Length";
    if (encodings) {
        struct par_str te = par_http_header(r, "transfer-encoding");
        if (te.len != 7 || strncasecmp(te.ptr, "chunked", 7) != 0)
            return "unknown Transfer-Encoding";
        if (r->http_1_0)
            return "Transfer-Encoding in HTTP/1.0";
        p->chunked = true;
    }
    return NULL;
}

/* Judges a request's head that llhttp took apart. MORE when it is good. */
static enum par_http_progress check_request(struct par_http_parser *p)
{
    struct par_http_request *r = &p->request;
    r->method = method_of(p->ll.method);
    if (p->ll.method == HTTP_CONNECT || p->ll.method == HTTP_PRI)
        return refuse(p, 400, "bad method");
    size_t hosts = par_http_header_count(r, "host");
    if (hosts > 1 || (hosts == 0 && !r->http_1_0))
        return refuse(p, 400, hosts ? "two Host headers" : "no Host header");
    if (hosts && !host_valid(par_http_header(r, "host")))
        return refuse(p, 400, "bad Host header");
    const char *why = check_framing(p);
    if (!why)
        why = par_http_target_parse(p->target, &p->arena, r);
    if (why)
        return refuse(p, 400, why);
    struct par_str expect = par_http_header(r, "expect");
    if (expect.ptr && !r->http_1_0) {
        if (expect.len != 12 || strncasecmp(expect.ptr, "100-continue", 12) != 0)
            return refuse(p, 417, "unknown expectation");
        r->expect_continue = true;
    }
    return PAR_HTTP_MORE;
}

/* The first line ends with "HTTP/x.y": llhttp would take RTSP, too. */
static bool says_http(const struct par_buf *head)
{
    const uint8_t *cr = memchr(head->data + 2, '\r', head->len - 2);
    return cr && cr - head->data >= 9 && memcmp(cr - 9, " HTTP/", 6) == 0;
}

static enum par_http_progress parse_head(struct par_http_parser *p)
{
    struct par_http_request *r = &p->request;
    const char *why = par_http_lines_check(par_buf_str(&p->head));
    if (why)
        return refuse(p, 400, why);
    p->headers = par_arena_alloc(&p->arena, p->limits->max_headers * sizeof *p->headers);
    if (!p->headers)
        return refuse(p, 503, "no memory");
    llhttp_errno_t err = llhttp_execute(&p->ll, (const char *)p->head.data, p->head.len);
    if (p->too_many_headers)
        return refuse(p, 431, "too many headers");
    if (err == HPE_INVALID_VERSION && p->ll.http_major == 1 && p->ll.http_minor > 1)
        return refuse(p, 505, "HTTP/1.1 is spoken here");
    if ((err != HPE_OK && err != HPE_PAUSED && err != HPE_PAUSED_UPGRADE) || !p->head_parsed)
        return refuse(p, 400, "not an HTTP message");
    if (p->ll.http_major != 1 || (p->ll.type == HTTP_REQUEST && !says_http(&p->head)))
        return refuse(p, 400, "not HTTP/1.x");
    for (size_t i = 0; i < p->header_count; i++) {
        char *name = (char *)(uintptr_t)p->headers[i].name.ptr;
        for (size_t j = 0; j < p->headers[i].name.len; j++)
            if (name[j] >= 'A' && name[j] <= 'Z')
                name[j] |= 0x20;
        if (!p->headers[i].value.ptr)
            p->headers[i].value = PAR_STR("");
    }
    r->headers = p->headers;
    r->header_count = p->header_count;
    r->http_1_0 = p->ll.http_minor == 0;
    r->body = PAR_STR("");
    r->peer = PAR_STR("");
    enum par_http_progress progress = PAR_HTTP_MORE;
    if (p->ll.type == HTTP_REQUEST)
        progress = check_request(p);
    else if ((why = check_framing(p)))
        progress = refuse(p, 400, why);
    if (progress != PAR_HTTP_MORE)
        return progress;
    if (p->message_complete) {
        p->phase = DONE;
        return PAR_HTTP_DONE;
    }
    if (!p->chunked && (p->ll.flags & F_CONTENT_LENGTH) &&
        p->ll.content_length > p->limits->max_body)
        return refuse(p, 413, "body too large");
    p->phase = IN_BODY;
    return PAR_HTTP_MORE;
}

static enum par_http_progress feed_head(struct par_http_parser *p, const uint8_t *data, size_t len,
                                        size_t *used_r)
{
    size_t room = p->limits->max_head - p->head.len;
    bool cut = len > room;
    enum par_http_lines_result result =
        par_http_lines_feed(&p->lines, data, cut ? room : len, used_r);
    if (result == PAR_HTTP_LINES_WRONG)
        return refuse(p, 400, "bad byte in the head");
    par_buf_add(&p->head, data, *used_r);
    if (p->head.failed)
        return refuse(p, 503, "no memory");
    if (result == PAR_HTTP_LINES_END)
        return parse_head(p);
    return cut || p->head.len == p->limits->max_head ? refuse(p, 431, "head too large")
                                                     : PAR_HTTP_MORE;
}

static enum par_http_progress finish(struct par_http_parser *p)
{
    p->phase = DONE;
    p->request.body = par_buf_str(&p->body);
    return PAR_HTTP_DONE;
}

static enum par_http_progress feed_body(struct par_http_parser *p, const uint8_t *data, size_t len,
                                        size_t *used_r)
{
    /* Everything behind a body of known length belongs to the next message. */
    if (!p->chunked && (p->ll.flags & F_CONTENT_LENGTH) && len > p->ll.content_length)
        len = (size_t)p->ll.content_length;
    llhttp_errno_t err = llhttp_execute(&p->ll, (const char *)data, len);
    *used_r = len;
    if (p->body_too_large)
        return refuse(p, 413, "body too large");
    if (p->body.failed)
        return refuse(p, 503, "no memory");
    if (p->message_complete)
        return finish(p);
    if (err == HPE_PAUSED) {
        *used_r = (size_t)((const uint8_t *)llhttp_get_error_pos(&p->ll) - data);
        p->phase = LAST_CHUNK;
        return PAR_HTTP_MORE;
    }
    if (err != HPE_OK)
        return refuse(p, 400, "bad chunk");
    /* Chunks of one byte cost six; more than that is padding. */
    p->body_raw += len;
    if (p->chunked && p->body_raw > 8 * (uint64_t)p->limits->max_body + 1024)
        return refuse(p, 400, "bad chunk");
    return PAR_HTTP_MORE;
}

/* The empty line behind the last chunk; trailers are refused. */
static enum par_http_progress feed_last(struct par_http_parser *p, uint8_t c)
{
    if (p->phase == LAST_CHUNK && c == '\r') {
        p->phase = LAST_CHUNK_CR;
        return PAR_HTTP_MORE;
    }
    if (p->phase == LAST_CHUNK_CR && c == '\n')
        return finish(p);
    return refuse(p, 400, "bad end of the chunks");
}

enum par_http_progress par_http_parser_feed(struct par_http_parser *p, const uint8_t *data,
                                            size_t len, size_t *used_r)
{
    *used_r = 0;
    PAR_ASSERT(p->phase != DONE && p->phase != REFUSED);
    while (*used_r < len) {
        size_t n = 1;
        enum par_http_progress progress;
        if (p->phase == IN_HEAD)
            progress = feed_head(p, data + *used_r, len - *used_r, &n);
        else if (p->phase == IN_BODY)
            progress = feed_body(p, data + *used_r, len - *used_r, &n);
        else
            progress = feed_last(p, data[*used_r]);
        *used_r += n;
        if (progress != PAR_HTTP_MORE)
            return progress;
    }
    return PAR_HTTP_MORE;
}

enum par_http_progress par_http_parser_end(struct par_http_parser *p)
{
    if (p->phase == IN_BODY && p->ll.type == HTTP_RESPONSE && llhttp_message_needs_eof(&p->ll))
        return finish(p);
    return refuse(p, 400, "message cut off");
}

bool par_http_parser_begun(const struct par_http_parser *p)
{
    return p->head.len > 0;
}

bool par_http_parser_in_body(const struct par_http_parser *p)
{
    return p->phase == IN_BODY || p->phase == LAST_CHUNK || p->phase == LAST_CHUNK_CR;
}

struct par_http_request *par_http_parser_request(struct par_http_parser *p)
{
    return &p->request;
}

int par_http_parser_status(const struct par_http_parser *p)
{
    return p->ll.status_code;
}

int par_http_parser_refusal(const struct par_http_parser *p, const char **why_r)
{
    *why_r = p->refused_why;
    return p->refused_status;
}
