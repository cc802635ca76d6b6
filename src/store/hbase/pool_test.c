/* The pool between two gateways, of which one is stopped: it takes connections and answers nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/env.h"
#include "store/hbase/pool.h"
#include "store/hbase/test_gateway.h"

#include <stdio.h>

enum { CALL_MS = 1500, CALLS = 40, CONNECTIONS = 4, SHORT_MS = 200 };

/* "I am a gateway of the second kind." */
static void answer(void *arg, struct par_str method, struct par_str request, struct par_buf *fields)
{
    static const uint8_t two[] = {0x05, 0x00, 0x04};
    (void)arg;
    (void)request;
    assert_true(par_str_is(method, "getThriftServerType"));
    par_buf_add(fields, two, sizeof two);
}

/* A call that the caller waits for as long as the gateway may take. */
static enum par_hbase__end call(struct par_hbase__gateway *gateway, void *arg)
{
    (void)arg;
    return par_hbase__alive(gateway, CALL_MS) ? PAR_HBASE_OK : PAR_HBASE_LOST;
}

static struct par_hbase__pool *open_pool(const struct test_gateway *a, const struct test_gateway *b)
{
    char gateways[64];
    struct par_hbase__pool *pool;
    struct par_buf why = {0};
    snprintf(gateways, sizeof gateways, "127.0.0.1:%u,127.0.0.1:%u", a->port, b->port);
    struct par_hbase__pool_config config = {.gateways = gateways,
                                            .connections = CONNECTIONS,
                                            .connect_ms = 1000,
                                            .answer_ms = CALL_MS,
                                            .read_ms = 2000};
    assert_int_equal(par_hbase__pool_new(&config, &pool, &why), PAR_OK);
    return pool;
}

/* Only the call that finds it out is lost: from then on the stopped gateway is asked whether it
 * lives, and calls go where they are answered, however busy it is there. */
static void a_stopped_gateway_costs_one_call(void **state)
{
    static struct test_gateway stopped, well;
    _Atomic uint32_t never = 0;
    (void)state;
    test_gateway_open(&stopped);
    test_gateway_open(&well);
    test_gateway_serve(&well, answer, NULL);
    struct par_hbase__pool *pool = open_pool(&stopped, &well);
    unsigned lost = 0;
    for (int i = 0; i < CALLS; i++) {
        lost += par_hbase__pool_once(pool, call, NULL, NULL) == PAR_HBASE_LOST;
        par_pause(&never, 100);
    }
    assert_int_equal(lost, 1);
    par_hbase__pool_free(&pool);
    test_gateway_close(&well);
    test_gateway_close(&stopped);
}

/* With nobody there a call ends, and says so. */
static void without_any_gateway_a_call_is_lost(void **state)
{
    static struct test_gateway a, b;
    (void)state;
    test_gateway_open(&a);
    test_gateway_open(&b);
    test_gateway_close(&a);
    test_gateway_close(&b);
    struct par_hbase__pool *pool = open_pool(&a, &b);
    struct par_buf why = {0};
    for (int i = 0; i < 4; i++)
        assert_int_equal(par_hbase__pool_once(pool, call, NULL, &why), PAR_HBASE_LOST);
    assert_true(why.len > 0);
    par_buf_fini(&why);
    par_hbase__pool_free(&pool);
}

/* A call that goes on until it is told to end. */
struct long_call {
    struct par_hbase__pool *pool;
    _Atomic bool begun;
    _Atomic uint32_t ended;
    enum par_hbase__end end;
};

static enum par_hbase__end last(struct par_hbase__gateway *gateway, void *arg)
{
    struct long_call *l = arg;
    (void)gateway;
    l->begun = true;
    while (!l->ended)
        par_pause(&l->ended, CALL_MS);
    return PAR_HBASE_OK;
}

static void make_long_call(void *arg)
{
    struct long_call *l = arg;
    l->end = par_hbase__pool_once(l->pool, last, l, NULL);
}

static enum par_hbase__end count(struct par_hbase__gateway *gateway, void *arg)
{
    (void)gateway;
    ++*(unsigned *)arg;
    return PAR_HBASE_OK;
}

/* The others wait for the one connection as long as an answer may take, a read as long as it may
 * be tried again; then they end, and HBase was not asked. */
static void nobody_waits_for_a_connection_for_ever(void **state)
{
    struct par_buf why = {0};
    struct par_hbase__pool_config config = {.gateways = "127.0.0.1:9",
                                            .connections = 1,
                                            .connect_ms = SHORT_MS,
                                            .answer_ms = SHORT_MS,
                                            .read_ms = SHORT_MS};
    struct long_call l = {0};
    struct par_thread *thread;
    _Atomic uint32_t never = 0;
    unsigned asked = 0;
    (void)state;
    assert_int_equal(par_hbase__pool_new(&config, &l.pool, &why), PAR_OK);
    assert_int_equal(par_thread_start("long", make_long_call, &l, &thread), PAR_OK);
    while (!l.begun)
        par_pause(&never, 1);
    assert_int_equal(par_hbase__pool_once(l.pool, count, &asked, &why), PAR_HBASE_BUSY);
    assert_true(why.len > 0);
    assert_int_equal(par_hbase__pool_read(l.pool, count, &asked, NULL), PAR_HBASE_BUSY);
    assert_int_equal(asked, 0);
    par_pause_end(&l.ended);
    par_thread_join(&thread);
    assert_int_equal(l.end, PAR_HBASE_OK);
    assert_int_equal(par_hbase__pool_once(l.pool, count, &asked, NULL), PAR_HBASE_OK);
    assert_int_equal(asked, 1);
    par_buf_fini(&why);
    par_hbase__pool_free(&l.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_gateway_costs_one_call),
        cmocka_unit_test(without_any_gateway_a_call_is_lost),
        cmocka_unit_test(nobody_waits_for_a_connection_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
