/* The writer: groups, their members, roles and rights, and the roster's two slots. */
#include "conv/test_world.h"

static struct world w;

static int open_world(void **state)
{
    (void)state;
    world_init(&w, "memory", NULL, NULL);
    world_online(&w, 1, 20);
    world_start(&w);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

#define USERS(...) (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8

/* A group of 1 (owner), 2, 3. */
static struct par_conv three(void)
{
    struct par_command c = create(1, "create", "Us", USERS(2, 1, 3));
    assert_seq(&w, c, 1);
    return c.conv;
}

static struct par_command add(uint64_t by, struct par_conv conv, const char *cmid,
                              const uint64_t *users, size_t count)
{
    return group(PAR_COMMAND_GROUP_ADD, by, conv, cmid, users, count);
}

static struct par_command take(uint64_t by, struct par_conv conv, const char *cmid,
                               const uint64_t *users, size_t count)
{
    return group(PAR_COMMAND_GROUP_REMOVE, by, conv, cmid, users, count);
}

static struct par_command leave(uint64_t by, struct par_conv conv, const char *cmid)
{
    return group(PAR_COMMAND_GROUP_LEAVE, by, conv, cmid, NULL, 0);
}

static void assert_users(const uint64_t *have, size_t n, const uint64_t *want, size_t count)
{
    assert_int_equal(n, count);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(have[i], want[i]);
}

static void creating(void **state)
{
    (void)state;
    struct par_arena arena = {0};
    struct par_command c = create(1, "create", "Us", USERS(2, 1, 3));
    struct par_roster roster;
    struct par_conversation row;
    struct par_user_conv mine;
    struct par_member m;
    c.reply.endpoint = 9;
    assert_seq(&w, c, 1);
    assert_dup(&w, c, 1);
    assert_refused(&w, create(1, "create", "Us", USERS(2)), PAR_E_CONFLICT);
    world_settle(&w);
    /* Answer, event conv, entry. */
    assert_int_equal(w.kept[0]->kind, PAR_DELIVERY_ANSWER);
    assert_int_equal(w.kept[1]->kind, PAR_DELIVERY_CONV);
    assert_int_equal(w.kept[2]->kind, PAR_DELIVERY_ENTRY);
    assert_true(w.kept[1]->member &&
                w.kept[1]->conv_set ==
                    (PAR_CONV_EVENT_KIND | PAR_CONV_EVENT_NAME | PAR_CONV_EVENT_MEMBER));
    assert_string_equal(w.kept[1]->name, "Us");
    assert_int_equal(w.kept[1]->reply.endpoint, 9);
    assert_users(w.kept[2]->entry_users, w.kept[2]->entry_user_count, USERS(1, 2, 3));
    assert_users(w.kept[2]->users, w.kept[2]->user_count, USERS(1, 2, 3));
    assert_string_equal(w.kept[2]->text, "Us");

    assert_true(row_roster(&w, &arena, &c.conv, &roster));
    assert_true(roster.now.present && !roster.before.present && roster.now.seq == 1);
    assert_true(par_str_is(roster.now.name, "Us") && par_roster_count(&roster.now) == 3);
    assert_true(par_roster_find(&roster.now, 1, &m) && m.role == PAR_ROLE_OWNER && m.place == 0);
    assert_true(par_roster_find(&roster.now, 3, &m) && m.role == PAR_ROLE_MEMBER && m.place == 2);
    assert_true(row_conversation(&w, &arena, &c.conv, &row));
    assert_true(par_str_is(row.name, "Us") && row.creator == 1 && row.member_count == 3 &&
                row.text_count == 0);
    for (uint64_t user = 1; user <= 3; user++)
        assert_true(row_user_conv(&w, &arena, user, &c.conv, &mine) && mine.joined_seq == 1);

    c = create(1, "other", "Us", USERS(2, 3));
    c.group_members = 2;
    assert_refused(&w, c, PAR_E_GROUP_FULL);
    c.text = PAR_STR("");
    assert_refused(&w, c, PAR_E_BAD_REQUEST);
    c = create(1, "verdict", "Us", USERS(2, 3));
    c.verdict.err = PAR_E_NOT_FOUND;
    assert_refused(&w, c, PAR_E_NOT_FOUND);
    par_arena_fini(&arena);
}

static void no_group_operation_on_two(void **state)
{
    (void)state;
    struct par_conv direct = par_conv_direct(1, 2);
    const uint64_t two = 2;
    assert_refused(&w, add(1, direct, "x", USERS(4)), PAR_E_BAD_REQUEST);
    assert_refused(&w, take(1, direct, "x", USERS(2)), PAR_E_BAD_REQUEST);
    assert_refused(&w, leave(1, direct, "x"), PAR_E_BAD_REQUEST);
    assert_refused(&w, change(PAR_COMMAND_GROUP_RENAME, 1, direct, "x", 0, "New"),
                   PAR_E_BAD_REQUEST);
    assert_refused(&w, role_of(1, direct, "x", &two, PAR_ROLE_ADMIN), PAR_E_BAD_REQUEST);
}

static void roles(void **state)
{
    (void)state;
    struct par_conv conv = three();
    const uint64_t one = 1, two = 2, three_ = 3, nine = 9;
    assert_refused(&w, role_of(2, conv, "x", &three_, PAR_ROLE_ADMIN), PAR_E_FORBIDDEN);
    assert_refused(&w, role_of(9, conv, "x", &three_, PAR_ROLE_ADMIN), PAR_E_NOT_MEMBER);
    assert_refused(&w, role_of(1, conv, "x", &nine, PAR_ROLE_ADMIN), PAR_E_NOT_FOUND);
    assert_refused(&w, role_of(1, conv, "x", &one, PAR_ROLE_MEMBER), PAR_E_CONFLICT);
    /* Had already: the last seq, and the cmid stays free. */
    assert_seq(&w, role_of(1, conv, "x", &two, PAR_ROLE_MEMBER), 1);
    assert_seq(&w, role_of(1, conv, "x", &two, PAR_ROLE_ADMIN), 2);
    assert_dup(&w, role_of(1, conv, "x", &two, PAR_ROLE_ADMIN), 2);
    assert_refused(&w, role_of(2, conv, "y", &three_, PAR_ROLE_ADMIN), PAR_E_FORBIDDEN);
    assert_seq(&w, role_of(1, conv, "y", &three_, PAR_ROLE_OWNER), 3);
    assert_seq(&w, role_of(3, conv, "y", &one, PAR_ROLE_MEMBER), 4);
    assert_refused(&w, role_of(1, conv, "z", &two, PAR_ROLE_MEMBER), PAR_E_FORBIDDEN);
    world_settle(&w);
    const struct kept *k = world_nth(&w, PAR_DELIVERY_ENTRY, 1);
    assert_true(k->entry.kind == PAR_ENTRY_ROLE_CHANGED && k->entry.role == PAR_ROLE_ADMIN);
    assert_users(k->entry_users, k->entry_user_count, USERS(2));
    /* An admin may not remove an owner, but an admin. */
    assert_refused(&w, take(2, conv, "t", USERS(3)), PAR_E_FORBIDDEN);
    assert_seq(&w, role_of(3, conv, "u", &one, PAR_ROLE_ADMIN), 5);
    assert_seq(&w, take(2, conv, "t", USERS(1)), 6);
}

static void adding(void **state)
{
    (void)state;
    struct par_conv conv = three();
    struct par_mark mark;
    struct par_arena arena = {0};
    struct par_roster roster;
    struct par_user_conv mine;
    assert_refused(&w, add(2, conv, "a", USERS(4)), PAR_E_FORBIDDEN);
    assert_refused(&w, add(9, conv, "a", USERS(4)), PAR_E_NOT_MEMBER);
    assert_seq(&w, send_to(1, conv, "m", "x"), 2);
    assert_seq(&w, add(1, conv, "a", USERS(2, 3)), 2);
    assert_seq(&w, group(PAR_COMMAND_GROUP_ADD, 1, conv, "a", NULL, 0), 2);
    world_settle(&w);
    world_forget(&w);
    assert_seq(&w, add(1, conv, "a", USERS(5, 2, 4)), 3);
    assert_dup(&w, add(1, conv, "a", USERS(5, 2, 4)), 3);
    world_settle(&w);
    assert_int_equal(w.kept[1]->kind, PAR_DELIVERY_CONV);
    assert_users(w.kept[1]->users, w.kept[1]->user_count, USERS(5, 4));
    assert_string_equal(w.kept[1]->name, "Us");
    assert_users(w.kept[2]->entry_users, w.kept[2]->entry_user_count, USERS(5, 4));
    assert_users(w.kept[2]->users, w.kept[2]->user_count, USERS(1, 2, 3, 4, 5));
    assert_true(row_mark(&w, &conv, 4, &mark) && mark.delivered == 2 && mark.read == 2 &&
                mark.shown_read == 2);
    assert_true(row_roster(&w, &arena, &conv, &roster));
    assert_true(par_roster_count(&roster.now) == 5 && par_roster_count(&roster.before) == 3);
    assert_true(roster.now.seq == 3 && roster.before.seq == 1);
    assert_true(row_user_conv(&w, &arena, 4, &conv, &mine) && mine.joined_seq == 3 &&
                mine.left_seq == 0);
    struct par_command c = add(1, conv, "b", USERS(6, 7));
    c.group_members = 6;
    assert_refused(&w, c, PAR_E_GROUP_FULL);
    assert_seq(&w, add(1, conv, "b", USERS(6)), 4);
    par_arena_fini(&arena);
}

static void removing_and_coming_back(void **state)
{
    (void)state;
    struct par_conv conv = three();
    struct par_arena arena = {0};
    struct par_user_conv mine;
    struct par_mark mark;
    assert_refused(&w, take(2, conv, "r", USERS(3)), PAR_E_FORBIDDEN);
    assert_seq(&w, take(1, conv, "r", USERS(8)), 1);
    for (int i = 0; i < 4; i++)
        assert_seq(&w, send_to(2, conv, (char[]){'a', (char)('0' + i), 0}, "x"), (uint64_t)i + 2);
    struct par_command_mark moved = {conv, 5, 4};
    assert_int_equal(world_do(&w, marks_of(3, &moved, 1))->err, PAR_OK);
    world_settle(&w);
    world_forget(&w);
    assert_seq(&w, take(1, conv, "r", USERS(3, 9)), 6);
    world_settle(&w);
    assert_int_equal(w.kept[1]->kind, PAR_DELIVERY_ENTRY);
    assert_int_equal(w.kept[1]->entry.kind, PAR_ENTRY_MEMBER_REMOVED);
    assert_users(w.kept[1]->entry_users, w.kept[1]->entry_user_count, USERS(3));
    assert_users(w.kept[1]->users, w.kept[1]->user_count, USERS(1, 2, 3));
    assert_int_equal(w.kept[2]->kind, PAR_DELIVERY_CONV);
    assert_true(!w.kept[2]->member && w.kept[2]->conv_set == PAR_CONV_EVENT_MEMBER);
    assert_users(w.kept[2]->users, w.kept[2]->user_count, USERS(3));
    assert_true(row_user_conv(&w, &arena, 3, &conv, &mine) && mine.left_seq == 6 &&
                mine.joined_seq == 1);
    assert_refused(&w, send_to(3, conv, "s", "x"), PAR_E_NOT_MEMBER);
    assert_int_equal(world_do(&w, marks_of(3, &moved, 1))->err, PAR_E_NOT_MEMBER);
    /* Settings are one's own still. */
    struct par_command set = {.kind = PAR_COMMAND_CONV_SET, .conv = conv, .sender = 3};
    set.settings = (struct par_settings){.set = PAR_SET_ARCHIVED, .archived = true};
    assert_int_equal(world_do(&w, set)->err, PAR_OK);
    set.sender = 9;
    assert_refused(&w, set, PAR_E_NOT_MEMBER);
    assert_seq(&w, add(1, conv, "b", USERS(3)), 7);
    assert_true(row_mark(&w, &conv, 3, &mark) && mark.delivered == 6 && mark.read == 6);
    assert_true(row_user_conv(&w, &arena, 3, &conv, &mine));
    assert_true(mine.left_seq == 0 && mine.joined_seq == 7 && mine.archived);
    par_arena_fini(&arena);
}

static void a_last_owner_hands_over(void **state)
{
    (void)state;
    struct par_conv conv = three();
    const uint64_t three_ = 3;
    struct par_arena arena = {0};
    struct par_roster roster;
    struct par_member m;
    struct par_entry first, second;
    assert_seq(&w, role_of(1, conv, "adm", &three_, PAR_ROLE_ADMIN), 2);
    world_settle(&w);
    world_forget(&w);
    struct par_command c = take(1, conv, "bye", USERS(1));
    c.reply.endpoint = 4;
    assert_seq(&w, c, 4);
    assert_dup(&w, c, 4);
    world_settle(&w);
    /* The hand-over has the lower seq and no answer: it comes first, to the connection that asked,
     * too. */
    assert_true(w.kept[0]->kind == PAR_DELIVERY_ENTRY &&
                w.kept[0]->entry.kind == PAR_ENTRY_ROLE_CHANGED);
    assert_int_equal(w.kept[0]->reply.endpoint, 0);
    assert_int_equal(w.kept[0]->entry.cmid.len, 0);
    assert_users(w.kept[0]->entry_users, w.kept[0]->entry_user_count, USERS(3));
    assert_int_equal(w.kept[1]->kind, PAR_DELIVERY_ANSWER);
    assert_true(w.kept[2]->kind == PAR_DELIVERY_ENTRY &&
                w.kept[2]->entry.kind == PAR_ENTRY_MEMBER_LEFT);
    assert_int_equal(w.kept[2]->reply.endpoint, 4);
    assert_users(w.kept[2]->users, w.kept[2]->user_count, USERS(1, 2, 3));
    assert_int_equal(w.kept[3]->kind, PAR_DELIVERY_CONV);
    assert_true(row_entry(&w, &arena, &conv, 3, &first) &&
                row_entry(&w, &arena, &conv, 4, &second));
    assert_true(first.stamp == second.stamp && first.ts < second.ts);
    assert_true(row_roster(&w, &arena, &conv, &roster));
    assert_true(par_roster_count(&roster.now) == 2 && par_roster_find(&roster.now, 3, &m) &&
                m.role == PAR_ROLE_OWNER);
    /* With others: removed, all of them, oneself too; the heir is who stays longest. */
    assert_seq(&w, add(3, conv, "more", USERS(6, 5)), 5);
    assert_seq(&w, take(3, conv, "us", USERS(2, 3)), 7);
    assert_true(row_entry(&w, &arena, &conv, 6, &first) &&
                row_entry(&w, &arena, &conv, 7, &second));
    assert_true(first.kind == PAR_ENTRY_ROLE_CHANGED && par_users_at(first.users, 0) == 6);
    assert_true(second.kind == PAR_ENTRY_MEMBER_REMOVED && par_users_count(second.users) == 2);
    /* The very last one. */
    assert_seq(&w, leave(5, conv, "l"), 8);
    assert_seq(&w, leave(6, conv, "l"), 9);
    assert_refused(&w, leave(6, conv, "m"), PAR_E_NOT_MEMBER);
    assert_refused(&w, send_to(6, conv, "n", "x"), PAR_E_NOT_MEMBER);
    assert_true(row_roster(&w, &arena, &conv, &roster) && par_roster_count(&roster.now) == 0);
    par_arena_fini(&arena);
}

static void renaming_and_deleting(void **state)
{
    (void)state;
    struct par_conv conv = three();
    const uint64_t two = 2;
    struct par_arena arena = {0};
    struct par_roster roster;
    struct par_conversation row;
    assert_refused(&w, change(PAR_COMMAND_GROUP_RENAME, 2, conv, "n", 0, "New"), PAR_E_FORBIDDEN);
    assert_refused(&w, change(PAR_COMMAND_GROUP_RENAME, 9, conv, "n", 0, "New"), PAR_E_NOT_MEMBER);
    assert_refused(&w, change(PAR_COMMAND_GROUP_RENAME, 1, conv, "n", 0, ""), PAR_E_BAD_REQUEST);
    assert_seq(&w, role_of(1, conv, "adm", &two, PAR_ROLE_ADMIN), 2);
    assert_seq(&w, change(PAR_COMMAND_GROUP_RENAME, 2, conv, "n", 0, "New"), 3);
    assert_true(row_roster(&w, &arena, &conv, &roster));
    assert_true(par_str_is(roster.now.name, "New") && par_str_is(roster.before.name, "Us"));
    assert_true(row_conversation(&w, &arena, &conv, &row) && par_str_is(row.name, "New"));
    assert_seq(&w, send_to(3, conv, "m", "x"), 4);
    assert_seq(&w, send_to(2, conv, "m", "x"), 5);
    assert_refused(&w, change(PAR_COMMAND_DELETE, 3, conv, "d", 5, ""), PAR_E_FORBIDDEN);
    assert_refused(&w, change(PAR_COMMAND_EDIT, 2, conv, "d", 4, "y"), PAR_E_FORBIDDEN);
    assert_seq(&w, change(PAR_COMMAND_DELETE, 2, conv, "d", 4, ""), 6);
    par_arena_fini(&arena);
}

static void joined_history_hides_what_was_before(void **state)
{
    (void)state;
    struct par_command c = create(1, "create", "Us", USERS(2));
    c.history = PAR_HISTORY_JOINED;
    assert_seq(&w, c, 1);
    assert_seq(&w, send_to(1, c.conv, "m", "x"), 2);
    assert_seq(&w, add(1, c.conv, "a", USERS(3)), 3);
    assert_refused(&w, change(PAR_COMMAND_REACT, 3, c.conv, "r", 2, "+"), PAR_E_NOT_FOUND);
    struct par_command reply = send_to(3, c.conv, "s", "x");
    reply.reply_to = 2;
    assert_refused(&w, reply, PAR_E_BAD_REQUEST);
    reply.reply_to = 3;
    assert_seq(&w, reply, 4);
    assert_seq(&w, change(PAR_COMMAND_REACT, 2, c.conv, "r", 2, "+"), 5);
}

static void a_second_change_of_the_roster_starts_a_batch(void **state)
{
    (void)state;
    struct par_conv conv = three();
    struct par_arena arena = {0};
    struct par_roster roster;
    world_stop(&w);
    world_forget(&w);
    world_ask(&w, send_to(2, conv, "m1", "x"));
    world_ask(&w, add(1, conv, "a1", USERS(4)));
    world_ask(&w, send_to(4, conv, "m2", "x"));
    world_ask(&w, take(1, conv, "a2", USERS(2)));
    uint64_t refused = world_ask(&w, send_to(2, conv, "m3", "x"));
    uint64_t dup = world_ask(&w, add(1, conv, "a1", USERS(4)));
    uint64_t last = world_ask(&w, add(1, conv, "a3", USERS(2, 5)));
    uint64_t again = world_ask(&w, send_to(2, conv, "m3", "x"));
    world_start(&w);
    assert_int_equal(world_answer(&w, refused)->err, PAR_E_NOT_MEMBER);
    assert_true(world_answer(&w, dup)->dup && world_answer(&w, dup)->seq == 3);
    assert_int_equal(world_answer(&w, last)->seq, 6);
    assert_int_equal(world_answer(&w, again)->seq, 7);
    world_settle(&w);
    struct par_writer_stats stats;
    par_writer_stats(w.writer, &stats);
    assert_int_equal(stats.cuts, 2);
    assert_int_equal(stats.batches, 3);
    /* Each entry is for those who were in as of its seq. */
    assert_users(world_nth(&w, PAR_DELIVERY_ENTRY, 0)->users,
                 world_nth(&w, PAR_DELIVERY_ENTRY, 0)->user_count, USERS(1, 2, 3));
    assert_users(world_nth(&w, PAR_DELIVERY_ENTRY, 2)->users,
                 world_nth(&w, PAR_DELIVERY_ENTRY, 2)->user_count, USERS(1, 2, 3, 4));
    assert_users(world_nth(&w, PAR_DELIVERY_ENTRY, 5)->users,
                 world_nth(&w, PAR_DELIVERY_ENTRY, 5)->user_count, USERS(1, 2, 3, 4, 5));
    assert_true(row_roster(&w, &arena, &conv, &roster));
    assert_true(roster.before.seq == 5 && roster.now.seq == 6);
    par_arena_fini(&arena);
}

static void five_hundred(void **state)
{
    (void)state;
    uint64_t users[499];
    for (size_t i = 0; i < 499; i++)
        users[i] = 1000 - i;
    struct par_command c = create(1, "big", "Crowd", users, 499);
    assert_seq(&w, c, 1);
    assert_seq(&w, send_to(600, c.conv, "m", "x"), 2);
    assert_refused(&w, add(1, c.conv, "a", USERS(2000)), PAR_E_GROUP_FULL);
    world_settle(&w);
    /* Offline: 499 were added, 498 others of the sender wait for a text (1 is on line). */
    assert_int_equal(w.push_count, 499 + 498);
    assert_seq(&w, take(1, c.conv, "r", users, 499), 3);
    assert_seq(&w, leave(1, c.conv, "l"), 4);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(creating),
        T(no_group_operation_on_two),
        T(roles),
        T(adding),
        T(removing_and_coming_back),
        T(a_last_owner_hands_over),
        T(renaming_and_deleting),
        T(joined_history_hides_what_was_before),
        T(a_second_change_of_the_roster_starts_a_batch),
        T(five_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
