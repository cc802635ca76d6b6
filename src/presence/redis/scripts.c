/* Presence in Redis: the calls.
 *
 * Keys, all numbers as 16 hexadecimal digits:
 *   parley:p:USER       hash of server -> boot epoch, and when its lease ends (ms of Redis's clock)
 *   parley:w:USER       hash of server that is to be told -> when that ends
 *   parley:told:SERVER  channel of a server: USER and 1 or 0, or a dot */
#include "presence/redis/redis_private.h"

#include <stdlib.h>

enum { FIXED = 3, WORD = PAR_REDIS_NUMBER + 2 };

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

/* ARGV: server, boot, lease, words: a user, and 1 or 0 for on line and for watched. */
static const struct par_redis_script say_script = {
    NOW LIVE TELL "local server, boot, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]) "
                  "local till = string.format('%.0f', now + lease) "
                  "for i = 4, #ARGV do "
                  "  local user = string.sub(ARGV[i], 1, 16) "
                  "  local p, w = 'parley:p:' .. user, 'parley:w:' .. user "
                  "  if string.sub(ARGV[i], 17, 17) == '1' then "
                  "    local was = live(user) "
                  "    redis.call('HSET', p, server, boot .. till) "
                  "    redis.call('PEXPIRE', p, lease * 2) "
                  "    if not was then tell(user, '1') end "
                  "  else "
                  "    local was = redis.call('HGET', p, server) "
                  "    if was and string.sub(was, 1, 16) <= boot then "
                  "      redis.call('HDEL', p, server) "
                  "      if not live(user) then tell(user, '0') end "
                  "    end "
                  "  end "
                  "  if string.sub(ARGV[i], 18, 18) == '1' then "
                  "    redis.call('HSET', w, server, till) "
                  "    redis.call('PEXPIRE', w, lease * 2) "
                  "  else redis.call('HDEL', w, server) end "
                  "end "
                  "return 1"};
/* ARGV: users. Returns 1 or 0 for each. */
static const struct par_redis_script look_script = {
    NOW LIVE "local out = {} "
             "for i = 1, #ARGV do out[#out + 1] = live(ARGV[i]) and 1 or 0 end "
             "return out"};

static void copy_online(const redisReply *reply, size_t n, bool *online_r)
{
    for (size_t i = 0; i < n; i++)
        online_r[i] = reply->type == REDIS_REPLY_ARRAY && i < reply->elements &&
                      reply->element[i]->integer == 1;
}

enum par_err par_presence__say(struct par_presence__redis *p,
                               const struct par_presence__word *words, size_t n)
{
    char text[PAR_PRESENCE__BATCH][WORD], lease[12];
    int len = snprintf(lease, sizeof lease, "%u", p->lease_ms);
    struct par_str argv[FIXED + PAR_PRESENCE__BATCH] = {par_redis_number_str(&p->server),
                                                        par_redis_number_str(&p->boot),
                                                        par_str_of(lease, (size_t)len)};
    redisReply *reply;
    for (size_t i = 0; i < n; i++) {
        struct par_redis_number user = par_redis_number(words[i].user);
        memcpy(text[i], user.text, PAR_REDIS_NUMBER);
        text[i][PAR_REDIS_NUMBER] = words[i].said ? '1' : '0';
        text[i][PAR_REDIS_NUMBER + 1] = words[i].watched ? '1' : '0';
        argv[FIXED + i] = par_str_of(text[i], WORD);
    }
    enum par_err err = par_redis_run_script(p->redis, &say_script, (int)(FIXED + n), argv, &reply);
    if (!err)
        freeReplyObject(reply);
    return err;
}

enum par_err par_presence__look(struct par_presence__redis *p, const uint64_t *users, size_t n,
                                bool *online_r)
{
    struct par_redis_number numbers[PAR_PRESENCE__BATCH];
    struct par_str argv[PAR_PRESENCE__BATCH];
    for (size_t first = 0; first < n; first += PAR_PRESENCE__BATCH) {
        size_t some = n - first < PAR_PRESENCE__BATCH ? n - first : PAR_PRESENCE__BATCH;
        redisReply *reply;
        for (size_t i = 0; i < some; i++) {
            numbers[i] = par_redis_number(users[first + i]);
            argv[i] = par_redis_number_str(&numbers[i]);
        }
        enum par_err err = par_redis_run_script(p->redis, &look_script, (int)some, argv, &reply);
        if (err)
            return err;
        copy_online(reply, some, online_r + first);
        freeReplyObject(reply);
    }
    return PAR_OK;
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
