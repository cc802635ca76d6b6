/* Ids of conversations: one text for each, and what is none is refused with the protocol's answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/conv_id.h"

static void direct_round_trip(void **state)
{
    (void)state;
    struct par_conv c, d = par_conv_direct(9, 7);
    char text[PAR_CONV_TEXT_MAX];
    assert_int_equal(par_conv_format(&d, text), 5);
    assert_memory_equal(text, "d.7.9", 5);
    assert_int_equal(par_conv_parse(PAR_STR("d.7.9"), &c), PAR_CONV_OK);
    assert_true(par_conv_eq(&c, &d));
    assert_int_equal(par_conv_other(&c, 7), 9);
    assert_int_equal(par_conv_other(&c, 9), 7);
    assert_int_equal(par_conv_other(&c, 8), 0);
    d = par_conv_direct(INT64_MAX, INT64_MAX - 1);
    size_t n = par_conv_format(&d, text);
    assert_int_equal(n, 41);
    assert_int_equal(par_conv_parse(par_str_of(text, n), &c), PAR_CONV_OK);
    assert_true(par_conv_eq(&c, &d));
}

static void group_round_trip(void **state)
{
    (void)state;
    struct par_conv c;
    char text[PAR_CONV_TEXT_MAX];
    const char *id = "g.00112233445566778899aabbccddeeff";
    assert_int_equal(par_conv_parse(par_str(id), &c), PAR_CONV_OK);
    assert_int_equal(c.kind, PAR_CONV_GROUP);
    assert_int_equal(c.id[15], 0xff);
    assert_int_equal(par_conv_format(&c, text), 34);
    assert_memory_equal(text, id, 34);
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const not_found[] = {
        "d.",    "d.1",   "d.1.",   "d..2",    "d.2.1",
        "d.1.1", "d.0.1", "d.01.2", "d.1.2.3", "d.1.9223372036854775808"};
    static const char *const not_member[] = {"x",
                                             "g.",
                                             "g.00112233445566778899aabbccddeef",
                                             "g.00112233445566778899AABBCCDDEEFF",
                                             "g.00112233445566778899aabbccddeefff",
                                             "D.1.2"};
    struct par_conv c;
    for (size_t i = 0; i < sizeof not_found / sizeof *not_found; i++) {
        assert_int_equal(par_conv_parse(par_str(not_found[i]), &c), PAR_CONV_NOT_FOUND);
        assert_int_equal(c.kind, PAR_CONV_NONE);
    }
    assert_int_equal(par_conv_parse(PAR_STR(""), &c), PAR_CONV_BAD);
    for (size_t i = 0; i < sizeof not_member / sizeof *not_member; i++)
        assert_int_equal(par_conv_parse(par_str(not_member[i]), &c), PAR_CONV_NOT_MEMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct_round_trip),
        cmocka_unit_test(group_round_trip),
        cmocka_unit_test(refuses_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
