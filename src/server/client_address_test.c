/* Where a client is: only a trusted proxy is believed, and only its last word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/client_address.h"

static void networks(void **state)
{
    (void)state;
    assert_true(par_address_in(PAR_STR("127.0.0.1"), "127.0.0.0/8,::1/128"));
    assert_true(par_address_in(PAR_STR("::1"), "127.0.0.0/8, ::1/128"));
    assert_true(par_address_in(PAR_STR("10.1.2.3"), "10.1.2.3"));
    assert_true(par_address_in(PAR_STR("10.1.2.3"), "10.1.2.0/23"));
    assert_true(par_address_in(PAR_STR("10.9.9.9"), "0.0.0.0/0"));
    assert_false(par_address_in(PAR_STR("10.1.4.3"), "10.1.2.0/23"));
    assert_false(par_address_in(PAR_STR("10.1.2.3"), "::/0"));
    assert_false(par_address_in(PAR_STR("10.1.2.3"), "10.1.2.0/33,nonsense,,/8"));
    assert_false(par_address_in(PAR_STR("unix"), "0.0.0.0/0"));
    assert_false(par_address_in(PAR_STR("10.1.2.3"), ""));
}

static void check(const char *trusted, const char *peer, const char *forwarded,
                  const char *expected, bool exempt)
{
    struct par_config config;
    par_config_defaults(&config);
    config.server.trusted_peers = trusted;
    struct par_server server = {.config = &config};
    struct par_http_field field = {PAR_STR("x-forwarded-for"), par_str(forwarded)};
    struct par_http_request req = {
        .peer = par_str(peer), .header_count = forwarded ? 1 : 0, .headers = &field};
    struct par_arena arena = {0};
    bool is_exempt;
    struct par_str got = par_client_address(&server, &req, &arena, &is_exempt);
    assert_true(par_str_is(got, expected));
    assert_int_equal(is_exempt, exempt);
    par_arena_fini(&arena);
    par_config_fini(&config);
}

static void proxies(void **state)
{
    (void)state;
    check("127.0.0.0/8", "127.0.0.1", NULL, "127.0.0.1", true);
    check("127.0.0.0/8", "127.0.0.1", "9.9.9.9, 8.8.8.8 ", "8.8.8.8", false);
    check("127.0.0.0/8", "127.0.0.1", "8.8.8.8, not an address", "127.0.0.1", true);
    check("127.0.0.0/8", "7.7.7.7", "8.8.8.8", "7.7.7.7", false);
    check("", "127.0.0.1", "8.8.8.8", "127.0.0.1", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(networks), cmocka_unit_test(proxies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
