/* HTTP requests: the good ones come out whole however they were cut; the doubtful ones are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/parser.h"
#include "base/buf.h"

#include <stdlib.h>

static const struct par_http_limits limits = PAR_HTTP_LIMITS_DEFAULT;

/* Feeds the text in pieces; returns 0 for a whole request, 1 when there should be more, else the
 * status. */
static int feed(struct par_http_parser *p, struct par_str text, size_t piece, size_t *used_r)
{
    *used_r = 0;
    while (*used_r < text.len) {
        size_t n = text.len - *used_r < piece ? text.len - *used_r : piece;
        uint8_t *copy = malloc(n);
        memcpy(copy, text.ptr + *used_r, n);
        size_t used;
        enum par_http_progress progress = par_http_parser_feed(p, copy, n, &used);
        free(copy);
        *used_r += used;
        if (progress == PAR_HTTP_DONE)
            return 0;
        if (progress == PAR_HTTP_REFUSED) {
            const char *why;
            int status = par_http_parser_refusal(p, &why);
            assert_non_null(why);
            return status;
        }
        assert_int_equal(used, n);
    }
    return 1;
}

static void expect(struct par_str text, int result)
{
    for (size_t piece = 1; piece <= text.len; piece = piece < 70 ? piece + 1 : piece * 2) {
        struct par_http_parser *p = par_http_parser_new(&limits);
        size_t used;
        int got = feed(p, text, piece, &used);
        if (got != result)
            print_error("%.*s: %d instead of %d\n", PAR_STR_ARGS(text), got, result);
        assert_int_equal(got, result);
        par_http_parser_free(&p);
    }
}

#define REFUSED(text, status) expect(PAR_STR(text), status)

static void takes_a_request_apart(void **state)
{
    (void)state;
    struct par_str text =
        PAR_STR("POST /v1/users/a%20b?q=%C3%A4+x&empty=&flag&q=2 HTTP/1.1\r\nHost: a.example:80\r\n"
                "Content-Length: 5\r\nAUTHORIZATION:  Bearer x \t\r\nEmpty:\r\n"
                "Connection: Upgrade , Keep-Alive\r\n\r\nHelloGET");
    for (size_t piece = 1; piece <= text.len; piece++) {
        struct par_http_parser *p = par_http_parser_new(&limits);
        size_t used;
        assert_int_equal(feed(p, text, piece, &used), 0);
        assert_int_equal(used, text.len - 3);
        struct par_http_request *r = par_http_parser_request(p);
        assert_int_equal(r->method, PAR_HTTP_POST);
        assert_true(par_str_is(r->path, "/v1/users/a b"));
        assert_true(par_str_is(r->body, "Hello"));
        assert_true(par_str_is(par_http_header(r, "authorization"), "Bearer x"));
        assert_true(par_str_is(par_http_header(r, "empty"), ""));
        assert_null(par_http_header(r, "absent").ptr);
        assert_true(par_str_is(par_http_param(r, "q"), "\xC3\xA4 x"));
        assert_true(par_str_is(par_http_param(r, "empty"), ""));
        assert_true(par_str_is(par_http_param(r, "flag"), ""));
        assert_null(par_http_param(r, "absent").ptr);
        assert_true(par_http_header_has_token(r, "connection", "upgrade"));
        assert_true(par_http_header_has_token(r, "connection", "keep-alive"));
        assert_false(par_http_header_has_token(r, "connection", "keep"));
        assert_true(r->keep_alive);
        assert_false(r->upgrade);
        par_http_parser_free(&p);
    }
}

static void takes_chunks(void **state)
{
    (void)state;
    struct par_str text = PAR_STR("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                                  "5\r\nHello\r\n00a\r\n, Parley!!\r\n0\r\n\r\nGET");
    for (size_t piece = 1; piece <= text.len; piece++) {
        struct par_http_parser *p = par_http_parser_new(&limits);
        size_t used;
        assert_int_equal(feed(p, text, piece, &used), 0);
        assert_int_equal(used, text.len - 3);
        assert_true(par_str_is(par_http_parser_request(p)->body, "Hello, Parley!!"));
        par_http_parser_free(&p);
    }
}

static void takes_what_is_unusual_but_clear(void **state)
{
    (void)state;
    REFUSED("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    REFUSED("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    REFUSED("OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0);
    REFUSED("GET / HTTP/1.0\r\n\r\n", 0);
    REFUSED("GET / HTTP/1.1\r\nHost:\r\n\r\n", 0);
    REFUSED("DELETE /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX: caf\xC3\xA9\r\n\r\n", 0);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\n", 1);
    REFUSED("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nHello", 1);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505);
    REFUSED("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /\r\n\r\n", 400);
    REFUSED("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("get / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / RTSP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400);
    REFUSED("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /%2e%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /a?b=%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

static void refuses_doubtful_headers(void **state)
{
    (void)state;
    REFUSED("GET / HTTP/1.1\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX(y): x\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\nHost: a\n\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX: \x7F\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400);
    REFUSED("GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", 417);
}

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
static void refuses_doubtful_lengths(void **state)
{
    (void)state;
    REFUSED(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400);
    REFUSED(POST "Content-Length: 5, 5\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: +5\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: -5\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: 0x5\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: \r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: 5 5\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: 99999999999999999999999\r\n\r\nHello", 400);
    REFUSED(POST "Content-Length: 65537\r\n\r\n", 413);
    REFUSED(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: identity\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400);
    REFUSED(POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n", 400);
    REFUSED("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
    REFUSED(CHUNKED "x\r\n", 400);
    REFUSED(CHUNKED "-1\r\n", 400);
    REFUSED(CHUNKED "0x5\r\nHello\r\n", 400);
    REFUSED(CHUNKED " 5\r\nHello\r\n", 400);
    REFUSED(CHUNKED "5 \r\nHello\r\n", 400);
    REFUSED(CHUNKED "5\nHello\r\n", 400);
    REFUSED(CHUNKED "5\r\nHello\n0\r\n\r\n", 400);
    REFUSED(CHUNKED "5\r\nHelloo\r\n0\r\n\r\n", 400);
    REFUSED(CHUNKED "5;a=b\r\nHello\r\n0\r\n\r\n", 400);
    REFUSED(CHUNKED "5\r\nHello\r\n0\r\nX: y\r\n\r\n", 400);
    REFUSED(CHUNKED "5\r\nHello\r\n0\r\n\n", 400);
    REFUSED(CHUNKED "5\r\nHello\r\n0\n\r\n", 400);
    REFUSED(CHUNKED "\r\n5\r\nHello\r\n0\r\n\r\n", 400);
    REFUSED(CHUNKED "FFFFFFFFFFFFFFFF5\r\nHello\r\n0\r\n\r\n", 400);
}

static void bounds_head_and_body(void **state)
{
    (void)state;
    struct par_buf b = {0};
    par_buf_addz(&b, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (b.len < 16 * 1024 - 4)
        par_buf_add_u8(&b, 'x');
    par_buf_addz(&b, "\r\n\r\n");
    expect(par_buf_str(&b), 0);
    b.len -= 4;
    par_buf_addz(&b, "y\r\n\r\n");
    expect(par_buf_str(&b), 431);

    par_buf_clear(&b);
    par_buf_addz(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 100; i++)
        par_buf_addz(&b, "X: y\r\n");
    par_buf_addz(&b, "\r\n");
    expect(par_buf_str(&b), 431);

    par_buf_clear(&b);
    par_buf_addz(&b, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n");
    for (int i = 0; i < 0xFFFF; i++)
        par_buf_add_u8(&b, 'x');
    struct par_buf one_more = {0};
    par_buf_add_str(&one_more, par_buf_str(&b));
    par_buf_addz(&b, "\r\n1\r\nx\r\n0\r\n\r\n");
    par_buf_addz(&one_more, "\r\n2\r\nxx\r\n0\r\n\r\n");
    expect(par_buf_str(&b), 0);
    expect(par_buf_str(&one_more), 413);
    par_buf_fini(&b);
    par_buf_fini(&one_more);
}

static void reads_answers(void **state)
{
    (void)state;
    struct par_str text = PAR_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n{}");
    struct par_http_parser *p = par_http_parser_new_response(&limits, false);
    size_t used;
    assert_int_equal(feed(p, text, 3, &used), 0);
    assert_int_equal(par_http_parser_status(p), 200);
    assert_true(par_str_is(par_http_parser_request(p)->body, "{}"));
    assert_true(par_str_is(par_http_header(par_http_parser_request(p), "x"), "y"));
    par_http_parser_free(&p);

    p = par_http_parser_new_response(&limits, true);
    assert_int_equal(feed(p, PAR_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), 99, &used),
                     0);
    par_http_parser_free(&p);

    p = par_http_parser_new_response(&limits, false);
    assert_int_equal(feed(p, PAR_STR("HTTP/1.1 200 OK\r\n\r\nuntil the end"), 7, &used), 1);
    assert_int_equal(par_http_parser_end(p), PAR_HTTP_DONE);
    assert_true(par_str_is(par_http_parser_request(p)->body, "until the end"));
    par_http_parser_free(&p);

    p = par_http_parser_new_response(&limits, false);
    assert_int_equal(feed(p,
                          PAR_STR("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                  "Upgrade: websocket\r\n\r\n\x81\x00"),
                          99, &used),
                     0);
    assert_int_equal(par_http_parser_status(p), 101);
    par_http_parser_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_request_apart),
        cmocka_unit_test(takes_chunks),
        cmocka_unit_test(takes_what_is_unusual_but_clear),
        cmocka_unit_test(refuses_what_is_not_http),
        cmocka_unit_test(refuses_doubtful_headers),
        cmocka_unit_test(refuses_doubtful_lengths),
        cmocka_unit_test(bounds_head_and_body),
        cmocka_unit_test(reads_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
