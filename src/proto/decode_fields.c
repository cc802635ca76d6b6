/* Fills a struct of arguments from an object, by its table: one value a field, then what holds over
 * all. */
#include "proto/decode_private.h"

#include "base/buf.h"

bool par_proto__no_memory(struct par_proto__ctx *ctx)
{
    ctx->err = PAR_E_OVERLOADED;
    ctx->message = "out of memory";
    return false;
}

static char *put(char *to, const char *z)
{
    size_t n = strlen(z);
    memcpy(to, z, n);
    return to + n;
}

static size_t path_len(const struct par_proto__path *path)
{
    return path ? path_len(path->outer) + strlen(path->name) + 1 : 0;
}

static char *put_path(char *to, const struct par_proto__path *path)
{
    if (!path)
        return to;
    to = put(put_path(to, path->outer), path->name);
    *to = '.';
    return to + 1;
}

bool par_proto__fail(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const char *name, enum par_err err, const char *why)
{
    char *m = par_arena_alloc(ctx->arena, path_len(path) + strlen(name) + strlen(why) + 3);
    ctx->err = err;
    ctx->message = m ? m : why;
    if (m) {
        m = put(put_path(m, path), name);
        m = put(put(m, ": "), why);
        *m = 0;
    }
    return false;
}

static bool bad(struct par_proto__ctx *ctx, const struct par_proto__path *path, const char *name,
                const char *why)
{
    return par_proto__fail(ctx, path, name, PAR_E_BAD_REQUEST, why);
}

bool par_proto__text(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const char *name, const struct par_json *value, struct par_str *text_r)
{
    *text_r = (struct par_str){0};
    if (value->type != PAR_JSON_STRING)
        return bad(ctx, path, name, "must be a string");
    switch (par_json_text(value, ctx->arena, text_r)) {
    case PAR_JSON_TEXT_OK:
        return true;
    case PAR_JSON_TEXT_BAD:
        return bad(ctx, path, name, "holds U+0000 or a lone surrogate");
    case PAR_JSON_TEXT_NO_MEMORY:
        break;
    }
    return par_proto__no_memory(ctx);
}

int64_t par_proto__max(const struct par_proto__ctx *ctx, const struct par_field *f)
{
    if (!f->limit_off)
        return f->max;
    return *(const uint32_t *)(const void *)((const char *)ctx->limits + f->limit_off - 1);
}

/* Code points of a UTF-8 text: the bytes that begin one. */
static size_t code_points(struct par_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static bool set_str(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                    const struct par_field *f, struct par_str text, struct par_str *to)
{
    bool is_text = f->kind == PAR_FIELD_TEXT;
    int64_t most = is_text ? ctx->limits->text_code_points : par_proto__max(ctx, f);
    size_t most_bytes = is_text ? ctx->limits->text_bytes : f->max_bytes;
    if (text.len == 0 && f->min > 0)
        return bad(ctx, path, f->name, "must not be empty");
    bool too_long = most_bytes && text.len > most_bytes;
    /* A text has no more code points than bytes, so most texts need no count. */
    if (!too_long && most && text.len > (size_t)most)
        too_long = code_points(text) > (size_t)most;
    *to = text;
    if (too_long && !is_text)
        return bad(ctx, path, f->name, "too long");
    /* A configured limit: the rest is read all the same, as a repeat of what was accepted under
     * another one is none the worse (L1). */
    if (too_long)
        (void)par_proto__fail(ctx, path, f->name, PAR_E_TOO_LARGE, "too long");
    return true;
}

static bool is_user_name(struct par_str s)
{
    if (s.len < 2 || s.len > 32)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
            return false;
    }
    return true;
}

bool par_proto__set_text(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                         const struct par_field *f, struct par_str text, void *base)
{
    void *to = (char *)base + f->off;
    switch (f->kind) {
    case PAR_FIELD_STR:
    case PAR_FIELD_TEXT:
        return set_str(ctx, path, f, text, to);
    case PAR_FIELD_USER_NAME:
        if (!is_user_name(text))
            return bad(ctx, path, f->name, "must be 2-32 of a-z, 0-9, _ and .");
        *(struct par_str *)to = text;
        return true;
    case PAR_FIELD_ENUM:
        for (const struct par_word *w = f->words; w->word; w++) {
            if (par_str_is(text, w->word)) {
                *(int *)to = w->value;
                return true;
            }
        }
        return bad(ctx, path, f->name, "is none of the known words");
    case PAR_FIELD_CONV:
        return par_proto__conv(ctx, path, f->name, text, to);
    case PAR_FIELD_USER: {
        struct par_user_ref *user = to;
        user->text = text;
        par_user_parse(text, &user->id);
        return true;
    }
    default:
        return bad(ctx, path, f->name, "wrong type");
    }
}

bool par_proto__set_int(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                        const struct par_field *f, int64_t v, void *base)
{
    if (v < f->min || v > par_proto__max(ctx, f))
        return bad(ctx, path, f->name, "out of range");
    *(int64_t *)(void *)((char *)base + f->off) = v;
    return true;
}

static bool fill_object(struct par_proto__ctx *ctx, const struct par_proto__path *outer,
                        const struct par_field *f, const struct par_json *value, void *base)
{
    struct par_proto__path path = {outer, f->name};
    if (value->type != PAR_JSON_OBJECT)
        return bad(ctx, outer, f->name, "must be an object");
    return par_proto__fill(ctx, &path, f->shape, NULL, 0, par_json_iter(value),
                           (char *)base + f->off);
}

static bool set_value(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                      const struct par_field *f, const struct par_json *value, void *base)
{
    void *to = (char *)base + f->off;
    struct par_str text;
    int64_t v;
    switch (f->kind) {
    case PAR_FIELD_INT:
        if (value->type != PAR_JSON_NUMBER)
            return bad(ctx, path, f->name, "must be an integer");
        if (!par_json_to_int(value, &v))
            return bad(ctx, path, f->name, "must be an integer of 64 bits");
        return par_proto__set_int(ctx, path, f, v, base);
    case PAR_FIELD_BOOL:
        if (value->type != PAR_JSON_TRUE && value->type != PAR_JSON_FALSE)
            return bad(ctx, path, f->name, "must be true or false");
        *(bool *)to = value->type == PAR_JSON_TRUE;
        return true;
    case PAR_FIELD_USERS:
        return par_proto__users(ctx, path, f, value, to);
    case PAR_FIELD_MARKS:
        return par_proto__marks(ctx, path, f, value, to);
    case PAR_FIELD_OBJECT:
        return fill_object(ctx, path, f, value, base);
    default:
        return par_proto__text(ctx, path, f->name, value, &text) &&
               par_proto__set_text(ctx, path, f, text, base);
    }
}

static bool fill_member(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                        const struct par_shape *shape, const struct par_json_member *m,
                        uint32_t *seen, void *base)
{
    struct par_str name = par_str_of(m->name.ptr, m->name.len);
    if (m->name.escaped) {
        enum par_json_text got = par_json_text(&m->name, ctx->arena, &name);
        if (got == PAR_JSON_TEXT_NO_MEMORY)
            return par_proto__no_memory(ctx);
        if (got == PAR_JSON_TEXT_BAD)
            return bad(ctx, path, "name of a member", "holds U+0000 or a lone surrogate");
    }
    for (unsigned i = 0; i < shape->count; i++) {
        const struct par_field *f = &shape->fields[i];
        if (f->name_len != name.len || memcmp(f->name, name.ptr, name.len) != 0)
            continue;
        if (m->value.type == PAR_JSON_NULL && !f->required)
            return true;
        if (!set_value(ctx, path, f, &m->value, base))
            return false;
        *seen |= (uint32_t)1 << i;
        if (!f->required)
            *((bool *)base + f->has_off) = true;
        return true;
    }
    return true;
}

bool par_proto__finish(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                       const struct par_shape *shape, uint32_t seen, void *base)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const struct par_field *f = &shape->fields[i];
        if (seen & (uint32_t)1 << i)
            continue;
        if (f->required)
            return bad(ctx, path, f->name, "missing");
        if (f->kind == PAR_FIELD_INT && f->value) {
            /* A limit configured below the usual page makes the page smaller. */
            int64_t most = par_proto__max(ctx, f);
            *(int64_t *)(void *)((char *)base + f->off) = f->value < most ? f->value : most;
        }
    }
    int given = __builtin_popcount(seen & shape->rule_mask);
    switch (shape->rule) {
    case PAR_RULE_NONE:
        break;
    case PAR_RULE_EXACTLY_ONE:
        if (given != 1)
            return bad(ctx, path, shape->rule_names, "exactly one is needed");
        break;
    case PAR_RULE_AT_LEAST_ONE:
        if (given == 0)
            return bad(ctx, path, shape->rule_names, "at least one is needed");
        break;
    case PAR_RULE_AT_MOST_ONE:
        if (given > 1)
            return bad(ctx, path, shape->rule_names, "at most one may be given");
        break;
    }
    return true;
}

bool par_proto__fill(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const struct par_shape *shape, const struct par_json_member *members,
                     size_t count, struct par_json_iter rest, void *base)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (!fill_member(ctx, path, shape, &members[i], &seen, base))
            return false;
    }
    struct par_json_member m;
    while (par_json_next_member(&rest, &m)) {
        if (!fill_member(ctx, path, shape, &m, &seen, base))
            return false;
    }
    return par_proto__finish(ctx, path, shape, seen, base);
}
