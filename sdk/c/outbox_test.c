/* The client core, rule by rule: the outbox, marks, settings, members, presence. */
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

static json_t *row(const char *conv, int last, int count)
{
    return json_pack("{s:s,s:s,s:i,s:n,s:i,s:i,s:i,s:{s:i,s:i},s:b,s:i}", "conv", conv, "name", "n",
                     "last_seq", last, "last_entry", "unread", 0, "delivered", last, "read", last,
                     "others", "delivered", 0, "read", 0, "member", 1, "member_count", count);
}

static int setup(void **state)
{
    (void)state;
    test_owner_init(&o);
    test_owner_online(&o, json_pack("[o,o]", row(DIRECT, 0, 2), row(GROUP, 0, 3)));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_owner_fini(&o);
    return 0;
}

/* Online again after a loss or a crash, with nothing new. */
static void online_again(void)
{
    par_sdk_start(o.sdk, o.now);
    test_owner_open(&o);
    json_t *hello = test_owner_took(&o, "hello");
    test_owner_answer(
        &o, hello,
        json_pack("{s:s,s:[],s:s}", "store", "first", "conversations", "sync_token", "t1"));
    json_decref(hello);
}

static void send(const char *conv, const char *cmid)
{
    struct par_sdk_write w = {
        .op = PAR_OP_SEND, .conv = par_str(conv), .text = PAR_STR("hi"), .cmid = par_str(cmid)};
    assert_int_equal(par_sdk_write(o.sdk, o.now, &w, NULL), PAR_OK);
}

static void sends(const char *cmid)
{
    json_t *frame = test_owner_took(&o, "send");
    assert_string_equal(json_string_value(json_object_get(frame, "cmid")), cmid);
    json_decref(frame);
}

static void accept_next(const char *op, int seq, bool dup)
{
    json_t *frame = test_owner_took(&o, op);
    test_owner_answer(&o, frame,
                      json_pack("{s:O,s:i,s:i,s:b}", "conv", json_object_get(frame, "conv"), "seq",
                                seq, "ts", 5000 + seq, "dup", dup));
    json_decref(frame);
}

static const char *state_of(const char *cmid)
{
    return json_string_value(json_object_get(o.items, cmid));
}

static void event(const char *conv, int seq, const char *from)
{
    test_owner_give(&o,
                    json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:s}", "ev", "entry", "conv", conv, "seq",
                              seq, "ts", 1000 + seq, "kind", "text", "from", from, "text", "x"));
}

/* ---- the outbox ---- */

static void one_at_a_time_in_a_conversation(void **state)
{
    (void)state;
    send(DIRECT, "a");
    send(DIRECT, "b");
    send(GROUP, "c");
    sends("a");
    sends("c");
    test_owner_none(&o, "send");
    assert_int_equal(par_sdk_waiting(o.sdk), 3);
}

static void a_refusal_waits_as_long_as_it_says(void **state)
{
    (void)state;
    send(DIRECT, "a");
    send(DIRECT, "b");
    json_t *frame = test_owner_took(&o, "send");
    test_owner_refuse(&o, frame, "rate_limited", true, 5000);
    json_decref(frame);
    test_owner_pass(&o, 4999);
    test_owner_none(&o, "send");
    test_owner_pass(&o, 1);
    sends("a");
    assert_string_equal(state_of("a"), "sending");
    /* A new connection waits no longer. */
    test_owner_lost(&o, 1006);
    online_again();
    sends("a");
}

static void without_an_answer_it_goes_out_again(void **state)
{
    (void)state;
    send(DIRECT, "a");
    sends("a");
    test_owner_pass(&o, 19999);
    test_owner_none(&o, "send");
    test_owner_pass(&o, 1);
    sends("a");
    test_owner_crash(&o);
    online_again();
    sends("a");
}

static void a_final_refusal_lets_the_next_go(void **state)
{
    (void)state;
    send(DIRECT, "a");
    send(DIRECT, "b");
    json_t *frame = test_owner_took(&o, "send");
    test_owner_refuse(&o, frame, "blocked", false, 0);
    json_decref(frame);
    assert_string_equal(state_of("a"), "failed");
    accept_next("send", 1, false);
    /* It stays, over a restart too, until the person tries it again or lets it go. */
    test_owner_crash(&o);
    online_again();
    test_owner_none(&o, "send");
    const struct par_sdk_item *item = par_sdk_item_after(o.sdk, NULL);
    assert_int_equal(item->state, PAR_SDK_FAILED);
    assert_int_equal(item->err, PAR_E_BLOCKED);
    assert_true(par_sdk_retry(o.sdk, o.now, PAR_STR(DIRECT), PAR_STR("a")));
    assert_false(par_sdk_discard(o.sdk, o.now, PAR_STR(DIRECT), PAR_STR("a")));
    frame = test_owner_took(&o, "send");
    test_owner_refuse(&o, frame, "blocked", false, 0);
    json_decref(frame);
    assert_true(par_sdk_discard(o.sdk, o.now, PAR_STR(DIRECT), PAR_STR("a")));
    assert_null(par_sdk_item_after(o.sdk, NULL));
    assert_int_equal(json_object_size(o.records[PAR_SDK_RECORD_ITEM]), 0);
}

static void an_entry_that_comes_after_the_refusal_is_the_acceptance(void **state)
{
    (void)state;
    send(DIRECT, "a");
    json_t *frame = test_owner_took(&o, "send");
    test_owner_refuse(&o, frame, "blocked", false, 0);
    json_decref(frame);
    assert_string_equal(state_of("a"), "failed");
    test_owner_give(&o, json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:s}", "ev", "entry", "conv",
                                  DIRECT, "seq", 1, "ts", 1, "kind", "text", "from", "1001", "text",
                                  "hi", "cmid", "a"));
    assert_string_equal(state_of("a"), "sent");
    assert_null(par_sdk_item_after(o.sdk, NULL));
    assert_int_equal(json_object_size(o.records[PAR_SDK_RECORD_ITEM]), 0);
}

static void what_was_accepted_long_ago_is_read_from_history(void **state)
{
    (void)state;
    send(DIRECT, "a");
    accept_next("send", 1, true);
    assert_string_equal(state_of("a"), "sent");
    assert_int_equal(test_owner_conv(&o, DIRECT)->hi, 0);
    test_owner_pass(&o, 50);
    json_decref(test_owner_took(&o, "history"));
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    (void)state;
    char *large = malloc(70000);
    memset(large, 'x', 70000);
    const struct {
        struct par_sdk_write w;
        enum par_err err;
    } cases[] = {
        {{.op = PAR_OP_SEND, .conv = PAR_STR(DIRECT)}, PAR_E_BAD_REQUEST},
        {{.op = PAR_OP_SEND, .text = PAR_STR("x")}, PAR_E_BAD_REQUEST},
        {{.op = PAR_OP_EDIT, .conv = PAR_STR(DIRECT), .text = PAR_STR("x")}, PAR_E_BAD_REQUEST},
        {{.op = PAR_OP_PING, .conv = PAR_STR(DIRECT)}, PAR_E_BAD_REQUEST},
        {{.op = PAR_OP_SEND, .conv = PAR_STR(DIRECT), .text = par_str_of(large, 70000)},
         PAR_E_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(par_sdk_write(o.sdk, o.now, &cases[i].w, NULL), cases[i].err);
    free(large);
    send(DIRECT, "a");
    struct par_sdk_write again = {
        .op = PAR_OP_SEND, .conv = PAR_STR(DIRECT), .text = PAR_STR("y"), .cmid = PAR_STR("a")};
    assert_int_equal(par_sdk_write(o.sdk, o.now, &again, NULL), PAR_E_BAD_REQUEST);
    assert_int_equal(par_sdk_waiting(o.sdk), 1);
}

static void groups_are_made_and_changed_through_the_outbox(void **state)
{
    (void)state;
    static const uint64_t users[] = {1002, 1003};
    struct par_sdk_write create = {
        .op = PAR_OP_GROUP_CREATE, .name = PAR_STR("Team"), .users = users, .user_count = 2};
    struct par_sdk_write rename = {
        .op = PAR_OP_GROUP_RENAME, .conv = PAR_STR(GROUP), .name = PAR_STR("Kin")};
    char cmid[65];
    assert_int_equal(par_sdk_write(o.sdk, o.now, &create, cmid), PAR_OK);
    assert_int_equal(strlen(cmid), 36);
    test_owner_crash(&o);
    online_again();
    json_t *frame = test_owner_took(&o, "group.create");
    assert_string_equal(json_string_value(json_object_get(frame, "cmid")), cmid);
    assert_int_equal(json_array_size(json_object_get(frame, "members")), 2);
    test_owner_answer(
        &o, frame, json_pack("{s:s,s:i,s:i,s:b}", "conv", "g.new", "seq", 1, "ts", 5000, "dup", 0));
    json_decref(frame);
    assert_string_equal(state_of(cmid), "sent");
    test_owner_pass(&o, 50);
    frame = test_owner_took(&o, "history");
    assert_string_equal(json_string_value(json_object_get(frame, "conv")), "g.new");
    json_decref(frame);
    /* The answer to a change says where it stands, or that nothing had to change: history tells. */
    assert_int_equal(par_sdk_write(o.sdk, o.now, &rename, NULL), PAR_OK);
    accept_next("group.rename", 1, false);
    test_owner_pass(&o, 50);
    json_decref(test_owner_took(&o, "history"));
}

/* ---- marks ---- */

static void delivered_is_acked_in_batches_and_never_twice(void **state)
{
    (void)state;
    event(DIRECT, 1, "1002");
    event(GROUP, 1, "1003");
    event(GROUP, 2, "1003");
    test_owner_none(&o, "ack");
    test_owner_pass(&o, 150);
    json_t *ack = test_owner_took(&o, "ack"), *delivered = json_object_get(ack, "delivered");
    assert_int_equal(json_integer_value(json_object_get(delivered, DIRECT)), 1);
    assert_int_equal(json_integer_value(json_object_get(delivered, GROUP)), 2);
    assert_int_equal(json_object_size(json_object_get(ack, "read")), 0);
    /* Lost: it goes out again. */
    test_owner_lost(&o, 1006);
    json_decref(ack);
    online_again();
    test_owner_pass(&o, 150);
    ack = test_owner_took(&o, "ack");
    test_owner_answer(&o, ack, json_object());
    json_decref(ack);
    test_owner_crash(&o);
    online_again();
    test_owner_pass(&o, 1000);
    test_owner_none(&o, "ack");
}

static void own_entries_are_not_acked(void **state)
{
    (void)state;
    send(DIRECT, "a");
    accept_next("send", 1, false);
    test_owner_pass(&o, 1000);
    test_owner_none(&o, "ack");
}

static void reading_is_acked_also_after_a_crash(void **state)
{
    (void)state;
    event(DIRECT, 1, "1002");
    par_sdk_read(o.sdk, o.now, PAR_STR(DIRECT), 9);
    assert_int_equal(test_owner_conv(&o, DIRECT)->read, 1);
    test_owner_crash(&o);
    online_again();
    test_owner_pass(&o, 150);
    json_t *ack = test_owner_took(&o, "ack");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(ack, "read"), DIRECT)), 1);
    json_decref(ack);
}

static void one_that_spoils_an_ack_is_found(void **state)
{
    (void)state;
    event(DIRECT, 1, "1002");
    event(GROUP, 1, "1003");
    test_owner_pass(&o, 150);
    json_t *ack = test_owner_took(&o, "ack");
    test_owner_refuse(&o, ack, "not_member", false, 0);
    json_decref(ack);
    unsigned asked = 0;
    while ((ack = test_owner_take(&o, "ack"))) {
        json_t *delivered = json_object_get(ack, "delivered");
        assert_int_equal(json_object_size(delivered), 1);
        if (json_object_get(delivered, GROUP))
            test_owner_refuse(&o, ack, "not_member", false, 0);
        else
            test_owner_answer(&o, ack, json_object());
        json_decref(ack);
        asked++;
    }
    assert_int_equal(asked, 2);
    test_owner_pass(&o, 60000);
    test_owner_none(&o, "ack");
}

static void in_a_small_group_the_least_is_worked_out(void **state)
{
    (void)state;
    send(GROUP, "a");
    accept_next("send", 1, false);
    for (int i = 0; i < 2; i++)
        test_owner_give(&o, json_pack("{s:s,s:s,s:s,s:i,s:i}", "ev", "mark", "conv", GROUP, "user",
                                      "1002", "delivered", 1, "read", 1));
    json_t *ask = test_owner_took(&o, "members");
    test_owner_none(&o, "members");
    test_owner_answer(&o, ask,
                      json_pack("{s:[{s:s,s:i,s:i},{s:s,s:i,s:i},{s:s,s:i,s:i}]}", "members",
                                "user", "1001", "delivered", 0, "read", 0, "user", "1002",
                                "delivered", 1, "read", 1, "user", "1003", "delivered", 0, "read",
                                0));
    json_decref(ask);
    /* Asked while the first question was under way. */
    json_decref(test_owner_took(&o, "members"));
    assert_int_equal(par_sdk_state(test_owner_conv(&o, GROUP), 1), PAR_SDK_SENT);
    test_owner_give(&o, json_pack("{s:s,s:s,s:s,s:i,s:i}", "ev", "mark", "conv", GROUP, "user",
                                  "1003", "delivered", 1, "read", 0));
    assert_int_equal(par_sdk_state(test_owner_conv(&o, GROUP), 1), PAR_SDK_DELIVERED);
}

/* ---- settings and presence ---- */

static void settings_go_out_until_the_server_has_them(void **state)
{
    (void)state;
    struct par_sdk_set_values draft = {.mask = PAR_SDK_SET_DRAFT, .draft = PAR_STR("hm")};
    struct par_sdk_set_values pin = {.mask = PAR_SDK_SET_PINNED, .pinned = true};
    par_sdk_conv_set(o.sdk, o.now, PAR_STR(DIRECT), &draft);
    test_owner_pass(&o, 799);
    test_owner_none(&o, "conv.set");
    test_owner_pass(&o, 1);
    json_t *set = test_owner_took(&o, "conv.set");
    assert_string_equal(json_string_value(json_object_get(set, "draft")), "hm");
    /* What another device says meanwhile does not undo it. */
    test_owner_give(&o, json_pack("{s:s,s:s,s:s,s:b}", "ev", "conv", "conv", DIRECT, "draft", "old",
                                  "archived", 1));
    assert_string_equal(test_owner_conv(&o, DIRECT)->draft.ptr, "hm");
    assert_true(test_owner_conv(&o, DIRECT)->archived);
    par_sdk_conv_set(o.sdk, o.now, PAR_STR(DIRECT), &pin);
    test_owner_refuse(&o, set, "overloaded", true, 0);
    json_decref(set);
    test_owner_crash(&o);
    online_again();
    set = test_owner_took(&o, "conv.set");
    assert_string_equal(json_string_value(json_object_get(set, "draft")), "hm");
    assert_true(json_is_true(json_object_get(set, "pinned")));
    assert_null(json_object_get(set, "archived"));
    test_owner_answer(&o, set, json_object());
    json_decref(set);
    test_owner_crash(&o);
    online_again();
    test_owner_none(&o, "conv.set");
}

static void whom_one_watches_is_said_on_every_connection(void **state)
{
    (void)state;
    static const uint64_t users[] = {1002, 1003};
    par_sdk_watch(o.sdk, o.now, users, 2);
    json_decref(test_owner_took(&o, "watch"));
    test_owner_lost(&o, 1006);
    online_again();
    json_t *watch = test_owner_took(&o, "watch");
    assert_int_equal(json_array_size(json_object_get(watch, "users")), 2);
    json_decref(watch);
}

static void other_operations_are_asked_once(void **state)
{
    (void)state;
    assert_true(par_sdk_ask(o.sdk, o.now, "block", PAR_STR("\"user\":\"1002\""), 5));
    json_t *block = test_owner_took(&o, "block");
    assert_string_equal(json_string_value(json_object_get(block, "user")), "1002");
    json_decref(block);
    test_owner_lost(&o, 1006);
    assert_false(par_sdk_ask(o.sdk, o.now, "block", PAR_STR(""), 5));
    online_again();
    test_owner_none(&o, "block");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(one_at_a_time_in_a_conversation),
        TEST(a_refusal_waits_as_long_as_it_says),
        TEST(without_an_answer_it_goes_out_again),
        TEST(a_final_refusal_lets_the_next_go),
        TEST(an_entry_that_comes_after_the_refusal_is_the_acceptance),
        TEST(what_was_accepted_long_ago_is_read_from_history),
        TEST(what_cannot_be_asked_is_refused_at_once),
        TEST(groups_are_made_and_changed_through_the_outbox),
        TEST(delivered_is_acked_in_batches_and_never_twice),
        TEST(own_entries_are_not_acked),
        TEST(reading_is_acked_also_after_a_crash),
        TEST(one_that_spoils_an_ack_is_found),
        TEST(in_a_small_group_the_least_is_worked_out),
        TEST(settings_go_out_until_the_server_has_them),
        TEST(whom_one_watches_is_said_on_every_connection),
        TEST(other_operations_are_asked_once),
    };
    return cmocka_run_group_tests_name("sdk_outbox", tests, NULL, NULL);
}
