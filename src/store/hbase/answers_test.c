/* The driver between a gateway of the test's own: what HBase may answer, whoever wrote it there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "parley/store.h"
#include "store/hbase/layout.h"
#include "store/hbase/test_gateway.h"
#include "store/key.h"
#include "store/store_private.h"

#include <stdio.h>

/* Kinds of values in the compact protocol, and the front of a field that follows the one before. */
enum { TRUE = 1, BINARY = 8, LIST = 9, STRUCT = 12, NEXT = 0x10 };

#define INCARNATION "0123456789abcdef0123456789abcdef"

/* A result's field has the number 0, which has a form of its own. */
static void begin_field(struct par_buf *out, uint8_t kind)
{
    par_buf_add_u8(out, kind);
    par_buf_add_u8(out, 0);
}

static void begin_list(struct par_buf *out, size_t n, uint8_t kind)
{
    par_buf_add_u8(out, (uint8_t)(n << 4 | kind));
}

/* A row with its one cell; without a row: there is none. */
static void add_row(struct par_buf *out, struct par_str row, struct par_str value)
{
    if (row.ptr) {
        struct par_buf cell = {0};
        par_buf_add_u8(&cell, PAR_HBASE__THERE);
        par_buf_add_str(&cell, value);
        par_buf_add_u8(out, NEXT | BINARY);
        test_gateway_add_binary(out, row);
        par_buf_add_u8(out, NEXT | LIST);
        begin_list(out, 1, STRUCT);
        par_buf_add_u8(out, NEXT | BINARY);
        test_gateway_add_binary(out, PAR_STR("p"));
        par_buf_add_u8(out, NEXT | BINARY);
        test_gateway_add_binary(out, PAR_STR("v"));
        par_buf_add_u8(out, NEXT | BINARY);
        test_gateway_add_binary(out, par_buf_str(&cell));
        par_buf_add_u8(out, 0);
        par_buf_fini(&cell);
    } else {
        par_buf_add_u8(out, 2 * NEXT | LIST);
        begin_list(out, 0, STRUCT);
    }
    par_buf_add_u8(out, 0);
}

struct world {
    struct test_gateway gateway;
    struct par_store *store;
    struct par_conv conv;
    int scans;
    struct par_buf next; /* the request of the second scan */
};

static struct par_str row_of(const struct world *w, uint64_t seq, struct par_hbase__row *row)
{
    struct par_key key = par_key_entry(&w->conv, seq);
    par_hbase__row(PAR_T_ENTRIES, par_key_str(&key), row);
    return par_str_of(row->bytes, row->len);
}

/* First a row of ours and two that nothing of Parley wrote, of any length; then one of ours. */
static void add_scanned(struct world *w, struct par_str request, struct par_buf *out)
{
    static char foreign[30000];
    struct par_hbase__row row;
    begin_field(out, LIST);
    if (w->scans++ == 0) {
        struct par_str nine = row_of(w, 9, &row);
        memset(foreign, 'x', sizeof foreign);
        memcpy(foreign, nine.ptr, nine.len);
        begin_list(out, 3, STRUCT);
        add_row(out, nine, PAR_STR("nine"));
        add_row(out, par_str_of(foreign, 400), PAR_STR("?"));
        add_row(out, par_str_of(foreign, sizeof foreign), PAR_STR("?"));
    } else {
        par_buf_add_str(&w->next, request);
        begin_list(out, 1, STRUCT);
        add_row(out, row_of(w, 8, &row), PAR_STR("eight"));
    }
}

static void answer(void *arg, struct par_str method, struct par_str request, struct par_buf *out)
{
    static const char format[4] = {0, 0, 0, PAR_STORE_FORMAT};
    if (par_str_is(method, "listNamespaces")) {
        begin_field(out, LIST);
        begin_list(out, 1, BINARY);
        test_gateway_add_binary(out, PAR_STR("parley"));
    } else if (par_str_is(method, "tableExists")) {
        begin_field(out, TRUE);
    } else if (par_str_is(method, "getScannerResults")) {
        add_scanned(arg, request, out);
    } else {
        assert_true(par_str_is(method, "get"));
        begin_field(out, STRUCT);
        if (memmem(request.ptr, request.len, "format", 6))
            add_row(out, PAR_META_FORMAT, par_str_of(format, sizeof format));
        else if (memmem(request.ptr, request.len, "incarnation", 11))
            add_row(out, PAR_META_INCARNATION, PAR_STR(INCARNATION));
        else
            add_row(out, (struct par_str){0}, (struct par_str){0});
    }
}

static int begin(void **state)
{
    static struct world w;
    char gateways[32];
    struct par_buf why = {0};
    w = (struct world){.conv = par_conv_direct(1, 2)};
    test_gateway_open(&w.gateway);
    test_gateway_serve(&w.gateway, answer, &w);
    snprintf(gateways, sizeof gateways, "127.0.0.1:%u", w.gateway.port);
    const struct par_store_options options = {
        .driver = "hbase", .gateways = gateways, .connections = 1};
    assert_int_equal(par_store_open(&options, &w.store, &why), PAR_OK);
    assert_string_equal(par_store_incarnation(w.store), INCARNATION);
    par_buf_fini(&why);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    par_store_close(&w->store);
    test_gateway_close(&w->gateway);
    par_buf_fini(&w->next);
    return 0;
}

static bool add_value(void *arg, struct par_str key, struct par_str value)
{
    (void)key;
    par_buf_addz(arg, " ");
    par_buf_add_str(arg, value);
    return true;
}

static void rows_of_others_are_passed_over(void **state)
{
    struct world *w = *state;
    struct par_buf got = {0};
    struct par_key from = par_key_conv(&w->conv), to = par_key_after(par_key_str(&from));
    assert_int_equal(par_store_scan(w->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to),
                                    3, add_value, &got),
                     PAR_OK);
    assert_true(par_str_is(par_buf_str(&got), " nine eight"));
    /* The second one begins behind all three of the first. */
    struct par_hbase__row nine;
    struct par_str row = row_of(w, 9, &nine);
    assert_int_equal(w->scans, 2);
    assert_non_null(memmem(w->next.data, w->next.len, row.ptr, row.len));
    assert_non_null(memmem(w->next.data, w->next.len, "xxxy", 4));
    par_buf_fini(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_of_others_are_passed_over, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
