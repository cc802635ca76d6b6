/* Sessions: the bytes are choices, by which three users with four devices ask a real server, in any
 * order, for whatever the tables of the protocol know, with ids and values that are right, old,
 * strange or wrong. The server must not crash; each request is answered once, with JSON, and never
 * with `internal` (session_world.c). */
#include "session_world.h"

#include "base/conv_id.h"
#include "base/json_write.h"
#include "proto/fields.h"

#include <inttypes.h>
#include <stdio.h>

enum { STEPS_MAX = 48, FRAME_MAX = 60000, DEPTH_MAX = 3 };

/* The rest of the input. */
struct choices {
    const uint8_t *at, *end;
};

/* 0 … n - 1; 0 when there is nothing left. */
static unsigned pick(struct choices *c, unsigned n)
{
    return c->at < c->end ? *c->at++ % n : 0;
}

/* Once in n. */
static bool once_in(struct choices *c, unsigned n)
{
    return pick(c, n) == n - 1;
}

struct op {
    const char *word;
    const struct par_shape *shape;
};
static const struct op ops[] = {
#define X(NAME, name, word, class, cmid, socket_only) {word, &par_shape_##name},
#include "parley/tbl/ops.h"
#undef X
};
enum { OPS = sizeof ops / sizeof *ops };

/* ---- values ---- */

static const char *const texts[] = {
    "a",
    "",
    "hello, world",
    "\"\\\n\t\x01",
    "\xf0\x9f\x91\x8d",
    "e\xcc\x81\xe2\x80\xae\xef\xbb\xbf",
    "c1",
    "c2",
    "c3",
    "all",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
};

static struct par_str any_text(struct choices *c, struct par_buf *room)
{
    unsigned n = sizeof texts / sizeof *texts;
    unsigned i = pick(c, n + 1);
    if (i < n)
        return par_str(texts[i]);
    /* Long. */
    size_t len = (size_t)pick(c, 256) * 128;
    par_buf_clear(room);
    for (size_t k = 0; k < len; k++)
        par_buf_add_u8(room, 'x');
    return par_buf_str(room);
}

static void put_user(struct session *s, struct choices *c, struct par_json_out *w)
{
    switch (pick(c, 8)) {
    case 6:
        par_json_id(w, 4711);
        break;
    case 7:
        par_json_str(w, PAR_STR("nobody"));
        break;
    default:
        par_json_id(w, s->users[pick(c, SESSION_USERS)]);
    }
}

/* A conversation that was heard of, or one of two users. */
static struct par_str any_conv(struct session *s, struct choices *c, char text[PAR_CONV_TEXT_MAX])
{
    unsigned heard = s->conv_count < SESSION_HEARD ? s->conv_count : SESSION_HEARD;
    unsigned i = pick(c, 12);
    if (i < SESSION_HEARD && heard > 0)
        return par_str(s->convs[i % heard]);
    if (i == 11)
        return PAR_STR("d:1:2");
    struct par_conv conv =
        par_conv_direct(s->users[pick(c, SESSION_USERS)], s->users[pick(c, SESSION_USERS)]);
    return par_str_of(text, par_conv_format(&conv, text));
}

static void put_int(struct choices *c, const struct par_field *f, struct par_json_out *w)
{
    const int64_t values[] = {1, 2, 3, 4, 5, 0, f->min, f->max, f->value, -1, INT64_MAX, INT64_MIN};
    par_json_int(w, values[pick(c, sizeof values / sizeof *values)]);
}

static void put_string(struct session *s, struct peer *p, struct choices *c,
                       const struct par_field *f, struct par_json_out *w, struct par_buf *room)
{
    unsigned heard = s->cursor_count < SESSION_HEARD ? s->cursor_count : SESSION_HEARD;
    if (strcmp(f->name, "token") == 0 && !once_in(c, 8))
        par_json_str(w, par_str(p->token));
    else if (strcmp(f->name, "cmid") == 0 && !once_in(c, 8))
        par_json_str(w, par_str(texts[6 + pick(c, 3)]));
    else if (heard > 0 && (strcmp(f->name, "cursor") == 0 || strcmp(f->name, "since") == 0))
        par_json_str(w, par_str(s->cursors[pick(c, heard)]));
    else
        par_json_str(w, any_text(c, room));
}

static void put_object(struct session *s, struct peer *p, struct choices *c,
                       const struct par_shape *shape, struct par_json_out *w, struct par_buf *room,
                       int depth);

static void put_value(struct session *s, struct peer *p, struct choices *c,
                      const struct par_field *f, struct par_json_out *w, struct par_buf *room,
                      int depth)
{
    char text[PAR_CONV_TEXT_MAX];
    unsigned words = 0;
    switch ((enum par_field_kind)f->kind) {
    case PAR_FIELD_STR:
    case PAR_FIELD_USER_NAME:
        put_string(s, p, c, f, w, room);
        break;
    case PAR_FIELD_TEXT:
        par_json_str(w, any_text(c, room));
        break;
    case PAR_FIELD_INT:
        put_int(c, f, w);
        break;
    case PAR_FIELD_BOOL:
        par_json_bool(w, pick(c, 2));
        break;
    case PAR_FIELD_ENUM:
        while (f->words[words].word)
            words++;
        words = pick(c, words + 1);
        par_json_str(w, par_str(f->words[words].word ? f->words[words].word : "other"));
        break;
    case PAR_FIELD_CONV:
        par_json_str(w, any_conv(s, c, text));
        break;
    case PAR_FIELD_USER:
        put_user(s, c, w);
        break;
    case PAR_FIELD_USERS:
        par_json_open_array(w);
        for (unsigned n = pick(c, 5); n > 0; n--)
            put_user(s, c, w);
        par_json_close_array(w);
        break;
    case PAR_FIELD_MARKS:
        /* A name twice would be no object: of one conversation at most. */
        par_json_open(w);
        if (!once_in(c, 8)) {
            par_json_key_text(w, any_conv(s, c, text));
            put_int(c, f, w);
        }
        par_json_close(w);
        break;
    case PAR_FIELD_OBJECT:
        if (depth < DEPTH_MAX) {
            par_json_open(w);
            put_object(s, p, c, f->shape, w, room, depth + 1);
            par_json_close(w);
        } else {
            par_json_null(w);
        }
        break;
    }
}

static void put_object(struct session *s, struct peer *p, struct choices *c,
                       const struct par_shape *shape, struct par_json_out *w, struct par_buf *room,
                       int depth)
{
    uint32_t one_of = shape->rule == PAR_RULE_NONE ? 0 : shape->rule_mask;
    unsigned chosen = pick(c, 32);
    /* Which of those that exclude each other; sometimes none, or two. */
    for (unsigned i = 0; i < 32 && one_of; i++)
        if (one_of & 1u << (chosen + i) % 32) {
            chosen = (chosen + i) % 32;
            break;
        }
    for (unsigned i = 0; i < shape->count; i++) {
        const struct par_field *f = &shape->fields[i];
        bool there = one_of & 1u << i ? i == chosen || once_in(c, 16)
                                      : (f->required ? !once_in(c, 32) : pick(c, 3) == 1);
        if (!there)
            continue;
        par_json_key(w, f->name);
        if (once_in(c, 64))
            par_json_null(w);
        else
            put_value(s, p, c, f, w, room, depth);
    }
}

/* A request; false when it would be larger than is allowed. */
static bool frame_of(struct session *s, struct peer *p, struct choices *c, const struct op *op,
                     int64_t id, struct par_buf *out)
{
    struct par_buf room = {0};
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    par_json_key_z(&w, "op", op->word);
    par_json_key_int(&w, "id", id);
    put_object(s, p, c, op->shape, &w, &room, 0);
    par_json_close(&w);
    par_buf_fini(&room);
    return out->len < FRAME_MAX;
}

/* ---- steps ---- */

static void hello(struct session *s, struct peer *p, bool sync)
{
    char frame[256];
    snprintf(frame, sizeof frame,
             "{\"op\":\"hello\",\"id\":-1,\"token\":\"%s\",\"client\":\"f/1\"%s}", p->token,
             sync ? ",\"sync\":{\"limit\":1}" : "");
    session_connect(p);
    session_ask(s, p, -1, par_str(frame));
    session_listen(s, p, true);
}

static void get(struct session *s, struct peer *p, struct choices *c)
{
    char path[512], text[PAR_CONV_TEXT_MAX];
    unsigned heard = s->cursor_count < SESSION_HEARD ? s->cursor_count : SESSION_HEARD;
    const char *cursor = heard ? s->cursors[pick(c, heard)] : "x";
    struct par_str conv = any_conv(s, c, text);
    switch (pick(c, 7)) {
    case 0:
        snprintf(path, sizeof path, "/v1/poll");
        break;
    case 1:
        /* The newest, one before, another one, or something near it. */
        snprintf(path, sizeof path, "/v1/poll?wait_ms=%u&cursor=%s%s", pick(c, 3), cursor,
                 once_in(c, 4) ? "0" : "");
        break;
    case 2:
        snprintf(path, sizeof path, "/v1/conversations?limit=%u&cursor=%s", pick(c, 4), cursor);
        break;
    case 3:
        snprintf(path, sizeof path, "/v1/conversations/%.*s/messages?%s=%u&limit=%u", (int)conv.len,
                 conv.ptr, pick(c, 2) ? "before_seq" : "after_seq", pick(c, 6), 1 + pick(c, 3));
        break;
    case 4:
        snprintf(path, sizeof path, "/v1/conversations/%.*s", (int)conv.len, conv.ptr);
        break;
    case 5:
        snprintf(path, sizeof path, "/v1/groups/%.*s", (int)conv.len, conv.ptr);
        break;
    default:
        snprintf(path, sizeof path, "/v1/status?user_ids=%" PRIu64 ",%" PRIu64,
                 s->users[pick(c, SESSION_USERS)], s->users[pick(c, SESSION_USERS)]);
    }
    session_http(s, p, "GET", par_str(path), (struct par_str){0});
}

static void ask(struct session *s, struct peer *p, struct choices *c, unsigned step)
{
    struct par_buf frame = {0};
    /* Most often another; sometimes one that may be waiting for its answer; large ones, too. */
    int64_t id = once_in(c, 16) ? 1 : (int64_t)step + 2;
    if (once_in(c, 16))
        id -= INT64_C(1) << 52;
    const struct op *op = &ops[pick(c, OPS)];
    bool by_http = once_in(c, 8);
    if (!frame_of(s, p, c, op, id, &frame))
        ;
    else if (by_http)
        session_http(s, p, "POST", PAR_STR("/v1/op"), par_buf_str(&frame));
    else
        session_ask(s, p, id, par_buf_str(&frame));
    par_buf_fini(&frame);
}

static void step(struct session *s, struct choices *c, unsigned n)
{
    struct peer *p = &s->peers[pick(c, SESSION_PEERS)];
    unsigned what = pick(c, 32);
    if (what == 31)
        session_hang_up(p);
    else if (what == 30)
        get(s, p, c);
    else if (p->fd < 0)
        hello(s, p, what & 1);
    else
        ask(s, p, c, n);
    /* Wait for the answers, look who has written, or go on. */
    if (what % 4 == 0)
        session_listen(s, p, true);
    else if (what % 4 == 1)
        session_listen(s, p, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct session s;
    struct choices c = {data, data + size};
    session_open(&s);
    for (unsigned n = 0; n < STEPS_MAX && c.at < c.end; n++)
        step(&s, &c, n);
    session_close(&s);
    return 0;
}
