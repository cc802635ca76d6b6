/* Tests of counters, histograms, sampled values and the page. */
#include "base/stats.h"
#include "base/log.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_counters(void **state)
{
    (void)state;
    par_stats_reset();
    par_stats_inc(PAR_C_FRAMES_IN);
    par_stats_add(PAR_C_FRAMES_IN, 4);
    par_stats_inc_at(PAR_C_CONN_CLOSED, PAR_CLOSE_TOO_SLOW);
    par_stats_inc_at2(PAR_C_OPS, 3, PAR_E_CONFLICT);
    par_stats_inc_at(PAR_C_STORE_COMMITS, 99);
    assert_int_equal(par_stats_get(PAR_C_FRAMES_IN, 0, 0), 5);
    assert_int_equal(par_stats_get(PAR_C_CONN_CLOSED, PAR_CLOSE_TOO_SLOW, 0), 1);
    assert_int_equal(par_stats_get(PAR_C_CONN_CLOSED, PAR_CLOSE_EOF, 0), 0);
    assert_int_equal(par_stats_get(PAR_C_OPS, 3, PAR_E_CONFLICT), 1);
    assert_int_equal(par_stats_get(PAR_C_OPS, 3, PAR_OK), 0);
    assert_int_equal(par_stats_get(PAR_C_STORE_COMMITS, 0, 0), 1);
}

static void *count_much(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100000; i++) {
        par_stats_inc(PAR_C_FRAMES_OUT);
        par_stats_record(PAR_H_HOP, PAR_HOP_STORE, 1000);
    }
    return NULL;
}

/* Threads come and go; nothing is lost, and their shards are used again. */
static void test_threads(void **state)
{
    (void)state;
    par_stats_reset();
    for (int round = 0; round < 3; round++) {
        pthread_t t[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&t[i], NULL, count_much, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(t[i], NULL);
    }
    assert_int_equal(par_stats_get(PAR_C_FRAMES_OUT, 0, 0), 1200000);
    assert_int_equal(par_stats_recorded(PAR_H_HOP, PAR_HOP_STORE), 1200000);
    assert_int_equal(par_stats_quantile(PAR_H_HOP, PAR_HOP_STORE, 0.5), 1000);
}

/* Every value falls into a bucket whose edge is at most an eighth above it; edges only grow. */
static void test_buckets(void **state)
{
    (void)state;
    for (unsigned i = 1; i < PAR_HIST_BUCKETS; i++)
        assert_true(par_hist_edge(i) > par_hist_edge(i - 1));
    for (uint64_t v = 0; v < 100000; v++) {
        uint64_t edge = par_hist_edge(par_hist_index(v));
        assert_true(edge >= v && (v == 0 || edge <= v + v / 8));
    }
    for (unsigned exp = 0; exp <= 39; exp++) {
        uint64_t v = UINT64_C(1) << exp;
        assert_int_equal(par_hist_edge(par_hist_index(v)), v);
        assert_int_equal(par_hist_index(v + 1), par_hist_index(v) + 1);
    }
    assert_int_equal(par_hist_index(UINT64_MAX), PAR_HIST_BUCKETS - 1);
}

static void test_quantiles(void **state)
{
    (void)state;
    struct par_hist h = {0};
    struct par_hist sum = {0};

    assert_int_equal(par_hist_quantile(&h, 0.5), 0);
    for (uint64_t v = 1; v <= 1000; v++)
        par_hist_record(&h, v);
    par_hist_merge(&sum, &h);
    par_hist_merge(&sum, &h);
    assert_int_equal(par_hist_count(&sum), 2000);
    assert_in_range(par_hist_quantile(&sum, 0.5), 500, 565);
    assert_in_range(par_hist_quantile(&sum, 0.99), 990, 1000);
    assert_int_equal(par_hist_quantile(&sum, 1), 1000);
    assert_int_equal(sum.max, 1000);
}

static int64_t seven(void *arg)
{
    return *(int64_t *)arg + 7;
}

static void test_page(void **state)
{
    (void)state;
    static const char *const ops[] = {"hello", "send"};
    int64_t one = 1;
    int64_t ten = 10;
    struct par_stats_source a = {PAR_G_QUEUE_DEPTH, "commands", seven, &one, NULL, NULL};
    struct par_stats_source b = {
        PAR_G_QUEUE_DEPTH, "commands", par_stats_sample_i64, &ten, NULL, NULL};
    struct par_stats_source c = {PAR_G_STORE_READY, NULL, par_stats_sample_i64, &one, NULL, NULL};
    struct par_buf page = {0};

    par_stats_reset();
    par_stats_set_ops(ops, 2);
    par_stats_source_add(&a);
    par_stats_source_add(&b);
    par_stats_source_add(&c);
    assert_int_equal(par_stats_sampled(PAR_G_QUEUE_DEPTH, "commands"), 18);
    assert_int_equal(par_stats_sampled(PAR_G_QUEUE_DEPTH, "other"), 0);
    par_stats_inc_at2(PAR_C_OPS, 1, PAR_OK);
    par_stats_record(PAR_H_HOP, PAR_HOP_PARSE, 2000);
    par_stats_record(PAR_H_WRITER_BATCH, 0, 4);
    par_stats_write(&page);
    par_buf_add_u8(&page, 0);
    const char *text = (const char *)page.data;
    static const char *const wanted[] = {
        "# HELP parley_queue_depth Items waiting, by queue.\n# TYPE parley_queue_depth gauge\n",
        "# TYPE parley_queue_depth gauge\nparley_queue_depth{queue=\"commands\"} 18\n",
        "\nparley_store_ready 1\n",
        "\nparley_ops_total{op=\"send\",result=\"ok\"} 1\n",
        "\nparley_connections_closed_total{reason=\"too_slow\"} 0\n",
        "\n# TYPE parley_hop_seconds histogram\n",
        "\nparley_hop_seconds_bucket{hop=\"parse\",le=\"1.024e-06\"} 0\n",
        "\nparley_hop_seconds_bucket{hop=\"parse\",le=\"2.048e-06\"} 1\n",
        "\nparley_hop_seconds_bucket{hop=\"parse\",le=\"+Inf\"} 1\n",
        "\nparley_hop_seconds_sum{hop=\"parse\"} 2e-06\n",
        "\nparley_hop_seconds_count{hop=\"parse\"} 1\n",
        "\nparley_writer_batch_commands_bucket{le=\"2\"} 0\n",
        "\nparley_writer_batch_commands_bucket{le=\"4\"} 1\n",
        "\nparley_writer_batch_commands_sum 4\n",
        "\nprocess_resident_memory_bytes ",
        "\nprocess_cpu_seconds_total ",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("not on the page: %s", wanted[i]);
    assert_null(strstr(text, "reason=\"none\""));
    assert_null(strstr(text, "op=\"hello\""));
    par_buf_fini(&page);

    par_stats_source_remove(&b);
    par_stats_source_remove(&a);
    par_stats_source_remove(&a);
    par_stats_source_remove(&c);
    assert_int_equal(par_stats_sampled(PAR_G_QUEUE_DEPTH, NULL), 0);
}

/* Names follow the conventions: a prefix, a unit or _total at the end, help that is a sentence. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        const char *suffix;
        const char *help;
    } rows[] = {
#define COUNTER(name, metric, l1, l2, help) {metric, "_total", help},
#include "parley/tbl/counters.h"
#define UNIT_SECONDS                            "_seconds"
#define UNIT_COUNT                              ""
#define HISTOGRAM(name, metric, unit, l1, help) {metric, UNIT_##unit, help},
#include "parley/tbl/counters.h"
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].metric);
        size_t s = strlen(rows[i].suffix);
        assert_true(strncmp(rows[i].metric, "parley_", 7) == 0);
        assert_true(n > s && strcmp(rows[i].metric + n - s, rows[i].suffix) == 0);
        assert_true(rows[i].help[strlen(rows[i].help) - 1] == '.');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rows[i].metric, rows[j].metric);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_buckets),  cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_page),     cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
