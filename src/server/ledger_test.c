/* The ledger of pushes: rows are written, overwritten, read newest first, and let go by number and
 * by age; what is too much is counted, and nobody waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "base/stats.h"
#include "loop/env.h"
#include "server/ledger.h"
#include "store/key.h"
#include "store/moving.h"

enum { ANN = 7, BOB = 8, DAY_MS = 24 * 3600 * 1000 };

struct world {
    struct par_store *store;
    struct par_ledger *ledger;
    struct par_arena arena;
    struct par_push_ledger *rows;
    size_t count;
};

static int set_up(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    struct par_buf why = {0};
    assert_int_equal(par_store_open(&(struct par_store_options){.driver = "fail"}, &w->store, &why),
                     PAR_OK);
    assert_int_equal(par_ledger_open(w->store, &w->ledger), PAR_OK);
    par_buf_fini(&why);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    par_ledger_close(&w->ledger);
    par_store_close(&w->store);
    par_arena_fini(&w->arena);
    test_free(w);
    return 0;
}

static uint64_t id_at(int64_t ms)
{
    return (uint64_t)ms << 20 | 1;
}

static void add(struct world *w, uint64_t user, uint64_t id, enum par_push_end end, uint64_t seq)
{
    struct par_ledger_note note = {.user = user,
                                   .id = id,
                                   .end = end,
                                   .reason = PAR_PUSH_TEXT,
                                   .conv = par_conv_direct(ANN, BOB),
                                   .seq = seq,
                                   .service = "push.example"};
    par_ledger_add(w->ledger, &note);
}

/* All that was added is in the store then. */
static void settle(struct world *w)
{
    static _Atomic uint32_t never;
    struct par_ledger_stats stats;
    do {
        par_pause(&never, 1);
        par_ledger_stats(w->ledger, &stats);
    } while (stats.depth > 0);
    par_ledger_close(&w->ledger);
    assert_int_equal(par_ledger_open(w->store, &w->ledger), PAR_OK);
}

static void read_rows(struct world *w, uint64_t user)
{
    settle(w);
    assert_int_equal(par_ledger_read(w->store, user, par_wall_ms(), &w->arena, &w->rows, &w->count),
                     PAR_OK);
}

static size_t stored(struct world *w)
{
    struct par_store_row *rows;
    size_t n = 0;
    settle(w);
    assert_int_equal(par_store_scan_in(w->store, PAR_T_PUSH_LEDGER, (struct par_str){0},
                                       (struct par_str){0}, 0, 0, &w->arena, &rows, NULL),
                     PAR_OK);
    for (; rows; rows = rows->next)
        n++;
    return n;
}

static void rows_are_read_newest_first_by_user(void **state)
{
    struct world *w = *state;
    struct par_conv conv = par_conv_direct(ANN, BOB);
    int64_t now = par_wall_ms();
    add(w, ANN, id_at(now - 2), PAR_PUSH_END_SENT, 1);
    add(w, ANN, id_at(now), PAR_PUSH_END_MUTED, 3);
    add(w, BOB, id_at(now), PAR_PUSH_END_READ, 9);
    add(w, ANN, id_at(now - 1), PAR_PUSH_END_GONE, 2);
    read_rows(w, ANN);
    assert_int_equal(w->count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(w->rows[i].seq, 3 - i);
        assert_int_equal(par_ledger_time(w->rows[i].id), now - (int64_t)i);
        assert_true(w->rows[i].at >= now);
        assert_true(par_str_is(w->rows[i].service, "push.example"));
        assert_true(par_str_eq(w->rows[i].conv, par_str_of(&conv, sizeof conv)));
    }
    assert_int_equal(w->rows[0].end, PAR_PUSH_END_MUTED);
    read_rows(w, BOB);
    assert_int_equal(w->count, 1);
    assert_int_equal(w->rows[0].end, PAR_PUSH_END_READ);
    read_rows(w, 99);
    assert_int_equal(w->count, 0);
}

static void a_later_state_replaces_the_row(void **state)
{
    struct world *w = *state;
    struct par_ledger_note note = {
        .user = ANN, .id = par_ledger_id(), .end = PAR_PUSH_END_AGAIN, .status = 503, .tries = 1};
    par_ledger_add(w->ledger, &note);
    note.end = PAR_PUSH_END_SENT;
    note.status = 201;
    note.tries = 2;
    par_ledger_add(w->ledger, &note);
    read_rows(w, ANN);
    assert_int_equal(w->count, 1);
    assert_int_equal(w->rows[0].end, PAR_PUSH_END_SENT);
    assert_int_equal(w->rows[0].status, 201);
    assert_int_equal(w->rows[0].tries, 2);
}

static void ids_grow_with_time(void **state)
{
    (void)state;
    int64_t before = par_wall_ms();
    uint64_t a = par_ledger_id(), b = par_ledger_id();
    assert_true(par_ledger_time(a) >= before && par_ledger_time(a) <= par_wall_ms());
    assert_true(par_ledger_time(b) >= par_ledger_time(a));
}

static void the_newest_are_kept(void **state)
{
    enum { MANY = PAR_LEDGER_KEPT + 30 };
    struct world *w = *state;
    int64_t now = par_wall_ms();
    for (int i = 1; i <= MANY; i++) {
        add(w, ANN, id_at(now - MANY + i), PAR_PUSH_END_SENT, (uint64_t)i);
        /* Together and one by one. */
        if (i > MANY - 20)
            settle(w);
    }
    add(w, BOB, id_at(now), PAR_PUSH_END_SENT, 1);
    read_rows(w, ANN);
    assert_int_equal(w->count, PAR_LEDGER_KEPT);
    for (size_t i = 0; i < w->count; i++)
        assert_int_equal(w->rows[i].seq, MANY - i);
    assert_int_equal(stored(w), PAR_LEDGER_KEPT + 1);
    read_rows(w, BOB);
    assert_int_equal(w->count, 1);
}

static void what_is_old_is_not_seen_and_goes(void **state)
{
    struct world *w = *state;
    int64_t now = par_wall_ms(), old = now - (int64_t)(PAR_LEDGER_DAYS + 1) * DAY_MS;
    add(w, ANN, id_at(old), PAR_PUSH_END_SENT, 1);
    add(w, BOB, id_at(old), PAR_PUSH_END_SENT, 1);
    add(w, BOB, id_at(old + 1), PAR_PUSH_END_SENT, 2);
    read_rows(w, BOB);
    assert_int_equal(w->count, 0);
    assert_int_equal(stored(w), 3);
    /* Its slot is free for what comes. */
    add(w, ANN, id_at(now - DAY_MS), PAR_PUSH_END_SENT, 3);
    read_rows(w, ANN);
    assert_int_equal(w->count, 1);
    assert_int_equal(w->rows[0].seq, 3);
    assert_int_equal(stored(w), 3);
    struct par_key at = {0};
    assert_int_equal(par_ledger_sweep(w->store, now, &at), PAR_OK);
    assert_int_equal(at.len, 0);
    assert_int_equal(stored(w), 1);
}

static void a_sweep_goes_through_the_table_in_pages(void **state)
{
    enum { ROWS = 2 * PAR_LEDGER_SWEPT + 10 };
    struct world *w = *state;
    int64_t old = par_wall_ms() - (int64_t)(PAR_LEDGER_DAYS + 1) * DAY_MS;
    for (uint64_t user = 1; user <= ROWS; user++) {
        add(w, user, id_at(old), PAR_PUSH_END_SENT, 1);
        if (user % 500 == 0)
            settle(w);
    }
    assert_int_equal(stored(w), ROWS);
    struct par_key at = {0};
    int pages = 0;
    do {
        assert_int_equal(par_ledger_sweep(w->store, par_wall_ms(), &at), PAR_OK);
        assert_true(++pages < 10);
    } while (at.len > 0);
    assert_int_equal(pages, 3);
    assert_int_equal(stored(w), 0);
    assert_true(par_store_fail_set(w->store, &(struct par_store_fail){.unavailable = true}));
    at = par_key_user(ANN);
    assert_int_equal(par_ledger_sweep(w->store, par_wall_ms(), &at), PAR_E_UNAVAILABLE);
    assert_int_equal(at.len, PAR_KEY_USER);
    par_store_fail_set(w->store, &(struct par_store_fail){0});
}

static void having_no_device_is_noted_once_a_minute(void **state)
{
    struct world *w = *state;
    int64_t now = par_wall_ms();
    for (int i = 0; i < 10; i++)
        add(w, ANN, id_at(now + i), PAR_PUSH_END_NO_DEVICE, (uint64_t)i);
    add(w, BOB, id_at(now), PAR_PUSH_END_NO_DEVICE, 1);
    add(w, ANN, id_at(now + 20), PAR_PUSH_END_MUTED, 20);
    read_rows(w, ANN);
    assert_int_equal(w->count, 2);
    assert_int_equal(w->rows[1].seq, 0);
    read_rows(w, BOB);
    assert_int_equal(w->count, 1);
}

static void what_cannot_be_read_is_left_out(void **state)
{
    struct world *w = *state;
    struct par_key key = par_key_user_id(ANN, 3);
    assert_int_equal(
        par_store_put(w->store, PAR_T_PUSH_LEDGER, par_key_str(&key), PAR_STR("\x7Fxx"), 1),
        PAR_OUTCOME_OK);
    add(w, ANN, id_at(par_wall_ms()), PAR_PUSH_END_SENT, 1);
    read_rows(w, ANN);
    assert_int_equal(w->count, 1);
}

/* A store that takes nothing loses rows, which are counted, and holds up nobody. */
static void rows_that_the_store_does_not_take_are_counted(void **state)
{
    struct world *w = *state;
    uint64_t lost = par_stats_get(PAR_C_PUSH_LEDGER, PAR_OUTCOME_FAILED, 0);
    assert_true(par_store_fail_set(w->store, &(struct par_store_fail){.read_only = true}));
    add(w, ANN, id_at(par_wall_ms()), PAR_PUSH_END_SENT, 1);
    settle(w);
    assert_int_equal(par_stats_get(PAR_C_PUSH_LEDGER, PAR_OUTCOME_FAILED, 0), lost + 1);
    par_store_fail_set(w->store, &(struct par_store_fail){0});
    read_rows(w, ANN);
    assert_int_equal(w->count, 0);
    struct par_ledger_stats stats;
    par_ledger_stats(w->ledger, &stats);
    assert_int_equal(stats.depth, 0);
    assert_true(stats.limit > 0);
    par_ledger_add(NULL, &(struct par_ledger_note){.user = ANN});
    par_ledger_stats(NULL, &stats);
    assert_int_equal(stats.passed, 0);
}

/* No commit begins while the store's move looks at a row. */
static void who_adds_never_waits(void **state)
{
    enum { MANY = 3000 };
    struct world *w = *state;
    struct par_moving_state move = {
        .phase = PAR_MOVING_COPIES, .id = "1", .target = "memory:elsewhere"};
    assert_int_equal(par_moving_start(w->store, &move), PAR_OK);
    par_moving_hold(w->store);
    for (uint64_t user = 1; user <= MANY; user++)
        add(w, user, id_at(par_wall_ms()), PAR_PUSH_END_SENT, 1);
    struct par_ledger_stats stats;
    par_ledger_stats(w->ledger, &stats);
    assert_int_equal(stats.depth, stats.limit);
    assert_int_equal(stats.depth + stats.passed + stats.refused, MANY);
    assert_int_equal(stats.passed, 0);
    par_moving_let_go(w->store);
    assert_int_equal(stored(w), MANY - stats.refused);
    assert_int_equal(par_moving_forget(w->store), PAR_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rows_are_read_newest_first_by_user),
        TEST(a_later_state_replaces_the_row),
        TEST(ids_grow_with_time),
        TEST(the_newest_are_kept),
        TEST(what_is_old_is_not_seen_and_goes),
        TEST(a_sweep_goes_through_the_table_in_pages),
        TEST(having_no_device_is_noted_once_a_minute),
        TEST(what_cannot_be_read_is_left_out),
        TEST(who_adds_never_waits),
        TEST(rows_that_the_store_does_not_take_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
