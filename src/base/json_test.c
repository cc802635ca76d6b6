/* The JSON reader and writer: grammar, depth, duplicates, strings, numbers; compared with jansson.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_read.h"
#include "base/json_write.h"

#include "../../fuzz/json_oracle.h"

#include <stdio.h>

static enum par_json_fault check(const char *text, unsigned depth)
{
    struct par_arena arena = {0};
    struct par_json object;
    enum par_json_fault fault = par_json_check(par_str(text), depth, &arena, &object);
    par_arena_fini(&arena);
    return fault;
}

static void accepts_the_grammar_and_no_more(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        " \t\r\n{ } \n",
        "{\"a\":1}",
        "{\"a\":[],\"b\":{},\"c\":[{},[],1]}",
        "{\"a\":-0,\"b\":0,\"c\":-12.5e+3,\"d\":1E9,\"e\":0.0}",
        "{\"a\":true,\"b\":false,\"c\":null}",
        "{\"\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\\ud800\"}",
        "{\"a\":\"\x7f\xC3\xA4\"}",
    };
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{a:1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,]}",
        "{\"a\":[1}",
        "{\"a\":[1 2]}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":0x1}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":nul",
        "{\"a\":NaN}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\u123\"}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":\"\\u1",
        "{'a':1}",
        "{\"a\":1}/**/",
        "\xEF\xBB\xBF{}",
        "{\"a\":1]",
        "{\"a\":[}]",
        "{\"a\":1}\x01",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(check(good[i], 16), PAR_JSON_FINE);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (check(bad[i], 16) == PAR_JSON_FINE)
            fail_msg("accepted: %s", bad[i]);
    }
    assert_int_equal(check("[]", 16), PAR_JSON_NOT_OBJECT);
    assert_int_equal(check("\"a\"", 16), PAR_JSON_NOT_OBJECT);
    assert_int_equal(check("1", 16), PAR_JSON_NOT_OBJECT);
}

static void counts_depth_from_the_outer_object(void **state)
{
    (void)state;
    assert_int_equal(check("{\"a\":1}", 1), PAR_JSON_FINE);
    assert_int_equal(check("{\"a\":[]}", 1), PAR_JSON_DEPTH);
    assert_int_equal(check("{\"a\":[{}]}", 3), PAR_JSON_FINE);
    assert_int_equal(check("{\"a\":[{}]}", 2), PAR_JSON_DEPTH);
    char text[200] = "{\"a\":";
    size_t n = strlen(text);
    memset(text + n, '[', 15);
    memset(text + n + 15, ']', 15);
    text[n + 30] = '}';
    assert_int_equal(check(text, 16), PAR_JSON_FINE);
    assert_int_equal(check(text, 15), PAR_JSON_DEPTH);
}

static void finds_duplicates_at_every_level(void **state)
{
    (void)state;
    assert_int_equal(check("{\"a\":1,\"a\":1}", 16), PAR_JSON_DUPLICATE);
    assert_int_equal(check("{\"a\":1,\"\\u0061\":1}", 16), PAR_JSON_DUPLICATE);
    assert_int_equal(check("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":1}", 16),
                     PAR_JSON_DUPLICATE);
    assert_int_equal(check("{\"\\ud800\":1,\"\\uD800\":1}", 16), PAR_JSON_DUPLICATE);
    assert_int_equal(check("{\"\\u0000\":1,\"\\u0000a\":1}", 16), PAR_JSON_FINE);
    assert_int_equal(check("{\"x\":[{\"b\":{\"a\":1,\"a\":2}}]}", 16), PAR_JSON_DUPLICATE);
    assert_int_equal(check("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}", 16), PAR_JSON_FINE);
    assert_int_equal(check("{\"longer than eight 1\":1,\"longer than eight 2\":1}", 16),
                     PAR_JSON_FINE);
    assert_int_equal(check("{\"longer than eight 1\":1,\"longer than eight 1\":1}", 16),
                     PAR_JSON_DUPLICATE);
}

/* Objects of every size around the thresholds, with a repetition between any two places or none. */
static void finds_duplicates_in_objects_of_any_size(void **state)
{
    (void)state;
    struct par_buf b = {0};
    for (unsigned size = 2; size < 400; size += size < 70 ? 1 : 37) {
        for (unsigned repeat = 0; repeat <= size; repeat += size < 20 ? 1 : size / 5) {
            par_buf_clear(&b);
            par_buf_addz(&b, "{\"o\":{");
            for (unsigned i = 0; i < size; i++) {
                unsigned name = repeat && i == size - 1 ? repeat - 1 : i;
                par_buf_printf(&b, "%s\"%s%u\":{\"k%u\":0}", i ? "," : "",
                               i % 3 ? "name" : "\\u006eame", name, i);
            }
            par_buf_addz(&b, "}}");
            struct par_arena arena = {0};
            struct par_json object;
            enum par_json_fault want =
                repeat && repeat != size ? PAR_JSON_DUPLICATE : PAR_JSON_FINE;
            assert_int_equal(par_json_check(par_buf_str(&b), 16, &arena, &object), want);
            par_arena_fini(&arena);
        }
    }
    par_buf_fini(&b);
}

static void unescapes_on_demand(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *text; /* NULL: no text */
    } cases[] = {
        {"{\"a\":\"plain\"}", "plain"},
        {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
        {"{\"a\":\"x\\u00E4\\u20ac\\ud83d\\ude00y\"}", "x\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80y"},
        {"{\"a\":\"\\u0000\"}", NULL},
        {"{\"a\":\"\\ud800\"}", NULL},
        {"{\"a\":\"\\udc00\\ud800\"}", NULL},
        {"{\"a\":\"\\ud800\\u0041\"}", NULL},
        {"{\"a\":\"\\ud800\\ud800\\udc00\"}", NULL},
        {"{\"a\":\"\"}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct par_arena arena = {0};
        struct par_json object, v;
        struct par_str text;
        assert_int_equal(par_json_check(par_str(cases[i].json), 16, &arena, &object), 0);
        assert_true(par_json_get(&object, "a", &v));
        enum par_json_text got = par_json_text(&v, &arena, &text);
        if (cases[i].text) {
            assert_int_equal(got, PAR_JSON_TEXT_OK);
            assert_non_null(text.ptr);
            assert_true(par_str_is(text, cases[i].text));
            assert_true(par_json_text_is(&v, par_str(cases[i].text)));
        } else {
            assert_int_equal(got, PAR_JSON_TEXT_BAD);
        }
        par_arena_fini(&arena);
    }
}

static void reads_integers_of_64_bits(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool ok;
        int64_t value;
    } cases[] = {
        {"{\"a\":0}", true, 0},
        {"{\"a\":-0}", true, 0},
        {"{\"a\":9223372036854775807}", true, INT64_MAX},
        {"{\"a\":-9223372036854775808}", true, INT64_MIN},
        {"{\"a\":9223372036854775808}", false, 0},
        {"{\"a\":-9223372036854775809}", false, 0},
        {"{\"a\":99999999999999999999999}", false, 0},
        {"{\"a\":1.0}", false, 0},
        {"{\"a\":1e2}", false, 0},
        {"{\"a\":\"1\"}", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct par_arena arena = {0};
        struct par_json object, v;
        int64_t n;
        assert_int_equal(par_json_check(par_str(cases[i].json), 16, &arena, &object), 0);
        assert_true(par_json_get(&object, "a", &v));
        assert_int_equal(par_json_to_int(&v, &n), cases[i].ok);
        assert_true(n == cases[i].value);
        par_arena_fini(&arena);
    }
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct par_buf b = {0};
    struct par_json_out w = par_json_out(&b);
    char all[0x80];
    for (int i = 1; i < 0x80; i++)
        all[i - 1] = (char)i;
    struct par_str text = par_str_of(all, 0x7F);
    par_json_open(&w);
    par_json_key_str(&w, "text", text);
    par_json_key_text(&w, PAR_STR("a\"b"));
    par_json_open_array(&w);
    par_json_int(&w, INT64_MIN);
    par_json_uint(&w, UINT64_MAX);
    par_json_id(&w, 7);
    par_json_null(&w);
    par_json_raw(&w, PAR_STR("{}"));
    par_json_close_array(&w);
    par_json_key_bool(&w, "t", true);
    par_json_key_z(&w, "z", "");
    par_json_close(&w);

    struct par_arena arena = {0};
    struct par_json object, v;
    struct par_str back;
    assert_int_equal(par_json_check(par_buf_str(&b), 16, &arena, &object), 0);
    assert_true(par_json_get(&object, "text", &v));
    assert_int_equal(par_json_text(&v, &arena, &back), 0);
    assert_true(par_str_eq(back, text));
    assert_true(par_json_get(&object, "a\"b", &v));
    assert_true(par_str_is(par_json_source(&v),
                           "[-9223372036854775808,18446744073709551615,\"7\",null,{}]"));
    assert_true(par_json_get(&object, "t", &v) && v.type == PAR_JSON_TRUE);
    par_arena_fini(&arena);
    par_buf_fini(&b);
}

static void writes_decimal_numbers(void **state)
{
    (void)state;
    uint64_t v = 0;
    for (int i = 0; i < 200; i++) {
        char want[24], got[20];
        int n = snprintf(want, sizeof want, "%llu", (unsigned long long)v);
        assert_int_equal(par_u64_to_dec(v, got), n);
        assert_memory_equal(got, want, (size_t)n);
        /* Each number of digits: 9…9, 10…0 and something between. */
        v = i % 3 == 0 ? v * 10 + 9 : i % 3 == 1 ? v + 1 : v / 10 * 13;
    }
    char most[20];
    assert_int_equal(par_u64_to_dec(UINT64_MAX, most), 20);
    assert_memory_equal(most, "18446744073709551615", 20);
}

/* A few thousand mutations of good texts; the fuzzer goes on from there. */
static void agrees_with_jansson(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "{\"op\":\"send\",\"id\":7,\"conv\":\"d.1.2\",\"text\":\"a\\u00e4\\n\xC3\xA4\",\"n\":-1."
        "5e3}",
        "{\"a\":[1,2,{\"b\":null,\"c\":[true,false]}],\"\\ud83d\\ude00\":{},\"x\":\"\"}",
        "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":"
        "11,"
        "\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":{\"a\":1},\"r\":[0,-0]}",
    };
    static const char alphabet[] = "{}[]\",:\\ud0a1e-.+ tfn\n";
    uint32_t random = 12345;
    for (int round = 0; round < 30000; round++) {
        char text[256];
        const char *seed = seeds[round % 3];
        size_t n = strlen(seed);
        memcpy(text, seed, n);
        for (int changes = 0; changes < 1 + round % 3; changes++) {
            random = random * 1664525 + 1013904223;
            size_t at = (random >> 8) % n;
            random = random * 1664525 + 1013904223;
            char c = alphabet[(random >> 8) % (sizeof alphabet - 1)];
            if (random >> 30 == 0) {
                memmove(text + at, text + at + 1, n - at - 1);
                n--;
            } else if (random >> 30 == 1 && n < sizeof text) {
                memmove(text + at + 1, text + at, n - at);
                text[at] = c;
                n++;
            } else {
                text[at] = c;
            }
        }
        const char *difference = json_oracle((const uint8_t *)text, n);
        if (difference)
            fail_msg("%s: %.*s", difference, (int)n, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_grammar_and_no_more),
        cmocka_unit_test(counts_depth_from_the_outer_object),
        cmocka_unit_test(finds_duplicates_at_every_level),
        cmocka_unit_test(finds_duplicates_in_objects_of_any_size),
        cmocka_unit_test(unescapes_on_demand),
        cmocka_unit_test(reads_integers_of_64_bits),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(writes_decimal_numbers),
        cmocka_unit_test(agrees_with_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
