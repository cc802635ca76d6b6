/* The writer: sends, edits, deletes, reactions, blocks and settings; every refusal of theirs. */
#include "conv/test_world.h"

#include "conv/writer_private.h"

#include <stdio.h>

static struct world w;

static int open_world(void **state)
{
    (void)state;
    world_init(&w, "memory", NULL, NULL);
    world_online(&w, 1, 2);
    world_start(&w);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

static void a_send_is_numbered_stored_and_told(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_command c = send_to(1, conv, "c1", "hello");
    c.reply.endpoint = 55;
    c.reply.poll_device = 66;
    c.has_client_ts = true;
    c.client_ts = -5;
    const struct kept *answer = world_do(&w, c);
    assert_int_equal(answer->err, PAR_OK);
    assert_int_equal(answer->seq, 1);
    assert_false(answer->dup);
    assert_true(answer->ts > 1600000000000);
    world_settle(&w);
    const struct kept *event = world_nth(&w, PAR_DELIVERY_ENTRY, 0);
    assert_non_null(event);
    assert_int_equal(world_count(&w, PAR_DELIVERY_ENTRY), 1);
    assert_true(answer == world_nth(&w, PAR_DELIVERY_ANSWER, 0));
    assert_int_equal(event->entry.seq, 1);
    assert_int_equal(event->entry.ts, answer->ts);
    assert_int_equal(event->entry.sender, 1);
    assert_int_equal(event->entry.client_ts, -5);
    assert_string_equal(event->text, "hello");
    assert_string_equal(event->cmid, "c1");
    assert_int_equal(event->reply.endpoint, 55);
    assert_int_equal(event->reply.poll_device, 66);
    assert_int_equal(event->user_count, 2);
    assert_int_equal(w.push_count, 0);

    struct par_entry e;
    struct par_cmid cmid;
    struct par_conversation row;
    struct par_user_conv mine;
    assert_true(row_entry(&w, &arena, &conv, 1, &e));
    assert_true(par_str_is(e.text, "hello") && e.text_no == 1 && e.ts == answer->ts);
    assert_true(row_cmid(&w, &conv, 1, "c1", &cmid));
    assert_true(cmid.seq == 1 && cmid.ts == e.ts && cmid.stamp == e.stamp);
    assert_true(row_conversation(&w, &arena, &conv, &row));
    assert_true(row.last_seq == 1 && row.last_ts == e.ts && row.last_stamp == e.stamp &&
                row.text_count == 1);
    assert_true(row.member_count == 2 && row.created == e.ts && row.changed == e.stamp);
    for (uint64_t user = 1; user <= 2; user++) {
        assert_true(row_user_conv(&w, &arena, user, &conv, &mine));
        assert_true(mine.joined_seq == 1 && mine.left_seq == 0);
    }
    assert_true(row_checkpoint(&w).position > par_stamp_offset(e.stamp));
    par_arena_fini(&arena);
}

static void a_known_cmid_is_answered_before_all_else(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    assert_seq(&w, send_to(1, conv, "a", "one"), 1);
    assert_dup(&w, send_to(1, conv, "a", "one"), 1);
    assert_refused(&w, send_to(1, conv, "a", "two"), PAR_E_CONFLICT);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 1, conv, "a", 1, ""), PAR_E_CONFLICT);
    /* The other one's cmid is another; a client's clock is no part of the body. */
    assert_seq(&w, send_to(2, conv, "a", "two"), 2);
    struct par_command c = send_to(1, conv, "a", "one");
    c.has_client_ts = true;
    c.client_ts = 9;
    assert_dup(&w, c, 1);
    c.verdict.err = PAR_E_RATE_LIMITED;
    assert_dup(&w, c, 1);
    struct par_command block = {.kind = PAR_COMMAND_BLOCK, .conv = conv, .sender = 2};
    assert_int_equal(world_do(&w, block)->err, PAR_OK);
    assert_dup(&w, send_to(1, conv, "a", "one"), 1);
    assert_refused(&w, send_to(1, conv, "b", "three"), PAR_E_BLOCKED);
    /* From the store, by a writer that has never seen it. */
    world_stop(&w);
    world_start(&w);
    assert_dup(&w, send_to(1, conv, "a", "one"), 1);
    assert_refused(&w, send_to(1, conv, "a", "two"), PAR_E_CONFLICT);
    assert_refused(&w, send_to(1, conv, "b", "three"), PAR_E_BLOCKED);
}

static void a_verdict_is_the_answer_to_a_new_cmid(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_command c = send_to(1, conv, "a", "one");
    c.verdict = (struct par_verdict){PAR_E_RATE_LIMITED, 350, PAR_STR("slower")};
    const struct kept *k = world_do(&w, c);
    assert_int_equal(k->err, PAR_E_RATE_LIMITED);
    assert_int_equal(k->retry_after_ms, 350);
    assert_string_equal(k->message, "slower");
    c.verdict = (struct par_verdict){0};
    assert_seq(&w, c, 1);
}

static void ts_rises_and_duplicates_wait_for_their_first(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    char cmid[16];
    world_stop(&w);
    uint64_t first = w.handle + 1;
    for (int i = 0; i < 50; i++) {
        snprintf(cmid, sizeof cmid, "m%d", i / 2);
        world_ask(&w, send_to(1, conv, cmid, "x"));
    }
    world_start(&w);
    int64_t ts = 0;
    for (uint64_t i = 0; i < 50; i++) {
        const struct kept *k = world_answer(&w, first + i);
        assert_int_equal(k->err, PAR_OK);
        assert_int_equal(k->seq, i / 2 + 1);
        assert_int_equal(k->dup, i % 2);
        if (i % 2 == 0) {
            assert_true(k->ts > ts);
            ts = k->ts;
        } else {
            assert_int_equal(k->ts, ts);
        }
    }
    struct par_writer_stats stats;
    world_settle(&w);
    par_writer_stats(w.writer, &stats);
    assert_int_equal(stats.batches, 1);
    assert_int_equal(stats.duplicates, 25);
}

static void who_may_send(void **state)
{
    (void)state;
    uint8_t nobody[16] = {9};
    assert_refused(&w, send_to(3, par_conv_direct(1, 2), "a", "x"), PAR_E_NOT_MEMBER);
    assert_refused(&w, send_to(1, par_conv_group(nobody), "a", "x"), PAR_E_NOT_MEMBER);
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_command c = send_to(1, conv, "a", "x");
    c.reply_to = 1;
    const struct kept *k = world_do(&w, c);
    assert_int_equal(k->err, PAR_E_BAD_REQUEST);
    assert_string_equal(k->message, "reply_to");
    assert_seq(&w, send_to(1, conv, "b", "x"), 1);
    assert_seq(&w, c, 2);
    world_settle(&w);
    assert_int_equal(world_nth(&w, PAR_DELIVERY_ENTRY, 1)->entry.reply_to, 1);
}

static void edits(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_entry e;
    assert_refused(&w, change(PAR_COMMAND_EDIT, 3, conv, "e", 1, "x"), PAR_E_NOT_MEMBER);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 1, conv, "e", 0, "x"), PAR_E_BAD_REQUEST);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 1, conv, "e", 1, "x"), PAR_E_NOT_FOUND);
    assert_seq(&w, send_to(1, conv, "a", "first"), 1);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 2, conv, "e", 1, "x"), PAR_E_FORBIDDEN);
    assert_seq(&w, change(PAR_COMMAND_EDIT, 1, conv, "e", 1, "second"), 2);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 1, conv, "f", 2, "x"), PAR_E_BAD_REQUEST);
    assert_dup(&w, send_to(1, conv, "a", "first"), 1);
    assert_true(row_entry(&w, &arena, &conv, 1, &e));
    assert_true(par_str_is(e.text, "second") && e.edited_seq == 2 && par_stamp_offset(e.stamp) > 0);
    assert_true(row_entry(&w, &arena, &conv, 2, &e));
    assert_true(e.kind == PAR_ENTRY_EDITED && e.target == 1 && e.text_no == 1);
    assert_seq(&w, change(PAR_COMMAND_DELETE, 1, conv, "d", 1, ""), 3);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 1, conv, "g", 1, "x"), PAR_E_CONFLICT);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 2, conv, "g", 1, "x"), PAR_E_FORBIDDEN);
    par_arena_fini(&arena);
}

static void an_edit_in_the_batch_of_its_target(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_entry e;
    world_stop(&w);
    world_ask(&w, send_to(1, conv, "a", "first"));
    world_ask(&w, change(PAR_COMMAND_EDIT, 1, conv, "e", 1, "second"));
    world_ask(&w, change(PAR_COMMAND_EDIT, 1, conv, "f", 1, "third"));
    world_ask(&w, change(PAR_COMMAND_REACT, 2, conv, "r", 1, "+"));
    uint64_t last = world_ask(&w, change(PAR_COMMAND_DELETE, 1, conv, "d", 1, ""));
    uint64_t late = world_ask(&w, change(PAR_COMMAND_REACT, 2, conv, "s", 1, "+"));
    world_start(&w);
    assert_int_equal(world_answer(&w, last)->seq, 5);
    assert_int_equal(world_answer(&w, late)->err, PAR_E_CONFLICT);
    world_settle(&w);
    struct par_writer_stats stats;
    par_writer_stats(w.writer, &stats);
    assert_int_equal(stats.batches, 1);
    /* The events say what was written then; the row what holds now. */
    assert_string_equal(world_nth(&w, PAR_DELIVERY_ENTRY, 0)->text, "first");
    assert_string_equal(world_nth(&w, PAR_DELIVERY_ENTRY, 1)->text, "second");
    assert_string_equal(world_nth(&w, PAR_DELIVERY_ENTRY, 2)->text, "third");
    assert_true(row_entry(&w, &arena, &conv, 1, &e));
    assert_true(e.text.len == 0 && e.deleted_seq == 5 && e.edited_seq == 3);
    assert_true(row_entry(&w, &arena, &conv, 4, &e));
    assert_true(e.kind == PAR_ENTRY_REACTION && e.on && e.target == 1 && par_str_is(e.text, "+"));
    par_arena_fini(&arena);
}

static void deletes_and_reactions(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 3, conv, "d", 1, ""), PAR_E_NOT_MEMBER);
    assert_refused(&w, change(PAR_COMMAND_REACT, 3, conv, "d", 1, "+"), PAR_E_NOT_MEMBER);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 1, conv, "d", 1, ""), PAR_E_NOT_FOUND);
    assert_refused(&w, change(PAR_COMMAND_REACT, 1, conv, "d", 9, "+"), PAR_E_NOT_FOUND);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 2, conv, "d", 1, ""), PAR_E_FORBIDDEN);
    assert_seq(&w, change(PAR_COMMAND_REACT, 2, conv, "r", 1, "+"), 2);
    assert_refused(&w, change(PAR_COMMAND_REACT, 2, conv, "s", 2, "+"), PAR_E_BAD_REQUEST);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 2, conv, "s", 2, ""), PAR_E_BAD_REQUEST);
    assert_seq(&w, change(PAR_COMMAND_DELETE, 1, conv, "d", 1, ""), 3);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 1, conv, "t", 1, ""), PAR_E_CONFLICT);
    assert_refused(&w, change(PAR_COMMAND_REACT, 2, conv, "t", 1, "+"), PAR_E_CONFLICT);
    /* A reply to a deleted entry is one to an entry that is there. */
    struct par_command c = send_to(2, conv, "u", "x");
    c.reply_to = 1;
    assert_seq(&w, c, 4);
    /* "Only forbidden goes before": of another's deleted entry. */
    assert_refused(&w, change(PAR_COMMAND_DELETE, 2, conv, "v", 1, ""), PAR_E_FORBIDDEN);
}

static void blocks(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_key key = par_key_user_id(2, 1);
    struct par_buf value = {0};
    struct par_arena arena = {0};
    struct par_roster roster;
    struct par_command block = {.kind = PAR_COMMAND_BLOCK, .conv = conv, .sender = 2};
    struct par_command unblock = {.kind = PAR_COMMAND_UNBLOCK, .conv = conv, .sender = 2};
    uint8_t some_group[16] = {1};
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    assert_int_equal(world_do(&w, block)->err, PAR_OK);
    assert_int_equal(world_do(&w, block)->err, PAR_OK);
    assert_int_equal(par_store_get(w.store, PAR_T_BLOCKS, par_key_str(&key), &value), 1);
    assert_true(row_roster(&w, &arena, &conv, &roster));
    assert_true(roster.now.present && roster.now.blocks == PAR_BLOCK_BY_LARGER &&
                !roster.before.present);
    for (uint64_t user = 1; user <= 2; user++) {
        assert_refused(&w, send_to(user, conv, "b", "x"), PAR_E_BLOCKED);
        assert_refused(&w, change(PAR_COMMAND_EDIT, user, conv, "b", 1, "y"), PAR_E_BLOCKED);
        assert_refused(&w, change(PAR_COMMAND_REACT, user, conv, "b", 1, "+"), PAR_E_BLOCKED);
    }
    struct par_command_mark mark = {conv, 1, 1};
    assert_int_equal(world_do(&w, marks_of(2, &mark, 1))->err, PAR_OK);
    assert_seq(&w, change(PAR_COMMAND_DELETE, 1, conv, "b", 1, ""), 2);
    assert_int_equal(world_do(&w, unblock)->err, PAR_OK);
    par_buf_clear(&value);
    assert_int_equal(par_store_get(w.store, PAR_T_BLOCKS, par_key_str(&key), &value), 0);
    assert_true(row_roster(&w, &arena, &conv, &roster));
    assert_true(roster.now.blocks == 0 && roster.before.blocks == PAR_BLOCK_BY_LARGER);
    assert_true(roster.before.stamp < roster.now.stamp);
    assert_seq(&w, send_to(1, conv, "c", "x"), 3);
    block.sender = 3;
    assert_refused(&w, block, PAR_E_NOT_MEMBER);
    block.conv = par_conv_group(some_group);
    assert_refused(&w, block, PAR_E_BAD_REQUEST);
    par_buf_fini(&value);
    par_arena_fini(&arena);
}

static void settings(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_arena arena = {0};
    struct par_user_conv row;
    uint8_t nobody[16] = {9};
    struct par_command c = {.kind = PAR_COMMAND_CONV_SET, .conv = conv, .sender = 1};
    c.settings = (struct par_settings){
        .set = PAR_SET_PINNED | PAR_SET_DRAFT, .pinned = true, .draft = PAR_STR("dr")};
    c.reply.endpoint = 5;
    assert_int_equal(world_do(&w, c)->err, PAR_OK);
    world_settle(&w);
    const struct kept *k = world_nth(&w, PAR_DELIVERY_CONV, 0);
    assert_non_null(k);
    assert_true(k->conv_set == PAR_CONV_EVENT_SETTINGS && k->user_count == 1 && k->users[0] == 1);
    assert_true(k->settings.set == c.settings.set && k->settings.pinned && k->reply.endpoint == 5);
    assert_string_equal(k->draft, "dr");
    /* The first entry keeps what was set before. */
    assert_seq(&w, send_to(2, conv, "a", "x"), 1);
    c.settings = (struct par_settings){
        .set = PAR_SET_MUTED_UNTIL | PAR_SET_ARCHIVED, .muted_until = 77, .archived = true};
    assert_int_equal(world_do(&w, c)->err, PAR_OK);
    assert_true(row_user_conv(&w, &arena, 1, &conv, &row));
    assert_true(row.pinned && row.archived && row.muted_until == 77 && par_str_is(row.draft, "dr"));
    assert_true(row.joined_seq == 1 && row.stamp > 0);
    c.sender = 3;
    assert_refused(&w, c, PAR_E_NOT_MEMBER);
    c.conv = par_conv_group(nobody);
    assert_refused(&w, c, PAR_E_NOT_MEMBER);
    par_arena_fini(&arena);
}

static void those_without_a_route_get_a_push_job(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 3);
    assert_seq(&w, send_to(1, conv, "a", "x"), 1);
    assert_seq(&w, change(PAR_COMMAND_REACT, 1, conv, "r", 1, "+"), 2);
    assert_seq(&w, send_to(3, conv, "a", "x"), 3);
    world_settle(&w);
    assert_int_equal(w.push_count, 1);
    assert_true(w.pushes[0].user == 3 && w.pushes[0].from == 1 &&
                w.pushes[0].reason == PAR_PUSH_TEXT);
    const struct kept *k = world_nth(&w, PAR_DELIVERY_ENTRY, 0);
    assert_true(k->user_count == 1 && k->users[0] == 1);
}

static void keys_are_those_of_the_store(void **state)
{
    (void)state;
    struct par_conv_state st = {.conv = par_conv_direct(1, 2)};
    struct par_key prefix = par_key_conv(&st.conv);
    memcpy(st.key, prefix.bytes, sizeof st.key);
    struct par_key a = par_conv__key_u64(&st, ~(uint64_t)77), b = par_key_entry(&st.conv, 77);
    assert_true(par_str_eq(par_key_str(&a), par_key_str(&b)));
    a = par_conv__key_u64(&st, 2);
    b = par_key_mark(&st.conv, 2);
    assert_true(par_str_eq(par_key_str(&a), par_key_str(&b)));
    a = par_conv__key_cmid(&st, 2, PAR_STR("abc"));
    b = par_key_cmid(&st.conv, 2, PAR_STR("abc"));
    assert_true(par_str_eq(par_key_str(&a), par_key_str(&b)));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(a_send_is_numbered_stored_and_told),
        T(a_known_cmid_is_answered_before_all_else),
        T(a_verdict_is_the_answer_to_a_new_cmid),
        T(ts_rises_and_duplicates_wait_for_their_first),
        T(who_may_send),
        T(edits),
        T(an_edit_in_the_batch_of_its_target),
        T(deletes_and_reactions),
        T(blocks),
        T(settings),
        T(those_without_a_route_get_a_push_job),
        cmocka_unit_test(keys_are_those_of_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
