/* Keys: read back as they were written, in the order that scans rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/key.h"

static struct par_conv group(uint8_t n)
{
    uint8_t id[16] = {n, 0xFF, 0xFF, [15] = n};
    return par_conv_group(id);
}

static bool below(struct par_key a, struct par_key b)
{
    return par_str_cmp(par_key_str(&a), par_key_str(&b)) < 0;
}

static void keys_read_back(void **state)
{
    (void)state;
    struct par_conv convs[] = {group(0), group(0xFF), par_conv_direct(1, INT64_MAX)}, c;
    uint64_t numbers[] = {0, 1, 255, 256, INT64_MAX, UINT64_MAX}, a, b;
    struct par_str cmid;
    for (size_t i = 0; i < 3; i++) {
        struct par_key key = par_key_conv(&convs[i]);
        assert_int_equal(key.len, PAR_KEY_CONV);
        assert_true(par_key_parse_conv(par_key_str(&key), &c) && par_conv_eq(&c, &convs[i]));
        for (size_t n = 0; n < 6; n++) {
            key = par_key_entry(&convs[i], numbers[n]);
            assert_true(par_key_parse_entry(par_key_str(&key), &c, &a));
            assert_true(par_conv_eq(&c, &convs[i]) && a == numbers[n]);
            key = par_key_mark(&convs[i], numbers[n]);
            assert_true(par_key_parse_mark(par_key_str(&key), &c, &a) && a == numbers[n]);
            key = par_key_cmid(&convs[i], numbers[n], PAR_STR("a\0b"));
            assert_true(par_key_parse_cmid(par_key_str(&key), &c, &a, &cmid));
            assert_true(a == numbers[n] && par_str_eq(cmid, PAR_STR("a\0b")));
            key = par_key_user_conv(numbers[n], &convs[i]);
            assert_true(par_key_parse_user_conv(par_key_str(&key), &a, &c));
            assert_true(a == numbers[n] && par_conv_eq(&c, &convs[i]));
            key = par_key_user_id(7, numbers[n]);
            assert_true(par_key_parse_user_id(par_key_str(&key), &a, &b));
            assert_true(a == 7 && b == numbers[n]);
            key = par_key_user(numbers[n]);
            assert_true(par_key_parse_user(par_key_str(&key), &a) && a == numbers[n]);
            key = par_key_number(numbers[n]);
            assert_true(par_key_parse_number(par_key_str(&key), &a) && a == numbers[n]);
        }
    }
}

static void newest_entries_come_first_within_the_prefix(void **state)
{
    (void)state;
    struct par_conv c = group(9);
    struct par_key prefix = par_key_conv(&c), end = par_key_after(par_key_str(&prefix));
    assert_true(below(par_key_entry(&c, 2), par_key_entry(&c, 1)));
    assert_true(below(par_key_entry(&c, 256), par_key_entry(&c, 255)));
    assert_true(below(prefix, par_key_entry(&c, UINT64_MAX)));
    assert_true(below(par_key_entry(&c, 0), end));
    assert_int_equal(memcmp(par_key_entry(&c, 5).bytes, prefix.bytes, PAR_KEY_CONV), 0);
    assert_int_equal(memcmp(par_key_user_conv(5, &c).bytes, par_key_user(5).bytes, PAR_KEY_USER),
                     0);
}

static void the_key_after_a_prefix(void **state)
{
    (void)state;
    struct par_key key = par_key_after(PAR_STR("ab"));
    assert_true(par_str_eq(par_key_str(&key), PAR_STR("ac")));
    key = par_key_after(PAR_STR("a\xff\xff"));
    assert_true(par_str_eq(par_key_str(&key), PAR_STR("b")));
    key = par_key_after(PAR_STR("\xff\xff"));
    assert_int_equal(key.len, 0);
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    struct par_conv c = group(3), back;
    uint64_t n;
    struct par_str cmid;
    struct par_key key = par_key_entry(&c, 4), cut = key;
    cut.len--;
    assert_false(par_key_parse_entry(par_key_str(&cut), &back, &n));
    assert_false(par_key_parse_conv(par_key_str(&key), &back));
    key.bytes[0] ^= 1;
    assert_false(par_key_parse_entry(par_key_str(&key), &back, &n));
    assert_int_equal(back.kind, PAR_CONV_NONE);
    key = par_key_mark(&c, 1);
    assert_false(par_key_parse_cmid(par_key_str(&key), &back, &n, &cmid));
    key = par_key_user(8);
    key.bytes[9] ^= 1;
    assert_false(par_key_parse_user(par_key_str(&key), &n));
    assert_false(par_key_parse_number(PAR_STR("1234567"), &n));
    key = par_key_user_conv(8, &c);
    key.bytes[PAR_KEY_USER] = 9;
    assert_false(par_key_parse_user_conv(par_key_str(&key), &n, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_read_back),
        cmocka_unit_test(newest_entries_come_first_within_the_prefix),
        cmocka_unit_test(the_key_after_a_prefix),
        cmocka_unit_test(what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
