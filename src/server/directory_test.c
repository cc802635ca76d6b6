/* The directory and handles: who is here, who arrived and left, who watches, how fast one may send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parley/route.h"
#include "server/directory.h"
#include "server/handles.h"

#include <stdlib.h>

enum { SERVER = 7, BOOT = 100, USER = 42 };

struct fixture {
    struct par_route *route;
    struct par_directory *dir;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_int_equal(par_route_open(&(struct par_route_config){.driver = "fail"}, &f->route),
                     PAR_OK);
    f->dir = par_directory_new(f->route, SERVER, BOOT);
    assert_non_null(f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    par_directory_free(&f->dir);
    par_route_close(&f->route);
    free(f);
    return 0;
}

static struct par_dir_endpoint endpoint(uint64_t id, uint64_t device, enum par_endpoint_kind kind)
{
    return (struct par_dir_endpoint){.id = id, .device = device, .kind = kind};
}

static size_t routes(struct fixture *f, uint64_t user)
{
    struct par_route_hits hits = {0};
    assert_int_equal(par_route_lookup(f->route, &user, 1, &hits), PAR_OK);
    size_t n = hits.count;
    par_route_hits_fini(&hits);
    return n;
}

static void a_user_arrives_once_and_leaves_once(void **state)
{
    struct fixture *f = *state;
    uint64_t replaced;
    bool arrived, left, empty;
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(1, 10, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_OK);
    assert_true(arrived && replaced == 0);
    assert_int_equal(routes(f, USER), 1);
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(2, 11, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_OK);
    assert_false(arrived);
    assert_int_equal(par_directory_users(f->dir), 1);
    assert_true(par_directory_remove(f->dir, USER, 1, 1000, &left, &empty));
    assert_false(left);
    assert_true(par_directory_remove(f->dir, USER, 2, 2000, &left, &empty));
    assert_true(left);
    assert_int_equal(routes(f, USER), 0);
    assert_int_equal(par_directory_users(f->dir), 0);
    assert_false(par_directory_remove(f->dir, USER, 2, 2000, &left, &empty));
    /* Told once, when the delay is over. */
    assert_false(par_directory_departed(f->dir, USER, 6999, 5000));
    assert_true(par_directory_departed(f->dir, USER, 7000, 5000));
    assert_false(par_directory_departed(f->dir, USER, 9000, 5000));
}

static void one_who_comes_back_has_not_left(void **state)
{
    struct fixture *f = *state;
    uint64_t replaced;
    bool arrived, left, empty;
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(1, 10, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_OK);
    par_directory_remove(f->dir, USER, 1, 1000, &left, &empty);
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(2, 10, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_OK);
    assert_true(arrived);
    assert_false(par_directory_departed(f->dir, USER, 6000, 5000));
    /* Gone again later: the first delay does not count for the second absence. */
    par_directory_remove(f->dir, USER, 2, 5900, &left, &empty);
    assert_false(par_directory_departed(f->dir, USER, 6000, 5000));
    assert_true(par_directory_departed(f->dir, USER, 10900, 5000));
}

static void the_same_device_replaces_and_a_poll_session_stands_beside(void **state)
{
    struct fixture *f = *state;
    uint64_t replaced;
    bool arrived, left, empty;
    struct par_dir_endpoint out[PAR_DIRECTORY_USER_ENDPOINTS];
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(1, 10, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_OK);
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(2, 10, PAR_ENDPOINT_POLL), &replaced, &arrived),
        PAR_OK);
    assert_int_equal(replaced, 0);
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(3, 10, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_OK);
    assert_int_equal(replaced, 1);
    assert_false(par_directory_remove(f->dir, USER, 1, 1, &left, &empty));
    assert_int_equal(par_directory_endpoints(f->dir, USER, out), 2);
    /* A poll session that nobody asks still has the route, and is not there. */
    assert_false(par_directory_set_present(f->dir, USER, 2, false, 5));
    assert_true(par_directory_remove(f->dir, USER, 3, 10, &left, &empty));
    assert_true(left);
    assert_false(par_directory_is_present(f->dir, USER));
    assert_int_equal(routes(f, USER), 1);
    assert_true(par_directory_set_present(f->dir, USER, 2, true, 20));
    assert_true(par_directory_is_present(f->dir, USER));
    assert_true(par_directory_remove(f->dir, USER, 2, 30, &left, &empty));
}

static void is_bounded_and_a_route_that_fails_lets_nobody_in(void **state)
{
    struct fixture *f = *state;
    uint64_t replaced;
    bool arrived, left, empty;
    par_route_fail(f->route, PAR_ROUTE_FAULT_REGISTER, PAR_E_UNAVAILABLE, 1);
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(1, 10, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_E_UNAVAILABLE);
    assert_int_equal(par_directory_users(f->dir), 0);
    for (uint64_t i = 1; i <= PAR_DIRECTORY_USER_ENDPOINTS; i++)
        assert_int_equal(par_directory_add(f->dir, USER, endpoint(i, i, PAR_ENDPOINT_SOCKET),
                                           &replaced, &arrived),
                         PAR_OK);
    assert_int_equal(
        par_directory_add(f->dir, USER, endpoint(99, 99, PAR_ENDPOINT_SOCKET), &replaced, &arrived),
        PAR_E_OVERLOADED);
    for (uint64_t i = 1; i <= PAR_DIRECTORY_USER_ENDPOINTS; i++)
        assert_true(par_directory_remove(f->dir, USER, i, i, &left, &empty));
}

static void a_bucket_gives_a_burst_and_then_the_rate(void **state)
{
    struct fixture *f = *state;
    uint64_t now = 1000000000u;
    for (int i = 0; i < 100; i++)
        assert_int_equal(par_directory_take_send(f->dir, USER, now, 20, 100), 0);
    uint32_t wait = par_directory_take_send(f->dir, USER, now, 20, 100);
    assert_in_range(wait, 1, 51);
    now += (uint64_t)wait * 1000000u;
    assert_int_equal(par_directory_take_send(f->dir, USER, now, 20, 100), 0);
    assert_int_not_equal(par_directory_take_send(f->dir, USER, now, 20, 100), 0);
    par_directory_refund_send(f->dir, USER);
    assert_int_equal(par_directory_take_send(f->dir, USER, now, 20, 100), 0);
    /* 0 switches it off; and what is full again is forgotten. */
    assert_int_equal(par_directory_take_send(f->dir, USER, now, 0, 100), 0);
    par_directory_sweep(f->dir, now + 6000000000u, 20, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(par_directory_take_send(f->dir, USER, now + 6000000000u, 20, 100), 0);
}

static void watchers_are_counted_once(void **state)
{
    struct fixture *f = *state;
    size_t n;
    assert_int_equal(par_directory_watch(f->dir, USER, 5, 50), PAR_OK);
    assert_int_equal(par_directory_watch(f->dir, USER, 5, 50), PAR_OK);
    assert_int_equal(par_directory_watch(f->dir, USER, 6, 60), PAR_OK);
    struct par_dir_watcher *w = par_directory_watchers(f->dir, USER, &n);
    assert_int_equal(n, 2);
    free(w);
    par_directory_unwatch(f->dir, USER, 5);
    par_directory_unwatch(f->dir, USER, 6);
    assert_null(par_directory_watchers(f->dir, USER, &n));
    assert_int_equal(n, 0);
}

static void stale_handles_find_nothing(void **state)
{
    (void)state;
    struct par_handles h, other;
    int a, b;
    par_handles_init(&h, 3);
    par_handles_init(&other, 4);
    uint64_t first = par_handles_add(&h, &a);
    assert_int_equal(par_handle_reactor(first), 3);
    assert_ptr_equal(par_handles_get(&h, first), &a);
    assert_null(par_handles_get(&other, first));
    par_handles_remove(&h, first);
    assert_null(par_handles_get(&h, first));
    uint64_t second = par_handles_add(&h, &b);
    assert_true(first != second);
    assert_null(par_handles_get(&h, first));
    par_handles_remove(&h, first);
    assert_ptr_equal(par_handles_get(&h, second), &b);
    for (uint64_t bad = 0; bad < 64; bad++)
        assert_null(par_handles_get(&h, second ^ (1ull << bad)));
    assert_int_equal(par_handles_any(&h), second);
    par_handles_remove(&h, second);
    assert_int_equal(par_handles_any(&h), 0);
    par_handles_fini(&h);
    par_handles_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_user_arrives_once_and_leaves_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_who_comes_back_has_not_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_device_replaces_and_a_poll_session_stands_beside,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_bounded_and_a_route_that_fails_lets_nobody_in, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_bucket_gives_a_burst_and_then_the_rate, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(watchers_are_counted_once, set_up, tear_down),
        cmocka_unit_test(stale_handles_find_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
