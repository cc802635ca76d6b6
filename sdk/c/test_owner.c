/* An owner of a client core for tests: records and frames in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_owner.h"

#include "proto/decode.h"

#include <stdio.h>
#include <stdlib.h>

struct par_str test_str(const json_t *string)
{
    return par_str_of(json_string_value(string), json_string_length(string));
}

static json_t *str_json(struct par_str s)
{
    return json_stringn(s.ptr, s.len);
}

/* ---- callbacks ---- */

static uint64_t next_random(void *arg)
{
    struct owner *o = arg;
    uint64_t z = (o->seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void connect_wanted(void *arg)
{
    struct owner *o = arg;
    assert_false(o->connected);
    o->connected = true;
    o->connects++;
}

static void close_wanted(void *arg)
{
    struct owner *o = arg;
    assert_true(o->connected);
    o->connected = false;
    o->closes++;
}

/* Everything that the core says is well formed to the server's own decoder. */
static void must_decode(struct par_str frame)
{
    struct par_arena arena = {0};
    struct par_frame_in in;
    if (par_proto_decode(frame, &par_proto_limits_default, &arena, &in) != PAR_DECODED_OK)
        fail_msg("%s: %.*s", in.message, PAR_STR_ARGS(frame));
    par_arena_fini(&arena);
}

static void frame_sent(void *arg, struct par_str frame)
{
    struct owner *o = arg;
    must_decode(frame);
    assert_true(o->connected);
    /* Records first: nothing is said that a crash could take back. */
    assert_int_equal(json_array_size(o->batch), 0);
    json_t *j = json_loadb(frame.ptr, frame.len, JSON_REJECT_DUPLICATES, NULL);
    if (!j)
        fail_msg("not JSON: %.*s", PAR_STR_ARGS(frame));
    json_array_append_new(o->frames, j);
}

static json_t *hex(struct par_str key)
{
    char text[512];
    for (size_t i = 0; i < key.len; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned char)key.ptr[i]);
    return json_stringn(text, 2 * key.len);
}

static void put(void *arg, enum par_sdk_record kind, struct par_str key, struct par_str value)
{
    struct owner *o = arg;
    json_array_append_new(o->batch, json_pack("[i,o,o]", kind, hex(key), str_json(value)));
}

static void del(void *arg, enum par_sdk_record kind, struct par_str key)
{
    struct owner *o = arg;
    json_array_append_new(o->batch, json_pack("[i,o,n]", kind, hex(key)));
}

static void clear(void *arg)
{
    struct owner *o = arg;
    json_array_append_new(o->batch, json_array());
}

static bool commit(void *arg)
{
    struct owner *o = arg;
    json_t *change;
    size_t i;
    o->commits++;
    if (o->commit_fails)
        return false;
    json_array_foreach(o->batch, i, change)
    {
        if (json_array_size(change) == 0) {
            for (int kind = 0; kind < PAR_SDK_RECORD_ITEM; kind++)
                json_object_clear(o->records[kind]);
            continue;
        }
        json_t *kind = o->records[json_integer_value(json_array_get(change, 0))];
        const char *key = json_string_value(json_array_get(change, 1));
        json_t *value = json_array_get(change, 2);
        if (json_is_null(value))
            json_object_del(kind, key);
        else
            json_object_set(kind, key, value);
    }
    json_array_clear(o->batch);
    return true;
}

static void status(void *arg, const struct par_sdk_status *s)
{
    ((struct owner *)arg)->status = *s;
}

static void item(void *arg, const struct par_sdk_item *i)
{
    static const char *const words[] = {"sending", "sent", "delivered", "read", "failed"};
    struct owner *o = arg;
    char cmid[65] = "";
    memcpy(cmid, i->write->cmid.ptr, i->write->cmid.len);
    json_object_set_new(o->items, cmid, json_string(words[i->state]));
    if (i->state != PAR_SDK_SENDING)
        json_object_set_new(o->ended, cmid,
                            json_integer(json_integer_value(json_object_get(o->ended, cmid)) + 1));
}

static void reset(void *arg)
{
    ((struct owner *)arg)->resets++;
}

static void sync_required(void *arg)
{
    ((struct owner *)arg)->syncs++;
}

static void page(void *arg, const struct par_sdk_conv *conv, uint32_t came, bool start)
{
    (void)conv, (void)came, (void)start;
    ((struct owner *)arg)->pages++;
}

static const struct par_sdk_ops ops = {
    .random = next_random,
    .connect = connect_wanted,
    .close = close_wanted,
    .send = frame_sent,
    .put = put,
    .del = del,
    .clear = clear,
    .commit = commit,
    .on_status = status,
    .on_item = item,
    .on_reset = reset,
    .on_sync_required = sync_required,
    .on_page = page,
};

/* ---- life ---- */

static void make(struct owner *o)
{
    o->sdk = par_sdk_new(&o->settings, &ops, o);
    assert_non_null(o->sdk);
}

void test_owner_init(struct owner *o)
{
    *o = (struct owner){.now = 1000, .seed = 7};
    o->settings = (struct par_sdk_settings)PAR_SDK_SETTINGS_DEFAULT;
    o->settings.user = 1001;
    o->settings.token = PAR_STR("token");
    o->settings.client = PAR_STR("test/1.0");
    for (int kind = 0; kind < PAR_SDK_RECORD_KINDS; kind++)
        o->records[kind] = json_object();
    o->batch = json_array();
    o->frames = json_array();
    o->items = json_object();
    o->ended = json_object();
    make(o);
}

void test_owner_fini(struct owner *o)
{
    par_sdk_free(&o->sdk);
    for (int kind = 0; kind < PAR_SDK_RECORD_KINDS; kind++)
        json_decref(o->records[kind]);
    json_decref(o->batch);
    json_decref(o->frames);
    json_decref(o->items);
    json_decref(o->ended);
}

static void restore(struct owner *o, enum par_sdk_record kind, const char *key, const json_t *value)
{
    char bytes[256];
    size_t n = strlen(key) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(key + 2 * i, "%2x", &byte), 1);
        bytes[i] = (char)byte;
    }
    assert_true(par_sdk_restore(o->sdk, kind, par_str_of(bytes, n), test_str(value)));
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void test_owner_crash(struct owner *o)
{
    par_sdk_free(&o->sdk);
    json_array_clear(o->batch);
    json_array_clear(o->frames);
    o->connected = false;
    make(o);
    for (int kind = 0; kind < PAR_SDK_RECORD_KINDS; kind++) {
        size_t n = json_object_size(o->records[kind]), i = 0;
        const char **keys = calloc(n + 1, sizeof *keys), *key;
        json_t *value;
        json_object_foreach(o->records[kind], key, value)
        {
            keys[i++] = key;
        }
        qsort(keys, n, sizeof *keys, by_key);
        for (i = 0; i < n; i++)
            restore(o, (enum par_sdk_record)kind, keys[i],
                    json_object_get(o->records[kind], keys[i]));
        free(keys);
    }
}

void test_owner_pass(struct owner *o, int64_t ms)
{
    int64_t end = o->now + ms;
    for (int64_t next; (next = par_sdk_next(o->sdk)) <= end;) {
        o->now = next > o->now ? next : o->now;
        par_sdk_tick(o->sdk, o->now);
    }
    o->now = end;
}

void test_owner_open(struct owner *o)
{
    for (int i = 0; i < 600 && !o->connected; i++)
        test_owner_pass(o, 100);
    assert_true(o->connected);
    par_sdk_opened(o->sdk, o->now);
}

void test_owner_online(struct owner *o, json_t *rows)
{
    par_sdk_start(o->sdk, o->now);
    test_owner_open(o);
    json_t *hello = test_owner_took(o, "hello");
    test_owner_answer(o, hello,
                      json_pack("{s:s,s:i,s:o,s:s}", "store", "first", "heartbeat_ms", 25000,
                                "conversations", rows, "sync_token", "t1"));
    json_decref(hello);
    assert_int_equal(par_sdk_status(o->sdk).link, PAR_SDK_ONLINE);
}

/* ---- frames ---- */

json_t *test_owner_take(struct owner *o, const char *op)
{
    json_t *frame;
    size_t i;
    json_array_foreach(o->frames, i, frame)
    {
        if (strcmp(json_string_value(json_object_get(frame, "op")), op) == 0) {
            json_incref(frame);
            json_array_remove(o->frames, i);
            return frame;
        }
    }
    return NULL;
}

json_t *test_owner_took(struct owner *o, const char *op)
{
    json_t *frame = test_owner_take(o, op);
    if (!frame)
        fail_msg("no %s was asked", op);
    return frame;
}

void test_owner_none(struct owner *o, const char *op)
{
    assert_null(test_owner_take(o, op));
}

void test_owner_lost(struct owner *o, uint16_t code)
{
    o->connected = false;
    json_array_clear(o->frames);
    par_sdk_closed(o->sdk, o->now, code);
}

void test_owner_give(struct owner *o, json_t *frame)
{
    char *text = json_dumps(frame, JSON_COMPACT);
    par_sdk_frame(o->sdk, o->now, par_str(text));
    free(text);
    json_decref(frame);
}

void test_owner_answer(struct owner *o, const json_t *request, json_t *ok)
{
    test_owner_give(o, json_pack("{s:O,s:o}", "re", json_object_get(request, "id"), "ok", ok));
}

void test_owner_refuse(struct owner *o, const json_t *request, const char *code, bool retry,
                       int retry_after_ms)
{
    test_owner_give(o, json_pack("{s:O,s:{s:s,s:s,s:b,s:i}}", "re", json_object_get(request, "id"),
                                 "error", "code", code, "message", "no", "retry", retry,
                                 "retry_after_ms", retry_after_ms));
}

const struct par_sdk_conv *test_owner_conv(const struct owner *o, const char *id)
{
    return par_sdk_conv(o->sdk, par_str(id));
}
