/* Redis: who the primary is, and a connection to it. */
#include "redis/redis_private.h"

#include "base/log.h"

#include <stdlib.h>

static bool parse_address(struct par_str text, struct par_redis__address *address_r)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    int port = 0;
    for (size_t i = colon; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || port > 65535)
            return false;
        port = port * 10 + (text.ptr[i] - '0');
    }
    if (colon < 2 || colon > sizeof address_r->host || port < 1 || port > 65535)
        return false;
    memcpy(address_r->host, text.ptr, colon - 1);
    address_r->host[colon - 1] = '\0';
    address_r->port = port;
    return true;
}

bool par_redis__addresses(const char *list, struct par_redis__address *addresses_r, size_t max,
                          size_t *n_r)
{
    *n_r = 0;
    while (*list) {
        size_t len = strcspn(list, ", ");
        if (len > 0) {
            if (*n_r == max || !parse_address(par_str_of(list, len), &addresses_r[*n_r]))
                return false;
            ++*n_r;
        }
        list += len;
        list += strspn(list, ", ");
    }
    return *n_r > 0;
}

static redisContext *connect_to(const struct par_redis *r, const struct par_redis__address *address)
{
    struct timeval timeout = {.tv_sec = r->timeout_ms / 1000,
                              .tv_usec = r->timeout_ms % 1000 * 1000};
    redisContext *c = redisConnectWithTimeout(address->host, address->port, timeout);
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

static bool ask_sentinel(const struct par_redis *r, const struct par_redis__address *sentinel,
                         struct par_redis__address *primary_r)
{
    const struct par_str ask[] = {PAR_STR("SENTINEL"), PAR_STR("get-master-addr-by-name"),
                                  par_str(r->group)};
    redisContext *c = connect_to(r, sentinel);
    redisReply *reply = c ? par_redis_command(c, 3, ask) : NULL;
    bool ok = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
              reply->element[0]->str && reply->element[1]->str;
    if (ok) {
        snprintf(primary_r->host, sizeof primary_r->host, "%s", reply->element[0]->str);
        primary_r->port = atoi(reply->element[1]->str);
        ok = primary_r->port > 0;
    }
    if (reply)
        freeReplyObject(reply);
    if (c)
        redisFree(c);
    return ok;
}

static redisContext *try_primary(struct par_redis *r, const struct par_redis__address *address)
{
    redisContext *c = connect_to(r, address);
    if (c && sign_in(r, c) && is_primary(c))
        return c;
    if (c)
        redisFree(c);
    return NULL;
}

redisContext *par_redis_connect(struct par_redis *r)
{
    struct par_redis__address address;
    pthread_mutex_lock(&r->lock);
    bool known = r->known;
    address = r->primary;
    pthread_mutex_unlock(&r->lock);
    redisContext *c = known ? try_primary(r, &address) : NULL;
    for (size_t i = 0; !c && i < r->sentinel_count; i++) {
        if (!ask_sentinel(r, &r->sentinels[i], &address))
            continue;
        c = try_primary(r, &address);
        if (!c)
            continue;
        par_log_info("redis.primary", PAR_KV("host", address.host), PAR_KV("port", address.port));
        pthread_mutex_lock(&r->lock);
        r->primary = address;
        r->known = true;
        pthread_mutex_unlock(&r->lock);
    }
    return c;
}
