/* The server's life: opening everything in order, and closing it again. */
#include "server/server.h"

#include "auth/attempts.h"
#include "auth/secret.h"
#include "base/json_read.h"
#include "base/log.h"
#include "loop/addr.h"
#include "loop/env.h"
#include "parley/redis.h"
#include "search/follow.h"
#include "server/drain.h"
#include "server/fanout.h"
#include "server/inbox.h"
#include "server/ledger.h"
#include "server/life.h"
#include "server/metrics.h"
#include "server/mover.h"
#include "server/owners.h"
#include "server/peers.h"
#include "server/presence.h"
#include "server/reach.h"
#include "server/reactor.h"
#include "server/routes.h"
#include "server/standby.h"
#include "server/waker.h"
#include "store/key.h"

#include <stdlib.h>
#include <unistd.h>

void par_server_limits(const struct par_server *server, struct par_proto_limits *limits_r)
{
    const struct par_config *config = server->config;
    *limits_r = (struct par_proto_limits){
#define X(name, value) .name = (uint32_t)PAR_CONFIG_GET(config->limits.name),
        PAR_PROTO_LIMITS(X)
#undef X
    };
}

const char *par_server_address(const struct par_server *server)
{
    return server->address;
}

static enum par_err fail(struct par_server_error *error, bool usage, enum par_err err,
                         const char *what, const char *why)
{
    error->usage = usage;
    snprintf(error->text, sizeof error->text, "%s: %s", what, why);
    return err;
}

/* Servers are told apart by a number; the name is the operator's. */
static uint64_t id_of(const char *name)
{
    uint64_t id = 0xCBF29CE484222325u;
    for (; *name; name++)
        id = (id ^ (uint8_t)*name) * 0x100000001B3u;
    return id & INT64_MAX ? id & INT64_MAX : 1;
}

static enum par_err open_store(struct par_server *server, struct par_server_error *error)
{
    const struct par_config *config = server->config;
    struct par_buf why = {0};
    struct par_store_options options;
    par_store_options_from(config, &options);
    enum par_err err = par_store_open(&options, &server->store, &why);
    if (err) {
        par_buf_add_u8(&why, 0);
        fail(error, err == PAR_E_CONFLICT || err == PAR_E_BAD_REQUEST, err, "store",
             why.failed ? "out of memory" : (const char *)why.data);
    }
    par_buf_fini(&why);
    return err;
}

static enum par_err no_driver(struct par_server_error *error, enum par_err err, const char *key)
{
    bool unknown = err == PAR_E_BAD_REQUEST;
    return fail(error, unknown, err, key,
                unknown ? "this program has no such driver, or its address is none"
                        : "it cannot be reached");
}

/* Higher than that of the life before, though the clock was set back. */
static uint64_t next_boot(struct par_server *server)
{
    uint64_t now = (uint64_t)par_wall_ms(), former;
    if (par_route_boot(server->route, server->id, &former))
        former = 0;
    return former >= now ? former + 1 : now;
}

static enum par_err open_drivers(struct par_server *server, struct par_server_error *error)
{
    const struct par_config *config = server->config;
    const struct par_redis_config redis = {.address = config->redis.address,
                                           .sentinels = config->redis.sentinels,
                                           .group = config->redis.group,
                                           .user = config->redis.user,
                                           .password = config->redis.password,
                                           .timeout_ms = (uint32_t)config->redis.timeout_ms,
                                           .connections = (uint32_t)config->redis.connections};
    struct par_route_config route = {.driver = config->route.driver,
                                     .redis = &redis,
                                     .lease_ms = (uint32_t)config->route.lease_ms,
                                     .dead_ms = (uint32_t)config->route.dead_ms};
    enum par_err err = par_route_open(&route, &server->route);
    if (err)
        return no_driver(error, err, "route.driver");
    server->boot = next_boot(server);
    struct par_queue_config queue;
    par_queue_config_from(config, &queue);
    queue.server = server->id;
    queue.boot = server->boot;
    struct par_presence_config presence = {.driver = config->presence.driver,
                                           .redis = &redis,
                                           .server = server->id,
                                           .boot = server->boot,
                                           .lease_ms = (uint32_t)config->presence.lease_ms};
    struct par_cache_config cache = {
        .driver = config->cache.driver, .redis = &redis, .max_bytes = (size_t)config->cache.bytes};
    err = par_queue_open(&queue, &server->queue);
    if (err)
        return no_driver(error, err, "queue.driver");
    err = par_presence_open(&presence, &server->presence);
    if (err)
        return no_driver(error, err, "presence.driver");
    err = par_cache_open(&cache, &server->cache);
    if (err)
        return no_driver(error, err, "cache.driver");
    par_presence_listen(server->presence, par_presence_changed, server);
    return PAR_OK;
}

static enum par_err open_tables(struct par_server *server, struct par_server_error *error)
{
    const struct par_config *config = server->config;
    /* Nobody outside may choose names of members whose hashes collide. */
    par_json_seed(par_random_u64());
    struct par_route *route = par_route_remote(server->route) ? NULL : server->route;
    server->directory = par_directory_new(route, server->id, server->boot);
    server->attempts = par_attempts_new();
    server->fanout = malloc(sizeof *server->fanout);
    if (!server->directory || !server->attempts || !server->fanout)
        return fail(error, false, PAR_E_UNAVAILABLE, "start", "out of memory");
    par_presence_open_server(server);
    par_fanout_init(server->fanout, server);
    par_queue_set_sink(server->queue, par_fanout_deliver, par_fanout_deliver_flush, server->fanout);
    enum par_err err = par_pool_new("worker", (unsigned)config->server.workers,
                                    (uint32_t)config->server.workers_queue, &server->workers);
    if (!err)
        err = par_routes_open(server, &server->routes);
    if (!err)
        err = par_peers_open(server, &server->peers);
    if (!err)
        err = par_pool_new("hasher", (unsigned)config->auth.threads, (uint32_t)config->auth.queue,
                           &server->hashers);
    if (!err)
        err = par_pool_new("searcher", (unsigned)config->search.threads,
                           (uint32_t)config->search.queue, &server->searchers);
    return err ? fail(error, false, err, "start", "the system gives no threads") : PAR_OK;
}

static enum par_err open_reactors(struct par_server *server, struct par_server_error *error)
{
    unsigned count = (unsigned)server->config->server.threads;
    if (count == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        count = cores > 0 ? (unsigned)cores : 1;
    }
    if (count > PAR_SERVER_MAX_REACTORS)
        count = PAR_SERVER_MAX_REACTORS;
    for (unsigned i = 0; i < count; i++) {
        enum par_err err = par_reactor_new(server, i, &server->reactors[i]);
        if (err)
            return fail(error, false, err, "start", "no memory or descriptors for a reactor");
        server->reactor_count = i + 1;
    }
    return PAR_OK;
}

static enum par_err listen_on(struct par_server *server, const char *text, bool metrics,
                              struct par_server_error *error)
{
    struct par_addr addr;
    int os_error = 0;
    if (par_addr_parse(par_str(text), &addr))
        return fail(error, true, PAR_E_BAD_REQUEST, text,
                    "not an address; it is ADDR:PORT or [ADDR]:PORT");
    for (unsigned i = 0; i < (metrics ? 1 : server->reactor_count); i++) {
        enum par_err err = par_reactor_listen(server->reactors[i], &addr, metrics, &os_error);
        if (err) {
            snprintf(error->text, sizeof error->text, "cannot listen on %s: %s", text,
                     strerror(os_error));
            return err;
        }
        /* Port 0 is one the system chose: the other reactors share it. */
        const struct par_listener *listener =
            metrics ? &server->reactors[i]->metrics_listener : &server->reactors[i]->listener;
        par_listener_addr(listener, &addr);
    }
    if (!metrics)
        par_addr_text(&addr, server->address);
    return PAR_OK;
}

/* An embedded server that ends in good order has released all that is durable, and leaves a row
 * that says so; without it, what was written last is looked at again (TAKEOVER.md E6). */
static bool take_clean(struct par_server *server)
{
    struct par_buf value = {0};
    int found = par_queue_remote(server->queue)
                    ? 0
                    : par_store_get(server->store, PAR_T_META, PAR_STORE_CLEAN, &value);
    par_buf_fini(&value);
    return found > 0 && par_store_delete(server->store, PAR_T_META, PAR_STORE_CLEAN,
                                         server->boot) == PAR_OUTCOME_OK;
}

/* Did a writer ever write there? Of a store that is new nothing was lost. */
static bool was_written(struct par_server *server)
{
    struct par_key key = par_key_number(0);
    struct par_buf value = {0};
    int found = par_store_get(server->store, PAR_T_CHECKPOINTS, par_key_str(&key), &value);
    par_buf_fini(&value);
    return found != 0;
}

static void leave_clean(struct par_server *server)
{
    if (!par_queue_remote(server->queue) &&
        par_store_put(server->store, PAR_T_META, PAR_STORE_CLEAN, PAR_STR("1"), server->boot) !=
            PAR_OUTCOME_OK)
        par_log_warn("server.not_clean", PAR_KV("do", "what was written last is looked at again"));
}

static enum par_err start(struct par_server *server, struct par_server_error *error)
{
    char why[sizeof error->text - 16];
    enum par_err err = par_ledger_open(server->store, &server->ledger);
    if (err)
        return fail(error, false, err, "start", "the system gives no threads");
    err = par_waker_open(server, &server->waker, why, sizeof why);
    if (err)
        return fail(error, err == PAR_E_BAD_REQUEST, err, "push", why);
    bool crashed = !par_queue_remote(server->queue) && !take_clean(server) && was_written(server);
    err = par_standby_open(server, crashed, &server->standby);
    if (err)
        return fail(error, false, err, "start", "the system gives no threads");
    if (server->config->search.enabled)
        err = par_follow_start(server->store, &server->follow);
    if (err)
        return fail(error, false, err, "start", "the system gives no threads");
    err = par_owners_open(server, &server->owners);
    if (err)
        return fail(error, err == PAR_E_CONFLICT, err, "writer",
                    err == PAR_E_CONFLICT ? "the store was written by another version of the rules"
                                          : "cannot read where it stopped");
    err = par_reach_open(server, &server->reach);
    if (!err)
        err = par_inbox_open(server, &server->inbox);
    if (!err)
        err = par_life_open(server, &server->life);
    for (unsigned i = 0; i < server->reactor_count && !err; i++)
        err = par_reactor_start(server->reactors[i]);
    if (err)
        return fail(error, false, err, "start", "the system gives no threads");
    server->metrics = par_metrics_new(server);
    atomic_store(&server->phase, PAR_SERVER_SERVING);
    return PAR_OK;
}

enum par_err par_server_open(struct par_config *config, struct par_server **server_r,
                             struct par_server_error *error_r)
{
    *server_r = NULL;
    *error_r = (struct par_server_error){0};
    struct par_server *server = calloc(1, sizeof *server);
    if (!server)
        return fail(error_r, false, PAR_E_UNAVAILABLE, "start", "out of memory");
    server->config = config;
    server->id = id_of(config->server.id);
    enum par_err err = par_secret_init();
    if (err)
        fail(error_r, false, err, "start", "the system gives no random numbers");
    if (!err)
        err = open_store(server, error_r);
    if (!err)
        err = open_drivers(server, error_r);
    if (!err)
        err = open_tables(server, error_r);
    if (!err)
        err = open_reactors(server, error_r);
    if (!err)
        err = listen_on(server, config->server.listen, false, error_r);
    if (!err && *config->metrics.listen)
        err = listen_on(server, config->metrics.listen, true, error_r);
    if (!err)
        err = start(server, error_r);
    if (err) {
        par_server_close(&server);
        return err;
    }
    *server_r = server;
    return PAR_OK;
}

/* Nobody is here any more: what comes now for whoever was goes on to where they are, or becomes a
 * push, before the inbox is closed. */
static bool end_of_routes(struct par_server *server)
{
    uint64_t *users = NULL;
    size_t count;
    enum par_err err = par_route_clear(server->route, server->id, server->boot, &users, &count);
    if (err)
        par_log_warn("server.routes_stay", PAR_KV("until", "another server stands in"));
    free(users);
    return !err;
}

void par_server_close(struct par_server **server)
{
    struct par_server *s = *server;
    if (!s)
        return;
    atomic_store(&s->phase, PAR_SERVER_STOPPING);
    par_mover_close(s);
    if (s->metrics)
        par_metrics_free(&s->metrics);
    for (unsigned i = 0; i < s->reactor_count; i++)
        par_reactor_stop(s->reactors[i]);
    for (unsigned i = 0; i < s->reactor_count; i++)
        par_reactor_join(s->reactors[i]);
    /* From here on nobody asks; what was asked is worked off, and its answers end in the mailboxes.
     */
    bool ran = s->owners != NULL;
    par_life_close(&s->life);
    par_owners_close(&s->owners);
    par_follow_stop(&s->follow);
    bool left = ran && end_of_routes(s);
    par_inbox_close(&s->inbox);
    par_reach_close(&s->reach);
    bool settled = par_standby_close(&s->standby);
    if (!settled)
        par_log_info("server.looks_owed", PAR_KV("to", "who stands in, or the next start"));
    /* A push that was not sent is found again after the next start. */
    bool all_pushed = par_waker_close(&s->waker);
    par_ledger_close(&s->ledger);
    if (left && settled)
        (void)par_route_bye(s->route, s->id, s->boot);
    if (ran && settled && all_pushed)
        leave_clean(s);
    /* The answers of the last jobs end in the mailboxes; what the reactors still want to have done
     * while they let go of everything (a departure that is due) is refused. */
    if (s->hashers)
        par_pool_join(s->hashers);
    if (s->workers)
        par_pool_join(s->workers);
    if (s->searchers)
        par_pool_join(s->searchers);
    for (unsigned i = 0; i < s->reactor_count; i++)
        par_reactor_free(&s->reactors[i]);
    par_pool_free(&s->hashers);
    par_pool_free(&s->workers);
    par_pool_free(&s->searchers);
    par_peers_close(&s->peers);
    par_routes_close(&s->routes);
    if (s->directory)
        par_presence_close_server(s);
    par_directory_free(&s->directory);
    par_attempts_free(&s->attempts);
    free(s->fanout);
    par_presence_close(&s->presence);
    par_cache_close(&s->cache);
    par_route_close(&s->route);
    par_queue_close(&s->queue);
    par_store_close(&s->store);
    free(s);
    *server = NULL;
}
