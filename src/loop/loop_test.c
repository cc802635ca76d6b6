/* Tests of the environment, addresses, timers, hooks and deferred calls; timers under a clock of
 * the test's. */
#include "loop/addr.h"
#include "loop/env_ops.h"
#include "loop/loop.h"
#include "loop/signals.h"
#include "loop/wheel.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static uint64_t fake_ns;
static uint64_t fake_mono(void)
{
    return fake_ns;
}
static struct par_env_ops fake_env;

static int set_up_clock(void **state)
{
    (void)state;
    fake_env = par_env_system;
    fake_env.mono_ns = fake_mono;
    fake_ns = 1000000000u;
    par_env_install(&fake_env);
    return 0;
}

static int drop_clock(void **state)
{
    (void)state;
    par_env_install(NULL);
    return 0;
}

static void add_ms(uint64_t ms)
{
    fake_ns += ms * 1000000u;
}

/* ---- environment ---- */

static void random_fills_and_differs(void **state)
{
    (void)state;
    uint8_t big[2][300];
    par_random(big[0], sizeof big[0]);
    par_random(big[1], sizeof big[1]);
    assert_memory_not_equal(big[0], big[1], sizeof big[0]);
    uint64_t seen[200];
    for (int i = 0; i < 200; i++) {
        seen[i] = par_random_u64();
        for (int j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
    uint64_t a = par_mono_ns(), b = par_mono_ns();
    assert_true(b >= a);
    assert_true(par_wall_ms() > INT64_C(1600000000000));
}

static void addresses_round_trip(void **state)
{
    (void)state;
    char buf[PAR_ADDR_TEXT];
    struct par_addr a, b;
    static const char *good[] = {"127.0.0.1:8080", "[::1]:80", "[2001:db8::5]:65535", "0.0.0.0:0"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(par_addr_parse(par_str(good[i]), &a), PAR_OK);
        assert_string_equal(par_addr_text(&a, buf), good[i]);
    }
    static const char *bad[] = {
        "",           "127.0.0.1",     "localhost:80", "::1:80", "[127.0.0.1]:80",
        "1.2.3:80",   "1.2.3.4:65536", "1.2.3.4:",     "[::1]",  "1.2.3.4:08",
        "1.2.3.4:-1", ":80",           "[]:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(par_addr_parse(par_str(bad[i]), &a), PAR_E_BAD_REQUEST);
    assert_int_equal(par_addr_parse_ip(PAR_STR("::ffff:10.1.2.3"), &a), PAR_OK);
    assert_int_equal(par_addr_parse_ip(PAR_STR("10.1.2.3"), &b), PAR_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_string_equal(par_addr_ip_text(&a, buf), "10.1.2.3");
    assert_false(par_addr_is_loopback(&a));
    assert_int_equal(par_addr_parse(PAR_STR("127.9.9.9:1"), &a), PAR_OK);
    assert_true(par_addr_is_loopback(&a));
    assert_false(par_addr_same_ip(&a, &b));
    assert_int_equal(par_addr_parse(PAR_STR("[::1]:1"), &a), PAR_OK);
    assert_true(par_addr_is_loopback(&a));
    struct par_addr none = {0};
    assert_string_equal(par_addr_text(&none, buf), "-");
    assert_false(par_addr_is_loopback(&none));
    assert_int_equal(par_addr_resolve("localhost", 99, &a), PAR_OK);
    assert_true(par_addr_is_loopback(&a));
    assert_int_equal(a.port, 99);
}

/* ---- the wheel by itself, against a plain list ---- */

enum { MANY = 500 };

static void wheel_agrees_with_a_list(void **state)
{
    (void)state;
    static struct par_wheel w;
    static struct par_timer timers[MANY];
    uint64_t now = UINT64_C(0xFFFFFF000), rnd = 12345;
    par_wheel__init(&w, now);
    for (int i = 0; i < MANY; i++)
        par_timer_init(&timers[i], NULL);
    for (int step = 0; step < 20000; step++) {
        rnd = rnd * UINT64_C(6364136223846793005) + 1442695040888963407u;
        struct par_timer *t = &timers[(rnd >> 33) % MANY];
        unsigned what = (unsigned)(rnd >> 20) % 8;
        uint64_t span = (rnd >> 40) & ((UINT64_C(1) << ((rnd >> 5) % 24)) - 1);
        if (what < 5) {
            par_list_remove(&t->_node);
            par_wheel__add(&w, t, now + span);
            continue;
        }
        if (what == 5) {
            par_list_remove(&t->_node);
            continue;
        }
        uint64_t first = UINT64_MAX;
        for (int i = 0; i < MANY; i++) {
            if (par_timer_is_set(&timers[i]) && timers[i]._deadline < first)
                first = timers[i]._deadline;
        }
        uint64_t next = par_wheel__next(&w);
        assert_true(first == UINT64_MAX ? next == UINT64_MAX : next <= first || next == now);
        now += span;
        struct par_list expired;
        par_list_init(&expired);
        par_wheel__advance(&w, now, &expired);
        uint64_t last = 0;
        for (struct par_list *n; (n = par_list_pop(&expired));) {
            struct par_timer *due = PAR_CONTAINER(n, struct par_timer, _node);
            assert_true(due->_deadline <= now);
            assert_true(due->_deadline >= last);
            last = due->_deadline;
        }
        for (int i = 0; i < MANY; i++)
            assert_true(!par_timer_is_set(&timers[i]) || timers[i]._deadline > now);
    }
}

/* ---- timers in a loop ---- */

struct probe {
    struct par_timer timer;
    struct par_loop *loop;
    uint64_t fired_at;
    int count;
    uint64_t again;
    struct par_timer *victim;
};

static void on_probe(struct par_timer *t)
{
    struct probe *p = PAR_CONTAINER(t, struct probe, timer);
    p->fired_at = par_loop_now_ms(p->loop);
    p->count++;
    assert_false(par_timer_is_set(t));
    if (p->victim)
        par_timer_cancel(p->victim);
    if (p->again != UINT64_MAX)
        par_timer_set(p->loop, t, p->again);
}

static void probe_init(struct probe *p, struct par_loop *loop)
{
    *p = (struct probe){.loop = loop, .again = UINT64_MAX};
    par_timer_init(&p->timer, on_probe);
}

static void timers_fire_in_time_and_once(void **state)
{
    (void)state;
    struct par_loop *loop;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    struct probe a, b, c;
    probe_init(&a, loop);
    probe_init(&b, loop);
    probe_init(&c, loop);
    uint64_t start = par_loop_now_ms(loop);
    par_timer_set(loop, &a.timer, 100);
    par_timer_set(loop, &b.timer, 100000);
    par_timer_set(loop, &c.timer, 0);
    par_loop_turn(loop, 0);
    assert_int_equal(c.count, 1);
    add_ms(99);
    par_loop_turn(loop, 0);
    assert_int_equal(a.count, 0);
    add_ms(1);
    par_loop_turn(loop, 0);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.fired_at - start, 100);
    par_timer_set(loop, &b.timer, 50);
    add_ms(60);
    par_loop_turn(loop, 0);
    assert_int_equal(b.count, 1);
    add_ms(1000000);
    par_loop_turn(loop, 0);
    assert_int_equal(a.count + b.count + c.count, 3);

    /* A timer that sets itself to "at once" does not hold the loop in its turn. */
    a.again = 0;
    par_timer_set(loop, &a.timer, 0);
    par_loop_turn(loop, -1);
    par_loop_turn(loop, -1);
    assert_int_equal(a.count, 3);
    par_timer_cancel(&a.timer);
    /* One that is due in the same turn may still be cancelled by another. */
    a.again = UINT64_MAX;
    a.victim = &b.timer;
    par_timer_set(loop, &a.timer, 5);
    par_timer_set(loop, &b.timer, 5);
    add_ms(5);
    par_loop_turn(loop, 0);
    assert_int_equal(a.count, 4);
    assert_int_equal(b.count, 1);
    par_loop_free(&loop);
    assert_null(loop);
}

static void time_that_it_stood_still_is_counted(void **state)
{
    (void)state;
    struct par_loop *loop = NULL;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    add_ms(999);
    par_loop_turn(loop, 0);
    assert_int_equal(par_loop_stood_ms(loop), 0);
    add_ms(5000);
    par_loop_turn(loop, 0);
    par_loop_turn(loop, 0);
    add_ms(1000);
    par_loop_turn(loop, 0);
    assert_int_equal(par_loop_stood_ms(loop), 6000);
    par_loop_free(&loop);
}

static void lazy_timers_come_together(void **state)
{
    (void)state;
    enum { N = 50000 };
    struct par_loop *loop;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    struct probe *p = calloc(N, sizeof *p);
    assert_non_null(p);
    for (int i = 0; i < N; i++) {
        probe_init(&p[i], loop);
        par_timer_set_lazy(loop, &p[i].timer, 25000);
        if (i % 20 == 0) {
            add_ms(10);
            par_loop_turn(loop, 0);
        }
    }
    /* 50,000 timers set over 25 s fire in 25 portions or so, and between them the wheel has
     * nothing. */
    static struct par_loop_stats before, after;
    par_loop_stats(loop, &before);
    int turns_with_work = 0;
    for (int ms = 0; ms < 52000; ms++) {
        add_ms(1);
        uint64_t fired = before.timers_fired;
        par_loop_turn(loop, 0);
        par_loop_stats(loop, &before);
        turns_with_work += before.timers_fired != fired;
    }
    par_loop_stats(loop, &after);
    assert_int_equal(after.timers_fired, N);
    assert_in_range(turns_with_work, 20, 30);

    probe_init(&p[0], loop);
    par_timer_set_lazy(loop, &p[0].timer, 200);
    add_ms(200 + 12);
    par_loop_turn(loop, 0);
    assert_int_equal(p[0].count, 1);
    par_timer_set_lazy(loop, &p[0].timer, 3);
    add_ms(2);
    par_loop_turn(loop, 0);
    assert_int_equal(p[0].count, 1);
    add_ms(1);
    par_loop_turn(loop, 0);
    assert_int_equal(p[0].count, 2);
    free(p);
    par_loop_free(&loop);
}

static void an_idle_loop_sleeps(void **state)
{
    (void)state;
    struct par_loop *loop;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    struct probe far;
    probe_init(&far, loop);
    par_timer_set(loop, &far.timer, 3600 * 1000);
    struct par_loop_stats s;
    uint64_t start = par_mono_ns();
    par_loop_turn(loop, 60);
    assert_true(par_mono_ns() - start >= 55 * 1000000u);
    par_loop_stats(loop, &s);
    assert_int_equal(s.turns, 1);
    assert_int_equal(s.sleeps, 1);
    par_timer_set(loop, &far.timer, 20);
    while (far.count == 0)
        par_loop_turn(loop, -1);
    /* A wait of 20 ms crosses at most a few slot borders. */
    par_loop_stats(loop, &s);
    assert_in_range(s.turns, 2, 5);
    par_loop_free(&loop);
}

/* ---- hooks, deferred calls, stop ---- */

struct hooked {
    struct par_hook hook;
    struct par_defer defer;
    struct par_loop *loop;
    struct hooked *other;
    int calls;
    int freed;
};

static void on_defer(struct par_defer *d)
{
    struct hooked *h = PAR_CONTAINER(d, struct hooked, defer);
    assert_true(h->calls > 0);
    h->freed++;
    if (h->freed == 1)
        par_loop_defer(h->loop, d, on_defer);
}

static void on_hook(struct par_hook *hook)
{
    struct hooked *h = PAR_CONTAINER(hook, struct hooked, hook);
    if (h->calls++ == 0)
        par_loop_defer(h->loop, &h->defer, on_defer);
    par_hook_remove(&h->other->hook);
}

static void hooks_and_deferred_calls(void **state)
{
    (void)state;
    struct par_loop *loop;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    struct hooked a = {.loop = loop}, b = {.loop = loop};
    a.other = &b;
    b.other = &b;
    par_hook_add(loop, &a.hook, on_hook);
    par_hook_add(loop, &b.hook, on_hook);
    par_loop_turn(loop, 0);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 0);
    assert_int_equal(a.freed, 1);
    par_loop_turn(loop, -1);
    assert_int_equal(a.freed, 2);
    par_loop_turn(loop, 0);
    assert_int_equal(a.freed, 2);
    assert_int_equal(a.calls, 3);
    par_hook_remove(&a.hook);
    par_loop_stop(loop);
    par_loop_run(loop);
    par_loop_free(&loop);
    par_loop_free(&loop);
}

static void stop_later(void *arg)
{
    par_loop_stop(arg);
}

static void stop_from_another_thread(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct par_loop *loop;
        struct par_thread *thread;
        assert_int_equal(par_loop_new(&loop), PAR_OK);
        assert_int_equal(par_thread_start("stopper", stop_later, loop, &thread), PAR_OK);
        par_loop_run(loop);
        par_thread_join(&thread);
        assert_null(thread);
        par_loop_free(&loop);
    }
}

static int signals_seen;
static void on_signal(int signo, void *arg)
{
    assert_true(signo == SIGHUP || signo == SIGTERM);
    signals_seen++;
    if (signo == SIGTERM)
        par_signals_close(arg);
}

static void signals_come_as_callbacks(void **state)
{
    (void)state;
    struct par_loop *loop;
    struct par_signals *signals;
    assert_int_equal(par_loop_new(&loop), PAR_OK);
    assert_int_equal(par_signals_open(loop, on_signal, &signals, &signals), PAR_OK);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    par_loop_turn(loop, 1000);
    assert_int_equal(signals_seen, 1);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    par_loop_turn(loop, 1000);
    assert_int_equal(signals_seen, 2);
    assert_null(signals);
    par_loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_fills_and_differs),
        cmocka_unit_test(addresses_round_trip),
        cmocka_unit_test(wheel_agrees_with_a_list),
        cmocka_unit_test_setup_teardown(timers_fire_in_time_and_once, set_up_clock, drop_clock),
        cmocka_unit_test_setup_teardown(time_that_it_stood_still_is_counted, set_up_clock,
                                        drop_clock),
        cmocka_unit_test_setup_teardown(lazy_timers_come_together, set_up_clock, drop_clock),
        cmocka_unit_test(an_idle_loop_sleeps),
        cmocka_unit_test(hooks_and_deferred_calls),
        cmocka_unit_test(stop_from_another_thread),
        cmocka_unit_test(signals_come_as_callbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
