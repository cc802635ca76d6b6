/* Unit tests only: a Thrift2 gateway on loopback that answers what a test says, in the compact
 * protocol. */
#ifndef PAR_STORE_HBASE_TEST_GATEWAY_H
#define PAR_STORE_HBASE_TEST_GATEWAY_H

#include "base/buf.h"

#include <pthread.h>

/* Appends the fields of the answer to a call, without the stop behind them. On the gateway's
 * threads; one call at a time for each connection. */
typedef void (*test_gateway_fn)(void *arg, struct par_str method, struct par_str request,
                                struct par_buf *fields);

struct test_gateway {
    int fd;
    uint16_t port;
    pthread_t thread;
    bool serves;
    test_gateway_fn answer;
    void *arg;
};

/* Listens. As long as it is not served it takes connections and answers nothing, as a process that
 * is stopped. */
void test_gateway_open(struct test_gateway *g);
void test_gateway_serve(struct test_gateway *g, test_gateway_fn answer, void *arg);
void test_gateway_close(struct test_gateway *g);

/* Bytes with their length in front, as values and names are. */
void test_gateway_add_binary(struct par_buf *fields, struct par_str bytes);

#endif
