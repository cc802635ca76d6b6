/* The writer: marks, who is told of them, and when. */
#include "conv/test_world.h"

static struct world w;

static int open_world(void **state)
{
    (void)state;
    world_init(&w, "memory", NULL, NULL);
    world_online(&w, 1, 200);
    world_start(&w);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_fini(&w);
    return 0;
}

static const struct kept *ack(uint64_t user, struct par_conv conv, uint64_t delivered,
                              uint64_t read)
{
    struct par_command_mark mark = {conv, delivered, read};
    struct par_command c = marks_of(user, &mark, 1);
    c.reply.endpoint = 500 + user;
    return world_do(&w, c);
}

static void send_some(struct par_conv conv, uint64_t user, int count)
{
    char cmid[2] = {'A', 0};
    for (int i = 0; i < count; i++, cmid[0]++)
        assert_int_equal(world_do(&w, send_to(user, conv, cmid, "x"))->err, PAR_OK);
    world_settle(&w);
    world_forget(&w);
}

static struct par_conv group_of(uint64_t last)
{
    uint64_t users[200];
    size_t n = 0;
    for (uint64_t user = 2; user <= last; user++)
        users[n++] = user;
    struct par_command c = create(1, "g", "G", users, n);
    assert_int_equal(world_do(&w, c)->err, PAR_OK);
    return c.conv;
}

static void between_two(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_mark mark;
    struct par_arena arena = {0};
    struct par_conversation row;
    /* Nothing written yet: nothing happens. */
    assert_int_equal(ack(2, conv, 5, 5)->err, PAR_OK);
    assert_false(row_mark(&w, &conv, 2, &mark));
    send_some(conv, 1, 3);
    assert_int_equal(ack(2, conv, 99, 2)->err, PAR_OK);
    world_settle(&w);
    assert_true(row_mark(&w, &conv, 2, &mark));
    assert_true(mark.delivered == 3 && mark.read == 2 && mark.shown_read == 2);
    assert_true(row_conversation(&w, &arena, &conv, &row) && row.changed == mark.stamp);
    /* The answer, the own other connections, the other one. */
    assert_int_equal(world_count(&w, PAR_DELIVERY_MARK), 2);
    const struct kept *own = world_nth(&w, PAR_DELIVERY_MARK, 0),
                      *other = world_nth(&w, PAR_DELIVERY_MARK, 1);
    assert_true(own->users[0] == 2 && own->user_count == 1 && own->reply.endpoint == 502 &&
                own->user == 2);
    assert_true(other->users[0] == 1 && other->user_count == 1 && other->reply.endpoint == 0);
    assert_true(other->user == 2 && other->delivered == 3 && other->read == 2);
    /* Never back, and nothing new is no event. */
    assert_int_equal(ack(2, conv, 1, 1)->err, PAR_OK);
    world_settle(&w);
    assert_int_equal(world_count(&w, PAR_DELIVERY_MARK), 2);
    /* A read mark raises delivered. */
    assert_int_equal(ack(1, conv, 0, 3)->err, PAR_OK);
    assert_true(row_mark(&w, &conv, 1, &mark) && mark.delivered == 3 && mark.read == 3);
    par_arena_fini(&arena);
}

static void read_is_hidden_from_others(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_mark mark;
    send_some(conv, 1, 3);
    assert_int_equal(ack(2, conv, 1, 1)->err, PAR_OK);
    struct par_command_mark asked = {conv, 0, 3};
    struct par_command c = marks_of(2, &asked, 1);
    c.show_read = false;
    assert_int_equal(world_do(&w, c)->err, PAR_OK);
    world_settle(&w);
    assert_true(row_mark(&w, &conv, 2, &mark));
    assert_true(mark.delivered == 3 && mark.read == 3 && mark.shown_read == 1);
    assert_int_equal(world_nth(&w, PAR_DELIVERY_MARK, 2)->read, 3);
    assert_int_equal(world_nth(&w, PAR_DELIVERY_MARK, 3)->read, 1);
    assert_int_equal(world_nth(&w, PAR_DELIVERY_MARK, 3)->delivered, 3);
    /* Shown again with the next read mark, even of the same value. */
    assert_int_equal(ack(2, conv, 0, 3)->err, PAR_OK);
    world_settle(&w);
    assert_int_equal(world_count(&w, PAR_DELIVERY_MARK), 5);
    assert_true(world_nth(&w, PAR_DELIVERY_MARK, 4)->users[0] == 1);
    assert_int_equal(world_nth(&w, PAR_DELIVERY_MARK, 4)->read, 3);
}

static void all_or_nothing(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_mark mark;
    send_some(conv, 1, 1);
    struct par_command_mark two[2] = {{conv, 1, 1}, {par_conv_direct(3, 4), 1, 1}};
    assert_int_equal(world_do(&w, marks_of(2, two, 2))->err, PAR_E_NOT_MEMBER);
    assert_false(row_mark(&w, &conv, 2, &mark));
    two[1].conv = par_conv_direct(2, 9);
    assert_int_equal(world_do(&w, marks_of(2, two, 2))->err, PAR_OK);
    assert_true(row_mark(&w, &conv, 2, &mark));
    uint8_t nobody[16] = {9};
    two[1].conv = par_conv_group(nobody);
    assert_int_equal(world_do(&w, marks_of(2, two, 2))->err, PAR_E_NOT_MEMBER);
}

static void many_acks_are_one_row_and_one_event(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_mark mark;
    send_some(conv, 1, 20);
    world_stop(&w);
    uint64_t last = 0;
    for (uint64_t i = 1; i <= 20; i++) {
        struct par_command_mark asked = {conv, i, i / 2};
        last = world_ask(&w, marks_of(2, &asked, 1));
    }
    world_start(&w);
    assert_int_equal(world_answer(&w, last)->err, PAR_OK);
    world_settle(&w);
    assert_int_equal(world_count(&w, PAR_DELIVERY_MARK), 2);
    assert_true(row_mark(&w, &conv, 2, &mark) && mark.delivered == 20 && mark.read == 10);
    /* {} leaves with the batch of its mark: all answers come before the event. */
    assert_int_equal(w.kept[20]->kind, PAR_DELIVERY_MARK);
}

/* Waits until others were told that the user has everything up to seq; returns how many such events
 * came. */
static size_t await_told(uint64_t user, uint64_t seq)
{
    for (size_t i = 0, told = 0;; i++) {
        world_await(&w, PAR_DELIVERY_MARK, i + 1);
        const struct kept *k = world_nth(&w, PAR_DELIVERY_MARK, i);
        if (k->user != user || k->user_count == 1)
            continue;
        assert_int_equal(k->user_count, 4);
        told++;
        if (k->delivered == seq)
            return told;
    }
}

static void small_groups_merge(void **state)
{
    (void)state;
    struct par_conv conv = group_of(5);
    send_some(conv, 1, 24);
    /* The first leaves at once, the next together. */
    for (uint64_t seq = 1; seq <= 25; seq++)
        for (uint64_t user = 2; user <= 3; user++)
            assert_int_equal(ack(user, conv, seq, 0)->err, PAR_OK);
    assert_true(await_told(2, 25) <= 25);
    assert_true(await_told(3, 25) <= 25);
    struct par_writer_stats stats;
    world_settle(&w);
    par_writer_stats(w.writer, &stats);
    assert_int_equal(stats.marks, 50);
    assert_int_equal(stats.pending_marks, 0);
}

static void large_groups_hear_the_least(void **state)
{
    (void)state;
    struct par_conv conv = group_of(60);
    send_some(conv, 1, 2);
    for (uint64_t user = 2; user <= 60; user++)
        assert_int_equal(ack(user, conv, 3, user == 7 ? 2 : 3)->err, PAR_OK);
    /* 1 has nothing: all others see 0, it sees the least of the others. */
    world_await(&w, PAR_DELIVERY_OTHERS, 2);
    bool all = false, one = false;
    for (int round = 0; round < 20 && !(all && one); round++) {
        const struct kept *k;
        for (size_t i = 0; (k = world_nth(&w, PAR_DELIVERY_OTHERS, i)) != NULL; i++) {
            all |= k->user_count == 59 && k->delivered == 0 && k->read == 0;
            one |= k->user_count == 1 && k->users[0] == 1 && k->delivered == 3 && k->read == 2;
        }
        if (!(all && one))
            world_await(&w, PAR_DELIVERY_OTHERS, world_count(&w, PAR_DELIVERY_OTHERS) + 1);
    }
    assert_true(all && one);
    world_forget(&w);
    assert_int_equal(ack(1, conv, 3, 3)->err, PAR_OK);
    /* Now 7 alone has the least read mark. */
    world_await(&w, PAR_DELIVERY_OTHERS, 2);
    const struct kept *rest = world_nth(&w, PAR_DELIVERY_OTHERS, 0),
                      *seven = world_nth(&w, PAR_DELIVERY_OTHERS, 1);
    assert_true(rest->user_count == 59 && rest->delivered == 3 && rest->read == 2);
    assert_true(seven->user_count == 1 && seven->users[0] == 7 && seven->read == 3 &&
                seven->delivered == 3);
    /* The member's own connections are told the plain mark. */
    assert_true(world_nth(&w, PAR_DELIVERY_MARK, 0)->user == 1);
    assert_int_equal(world_count(&w, PAR_DELIVERY_MARK), 1);
}

static void marks_survive(void **state)
{
    (void)state;
    struct par_conv conv = group_of(5);
    struct par_mark mark;
    send_some(conv, 1, 5);
    assert_int_equal(ack(3, conv, 4, 2)->err, PAR_OK);
    world_stop(&w);
    world_start(&w);
    assert_int_equal(ack(3, conv, 2, 1)->err, PAR_OK);
    assert_true(row_mark(&w, &conv, 3, &mark) && mark.delivered == 4 && mark.read == 2);
    assert_int_equal(ack(3, conv, 5, 1)->err, PAR_OK);
    assert_true(row_mark(&w, &conv, 3, &mark) && mark.delivered == 5 && mark.read == 2);
}

static void one_who_is_removed_keeps_the_mark(void **state)
{
    (void)state;
    struct par_conv conv = group_of(5);
    struct par_mark mark;
    const uint64_t three = 3;
    send_some(conv, 1, 5);
    world_stop(&w);
    struct par_command_mark asked = {conv, 5, 4};
    world_ask(&w, marks_of(3, &asked, 1));
    world_ask(&w, group(PAR_COMMAND_GROUP_REMOVE, 1, conv, "r", &three, 1));
    uint64_t late = world_ask(&w, marks_of(3, &asked, 1));
    uint64_t back = world_ask(&w, group(PAR_COMMAND_GROUP_ADD, 1, conv, "a", &three, 1));
    uint64_t again = world_ask(&w, marks_of(3, &asked, 1));
    world_start(&w);
    assert_int_equal(world_answer(&w, late)->err, PAR_E_NOT_MEMBER);
    assert_int_equal(world_answer(&w, back)->seq, 8);
    assert_int_equal(world_answer(&w, again)->err, PAR_OK);
    assert_true(row_mark(&w, &conv, 3, &mark) && mark.delivered == 7 && mark.read == 7);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        T(between_two),        T(read_is_hidden_from_others),
        T(all_or_nothing),     T(many_acks_are_one_row_and_one_event),
        T(small_groups_merge), T(large_groups_hear_the_least),
        T(marks_survive),      T(one_who_is_removed_keeps_the_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
