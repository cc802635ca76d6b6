/* The conformance suite of the queue family, on every driver; compiled once more for the simulated
 * one (PAR_SUITE_SIM). */
#include "parley/queue.h"

#include "conv/delivery.h"
#include "loop/env.h"

#ifdef PAR_SUITE_SIM
#include "sim/engine/log.h"
#include "sim/engine/test_host.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *driver;
static struct par_queue *q;
static uint32_t part;  /* a partition, which the test has to itself */
static uint64_t first; /* the offset of the first record that the test takes from it */

#ifdef PAR_SUITE_SIM
static const char *const drivers[] = {"sim"};
static struct sim_log *world;

static void begin(void)
{
    sim_test_begin(1, true);
    world = sim_log_new(&(struct sim_log_plan){.partitions = 4, .heartbeat_ns = 20 * SIM_MS});
}

static void end(void)
{
    sim_log_free(&world);
    sim_test_end();
}

/* Nothing leaves the memory of producers for a time. */
static void hold_up(void)
{
    sim_log_outage(world, SIM_S / 2);
}
#else
static const char *const drivers[] = {"local", "fail"};
static void begin(void) {}
static void end(void) {}
static void hold_up(void) {}
#endif

static int open_queue(void **state)
{
    (void)state;
    const struct par_queue_config config = {
        .driver = driver, .max_records = 1000, .max_bytes = 1 << 20, .server = 1, .boot = 1};
    const struct par_conv conv = par_conv_direct(3, 4);
    uint64_t end_now;
    begin();
    assert_int_equal(par_queue_open(&config, &q), PAR_OK);
    part = par_queue_partition_of(q, &conv);
    assert_int_equal(par_queue_bounds(q, part, &first, &end_now), PAR_OK);
    if (par_queue_remote(q)) {
        assert_true(first <= end_now);
        first = end_now;
    } else {
        assert_true(first == 0 && end_now == UINT64_MAX);
        first = 70;
    }
    assert_int_equal(par_queue_seek(q, part, first), PAR_OK);
    return 0;
}

static int close_queue(void **state)
{
    (void)state;
    par_queue_close(&q);
    assert_null(q);
    end();
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(par_queue_produce(q, part, par_str(text)), PAR_OK);
}

/* The next record, waited for, has these bytes and this place behind the first. */
static struct par_queue_record expect(const char *text, uint64_t place)
{
    struct par_queue_record record;
    assert_int_equal(par_queue_take(q, part, 1, 5000, &record), 1);
    assert_true(par_str_is(record.bytes, text));
    assert_int_equal(record.offset, first + place);
    return record;
}

static void in_order_with_offsets(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    int64_t before = par_wall_ms();
    assert_int_equal(par_partition_generation(part), par_queue_generation(q));
    assert_true(par_partition_number(part) < par_queue_partitions(q));
    if (!par_queue_remote(q))
        assert_true(part == 0 && par_queue_partitions(q) == 1);
    put("a");
    put("b");
    put("");
    struct par_queue_record a = expect("a", 0), b = expect("b", 1);
    assert_true(b.time_ms >= a.time_ms);
    /* Not known, or less than this test takes. */
    assert_true(a.way_ns < 60 * UINT64_C(1000000000));
    if (!par_queue_remote(q))
        assert_true(a.time_ms >= before && a.way_ns > 0);
    put("d");
    expect("", 2);
    expect("d", 3);
    assert_int_equal(par_queue_take(q, part, 4, 0, records), 0);
    assert_int_equal(par_queue_take(q, part, 4, 5, records), 0);
    if (!par_queue_remote(q))
        return;
    /* A log is kept, and may be read again. */
    uint64_t start, end_now;
    assert_int_equal(par_queue_bounds(q, part, &start, &end_now), PAR_OK);
    assert_true(start <= first && end_now == first + 4);
    assert_int_equal(par_queue_seek(q, part, first + 1), PAR_OK);
    assert_int_equal(par_queue_take(q, part, 4, 5000, records), 3);
    assert_true(par_str_is(records[0].bytes, "b") && records[0].offset == first + 1);
    assert_true(par_str_is(records[2].bytes, "d") && records[2].offset == first + 3);
}

static void bounded_by_count_and_bytes(void **state)
{
    (void)state;
    struct par_queue_record *records = calloc(1000, sizeof *records);
    struct par_queue_stats stats;
    size_t n = 0, taken = 0;
    hold_up();
    while (par_queue_produce(q, part, PAR_STR("x")) == PAR_OK)
        n++;
    assert_int_equal(n, 1000);
    assert_int_equal(par_queue_produce(q, part, PAR_STR("x")), PAR_E_OVERLOADED);
    par_queue_stats(q, &stats);
    assert_true(stats.waiting_records == 1000 && stats.produced == 1000 && stats.overloaded == 2);
    assert_int_equal(par_queue_take(q, part, 10, 5000, records), 10);
    put("again");
    while (taken < 991) {
        n = par_queue_take(q, part, 1000, 5000, records);
        assert_true(n > 0);
        taken += n;
    }
    assert_int_equal(taken, 991);
    char *big = calloc(1, 1 << 18);
    hold_up();
    for (n = 0; par_queue_produce(q, part, par_str_of(big, 1 << 18)) == PAR_OK;)
        n++;
    assert_true(n == 3 || (n == 4 && par_queue_remote(q)));
    par_queue_stats(q, &stats);
    assert_true(stats.waiting_records == n && stats.waiting_bytes <= stats.max_bytes);
    free(big);
    free(records);
}

static void a_sealed_queue_is_taken_to_its_end(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    put("a");
    par_queue_seal(q);
    assert_int_equal(par_queue_produce(q, part, PAR_STR("b")), PAR_E_UNAVAILABLE);
    expect("a", 0);
    assert_int_equal(par_queue_take(q, part, 4, 0, records), 0);
}

static void waker(void *arg)
{
    (void)arg;
    par_queue_wake(q, part);
}

static void a_wake_ends_the_wait(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    struct par_thread *thread;
    assert_int_equal(par_thread_start("waker", waker, NULL, &thread), PAR_OK);
    assert_int_equal(par_queue_take(q, part, 4, 60000, records), 0);
    par_thread_join(&thread);
}

enum { THREADS = 3, EACH = 5000 };

static void producer(void *arg)
{
    char text[32];
    for (int i = 0; i < EACH;) {
        int n = snprintf(text, sizeof text, "%d.%d", (int)(intptr_t)arg, i);
        enum par_err err = par_queue_produce(q, part, par_str_of(text, (size_t)n));
        if (err == PAR_OK)
            i++;
        else if (err != PAR_E_OVERLOADED)
            abort();
    }
}

static void each_thread_in_its_order(void **state)
{
    (void)state;
    struct par_thread *threads[THREADS];
    struct par_queue_record records[64];
    int next[THREADS] = {0}, total = 0;
    uint64_t offset = first;
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(par_thread_start("producer", producer, (void *)i, &threads[i]), PAR_OK);
    while (total < THREADS * EACH) {
        size_t n = par_queue_take(q, part, 64, 1000, records);
        for (size_t i = 0; i < n; i++) {
            char text[32];
            int who, which;
            snprintf(text, sizeof text, "%.*s", PAR_STR_ARGS(records[i].bytes));
            assert_int_equal(sscanf(text, "%d.%d", &who, &which), 2);
            assert_int_equal(which, next[who]++);
            assert_int_equal(records[i].offset, offset++);
        }
        total += (int)n;
    }
    for (size_t i = 0; i < THREADS; i++)
        par_thread_join(&threads[i]);
}

static int delivered, flushed, pushed;

static void sink(void *arg, const struct par_delivery *d)
{
    assert_ptr_equal(arg, &delivered);
    assert_int_equal(d->seq, 5);
    delivered++;
}

static void flush(void *arg)
{
    assert_ptr_equal(arg, &delivered);
    flushed++;
}

static void push(void *arg, const struct par_push_job *job)
{
    assert_ptr_equal(arg, &pushed);
    assert_int_equal(job->user, 3);
    pushed++;
}

static void deliveries_and_push_jobs_end_here(void **state)
{
    (void)state;
    const struct par_delivery d = {.kind = PAR_DELIVERY_ANSWER, .seq = 5};
    const struct par_push_job job = {.reason = PAR_PUSH_TEXT, .user = 3};
    struct par_queue_stats stats;
    if (par_queue_remote(q))
        return;
    delivered = flushed = pushed = 0;
    assert_int_equal(par_queue_deliver(q, 1, &d), PAR_E_UNAVAILABLE);
    assert_int_equal(par_queue_push_job(q, &job), PAR_OK);
    par_queue_set_sink(q, sink, flush, &delivered);
    par_queue_set_push(q, push, &pushed);
    assert_int_equal(par_queue_deliver(q, 1, &d), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    assert_int_equal(par_queue_push_job(q, &job), PAR_OK);
    assert_true(delivered == 1 && flushed == 1 && pushed == 1);
    par_queue_stats(q, &stats);
    assert_true(stats.deliveries == 2 && stats.delivery_failures == 1 && stats.push_jobs == 2);
}

/* ---- owners ---- */

struct owner {
    _Atomic uint32_t owned, told;
};

static void own(void *arg, const uint32_t *partitions, size_t count, bool owned)
{
    struct owner *o = arg;
    for (size_t i = 0; i < count; i++) {
        uint32_t bit = UINT32_C(1) << par_partition_number(partitions[i]);
        if (owned)
            atomic_fetch_or(&o->owned, bit);
        else
            atomic_fetch_and(&o->owned, ~bit);
        atomic_fetch_add(&o->told, 1);
    }
}

static void who_joins_alone_owns_everything_until_it_leaves(void **state)
{
    (void)state;
    struct owner o = {0};
    uint32_t all = (UINT32_C(1) << par_queue_partitions(q)) - 1;
    struct par_queue_record records[1];
    assert_int_equal(par_queue_join(q, own, &o), PAR_OK);
    for (int i = 0; i < 500 && o.owned != all; i++)
        (void)par_queue_take(q, part, 1, 10, records);
    assert_int_equal(o.owned, all);
    assert_int_equal(o.told, par_queue_partitions(q));
    par_queue_leave(q);
    assert_int_equal(o.owned, 0);
    assert_int_equal(o.told, 2 * par_queue_partitions(q));
}

static void who_is_aside_owns_nothing(void **state)
{
    (void)state;
    struct owner o = {0};
    uint32_t all = (UINT32_C(1) << par_queue_partitions(q)) - 1;
    uint32_t aside = par_queue_remote(q) ? 0 : all;
    struct par_queue_record records[1];
    assert_int_equal(par_queue_join(q, own, &o), PAR_OK);
    for (int i = 0; i < 500 && o.owned != all; i++)
        (void)par_queue_take(q, part, 1, 10, records);
    assert_int_equal(o.owned, all);
    par_queue_set_aside(q, true);
    for (int i = 0; i < 2000 && o.owned != aside; i++)
        (void)par_queue_take(q, part, 1, 10, records);
    assert_int_equal(o.owned, aside);
    par_queue_set_aside(q, false);
    for (int i = 0; i < 2000 && o.owned != all; i++)
        (void)par_queue_take(q, part, 1, 10, records);
    assert_int_equal(o.owned, all);
    par_queue_leave(q);
    assert_int_equal(o.owned, 0);
}

/* ---- inboxes ---- */

static void wake_inbox(void *arg)
{
    (void)arg;
    par_queue_wake_inbox(q, 2);
}

static void an_inbox_has_what_was_flushed_in_order(void **state)
{
    (void)state;
    struct par_queue_record records[8];
    struct par_thread *thread;
    uint64_t end_before, end_after;
    if (!par_queue_remote(q)) {
        assert_int_equal(par_queue_take_inbox(q, 2, 8, 0, records), 0);
        assert_int_equal(par_queue_send(q, 2, PAR_STR("x")), PAR_E_UNAVAILABLE);
        return;
    }
    assert_int_equal(par_queue_inbox_end(q, 2, &end_before), PAR_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(par_queue_send(q, 2, par_str_of(&"01234"[i], 1)), PAR_OK);
    assert_int_equal(par_queue_send(q, 3, PAR_STR("other")), PAR_OK);
    assert_int_equal(par_queue_deliver_flush(q), PAR_OK);
    assert_int_equal(par_queue_inbox_end(q, 2, &end_after), PAR_OK);
    assert_int_equal(end_after, end_before + 5);
    assert_int_equal(par_queue_take_inbox(q, 2, 8, 5000, records), 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(records[i].offset == end_before + i &&
                    par_str_eq(records[i].bytes, par_str_of(&"01234"[i], 1)));
    assert_int_equal(par_queue_confirm_inbox(q, 2, end_before + 3), PAR_OK);
    assert_int_equal(par_queue_take_inbox(q, 2, 8, 0, records), 0);
    assert_int_equal(par_thread_start("waker", wake_inbox, NULL, &thread), PAR_OK);
    assert_int_equal(par_queue_take_inbox(q, 2, 8, 60000, records), 0);
    par_thread_join(&thread);
    /* Another, or the next life, goes on where it was confirmed. */
    struct par_queue *other;
    const struct par_queue_config config = {.driver = driver, .server = 2, .boot = 2};
    assert_int_equal(par_queue_open(&config, &other), PAR_OK);
    assert_int_equal(par_queue_take_inbox(other, 2, 8, 5000, records), 2);
    assert_int_equal(records[0].offset, end_before + 3);
    par_queue_close(&other);
}

static void failures_as_asked(void **state)
{
    (void)state;
    struct par_queue *f;
    const struct par_delivery d = {.kind = PAR_DELIVERY_SYNC, .seq = 5};
    assert_int_equal(par_queue_open(&(struct par_queue_config){.driver = "fail"}, &f), PAR_OK);
    par_queue_set_sink(f, sink, flush, &delivered);
    par_queue_fail(f, PAR_QUEUE_FAULT_PRODUCE, PAR_E_OVERLOADED, 2);
    assert_int_equal(par_queue_produce(f, 0, PAR_STR("a")), PAR_E_OVERLOADED);
    assert_int_equal(par_queue_produce(f, 0, PAR_STR("a")), PAR_E_OVERLOADED);
    assert_int_equal(par_queue_produce(f, 0, PAR_STR("a")), PAR_OK);
    par_queue_fail(f, PAR_QUEUE_FAULT_DELIVER, PAR_E_UNAVAILABLE, UINT32_MAX);
    assert_int_equal(par_queue_deliver(f, 1, &d), PAR_E_UNAVAILABLE);
    assert_int_equal(par_queue_deliver(f, 1, &d), PAR_E_UNAVAILABLE);
    par_queue_fail(f, PAR_QUEUE_FAULT_DELIVER, PAR_OK, 0);
    assert_int_equal(par_queue_deliver(f, 1, &d), PAR_OK);
    par_queue_close(&f);
    assert_int_equal(par_queue_open(&(struct par_queue_config){.driver = "no such"}, &f),
                     PAR_E_BAD_REQUEST);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_queue, close_queue)
    const struct CMUnitTest tests[] = {
        T(in_order_with_offsets),
        T(bounded_by_count_and_bytes),
        T(a_sealed_queue_is_taken_to_its_end),
        T(a_wake_ends_the_wait),
        T(each_thread_in_its_order),
        T(deliveries_and_push_jobs_end_here),
        T(who_joins_alone_owns_everything_until_it_leaves),
        T(who_is_aside_owns_nothing),
        T(an_inbox_has_what_was_flushed_in_order),
    };
    const struct CMUnitTest once[] = {cmocka_unit_test(failures_as_asked)};
    int failed = 0;
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        driver = drivers[i];
        failed += cmocka_run_group_tests_name(driver, tests, NULL, NULL);
    }
    return failed + cmocka_run_group_tests(once, NULL, NULL);
}
