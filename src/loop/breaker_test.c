/* Breakers: who is lost rests, is tried by one at a time, and rests longer each time. */
#include "loop/breaker.h"

#include "loop/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { FIRST_MS = 20, LAST_MS = 70, FOR_EVER_MS = 1000000 };

static void pause_ms(uint32_t ms)
{
    _Atomic uint32_t never = 0;
    par_pause(&never, ms);
}

static void wait_until_it_lets(const struct par_breaker *b)
{
    while (!par_breaker_lets(b))
        pause_ms(1);
}

static void what_answers_takes_all_calls(void **state)
{
    (void)state;
    struct par_breaker b = {0};
    assert_false(par_breaker_open(&b));
    for (int i = 0; i < 3; i++) {
        assert_true(par_breaker_lets(&b));
        assert_false(par_breaker_enter(&b));
    }
    assert_false(par_breaker_answered(&b));
}

static void what_was_lost_is_left_alone(void **state)
{
    (void)state;
    struct par_breaker b = {0};
    assert_true(par_breaker_lost(&b, FOR_EVER_MS, FOR_EVER_MS));
    assert_true(par_breaker_open(&b));
    assert_false(par_breaker_lets(&b));
    /* Calls that were on their way end, too: one rest more, and no news. */
    assert_false(par_breaker_lost(&b, FOR_EVER_MS, FOR_EVER_MS));
    assert_false(par_breaker_lets(&b));
}

static void one_tries_when_the_rest_is_over(void **state)
{
    (void)state;
    struct par_breaker b = {0};
    assert_true(par_breaker_lost(&b, FIRST_MS, LAST_MS));
    wait_until_it_lets(&b);
    assert_true(par_breaker_enter(&b));
    pause_ms(2 * FIRST_MS);
    assert_false(par_breaker_lets(&b));
    assert_true(par_breaker_answered(&b));
    assert_true(par_breaker_lets(&b));
    assert_false(par_breaker_open(&b));
}

static void rests_grow_up_to_a_limit(void **state)
{
    (void)state;
    const uint64_t least[] = {FIRST_MS, 2 * FIRST_MS, LAST_MS, LAST_MS};
    struct par_breaker b = {0};
    for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) {
        uint64_t began = par_mono_ms();
        (void)par_breaker_lost(&b, FIRST_MS, LAST_MS);
        wait_until_it_lets(&b);
        assert_true(par_mono_ms() - began >= least[i]);
        assert_true(par_breaker_enter(&b));
    }
    assert_true(par_breaker_answered(&b));
    /* It begins anew. */
    assert_true(par_breaker_lost(&b, FIRST_MS, FOR_EVER_MS));
    wait_until_it_lets(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_answers_takes_all_calls),
        cmocka_unit_test(what_was_lost_is_left_alone),
        cmocka_unit_test(one_tries_when_the_rest_is_over),
        cmocka_unit_test(rests_grow_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
