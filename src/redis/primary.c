/* Redis: who the primary is, and a connection to it. */
#include "redis/redis_private.h"

#include "base/log.h"

#include <stdlib.h>

static struct timeval time_of(uint32_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static redisContext *connect_to(const struct par_host *address, uint32_t timeout_ms)
{
    struct timeval timeout = time_of(timeout_ms);
    redisContext *c = redisConnectWithTimeout(address->name, address->port, timeout);
    if (c && !c->err && redisSetTimeout(c, timeout) == REDIS_OK)
        return c;
    if (c)
        redisFree(c);
    return NULL;
}

static bool is_ok(redisReply *reply)
{
    bool ok = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply)
        freeReplyObject(reply);
    return ok;
}

static bool sign_in(const struct par_redis *r, redisContext *c)
{
    if (!*r->password)
        return true;
    const struct par_str with_user[] = {PAR_STR("AUTH"), par_str(r->user), par_str(r->password)};
    const struct par_str without[] = {PAR_STR("AUTH"), par_str(r->password)};
    return *r->user ? is_ok(par_redis_command(c, 3, with_user))
                    : is_ok(par_redis_command(c, 2, without));
}

/* A sentinel may tell of a primary that has just been replaced: the server itself knows better. */
static bool is_primary(redisContext *c)
{
    const struct par_str role[] = {PAR_STR("ROLE")};
    redisReply *reply = par_redis_command(c, 1, role);
    bool primary = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
                   reply->element[0]->str && strcmp(reply->element[0]->str, "master") == 0;
    if (reply)
        freeReplyObject(reply);
    return primary;
}

static bool ask_sentinel(const struct par_redis *r, const struct par_host *sentinel,
                         uint32_t timeout_ms, struct par_host *primary_r)
{
    const struct par_str ask[] = {PAR_STR("SENTINEL"), PAR_STR("get-master-addr-by-name"),
                                  par_str(r->group)};
    redisContext *c = connect_to(sentinel, timeout_ms);
    redisReply *reply = c ? par_redis_command(c, 3, ask) : NULL;
    bool ok = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
              reply->element[0]->str && reply->element[1]->str;
    if (ok) {
        snprintf(primary_r->name, sizeof primary_r->name, "%s", reply->element[0]->str);
        int port = atoi(reply->element[1]->str);
        primary_r->port = (uint16_t)port;
        ok = port > 0 && port <= UINT16_MAX;
    }
    if (reply)
        freeReplyObject(reply);
    if (c)
        redisFree(c);
    return ok;
}

static redisContext *try_primary(const struct par_redis *r, const struct par_host *address,
                                 uint32_t timeout_ms)
{
    redisContext *c = connect_to(address, timeout_ms);
    if (c && sign_in(r, c) && is_primary(c) &&
        redisSetTimeout(c, time_of(r->timeout_ms)) == REDIS_OK)
        return c;
    if (c)
        redisFree(c);
    return NULL;
}

static bool same(const struct par_host *a, const struct par_host *b)
{
    return a->port == b->port && strcmp(a->name, b->name) == 0;
}

redisContext *par_redis__connect(struct par_redis *r, uint32_t timeout_ms)
{
    struct par_host address, tried = {0};
    pthread_mutex_lock(&r->lock);
    bool known = r->known;
    address = r->primary;
    pthread_mutex_unlock(&r->lock);
    redisContext *c = known ? try_primary(r, &address, timeout_ms) : NULL;
    if (known)
        tried = address;
    for (size_t i = 0; !c && i < r->sentinel_count; i++) {
        /* All of them may name one that is gone, for as long as they do not agree that it is. */
        if (!ask_sentinel(r, &r->sentinels[i], timeout_ms, &address) || same(&address, &tried))
            continue;
        tried = address;
        c = try_primary(r, &address, timeout_ms);
        if (!c)
            continue;
        par_log_info("redis.primary", PAR_KV("host", address.name), PAR_KV("port", address.port));
        pthread_mutex_lock(&r->lock);
        r->primary = address;
        r->known = true;
        pthread_mutex_unlock(&r->lock);
    }
    return c;
}

redisContext *par_redis_connect(struct par_redis *r)
{
    return par_redis__connect(r, r->timeout_ms);
}
