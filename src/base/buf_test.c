/* Buffers and cursors: what is written is read back; what is cut or malformed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static void reads_back_what_was_written(void **state)
{
    (void)state;
    struct par_buf b = {0};
    par_buf_add_u8(&b, 7);
    par_buf_add_u16(&b, 0x1234);
    par_buf_add_u32(&b, 0xDEADBEEF);
    par_buf_add_u64(&b, UINT64_MAX - 1);
    par_buf_add_varint(&b, 0);
    par_buf_add_varint(&b, UINT64_MAX);
    par_buf_add_lstr(&b, PAR_STR("hello"));
    assert_false(b.failed);

    for (size_t cut = 0; cut <= b.len; cut++) {
        struct par_cursor c = par_cursor(par_str_of(b.data, cut));
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64, v0, vmax;
        struct par_str s;
        par_cursor_u8(&c, &u8);
        par_cursor_u16(&c, &u16);
        par_cursor_u32(&c, &u32);
        par_cursor_u64(&c, &u64);
        par_cursor_varint(&c, &v0);
        par_cursor_varint(&c, &vmax);
        par_cursor_lstr(&c, &s);
        assert_int_equal(c.bad, cut < b.len);
        if (cut == b.len) {
            assert_int_equal(u8, 7);
            assert_int_equal(u16, 0x1234);
            assert_int_equal(u32, 0xDEADBEEF);
            assert_true(u64 == UINT64_MAX - 1);
            assert_true(v0 == 0 && vmax == UINT64_MAX);
            assert_true(par_str_is(s, "hello"));
        }
    }
    par_buf_fini(&b);
}

static void refuses_overlong_varints_and_lengths(void **state)
{
    (void)state;
    uint64_t v;
    struct par_str s;
    struct par_cursor c = par_cursor(PAR_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    assert_false(par_cursor_varint(&c, &v));
    c = par_cursor(PAR_STR("\x05"
                           "abcd"));
    assert_false(par_cursor_lstr(&c, &s));
    assert_null(s.ptr);
}

static void checks_utf8(void **state)
{
    (void)state;
    size_t n;
    assert_true(par_utf8_check(PAR_STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), &n));
    assert_int_equal(n, 4);
    assert_false(par_utf8_check(PAR_STR("\xC0\x80"), NULL));
    assert_false(par_utf8_check(PAR_STR("\xED\xA0\x80"), NULL));
    assert_false(par_utf8_check(PAR_STR("\xF4\x90\x80\x80"), NULL));
    assert_false(par_utf8_check(PAR_STR("\xE2\x82"), NULL));
}

static void reads_decimal_numbers_strictly(void **state)
{
    (void)state;
    uint64_t v;
    assert_true(par_str_to_u64(PAR_STR("18446744073709551615"), &v) && v == UINT64_MAX);
    assert_false(par_str_to_u64(PAR_STR("18446744073709551616"), &v));
    assert_false(par_str_to_u64(PAR_STR("01"), &v));
    assert_false(par_str_to_u64(PAR_STR("-1"), &v));
    assert_false(par_str_to_u64(PAR_STR(""), &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_was_written),
        cmocka_unit_test(refuses_overlong_varints_and_lengths),
        cmocka_unit_test(checks_utf8),
        cmocka_unit_test(reads_decimal_numbers_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
