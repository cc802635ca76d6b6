/* For tests: a Redis of their own on a free port of loopback. */
#ifndef PAR_REDIS_TEST_SERVER_H
#define PAR_REDIS_TEST_SERVER_H

#include "redis/redis.h"

/* Starts one and returns its configuration, static. The tests that need it are built where there is
 * a redis-server (tools/setup cluster). */
const struct par_redis_config *par_test_redis_start(void);
/* Kills it; the next start has the same port and nothing in it. Harmless twice. */
void par_test_redis_kill(void);
/* Stops it for a while (SIGSTOP), and lets it go on. */
void par_test_redis_pause(bool paused);

#endif
