/* permessage-deflate: negotiation, round trips, bombs and broken streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ws/deflate.h"

#include <stdlib.h>

static void negotiates(void **state)
{
    (void)state;
    struct {
        const char *offer;
        bool well_formed;
        bool on;
        uint8_t bits;
    } cases[] = {
        {"permessage-deflate", true, true, 15},
        {"permessage-deflate; client_max_window_bits", true, true, 15},
        {"Permessage-Deflate;client_max_window_bits=10 ; server_no_context_takeover", true, true,
         15},
        {"permessage-deflate; server_max_window_bits=9", true, true, 9},
        {"permessage-deflate; server_max_window_bits=\"12\"", true, true, 12},
        {"permessage-deflate; server_max_window_bits=8", true, false, 0},
        {"permessage-deflate; server_max_window_bits=8, permessage-deflate", true, true, 15},
        {"permessage-deflate; server_max_window_bits", true, false, 0},
        {"permessage-deflate; server_max_window_bits=16", true, false, 0},
        {"permessage-deflate; server_max_window_bits=09", true, false, 0},
        {"permessage-deflate; client_no_context_takeover=1", true, false, 0},
        {"permessage-deflate; unknown", true, false, 0},
        {"permessage-deflate; client_max_window_bits; client_max_window_bits", true, false, 0},
        {"x-webkit-deflate-frame, permessage-deflate", true, true, 15},
        {"foo; bar=\"baz\"", true, false, 0},
        {"permessage-deflate;", false, false, 0},
        {"permessage-deflate; a=", false, false, 0},
        {"permessage-deflate, ", false, false, 0},
        {"permessage-deflate; a=\"b", false, false, 0},
        {"", false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct par_ws_deflate_params p;
        assert_int_equal(par_ws_deflate_offer(par_str(cases[i].offer), &p), cases[i].well_formed);
        assert_int_equal(p.on, cases[i].on);
        assert_int_equal(p.window_bits, cases[i].bits);
    }
    struct par_ws_deflate_params p = {true, 10};
    struct par_buf b = {0};
    par_ws_deflate_add_answer(&b, &p);
    assert_false(par_ws_deflate_accept(PAR_STR("permessage-deflate"), &p));
    assert_true(par_ws_deflate_accept(par_buf_str(&b), &p));
    assert_true(p.on);
    par_buf_fini(&b);
}

static void round_trips(void **state)
{
    (void)state;
    struct par_ws_deflate d = {0};
    struct par_buf z = {0}, out = {0};
    char *text = malloc(200000);
    uint32_t x = 1;
    for (size_t i = 0; i < 200000; i++) {
        x = x * 1103515245 + 12345;
        text[i] = i < 100000 ? "abcab cdefgh"[x >> 16 & 7] : (char)(x >> 16);
    }
    size_t lengths[] = {0, 1, 5, 300, 4096, 70000, 200000};
    for (uint8_t bits = 9; bits <= 15; bits++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            par_buf_clear(&z);
            par_buf_clear(&out);
            par_buf_addz(&out, "kept");
            assert_int_equal(par_ws_deflate_message(&d, bits, par_str_of(text, lengths[i]), &z),
                             PAR_OK);
            assert_true(z.len > 0);
            assert_int_equal(par_ws_inflate_message(&d, par_buf_str(&z), lengths[i], &out), PAR_OK);
            assert_int_equal(out.len, lengths[i] + 4);
            assert_memory_equal(out.data + 4, text, lengths[i]);
            if (lengths[i]) {
                par_buf_clear(&out);
                assert_int_equal(par_ws_inflate_message(&d, par_buf_str(&z), lengths[i] - 1, &out),
                                 PAR_E_TOO_LARGE);
            }
        }
    }
    free(text);
    par_buf_fini(&z);
    par_buf_fini(&out);
    par_ws_deflate_fini(&d);
}

static void takes_the_examples_of_the_rfc(void **state)
{
    (void)state;
    struct par_ws_deflate d = {0};
    struct par_buf out = {0};
    struct par_str good[] = {
        PAR_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"),
        PAR_STR("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"),
        PAR_STR("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
        PAR_STR("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        par_buf_clear(&out);
        assert_int_equal(par_ws_inflate_message(&d, good[i], 5, &out), PAR_OK);
        assert_true(par_str_is(par_buf_str(&out), "Hello"));
    }
    struct par_str bad[] = {
        PAR_STR("\xf2\x48\xcd\xc9\xc9\x07"),
        PAR_STR("\xff\xff\xff\xff"),
        PAR_STR("\x00\x05\x00\xfa\xff\x48"),
        PAR_STR(""),
    };
    for (size_t i = 0; i < 3; i++) {
        par_buf_clear(&out);
        assert_int_equal(par_ws_inflate_message(&d, bad[i], 100, &out), PAR_E_BAD_REQUEST);
        assert_int_equal(out.len, 0);
    }
    par_buf_fini(&out);
    par_ws_deflate_fini(&d);
}

static void stops_a_bomb_early(void **state)
{
    (void)state;
    struct par_ws_deflate d = {0};
    struct par_buf z = {0}, out = {0};
    size_t n = 64u << 20;
    char *zeros = calloc(1, n);
    assert_int_equal(par_ws_deflate_message(&d, 15, par_str_of(zeros, n), &z), PAR_OK);
    free(zeros);
    assert_int_equal(par_ws_inflate_message(&d, par_buf_str(&z), 65536, &out), PAR_E_TOO_LARGE);
    assert_true(out.cap <= 2 * 65536 + 8192);
    par_buf_fini(&z);
    par_buf_fini(&out);
    par_ws_deflate_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negotiates),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(takes_the_examples_of_the_rfc),
        cmocka_unit_test(stops_a_bomb_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
