/* Connections to the gateways, shared by all threads that use the store. */
#include "store/hbase/pool.h"

#include "base/hosts.h"
#include "base/log.h"
#include "loop/breaker.h"
#include "loop/env.h"
#include "loop/line.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    GATEWAYS_MAX = 16,
    CONNECTIONS_MAX = 256,
    REST_FIRST_MS = 200, /* how long a gateway that was lost is left alone */
    REST_LAST_MS = 5000,
    AGAIN_MS = 50,  /* between two tries of a read */
    ALIVE_MS = 500, /* for a gateway that was lost to say that it is there */
};

struct gateway {
    struct par_host host;
    struct par_breaker breaker;
};

struct connection {
    struct par_hbase__gateway *wire; /* NULL: not made yet */
    unsigned gateway;
    bool busy;
};

struct par_hbase__pool {
    pthread_mutex_t lock;
    struct par_line line; /* of threads for which no connection was free */
    uint32_t connect_ms, answer_ms, read_ms;
    struct gateway gateways[GATEWAYS_MAX];
    unsigned gateway_count;
    struct connection connections[CONNECTIONS_MAX];
    unsigned connection_count;
    unsigned next; /* where the search for a connection begins */
};

static bool parse(struct par_hbase__pool *pool, const char *list)
{
    struct par_host hosts[GATEWAYS_MAX];
    size_t n;
    if (!par_hosts_parse(list, hosts, GATEWAYS_MAX, &n))
        return false;
    for (size_t i = 0; i < n; i++)
        pool->gateways[i].host = hosts[i];
    pool->gateway_count = (unsigned)n;
    return true;
}

enum par_err par_hbase__pool_new(const struct par_hbase__pool_config *config,
                                 struct par_hbase__pool **pool_r, struct par_buf *why_r)
{
    *pool_r = NULL;
    struct par_hbase__pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return PAR_E_UNAVAILABLE;
    if (!parse(pool, config->gateways)) {
        par_buf_addz(why_r, "store.hbase.gateways: at most 16 of host:port, with commas between");
        free(pool);
        return PAR_E_BAD_REQUEST;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pool->connect_ms = config->connect_ms;
    pool->answer_ms = config->answer_ms;
    pool->read_ms = config->read_ms;
    pool->connection_count =
        config->connections < CONNECTIONS_MAX ? config->connections : CONNECTIONS_MAX;
    for (unsigned i = 0; i < pool->connection_count; i++)
        pool->connections[i].gateway = i % pool->gateway_count;
    *pool_r = pool;
    return PAR_OK;
}

void par_hbase__pool_free(struct par_hbase__pool **pool)
{
    struct par_hbase__pool *p = *pool;
    *pool = NULL;
    if (!p)
        return;
    for (unsigned i = 0; i < p->connection_count; i++)
        par_hbase__gateway_free(&p->connections[i].wire);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static bool any_well(const struct par_hbase__pool *pool)
{
    for (unsigned i = 0; i < pool->gateway_count; i++)
        if (!par_breaker_open(&pool->gateways[i].breaker))
            return true;
    return false;
}

/* A free connection to a gateway that may be used; to any when none of them is well. NULL: all that
 * would do are busy. */
static struct connection *pick(struct par_hbase__pool *pool)
{
    struct connection *any = NULL;
    for (unsigned i = 0; i < pool->connection_count; i++) {
        struct connection *c = &pool->connections[(pool->next + i) % pool->connection_count];
        if (c->busy)
            continue;
        if (par_breaker_lets(&pool->gateways[c->gateway].breaker)) {
            any = c;
            break;
        }
        if (!any)
            any = c;
    }
    pool->next = (pool->next + 1) % pool->connection_count;
    if (any && !par_breaker_lets(&pool->gateways[any->gateway].breaker) && any_well(pool))
        return NULL;
    return any;
}

/* probe_r: its gateway was lost. NULL: none was free until until_ms. */
static struct connection *take(struct par_hbase__pool *pool, uint64_t until_ms, bool *probe_r)
{
    struct connection *c;
    pthread_mutex_lock(&pool->lock);
    bool waits = true;
    while ((c = pick(pool)) == NULL && waits)
        waits = par_line_wait(&pool->line, &pool->lock, until_ms);
    if (!c) {
        pthread_mutex_unlock(&pool->lock);
        return NULL;
    }
    c->busy = true;
    struct gateway *g = &pool->gateways[c->gateway];
    *probe_r = par_breaker_enter(&g->breaker);
    pthread_mutex_unlock(&pool->lock);
    if (!c->wire)
        c->wire =
            par_hbase__gateway_new(g->host.name, g->host.port, pool->connect_ms, pool->answer_ms);
    return c;
}

static void note(struct gateway *g, bool lost, const char *why)
{
    if (lost && par_breaker_lost(&g->breaker, REST_FIRST_MS, REST_LAST_MS))
        par_log_warn("hbase.gateway_lost", PAR_KV("host", (const char *)g->host.name),
                     PAR_KV("port", g->host.port), PAR_KV("why", why));
    if (!lost && par_breaker_answered(&g->breaker))
        par_log_info("hbase.gateway_back", PAR_KV("host", (const char *)g->host.name),
                     PAR_KV("port", g->host.port));
}

static void say(struct par_buf *why_r, const char *why)
{
    if (!why_r)
        return;
    par_buf_clear(why_r);
    par_buf_addz(why_r, why);
}

/* Returns whether some gateway is well. */
static bool give_back(struct par_hbase__pool *pool, struct connection *c, enum par_hbase__end end,
                      struct par_buf *why_r)
{
    const char *why = c->wire ? par_hbase__gateway_why(c->wire) : "out of memory";
    if (end != PAR_HBASE_OK)
        say(why_r, why);
    pthread_mutex_lock(&pool->lock);
    c->busy = false;
    note(&pool->gateways[c->gateway], end == PAR_HBASE_LOST, why);
    bool well = any_well(pool);
    par_line_wake(&pool->line);
    pthread_mutex_unlock(&pool->lock);
    return well;
}

/* A call costs its caller seconds where nobody answers, and a write its certainty: a gateway that
 * was lost is asked something cheap first. */
static enum par_hbase__end call(struct par_hbase__pool *pool, par_hbase__pool_fn fn, void *arg,
                                uint64_t until_ms, struct par_buf *why_r)
{
    for (;;) {
        bool probe;
        struct connection *c = take(pool, until_ms, &probe);
        if (!c) {
            say(why_r, "no connection to a gateway was free in time");
            return PAR_HBASE_BUSY;
        }
        bool there = c->wire && (!probe || par_hbase__alive(c->wire, ALIVE_MS));
        enum par_hbase__end end = there ? fn(c->wire, arg) : PAR_HBASE_LOST;
        if (!give_back(pool, c, end, why_r) || there)
            return end;
    }
}

enum par_hbase__end par_hbase__pool_once(struct par_hbase__pool *pool, par_hbase__pool_fn fn,
                                         void *arg, struct par_buf *why_r)
{
    return call(pool, fn, arg, par_mono_ms() + pool->answer_ms, why_r);
}

enum par_hbase__end par_hbase__pool_read(struct par_hbase__pool *pool, par_hbase__pool_fn fn,
                                         void *arg, struct par_buf *why_r)
{
    uint64_t end_ms = par_mono_ms() + pool->read_ms;
    for (;;) {
        enum par_hbase__end end = call(pool, fn, arg, end_ms, why_r);
        if (end == PAR_HBASE_OK || end == PAR_HBASE_REFUSED || par_mono_ms() >= end_ms)
            return end;
        _Atomic uint32_t never = 0;
        par_pause(&never, AGAIN_MS);
    }
}
