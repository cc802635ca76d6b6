/* Inside the test's cluster: its state, which all drivers share under one lock. */
#ifndef PAR_TESTS_MANY_ENGINES_PRIVATE_H
#define PAR_TESTS_MANY_ENGINES_PRIVATE_H

#include "loop/env.h"
#include "presence/presence_private.h"
#include "queue/driver.h"
#include "route/driver.h"
#include "engines.h"

#include <stdlib.h>

enum { LOG_MAX = 65536, ROUTES_MAX = 4096, SAYS_MAX = 4096, PUSHES_MAX = 65536, DEAD_MS = 600 };

struct log {
    struct par_buf *records;
    int64_t *times;
    size_t count;
    uint64_t confirmed;
};

struct beat {
    uint64_t server, boot, at_ms;
    uint64_t serves_ms; /* when it last said so; 0: it does not */
    bool cleared, on;
};

struct route {
    uint64_t user, server, boot;
    bool on;
};

struct queue {
    const struct par_queue_ends *ends;
    uint64_t server;
    struct par_thread *thread;
    _Atomic bool stopping;
    bool joined, aside;
    size_t asides; /* how often it was */
    par_queue_owner_fn owner;
    void *owner_arg;
    bool given[TEST_PARTITIONS];
    uint64_t at[TEST_PARTITIONS];
    size_t taken_inbox[TEST_SERVERS];
    bool began_inbox[TEST_SERVERS];
};

struct presence {
    uint64_t server;
    par_presence_change_fn fn;
    void *arg;
};

struct says {
    uint64_t user, server;
};

struct test_world {
    pthread_mutex_t lock;
    struct log commands[TEST_PARTITIONS];
    struct log inbox[TEST_SERVERS];
    uint64_t inbox_of[TEST_SERVERS];
    struct queue *queues[TEST_SERVERS];
    bool cut[TEST_SERVERS];
    bool cut_route[TEST_SERVERS];
    bool cut_log[TEST_SERVERS];
    bool cut_store[TEST_SERVERS];
    bool hold, routes_down, lose_presence;
    struct beat beats[TEST_SERVERS];
    struct route routes[ROUTES_MAX];
    size_t route_count;
    struct presence *presences[TEST_SERVERS];
    struct says says[SAYS_MAX];
    size_t says_count;
    struct par_push_job pushes[PUSHES_MAX];
    size_t push_count;
    void *store;
    bool store_open[TEST_SERVERS]; /* by place; a server holds the address of its own */
    pthread_mutex_t store_lock;
};
extern struct test_world test_world;
#define world test_world

/* The place of a server in the tables; made at first sight. Under the lock. */
size_t test_place(uint64_t server);
bool test_is_cut(uint64_t server);
/* From everything, or from one of them alone. */
bool test_is_cut_from_routes(uint64_t server);
bool test_is_cut_from_log(uint64_t server);
void test_append(struct log *log, struct par_str bytes);

extern const struct par_queue_ops test_queue_ops;
extern const struct par_route_ops test_route_ops;

#endif
