/* Moving a store whose process is killed before or after any write to either of the two: the move
 * goes on, and the new store has exactly what was confirmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "store/key.h"
#include "store/migrate.h"
#include "store/rocksdb/files.h"
#include "store/store_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEFORE = 30, WRITES = 60, KEYS = 17, NEVER = 1 << 30 };

/* ---- a driver that dies ---- */

static struct par_store__driver driver;
static int lives; /* writes until the process is killed: before the last one, or after it */
static bool after;

static void die(bool is_after)
{
    if (lives == 0 && after == is_after)
        raise(SIGKILL);
}

static enum par_outcome commit(void *impl, const struct par_batch *batch, bool sync)
{
    lives--;
    die(false);
    enum par_outcome outcome = par_store__rocksdb.commit(impl, batch, sync);
    die(true);
    return outcome;
}

/* ---- what is written: the i-th write gives one row the value i, or removes it ---- */

static struct par_key key_of(uint64_t i)
{
    char text[40];
    snprintf(text, sizeof text, "key-%02llu-aaaaaaaaaaaaaaa", (unsigned long long)(i * 7 % KEYS));
    return par_key_text(par_str(text));
}

static bool removes(uint64_t i)
{
    return i % 5 == 4;
}

static enum par_table table_of(uint64_t i)
{
    return i * 7 % KEYS % 2 == 0 ? PAR_T_ENTRIES : PAR_T_TOKENS;
}

static bool write_one(struct par_store *s, uint64_t i)
{
    char text[24];
    struct par_key key = key_of(i);
    snprintf(text, sizeof text, "%llu", (unsigned long long)i);
    return (removes(i) ? par_store_delete(s, table_of(i), par_key_str(&key), i + 10)
                       : par_store_put(s, table_of(i), par_key_str(&key), par_str(text), i + 10)) ==
           PAR_OUTCOME_OK;
}

static bool holds(struct par_store *s, uint64_t count)
{
    bool same = true;
    for (uint64_t k = 0; k < KEYS; k++) {
        struct par_buf value = {0};
        char text[24] = "";
        uint64_t last = 0;
        bool any = false;
        for (uint64_t i = k; i < count; i += KEYS) {
            last = i;
            any = !removes(i);
        }
        struct par_key key = key_of(k);
        snprintf(text, sizeof text, "%llu", (unsigned long long)last);
        same &= par_store_get(s, table_of(k), par_key_str(&key), &value) == any &&
                (!any || par_str_is(par_buf_str(&value), text));
        par_buf_fini(&value);
    }
    return same;
}

/* ---- a process ---- */

struct place {
    char folder[64], from[80], to[80];
};

static struct par_store_options options_of(const char *path)
{
    return (struct par_store_options){
        .driver = "dies", .path = path, .cache_mb = 8, .no_sync = true, .moved = true};
}

/* Writes and moves in turn, and tells of each write that was confirmed. */
static void child(const struct place *place, uint64_t begin, int told)
{
    struct par_store_options from_options = options_of(place->from), to = options_of(place->to);
    struct par_store *from = NULL;
    struct par_migrate *m = NULL;
    enum par_migrate_end end = PAR_MIGRATE_WORKS;
    if (par_store_open(&from_options, &from, NULL) != PAR_OK ||
        par_migrate_open(from, "dies:to", &to, &m, NULL) != PAR_OK)
        _exit(3);
    for (uint64_t i = begin; end != PAR_MIGRATE_DONE;) {
        if (i < WRITES && write_one(from, i)) {
            i++;
            if (write(told, "w", 1) != 1)
                _exit(4);
        }
        end = par_migrate_step(m, i >= WRITES, false);
        if (end == PAR_MIGRATE_FAILED || end == PAR_MIGRATE_WAITS)
            _exit(5);
    }
    par_migrate_close(&m);
    par_store_close(&from);
    _exit(0);
}

/* What a process tells goes here. RocksDB's threads do not come along with a fork: this process
 * opens nothing itself. */
static pid_t begin_child(int pipes[2])
{
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    close(pipes[pid == 0 ? 0 : 1]);
    return pid;
}

static int end_child(pid_t pid, int pipes[2], uint64_t *count)
{
    int status;
    char byte;
    while (read(pipes[0], &byte, 1) == 1)
        ++*count;
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Runs one; *count: the writes that were confirmed. Returns its status. */
static int run(const struct place *place, uint64_t *count, int lives_, bool after_)
{
    int pipes[2];
    pid_t pid = begin_child(pipes);
    if (pid == 0) {
        lives = lives_;
        after = after_;
        child(place, *count, pipes[1]);
    }
    return end_child(pid, pipes, count);
}

static void fill(const struct place *place)
{
    struct par_store_options options = options_of(place->from);
    struct par_store *from = NULL;
    bool ok = par_store_open(&options, &from, NULL) == PAR_OK;
    for (uint64_t i = 0; ok && i < BEFORE; i++)
        ok = write_one(from, i);
    par_store_close(&from);
    _exit(ok ? 0 : 1);
}

static void check(const struct place *place)
{
    struct par_store_options options = options_of(place->to);
    struct par_store *to = NULL;
    bool ok = par_store_open(&options, &to, NULL) == PAR_OK && holds(to, WRITES);
    par_store_close(&to);
    _exit(ok ? 0 : 1);
}

static void in_a_child(void (*what)(const struct place *place), const struct place *place)
{
    int pipes[2];
    uint64_t count = 0;
    lives = NEVER;
    pid_t pid = begin_child(pipes);
    if (pid == 0)
        what(place);
    assert_int_equal(end_child(pid, pipes, &count), 0);
}

/* Killed at one write, and the next process perhaps at another; the third goes to the end. True:
 * the first was killed. */
static bool killed_at(int first, bool after_, int second)
{
    struct place place = {.folder = "/tmp/parley-crash-XXXXXX"};
    uint64_t count = BEFORE;
    assert_non_null(mkdtemp(place.folder));
    snprintf(place.from, sizeof place.from, "%s/from", place.folder);
    snprintf(place.to, sizeof place.to, "%s/to", place.folder);
    in_a_child(fill, &place);
    int status = run(&place, &count, first, after_);
    bool killed = WIFSIGNALED(status);
    if (killed && second > 0)
        status = run(&place, &count, second, !after_);
    if (!WIFEXITED(status))
        status = run(&place, &count, NEVER, false);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count, WRITES);
    in_a_child(check, &place);
    par_rocksdb__remove_tree(place.folder);
    return killed;
}

static void killed_anywhere(void **state)
{
    /* A stride that meets each kind of write, before and after it. */
    const char *full = getenv("PARLEY_CRASH");
    int stride = full && strcmp(full, "full") == 0 ? 1 : 13;
    (void)state;
    driver = par_store__rocksdb;
    driver.name = "dies";
    driver.commit = commit;
    par_store__extra = &driver;
    int at = 1;
    while (killed_at(at, at % 2 == 0, at % 3 == 0 ? at / 2 + 1 : 0))
        at += stride;
    /* It came to where nobody was killed any more. */
    assert_true(at > 60);
    par_store__extra = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_anywhere)};
    return cmocka_run_group_tests_name("moving a store, killed", tests, NULL, NULL);
}
