/* The conformance suite of the queue family, on every driver. */
#include "parley/queue.h"

#include "conv/delivery.h"
#include "loop/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *driver;
static struct par_queue *q;

static int open_queue(void **state)
{
    (void)state;
    const struct par_queue_config config = {
        .driver = driver, .max_records = 1000, .max_bytes = 1 << 20};
    assert_int_equal(par_queue_open(&config, &q), PAR_OK);
    return 0;
}

static int close_queue(void **state)
{
    (void)state;
    par_queue_close(&q);
    assert_null(q);
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(par_queue_produce(q, 0, par_str(text)), PAR_OK);
}

static void in_order_with_offsets(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    int64_t before = par_wall_ms();
    assert_int_equal(par_queue_generation(q), 0);
    assert_int_equal(par_queue_partitions(q), 1);
    assert_int_equal(par_queue_seek(q, 0, 70), PAR_OK);
    put("a");
    put("b");
    put("");
    assert_int_equal(par_queue_take(q, 0, 2, 1000, records), 2);
    assert_true(par_str_is(records[0].bytes, "a") && records[0].offset == 70);
    assert_true(par_str_is(records[1].bytes, "b") && records[1].offset == 71);
    assert_true(records[0].time_ms >= before && records[0].enqueue_ns > 0);
    put("d");
    assert_int_equal(par_queue_take(q, 0, 4, 0, records), 2);
    assert_true(records[0].bytes.len == 0 && records[0].offset == 72);
    assert_true(par_str_is(records[1].bytes, "d") && records[1].offset == 73);
    assert_int_equal(par_queue_take(q, 0, 4, 0, records), 0);
    assert_int_equal(par_queue_take(q, 0, 4, 5, records), 0);
}

static void bounded_by_count_and_bytes(void **state)
{
    (void)state;
    struct par_queue_record *records = calloc(1000, sizeof *records);
    struct par_queue_stats stats;
    size_t n = 0;
    while (par_queue_produce(q, 0, PAR_STR("x")) == PAR_OK)
        n++;
    assert_int_equal(n, 1000);
    assert_int_equal(par_queue_produce(q, 0, PAR_STR("x")), PAR_E_OVERLOADED);
    par_queue_stats(q, &stats);
    assert_true(stats.waiting_records == 1000 && stats.produced == 1000 && stats.overloaded == 2);
    assert_int_equal(par_queue_take(q, 0, 10, 0, records), 10);
    put("again");
    assert_int_equal(par_queue_take(q, 0, 1000, 0, records), 991);
    char *big = calloc(1, 1 << 18);
    for (n = 0; par_queue_produce(q, 0, par_str_of(big, 1 << 18)) == PAR_OK;)
        n++;
    assert_int_equal(n, 3);
    par_queue_stats(q, &stats);
    assert_true(stats.waiting_records == 3 && stats.waiting_bytes < stats.max_bytes);
    free(big);
    free(records);
}

static void a_sealed_queue_is_taken_to_its_end(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    put("a");
    par_queue_seal(q);
    assert_int_equal(par_queue_produce(q, 0, PAR_STR("b")), PAR_E_UNAVAILABLE);
    assert_int_equal(par_queue_take(q, 0, 4, 0, records), 1);
    assert_int_equal(par_queue_take(q, 0, 4, 0, records), 0);
}

static void waker(void *arg)
{
    (void)arg;
    par_queue_wake(q, 0);
}

static void a_wake_ends_the_wait(void **state)
{
    (void)state;
    struct par_queue_record records[4];
    struct par_thread *thread;
    assert_int_equal(par_thread_start("waker", waker, NULL, &thread), PAR_OK);
    assert_int_equal(par_queue_take(q, 0, 4, 60000, records), 0);
    par_thread_join(&thread);
}

enum { THREADS = 3, EACH = 5000 };

static void producer(void *arg)
{
    char text[32];
    for (int i = 0; i < EACH;) {
        int n = snprintf(text, sizeof text, "%d.%d", (int)(intptr_t)arg, i);
        enum par_err err = par_queue_produce(q, 0, par_str_of(text, (size_t)n));
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
    uint64_t offset = 0;
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(par_thread_start("producer", producer, (void *)i, &threads[i]), PAR_OK);
    while (total < THREADS * EACH) {
        size_t n = par_queue_take(q, 0, 64, 1000, records);
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
    };
    const struct CMUnitTest once[] = {cmocka_unit_test(failures_as_asked)};
    static const char *const drivers[] = {"local", "fail"};
    int failed = 0;
    for (size_t i = 0; i < 2; i++) {
        driver = drivers[i];
        failed += cmocka_run_group_tests_name(driver, tests, NULL, NULL);
    }
    return failed + cmocka_run_group_tests(once, NULL, NULL);
}
