/* search against a plain model: random conversations, edits and deletes, with the index anywhere
 * between nothing and everything, random limits and budgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv/read_private.h"
#include "loop/env.h"
#include "search/index.h"
#include "search/test_log.h"

#include <jansson.h>

enum { LOGS = 5, PAGES_MAX = 100000 };

struct world {
    struct test_logs logs;
    uint64_t seed;
};

static uint64_t draw(struct world *w, uint64_t below)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (w->seed >> 33) % below;
}

static int set_up(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    test_logs_begin(&w->logs, LOGS);
    w->seed = 5;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    test_logs_end(&w->logs);
    test_free(w);
    return 0;
}

static const char *const texts[] = {
    "the quick brown fox", "Jumps over",  "the LAZY dog", "été à la plage", "nothing here",
    "東京タワー",          "needle in a", "haystack",     "a needle",       "NEEDLES",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void grow(struct world *w)
{
    struct test_log *log = w->logs.log[draw(w, LOGS)];
    for (uint64_t n = draw(w, 90); n > 0 && log->last < TEST_LOG_ENTRIES; n--) {
        uint64_t target = log->last ? 1 + draw(w, log->last) : 0;
        bool text =
            target && log->entry[target].kind == PAR_ENTRY_TEXT && !log->entry[target].deleted_seq;
        if (text && draw(w, 8) == 0)
            test_log_edit(log, target, texts[draw(w, TEXTS)]);
        else if (text && draw(w, 12) == 0)
            test_log_delete(log, target);
        else
            test_log_send(log, draw(w, 2) ? ANN : par_conv_other(&log->conv, ANN),
                          texts[draw(w, TEXTS)]);
    }
    struct par_index_conv c;
    size_t done;
    assert_int_equal(par_index_load(w->logs.store, &log->conv, &c), PAR_OK);
    if (draw(w, 2))
        assert_int_equal(par_index_extend(w->logs.store, &c, draw(w, 4), &done), PAR_OK);
}

/* One page; the cursor in the buffer is replaced, "" at the end. */
static enum par_err page(struct world *w, struct par_search_query *q, json_t *all,
                         struct par_buf *cursor)
{
    struct par_arena arena = {0};
    struct par_buf out = {0};
    struct par_json_out json = par_json_out(&out);
    struct par_reader r = {.store = w->logs.store, .arena = &arena, .page_bytes = 65536};
    q->cursor = cursor->len ? par_buf_str(cursor) : (struct par_str){0};
    par_json_open(&json);
    enum par_err err = par_read_search(&r, ANN, q, &json);
    par_json_close(&json);
    if (!err) {
        json_t *answer = json_loadb((const char *)out.data, out.len, 0, NULL);
        assert_non_null(answer);
        json_t *results = json_object_get(answer, "results");
        assert_true(json_array_size(results) <= q->limit);
        json_array_extend(all, results);
        const char *next = json_string_value(json_object_get(answer, "cursor"));
        par_buf_clear(cursor);
        par_buf_addz(cursor, next ? next : "");
        json_decref(answer);
    }
    par_buf_fini(&out);
    par_arena_fini(&arena);
    return err;
}

static const char *folded(const char *text)
{
    static const char *const forms[] = {
        "the quick brown fox", "jumps over",  "the lazy dog", "ete a la plage", "nothing here",
        "東京タワー",          "needle in a", "haystack",     "a needle",       "needles",
    };
    for (size_t i = 0; i < TEXTS; i++)
        if (strcmp(text, texts[i]) == 0)
            return forms[i];
    return "";
}

static bool expected(const struct par_search_query *q, const struct par_entry *e)
{
    char query[64], *rest = query;
    if (e->kind != PAR_ENTRY_TEXT || e->deleted_seq || (q->from && e->sender != q->from) ||
        e->ts <= q->after_ts || e->ts >= q->before_ts ||
        (q->conv && !par_conv_eq(q->conv, &e->conv)))
        return false;
    snprintf(query, sizeof query, "%.*s", PAR_STR_ARGS(q->query));
    for (const char *word; (word = strtok_r(rest, " ", &rest));)
        if (!strstr(folded(e->text.ptr), word))
            return false;
    return true;
}

static void check(struct world *w, struct par_search_query *q)
{
    json_t *all = json_array(), *found = json_object(), *one;
    struct par_buf cursor = {0};
    size_t i, hits = 0, pages = 0;
    do {
        assert_int_equal(page(w, q, all, &cursor), PAR_OK);
        assert_true(++pages < PAGES_MAX);
    } while (cursor.len);
    json_array_foreach(all, i, one)
    {
        char name[128];
        snprintf(name, sizeof name, "%s:%lld", json_string_value(json_object_get(one, "conv")),
                 (long long)json_integer_value(json_object_get(one, "seq")));
        assert_null(json_object_get(found, name));
        json_object_set(found, name, one);
    }
    for (int l = 0; l < LOGS; l++) {
        const struct test_log *log = w->logs.log[l];
        for (uint64_t seq = 1; seq <= log->last; seq++) {
            const struct par_entry *e = &log->entry[seq];
            char name[128];
            size_t n = par_conv_format(&e->conv, name);
            snprintf(name + n, sizeof name - n, ":%llu", (unsigned long long)seq);
            json_t *hit = json_object_get(found, name);
            if (!hit != !expected(q, e))
                fail_msg("%s %s: %.*s", name, hit ? "found" : "not found", PAR_STR_ARGS(e->text));
            if (hit)
                assert_string_equal(json_string_value(json_object_get(hit, "text")), e->text.ptr);
            hits += hit != NULL;
        }
    }
    assert_int_equal(hits, json_array_size(all));
    json_decref(all);
    json_decref(found);
    par_buf_fini(&cursor);
}

static void finds_what_is_there(void **state)
{
    static const char *const queries[] = {"needle",    "fox the",    "e", "京",      "a",
                                          "plage ete", "lazy quick", "x", "needles", "zzz"};
    struct world *w = *state;
    for (int round = 0; round < 250; round++) {
        grow(w);
        struct par_search_query q = {
            .query = par_str(queries[draw(w, sizeof queries / sizeof *queries)]),
            .conv = draw(w, 3) ? NULL : &w->logs.log[draw(w, LOGS)]->conv,
            .from = draw(w, 4) ? 0 : ANN,
            .after_ts = draw(w, 4) ? 0 : (int64_t)draw(w, 5000),
            .before_ts = draw(w, 4) ? INT64_MAX : (int64_t)draw(w, 5000),
            .limit = 1 + (uint32_t)draw(w, 100),
            .budget = draw(w, 2) ? 8192 : (int64_t)draw(w, 300)};
        check(w, &q);
    }
}

/* A budget is kept: no page reads more than a block above it. */
static void a_page_ends_at_its_budget(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 1000; i++)
        test_log_send(w->logs.log[0], ANN, "nothing here");
    struct par_search_query q = {
        .query = PAR_STR("needle"), .before_ts = INT64_MAX, .limit = 100, .budget = 256};
    struct par_buf cursor = {0};
    json_t *all = json_array();
    size_t pages = 0;
    do {
        struct par_store_stats before, after;
        par_store_stats(w->logs.store, &before);
        assert_int_equal(page(w, &q, all, &cursor), PAR_OK);
        par_store_stats(w->logs.store, &after);
        assert_true(after.rows_scanned - before.rows_scanned < 256 + 2 * PAR_INDEX_BLOCK + LOGS);
        pages++;
    } while (cursor.len);
    assert_true(pages >= 4 && pages <= 6);
    assert_int_equal(json_array_size(all), 0);
    /* With the index, one page is enough. */
    struct par_index_conv c;
    size_t done;
    assert_int_equal(par_index_load(w->logs.store, &w->logs.log[0]->conv, &c), PAR_OK);
    assert_int_equal(par_index_extend(w->logs.store, &c, SIZE_MAX, &done), PAR_OK);
    assert_int_equal(done, 1000 / PAR_INDEX_BLOCK);
    assert_int_equal(page(w, &q, all, &cursor), PAR_OK);
    assert_int_equal(cursor.len, 0);
    json_decref(all);
    par_buf_fini(&cursor);
}

/* To look whether an edit is the newest is a read of its own, and counts. */
static void edits_cost_their_targets(void **state)
{
    struct world *w = *state;
    test_log_send(w->logs.log[0], ANN, "nothing here");
    for (int i = 0; i < 900; i++)
        test_log_edit(w->logs.log[0], 1, "a needle");
    test_log_edit(w->logs.log[0], 1, "nothing here");
    struct par_search_query q = {
        .query = PAR_STR("needle"), .before_ts = INT64_MAX, .limit = 100, .budget = 512};
    struct par_buf cursor = {0};
    json_t *all = json_array();
    do {
        struct par_store_stats before, after;
        par_store_stats(w->logs.store, &before);
        assert_int_equal(page(w, &q, all, &cursor), PAR_OK);
        par_store_stats(w->logs.store, &after);
        assert_true(after.scans - before.scans < 512 / 8 + 2 * PAR_INDEX_BLOCK);
    } while (cursor.len);
    assert_int_equal(json_array_size(all), 0);
    json_decref(all);
    par_buf_fini(&cursor);
}

/* Whatever is written between two pages, and though times run ahead of the clock: each message that
 * was there before the first page is found once. */
static void nothing_gets_lost_between_pages(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 6; round++) {
        struct par_search_query q = {
            .query = PAR_STR("needle"), .before_ts = INT64_MAX, .limit = 2, .budget = 8192};
        json_t *all = json_array(), *one;
        struct par_buf cursor = {0};
        uint64_t before[LOGS];
        size_t i, hits = 0, expected_hits = 0;
        for (int l = 0; l < LOGS; l++) {
            struct test_log *log = w->logs.log[l];
            if (l < 2)
                log->ts = par_wall_ms() + 100000 * (l + 1);
            else if (log->ts < 2000)
                log->ts = par_wall_ms() - 100;
            for (uint64_t n = 1 + draw(w, 3); n > 0; n--)
                test_log_send(log, ANN, "a needle");
            before[l] = log->last;
            expected_hits += log->last;
        }
        do {
            assert_int_equal(page(w, &q, all, &cursor), PAR_OK);
            struct test_log *log = w->logs.log[draw(w, LOGS)];
            if (log->ts < par_wall_ms())
                log->ts = par_wall_ms();
            test_log_send(log, ANN, "a needle");
        } while (cursor.len);
        json_array_foreach(all, i, one)
        {
            struct par_conv conv;
            assert_int_equal(
                par_conv_parse(par_str(json_string_value(json_object_get(one, "conv"))), &conv),
                PAR_CONV_OK);
            for (int l = 0; l < LOGS; l++)
                hits += par_conv_eq(&conv, &w->logs.log[l]->conv) &&
                        (uint64_t)json_integer_value(json_object_get(one, "seq")) <= before[l];
        }
        assert_int_equal(hits, expected_hits);
        json_decref(all);
        par_buf_fini(&cursor);
    }
}

/* An hour later a cursor is refused, and so is one that another store gave. */
static void an_old_cursor_is_refused(void **state)
{
    struct world *w = *state;
    test_log_send(w->logs.log[0], ANN, "needle");
    struct par_search_query q = {
        .query = PAR_STR("needle"), .before_ts = INT64_MAX, .limit = 1, .budget = 256};
    struct par_buf cursor = {0};
    json_t *all = json_array();
    for (int i = 1; i < LOGS; i++)
        test_log_send(w->logs.log[i], ANN, "needle");
    assert_int_equal(page(w, &q, all, &cursor), PAR_OK);
    assert_true(cursor.len > 0);
    /* The second number is the time. */
    char old[256];
    struct par_str text = par_buf_str(&cursor);
    const char *first = memchr(text.ptr, '.', text.len);
    const char *time = (const char *)memchr(first + 1, '.', 40) + 1;
    const char *rest = memchr(time, '.', 40);
    snprintf(old, sizeof old, "%.*s1000%.*s", (int)(time - text.ptr), text.ptr,
             (int)(text.ptr + text.len - rest), rest);
    par_buf_clear(&cursor);
    par_buf_addz(&cursor, old);
    assert_int_equal(page(w, &q, all, &cursor), PAR_E_BAD_REQUEST);
    par_buf_clear(&cursor);
    par_buf_addz(&cursor, "0123456789");
    assert_int_equal(page(w, &q, all, &cursor), PAR_E_BAD_REQUEST);
    json_decref(all);
    par_buf_fini(&cursor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_what_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_ends_at_its_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(edits_cost_their_targets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_gets_lost_between_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_cursor_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
