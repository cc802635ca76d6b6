/* The WebSocket codec: any bytes give the same messages however they are cut, text is UTF-8,
 * nothing is larger than the limit, and what is compressed is decompressed within it. The first
 * byte says what the connection allows, the second how the bytes are cut. */
#include "ws/deflate.h"
#include "ws/frame.h"

#include <stdlib.h>

enum { MAX_MESSAGE = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_message(const struct par_ws_limits *limits, enum par_ws_event event,
                          const struct par_ws_message *m, struct par_ws_deflate *deflate)
{
    bool whole = event == PAR_WS_EVENT_TEXT || event == PAR_WS_EVENT_BINARY;

    require(m->len <= (whole ? MAX_MESSAGE : PAR_WS_CONTROL_MAX));
    require(event != PAR_WS_EVENT_BINARY || limits->allow_binary);
    require(!m->compressed || limits->deflate);
    require(event != PAR_WS_EVENT_TEXT || m->compressed ||
            par_utf8_check(par_str_of(m->data, m->len), NULL));
    if (m->compressed) {
        struct par_buf out = {0};
        enum par_err err =
            par_ws_inflate_message(deflate, par_str_of(m->data, m->len), MAX_MESSAGE, &out);
        require(err != PAR_OK || out.len <= MAX_MESSAGE);
        par_buf_fini(&out);
    }
}

/* Everything that comes out of the bytes when they arrive in pieces, as text. */
static void trace(const struct par_ws_limits *limits, const uint8_t *data, size_t size,
                  size_t piece, struct par_ws_deflate *deflate, struct par_buf *out)
{
    struct par_ws_parser p = {0};
    bool stop = false;

    for (size_t at = 0; at < size && !stop; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        /* A block of its own, so that the sanitizer sees a byte too far. */
        uint8_t *copy = malloc(n);
        require(copy != NULL);
        memcpy(copy, data + at, n);
        for (size_t off = 0; !stop;) {
            struct par_ws_message m;
            size_t used;
            enum par_ws_event event =
                par_ws_parser_next(&p, limits, copy + off, n - off, &used, &m);
            off += used;
            require(off <= n);
            if (event == PAR_WS_EVENT_MORE) {
                require(off == n);
                break;
            }
            par_buf_printf(out, "%d:%u:", event, m.code);
            stop = event == PAR_WS_EVENT_ERROR || event == PAR_WS_EVENT_CLOSE;
            if (event == PAR_WS_EVENT_ERROR)
                continue;
            check_message(limits, event, &m, deflate);
            par_buf_add_lstr(out, par_str_of(m.data, m.len));
        }
        free(copy);
    }
    require(par_ws_parser_held(&p) <= 4 * MAX_MESSAGE);
    par_ws_parser_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct par_ws_deflate deflate = {0};
    struct par_buf whole = {0};
    struct par_buf cut = {0};

    if (size < 3)
        return 0;
    const struct par_ws_limits limits = {.max_message = MAX_MESSAGE,
                                         .allow_binary = data[0] & 1,
                                         .masked = data[0] & 2,
                                         .deflate = data[0] & 4};
    trace(&limits, data + 2, size - 2, size, &deflate, &whole);
    trace(&limits, data + 2, size - 2, 1 + data[1] % 64, &deflate, &cut);
    require(par_str_eq(par_buf_str(&whole), par_buf_str(&cut)));
    par_buf_fini(&whole);
    par_buf_fini(&cut);
    par_ws_deflate_fini(&deflate);
    return 0;
}
