/* The WebSocket codec: what is good arrives whole however it was cut; what is wrong ends with the
 * right code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ws/frame.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t key[4] = {0x37, 0xFA, 0x21, 0x3D};
static const struct par_ws_limits server = {.max_message = 1000, .masked = true};
static const struct par_ws_limits loose = {
    .max_message = 100000, .masked = true, .allow_binary = true};

/* Appends one frame of a client with any first byte. */
static void add_raw(struct par_buf *b, uint8_t first, struct par_str payload, bool masked)
{
    size_t at = b->len;
    par_ws_frame_add(b, PAR_WS_TEXT, 0, payload, masked ? key : NULL);
    b->data[at] = first;
}

/* Writes down all events of a stream that arrives in pieces of `piece` bytes. */
static void trace(const struct par_ws_limits *limits, const struct par_buf *in, size_t piece,
                  struct par_buf *out)
{
    struct par_ws_parser p = {0};
    par_buf_clear(out);
    bool stop = false;
    for (size_t at = 0; at < in->len && !stop;) {
        size_t n = in->len - at < piece ? in->len - at : piece;
        uint8_t *copy = malloc(n);
        memcpy(copy, in->data + at, n);
        size_t off = 0;
        for (;;) {
            size_t used;
            struct par_ws_message m;
            enum par_ws_event event =
                par_ws_parser_next(&p, limits, copy + off, n - off, &used, &m);
            off += used;
            assert_true(off <= n);
            if (event == PAR_WS_EVENT_MORE) {
                assert_int_equal(off, n);
                break;
            }
            par_buf_printf(out, "%d:%u:%zu:", event, m.code, m.len);
            if (event == PAR_WS_EVENT_ERROR)
                par_buf_addz(out, m.why);
            else
                par_buf_add(out, m.data, m.len);
            par_buf_add_u8(out, '\n');
            stop = event == PAR_WS_EVENT_ERROR || event == PAR_WS_EVENT_CLOSE;
            if (stop)
                break;
        }
        at += n;
        free(copy);
    }
    if (!stop && !par_ws_parser_held(&p))
        par_buf_addz(out, "idle\n");
    par_ws_parser_fini(&p);
    par_buf_add_u8(out, 0);
    out->len--;
}

static void expect(const struct par_ws_limits *limits, struct par_buf *in, const char *events)
{
    struct par_buf whole = {0}, cut = {0};
    trace(limits, in, in->len, &whole);
    assert_string_equal((char *)whole.data, events);
    for (size_t piece = 1; piece < in->len && piece < 200; piece++) {
        trace(limits, in, piece, &cut);
        assert_string_equal((char *)cut.data, events);
    }
    par_buf_fini(&whole);
    par_buf_fini(&cut);
    par_buf_clear(in);
}

static void takes_messages_and_control_frames(void **state)
{
    (void)state;
    struct par_buf b = {0};
    add_raw(&b, 0x81, PAR_STR("Hello"), true);
    add_raw(&b, 0x81, PAR_STR(""), true);
    expect(&server, &b, "1:0:5:Hello\n1:0:0:\nidle\n");

    add_raw(&b, 0x01, PAR_STR("a\xE2\x82"), true);
    add_raw(&b, 0x89, PAR_STR("ping"), true);
    add_raw(&b, 0x00, PAR_STR(""), true);
    add_raw(&b, 0x00, PAR_STR("\xAC"), true);
    add_raw(&b, 0x8A, PAR_STR(""), true);
    add_raw(&b, 0x80, PAR_STR("z"), true);
    add_raw(&b, 0x81, PAR_STR("next"), true);
    expect(&server, &b, "3:1005:4:ping\n4:1005:0:\n1:0:5:a\xE2\x82\xACz\n1:0:4:next\nidle\n");

    add_raw(&b, 0x82, PAR_STR("\xFF\x01"), true);
    expect(&loose, &b, "2:0:2:\xFF\x01\nidle\n");

    add_raw(&b, 0x01, PAR_STR(""), true);
    add_raw(&b, 0x80, PAR_STR(""), true);
    expect(&server, &b, "1:0:0:\nidle\n");
    par_buf_fini(&b);
}

static void takes_close_frames(void **state)
{
    (void)state;
    struct par_buf b = {0};
    add_raw(&b, 0x88,
            PAR_STR("\x03\xE8"
                    "bye"),
            true);
    expect(&server, &b, "5:1000:3:bye\n");
    add_raw(&b, 0x88, PAR_STR(""), true);
    expect(&server, &b, "5:1005:0:\n");
    add_raw(&b, 0x88, PAR_STR("\x03"), true);
    expect(&server, &b, "6:1002:0:close frame of one byte\n");
    add_raw(&b, 0x88, PAR_STR("\x03\xED"), true);
    expect(&server, &b, "6:1002:0:close code that may not be sent\n");
    add_raw(&b, 0x88, PAR_STR("\x03\xE8\xFF"), true);
    expect(&server, &b, "6:1007:0:close reason is not UTF-8\n");
    par_buf_fini(&b);
}

static void refuses_broken_frames(void **state)
{
    (void)state;
    struct {
        uint8_t first;
        const char *why;
    } cases[] = {
        {0x91, "reserved bit"},    {0xC1, "reserved bit"},    {0x80, "continuation of nothing"},
        {0x83, "reserved opcode"}, {0x8B, "reserved opcode"}, {0x09, "fragmented control frame"},
        {0xC9, "reserved bit"},
    };
    struct par_buf b = {0};
    char want[100];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        add_raw(&b, cases[i].first, PAR_STR("x"), true);
        snprintf(want, sizeof want, "6:1002:0:%s\n", cases[i].why);
        expect(&server, &b, want);
    }
    add_raw(&b, 0x81, PAR_STR("x"), false);
    expect(&server, &b, "6:1002:0:frame is not masked\n");
    struct par_ws_limits client = {.max_message = 1000};
    add_raw(&b, 0x81, PAR_STR("x"), true);
    expect(&client, &b, "6:1002:0:frame is masked\n");
    add_raw(&b, 0x01, PAR_STR("x"), true);
    add_raw(&b, 0x81, PAR_STR("x"), true);
    expect(&server, &b, "6:1002:0:message inside a message\n");
    char long_text[126];
    memset(long_text, 'x', sizeof long_text);
    add_raw(&b, 0x89, par_str_of(long_text, sizeof long_text), true);
    expect(&server, &b, "6:1002:0:long control frame\n");
    par_buf_add(&b, "\x81\xFE\x00\x05", 4);
    par_buf_add(&b, key, 4);
    par_buf_add(&b, "abcde", 5);
    expect(&server, &b, "6:1002:0:length not in its shortest form\n");
    par_buf_add(&b, "\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x05", 10);
    par_buf_add(&b, key, 4);
    expect(&loose, &b, "6:1002:0:length not in its shortest form\n");
    par_buf_fini(&b);
}

static void refuses_binary_and_large_and_not_utf8(void **state)
{
    (void)state;
    struct par_buf b = {0};
    add_raw(&b, 0x82, PAR_STR("x"), true);
    expect(&server, &b, "6:1003:0:binary message\n");

    char *text = malloc(1001);
    memset(text, 'x', 1001);
    add_raw(&b, 0x81, par_str_of(text, 1001), true);
    expect(&server, &b, "6:4413:0:message too large\n");
    add_raw(&b, 0x01, par_str_of(text, 600), true);
    add_raw(&b, 0x80, par_str_of(text, 401), true);
    expect(&server, &b, "6:4413:0:message too large\n");
    free(text);
    /* A length that no memory could hold is refused when it is announced. */
    par_buf_add(&b, "\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10);
    par_buf_add(&b, key, 4);
    expect(&server, &b, "6:4413:0:message too large\n");

    add_raw(&b, 0x81, PAR_STR("ab\xC0\x80"), true);
    expect(&server, &b, "6:1007:0:text is not UTF-8\n");
    add_raw(&b, 0x81, PAR_STR("ab\xE2\x82"), true);
    expect(&server, &b, "6:1007:0:text is not UTF-8\n");
    add_raw(&b, 0x01, PAR_STR("ab\xED"), true);
    add_raw(&b, 0x80, PAR_STR("\xA0\x80"), true);
    expect(&server, &b, "6:1007:0:text is not UTF-8\n");
    par_buf_fini(&b);
}

static void refuses_bad_utf8_before_the_frame_ends(void **state)
{
    (void)state;
    struct par_buf b = {0};
    add_raw(&b, 0x81, PAR_STR("ab\xF4\x90 and much more behind"), true);
    struct par_ws_parser p = {0};
    size_t used;
    struct par_ws_message m;
    assert_int_equal(par_ws_parser_next(&p, &server, b.data, 6 + 4, &used, &m), PAR_WS_EVENT_ERROR);
    assert_int_equal(m.code, PAR_WS_CODE_NOT_UTF8);
    par_ws_parser_fini(&p);
    par_buf_fini(&b);
}

static void masks_at_every_length_and_offset(void **state)
{
    (void)state;
    uint8_t plain[80], masked[80];
    for (size_t len = 0; len <= 80; len++) {
        for (size_t offset = 0; offset < 5; offset++) {
            for (size_t i = 0; i < len; i++)
                masked[i] = plain[i] = (uint8_t)(i * 3 & 0x7F);
            for (size_t high = 0; high <= len; high++) {
                for (size_t i = 0; i < len; i++)
                    masked[i] = (uint8_t)((i == high ? 0x80 : plain[i]) ^ key[(i + offset) & 3]);
                assert_int_equal(par_ws_mask(masked, len, key, offset), high < len);
                for (size_t i = 0; i < len; i++)
                    assert_int_equal(masked[i], i == high ? 0x80 : plain[i]);
            }
        }
    }
}

static void writes_headers_and_close_frames(void **state)
{
    (void)state;
    uint8_t h[PAR_WS_HEADER_MAX];
    assert_int_equal(par_ws_frame_header(h, PAR_WS_TEXT, 0, 125, NULL), 2);
    assert_memory_equal(h, "\x81\x7D", 2);
    assert_int_equal(par_ws_frame_header(h, PAR_WS_TEXT, PAR_WS_RSV1, 126, NULL), 4);
    assert_memory_equal(h, "\xC1\x7E\x00\x7E", 4);
    assert_int_equal(par_ws_frame_header(h, PAR_WS_BINARY, 0, 65536, key), 14);
    assert_memory_equal(h, "\x82\xFF\x00\x00\x00\x00\x00\x01\x00\x00\x37\xFA\x21\x3D", 14);

    struct par_buf b = {0};
    char reason[200];
    memset(reason, 'a', sizeof reason);
    memcpy(reason + 121, "\xE2\x82\xAC", 3);
    par_ws_frame_add_close(&b, 4408, par_str_of(reason, sizeof reason), NULL);
    assert_int_equal(b.len, 2 + 2 + 121);
    par_buf_clear(&b);
    par_ws_frame_add_close(&b, 0, PAR_STR("x"), NULL);
    assert_int_equal(b.len, 2);
    par_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_messages_and_control_frames),
        cmocka_unit_test(takes_close_frames),
        cmocka_unit_test(refuses_broken_frames),
        cmocka_unit_test(refuses_binary_and_large_and_not_utf8),
        cmocka_unit_test(refuses_bad_utf8_before_the_frame_ends),
        cmocka_unit_test(masks_at_every_length_and_offset),
        cmocka_unit_test(writes_headers_and_close_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
