/* Redis: connections, taken and given back. */
#include "redis/redis_private.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdlib.h>

enum { TIMEOUT_DEFAULT_MS = 1000, CONNECTIONS_DEFAULT = 8 };

static char *copy(const char *text)
{
    return strdup(text ? text : "");
}

enum par_err par_redis_new(const struct par_redis_config *config, struct par_redis **redis_r)
{
    *redis_r = NULL;
    struct par_redis *r = calloc(1, sizeof *r);
    if (!r)
        return PAR_E_UNAVAILABLE;
    r->group = copy(config->group);
    r->user = copy(config->user);
    r->password = copy(config->password);
    r->timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_DEFAULT_MS;
    r->limit = config->connections ? config->connections : CONNECTIONS_DEFAULT;
    if (r->limit > PAR_REDIS__CONNECTIONS_MAX)
        r->limit = PAR_REDIS__CONNECTIONS_MAX;
    pthread_mutex_init(&r->lock, NULL);
    bool sentinels = config->sentinels && *config->sentinels;
    bool ok = sentinels ? par_hosts_parse(config->sentinels, r->sentinels, PAR_REDIS__SENTINELS_MAX,
                                          &r->sentinel_count)
                        : par_hosts_parse(config->address ? config->address : "", &r->primary, 1,
                                          &(size_t){0});
    if (!ok || !r->group || !r->user || !r->password) {
        par_redis_free(&r);
        return ok ? PAR_E_UNAVAILABLE : PAR_E_BAD_REQUEST;
    }
    r->known = !sentinels;
    *redis_r = r;
    return PAR_OK;
}

void par_redis_free(struct par_redis **redis)
{
    struct par_redis *r = *redis;
    *redis = NULL;
    if (!r)
        return;
    while (r->idle_count)
        redisFree(r->idle[--r->idle_count]);
    pthread_mutex_destroy(&r->lock);
    free(r->group);
    free(r->user);
    free(r->password);
    free(r);
}

/* A right to a connection; *idle_r is one that is open, or NULL. */
static void take(struct par_redis *r, redisContext **idle_r)
{
    pthread_mutex_lock(&r->lock);
    while (r->used == r->limit)
        par_line_wait(&r->line, &r->lock);
    r->used++;
    *idle_r = r->idle_count ? r->idle[--r->idle_count] : NULL;
    pthread_mutex_unlock(&r->lock);
}

static void give_back(struct par_redis *r, redisContext *connection)
{
    pthread_mutex_lock(&r->lock);
    r->used--;
    if (connection)
        r->idle[r->idle_count++] = connection;
    par_line_wake(&r->line);
    pthread_mutex_unlock(&r->lock);
}

/* Whatever is idle may be a connection to the same server that has just failed. */
static void forget_idle(struct par_redis *r)
{
    redisContext *gone[PAR_REDIS__CONNECTIONS_MAX];
    pthread_mutex_lock(&r->lock);
    size_t n = r->idle_count;
    memcpy(gone, r->idle, n * sizeof *gone);
    r->idle_count = 0;
    if (r->sentinel_count > 0)
        r->known = false;
    pthread_mutex_unlock(&r->lock);
    while (n)
        redisFree(gone[--n]);
}

enum par_err par_redis_run(struct par_redis *r, par_redis_fn fn, void *arg)
{
    redisContext *connection;
    take(r, &connection);
    bool was_idle = connection != NULL, ok = false;
    for (int i = 0; i < 2 && !ok; i++) {
        if (!connection)
            connection = par_redis_connect(r);
        ok = connection && fn(connection, arg) && !connection->err;
        if (ok)
            break;
        if (connection)
            redisFree(connection);
        connection = NULL;
        forget_idle(r);
        /* One that was idle may have been dead for long: a new one tells. */
        if (!was_idle)
            break;
    }
    give_back(r, connection);
    /* One line when it goes and one when it is back, not one a call. */
    bool was_down = atomic_exchange(&r->down, !ok);
    if (was_down && ok)
        par_log_info("redis.back");
    else if (!was_down && !ok)
        par_log_warn("redis.lost");
    return ok ? PAR_OK : PAR_E_UNAVAILABLE;
}

/* ---- inside of fn ---- */

struct par_redis_number par_redis_number(uint64_t n)
{
    struct par_redis_number number;
    for (int i = PAR_REDIS_NUMBER - 1; i >= 0; i--, n >>= 4)
        number.text[i] = "0123456789abcdef"[n & 15];
    number.text[PAR_REDIS_NUMBER] = '\0';
    return number;
}

bool par_redis_parse(struct par_str text, uint64_t *n_r)
{
    *n_r = 0;
    if (text.len != PAR_REDIS_NUMBER)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9')
            *n_r = *n_r << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *n_r = *n_r << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    return true;
}

bool par_redis_parse_reply(const redisReply *reply, uint64_t *n_r)
{
    *n_r = 0;
    return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) &&
           par_redis_parse(par_str_of(reply->str, (size_t)reply->len), n_r);
}

redisReply *par_redis_command(redisContext *connection, int argc, const struct par_str *argv)
{
    const char *words[PAR_REDIS__WORDS_MAX];
    size_t lens[PAR_REDIS__WORDS_MAX];
    PAR_ASSERT(argc <= PAR_REDIS__WORDS_MAX);
    for (int i = 0; i < argc; i++) {
        words[i] = argv[i].ptr ? argv[i].ptr : "";
        lens[i] = argv[i].len;
    }
    redisReply *reply = redisCommandArgv(connection, argc, words, lens);
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        /* A primary that became a replica, or is loading: another will be asked. */
        par_log_warn("redis.error", PAR_KV("what", (const char *)reply->str));
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

redisReply *par_redis_eval(redisContext *connection, const struct par_redis_script *script,
                           int keys, int argc, const struct par_str *argv)
{
    struct par_str words[PAR_REDIS__WORDS_MAX];
    char count[12];
    PAR_ASSERT(argc + 3 <= PAR_REDIS__WORDS_MAX);
    int len = snprintf(count, sizeof count, "%d", keys);
    words[0] = PAR_STR("EVAL");
    words[1] = par_str(script->text);
    words[2] = par_str_of(count, (size_t)len);
    memcpy(words + 3, argv, (size_t)argc * sizeof *argv);
    return par_redis_command(connection, argc + 3, words);
}

struct call {
    const struct par_redis_script *script;
    int argc;
    const struct par_str *argv;
    redisReply *reply;
};

static bool eval(redisContext *connection, void *arg)
{
    struct call *call = arg;
    call->reply = par_redis_eval(connection, call->script, 0, call->argc, call->argv);
    return call->reply != NULL;
}

enum par_err par_redis_run_script(struct par_redis *r, const struct par_redis_script *script,
                                  int argc, const struct par_str *argv, redisReply **reply_r)
{
    struct call call = {script, argc, argv, NULL};
    enum par_err err = par_redis_run(r, eval, &call);
    if (err && call.reply) {
        freeReplyObject(call.reply);
        call.reply = NULL;
    }
    *reply_r = call.reply;
    return err;
}
