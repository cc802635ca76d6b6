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
#include "redis/redis.h"
#include "route/driver.h"

#include "loop/env.h"
#include "route/redis/own.h"

#include <stdlib.h>

enum { LEASE_DEFAULT_MS = 45000, DEAD_DEFAULT_MS = 5000, USERS_A_CALL = 250, DIGITS_MAX = 24 };
#define MAX_ROUTES_DEFAULT ((size_t)16 << 20)

#define NOW "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000); "
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
static const struct par_redis_script add_script = {
    NOW ADD "local missing = {} "
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
/* ARGV: server, boot, users: those who left are kept in mind. */
static const struct par_redis_script remind_script = {
    "local u = 'parley:u:' .. ARGV[1] "
    "for i = 3, #ARGV do "
    "  local had = redis.call('HGET', u, ARGV[i]) "
    "  if not had or had < ARGV[2] then redis.call('HSET', u, ARGV[i], ARGV[2]) end "
    "end "
    "return 1"};
/* ARGV: users. Returns, for each route: the place of its user, server, boot. */
static const struct par_redis_script lookup_script = {
    NOW "local out = {} "
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
/* ARGV: server, boot. Returns the boot epoch of the beat before, or nothing. A newer life of the
 * same server is not put back. */
static const struct par_redis_script beat_script = {
    NOW "local was = redis.call('HGET', 'parley:beats', ARGV[1]) "
        "if not was or string.sub(was, 1, 16) <= ARGV[2] then "
        "  redis.call('HSET', 'parley:beats', ARGV[1], ARGV[2] .. string.format('%.0f', now)) "
        "end "
        "return was and string.sub(was, 1, 16)"};
/* ARGV: server, whether it serves (1), for how many ms that holds. Returns how many others serve.
 */
static const struct par_redis_script serve_script = {
    NOW "if ARGV[2] == '1' then "
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
    NOW "local rows = redis.call('HGETALL', 'parley:beats') "
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

struct redis {
    struct par_redis *redis;
    uint32_t lease_ms, dead_ms;
    struct par_own own;
    /* Of the thread that beats. */
    bool beaten;
    bool lost;    /* something was, and no beat has said so yet */
    uint64_t age; /* of the connections, when all was renewed last */
    unsigned turn;
    uint64_t renewed_ms[PAR_OWN_SLICES];
};

static enum par_err redis_open(const struct par_route_config *config, void **state_r)
{
    struct redis *r = calloc(1, sizeof *r);
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
    struct redis *r = state;
    par_own_fini(&r->own);
    par_redis_free(&r->redis);
    free(r);
}

/* ---- calls ---- */

static enum par_err run_only(struct redis *r, const struct par_redis_script *script, int argc,
                             const struct par_str *argv)
{
    redisReply *reply;
    enum par_err err = par_redis_run_script(r->redis, script, argc, argv, &reply);
    if (!err)
        freeReplyObject(reply);
    return err;
}

/* ---- routes ---- */

static enum par_err add_route(struct redis *r, uint64_t user, uint64_t server, uint64_t boot)
{
    char lease[DIGITS_MAX];
    struct par_redis_number u = par_redis_number(user), s = par_redis_number(server),
                            b = par_redis_number(boot);
    int len = snprintf(lease, sizeof lease, "%u", r->lease_ms);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                   par_str_of(lease, (size_t)len), par_redis_number_str(&u)};
    return run_only(r, &add_script, 4, argv);
}

static enum par_err remove_route(struct redis *r, uint64_t user, uint64_t server, uint64_t boot)
{
    struct par_redis_number u = par_redis_number(user), s = par_redis_number(server),
                            b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                   par_redis_number_str(&u)};
    return run_only(r, &remove_script, 3, argv);
}

static enum par_err redis_add(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct redis *r = state;
    enum par_err err = par_own_remember(&r->own, user, server, boot);
    if (!err)
        err = add_route(r, user, server, boot);
    if (!err)
        par_own_registered(&r->own, user, server, boot);
    return err;
}

static enum par_err redis_remove(void *state, uint64_t user, uint64_t server, uint64_t boot)
{
    struct redis *r = state;
    par_own_leave(&r->own, user, server, boot);
    return remove_route(r, user, server, boot);
}

/* Runs a script with these users, at most USERS_A_CALL, behind its first `head` arguments. */
static enum par_err run_batch(struct redis *r, const struct par_redis_script *script,
                              const struct par_str *first, size_t head, const uint64_t *users,
                              size_t n, redisReply **reply_r)
{
    enum { HEAD_MAX = 3 };
    struct par_redis_number numbers[USERS_A_CALL];
    struct par_str argv[HEAD_MAX + USERS_A_CALL];
    PAR_ASSERT(head <= HEAD_MAX && n <= USERS_A_CALL);
    memcpy(argv, first, head * sizeof *first);
    for (size_t i = 0; i < n; i++) {
        numbers[i] = par_redis_number(users[i]);
        argv[head + i] = par_redis_number_str(&numbers[i]);
    }
    return par_redis_run_script(r->redis, script, (int)(head + n), argv, reply_r);
}

static size_t batch_of(size_t left)
{
    return left < USERS_A_CALL ? left : USERS_A_CALL;
}

static enum par_err redis_forget(void *state, const uint64_t *users, size_t count, uint64_t server,
                                 uint64_t boot)
{
    struct redis *r = state;
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    enum par_err err = PAR_OK;
    for (size_t i = 0; i < count; i++)
        par_own_forget(&r->own, users[i], server);
    for (size_t done = 0; !err && done < count; done += USERS_A_CALL) {
        redisReply *reply;
        err = run_batch(r, &forget_script, argv, 2, users + done, batch_of(count - done), &reply);
        if (!err)
            freeReplyObject(reply);
    }
    return err;
}

/* The hits of users first … first + n - 1. */
static enum par_err lookup_some(struct redis *r, const uint64_t *users, size_t first, size_t n,
                                struct par_route_hits *hits)
{
    struct par_redis_number numbers[USERS_A_CALL];
    struct par_str argv[USERS_A_CALL];
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
    for (size_t first = 0; !err && first < count; first += USERS_A_CALL)
        err = lookup_some(state, users, first, batch_of(count - first), hits);
    return err;
}

static void redis_gauges(void *state, struct par_route_stats *stats)
{
    struct redis *r = state;
    size_t bytes;
    stats->routes = par_own_count(&r->own, &bytes);
    stats->bytes = bytes;
    stats->max_routes = r->own.max;
}

/* ---- the ring ---- */

/* Somebody was registered again who had left: what has just changed decides, whoever is last. */
static enum par_err settle(struct redis *r, uint64_t user, uint64_t server, uint64_t boot)
{
    for (;;) {
        enum par_err err = remove_route(r, user, server, boot);
        if (err || !par_own_is_here(&r->own, user, server))
            return err;
        err = add_route(r, user, server, boot);
        if (err || par_own_is_here(&r->own, user, server))
            return err;
    }
}

/* Of those who were listed and have had no route, how many should have had one: not who came or
 * left meanwhile. */
static size_t count_missing(struct redis *r, const redisReply *reply,
                            const struct par_own_listed *listed, size_t n, uint64_t server)
{
    size_t missing = 0;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const redisReply *index = reply->element[i];
        if (index->type != REDIS_REPLY_INTEGER || index->integer < 0 || (size_t)index->integer >= n)
            continue;
        const struct par_own_listed *one = &listed[index->integer];
        missing += one->registered && !par_own_changed(&r->own, one, server);
    }
    return missing;
}

static enum par_err renew_batch(struct redis *r, const struct par_own_listed *listed, size_t n,
                                uint64_t server, uint64_t boot, size_t *missing)
{
    char lease[DIGITS_MAX];
    int len = snprintf(lease, sizeof lease, "%u", r->lease_ms);
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                   par_str_of(lease, (size_t)len)};
    uint64_t users[USERS_A_CALL];
    redisReply *reply;
    for (size_t i = 0; i < n; i++)
        users[i] = listed[i].user;
    enum par_err err = run_batch(r, &add_script, argv, 3, users, n, &reply);
    if (err)
        return err;
    *missing += count_missing(r, reply, listed, n, server);
    freeReplyObject(reply);
    for (size_t i = 0; !err && i < n; i++)
        if (!par_own_is_here(&r->own, users[i], server))
            err = settle(r, users[i], server, boot);
    return err;
}

static enum par_err remind_batch(struct redis *r, const struct par_own_listed *listed, size_t n,
                                 uint64_t server, uint64_t boot)
{
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    uint64_t users[USERS_A_CALL];
    redisReply *reply;
    for (size_t i = 0; i < n; i++)
        users[i] = listed[i].user;
    enum par_err err = run_batch(r, &remind_script, argv, 2, users, n, &reply);
    if (!err)
        freeReplyObject(reply);
    return err;
}

/* Registers these slices of what is this server's again; *lost_r when something of it was not
 * there. */
static enum par_err renew(struct redis *r, unsigned slices, uint64_t server, uint64_t boot,
                          bool *lost_r)
{
    size_t n, missing = 0;
    uint64_t now_ms = par_mono_ms();
    struct par_own_listed *here = par_own_list(&r->own, server, slices, false, &n);
    enum par_err err = here ? PAR_OK : PAR_E_UNAVAILABLE;
    for (size_t done = 0; !err && done < n; done += USERS_A_CALL)
        err = renew_batch(r, here + done, batch_of(n - done), server, boot, &missing);
    for (unsigned i = 0; !err && i < PAR_OWN_SLICES; i++)
        if (slices & 1u << i)
            r->renewed_ms[i] = now_ms;
    *lost_r |= missing > 0;
    free(here);
    return err;
}

/* All, and who left is kept in mind again. */
static enum par_err renew_all(struct redis *r, uint64_t server, uint64_t boot, bool *lost_r)
{
    size_t n;
    enum par_err err = renew(r, PAR_OWN_ALL, server, boot, lost_r);
    struct par_own_listed *left = par_own_list(&r->own, server, PAR_OWN_ALL, true, &n);
    if (!left)
        return PAR_E_UNAVAILABLE;
    for (size_t done = 0; !err && done < n; done += USERS_A_CALL)
        err = remind_batch(r, left + done, batch_of(n - done), server, boot);
    free(left);
    return err;
}

/* The next one in turn, and each whose leases have lost a third of their time. */
static unsigned due_slices(struct redis *r)
{
    unsigned due = 1u << r->turn++ % PAR_OWN_SLICES;
    uint64_t now_ms = par_mono_ms();
    for (unsigned i = 0; i < PAR_OWN_SLICES; i++)
        if (now_ms - r->renewed_ms[i] >= r->lease_ms / 3)
            due |= 1u << i;
    return due;
}

/* All routes at once are renewed when the primary may be another one than before, since that may
 * not have what was written last. Else some at a time: at each beat all would be more than one
 * Redis can do for many servers. */
static enum par_err redis_beat(void *state, uint64_t server, uint64_t boot, bool *lost_r)
{
    struct redis *r = state;
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    redisReply *reply;
    uint64_t was = 0, age = par_redis_age(r->redis);
    enum par_err err = par_redis_run_script(r->redis, &beat_script, 2, argv, &reply);
    if (err)
        return err;
    bool known = par_redis_parse_reply(reply, &was);
    /* Kept until a beat arrives as a whole: the next one finds what this one has put back. */
    r->lost |= r->beaten && (!known || was != boot);
    freeReplyObject(reply);
    bool all = !r->beaten || r->lost || age != r->age;
    if (!all)
        err = renew(r, due_slices(r), server, boot, &r->lost);
    if (!err && (all || r->lost))
        err = renew_all(r, server, boot, &r->lost);
    if (err)
        return err;
    r->beaten = true;
    r->age = age;
    *lost_r = r->lost;
    r->lost = false;
    return PAR_OK;
}

static enum par_err redis_serve(void *state, uint64_t server, bool serves, unsigned *others_r)
{
    struct redis *r = state;
    char holds[DIGITS_MAX];
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

static enum par_err redis_bye(void *state, uint64_t server, uint64_t boot)
{
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    return run_only(state, &bye_script, 2, argv);
}

static enum par_err redis_dead(void *state, uint64_t server, uint64_t *server_r, uint64_t *boot_r)
{
    struct redis *r = state;
    char after[DIGITS_MAX];
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

static enum par_err redis_clear(void *state, uint64_t server, uint64_t boot, uint64_t **users_r,
                                size_t *count_r)
{
    struct redis *r = state;
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    char cursor[DIGITS_MAX] = "0";
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

static enum par_err redis_boot(void *state, uint64_t server, uint64_t *boot_r)
{
    struct redis *r = state;
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

const struct par_route_ops par_route__redis = {
    .name = "redis",
    .open = redis_open,
    .close = redis_close,
    .add = redis_add,
    .remove = redis_remove,
    .lookup = redis_lookup,
    .gauges = redis_gauges,
    .remote = true,
    .beat = redis_beat,
    .serve = redis_serve,
    .forget = redis_forget,
    .bye = redis_bye,
    .dead = redis_dead,
    .clear = redis_clear,
    .boot = redis_boot,
};
