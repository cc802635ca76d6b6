/* The route driver `redis`: who serves, who is dead, and whose routes are cleared. */
#include "route/redis/redis_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ARGV: server, whether it serves (1), for how many ms that holds. Returns how many others serve.
 */
static const struct par_redis_script serve_script = {
    PAR_ROUTE_REDIS__NOW
    "if ARGV[2] == '1' then "
    "  redis.call('HSET', 'parley:serving', ARGV[1], string.format('%.0f', now)) "
    "else redis.call('HDEL', 'parley:serving', ARGV[1]) end "
    "local others, rows = 0, redis.call('HGETALL', 'parley:serving') "
    "for k = 1, #rows, 2 do "
    "  if tonumber(rows[k + 1]) + tonumber(ARGV[3]) < now then "
    "    redis.call('HDEL', 'parley:serving', rows[k]) "
    "  elseif rows[k] ~= ARGV[1] then others = others + 1 end "
    "end "
    "return others"};
/* ARGV: server, boot. */
static const struct par_redis_script bye_script = {
    "local was = redis.call('HGET', 'parley:beats', ARGV[1]) "
    "if was and string.sub(was, 1, 16) <= ARGV[2] then redis.call('HDEL', 'parley:beats', ARGV[1]) "
    "end "
    "local u = 'parley:u:' .. ARGV[1] "
    "local rows = redis.call('HGETALL', u) "
    "for k = 1, #rows, 2 do "
    "  if rows[k + 1] <= ARGV[2] then redis.call('HDEL', u, rows[k]) end "
    "end "
    "return 1"};
/* ARGV: server, after how many ms one is dead. Returns the next server on the ring and its boot, or
 * nothing. */
static const struct par_redis_script dead_script = {
    PAR_ROUTE_REDIS__NOW
    "local rows = redis.call('HGETALL', 'parley:beats') "
    "local first, after, value "
    "for k = 1, #rows, 2 do "
    "  local id = rows[k] "
    "  if id > ARGV[1] and (not after or id < after) then after = id end "
    "  if id ~= ARGV[1] and (not first or id < first) then first = id end "
    "end "
    "local id = after or first "
    "if not id then return {} end "
    "local beat = redis.call('HGET', 'parley:beats', id) "
    "if tonumber(string.sub(beat, 17)) + tonumber(ARGV[2]) >= now then return {} end "
    "return {id, string.sub(beat, 1, 16)}"};
/* ARGV: server, boot, cursor. Returns the next cursor and users that had a route. */
static const struct par_redis_script clear_script = {
    "local page = redis.call('HSCAN', 'parley:u:' .. ARGV[1], ARGV[3], 'COUNT', 500) "
    "local out = {page[1]} "
    "for k = 1, #page[2], 2 do "
    "  local user, boot = page[2][k], page[2][k + 1] "
    "  if boot <= ARGV[2] then "
    "    out[#out + 1] = user "
    "    local was = redis.call('HGET', 'parley:r:' .. user, ARGV[1]) "
    "    if was and string.sub(was, 1, 16) <= ARGV[2] then "
    "      redis.call('HDEL', 'parley:r:' .. user, ARGV[1]) "
    "    end "
    "  end "
    "end "
    "return out"};
/* ARGV: server. */
static const struct par_redis_script boot_script = {
    "local was = redis.call('HGET', 'parley:beats', ARGV[1]) "
    "return was and string.sub(was, 1, 16)"};

enum par_err par_route_redis__serve(void *state, uint64_t server, bool serves, unsigned *others_r)
{
    struct par_route_redis *r = state;
    char holds[PAR_ROUTE_REDIS__DIGITS_MAX];
    int len = snprintf(holds, sizeof holds, "%u", r->dead_ms / 2);
    struct par_redis_number s = par_redis_number(server);
    const struct par_str argv[] = {par_redis_number_str(&s), par_str(serves ? "1" : "0"),
                                   par_str_of(holds, (size_t)len)};
    redisReply *reply;
    enum par_err err = par_redis_run_script(r->redis, &serve_script, 3, argv, &reply);
    if (err)
        return err;
    *others_r = reply->type == REDIS_REPLY_INTEGER ? (unsigned)reply->integer : 0;
    freeReplyObject(reply);
    return PAR_OK;
}

enum par_err par_route_redis__bye(void *state, uint64_t server, uint64_t boot)
{
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    return par_route_redis__run(state, &bye_script, 2, argv);
}

enum par_err par_route_redis__dead(void *state, uint64_t server, uint64_t *server_r,
                                   uint64_t *boot_r)
{
    struct par_route_redis *r = state;
    char after[PAR_ROUTE_REDIS__DIGITS_MAX];
    int len = snprintf(after, sizeof after, "%u", r->dead_ms);
    struct par_redis_number s = par_redis_number(server);
    const struct par_str argv[] = {par_redis_number_str(&s), par_str_of(after, (size_t)len)};
    redisReply *reply;
    enum par_err err = par_redis_run_script(r->redis, &dead_script, 2, argv, &reply);
    if (err)
        return err;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        (!par_redis_parse_reply(reply->element[0], server_r) ||
         !par_redis_parse_reply(reply->element[1], boot_r)))
        *server_r = *boot_r = 0;
    freeReplyObject(reply);
    return PAR_OK;
}

struct users {
    uint64_t *user;
    size_t n, cap;
};

static bool add_user(struct users *users, uint64_t user)
{
    if (users->n == users->cap) {
        size_t cap = users->cap ? users->cap * 2 : 256;
        uint64_t *more = realloc(users->user, cap * sizeof *more);
        if (!more)
            return false;
        users->user = more;
        users->cap = cap;
    }
    users->user[users->n++] = user;
    return true;
}

enum par_err par_route_redis__clear(void *state, uint64_t server, uint64_t boot, uint64_t **users_r,
                                    size_t *count_r)
{
    struct par_route_redis *r = state;
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    char cursor[PAR_ROUTE_REDIS__DIGITS_MAX] = "0";
    struct users users = {0};
    enum par_err err = PAR_OK;
    do {
        const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                       par_str(cursor)};
        redisReply *reply;
        err = par_redis_run_script(r->redis, &clear_script, 3, argv, &reply);
        if (err)
            break;
        bool ok = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
                  reply->element[0]->str && strlen(reply->element[0]->str) < sizeof cursor;
        if (ok)
            snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        for (size_t i = 1; ok && i < reply->elements; i++) {
            uint64_t user;
            ok = par_redis_parse_reply(reply->element[i], &user) && add_user(&users, user);
        }
        freeReplyObject(reply);
        if (!ok)
            err = PAR_E_UNAVAILABLE;
    } while (!err && strcmp(cursor, "0") != 0);
    if (err) {
        free(users.user);
        return err;
    }
    *users_r = users.user;
    *count_r = users.n;
    return PAR_OK;
}

enum par_err par_route_redis__boot(void *state, uint64_t server, uint64_t *boot_r)
{
    struct par_route_redis *r = state;
    struct par_redis_number s = par_redis_number(server);
    const struct par_str argv[] = {par_redis_number_str(&s)};
    redisReply *reply;
    enum par_err err = par_redis_run_script(r->redis, &boot_script, 1, argv, &reply);
    if (err)
        return err;
    if (!par_redis_parse_reply(reply, boot_r))
        *boot_r = 0;
    freeReplyObject(reply);
    return PAR_OK;
}
