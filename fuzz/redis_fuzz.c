/* A Redis that answers anything: the drivers of routes, presence and cache ask
 * a server of this process that sends pieces of the input for replies, and must
 * end with an answer or an error, and nothing that they did not have from a
 * well-formed reply.
 *
 * The first byte picks the call. A piece is its length (one byte, times four)
 * and its bytes; when all are sent the server hangs up. */
#include "base/arena.h"
#include "parley/cache.h"
#include "parley/presence.h"
#include "parley/redis.h"
#include "parley/route.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { USERS = 3, TIMEOUT_MS = 30 };

static int listener;
static char address[32];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const uint8_t *rest, *end; /* what is not sent yet; under the lock */

/* One piece; 0 when there is none left. */
static size_t next_piece(uint8_t bytes[1024])
{
    size_t n = 0;
    pthread_mutex_lock(&lock);
    if (rest < end) {
        n = (size_t)*rest++ * 4 + 1;
        if (n > (size_t)(end - rest))
            n = (size_t)(end - rest);
        memcpy(bytes, rest, n);
        rest += n;
    }
    pthread_mutex_unlock(&lock);
    return n;
}

static void *serve(void *arg)
{
    uint8_t bytes[1024], question[4096];
    int fd = (int)(intptr_t)arg;
    size_t n;
    while (recv(fd, question, sizeof question, 0) > 0 && (n = next_piece(bytes)) > 0)
        if (send(fd, bytes, n, MSG_NOSIGNAL) < 0)
            break;
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    (void)arg;
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
        else if (fd >= 0)
            close(fd);
    }
    return NULL;
}

static void start(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    pthread_t thread;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&addr, sizeof addr) ||
        listen(listener, 64) || getsockname(listener, (struct sockaddr *)&addr, &len) ||
        pthread_create(&thread, NULL, accept_all, NULL))
        abort();
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(addr.sin_port));
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void ask_routes(unsigned what, const struct par_redis_config *redis)
{
    static const uint64_t users[USERS] = {1, 2, 3};
    const struct par_route_config config = {.driver = "redis", .redis = redis};
    struct par_route *route;
    struct par_route_hits hits = {0};
    uint64_t *cleared = NULL, boot;
    size_t count = 0;
    bool lost;
    must(par_route_open(&config, &route) == PAR_OK);
    switch (what) {
    case 0:
        if (par_route_lookup(route, users, USERS, &hits) != PAR_OK)
            must(hits.count == 0);
        for (size_t i = 0; i < hits.count; i++)
            must(hits.hit[i].index < USERS);
        break;
    case 1:
        if (par_route_clear(route, 7, 100, &cleared, &count) != PAR_OK)
            must(cleared == NULL);
        break;
    case 2:
        (void)!par_route_boot(route, 7, &boot);
        break;
    default:
        (void)!par_route_register(route, 1, 7, 100);
        (void)!par_route_beat(route, 7, 100, &lost);
    }
    free(cleared);
    par_route_hits_fini(&hits);
    par_route_close(&route);
}

static void ask_cache(const struct par_redis_config *redis)
{
    const struct par_cache_config config = {
        .driver = "redis", .max_bytes = 1 << 20, .redis = redis};
    struct par_conv conv = par_conv_direct(1, 2);
    struct par_cache_entry *entries;
    struct par_arena arena = {0};
    struct par_cache *cache;
    must(par_cache_open(&config, &cache) == PAR_OK);
    size_t n = par_cache_get(cache, &conv, 5, &arena, &entries);
    /* V6: what is served reaches the last entry of the store, without holes. */
    for (size_t i = 0; i < n; i++)
        must(entries[i].seq == entries[0].seq - i);
    must(n == 0 || entries[0].seq >= 5);
    par_arena_fini(&arena);
    par_cache_close(&cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { CALLS = 5 };
    if (!listener)
        start();
    if (size == 0)
        return 0;
    const struct par_redis_config redis = {
        .address = address, .timeout_ms = TIMEOUT_MS, .connections = 1};
    pthread_mutex_lock(&lock);
    rest = data + 1;
    end = data + size;
    pthread_mutex_unlock(&lock);
    if (data[0] % CALLS == 4)
        ask_cache(&redis);
    else
        ask_routes(data[0] % CALLS, &redis);
    /* The input is gone after this. */
    pthread_mutex_lock(&lock);
    rest = end = NULL;
    pthread_mutex_unlock(&lock);
    return 0;
}
