/* The route driver `redis`: a server lives, and its routes are renewed. */
#include "route/redis/redis_private.h"

#include "loop/env.h"

#include <stdio.h>
#include <stdlib.h>

/* ARGV: server, boot, users: those who left are kept in mind. */
static const struct par_redis_script remind_script = {
    "local u = 'parley:u:' .. ARGV[1] "
    "for i = 3, #ARGV do "
    "  local had = redis.call('HGET', u, ARGV[i]) "
    "  if not had or had < ARGV[2] then redis.call('HSET', u, ARGV[i], ARGV[2]) end "
    "end "
    "return 1"};
/* ARGV: server, boot. Returns the boot epoch of the beat before, or nothing. A newer life of the
 * same server is not put back. */
static const struct par_redis_script beat_script = {
    PAR_ROUTE_REDIS__NOW
    "local was = redis.call('HGET', 'parley:beats', ARGV[1]) "
    "if not was or string.sub(was, 1, 16) <= ARGV[2] then "
    "  redis.call('HSET', 'parley:beats', ARGV[1], ARGV[2] .. string.format('%.0f', now)) "
    "end "
    "return was and string.sub(was, 1, 16)"};

/* Somebody was registered again who had left: what has just changed decides, whoever is last. */
static enum par_err settle(struct par_route_redis *r, uint64_t user, uint64_t server, uint64_t boot)
{
    for (;;) {
        enum par_err err = par_route_redis__remove(r, user, server, boot);
        if (err || !par_own_is_here(&r->own, user, server))
            return err;
        err = par_route_redis__add(r, user, server, boot);
        if (err || par_own_is_here(&r->own, user, server))
            return err;
    }
}

/* Of those who were listed and have had no route, how many should have had one: not who came or
 * left meanwhile. */
static size_t count_missing(struct par_route_redis *r, const redisReply *reply,
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

static enum par_err renew_batch(struct par_route_redis *r, const struct par_own_listed *listed,
                                size_t n, uint64_t server, uint64_t boot, size_t *missing)
{
    char lease[PAR_ROUTE_REDIS__DIGITS_MAX];
    int len = snprintf(lease, sizeof lease, "%u", r->lease_ms);
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b),
                                   par_str_of(lease, (size_t)len)};
    uint64_t users[PAR_ROUTE_REDIS__USERS_A_CALL];
    redisReply *reply;
    for (size_t i = 0; i < n; i++)
        users[i] = listed[i].user;
    enum par_err err =
        par_route_redis__run_batch(r, &par_route_redis__add_script, argv, 3, users, n, &reply);
    if (err)
        return err;
    *missing += count_missing(r, reply, listed, n, server);
    freeReplyObject(reply);
    for (size_t i = 0; !err && i < n; i++)
        if (!par_own_is_here(&r->own, users[i], server))
            err = settle(r, users[i], server, boot);
    return err;
}

static enum par_err remind_batch(struct par_route_redis *r, const struct par_own_listed *listed,
                                 size_t n, uint64_t server, uint64_t boot)
{
    struct par_redis_number s = par_redis_number(server), b = par_redis_number(boot);
    const struct par_str argv[] = {par_redis_number_str(&s), par_redis_number_str(&b)};
    uint64_t users[PAR_ROUTE_REDIS__USERS_A_CALL];
    redisReply *reply;
    for (size_t i = 0; i < n; i++)
        users[i] = listed[i].user;
    enum par_err err = par_route_redis__run_batch(r, &remind_script, argv, 2, users, n, &reply);
    if (!err)
        freeReplyObject(reply);
    return err;
}

/* Registers these slices of what is this server's again; *lost_r when something of it was not
 * there. */
static enum par_err renew(struct par_route_redis *r, unsigned slices, uint64_t server,
                          uint64_t boot, bool *lost_r)
{
    size_t n, missing = 0;
    uint64_t now_ms = par_mono_ms();
    struct par_own_listed *here = par_own_list(&r->own, server, slices, false, &n);
    enum par_err err = here ? PAR_OK : PAR_E_UNAVAILABLE;
    for (size_t done = 0; !err && done < n; done += PAR_ROUTE_REDIS__USERS_A_CALL)
        err = renew_batch(r, here + done, par_route_redis__batch_of(n - done), server, boot,
                          &missing);
    for (unsigned i = 0; !err && i < PAR_OWN_SLICES; i++)
        if (slices & 1u << i)
            r->renewed_ms[i] = now_ms;
    *lost_r |= missing > 0;
    free(here);
    return err;
}

/* All, and who left is kept in mind again. */
static enum par_err renew_all(struct par_route_redis *r, uint64_t server, uint64_t boot,
                              bool *lost_r)
{
    size_t n;
    enum par_err err = renew(r, PAR_OWN_ALL, server, boot, lost_r);
    struct par_own_listed *left = par_own_list(&r->own, server, PAR_OWN_ALL, true, &n);
    if (!left)
        return PAR_E_UNAVAILABLE;
    for (size_t done = 0; !err && done < n; done += PAR_ROUTE_REDIS__USERS_A_CALL)
        err = remind_batch(r, left + done, par_route_redis__batch_of(n - done), server, boot);
    free(left);
    return err;
}

/* The next one in turn, and each whose leases have lost a third of their time. */
static unsigned due_slices(struct par_route_redis *r)
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
enum par_err par_route_redis__beat(void *state, uint64_t server, uint64_t boot, bool *lost_r)
{
    struct par_route_redis *r = state;
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
