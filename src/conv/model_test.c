/* Random commands, seeded: the writer must answer as the model does, and leave the rows that the
 * model has. PARLEY_SEED and PARLEY_STEPS repeat or lengthen a run. */
#include "conv/test_draw.h"
#include "conv/test_world.h"

#include "base/log_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void compare_entries(struct world *w, const struct model_conv *v)
{
    struct par_arena arena = {0};
    struct par_entry e;
    uint64_t texts_seen = 0, stamp = 0;
    int64_t ts = 0;
    for (uint64_t seq = 1; seq <= v->last; seq++) {
        const struct model_entry *want = &v->entry[seq];
        assert_true(row_entry(w, &arena, &v->id, seq, &e));
        texts_seen += want->kind == PAR_ENTRY_TEXT;
        assert_true(e.kind == want->kind && e.sender == want->sender && e.text_no == texts_seen);
        assert_true(e.ts > ts && e.stamp >= stamp);
        assert_true(par_str_is(e.text, want->text));
        assert_true(e.target == want->target && e.reply_to == want->reply_to &&
                    e.role == want->role);
        assert_true(e.on == want->on && e.edited_seq == want->edited &&
                    e.deleted_seq == want->deleted);
        assert_int_equal(par_users_count(e.users), want->user_count);
        for (size_t i = 0; i < want->user_count; i++)
            assert_int_equal(par_users_at(e.users, i), want->users[i]);
        ts = e.ts;
        stamp = e.stamp;
    }
    assert_false(row_entry(w, &arena, &v->id, v->last + 1, &e));
    par_arena_fini(&arena);
}

static void compare(struct world *w, const struct model *m)
{
    struct par_arena arena = {0};
    for (size_t i = 0; i < MODEL_CONVS; i++) {
        const struct model_conv *v = &m->conv[i];
        struct par_conversation row;
        struct par_roster roster = {0};
        compare_entries(w, v);
        assert_int_equal(row_conversation(w, &arena, &v->id, &row), v->last > 0);
        if (v->last > 0)
            assert_true(row.last_seq == v->last && row.text_count == v->texts &&
                        par_str_is(row.name, v->name));
        bool has_roster = row_roster(w, &arena, &v->id, &roster);
        assert_true(has_roster || !v->group || v->last == 0);
        for (uint64_t user = 1; user <= MODEL_USERS; user++) {
            const struct model_member *want = &v->member[user];
            struct par_member have;
            struct par_mark mark = {0};
            struct par_user_conv mine;
            if (v->group) {
                assert_int_equal(par_roster_find(&roster.now, user, &have), want->in);
                if (want->in)
                    assert_true(have.role == want->role && have.joined_seq == want->joined &&
                                have.place == want->place);
            } else if (has_roster && want->in) {
                uint64_t low, high;
                par_conv_users(&v->id, &low, &high);
                assert_int_equal(!!(roster.now.blocks &
                                    (user == low ? PAR_BLOCK_BY_SMALLER : PAR_BLOCK_BY_LARGER)),
                                 v->blocks[user]);
            }
            (void)row_mark(w, &v->id, user, &mark);
            assert_true(mark.delivered == want->delivered && mark.read == want->read &&
                        mark.shown_read == want->shown);
            bool ever = row_user_conv(w, &arena, user, &v->id, &mine);
            assert_int_equal(ever, want->ever);
            if (ever && v->group)
                assert_true(mine.joined_seq == want->joined && mine.left_seq == want->left);
            if (ever)
                assert_int_equal(mine.archived, want->archived);
        }
    }
    for (size_t i = 0; i < m->cmid_count; i++) {
        const struct model_cmid *known = &m->cmid[i];
        struct par_cmid row;
        assert_true(row_cmid(w, &m->conv[known->conv].id, known->user, known->cmid, &row));
        assert_int_equal(row.seq, known->seq);
    }
    par_arena_fini(&arena);
}

static void check(const struct kept *k, const struct model_answer *want,
                  const struct par_command *c, bool retried)
{
    if (k->err != want->err || (want->err == PAR_OK && k->seq != want->seq) ||
        (want->err == PAR_OK && k->dup != want->dup && !retried))
        fprintf(stderr, "%s by %d: have %s %d%s, want %s %d%s\n", par_command_name(c->kind),
                (int)c->sender, par_err_code(k->err), (int)k->seq, k->dup ? " dup" : "",
                par_err_code(want->err), (int)want->seq, want->dup ? " dup" : "");
    assert_int_equal(k->err, want->err);
    if (want->err != PAR_OK)
        return;
    assert_int_equal(k->seq, want->seq);
    if (!retried)
        assert_int_equal(k->dup, want->dup);
}

/* Each user of each conversation is told of every entry that is for them, once, in order. */
static void check_events(struct world *w, const struct model *m)
{
    uint64_t next[MODEL_CONVS] = {0};
    for (size_t i = 0; i < w->count; i++) {
        const struct kept *k = w->kept[i];
        if (k->kind != PAR_DELIVERY_ENTRY)
            continue;
        size_t v = 0;
        while (!par_conv_eq(&m->conv[v].id, &k->conv))
            v++;
        assert_true(next[v] == 0 || k->entry.seq == next[v]);
        next[v] = k->entry.seq + 1;
    }
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* folder: RocksDB there, opened anew at each restart; rows: a store by rows, which fails so; else
 * memory, behind a driver that can fail. */
static void run(uint64_t seed, uint64_t steps, bool faults, const char *folder, const char *rows)
{
    static struct world w;
    static struct model m;
    enum { CHUNK = 40 };
    static struct drawn drawn[CHUNK];
    struct model_answer want[CHUNK];
    uint64_t handle[CHUNK];
    draw_seed(seed);
    model_init(&m);
    world_init(&w,
               folder ? "rocksdb"
               : rows ? "rows"
                      : "fail",
               folder ? NULL
               : rows ? rows
                      : "inner=memory",
               folder);
    w.config.cache_convs = 1 + draw_below(6);
    world_online(&w, 1, MODEL_USERS);
    world_start(&w);
    for (uint64_t step = 0; step < steps;) {
        if (faults && draw_below(4) == 0) {
            /* Probe writes count, too: a short period could fail for ever. */
            static const uint32_t every[] = {0, 3, 5, 7};
            struct par_store_fail fail = {.fail_every = every[draw_below(4)],
                                          .uncertain_every = every[draw_below(4)]};
            assert_true(par_store_fail_set(w.store, &fail));
        }
        size_t n = faults ? 1 : 1 + draw_below(CHUNK);
        for (size_t i = 0; i < n; i++, step++) {
            if (i > 0 && draw_below(12) == 0)
                draw_again(&drawn[i], &drawn[draw_below(i)]);
            else
                draw_command(&m, &drawn[i], step);
            want[i] = model_apply(&m, &drawn[i].c);
            handle[i] = world_ask(&w, drawn[i].c);
        }
        for (size_t i = 0; i < n; i++) {
            const struct kept *k = world_answer(&w, handle[i]);
            bool retried = false;
            while (k->err == PAR_E_UNAVAILABLE) {
                assert_true(faults);
                if (draw_below(10) == 0)
                    assert_true(par_store_fail_set(w.store, &(struct par_store_fail){0}));
                par_store_tick(w.store);
                usleep(200);
                k = world_do(&w, drawn[i].c);
                retried = true;
            }
            check(k, &want[i], &drawn[i].c, retried);
        }
        if (!faults && draw_below(60) == 0) {
            world_stop(&w);
            if (folder)
                world_reopen(&w, "rocksdb", folder);
            compare(&w, &m);
            check_events(&w, &m);
            world_start(&w);
        }
        if (world_count(&w, PAR_DELIVERY_ANSWER) > 1000) {
            world_settle(&w);
            world_forget(&w);
        }
    }
    par_writer_stop(&w.writer);
    (void)par_store_fail_set(w.store, &(struct par_store_fail){0});
    while (!par_store_writable(w.store))
        par_store_tick(w.store);
    compare(&w, &m);
    world_fini(&w);
    model_fini(&m);
}

static void as_the_model(void **state)
{
    (void)state;
    uint64_t first = number("PARLEY_SEED", 1);
    for (uint64_t seed = first; seed < first + 6; seed++)
        run(seed, number("PARLEY_STEPS", 2500), false, NULL, NULL);
}

static void as_the_model_with_a_store_that_fails(void **state)
{
    (void)state;
    uint64_t first = number("PARLEY_SEED", 1);
    par_log_guard_expect("writer.lost");
    par_log_guard_expect("store.write_failed");
    for (uint64_t seed = first; seed < first + 2; seed++)
        run(seed + 1000, number("PARLEY_STEPS", 1200), true, NULL, NULL);
}

static void as_the_model_on_rocksdb(void **state)
{
    (void)state;
    char folder[] = "/tmp/parley-model-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    run(number("PARLEY_SEED", 1) + 2000, number("PARLEY_STEPS", 2000), false, folder, NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void as_the_model_on_a_store_by_rows(void **state)
{
    (void)state;
    uint64_t first = number("PARLEY_SEED", 1);
    par_log_guard_expect("writer.waits");
    for (uint64_t seed = first; seed < first + 3; seed++)
        run(seed + 3000, number("PARLEY_STEPS", 1500), false, NULL, "inner=memory");
    run(first + 4000, 500, false, NULL, "inner=memory,fail_every=9,uncertain_every=7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_model),
        cmocka_unit_test(as_the_model_with_a_store_that_fails),
        cmocka_unit_test(as_the_model_on_rocksdb),
        cmocka_unit_test(as_the_model_on_a_store_by_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
