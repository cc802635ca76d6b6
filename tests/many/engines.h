/* A cluster in the memory of one test process: a store, a queue, a route table and a presence
 * family that several servers share, with the contracts of the remote drivers, and servers that can
 * be cut off from all of them as a dead one is. */
#ifndef PAR_TESTS_MANY_ENGINES_H
#define PAR_TESTS_MANY_ENGINES_H

#include "parley/push.h"
#include "server/server.h"

enum { TEST_PARTITIONS = 4, TEST_SERVERS = 8 };

/* The drivers' name in the configuration. */
#define TEST_DRIVER "test"

/* Puts the drivers in; everything is empty. */
void test_remote_start(void);
/* Frees what they kept; all servers are closed. */
void test_remote_end(void);

/* Cut: every call of this server (by its id) fails, its writers stop, nothing is taken. */
void test_remote_cut(uint64_t server, bool cut);
/* Cut from the store alone: its calls fail. By place: what store.hbase.gateways of it says. */
void test_remote_cut_store(int place, bool cut);
/* Cut from the route table: no beat of it arrives. */
void test_remote_cut_routes(uint64_t server, bool cut);
/* Or from the log alone. */
void test_remote_cut_log(uint64_t server, bool cut);
/* How often servers that are open went aside. */
size_t test_remote_asides(void);
/* Nobody takes commands while held. */
void test_remote_hold_commands(bool hold);
/* Every route of the user is lost, as in a fail-over. */
void test_remote_lose_routes(uint64_t user);
/* Calls of the route table fail, of all servers. */
void test_remote_routes_down(bool down);
/* Transitions of presence are not told to others. */
void test_remote_lose_presence(bool lose);
/* Hands a record to the inbox of a server, as if from another. */
void test_remote_send(uint64_t server, const struct par_delivery *d);
/* How many push jobs there were for the user, with a seq of at least this. */
size_t test_remote_pushes(uint64_t user, uint64_t seq);
size_t test_remote_routes(uint64_t user);

#endif
