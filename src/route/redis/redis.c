/* The route driver `redis`: a table of many servers.
 *
 * Keys, all numbers as 16 hexadecimal digits:
 *   parley:r:USER     hash of server -> boot epoch, and when its lease ends (ms of Redis's clock)
 *   parley:u:SERVER   hash of user -> boot epoch: who was on a server, until forgotten or bye
 *   parley:beats      hash of server -> boot epoch, and when it last beat
 *   parley:serving    hash of server -> when it last said that it serves
 * Every change is a script, so that it compares and writes in one step; times are those of Redis,
 * so that no server's clock matters. A key of routes goes by itself when the last lease in it has
 * ended.
 */
#include "route/redis/redis_private.h"

#include "loop/env.h"

#include <stdlib.h>

enum { LEASE_DEFAULT_MS = 45000, DEAD_DEFAULT_MS = 5000 };
#define MAX_ROUTES_DEFAULT ((size_t)16 << 20)

/* Registers one user: a newer boot epoch stays. Returns whether the route was there and alive. */
#define ADD                                                                                        \
    "local function add(user, server, boot, lease) "                                               \
    "  local r, u = 'parley:r:' .. user, 'parley:u:' .. server "                                   \
    "  local was = redis.call('HGET', r, server) "                                                 \
    "  if not was or string.sub(was, 1, 16) <= boot then "                                         \
    "    redis.call('HSET', r, server, boot .. string.format('%.0f', now + lease)) "               \
    "    redis.call('PEXPIRE', r, lease * 2) "                                                     \
    "  end "                                                                                       \
    "  local had = redis.call('HGET', u, user) "                                                   \
    "  if not had or had <= boot then redis.call('HSET', u, user, boot) end "                      \
    "  return was and string.sub(was, 1, 16) >= boot and tonumber(string.sub(was, 17)) >= now "    \
    "end "

/* ARGV: server, boot, lease, users. Returns the places of those users who had no route. */
const struct par_redis_script par_route_redis__add_script = {
    PAR_ROUTE_REDIS__NOW ADD "local missing = {} "
                             "for i = 4, #ARGV do "
                             "  if not add(ARGV[i], ARGV[1], ARGV[2], tonumber(ARGV[3])) then "
                             "    missing[#missing + 1] = i - 4 "
                             "end end "
                             "return missing"};
/* ARGV: server, boot, user. */
static const struct par_redis_script remove_script = {
    "local r = 'parley:r:' .. ARGV[3] "
    "local was = redis.call('HGET', r, ARGV[1]) "
    "if was and string.sub(was, 1, 16) == ARGV[2] then redis.call('HDEL', r, ARGV[1]) end "
    "return 1"};
/* ARGV: server, boot, users. */
static const struct par_redis_script forget_script = {
    "local u = 'parley:u:' .. ARGV[1] "
    "for i = 3, #ARGV do "
    "  local had = redis.call('HGET', u, ARGV[i]) "
    "  if had and had <= ARGV[2] and "
    "     redis.call('HEXISTS', 'parley:r:' .. ARGV[i], ARGV[1]) == 0 then "
    "    redis.call('HDEL', u, ARGV[i]) "
    "  end "
    "end "
    "return 1"};
/* ARGV: users. Returns, for each route: the place of its user, server, boot. */
static const struct par_redis_script lookup_script = {
    PAR_ROUTE_REDIS__NOW "local out = {} "
                         "for i = 1, #ARGV do "
                         "  local rows = redis.call('HGETALL', 'parley:r:' .. ARGV[i]) "
                         "  for k = 1, #rows, 2 do "
                         "    if tonumber(string.sub(rows[k + 1], 17)) >= now then "
                         "      out[#out + 1] = i - 1 "
                         "      out[#out + 1] = rows[k] "
                         "      out[#out + 1] = string.sub(rows[k + 1], 1, 16) "
                         "    end "
                         "  end "
                         "end "
                         "return out"};
static enum par_err redis_open(const struct par_route_config *config, void **state_r)
{
    struct par_route_redis *r = calloc(1, sizeof *r);
    if (!r)
        return PAR_E_UNAVAILABLE;
    enum par_err err = par_redis_new(config->redis, PAR_FAMILY_ROUTE, &r->redis);
    if (err) {
        free(r);
        return err;
    }
    r->lease_ms = config->lease_ms ? config->lease_ms : LEASE_DEFAULT_MS;
    r->dead_ms = config->dead_ms ? config->dead_ms : DEAD_DEFAULT_MS;
    par_own_init(&r->own, config->max_routes ? config->max_routes : MAX_ROUTES_DEFAULT);
    *state_r = r;
    return PAR_OK;
}

static void redis_close(void *state)
{
    struct par_route_redis *r = state;
    par_own_fini(&r->own);
    par_redis_free(&r->redis);
    free(r);
}

/* ---- calls ---- */

enum par_err par_route_redis__run(struct par_route_redis *r, const struct par_redis_script *script,
                                  int argc, const struct par_str *argv)
{
    redisReply *reply;
    enum par_err err = par_redis_run_script(r->redis, script, argc, argv, &reply);
    if (!err)
        freeReplyObject(reply);
    return err;
}

/* Runs a script with these users, at most PAR_ROUTE_REDIS__USERS_A_CALL, behind its first `head`
 * arguments. */
enum par_err par_route_redis__run_batch(struct par_route_redis *r,
                                        const struct par_redis_script *script,
                                        const struct par_str *first, size_t head,
                                        const uint64_t *users, size_t n, redisReply **reply_r)
{
    enum { HEAD_MAX = 3 };
    struct par_redis_number numbers[PAR_ROUTE_REDIS__USERS_A_CALL];
    struct par_str argv[HEAD_MAX + PAR_ROUTE_REDIS__USERS_A_CALL];
    PAR_ASSERT(head <= HEAD_MAX && n <= PAR_ROUTE_REDIS__USERS_A_CALL);
    memcpy(argv, first, head * sizeof *first);
    for (size_t i = 0; i < n; i++) {
        numbers[i] = par_redis_number(users[i]);
        argv[head + i] = par_redis_number_str(&numbers[i]);
    }
    return par_redis_run_script(r->redis, script, (int)(head + n), argv, reply_r);
}

/* ---- routes ---- */

enum par_err par_route_redis__add(struct par_route_redis *r, uint64_t user, uint64_t server,
                                  uint64_t boot)
{
    char lease[PAR_ROUTE_REDIS__DIGITS_MAX];
    struct par_redis_number u = par_redis_number(user), s = par_redis_number(server),
                            b = par_redis_number(boot);
    int len = snprintf(lease, sizeof lease, "%u", r->lease_ms);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                   par_str_of(lease, (size_t)len), par_redis_number_str(&u)};
    return par_route_redis__run(r, &par_route_redis__add_script, 4, argv);
}

enum par_err par_route_redis__remove(struct par_route_redis *r, uint64_t user, uint64_t server,
                                     uint64_t boot)
{
    struct par_redis_number u = par_redis_number(user), s = par_redis_number(server),
                            b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                   par_redis_number_str(&u)};
    return par_route_redis__run(r, &remove_script, 3, argv);
}

static enum par_err redis_add(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct par_route_redis *r = state;
    enum par_err err = par_own_remember(&r->own, user, server, boot);
    if (!err)
        err = par_route_redis__add(r, user, server, boot);
    if (!err)
        par_own_registered(&r->own, user, server, boot);
    return err;
}

static enum par_err redis_remove(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct par_route_redis *r = state;
    par_own_leave(&r->own, user, server, boot);
    return par_route_redis__remove(r, user, server, boot);
}

static enum par_err redis_forget(void *state, const uint64_t *users, size_t count, uint64_t server,
                                 uint64_t boot)
{
    struct par_route_redis *r = state;
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    enum par_err err = PAR_OK;
    for (size_t i = 0; i < count; i++)
        par_own_forget(&r->own, users[i], server);
    for (size_t done = 0; !err && done < count; done += PAR_ROUTE_REDIS__USERS_A_CALL) {
        redisReply *reply;
        err = par_route_redis__run_batch(r, &forget_script, argv, 2, users + done,
                                         par_route_redis__batch_of(count - done), &reply);
        if (!err)
            freeReplyObject(reply);
    }
    return err;
}

/* The hits of users first … first + n - 1. */
static enum par_err lookup_some(struct par_route_redis *r, const uint64_t *users, size_t first,
                                size_t n, struct par_route_hits *hits)
{
    struct par_redis_number numbers[PAR_ROUTE_REDIS__USERS_A_CALL];
    struct par_str argv[PAR_ROUTE_REDIS__USERS_A_CALL];
    redisReply *reply;
    for (size_t i = 0; i < n; i++) {
        numbers[i] = par_redis_number(users[first + i]);
        argv[i] = par_redis_number_str(&numbers[i]);
    }
    enum par_err err = par_redis_run_script(r->redis, &lookup_script, (int)n, argv, &reply);
    if (err)
        return err;
    bool ok = reply->type == REDIS_REPLY_ARRAY && reply->elements % 3 == 0;
    for (size_t i = 0; ok && i < reply->elements; i += 3) {
        const redisReply *index = reply->element[i];
        uint64_t server, boot;
        ok = index->type == REDIS_REPLY_INTEGER && index->integer >= 0 &&
             (size_t)index->integer < n && par_redis_parse_reply(reply->element[i + 1], &server) &&
             par_redis_parse_reply(reply->element[i + 2], &boot) &&
             par_route__hit(hits, (uint32_t)(first + (size_t)index->integer), server, boot);
    }
    freeReplyObject(reply);
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

static enum par_err redis_lookup(void *state, const uint64_t *users, size_t count,
                                 struct par_route_hits *hits)
{
    enum par_err err = PAR_OK;
    /* Of nobody: a look whether the table can be read. */
    if (count == 0)
        return lookup_some(state, users, 0, 0, hits);
    for (size_t first = 0; !err && first < count; first += PAR_ROUTE_REDIS__USERS_A_CALL)
        err = lookup_some(state, users, first, par_route_redis__batch_of(count - first), hits);
    return err;
}

static void redis_gauges(void *state, struct par_route_stats *stats)
{
    struct par_route_redis *r = state;
    size_t bytes;
    stats->routes = par_own_count(&r->own, &bytes);
    stats->bytes = bytes;
    stats->max_routes = r->own.max;
}

const struct par_route_ops par_route__redis = {
    .name = "redis",
    .open = redis_open,
    .close = redis_close,
    .add = redis_add,
    .remove = redis_remove,
    .lookup = redis_lookup,
    .gauges = redis_gauges,
    .remote = true,
    .beat = par_route_redis__beat,
    .serve = par_route_redis__serve,
    .forget = redis_forget,
    .bye = par_route_redis__bye,
    .dead = par_route_redis__dead,
    .clear = par_route_redis__clear,
    .boot = par_route_redis__boot,
};
