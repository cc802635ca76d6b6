/* Connections to the gateways, shared by all threads that use the store. */
#include "store/hbase/pool.h"

#include "base/hosts.h"
#include "base/log.h"
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
    uint32_t rest_ms; /* 0: it answers */
    uint64_t rest_until_ms;
    bool probing; /* somebody is trying whether it answers again */
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

/* May this gateway be used now? One that was lost gets one call when its rest is over. */
static bool usable(struct gateway *g, uint64_t now)
{
    return g->rest_ms == 0 || (!g->probing && now >= g->rest_until_ms);
}

static bool any_well(const struct par_hbase__pool *pool)
{
    for (unsigned i = 0; i < pool->gateway_count; i++)
        if (pool->gateways[i].rest_ms == 0)
            return true;
    return false;
}

/* A free connection to a gateway that may be used; to any when none of them is well. NULL: all that
 * would do are busy. */
static struct connection *pick(struct par_hbase__pool *pool)
{
    uint64_t now = par_mono_ms();
    struct connection *any = NULL;
    for (unsigned i = 0; i < pool->connection_count; i++) {
        struct connection *c = &pool->connections[(pool->next + i) % pool->connection_count];
        if (c->busy)
            continue;
        if (usable(&pool->gateways[c->gateway], now)) {
            any = c;
            break;
        }
        if (!any)
            any = c;
    }
    pool->next = (pool->next + 1) % pool->connection_count;
    if (any && !usable(&pool->gateways[any->gateway], now) && any_well(pool))
        return NULL;
    return any;
}

/* probe_r: its gateway was lost. */
static struct connection *take(struct par_hbase__pool *pool, bool *probe_r)
{
    struct connection *c;
    pthread_mutex_lock(&pool->lock);
    while ((c = pick(pool)) == NULL)
        par_line_wait(&pool->line, &pool->lock);
    c->busy = true;
    struct gateway *g = &pool->gateways[c->gateway];
    *probe_r = g->rest_ms != 0;
    if (*probe_r)
        g->probing = true;
    pthread_mutex_unlock(&pool->lock);
    if (!c->wire)
        c->wire =
            par_hbase__gateway_new(g->host.name, g->host.port, pool->connect_ms, pool->answer_ms);
    return c;
}

static void note(struct gateway *g, bool lost, const char *why)
{
    g->probing = false;
    if (!lost) {
        if (g->rest_ms)
            par_log_info("hbase.gateway_back", PAR_KV("host", (const char *)g->host.name),
                         PAR_KV("port", g->host.port));
        g->rest_ms = 0;
        return;
    }
    if (g->rest_ms == 0)
        par_log_warn("hbase.gateway_lost", PAR_KV("host", (const char *)g->host.name),
                     PAR_KV("port", g->host.port), PAR_KV("why", why));
    g->rest_ms = g->rest_ms == 0 ? REST_FIRST_MS : g->rest_ms * 2;
    if (g->rest_ms > REST_LAST_MS)
        g->rest_ms = REST_LAST_MS;
    g->rest_until_ms = par_mono_ms() + g->rest_ms;
}

/* Returns whether some gateway is well. */
static bool give_back(struct par_hbase__pool *pool, struct connection *c, enum par_hbase__end end,
                      struct par_buf *why_r)
{
    const char *why = c->wire ? par_hbase__gateway_why(c->wire) : "out of memory";
    if (end != PAR_HBASE_OK && why_r) {
        par_buf_clear(why_r);
        par_buf_addz(why_r, why);
    }
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
enum par_hbase__end par_hbase__pool_once(struct par_hbase__pool *pool, par_hbase__pool_fn fn,
                                         void *arg, struct par_buf *why_r)
{
    for (;;) {
        bool probe;
        struct connection *c = take(pool, &probe);
        bool there = c->wire && (!probe || par_hbase__alive(c->wire, ALIVE_MS));
        enum par_hbase__end end = there ? fn(c->wire, arg) : PAR_HBASE_LOST;
        if (!give_back(pool, c, end, why_r) || there)
            return end;
    }
}

enum par_hbase__end par_hbase__pool_read(struct par_hbase__pool *pool, par_hbase__pool_fn fn,
                                         void *arg, struct par_buf *why_r)
{
    uint64_t end_ms = par_mono_ms() + pool->read_ms;
    for (;;) {
        enum par_hbase__end end = par_hbase__pool_once(pool, fn, arg, why_r);
        if (end == PAR_HBASE_OK || end == PAR_HBASE_REFUSED || par_mono_ms() >= end_ms)
            return end;
        _Atomic uint32_t never = 0;
        par_pause(&never, AGAIN_MS);
    }
}
