/* Rows of HBase: keys go there and back, and keep their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/hbase/layout.h"
#include "store/key.h"

#include <stdio.h>
#include <string.h>

static int compare(const struct par_hbase__row *a, const struct par_hbase__row *b)
{
    int first = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
    return first ? first : a->len < b->len ? -1 : a->len > b->len;
}

static void keys_go_there_and_back_in_order(void **state)
{
    (void)state;
    for (int table = 0; table < PAR_T_COUNT; table++) {
        struct par_hbase__row before = {.len = 0};
        for (uint64_t seq = 1; seq < 50; seq++) {
            struct par_conv conv = par_conv_direct(3, 4);
            struct par_key key = par_key_entry(&conv, 100 - seq);
            struct par_hbase__row row;
            uint8_t back[PAR_STORE_KEY_MAX];
            size_t len;
            par_hbase__row((enum par_table)table, par_key_str(&key), &row);
            assert_true(
                par_hbase__key((enum par_table)table, par_str_of(row.bytes, row.len), back, &len));
            assert_true(par_str_eq(par_str_of(back, len), par_key_str(&key)));
            assert_true(before.len == 0 || compare(&before, &row) < 0);
            before = row;
        }
    }
}

static void rows_of_another_table_are_passed_over(void **state)
{
    (void)state;
    struct par_conv conv = par_conv_direct(3, 4);
    struct par_key key = par_key_conv(&conv);
    struct par_hbase__row row;
    uint8_t back[PAR_STORE_KEY_MAX];
    size_t len;
    par_hbase__row(PAR_T_ROSTERS, par_key_str(&key), &row);
    assert_false(par_hbase__key(PAR_T_MARKS, par_str_of(row.bytes, row.len), back, &len));
    assert_false(par_hbase__key(PAR_T_MARKS, PAR_STR("ab"), back, &len));
    assert_true(par_hbase__key(PAR_T_ROSTERS, par_str_of(row.bytes, row.len), back, &len));
}

static bool behind(const void *bytes, size_t len, struct par_hbase__row *row_r)
{
    struct par_hbase__row row = {.len = len};
    memcpy(row.bytes, bytes, len < sizeof row.bytes ? len : sizeof row.bytes);
    bool any = par_hbase__behind(par_str_of(bytes, len), row_r);
    assert_true(row_r->len <= sizeof row_r->bytes);
    row.len = len < sizeof row.bytes ? len : sizeof row.bytes;
    assert_true(!any || compare(&row, row_r) < 0);
    return any;
}

/* HBase may hold rows that no key of ours makes, up to 32,767 bytes. */
static void a_scan_goes_on_behind_any_row(void **state)
{
    (void)state;
    enum { MOST = PAR_STORE_KEY_MAX + 1 };
    static uint8_t bytes[32767];
    struct par_hbase__row row;
    memset(bytes, 'a', sizeof bytes);
    assert_true(behind(bytes, 0, &row) && row.len == 1 && row.bytes[0] == 0);
    assert_true(behind(bytes, MOST - 1, &row) && row.len == MOST && row.bytes[MOST - 1] == 0);
    for (size_t len = MOST; len <= sizeof bytes; len += 1 + len / 2) {
        assert_true(behind(bytes, len, &row));
        assert_true(row.len == MOST && row.bytes[MOST - 1] == 'b' && row.bytes[0] == 'a');
    }
    memset(bytes + 10, 0xFF, sizeof bytes - 10);
    assert_true(behind(bytes, 300, &row) && row.len == 10 && row.bytes[9] == 'b');
    memset(bytes, 0xFF, sizeof bytes);
    assert_true(behind(bytes, 5, &row) && row.len == 6);
    assert_false(behind(bytes, 300, &row));
}

static void every_table_has_a_shape(void **state)
{
    (void)state;
    struct par_hbase__shape shapes[PAR_T_COUNT];
    size_t n = par_hbase__shapes("space", 16, shapes);
    for (int table = 0; table < PAR_T_COUNT; table++) {
        size_t found = 0;
        for (size_t i = 0; i < n; i++)
            found += strcmp(shapes[i].table, par_hbase__table_name((enum par_table)table)) == 0;
        assert_int_equal(found, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_go_there_and_back_in_order),
        cmocka_unit_test(rows_of_another_table_are_passed_over),
        cmocka_unit_test(a_scan_goes_on_behind_any_row),
        cmocka_unit_test(every_table_has_a_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
