/* Unit tests of the driver rocksdb: a folder for each, rows by number, and files to damage. */
#ifndef PAR_STORE_ROCKSDB_TEST_FOLDER_H
#define PAR_STORE_ROCKSDB_TEST_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parley/store.h"
#include "store/rocksdb/rocksdb.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static inline int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/parley-rocks-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    return par_rocksdb__remove_tree(folder);
}

static inline enum par_err try_open(struct par_store_options options, struct par_store **s_r,
                                    char why_r[1024])
{
    struct par_buf why = {0};
    options.path = options.path != NULL ? options.path : folder;
    options.cache_mb = 8;
    enum par_err err = par_store_open(&options, s_r, &why);
    snprintf(why_r, 1024, "%.*s", (int)why.len, why.data ? (const char *)why.data : "");
    par_buf_fini(&why);
    return err;
}

static inline struct par_store *open_it(struct par_store_options options)
{
    struct par_store *s;
    char why[1024];
    if (try_open(options, &s, why) != PAR_OK)
        fail_msg("%s", why);
    return s;
}

static inline void refuses(struct par_store_options options, enum par_err expected,
                           const char *words)
{
    struct par_store *s;
    char why[1024];
    assert_int_equal(try_open(options, &s, why), expected);
    assert_null(s);
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, why);
}

static const struct par_store_options as_it_is = {0};

static inline enum par_outcome put(struct par_store *s, int number)
{
    char key[32], value[200];
    snprintf(key, sizeof key, "key%06d", number);
    memset(value, 'a' + number % 26, sizeof value);
    return par_store_put(s, PAR_T_NAMES, par_str(key), par_str_of(value, sizeof value), 1);
}

static inline int has(struct par_store *s, int number)
{
    char key[32];
    struct par_buf value = {0};
    snprintf(key, sizeof key, "key%06d", number);
    int found = par_store_get(s, PAR_T_NAMES, par_str(key), &value);
    par_buf_fini(&value);
    return found;
}

static inline void path_of(char to[PAR_STORE_PATH_MAX], const char *name)
{
    assert_true(par_rocksdb__path(to, folder, name));
}

/* The newest file in db/ with this ending. */
static inline void db_file(char to[PAR_STORE_PATH_MAX], const char *part)
{
    char db[PAR_STORE_PATH_MAX], best[256] = "";
    path_of(db, "db");
    DIR *dir = opendir(db);
    struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        if (strstr(entry->d_name, part) != NULL && strcmp(entry->d_name, best) > 0)
            strcpy(best, entry->d_name);
    closedir(dir);
    assert_true(best[0] != '\0');
    assert_true(par_rocksdb__path(to, db, best));
}

/* This program again, as a process that commits n rows and is killed. */
static inline void killed_after(int n, bool sync)
{
    char count[16];
    snprintf(count, sizeof count, "%d", n);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", "rocksdb_test", folder, count, sync ? "sync" : "plain",
              (char *)NULL);
        _exit(3);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static inline int commit_and_die(char **argv)
{
    struct par_store *s = NULL;
    char why[1024];
    snprintf(folder, sizeof folder, "%s", argv[1]);
    struct par_store_options options = {.no_sync = strcmp(argv[3], "plain") == 0};
    if (try_open(options, &s, why) != PAR_OK)
        return 1;
    for (int i = 0; i < atoi(argv[2]); i++)
        if (put(s, i) != PAR_OUTCOME_OK)
            return 2;
    return raise(SIGKILL);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
