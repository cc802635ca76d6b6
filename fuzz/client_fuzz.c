/* The client core against a hostile server: no frame breaks it or makes it spin, what it holds has
 * no hole, and what it handed out as records makes the same client again.
 *
 * An input is lines: a frame (it begins with a brace) is what the server says; other lines are what
 * else happens, by their first letter. */
#include "base/buf.h"
#include "sdk/c/sdk.h"

#include <stdlib.h>

enum { RECORDS = 512, STEPS_MAX = 400 };

static void must(bool ok)
{
    if (!ok)
        abort();
}

struct record {
    enum par_sdk_record kind;
    struct par_buf key, value;
};

struct client {
    struct par_sdk *sdk;
    struct record records[RECORDS];
    size_t count;
    bool full; /* more records than are kept: they are not compared */
    bool connected;
    int64_t now;
    uint64_t seed;
    uint64_t sent; /* frames in this step */
};

/* ---- the owner ---- */

static uint64_t next_random(void *arg)
{
    struct client *c = arg;
    c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
    return c->seed ^ (c->seed >> 29);
}

static void connect_wanted(void *arg)
{
    ((struct client *)arg)->connected = true;
}

static void close_wanted(void *arg)
{
    ((struct client *)arg)->connected = false;
}

static void frame_sent(void *arg, struct par_str frame)
{
    struct client *c = arg;
    must(c->connected && frame.len > 2);
    must(++c->sent < 1000);
}

static struct record *find(struct client *c, enum par_sdk_record kind, struct par_str key)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->records[i].kind == kind && par_str_eq(par_buf_str(&c->records[i].key), key))
            return &c->records[i];
    }
    return NULL;
}

static void put(void *arg, enum par_sdk_record kind, struct par_str key, struct par_str value)
{
    struct client *c = arg;
    struct record *r = find(c, kind, key);
    if (!r && c->count == RECORDS) {
        c->full = true;
        return;
    }
    if (!r) {
        r = &c->records[c->count++];
        *r = (struct record){.kind = kind};
        par_buf_add_str(&r->key, key);
    }
    par_buf_clear(&r->value);
    par_buf_add_str(&r->value, value);
}

static void forget(struct client *c, struct record *r)
{
    par_buf_fini(&r->key);
    par_buf_fini(&r->value);
    *r = c->records[--c->count];
}

static void del(void *arg, enum par_sdk_record kind, struct par_str key)
{
    struct client *c = arg;
    struct record *r = find(c, kind, key);
    if (r)
        forget(c, r);
}

static void clear(void *arg)
{
    struct client *c = arg;
    for (size_t i = c->count; i-- > 0;) {
        if (c->records[i].kind != PAR_SDK_RECORD_ITEM)
            forget(c, &c->records[i]);
    }
}

static bool commit(void *arg)
{
    (void)arg;
    return true;
}

static void entry(void *arg, const struct par_sdk_conv *conv, const struct par_sdk_entry *e,
                  enum par_sdk_how how)
{
    (void)arg;
    must(how == PAR_SDK_BY_OLDER || e->seq == conv->hi);
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
    .on_entry = entry,
};

/* ---- what must hold ---- */

static void check(const struct client *c)
{
    for (const struct par_sdk_conv *v = NULL; (v = par_sdk_conv_after(c->sdk, v));) {
        must(v->lo >= 1 && v->lo <= v->hi + 1 && v->read <= v->delivered);
        must(par_sdk_unread(v) <= 999);
        for (uint64_t seq = v->lo; seq <= v->hi && seq < v->lo + 100; seq++)
            must(par_sdk_entry(v, seq) && par_sdk_entry(v, seq)->seq == seq);
    }
    for (const struct par_sdk_item *i = NULL; (i = par_sdk_item_after(c->sdk, i));)
        must(i->state == PAR_SDK_SENDING || i->state == PAR_SDK_FAILED);
}

static struct par_sdk *make(struct client *c, uint8_t how)
{
    struct par_sdk_settings settings = PAR_SDK_SETTINGS_DEFAULT;
    settings.user = 1001;
    settings.token = PAR_STR("t");
    settings.client = PAR_STR("fuzz/1");
    settings.hole_max = how & 1 ? 0 : 20;
    settings.held_max = how & 2 ? 5 : 0;
    settings.by_have = how & 4;
    settings.convs_max = 50;
    settings.items_max = 20;
    struct par_sdk *sdk = par_sdk_new(&settings, &ops, c);
    must(sdk != NULL);
    return sdk;
}

static int by_key(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind
                              : par_str_cmp(par_buf_str(&x->key), par_buf_str(&y->key));
}

/* A crash: another core from the records holds what this one held. */
static void crash(struct client *c, uint8_t how)
{
    struct par_sdk *again = make(c, how);
    qsort(c->records, c->count, sizeof *c->records, by_key);
    for (size_t i = 0; i < c->count; i++) {
        bool ok = par_sdk_restore(again, c->records[i].kind, par_buf_str(&c->records[i].key),
                                  par_buf_str(&c->records[i].value));
        must(ok || c->records[i].kind == PAR_SDK_RECORD_ENTRY);
    }
    for (const struct par_sdk_conv *v = NULL; !c->full && (v = par_sdk_conv_after(again, v));) {
        const struct par_sdk_conv *was = par_sdk_conv(c->sdk, v->id);
        must(was && (v->lo > v->hi || (was->hi == v->hi && was->lo == v->lo)));
        must(was->delivered == v->delivered && was->read == v->read);
    }
    if (!c->full)
        must(par_sdk_waiting(again) == par_sdk_waiting(c->sdk));
    par_sdk_free(&c->sdk);
    c->sdk = again;
    c->connected = false;
}

/* ---- steps ---- */

static void pass(struct client *c, int64_t ms)
{
    int64_t end = c->now + ms;
    for (int n = 0; n < 1000 && par_sdk_next(c->sdk) <= end; n++) {
        int64_t next = par_sdk_next(c->sdk);
        c->now = next > c->now ? next : c->now;
        par_sdk_tick(c->sdk, c->now);
    }
    must(par_sdk_next(c->sdk) > end);
    c->now = end;
}

static void write(struct client *c, struct par_str line)
{
    static const enum par_op kinds[] = {PAR_OP_SEND,         PAR_OP_EDIT,         PAR_OP_DELETE,
                                        PAR_OP_REACT,        PAR_OP_GROUP_CREATE, PAR_OP_GROUP_ADD,
                                        PAR_OP_GROUP_REMOVE, PAR_OP_GROUP_ROLE};
    static const uint64_t users[] = {1002, 1003};
    unsigned kind = line.len > 1 ? (unsigned)line.ptr[1] % 8 : 0;
    struct par_sdk_write w = {
        .op = kinds[kind],
        .conv = kind == 4 ? (struct par_str){0} : PAR_STR("d.1001.1002"),
        .text = PAR_STR("hi"),
        .seq = line.len > 2 ? (uint8_t)line.ptr[2] : 1,
        .emoji = PAR_STR("+"),
        .name = PAR_STR("n"),
        .users = users,
        .user_count = 2,
        .user = 1002,
        .role = PAR_STR("admin"),
    };
    if (par_sdk_write(c->sdk, c->now, &w, NULL) != PAR_OK)
        return;
}

static void step(struct client *c, struct par_str line, uint8_t how)
{
    struct par_sdk_set_values set = {.mask = line.len, .draft = line, .pinned = true};
    static const uint16_t codes[] = {1001, 1006, 4401, 4403, 4408, 4409, 4429};
    struct par_str conv = PAR_STR("d.1001.1002");
    c->sent = 0;
    switch (line.ptr[0]) {
    case '{':
        if (c->connected)
            par_sdk_frame(c->sdk, c->now, line);
        break;
    case 's':
        par_sdk_start(c->sdk, c->now);
        break;
    case 'o':
        if (c->connected)
            par_sdk_opened(c->sdk, c->now);
        break;
    case 'c':
        if (c->connected) {
            c->connected = false;
            par_sdk_closed(c->sdk, c->now, codes[line.len % 7]);
        }
        break;
    case 'p':
        pass(c, (int64_t)line.len * line.len * 10);
        break;
    case 'w':
        write(c, line);
        break;
    case 'r':
        par_sdk_read(c->sdk, c->now, conv, line.len);
        break;
    case 'd':
        par_sdk_conv_set(c->sdk, c->now, conv, &set);
        break;
    case 'l':
        par_sdk_older(c->sdk, c->now, conv, (uint32_t)line.len);
        break;
    case 'k':
        par_sdk_kick(c->sdk, c->now);
        break;
    case 'x':
        crash(c, how);
        break;
    default:
        break;
    }
    check(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct client *c = calloc(1, sizeof *c);
    must(c != NULL);
    uint8_t how = data[0];
    c->now = 1000;
    c->sdk = make(c, how);
    const char *at = (const char *)data + 1, *end = (const char *)data + size;
    for (int n = 0; n < STEPS_MAX && at < end; n++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (stop > at)
            step(c, par_str_of(at, (size_t)(stop - at)), how);
        at = stop + 1;
    }
    par_sdk_free(&c->sdk);
    while (c->count)
        forget(c, &c->records[0]);
    free(c);
    return 0;
}
