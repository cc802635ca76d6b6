/* Files as a whole: written, replaced, read up to a limit, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/parley-file-XXXXXX";
static char path[64], beside[80];

static int begin(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(beside, sizeof beside, "%s.new", path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    unlink(beside);
    return rmdir(folder);
}

static void holds(const char *text, size_t max)
{
    struct par_buf got = {0};
    assert_int_equal(par_file_read(path, max, &got), 0);
    assert_true(par_str_is(par_buf_str(&got), text));
    par_buf_fini(&got);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(par_file_write(path, PAR_STR("the first, which is longer")), 0);
    assert_int_equal(par_file_write(path, PAR_STR("second")), 0);
    holds("second", 100);
    holds("sec", 3);
    holds("", 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(access(beside, F_OK), -1);
}

static void what_the_system_refuses_is_told(void **state)
{
    (void)state;
    struct par_buf got = {0};
    char nowhere[80], *huge = test_calloc(1, 10000);
    snprintf(nowhere, sizeof nowhere, "%s/no/file", folder);
    assert_int_equal(par_file_write(nowhere, PAR_STR("x")), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(par_file_read(nowhere, 9, &got), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(got.len, 0);
    memset(huge, 'x', 9999);
    assert_int_equal(par_file_write(huge, PAR_STR("x")), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    /* A folder in the way: nothing is left beside it. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(par_file_write(path, PAR_STR("x")), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(rmdir(path), 0);
    test_free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_as_a_whole),
        cmocka_unit_test(what_the_system_refuses_is_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
