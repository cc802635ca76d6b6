/* The client core, rule by rule: connection, hello and sync, catching up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_owner.h"

#include <stdio.h>
#include <stdlib.h>

#define DIRECT "d.1001.1002"
#define GROUP  "g.00112233445566778899aabbccddeeff"

static struct owner o;

static int setup(void **state)
{
    (void)state;
    test_owner_init(&o);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_owner_fini(&o);
    return 0;
}

static enum par_sdk_link link_now(void)
{
    return par_sdk_status(o.sdk).link;
}

static json_t *entry(const char *conv, int seq, const char *from)
{
    return json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:s}", "ev", "entry", "conv", conv, "seq", seq, "ts",
                     1000 + seq, "kind", "text", "from", from, "text", "x");
}

static json_t *row(const char *conv, int last, int delivered, int read)
{
    return json_pack("{s:s,s:s,s:i,s:n,s:i,s:i,s:i,s:{s:i,s:i},s:b,s:i}", "conv", conv, "name", "n",
                     "last_seq", last, "last_entry", "unread", last - read, "delivered", delivered,
                     "read", read, "others", "delivered", 0, "read", 0, "member", 1, "member_count",
                     2);
}

/* ---- the connection ---- */

static void waits_grow_with_jitter(void **state)
{
    (void)state;
    static const int64_t steps[] = {500, 1000, 2000, 4000, 8000, 15000, 30000, 30000};
    par_sdk_start(o.sdk, o.now);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_int_equal(link_now(), PAR_SDK_CONNECTING);
        test_owner_lost(&o, 1006);
        assert_int_equal(link_now(), PAR_SDK_WAITING);
        int64_t wait = par_sdk_status(o.sdk).retry_at - o.now;
        assert_in_range(wait, steps[i] / 2, steps[i] * 3 / 2);
        assert_int_equal(par_sdk_next(o.sdk), o.now + wait);
        test_owner_pass(&o, wait);
    }
    /* Somebody knows that the network is back. */
    test_owner_lost(&o, 1006);
    par_sdk_kick(o.sdk, o.now);
    assert_int_equal(link_now(), PAR_SDK_CONNECTING);
}

static void a_server_that_does_not_answer_hello_is_given_up(void **state)
{
    (void)state;
    par_sdk_start(o.sdk, o.now);
    par_sdk_opened(o.sdk, o.now);
    test_owner_pass(&o, 14999);
    assert_int_equal(o.closes, 0);
    test_owner_pass(&o, 1);
    assert_int_equal(o.closes, 1);
    assert_int_equal(link_now(), PAR_SDK_WAITING);
}

static void close_codes_decide(void **state)
{
    (void)state;
    static const struct {
        uint16_t code;
        enum par_sdk_link link;
        int64_t at_most;
    } cases[] = {
        {4401, PAR_SDK_SIGNED_OUT, 0}, {4403, PAR_SDK_DISABLED, 0},  {4409, PAR_SDK_REPLACED, 0},
        {1001, PAR_SDK_WAITING, 100},  {4408, PAR_SDK_WAITING, 100}, {4429, PAR_SDK_WAITING, 750},
        {1006, PAR_SDK_WAITING, 750},  {4400, PAR_SDK_WAITING, 750},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_owner_online(&o, json_array());
        test_owner_lost(&o, cases[i].code);
        assert_int_equal(link_now(), cases[i].link);
        if (cases[i].link == PAR_SDK_WAITING)
            assert_true(par_sdk_next(o.sdk) <= o.now + cases[i].at_most);
        else
            assert_int_equal(par_sdk_next(o.sdk), INT64_MAX);
    }
}

static void a_refused_hello_ends_as_its_close_says(void **state)
{
    (void)state;
    for (int disabled = 0; disabled < 2; disabled++) {
        par_sdk_start(o.sdk, o.now);
        par_sdk_opened(o.sdk, o.now);
        json_t *hello = test_owner_took(&o, "hello");
        test_owner_refuse(&o, hello, "unauthorized", false, 0);
        json_decref(hello);
        test_owner_lost(&o, disabled ? 4403 : 1006);
        assert_int_equal(link_now(), disabled ? PAR_SDK_DISABLED : PAR_SDK_SIGNED_OUT);
    }
}

/* The token was not refused: a server that stood still took the hello for missing. */
static void a_hello_that_was_not_heard_is_said_again(void **state)
{
    (void)state;
    par_sdk_start(o.sdk, o.now);
    par_sdk_opened(o.sdk, o.now);
    json_decref(test_owner_took(&o, "hello"));
    test_owner_lost(&o, 4401);
    assert_int_equal(link_now(), PAR_SDK_WAITING);
    assert_int_equal(par_sdk_status(o.sdk).code, 4401);
    test_owner_online(&o, json_array());
}

static void a_hello_refused_for_now_is_said_again_later(void **state)
{
    (void)state;
    par_sdk_start(o.sdk, o.now);
    par_sdk_opened(o.sdk, o.now);
    json_t *hello = test_owner_took(&o, "hello");
    test_owner_refuse(&o, hello, "overloaded", true, 9000);
    json_decref(hello);
    assert_int_equal(o.closes, 1);
    assert_int_equal(par_sdk_status(o.sdk).retry_at, o.now + 9000);
}

/* The client of these tests is test/1.0. */
static void an_outdated_client_ends_its_connection(void **state)
{
    (void)state;
    static const struct {
        const char *oldest;
        bool outdated;
    } cases[] = {
        {"test/2", true},    {"test/1.0.1", true},
        {"test/1.10", true}, {"test/99999999999999999999", true},
        {"test/1", false},   {"test/1.0", false},
        {"test/0.9", false}, {"test", false},
        {"test/", false},    {"", false},
        {"test/1.x", false}, {"test/1-9", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int closes = o.closes;
        par_sdk_start(o.sdk, o.now);
        par_sdk_opened(o.sdk, o.now);
        json_t *hello = test_owner_took(&o, "hello");
        test_owner_answer(&o, hello, json_pack("{s:s}", "oldest_client", cases[i].oldest));
        json_decref(hello);
        assert_int_equal(link_now(), cases[i].outdated ? PAR_SDK_OUTDATED : PAR_SDK_ONLINE);
        assert_int_equal(o.closes, closes + cases[i].outdated);
        if (cases[i].outdated)
            assert_int_equal(par_sdk_next(o.sdk), INT64_MAX);
        par_sdk_stop(o.sdk, o.now);
        test_owner_lost(&o, 1000);
    }
}

static void drain_moves_within_its_time(void **state)
{
    (void)state;
    test_owner_online(&o, json_array());
    test_owner_give(&o, json_pack("{s:s,s:i}", "ev", "drain", "retry_after_ms", 4000));
    assert_int_equal(link_now(), PAR_SDK_ONLINE);
    test_owner_pass(&o, 4000);
    assert_int_equal(o.closes, 1);
    test_owner_pass(&o, 100);
    assert_int_equal(link_now(), PAR_SDK_CONNECTING);
}

static void a_silent_connection_is_probed_and_left(void **state)
{
    (void)state;
    test_owner_online(&o, json_array());
    test_owner_pass(&o, 25000);
    json_t *ping = test_owner_took(&o, "ping");
    test_owner_answer(&o, ping, json_object());
    json_decref(ping);
    /* Heard: the next one is due after another silence. */
    test_owner_pass(&o, 10000);
    assert_int_equal(link_now(), PAR_SDK_ONLINE);
    test_owner_pass(&o, 25000 + 10000);
    assert_int_equal(o.closes, 1);
    assert_int_equal(link_now(), PAR_SDK_WAITING);
}

/* ---- hello and sync ---- */

static void hello_goes_on_from_the_token_and_over_pages(void **state)
{
    (void)state;
    par_sdk_start(o.sdk, o.now);
    par_sdk_opened(o.sdk, o.now);
    json_t *hello = test_owner_took(&o, "hello"), *ask = json_object_get(hello, "sync");
    assert_null(json_object_get(ask, "since"));
    assert_string_equal(json_string_value(json_object_get(hello, "token")), "token");
    test_owner_answer(&o, hello,
                      json_pack("{s:s,s:[o],s:s,s:s}", "store", "first", "conversations",
                                row(DIRECT, 0, 0, 0), "cursor", "c1", "sync_token", "t1"));
    json_decref(hello);
    json_t *page = test_owner_took(&o, "sync");
    assert_string_equal(json_string_value(json_object_get(page, "cursor")), "c1");
    assert_true(par_sdk_status(o.sdk).updating);
    /* The token counts when all pages are there. */
    assert_null(json_object_get(o.records[PAR_SDK_RECORD_META], "746f6b656e"));
    test_owner_answer(
        &o, page,
        json_pack("{s:[o],s:s}", "conversations", row(GROUP, 0, 0, 0), "sync_token", "t1"));
    json_decref(page);
    assert_false(par_sdk_status(o.sdk).updating);
    assert_non_null(json_object_get(o.records[PAR_SDK_RECORD_META], "746f6b656e"));
    test_owner_crash(&o);
    assert_non_null(test_owner_conv(&o, GROUP));
    par_sdk_start(o.sdk, o.now);
    par_sdk_opened(o.sdk, o.now);
    hello = test_owner_took(&o, "hello");
    assert_string_equal(json_string_value(json_object_get(json_object_get(hello, "sync"), "since")),
                        "t1");
    json_decref(hello);
}

static void a_token_that_is_too_old_takes_everything(void **state)
{
    (void)state;
    test_owner_online(&o, json_array());
    test_owner_lost(&o, 1006);
    test_owner_open(&o);
    json_t *hello = test_owner_took(&o, "hello");
    test_owner_refuse(&o, hello, "bad_request", false, 0);
    json_decref(hello);
    hello = test_owner_took(&o, "hello");
    assert_null(json_object_get(hello, "sync"));
    test_owner_answer(&o, hello, json_pack("{s:s}", "store", "first"));
    json_decref(hello);
    json_t *sync = test_owner_took(&o, "sync");
    assert_null(json_object_get(sync, "since"));
    /* The same of a later sync. */
    test_owner_refuse(&o, sync, "unavailable", true, 100);
    json_decref(sync);
    test_owner_pass(&o, 2000);
    sync = test_owner_took(&o, "sync");
    assert_null(json_object_get(sync, "since"));
    json_decref(sync);
}

static void another_store_drops_the_cache_and_keeps_the_outbox(void **state)
{
    (void)state;
    struct par_sdk_write w = {.op = PAR_OP_SEND, .conv = PAR_STR(DIRECT), .text = PAR_STR("hi")};
    struct par_sdk_set_values set = {.mask = PAR_SDK_SET_PINNED, .pinned = true};
    test_owner_online(&o, json_pack("[o]", row(DIRECT, 0, 0, 0)));
    test_owner_give(&o, entry(DIRECT, 1, "1002"));
    test_owner_lost(&o, 1006);
    assert_int_equal(par_sdk_write(o.sdk, o.now, &w, NULL), PAR_OK);
    par_sdk_conv_set(o.sdk, o.now, PAR_STR(DIRECT), &set);
    test_owner_open(&o);
    json_t *hello = test_owner_took(&o, "hello");
    test_owner_answer(&o, hello,
                      json_pack("{s:s,s:[o],s:s}", "store", "second", "conversations",
                                row(GROUP, 7, 7, 7), "sync_token", "t9"));
    json_decref(hello);
    assert_int_equal(o.resets, 1);
    /* The rows that came were asked for with a token of the other store. */
    assert_null(test_owner_conv(&o, GROUP));
    assert_int_equal(test_owner_conv(&o, DIRECT)->hi, 0);
    assert_true(test_owner_conv(&o, DIRECT)->pinned);
    assert_int_equal(json_object_size(o.records[PAR_SDK_RECORD_ENTRY]), 0);
    assert_int_equal(json_object_size(o.records[PAR_SDK_RECORD_ITEM]), 1);
    json_t *sync = test_owner_took(&o, "sync"), *send = test_owner_took(&o, "send"),
           *said = test_owner_took(&o, "conv.set");
    assert_null(json_object_get(sync, "since"));
    assert_true(json_is_true(json_object_get(said, "pinned")));
    json_decref(sync);
    json_decref(send);
    json_decref(said);
    assert_string_equal(par_sdk_store(o.sdk).ptr, "second");
}

static void a_sync_asked_for_during_a_sync_comes_after_it(void **state)
{
    (void)state;
    test_owner_online(&o, json_array());
    test_owner_give(&o, json_pack("{s:s}", "ev", "sync"));
    assert_int_equal(o.syncs, 1);
    json_t *first = test_owner_took(&o, "sync");
    test_owner_give(&o, json_pack("{s:s}", "ev", "sync"));
    test_owner_none(&o, "sync");
    test_owner_answer(&o, first, json_pack("{s:[],s:s}", "conversations", "sync_token", "t2"));
    json_decref(first);
    json_t *second = test_owner_took(&o, "sync");
    assert_string_equal(json_string_value(json_object_get(second, "since")), "t2");
    json_decref(second);
}

static void have_names_what_is_held(void **state)
{
    (void)state;
    o.settings.by_have = true;
    test_owner_crash(&o);
    test_owner_online(&o, json_pack("[o]", row(DIRECT, 0, 0, 0)));
    test_owner_give(&o, entry(DIRECT, 1, "1002"));
    test_owner_lost(&o, 1006);
    test_owner_open(&o);
    json_t *hello = test_owner_took(&o, "hello"), *ask = json_object_get(hello, "sync");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(ask, "have"), DIRECT)), 1);
    json_decref(hello);
}

/* ---- catching up ---- */

static void answer_page(json_t *ask, int from, int to, int last)
{
    json_t *entries = json_array();
    for (int seq = from; seq <= to; seq++)
        json_array_append_new(entries, entry(DIRECT, seq, "1002"));
    test_owner_answer(&o, ask,
                      json_pack("{s:o,s:i,s:i,s:b}", "entries", entries, "first_seq", 1, "last_seq",
                                last, "more", to < last));
    json_decref(ask);
}

static void a_row_that_is_ahead_is_asked_for_ever_more_slowly(void **state)
{
    (void)state;
    test_owner_online(&o, json_pack("[o]", row(DIRECT, 0, 0, 0)));
    test_owner_give(&o, entry(DIRECT, 1, "1002"));
    test_owner_give(&o, json_pack("{s:s}", "ev", "sync"));
    json_t *sync = test_owner_took(&o, "sync");
    test_owner_answer(&o, sync, json_pack("{s:[o]}", "conversations", row(DIRECT, 2, 1, 0)));
    json_decref(sync);
    test_owner_pass(&o, 50);
    answer_page(test_owner_took(&o, "history"), 2, 1, 1);
    for (int64_t wait = 1000; wait <= 16000; wait *= 2) {
        test_owner_pass(&o, wait - 1);
        test_owner_none(&o, "history");
        test_owner_pass(&o, 1);
        answer_page(test_owner_took(&o, "history"), 2, 1, 1);
    }
    assert_true(par_sdk_status(o.sdk).updating);
    test_owner_give(&o, entry(DIRECT, 2, "1002"));
    assert_false(par_sdk_status(o.sdk).updating);
    test_owner_pass(&o, 40000);
    test_owner_none(&o, "history");
}

static void a_large_hole_begins_anew_unless_all_is_wanted(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        o.settings.hole_max = whole ? 0 : 100;
        test_owner_crash(&o);
        test_owner_online(&o, json_pack("[o]", row(DIRECT, 0, 0, 0)));
        test_owner_give(&o, entry(DIRECT, 1, "1002"));
        test_owner_give(&o, entry(DIRECT, 500, "1002"));
        test_owner_pass(&o, 50);
        json_t *ask = test_owner_took(&o, "history");
        assert_int_equal(json_object_get(ask, "after_seq") != NULL, whole);
        if (whole) {
            assert_int_equal(json_integer_value(json_object_get(ask, "after_seq")), 1);
            answer_page(ask, 2, 201, 500);
            answer_page(test_owner_took(&o, "history"), 202, 401, 500);
            answer_page(test_owner_took(&o, "history"), 402, 500, 500);
        } else {
            answer_page(ask, 451, 500, 500);
        }
        const struct par_sdk_conv *c = test_owner_conv(&o, DIRECT);
        assert_int_equal(c->hi, 500);
        assert_int_equal(c->lo, whole ? 1 : 451);
        test_owner_fini(&o);
        test_owner_init(&o);
    }
}

static void what_was_not_for_this_user_is_passed_over(void **state)
{
    (void)state;
    test_owner_online(&o, json_pack("[o]", row(GROUP, 0, 0, 0)));
    test_owner_give(&o, entry(GROUP, 1, "1002"));
    test_owner_give(&o, entry(GROUP, 9, "1002"));
    test_owner_pass(&o, 50);
    json_t *ask = test_owner_took(&o, "history");
    /* Out since 2, in again since 8: of a group with history "joined". */
    test_owner_answer(&o, ask,
                      json_pack("{s:[o,o],s:i,s:i,s:b}", "entries", entry(GROUP, 8, "1002"),
                                entry(GROUP, 9, "1002"), "first_seq", 8, "last_seq", 9, "more", 0));
    json_decref(ask);
    const struct par_sdk_conv *c = test_owner_conv(&o, GROUP);
    assert_int_equal(c->lo, 8);
    assert_int_equal(c->hi, 9);
    test_owner_pass(&o, 60000);
    test_owner_none(&o, "history");
}

static void older_pages_come_before_what_is_held(void **state)
{
    (void)state;
    o.settings.held_max = 30;
    test_owner_crash(&o);
    test_owner_online(&o, json_pack("[o]", row(DIRECT, 0, 0, 0)));
    test_owner_give(&o, entry(DIRECT, 100, "1002"));
    assert_true(par_sdk_older(o.sdk, o.now, PAR_STR(DIRECT), 20));
    assert_false(par_sdk_older(o.sdk, o.now, PAR_STR(DIRECT), 20));
    json_t *ask = test_owner_took(&o, "history");
    assert_int_equal(json_integer_value(json_object_get(ask, "before_seq")), 100);
    answer_page(ask, 80, 99, 100);
    const struct par_sdk_conv *c = test_owner_conv(&o, DIRECT);
    assert_int_equal(c->lo, 80);
    assert_int_equal(par_sdk_entry(c, 80)->seq, 80);
    assert_int_equal(o.pages, 1);
    /* The window is cut as new ones come; the lower bound says where it begins. */
    for (int seq = 101; seq <= 150; seq++)
        test_owner_give(&o, entry(DIRECT, seq, "1002"));
    assert_int_equal(c->lo, 121);
    assert_null(par_sdk_entry(c, 120));
    test_owner_crash(&o);
    c = test_owner_conv(&o, DIRECT);
    assert_int_equal(c->hi, 150);
    assert_int_equal(c->lo, 121);
}

static void records_that_cannot_be_kept_end_it(void **state)
{
    (void)state;
    struct par_sdk_write w = {.op = PAR_OP_SEND, .conv = PAR_STR(DIRECT), .text = PAR_STR("hi")};
    test_owner_online(&o, json_pack("[o]", row(DIRECT, 0, 0, 0)));
    o.commit_fails = true;
    assert_int_equal(par_sdk_write(o.sdk, o.now, &w, NULL), PAR_OK);
    /* Neither shown nor sent. */
    test_owner_none(&o, "send");
    assert_int_equal(json_object_size(o.items), 0);
    assert_int_equal(link_now(), PAR_SDK_BROKEN);
    assert_int_equal(o.closes, 1);
    assert_int_equal(par_sdk_write(o.sdk, o.now, &w, NULL), PAR_E_INTERNAL);
    par_sdk_start(o.sdk, o.now);
    assert_int_equal(link_now(), PAR_SDK_BROKEN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(waits_grow_with_jitter),
        TEST(a_server_that_does_not_answer_hello_is_given_up),
        TEST(close_codes_decide),
        TEST(a_refused_hello_ends_as_its_close_says),
        TEST(a_hello_that_was_not_heard_is_said_again),
        TEST(a_hello_refused_for_now_is_said_again_later),
        TEST(an_outdated_client_ends_its_connection),
        TEST(drain_moves_within_its_time),
        TEST(a_silent_connection_is_probed_and_left),
        TEST(hello_goes_on_from_the_token_and_over_pages),
        TEST(a_token_that_is_too_old_takes_everything),
        TEST(another_store_drops_the_cache_and_keeps_the_outbox),
        TEST(a_sync_asked_for_during_a_sync_comes_after_it),
        TEST(have_names_what_is_held),
        TEST(a_row_that_is_ahead_is_asked_for_ever_more_slowly),
        TEST(a_large_hole_begins_anew_unless_all_is_wanted),
        TEST(what_was_not_for_this_user_is_passed_over),
        TEST(older_pages_come_before_what_is_held),
        TEST(records_that_cannot_be_kept_end_it),
    };
    return cmocka_run_group_tests_name("sdk", tests, NULL, NULL);
}
