/* The driver rocksdb when its files are not as they were: what a loss of power leaves is no damage,
 * what was synced and is gone is (TAKEOVER.md E4). */
#include "store/rocksdb/test_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* E4: recovery ends silently at damage inside what was synced; the note knows better. */
static void damage_in_the_synced_log_is_refused(void **state)
{
    (void)state;
    char log[PAR_STORE_PATH_MAX], note[PAR_STORE_PATH_MAX], incarnation[PAR_STORE_INCARNATION_MAX];
    struct par_store *s = open_it(as_it_is);
    strcpy(incarnation, par_store_incarnation(s));
    par_store_close(&s);
    killed_after(50, true);
    db_file(log, ".log");
    struct stat st;
    assert_int_equal(stat(log, &st), 0);
    int fd = open(log, O_RDWR);
    assert_int_equal(pwrite(fd, "damage", 6, st.st_size / 2), 6);
    close(fd);
    refuses(as_it_is, PAR_E_CONFLICT, "damaged");
    refuses(as_it_is, PAR_E_CONFLICT, "restore a backup");
    /* Without the note it goes on, as a copy that lacks something. */
    path_of(note, "released");
    assert_int_equal(unlink(note), 0);
    s = open_it(as_it_is);
    assert_string_not_equal(par_store_incarnation(s), incarnation);
    assert_int_equal(has(s, 1), 1);
    assert_int_equal(has(s, 49), 0);
    par_store_close(&s);
}

/* E4: RocksDB takes a manifest that ends early for one that a crash left, and drops the tables that
 * its lost end named. */
static void a_manifest_that_lost_its_end_is_refused(void **state)
{
    (void)state;
    char manifest[PAR_STORE_PATH_MAX], note[PAR_STORE_PATH_MAX];
    struct stat st;
    struct par_store *s = open_it(as_it_is);
    for (int i = 0; i < 20; i++)
        assert_int_equal(put(s, i), PAR_OUTCOME_OK);
    par_store_close(&s);
    db_file(manifest, "MANIFEST-");
    assert_int_equal(stat(manifest, &st), 0);
    assert_int_equal(truncate(manifest, st.st_size - 10), 0);
    refuses(as_it_is, PAR_E_CONFLICT, "damaged: its list of tables");
    refuses(as_it_is, PAR_E_CONFLICT, "restore a backup");
    path_of(note, "released");
    assert_int_equal(unlink(note), 0);
    s = open_it(as_it_is);
    par_store_close(&s);
}

/* A change of 3,000 bytes at the end of the manifest, without those of [from, to). */
static void add_change(size_t from, size_t to)
{
    enum { BYTES = 3000 };
    static const uint8_t header[] = {1, 2, 3, 4, BYTES & 0xFF, BYTES >> 8, 1};
    uint8_t bytes[sizeof header + BYTES];
    char manifest[PAR_STORE_PATH_MAX];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, header, sizeof header);
    memset(bytes + from, 0, to - from);
    db_file(manifest, "MANIFEST-");
    int fd = open(manifest, O_WRONLY | O_APPEND);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);
}

/* The power went while the manifest was written: sectors in the middle of its last change are not
 * there. What is there whole, and wrong, is damage. */
static void a_torn_change_of_the_manifest_is_cut_off(void **state)
{
    (void)state;
    struct par_store *s = open_it(as_it_is);
    for (int i = 0; i < 20; i++)
        assert_int_equal(put(s, i), PAR_OUTCOME_OK);
    par_store_close(&s);
    add_change(600, 2100);
    s = open_it(as_it_is);
    for (int i = 0; i < 20; i++)
        assert_int_equal(has(s, i), 1);
    par_store_close(&s);
    add_change(0, 0);
    refuses(as_it_is, PAR_E_CONFLICT, "MANIFEST-");
}

/* A log of one batch, rows `number` and the next, and of so many zeros behind it. */
static void make_log(const struct par_rocksdb__folder *f, const char *name, uint8_t number,
                     size_t zeros)
{
    char path[PAR_STORE_PATH_MAX];
    uint8_t bytes[256] = {0};
    bytes[4] = 20; /* checksum 4, length 2, type 1; number 8, count 4, rows */
    bytes[6] = 1;
    bytes[7] = number;
    bytes[15] = 2;
    assert_true(par_rocksdb__path(path, f->db, name));
    assert_int_equal(par_file_write(path, par_str_of(bytes, 27 + zeros)), 0);
}

/* E4: RocksDB passes over zeros in a log. Rows 3 to 6 may be missing, if nobody heard of them. */
static void zeros_in_the_synced_log_are_refused(void **state)
{
    (void)state;
    struct par_rocksdb__folder f = {0};
    struct par_buf why = {0};
    strcpy(f.path, folder);
    path_of(f.db, "db");
    assert_int_equal(par_rocksdb__make_folders(f.db), 0);
    make_log(&f, "000004.log", 1, 100);
    assert_int_equal(par_rocksdb__wal_check(&f, 8, &why), PAR_OK);
    make_log(&f, "000012.log", 7, 0);
    assert_int_equal(par_rocksdb__wal_check(&f, 8, &why), PAR_E_CONFLICT);
    assert_int_equal(par_rocksdb__wal_check(&f, 3, &why), PAR_E_CONFLICT);
    assert_int_equal(par_rocksdb__wal_check(&f, 2, &why), PAR_OK);
    /* Without zeros: a log between them was done with, and is gone. */
    make_log(&f, "000004.log", 1, 0);
    assert_int_equal(par_rocksdb__wal_check(&f, 8, &why), PAR_OK);
    par_buf_fini(&why);
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return commit_and_die(argv);
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(damage_in_the_synced_log_is_refused),
        IN_A_FOLDER(zeros_in_the_synced_log_are_refused),
        IN_A_FOLDER(a_manifest_that_lost_its_end_is_refused),
        IN_A_FOLDER(a_torn_change_of_the_manifest_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
