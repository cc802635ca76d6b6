/* Redis: connections, taken and given back. */
#include "redis/redis_private.h"

#include "base/log.h"
#include "loop/env.h"

#include <stdlib.h>

enum {
    TIMEOUT_DEFAULT_MS = 1000,
    CONNECTIONS_DEFAULT = 8,
    REST_FIRST_MS = 50, /* how long Redis is left alone after a call that waited in vain */
    REST_LAST_MS = 500,
    TRY_MS = 500 /* for each answer of one that is asked whether it is there again */
};

static char *copy(const char *text)
{
    return strdup(text ? text : "");
}

enum par_err par_redis_new(const struct par_redis_config *config, enum par_family family,
                           struct par_redis **redis_r)
{
    *redis_r = NULL;
    struct par_redis *r = calloc(1, sizeof *r);
    if (!r)
        return PAR_E_UNAVAILABLE;
    r->family = family;
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
    r->source = (struct par_stats_source){.metric = PAR_G_REDIS_SILENT,
                                          .label = par_stats_word(PAR_LABEL_FAMILY, family),
                                          .sample = par_stats_sample_i64,
                                          .arg = &r->silent};
    par_stats_source_add(&r->source);
    *redis_r = r;
    return PAR_OK;
}

void par_redis_free(struct par_redis **redis)
{
    struct par_redis *r = *redis;
    *redis = NULL;
    if (!r)
        return;
    par_stats_source_remove(&r->source);
    while (r->idle_count)
        redisFree(r->idle[--r->idle_count]);
    pthread_mutex_destroy(&r->lock);
    free(r->group);
    free(r->user);
    free(r->password);
    free(r);
}

uint64_t par_redis_age(struct par_redis *r)
{
    pthread_mutex_lock(&r->lock);
    uint64_t age = r->age;
    pthread_mutex_unlock(&r->lock);
    return age;
}

/* A call and what it has taken. */
struct turn {
    redisContext *connection; /* NULL: none is open */
    uint64_t age;             /* of all connections when it was taken */
    bool tries;               /* Redis did not answer lately: this one looks whether it does */
    bool answered;            /* something came back */
    bool slow;                /* the last attempt failed, and took the time of an answer to do so */
};

/* With the lock held. */
static void enter(struct par_redis *r, struct turn *t)
{
    t->age = r->age;
    t->tries = par_breaker_enter(&r->breaker);
}

/* False: there is none, or Redis did not answer lately and is not to be tried by this one. */
static bool take(struct par_redis *r, struct turn *t)
{
    uint64_t until_ms = par_mono_ms() + r->timeout_ms;
    pthread_mutex_lock(&r->lock);
    bool waits = !par_breaker_open(&r->breaker);
    while (r->used == r->limit && waits)
        waits = par_line_wait(&r->line, &r->lock, until_ms) && !par_breaker_open(&r->breaker);
    bool may = r->used < r->limit && par_breaker_lets(&r->breaker);
    if (may) {
        r->used++;
        enter(r, t);
        t->connection = r->idle_count ? r->idle[--r->idle_count] : NULL;
    }
    pthread_mutex_unlock(&r->lock);
    return may;
}

/* Whatever is idle may be a connection to the same server that has just failed. With the lock held.
 */
static void forget_all(struct par_redis *r)
{
    while (r->idle_count)
        redisFree(r->idle[--r->idle_count]);
    r->age++;
    if (r->sentinel_count > 0)
        r->known = false;
}

/* Who waits for a connection would wait in vain. With the lock held. */
static void lost(struct par_redis *r)
{
    if (!par_breaker_lost(&r->breaker, REST_FIRST_MS, REST_LAST_MS))
        return;
    par_line_wake_all(&r->line);
    r->silent = 1;
    par_stats_inc_at(PAR_C_REDIS_SILENCES, r->family);
}

static bool attempt(struct par_redis *r, struct turn *t, par_redis_fn fn, void *arg)
{
    uint64_t began_ms = par_mono_ms();
    t->slow = false;
    if (!t->connection)
        t->connection =
            par_redis__connect(r, t->tries && r->timeout_ms > TRY_MS ? TRY_MS : r->timeout_ms);
    bool ok = t->connection && fn(t->connection, arg);
    t->answered = t->connection && !t->connection->err;
    if (ok && t->answered)
        return true;
    if (t->connection)
        redisFree(t->connection);
    t->connection = NULL;
    /* Nearly: the clocks differ. */
    t->slow = !t->answered && par_mono_ms() - began_ms >= r->timeout_ms - r->timeout_ms / 8;
    return false;
}

/* One that was idle may have been dead for long: a new one tells, unless others found out already
 * that Redis does not answer. */
static bool again(struct par_redis *r, struct turn *t)
{
    pthread_mutex_lock(&r->lock);
    bool first = t->age == r->age;
    if (first)
        forget_all(r);
    if (first && t->slow)
        lost(r);
    bool may = first || par_breaker_lets(&r->breaker);
    if (may)
        enter(r, t);
    pthread_mutex_unlock(&r->lock);
    return may;
}

/* What an earlier connection says is no news. */
static void give_back(struct par_redis *r, struct turn *t, bool ok)
{
    pthread_mutex_lock(&r->lock);
    r->used--;
    bool now = t->age == r->age;
    if (now && t->answered && par_breaker_answered(&r->breaker))
        r->silent = 0;
    if (now && !ok)
        forget_all(r);
    if (now && (t->slow || (t->tries && !t->answered)))
        lost(r);
    if (now && t->connection)
        r->idle[r->idle_count++] = t->connection;
    else if (t->connection)
        redisFree(t->connection);
    /* One line when it goes and one when it is back, not one a call. */
    bool changed = now && r->down == ok;
    if (now)
        r->down = !ok;
    par_line_wake(&r->line);
    pthread_mutex_unlock(&r->lock);
    if (changed && ok)
        par_log_info("redis.back");
    else if (changed)
        par_log_warn("redis.lost");
}

enum par_err par_redis_run(struct par_redis *r, par_redis_fn fn, void *arg)
{
    struct turn t = {0};
    if (!take(r, &t)) {
        par_stats_inc_at(PAR_C_REDIS_REFUSED, r->family);
        return PAR_E_UNAVAILABLE;
    }
    bool was_idle = t.connection != NULL;
    bool ok = attempt(r, &t, fn, arg);
    if (!ok && was_idle && again(r, &t))
        ok = attempt(r, &t, fn, arg);
    give_back(r, &t, ok);
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
