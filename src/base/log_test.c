/* Tests of the log: quoting, JSON, levels, the rate limit, and one write a line. */
#include "base/log.h"
#include "base/log_guard.h"
#include "base/stats.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

static int64_t now;
static int64_t test_clock(void)
{
    return now;
}

static void test_text(void **state)
{
    (void)state;
    now = 1700000000123;
    par_log_info("a.b");
    assert_string_equal(par_log_guard_last(), "ts=2023-11-14T22:13:20.123Z level=info event=a.b");
    int i = -5;
    const char *none = NULL;
    par_log_warn("a.c", PAR_KV("i", i), PAR_KV("u", (uint64_t)UINT64_MAX), PAR_KV("s", "x y\"=\n"),
                 PAR_KV("w", "plain"), PAR_KV("n", none), PAR_KV("b", (bool)true), PAR_KV("d", 1.5),
                 PAR_KV("raw", par_str_of("\xff\xc3\xa9", 3)));
    assert_string_equal(par_log_guard_last(),
                        "ts=2023-11-14T22:13:20.123Z level=warn event=a.c i=-5 "
                        "u=18446744073709551615 s=\"x y\\\"=\\u000a\" w=plain n=\"\" b=true d=1.5 "
                        "raw=\"\\u00ff\xc3\xa9\"");
}

static void test_json(void **state)
{
    (void)state;
    par_log_set_json(true);
    par_log_info("j.x", PAR_KV("s", "q\"\\\t"), PAR_KV("n", 7), PAR_KV("inf", 1e308 * 10));
    json_t *o = json_loads(par_log_guard_last(), 0, NULL);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "s")), "q\"\\\t");
    assert_int_equal(json_integer_value(json_object_get(o, "n")), 7);
    assert_string_equal(json_string_value(json_object_get(o, "event")), "j.x");
    assert_true(json_is_null(json_object_get(o, "inf")));
    json_decref(o);

    /* Too long a line loses whole pairs and stays JSON. */
    char big[5000];
    memset(big, '\n', sizeof big - 1);
    big[sizeof big - 1] = 0;
    par_log_info("j.y", PAR_KV("first", 1), PAR_KV("s", big), PAR_KV("after", 2));
    o = json_loads(par_log_guard_last(), 0, NULL);
    assert_non_null(o);
    assert_int_equal(json_integer_value(json_object_get(o, "first")), 1);
    json_decref(o);
    par_log_set_json(false);
}

static void test_levels(void **state)
{
    (void)state;
    enum par_log_level level;
    uint64_t lines = par_stats_get(PAR_C_LOG_LINES, PAR_LOG_DEBUG, 0);

    par_log_debug("l.hidden");
    assert_int_equal(par_log_guard_count("l.hidden"), 0);
    par_log_set_level(PAR_LOG_DEBUG);
    par_log_debug("l.hidden");
    assert_int_equal(par_log_guard_count("l.hidden"), 1);
    assert_int_equal(par_stats_get(PAR_C_LOG_LINES, PAR_LOG_DEBUG, 0), lines + 1);
    par_log_set_level(PAR_LOG_INFO);
    assert_true(par_log_level_parse("error", &level));
    assert_int_equal(level, PAR_LOG_ERROR);
    assert_false(par_log_level_parse("loud", &level));
    assert_int_equal(level, PAR_LOG_INFO);
    assert_string_equal(par_log_level_name(PAR_LOG_WARN), "warn");
}

static void test_rate_limit(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 50; i++)
            par_log_warn("r.often", PAR_KV("i", i));
        assert_int_equal(par_log_guard_count("r.often"), 20 * (round + 1));
        if (round == 1)
            break;
        now += 10000;
        assert_null(strstr(par_log_guard_last(), "suppressed"));
    }
    now += 10000;
    for (int i = 0; i < 1; i++)
        par_log_warn("r.other");
    assert_null(strstr(par_log_guard_last(), "suppressed"));
}

static void test_suppressed_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < 31; i++) {
        if (i == 30)
            now += 10000;
        par_log_warn("r.told");
    }
    assert_non_null(strstr(par_log_guard_last(), "event=r.told suppressed=10"));
}

static void *writer(void *arg)
{
    const struct par_log_kv kv = PAR_KV("who", (const char *)arg);

    for (int i = 0; i < 200; i++)
        par_log_write(NULL, PAR_LOG_INFO, "w.line", &kv, 1);
    return NULL;
}

/* Lines of threads that write at the same time never mix. */
static void test_one_write(void **state)
{
    (void)state;
    int fds[2];
    pthread_t t[2];
    char got[65536];
    size_t len = 0;
    int saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(fds), 0);
    dup2(fds[1], STDERR_FILENO);
    close(fds[1]);
    par_log_set_clock(NULL);
    par_log_set_sink(NULL, NULL);
    pthread_create(&t[0], NULL, writer, (void *)(uintptr_t) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    pthread_create(&t[1], NULL, writer, (void *)(uintptr_t) "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    dup2(saved, STDERR_FILENO);
    close(saved);
    for (ssize_t n; (n = read(fds[0], got + len, sizeof got - 1 - len)) > 0;)
        len += (size_t)n;
    close(fds[0]);
    got[len] = 0;
    int lines = 0;
    for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n")) {
        lines++;
        assert_true(
            strcmp(line, "level=info event=w.line who=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == 0 ||
            strcmp(line, "level=info event=w.line who=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") == 0);
    }
    assert_int_equal(lines, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_rate_limit),
        cmocka_unit_test(test_suppressed_is_told),
        cmocka_unit_test(test_one_write),
    };
    par_log_set_clock(test_clock);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
