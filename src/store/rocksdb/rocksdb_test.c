/* The driver rocksdb: what survives, what is refused, and how it comes back from a failed write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log_guard.h"
#include "loop/env.h"
#include "store/rocksdb/test_folder.h"
#include "store/store_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The database calls this one instead of the system's. */
static atomic_bool sync_fails;
int fdatasync(int fd)
{
    if (atomic_load(&sync_fails)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static void what_was_committed_survives(void **state)
{
    (void)state;
    char incarnation[PAR_STORE_INCARNATION_MAX];
    struct par_store *s = open_it(as_it_is);
    strcpy(incarnation, par_store_incarnation(s));
    for (int i = 0; i < 100; i++)
        assert_int_equal(put(s, i), PAR_OUTCOME_OK);
    par_store_close(&s);
    s = open_it((struct par_store_options){.must_exist = true});
    assert_string_equal(par_store_incarnation(s), incarnation);
    for (int i = 0; i < 100; i++)
        assert_int_equal(has(s, i), 1);
    par_store_close(&s);
    /* Another cache, other buffers, no reserve: the same store. */
    s = open_it(
        (struct par_store_options){.write_buffer_mb = 1, .reserve_mb = 1, .open_files = 64});
    assert_int_equal(has(s, 99), 1);
    par_store_close(&s);
}

/* E3: what recovery found in the log is in tables, and so synced, before the first read. */
static void what_was_committed_survives_a_kill(void **state)
{
    (void)state;
    uint64_t rows = 1;
    killed_after(200, true);
    struct par_store *s = open_it(as_it_is);
    struct par_rocksdb *r = s->impl;
    assert_int_equal(rocksdb_property_int_cf(r->db, r->tables[PAR_T_NAMES],
                                             "rocksdb.num-entries-active-mem-table", &rows),
                     0);
    assert_int_equal(rows, 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(has(s, i), 1);
    par_store_close(&s);
}

/* A torn end of the log is what a kill leaves: not damage. */
static void a_torn_end_is_recovered(void **state)
{
    (void)state;
    char log[PAR_STORE_PATH_MAX], note[PAR_STORE_PATH_MAX];
    killed_after(50, false);
    db_file(log, ".log");
    struct stat st;
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(truncate(log, st.st_size - 5), 0);
    path_of(note, "released");
    struct par_store *s = open_it(as_it_is);
    assert_int_equal(has(s, 48), 1);
    assert_int_equal(has(s, 49), 0);
    assert_int_equal(put(s, 49), PAR_OUTCOME_OK);
    par_store_close(&s);
}

static void one_process_has_the_folder(void **state)
{
    (void)state;
    struct par_store *s = open_it(as_it_is);
    refuses(as_it_is, PAR_E_CONFLICT, "in use by another parley process");
    assert_int_equal(put(s, 1), PAR_OUTCOME_OK);
    par_store_close(&s);
    s = open_it(as_it_is);
    par_store_close(&s);
}

static void what_must_be_there_or_not(void **state)
{
    (void)state;
    char below[PAR_STORE_PATH_MAX];
    path_of(below, "some/where");
    refuses((struct par_store_options){.must_exist = true}, PAR_E_CONFLICT, "there is no store");
    refuses((struct par_store_options){.path = below, .must_exist = true}, PAR_E_CONFLICT,
            "there is no store");
    struct par_store *s = open_it((struct par_store_options){.path = below, .must_be_new = true});
    par_store_close(&s);
    refuses((struct par_store_options){.path = below, .must_be_new = true}, PAR_E_CONFLICT,
            "already");
    s = open_it((struct par_store_options){.path = below, .must_exist = true});
    par_store_close(&s);
    refuses((struct par_store_options){.path = "/dev/null/x"}, PAR_E_UNAVAILABLE, "/dev/null");
}

static void a_newer_store_is_refused(void **state)
{
    (void)state;
    char format[PAR_STORE_PATH_MAX];
    struct par_store *s = open_it(as_it_is);
    uint8_t two[4] = {0, 0, 0, 2};
    assert_int_equal(par_store_put(s, PAR_T_META, PAR_META_FORMAT, par_str_of(two, sizeof two), 1),
                     PAR_OUTCOME_OK);
    par_store_close(&s);
    refuses(as_it_is, PAR_E_CONFLICT, "has format 2");
    path_of(format, "FORMAT");
    assert_int_equal(par_file_write(format, PAR_STR("parley store 3\n")), 0);
    refuses(as_it_is, PAR_E_CONFLICT, "has format 3");
    assert_int_equal(par_file_write(format, PAR_STR("?")), 0);
    refuses(as_it_is, PAR_E_CONFLICT, "damaged");
}

static void a_table_of_a_newer_program_is_refused(void **state)
{
    (void)state;
    struct par_store *s = open_it(as_it_is);
    struct par_rocksdb *r = s->impl;
    char *error = NULL;
    rocksdb_column_family_handle_t *h = rocksdb_create_column_family(
        r->db, r->table_options[PAR_T_META], "reactions_of_tomorrow", &error);
    assert_null(error);
    rocksdb_column_family_handle_destroy(h);
    par_store_close(&s);
    refuses(as_it_is, PAR_E_CONFLICT, "reactions_of_tomorrow");
}

/* Whatever is missing or broken: refused, and never a new store in its place. */
static void a_damaged_store_is_refused(void **state)
{
    (void)state;
    static const char *const parts[] = {"CURRENT", "MANIFEST-", ".sst"};
    for (int gone = 0; gone < 2; gone++) {
        for (size_t i = 0; i < 3; i++) {
            char file[PAR_STORE_PATH_MAX];
            struct par_store *s = open_it(as_it_is);
            for (int n = 0; n < 20; n++)
                assert_int_equal(put(s, n), PAR_OUTCOME_OK);
            par_store_close(&s);
            db_file(file, parts[i]);
            if (gone)
                assert_int_equal(unlink(file), 0);
            else
                assert_int_equal(truncate(file, 3), 0);
            refuses(as_it_is, PAR_E_CONFLICT, "damaged");
            refuses(as_it_is, PAR_E_CONFLICT, "restore a backup");
            par_rocksdb__remove_tree(folder);
        }
    }
}

static void an_interrupted_creation_is_begun_again(void **state)
{
    (void)state;
    char db[PAR_STORE_PATH_MAX], file[PAR_STORE_PATH_MAX];
    path_of(db, "db");
    assert_int_equal(par_rocksdb__make_folders(db), 0);
    path_of(file, "db/MANIFEST-000001");
    assert_int_equal(par_file_write(file, PAR_STR("")), 0);
    struct par_store *s = open_it(as_it_is);
    assert_int_equal(put(s, 1), PAR_OUTCOME_OK);
    par_store_close(&s);
}

static void a_backup_is_a_store_again(void **state)
{
    (void)state;
    char backup[PAR_STORE_PATH_MAX], other[PAR_STORE_PATH_MAX], file[PAR_STORE_PATH_MAX];
    char first[PAR_STORE_INCARNATION_MAX];
    struct par_buf why = {0};
    struct par_store *s = open_it(as_it_is);
    strcpy(first, par_store_incarnation(s));
    for (int i = 0; i < 100; i++)
        assert_int_equal(put(s, i), PAR_OUTCOME_OK);
    path_of(backup, "backup");
    path_of(other, "other");
    assert_int_equal(par_store_backup(s, backup, &why), PAR_OK);
    /* It serves on, and what comes now is not in the backup. */
    assert_int_equal(put(s, 100), PAR_OUTCOME_OK);
    assert_int_equal(par_store_backup(s, backup, &why), PAR_E_CONFLICT);
    assert_true(why.len > 0);
    path_of(file, "backup/released");
    assert_false(par_rocksdb__exists(file));
    path_of(file, "checkpoint.0");
    assert_false(par_rocksdb__exists(file));

    assert_int_equal(par_store_restore(backup, folder, &why), PAR_E_CONFLICT);
    par_store_close(&s);
    assert_int_equal(par_store_restore(backup, folder, &why), PAR_E_CONFLICT);
    path_of(file, "nowhere");
    assert_int_equal(par_store_restore(file, other, &why), PAR_E_CONFLICT);
    assert_int_equal(par_store_restore(backup, other, &why), PAR_OK);
    s = open_it((struct par_store_options){.path = other, .must_exist = true});
    assert_string_not_equal(par_store_incarnation(s), first);
    assert_int_equal(has(s, 99), 1);
    assert_int_equal(has(s, 100), 0);
    strcpy(first, par_store_incarnation(s));
    par_store_close(&s);
    s = open_it((struct par_store_options){.path = other});
    assert_string_equal(par_store_incarnation(s), first);
    par_store_close(&s);
    /* A backup put in place by hand is known as a copy, too. */
    s = open_it((struct par_store_options){.path = backup});
    assert_string_not_equal(par_store_incarnation(s), first);
    assert_int_equal(has(s, 99), 1);
    par_store_close(&s);
    par_buf_fini(&why);
}

/* What an interrupted copy leaves is no store and no backup, and goes when a new one begins. */
static void a_part_of_a_copy_is_refused(void **state)
{
    (void)state;
    char backup[PAR_STORE_PATH_MAX], other[PAR_STORE_PATH_MAX];
    struct par_buf why = {0};
    path_of(backup, "backup");
    path_of(other, "other");
    struct par_store *s = open_it(as_it_is);
    assert_int_equal(put(s, 1), PAR_OUTCOME_OK);
    assert_int_equal(par_store_backup(s, backup, &why), PAR_OK);
    par_store_close(&s);
    assert_int_equal(par_store_restore(backup, other, &why), PAR_OK);
    assert_false(par_rocksdb__copying(other));
    assert_int_equal(par_rocksdb__copying_begin(other), 0);
    refuses((struct par_store_options){.path = other}, PAR_E_CONFLICT, "part of a copy");
    assert_int_equal(par_store_restore(backup, other, &why), PAR_OK);
    s = open_it((struct par_store_options){.path = other, .must_exist = true});
    assert_int_equal(has(s, 1), 1);
    par_store_close(&s);
    assert_int_equal(par_rocksdb__copying_begin(backup), 0);
    assert_int_equal(par_store_restore(backup, other, &why), PAR_E_CONFLICT);
    par_buf_fini(&why);
}

static void expect_trouble(void)
{
    par_log_guard_expect("store.commit_failed");
    par_log_guard_expect("store.write_failed");
    par_log_guard_expect("store.reopen_failed");
    par_log_guard_expect("store.read_failed");
    par_log_guard_expect("store.low_space");
}

static bool tick_until_writable(struct par_store *s, uint64_t ms)
{
    uint64_t end = par_mono_ms() + ms;
    while (!par_store_writable(s) && par_mono_ms() < end) {
        uint32_t again = par_store_tick(s);
        usleep(again > 20 ? 20000 : again * 1000);
    }
    return par_store_writable(s);
}

/* A sync that fails: nothing is confirmed, nothing that was confirmed is lost, and it comes back.
 */
static void a_failing_sync_closes_and_reopens(void **state)
{
    (void)state;
    expect_trouble();
    struct par_store *s = open_it(as_it_is);
    assert_int_equal(put(s, 1), PAR_OUTCOME_OK);
    uint64_t generation = par_store_generation(s);
    atomic_store(&sync_fails, true);
    assert_int_equal(put(s, 2), PAR_OUTCOME_UNCERTAIN);
    assert_false(par_store_writable(s));
    assert_int_equal(put(s, 3), PAR_OUTCOME_FAILED);
    assert_int_equal(has(s, 1), -1);
    assert_false(tick_until_writable(s, 300));
    atomic_store(&sync_fails, false);
    assert_true(tick_until_writable(s, 5000));
    assert_true(par_store_generation(s) > generation);
    assert_int_equal(has(s, 1), 1);
    assert_true(has(s, 2) >= 0);
    assert_int_equal(has(s, 3), 0);
    assert_int_equal(put(s, 4), PAR_OUTCOME_OK);
    par_store_close(&s);
    s = open_it(as_it_is);
    assert_int_equal(has(s, 1), 1);
    assert_int_equal(has(s, 4), 1);
    par_store_close(&s);
}

/* A copy of a large store takes long, and a write may fail meanwhile: the store comes back before
 * the copy is done, and that is what was there when it began. */
static void a_copy_does_not_hold_the_store(void **state)
{
    (void)state;
    expect_trouble();
    char backup[PAR_STORE_PATH_MAX], other[PAR_STORE_PATH_MAX];
    struct par_store__copy copy = {0};
    struct par_buf why = {0};
    path_of(backup, "backup");
    path_of(other, "other");
    struct par_store *s = open_it(as_it_is);
    assert_int_equal(put(s, 1), PAR_OUTCOME_OK);
    assert_int_equal(s->driver->copy_begin(s->impl, backup, &copy, &why), PAR_OK);
    atomic_store(&sync_fails, true);
    assert_int_equal(put(s, 2), PAR_OUTCOME_UNCERTAIN);
    atomic_store(&sync_fails, false);
    assert_true(tick_until_writable(s, 5000));
    assert_int_equal(put(s, 3), PAR_OUTCOME_OK);
    assert_int_equal(s->driver->copy_end(&copy, backup, &why), PAR_OK);
    assert_false(par_rocksdb__exists(copy.from));
    par_store_close(&s);
    assert_int_equal(par_store_restore(backup, other, &why), PAR_OK);
    s = open_it((struct par_store_options){.path = other});
    assert_int_equal(has(s, 1), 1);
    assert_int_equal(has(s, 3), 0);
    par_store_close(&s);
    par_buf_fini(&why);
}

/* A file that takes what is left of the disk, but for some bytes. */
static void fill(const char *path, size_t leave)
{
    static const char zeros[65536];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
    off_t size = lseek(fd, 0, SEEK_END);
    assert_int_equal(ftruncate(fd, size - (off_t)leave), 0);
    close(fd);
}

static void a_full_disk_refuses_writes_and_comes_back(void **state)
{
    (void)state;
    char disk[PAR_STORE_PATH_MAX], store[PAR_STORE_PATH_MAX], filler[PAR_STORE_PATH_MAX];
    path_of(disk, "disk");
    path_of(store, "disk/store");
    path_of(filler, "disk/filler");
    assert_int_equal(par_rocksdb__make_folders(disk), 0);
    if (geteuid() != 0 || mount("parley-test", disk, "tmpfs", 0, "size=96m") != 0) {
        print_message("no tmpfs can be mounted here\n");
        skip();
    }
    expect_trouble();
    struct par_store *s = open_it((struct par_store_options){.path = store, .reserve_mb = 4});
    int n = 0;
    for (; n < 50; n++)
        assert_int_equal(put(s, n), PAR_OUTCOME_OK);
    /* Below the reserve: refused before anything breaks, and reads go on. */
    fill(filler, 1 << 20);
    uint64_t generation = par_store_generation(s);
    usleep(1100 * 1000);
    par_store_tick(s);
    assert_false(par_store_writable(s));
    assert_int_equal(put(s, n), PAR_OUTCOME_FAILED);
    assert_int_equal(has(s, n - 1), 1);
    assert_int_equal(par_store_generation(s), generation);
    assert_int_equal(unlink(filler), 0);
    assert_true(tick_until_writable(s, 5000));
    assert_int_equal(put(s, n++), PAR_OUTCOME_OK);
    /* Full to the last byte, without a reserve. */
    par_store_set_reserve(s, 0);
    fill(filler, 0);
    enum par_outcome outcome = PAR_OUTCOME_OK;
    for (; n < 100000 && outcome == PAR_OUTCOME_OK; n++)
        outcome = put(s, n);
    assert_int_not_equal(outcome, PAR_OUTCOME_OK);
    int acked = n - 1;
    assert_false(par_store_writable(s));
    tick_until_writable(s, 300);
    assert_int_equal(unlink(filler), 0);
    assert_true(tick_until_writable(s, 10000));
    assert_true(par_store_generation(s) > generation);
    for (int i = 0; i < acked; i++)
        assert_int_equal(has(s, i), 1);
    assert_int_equal(put(s, n), PAR_OUTCOME_OK);
    par_store_close(&s);
    assert_int_equal(umount2(disk, MNT_DETACH), 0);
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return commit_and_die(argv);
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_was_committed_survives),
        IN_A_FOLDER(what_was_committed_survives_a_kill),
        IN_A_FOLDER(a_torn_end_is_recovered),
        IN_A_FOLDER(one_process_has_the_folder),
        IN_A_FOLDER(what_must_be_there_or_not),
        IN_A_FOLDER(a_newer_store_is_refused),
        IN_A_FOLDER(a_table_of_a_newer_program_is_refused),
        IN_A_FOLDER(a_damaged_store_is_refused),
        IN_A_FOLDER(an_interrupted_creation_is_begun_again),
        IN_A_FOLDER(a_backup_is_a_store_again),
        IN_A_FOLDER(a_part_of_a_copy_is_refused),
        IN_A_FOLDER(a_failing_sync_closes_and_reopens),
        IN_A_FOLDER(a_copy_does_not_hold_the_store),
        IN_A_FOLDER(a_full_disk_refuses_writes_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
