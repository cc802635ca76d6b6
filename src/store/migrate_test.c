/* Moving a store: from memory to a store that lands rows one by one, late, or not at all, while the
 * first one is written and its writes fail, too; what is refused; what happens at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "loop/env.h"
#include "store/key.h"
#include "store/migrate.h"
#include "store/moving.h"
#include "store/record.h"
#include "store/rocksdb/files.h"
#include "store/store_state.h"
#include "store/test_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- dice ---- */

static uint64_t dice;

static uint64_t below(uint64_t n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (dice >> 11) % n;
}

static bool chance(uint32_t per_mille)
{
    return per_mille > 0 && below(1000) < per_mille;
}

static void gate(void)
{
    if (chance(20))
        (void)test_rows_land();
}

static bool dead(void)
{
    return false;
}

static const struct test_rows_hooks hooks = {gate, dead, below, chance};

/* ---- what is written ---- */

enum { KEYS = 40 };
/* Three tables with stamps, three with clocks that go back. */
static const enum par_table tables[] = {PAR_T_ENTRIES, PAR_T_MARKS,    PAR_T_BLOCKS,
                                        PAR_T_USERS,   PAR_T_CONTACTS, PAR_T_META};
enum { TABLES = sizeof tables / sizeof *tables, STAMPED = 3 };
static char model[TABLES][KEYS][24]; /* "": no row */
static uint64_t stamp;

static struct par_key key_of(unsigned table, unsigned k)
{
    char text[24];
    snprintf(text, sizeof text, "key-%u-%02u-aaaaaaaaaaa", table, k);
    return par_key_text(par_str(text));
}

static bool write_batch(struct par_store *s)
{
    struct par_batch batch = {0};
    char next[TABLES][KEYS][24];
    bool touched[TABLES][KEYS] = {0};
    memcpy(next, model, sizeof model);
    stamp++;
    for (uint64_t n = 1 + below(4); n > 0; n--) {
        unsigned t = (unsigned)below(TABLES), k = (unsigned)below(KEYS);
        /* No row twice at one version. */
        if (touched[t][k])
            continue;
        touched[t][k] = true;
        struct par_key key = key_of(t, k);
        uint64_t version = t < STAMPED ? stamp : 1000000 + below(1000);
        if (below(4) == 0) {
            par_batch_delete(&batch, tables[t], par_key_str(&key), version);
            next[t][k][0] = '\0';
        } else {
            snprintf(next[t][k], sizeof next[t][k], "v%llu-%llu", (unsigned long long)stamp,
                     (unsigned long long)n);
            par_batch_put(&batch, tables[t], par_key_str(&key), par_str(next[t][k]), version);
        }
    }
    bool ok = par_store_commit(s, &batch, true) == PAR_OUTCOME_OK;
    par_batch_fini(&batch);
    if (ok)
        memcpy(model, next, sizeof model);
    return ok;
}

static void holds_the_model(struct par_store *s)
{
    struct par_buf value = {0};
    for (unsigned t = 0; t < TABLES; t++) {
        for (unsigned k = 0; k < KEYS; k++) {
            struct par_key key = key_of(t, k);
            par_buf_clear(&value);
            int got = par_store_get(s, tables[t], par_key_str(&key), &value);
            assert_int_equal(got, model[t][k][0] != '\0');
            if (got == 1)
                assert_true(par_str_is(par_buf_str(&value), model[t][k]));
        }
    }
    par_buf_fini(&value);
}

/* ---- stores ---- */

static struct par_store *open_as(const struct par_store_options *options, enum par_err expected)
{
    struct par_store *s = NULL;
    struct par_buf why = {0};
    assert_int_equal(par_store_open(options, &s, &why), expected);
    assert_int_equal(why.len > 0, expected != PAR_OK);
    par_buf_fini(&why);
    return s;
}

static struct par_migrate *begin_as(struct par_store *from, const char *name,
                                    const struct par_store_options *to, enum par_err expected)
{
    struct par_migrate *m = NULL;
    struct par_buf why = {0};
    assert_int_equal(par_migrate_open(from, name, to, &m, &why), expected);
    assert_int_equal(why.len > 0, expected != PAR_OK);
    par_buf_fini(&why);
    return m;
}

static const struct par_store_options memory = {.driver = "memory"}, rows = {.driver = "rows"};

static int setup(void **state)
{
    (void)state;
    dice = 0x9E3779B97F4A7C15u;
    memset(model, 0, sizeof model);
    stamp = 0;
    test_rows_install(&hooks);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_rows_remove();
    return 0;
}

/* ---- a move under writes ---- */

static void tick(struct par_store *s)
{
    while (!par_store_writable(s) && !par_str_starts(par_str(par_store_trouble(s)), "the store m"))
        (void)par_store_tick(s);
}

static void move_under_writes(struct par_store *from, uint32_t faults)
{
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    enum par_migrate_end end = PAR_MIGRATE_WORKS;
    test_rows_faults = (struct test_rows_faults){.row_lost = faults,
                                                 .row_late = faults,
                                                 .answer_lost = faults,
                                                 .swap_lost = faults,
                                                 .swap_late = faults,
                                                 .swap_unknown = faults,
                                                 .read_fails = faults / 4};
    unsigned ready = 0;
    for (unsigned i = 0; end != PAR_MIGRATE_DONE; i++) {
        assert_true(i < 20000);
        if (end == PAR_MIGRATE_FAILED)
            print_message("%.*s", PAR_STR_ARGS(par_migrate_why(m)));
        assert_int_not_equal(end, PAR_MIGRATE_FAILED);
        for (uint64_t n = below(3); n > 0; n--) {
            (void)write_batch(from);
            tick(from);
        }
        if (below(20) == 0) {
            uint32_t kept = test_rows_faults.read_fails;
            par_migrate_close(&m);
            test_rows_faults.read_fails = 0;
            m = begin_as(from, "rows:x", &rows, PAR_OK);
            test_rows_faults.read_fails = kept;
        }
        ready += end == PAR_MIGRATE_READY;
        end = par_migrate_step(m, ready > 3, false);
    }
    par_migrate_close(&m);
    /* The first store takes nothing more. */
    assert_false(par_store_writable(from));
    assert_false(write_batch(from));
    test_rows_faults = (struct test_rows_faults){0};
}

static void the_new_store_has_what_was_written(void **state)
{
    par_log_guard_expect("store.write_failed");
    for (uint64_t seed = 1; seed <= 60; seed++) {
        (void)state;
        (void)setup(NULL);
        dice ^= seed * 0xD1342543DE82EF95u;
        bool fails = seed % 3 == 0;
        struct par_store_options options = {.driver = fails ? "fail" : "memory",
                                            .fail = "inner=memory"};
        struct par_store *from = open_as(&options, PAR_OK);
        for (int i = 0; i < 100; i++)
            assert_true(write_batch(from));
        if (fails)
            assert_true(par_store_fail_set(from, &(struct par_store_fail){.fail_every = 7}));
        move_under_writes(from, (uint32_t)(seed % 2) * 10);
        struct par_store *to = open_as(&rows, PAR_OK);
        assert_string_equal(par_store_incarnation(to), par_store_incarnation(from));
        holds_the_model(to);
        /* What is written now holds against everything that lands late. */
        stamp = par_stamp(1, 0);
        for (int i = 0; i < 50; i++) {
            struct par_batch batch = {0};
            unsigned t = (unsigned)below(STAMPED), k = (unsigned)below(KEYS);
            struct par_key key = key_of(t, k);
            snprintf(model[t][k], sizeof model[t][k], "new-%d", i);
            par_batch_put(&batch, tables[t], par_key_str(&key), par_str(model[t][k]), ++stamp);
            assert_int_equal(par_store_commit(to, &batch, true), PAR_OUTCOME_OK);
            par_batch_fini(&batch);
        }
        while (test_rows_land())
            ;
        holds_the_model(to);
        par_store_close(&to);
        par_store_close(&from);
        (void)teardown(NULL);
    }
    (void)setup(NULL);
}

/* ---- several threads ---- */

struct writing {
    struct par_store *store;
    unsigned number;
    atomic_bool *stop;
    uint64_t last;
};

static void *write_on(void *arg)
{
    struct writing *w = arg;
    while (!atomic_load(w->stop)) {
        char text[32];
        struct par_batch batch = {0};
        struct par_key key = key_of(w->number, 0);
        snprintf(text, sizeof text, "%llu", (unsigned long long)w->last + 1);
        /* A copy has version 1, and a note 2 at least: of equals in one batch any may land last. */
        par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&key), par_str(text), w->last + 10);
        if (par_store_commit(w->store, &batch, true) == PAR_OUTCOME_OK)
            w->last++;
        par_batch_fini(&batch);
        _Atomic uint32_t never = 0;
        if (w->last % 100 == 0)
            par_pause(&never, 1);
    }
    return NULL;
}

/* Commits that were on their way when the move began are part of the copy or noted. */
static void threads_write_while_it_begins(void **state)
{
    enum { THREADS = 4, ROUNDS = 30 };
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct par_store *from = open_as(&memory, PAR_OK);
        struct writing w[THREADS];
        pthread_t threads[THREADS];
        atomic_bool stop = false;
        for (unsigned i = 0; i < THREADS; i++) {
            w[i] = (struct writing){.store = from, .number = i, .stop = &stop};
            assert_int_equal(pthread_create(&threads[i], NULL, write_on, &w[i]), 0);
        }
        struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
        enum par_migrate_end end = PAR_MIGRATE_WORKS;
        while (end != PAR_MIGRATE_DONE && end != PAR_MIGRATE_FAILED)
            end = par_migrate_step(m, true, false);
        atomic_store(&stop, true);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(end, PAR_MIGRATE_DONE);
        par_migrate_close(&m);
        struct par_store *to = open_as(&rows, PAR_OK);
        for (unsigned i = 0; i < THREADS; i++) {
            char text[32];
            struct par_buf value = {0};
            struct par_key key = key_of(i, 0);
            snprintf(text, sizeof text, "%llu", (unsigned long long)w[i].last);
            int got = par_store_get(to, PAR_T_ENTRIES, par_key_str(&key), &value);
            assert_int_equal(got, w[i].last > 0);
            if (got == 1)
                assert_true(par_str_is(par_buf_str(&value), text));
            par_buf_fini(&value);
        }
        par_store_close(&to);
        par_store_close(&from);
        (void)teardown(NULL);
        (void)setup(NULL);
    }
}

/* A row that is another one each time it was read, by a writer who waits his turn where he must. */
static struct restless {
    const struct par_store__driver *inner;
    struct par_store *store;
    atomic_uint asked, written;
    atomic_bool stop;
} restless;

static void *write_when_read(void *arg)
{
    (void)arg;
    _Atomic uint32_t never = 0;
    while (!atomic_load(&restless.stop)) {
        unsigned asked = atomic_load(&restless.asked);
        if (asked == atomic_load(&restless.written)) {
            par_pause(&never, 1);
            continue;
        }
        char text[32];
        struct par_batch batch = {0};
        struct par_key key = key_of(0, 0);
        snprintf(text, sizeof text, "%u", asked);
        par_batch_put(&batch, PAR_T_ENTRIES, par_key_str(&key), par_str(text), asked);
        assert_int_equal(par_store_commit(restless.store, &batch, true), PAR_OUTCOME_OK);
        par_batch_fini(&batch);
        atomic_store(&restless.written, asked);
    }
    return NULL;
}

/* Waits for the write, unless that waits, too. */
static void has_been_read(void)
{
    enum { LONGEST_MS = 30 };
    _Atomic uint32_t never = 0;
    if (atomic_load(&restless.stop))
        return;
    unsigned asked = atomic_fetch_add(&restless.asked, 1) + 1;
    for (int ms = 0; ms < LONGEST_MS && atomic_load(&restless.written) < asked; ms++)
        par_pause(&never, 1);
}

static enum par_err restless_read(void *impl, size_t n, const struct par_store_key *keys,
                                  par_store__value_fn found, void *arg)
{
    enum par_err err = restless.inner->read(impl, n, keys, found, arg);
    if (keys[0].table == PAR_T_ENTRIES)
        has_been_read();
    return err;
}

static enum par_err restless_scan(void *impl, enum par_table table, struct par_str start,
                                  struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    enum par_err err = restless.inner->scan(impl, table, start, end, limit, fn, arg);
    if (table == PAR_T_ENTRIES)
        has_been_read();
    return err;
}

static void a_row_that_never_rests_is_compared(void **state)
{
    struct par_store *from = open_as(&memory, PAR_OK);
    struct par_store__driver driver = *from->driver;
    pthread_t thread;
    (void)state;
    restless = (struct restless){.inner = from->driver, .store = from};
    driver.read = restless_read;
    driver.scan = restless_scan;
    from->driver = &driver;
    assert_int_equal(pthread_create(&thread, NULL, write_when_read, NULL), 0);
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    enum par_migrate_end end = PAR_MIGRATE_WORKS;
    while (end == PAR_MIGRATE_WORKS)
        end = par_migrate_step(m, false, false);
    atomic_store(&restless.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(par_migrate_why(m).len, 0);
    assert_int_equal(end, PAR_MIGRATE_READY);
    assert_true(atomic_load(&restless.written) > 2);
    par_migrate_close(&m);
    from->driver = restless.inner;
    par_store_close(&from);
}

/* ---- what is refused ---- */

static enum par_migrate_end run(struct par_migrate *m, bool finish)
{
    enum par_migrate_end end;
    do
        end = par_migrate_step(m, finish, false);
    while (end == PAR_MIGRATE_WORKS);
    return end;
}

static void another_place_is_refused(void **state)
{
    (void)state;
    struct par_store *other = open_as(&rows, PAR_OK), *from = open_as(&memory, PAR_OK);
    par_store_close(&other);
    assert_null(begin_as(from, "rows:x", &rows, PAR_E_CONFLICT));
    /* Nothing has begun. */
    struct par_moving_state now;
    par_moving_get(from, &now);
    assert_int_equal(now.phase, PAR_MOVING_NOT);
    (void)teardown(NULL);
    (void)setup(NULL);
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    par_migrate_close(&m);
    assert_null(begin_as(from, "rows:y", &rows, PAR_E_CONFLICT));
    /* A place that a move has begun in is no store, and not another move's. */
    assert_null(open_as(&rows, PAR_E_CONFLICT));
    struct par_store *second = open_as(&memory, PAR_OK);
    assert_null(begin_as(second, "rows:x", &rows, PAR_E_CONFLICT));
    par_store_close(&second);
    assert_int_equal(par_migrate_abandon(from), PAR_OK);
    assert_true(write_batch(from));
    holds_the_model(from);
    par_store_close(&from);
}

static void too_many_changes_end_it(void **state)
{
    (void)state;
    par_log_guard_expect("store.move_given_up");
    struct par_store_options options = memory;
    options.move_notes_mb = 1;
    struct par_store *from = open_as(&options, PAR_OK);
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    static char large[300000];
    memset(large, 'x', sizeof large);
    for (int i = 0; i < 6; i++)
        assert_int_equal(
            par_store_put(from, PAR_T_USERS, PAR_STR("large"), par_str_of(large, sizeof large), 1),
            PAR_OUTCOME_OK);
    assert_int_equal(run(m, true), PAR_MIGRATE_FAILED);
    assert_true(par_migrate_why(m).len > 0);
    par_migrate_close(&m);
    assert_true(write_batch(from));
    (void)teardown(NULL);
    (void)setup(NULL);
    m = begin_as(from, "rows:x", &rows, PAR_OK);
    assert_int_equal(run(m, true), PAR_MIGRATE_DONE);
    par_migrate_close(&m);
    par_store_close(&from);
}

static void a_difference_is_found(void **state)
{
    (void)state;
    struct par_store *from = open_as(&memory, PAR_OK);
    for (int i = 0; i < 20; i++)
        assert_true(write_batch(from));
    struct par_moving_state now;
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    do {
        assert_int_equal(par_migrate_step(m, true, false), PAR_MIGRATE_WORKS);
        par_moving_get(from, &now);
    } while (now.phase == PAR_MOVING_COPIES);
    struct par_store_options same = rows;
    same.copy_id = now.id;
    same.copy_incarnation = par_store_incarnation(from);
    struct par_store *to = open_as(&same, PAR_OK);
    assert_int_equal(par_store_put(to, PAR_T_USERS, PAR_STR("stranger"), PAR_STR("x"), 1),
                     PAR_OUTCOME_OK);
    par_store_close(&to);
    assert_int_equal(run(m, true), PAR_MIGRATE_FAILED);
    char why[256];
    struct par_str said = par_migrate_why(m);
    snprintf(why, sizeof why, "%.*s", (int)said.len, said.ptr);
    assert_non_null(strstr(why, "only in the new store"));
    par_migrate_close(&m);
    assert_true(write_batch(from));
    par_store_close(&from);
}

/* The checkpoint of the queue inside the process ends with the move to a cluster. */
static void its_generation_is_sealed(void **state)
{
    (void)state;
    struct par_store *from = open_as(&memory, PAR_OK);
    struct par_checkpoint row = {.position = 9, .rules = 1};
    struct par_key key = par_key_number(0);
    struct par_buf value = {0};
    par_checkpoint_encode(&row, &value);
    assert_int_equal(
        par_store_put(from, PAR_T_CHECKPOINTS, par_key_str(&key), par_buf_str(&value), 1),
        PAR_OUTCOME_OK);
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    assert_int_equal(run(m, true), PAR_MIGRATE_DONE);
    /* Once more, as after a crash right before the end was told. */
    par_migrate_close(&m);
    m = begin_as(from, "rows:x", &rows, PAR_OK);
    assert_int_equal(run(m, true), PAR_MIGRATE_DONE);
    par_migrate_close(&m);
    struct par_store *to = open_as(&rows, PAR_OK);
    par_buf_clear(&value);
    assert_int_equal(par_store_get(to, PAR_T_CHECKPOINTS, par_key_str(&key), &value), 1);
    assert_true(par_checkpoint_decode(par_buf_str(&value), &row));
    assert_true(row.sealed);
    assert_int_equal(row.position, 9);
    par_buf_fini(&value);
    par_store_close(&to);
    par_store_close(&from);
}

/* A folder that moved is not served, a backup of one that moves does not move. */
static void a_moved_folder_is_refused(void **state)
{
    (void)state;
    char folder[64] = "/tmp/parley-move-XXXXXX", copy[80], back[80];
    assert_non_null(mkdtemp(folder));
    snprintf(copy, sizeof copy, "%s/copy", folder);
    snprintf(back, sizeof back, "%s/back", folder);
    char path[80];
    snprintf(path, sizeof path, "%s/store", folder);
    struct par_store_options options = {.driver = "rocksdb", .path = path, .cache_mb = 8};
    struct par_store_options moved = options, restored = options;
    moved.moved = true;
    restored.path = back;
    struct par_store *from = open_as(&options, PAR_OK);
    for (int i = 0; i < 20; i++)
        assert_true(write_batch(from));
    struct par_migrate *m = begin_as(from, "rows:x", &rows, PAR_OK);
    assert_true(write_batch(from));
    assert_int_equal(par_store_backup(from, copy, NULL), PAR_OK);
    assert_int_equal(run(m, true), PAR_MIGRATE_DONE);
    par_migrate_close(&m);
    par_store_close(&from);
    assert_null(open_as(&options, PAR_E_CONFLICT));
    assert_int_equal(par_store_restore(copy, back, NULL), PAR_OK);
    from = open_as(&restored, PAR_OK);
    holds_the_model(from);
    struct par_moving_state now;
    par_moving_get(from, &now);
    assert_int_equal(now.phase, PAR_MOVING_NOT);
    assert_true(write_batch(from));
    par_store_close(&from);
    from = open_as(&moved, PAR_OK);
    assert_false(par_store_writable(from));
    assert_int_equal(par_migrate_abandon(from), PAR_OK);
    par_store_close(&from);
    from = open_as(&options, PAR_OK);
    assert_true(par_store_writable(from));
    par_store_close(&from);
    par_rocksdb__remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_new_store_has_what_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_write_while_it_begins, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_that_never_rests_is_compared, setup, teardown),
        cmocka_unit_test_setup_teardown(another_place_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_changes_end_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_difference_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(its_generation_is_sealed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_moved_folder_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests_name("moving a store", tests, NULL, NULL);
}
