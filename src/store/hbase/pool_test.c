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

enum { CALL_MS = 1500, CALLS = 40, CONNECTIONS = 4 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_gateway_costs_one_call),
        cmocka_unit_test(without_any_gateway_a_call_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
