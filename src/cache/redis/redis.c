/* The cache driver `redis`: the newest entries of a conversation in Redis, for all servers, with
 * this server's memory in front.
 *
 * Key parley:c:CONV, value: top (8 bytes), then the newest entries, newest first, each as length (4
 * bytes) and bytes. A list is replaced by one with a higher top only, in one step (TAKEOVER.md V6);
 * it goes by itself after a day, or sooner when Redis is full (maxmemory-policy volatile-lru). What
 * comes back is checked by the wrapper like that of any driver. */
#include "cache/cache_private.h"
#include "base/buf.h"
#include "redis/redis.h"

#include <stdlib.h>

enum { ENTRIES = 15, BYTES_MAX = 64 * 1024, DAY_S = 86400 };

#define PREFIX "parley:c:"
enum { KEY_LEN = sizeof PREFIX - 1 + sizeof(struct par_conv) };

/* KEYS: the list. ARGV: its bytes, seconds. The first 8 bytes compare as numbers do. */
static const struct par_redis_script put_script = {
    "local was = redis.call('GETRANGE', KEYS[1], 0, 7) "
    "local top = string.sub(ARGV[1], 1, 8) "
    "for i = 1, #was do "
    "  local a, b = string.byte(was, i), string.byte(top, i) "
    "  if b > a then break end "
    "  if b < a or i == 8 then return 0 end "
    "end "
    "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) "
    "return 1"};

struct redis {
    struct par_redis *redis;
    void *memory; /* of the driver local */
};

static enum par_err redis_open(const struct par_cache_config *config, void **impl_r)
{
    struct redis *r = calloc(1, sizeof *r);
    if (r == NULL)
        return PAR_E_UNAVAILABLE;
    enum par_err err = par_redis_new(config->redis, PAR_FAMILY_CACHE, &r->redis);
    if (err == PAR_OK)
        err = par_cache__local.open(config, &r->memory);
    if (err == PAR_OK) {
        *impl_r = r;
    } else {
        par_redis_free(&r->redis);
        free(r);
    }
    return err;
}

static void redis_close(void *impl)
{
    struct redis *r = impl;
    par_cache__local.close(r->memory);
    par_redis_free(&r->redis);
    free(r);
}

static struct par_str key_of(const struct par_conv *conv, char key[KEY_LEN])
{
    memcpy(key, PREFIX, sizeof PREFIX - 1);
    memcpy(key + sizeof PREFIX - 1, conv, sizeof *conv);
    return par_str_of(key, KEY_LEN);
}

struct call {
    const struct par_conv *conv;
    struct par_str list; /* of a put */
    redisReply *reply;
};

static bool get_call(redisContext *connection, void *arg)
{
    struct call *call = arg;
    char key[KEY_LEN];
    const struct par_str argv[] = {PAR_STR("GET"), key_of(call->conv, key)};
    call->reply = par_redis_command(connection, 2, argv);
    return call->reply != NULL;
}

static bool put_call(redisContext *connection, void *arg)
{
    struct call *call = arg;
    char key[KEY_LEN], seconds[12];
    int len = snprintf(seconds, sizeof seconds, "%d", DAY_S);
    const struct par_str argv[] = {key_of(call->conv, key), call->list,
                                   par_str_of(seconds, (size_t)len)};
    call->reply = par_redis_eval(connection, &put_script, 1, 3, argv);
    return call->reply != NULL;
}

/* What a list of Redis says, in the arena; 0 when it is none that this driver wrote. */
static size_t decode(struct par_str bytes, struct par_arena *arena,
                     struct par_cache_entry **entries_r)
{
    struct par_cursor c = par_cursor(bytes);
    struct par_cache_entry *entries = par_arena_alloc(arena, ENTRIES * sizeof *entries);
    uint64_t top;
    size_t n = 0;
    if (entries == NULL || !par_cursor_u64(&c, &top))
        return 0;
    while (par_cursor_left(&c) > 0) {
        uint32_t len;
        struct par_str value;
        if (n == ENTRIES || n >= top || !par_cursor_u32(&c, &len) ||
            !par_cursor_bytes(&c, len, &value))
            return 0;
        entries[n] =
            (struct par_cache_entry){.seq = top - n, .value = par_arena_copy(arena, value)};
        if (value.len > 0 && entries[n].value.ptr == NULL)
            return 0;
        n++;
    }
    *entries_r = entries;
    return n;
}

static size_t redis_get(void *impl, const struct par_conv *conv, uint64_t last_seq,
                        struct par_arena *arena, struct par_cache_entry **entries_r)
{
    struct redis *r = impl;
    struct call call = {.conv = conv};
    size_t n = par_cache__local.get(r->memory, conv, last_seq, arena, entries_r);
    if (n > 0)
        return n;
    if (par_redis_run(r->redis, get_call, &call) == PAR_OK &&
        call.reply->type == REDIS_REPLY_STRING)
        n = decode(par_str_of(call.reply->str, (size_t)call.reply->len), arena, entries_r);
    if (call.reply != NULL)
        freeReplyObject(call.reply);
    if (n > 0)
        par_cache__local.put(r->memory, conv, *entries_r, n);
    return n;
}

static void redis_put(void *impl, const struct par_conv *conv,
                      const struct par_cache_entry *entries, size_t n)
{
    struct redis *r = impl;
    struct par_buf list = {0};
    struct call call = {.conv = conv};
    par_cache__local.put(r->memory, conv, entries, n);
    par_buf_add_u64(&list, entries[0].seq);
    for (size_t i = 0; i < n && i < ENTRIES; i++) {
        if (list.len + 4 + entries[i].value.len > BYTES_MAX)
            break;
        par_buf_add_u32(&list, (uint32_t)entries[i].value.len);
        par_buf_add_str(&list, entries[i].value);
    }
    call.list = par_buf_str(&list);
    /* One that cannot be put is one that will be missed. */
    if (!list.failed)
        (void)!par_redis_run(r->redis, put_call, &call);
    if (call.reply != NULL)
        freeReplyObject(call.reply);
    par_buf_fini(&list);
}

static void redis_extend(void *impl, const struct par_conv *conv, uint64_t seq,
                         struct par_str value)
{
    par_cache__local.extend(((struct redis *)impl)->memory, conv, seq, value);
}

static void redis_stats(void *impl, struct par_cache_stats *stats_r)
{
    par_cache__local.stats(((struct redis *)impl)->memory, stats_r);
}

const struct par_cache__driver par_cache__redis = {
    .name = "redis",
    .open = redis_open,
    .close = redis_close,
    .get = redis_get,
    .put = redis_put,
    .extend = redis_extend,
    .stats = redis_stats,
};
