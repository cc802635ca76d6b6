/* Presence in Redis: the calls.
 *
 * Keys, all numbers as 16 hexadecimal digits:
 *   parley:p:USER       hash of server -> boot epoch, and when its lease ends (ms of Redis's clock)
 *   parley:w:USER       hash of server that is to be told -> when that ends
 *   parley:told:SERVER  channel of a server: USER and 1 or 0, or a dot */
#include "presence/redis/redis_private.h"

#include <stdlib.h>

enum { USERS_A_CALL = 250, FIXED = 3 };

#define NOW "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000); "
#define LIVE                                                                                       \
    "local function live(user) "                                                                   \
    "  local rows = redis.call('HVALS', 'parley:p:' .. user) "                                     \
    "  for k = 1, #rows do if tonumber(string.sub(rows[k], 17)) >= now then return true end end "  \
    "  return false "                                                                              \
    "end "
#define TELL                                                                                       \
    "local function tell(user, online) "                                                           \
    "  local rows = redis.call('HGETALL', 'parley:w:' .. user) "                                   \
    "  for k = 1, #rows, 2 do "                                                                    \
    "    if tonumber(rows[k + 1]) >= now then "                                                    \
    "      redis.call('PUBLISH', 'parley:told:' .. rows[k], user .. online) "                      \
    "    end "                                                                                     \
    "  end "                                                                                       \
    "end "

/* ARGV: server, boot, lease, users. */
static const struct par_redis_script online_script = {
    NOW LIVE TELL
    "local lease = tonumber(ARGV[3]) "
    "for i = 4, #ARGV do "
    "  local user, key = ARGV[i], 'parley:p:' .. ARGV[i] "
    "  local was = live(user) "
    "  redis.call('HSET', key, ARGV[1], ARGV[2] .. string.format('%.0f', now + lease)) "
    "  redis.call('PEXPIRE', key, lease * 2) "
    "  if not was then tell(user, '1') end "
    "end "
    "return 1"};
static const struct par_redis_script offline_script = {
    NOW LIVE TELL "for i = 4, #ARGV do "
                  "  local user, key = ARGV[i], 'parley:p:' .. ARGV[i] "
                  "  local was = redis.call('HGET', key, ARGV[1]) "
                  "  if was and string.sub(was, 1, 16) <= ARGV[2] then "
                  "    redis.call('HDEL', key, ARGV[1]) "
                  "    if not live(user) then tell(user, '0') end "
                  "  end "
                  "end "
                  "return 1"};
static const struct par_redis_script watch_script = {
    NOW "local lease = tonumber(ARGV[3]) "
        "for i = 4, #ARGV do "
        "  local key = 'parley:w:' .. ARGV[i] "
        "  redis.call('HSET', key, ARGV[1], string.format('%.0f', now + lease)) "
        "  redis.call('PEXPIRE', key, lease * 2) "
        "end "
        "return 1"};
static const struct par_redis_script unwatch_script = {
    "for i = 4, #ARGV do redis.call('HDEL', 'parley:w:' .. ARGV[i], ARGV[1]) end "
    "return 1"};
/* Returns 1 or 0 for each user. */
static const struct par_redis_script look_script = {
    NOW LIVE "local out = {} "
             "for i = 4, #ARGV do out[#out + 1] = live(ARGV[i]) and 1 or 0 end "
             "return out"};

static void copy_online(const redisReply *reply, size_t n, bool *online_r)
{
    for (size_t i = 0; i < n; i++)
        online_r[i] = reply->type == REDIS_REPLY_ARRAY && i < reply->elements &&
                      reply->element[i]->integer == 1;
}

/* The script for all users, some at a time. */
static enum par_err for_all(struct par_presence__redis *p, const struct par_redis_script *script,
                            const uint64_t *users, size_t n, bool *online_r)
{
    struct par_redis_number numbers[USERS_A_CALL];
    char lease[12];
    int len = snprintf(lease, sizeof lease, "%u", p->lease_ms);
    struct par_str argv[FIXED + USERS_A_CALL] = {par_redis_number_str(&p->server),
                                                 par_redis_number_str(&p->boot),
                                                 par_str_of(lease, (size_t)len)};
    for (size_t first = 0; first < n; first += USERS_A_CALL) {
        size_t some = n - first < USERS_A_CALL ? n - first : USERS_A_CALL;
        for (size_t i = 0; i < some; i++) {
            numbers[i] = par_redis_number(users[first + i]);
            argv[FIXED + i] = par_redis_number_str(&numbers[i]);
        }
        redisReply *reply;
        enum par_err err =
            par_redis_run_script(p->redis, script, (int)(FIXED + some), argv, &reply);
        if (err)
            return err;
        if (online_r)
            copy_online(reply, some, online_r + first);
        freeReplyObject(reply);
    }
    return PAR_OK;
}

enum par_err par_presence__say(struct par_presence__redis *p, bool online, const uint64_t *users,
                               size_t n)
{
    return for_all(p, online ? &online_script : &offline_script, users, n, NULL);
}

enum par_err par_presence__watch(struct par_presence__redis *p, bool watched, const uint64_t *users,
                                 size_t n)
{
    return for_all(p, watched ? &watch_script : &unwatch_script, users, n, NULL);
}

enum par_err par_presence__look(struct par_presence__redis *p, const uint64_t *users, size_t n,
                                bool *online_r)
{
    return for_all(p, &look_script, users, n, online_r);
}

static bool publish(redisContext *connection, void *arg)
{
    struct par_presence__redis *p = arg;
    char channel[12 + PAR_REDIS_NUMBER + 1];
    snprintf(channel, sizeof channel, "parley:told:%s", p->server.text);
    const struct par_str argv[] = {PAR_STR("PUBLISH"), par_str(channel), PAR_STR(".")};
    redisReply *reply = par_redis_command(connection, 3, argv);
    if (!reply)
        return false;
    freeReplyObject(reply);
    return true;
}

void par_presence__tick(struct par_presence__redis *p)
{
    (void)!par_redis_run(p->redis, publish, p);
}
