/* Lists of servers: what is read, and what is refused. */
#include "base/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void hosts_are_read(void **state)
{
    (void)state;
    struct par_host hosts[3];
    size_t n;
    assert_true(par_hosts_parse("a:1, 10.0.0.1:65535,  b.example:9092", hosts, 3, &n));
    assert_int_equal(n, 3);
    assert_string_equal(hosts[0].name, "a");
    assert_int_equal(hosts[0].port, 1);
    assert_string_equal(hosts[1].name, "10.0.0.1");
    assert_int_equal(hosts[1].port, 65535);
    assert_string_equal(hosts[2].name, "b.example");
}

static void what_is_no_host_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           " ,",    "a",       ":1",
                                        "a:",         "a:0",   "a:65536", "a:1x",
                                        "a:-1",       "a:1,b", "a:1;b:2", "a:99999999999",
                                        "a:1,b:2,c:3"};
    struct par_host hosts[2];
    char longest[200];
    size_t n;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(par_hosts_parse(wrong[i], hosts, 2, &n));
    memset(longest, 'a', sizeof longest);
    memcpy(longest + sizeof hosts[0].name - 1, ":7", 3);
    assert_true(par_hosts_parse(longest, hosts, 2, &n));
    memset(longest, 'a', sizeof longest);
    memcpy(longest + sizeof hosts[0].name, ":7", 3);
    assert_false(par_hosts_parse(longest, hosts, 2, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_read),
        cmocka_unit_test(what_is_no_host_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
