/* The HTTP parser: any bytes give the same request or the same refusal however they are cut, within
 * the limits. The first byte says how they are cut, and whether they are an answer. */
#include "base/buf.h"
#include "http/parser.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct par_http_limits limits = {.max_head = 1024, .max_body = 512, .max_headers = 20};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct par_http_parser *new_parser(bool answer)
{
    struct par_http_parser *p =
        answer ? par_http_parser_new_response(&limits, false) : par_http_parser_new(&limits);

    require(p != NULL);
    return p;
}

static void describe(struct par_http_parser *p, bool answer, struct par_buf *out)
{
    const struct par_http_request *req = par_http_parser_request(p);

    require(req->body.len <= limits.max_body);
    par_buf_printf(out, "%d %d ", answer ? par_http_parser_status(p) : (int)req->method,
                   req->keep_alive);
    par_buf_add_lstr(out, req->path);
    par_buf_add_lstr(out, req->body);
    par_buf_add_lstr(out, par_http_header(req, "host"));
    par_buf_add_lstr(out, par_http_param(req, "limit"));
    par_buf_add_u8(out, par_http_header_has_token(req, "connection", "upgrade"));
}

/* What comes of the bytes when they arrive in pieces, as text. */
static void trace(const uint8_t *data, size_t size, size_t piece, bool answer, struct par_buf *out)
{
    struct par_http_parser *p = new_parser(answer);
    enum par_http_progress progress = PAR_HTTP_MORE;

    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(n);
        require(copy != NULL);
        memcpy(copy, data + at, n);
        for (size_t off = 0; off < n && progress != PAR_HTTP_REFUSED;) {
            size_t used;
            progress = par_http_parser_feed(p, copy + off, n - off, &used);
            off += used;
            require(off <= n);
            if (progress == PAR_HTTP_MORE)
                require(off == n);
            if (progress != PAR_HTTP_DONE)
                continue;
            /* The next message of the connection has a parser of its own. */
            describe(p, answer, out);
            par_http_parser_free(&p);
            p = new_parser(answer);
        }
        free(copy);
        if (progress == PAR_HTTP_REFUSED)
            break;
    }
    if (progress == PAR_HTTP_REFUSED) {
        const char *why;
        int status = par_http_parser_refusal(p, &why);
        require(why != NULL && (answer || (status >= 400 && status < 600)));
        par_buf_printf(out, "refused %d", status);
    } else if (par_http_parser_begun(p)) {
        progress = par_http_parser_end(p);
        par_buf_printf(out, "end %d", progress);
        if (progress == PAR_HTTP_DONE)
            describe(p, answer, out);
    }
    par_http_parser_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct par_buf whole = {0};
    struct par_buf cut = {0};

    if (size < 2)
        return 0;
    bool answer = data[0] & 0x80;
    trace(data + 1, size - 1, size, answer, &whole);
    trace(data + 1, size - 1, 1 + (data[0] & 0x3f), answer, &cut);
    require(par_str_eq(par_buf_str(&whole), par_buf_str(&cut)));
    par_buf_fini(&whole);
    par_buf_fini(&cut);
    return 0;
}
