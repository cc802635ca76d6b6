/* The order in which the rows of a command land: what readers show of it, by the row of its
 * conversation, has all of it behind it. Every step of an owner is looked at, in many orders. */
#include "conv/test_cluster.h"

#include "store/key.h"
#include "store/record.h"

enum { RUNS = 60 };

static struct par_arena arena;

static bool get(struct par_store *store, enum par_table table, struct par_key key,
                struct par_str *value_r)
{
    return par_store_get_in(store, table, par_key_str(&key), &arena, value_r) == 1;
}

static uint64_t last_seq(struct par_store *store, const struct par_conv *conv)
{
    struct par_conversation row = {0};
    struct par_str value;
    if (get(store, PAR_T_CONVERSATIONS, par_key_conv(conv), &value))
        assert_true(par_conversation_decode(value, &row));
    return row.last_seq;
}

static struct par_user_conv user_conv(struct par_store *store, uint64_t user,
                                      const struct par_conv *conv)
{
    struct par_user_conv row = {0};
    struct par_str value;
    if (get(store, PAR_T_USER_CONVS, par_key_user_conv(user, conv), &value))
        assert_true(par_user_conv_decode(value, &row));
    return row;
}

static bool deleted(struct par_store *store, const struct par_conv *conv, uint64_t seq)
{
    struct par_entry row = {0};
    struct par_str value;
    return get(store, PAR_T_ENTRIES, par_key_entry(conv, seq), &value) &&
           par_entry_decode(value, &row) && row.deleted_seq;
}

static uint64_t roster_seq(struct par_store *store, const struct par_conv *conv)
{
    struct par_roster row = {0};
    struct par_str value;
    if (get(store, PAR_T_ROSTERS, par_key_conv(conv), &value))
        assert_true(par_roster_decode(value, &row));
    return row.now.seq;
}

static struct par_conv group, direct;

/* 1 created, 2 a text, 3 its delete, 4 user 3 taken out, 5 let in again. What is shown has at least
 * this behind it; rows of what comes next may be there, too. */
static void look(struct par_store *store)
{
    uint64_t last = last_seq(store, &group);
    if (last >= 1)
        assert_true(user_conv(store, 3, &group).joined_seq >= 1);
    if (last >= 3)
        assert_true(deleted(store, &group, 2));
    if (last >= 4) {
        struct par_user_conv row = user_conv(store, 3, &group);
        assert_true(row.left_seq == 4 || row.joined_seq == 5);
        assert_true(roster_seq(store, &group) >= last);
    }
    if (last >= 5)
        assert_int_equal(user_conv(store, 3, &group).joined_seq, 5);
    if (last_seq(store, &direct) >= 1)
        assert_true(user_conv(store, 1, &direct).stamp && user_conv(store, 2, &direct).stamp);
    par_arena_fini(&arena);
}

static void ask(struct cluster *c, enum par_command_kind kind, struct par_conv conv,
                const char *cmid, uint64_t target, const uint64_t *users, size_t count)
{
    struct par_command command = {.kind = kind,
                                  .conv = conv,
                                  .sender = 1,
                                  .cmid = par_str(cmid),
                                  .text = PAR_STR("x"),
                                  .target = target,
                                  .users = users,
                                  .user_count = count,
                                  .group_members = 10,
                                  .history = PAR_HISTORY_ALL};
    (void)cluster_append(c, &command);
}

static void run(uint64_t seed)
{
    static const uint64_t both[] = {2, 3};
    struct cluster c;
    cluster_init(&c, seed);
    c.landing = 200;
    struct par_store *store = cluster_store(&c);
    ask(&c, PAR_COMMAND_GROUP_CREATE, group, "1", 0, both, 2);
    ask(&c, PAR_COMMAND_SEND, group, "2", 0, NULL, 0);
    struct owner *o = cluster_own(&c);
    while (cluster_step(&c, o))
        look(store);
    /* The text is of an earlier batch. */
    ask(&c, PAR_COMMAND_DELETE, group, "3", 2, NULL, 0);
    ask(&c, PAR_COMMAND_GROUP_REMOVE, group, "4", 0, both + 1, 1);
    ask(&c, PAR_COMMAND_GROUP_ADD, group, "5", 0, both + 1, 1);
    ask(&c, PAR_COMMAND_SEND, direct, "6", 0, NULL, 0);
    while (cluster_step(&c, o))
        look(store);
    assert_int_equal(last_seq(store, &group), 5);
    assert_int_equal(last_seq(store, &direct), 1);
    par_arena_fini(&arena);
    par_store_close(&store);
    cluster_fini(&c);
}

static void the_row_of_a_conversation_comes_last(void **state)
{
    (void)state;
    group = par_conv_group_id(1, PAR_STR("1"));
    direct = par_conv_direct(1, 2);
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run(seed);
}

int main(void)
{
    cluster_plant();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_of_a_conversation_comes_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
