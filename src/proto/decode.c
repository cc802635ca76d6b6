/* Frames, REST bodies and queries: finds op and id, then lets the tables do the rest. */
#include "proto/decode.h"

#include "proto/decode_private.h"

static const int64_t id_max = (INT64_C(1) << 53) - 1;

static const struct par_shape *const op_shapes[PAR_OP_COUNT] = {
#define X(NAME, name, word, class, cmid, socket_only) [PAR_OP_##NAME] = &par_shape_##name,
#include "parley/tbl/ops.h"
#undef X
};

static const struct par_shape *const body_shapes[PAR_BODY_COUNT] = {
#define X(NAME, name) [PAR_BODY_##NAME] = &par_shape_body_##name,
    PAR_PROTO_BODIES(X)
#undef X
};

/* What was seen of the two members that every frame has; NONE: not there. */
struct head {
    struct par_json op;
    struct par_json id;
};

static void note(struct head *h, const struct par_json_member *m)
{
    /* Most names are settled by their length. */
    if (m->name.len != 2 && !m->name.escaped)
        return;
    if (par_json_text_is(&m->name, PAR_STR("op")))
        h->op = m->value;
    else if (par_json_text_is(&m->name, PAR_STR("id")))
        h->id = m->value;
}

static struct head read_head(const struct par_json_found *found, struct par_json_iter rest)
{
    struct head h = {{0}, {0}};
    for (uint32_t i = 0; i < found->count; i++)
        note(&h, &found->members[i]);
    struct par_json_member m;
    while (par_json_next_member(&rest, &m))
        note(&h, &m);
    return h;
}

static unsigned depth_of(const struct par_proto_limits *limits)
{
    uint32_t depth = limits->json_depth;
    return depth < 1 ? 1 : depth > PAR_JSON_DEPTH_MAX ? PAR_JSON_DEPTH_MAX : depth;
}

/* op and id; what is unusable is reported after both were looked at. */
static bool read_op(struct par_proto__ctx *ctx, const struct head *h, struct par_frame_in *frame)
{
    int64_t id;
    struct par_str name;
    if (par_json_to_int(&h->id, &id) && id >= -id_max && id <= id_max) {
        frame->has_id = true;
        frame->id = id;
    }
    if (h->op.type == PAR_JSON_NONE)
        return par_proto__fail(ctx, NULL, "op", PAR_E_BAD_REQUEST, "missing");
    if (!par_proto__text(ctx, NULL, "op", &h->op, &name))
        return false;
    frame->op = par_op_find(name);
    if (!frame->has_id)
        return par_proto__fail(ctx, NULL, "id", PAR_E_BAD_REQUEST,
                               h->id.type == PAR_JSON_NONE ? "missing"
                                                           : "must be an integer within 2^53");
    if (frame->op == PAR_OP_NONE)
        return par_proto__fail(ctx, NULL, "op", PAR_E_UNKNOWN_OP, "unknown");
    return true;
}

enum par_decoded par_proto_decode(struct par_str bytes, const struct par_proto_limits *limits,
                                  struct par_arena *arena, struct par_frame_in *frame_r)
{
    struct par_proto__ctx ctx = {.limits = limits, .arena = arena};
    struct par_json object;
    struct par_json_found found;
    *frame_r = (struct par_frame_in){0};
    enum par_json_fault fault =
        par_json_check_found(bytes, depth_of(limits), arena, &object, &found);
    if (fault == PAR_JSON_NO_MEMORY) {
        par_proto__no_memory(&ctx);
        goto refused;
    }
    if (fault) {
        frame_r->message = par_json_fault_text(fault);
        return PAR_DECODED_CLOSE;
    }
    struct par_json_iter rest = par_json_iter_rest(&object, &found);
    struct head head = read_head(&found, rest);
    if (!read_op(&ctx, &head, frame_r))
        goto refused;
    const struct par_shape *shape = op_shapes[frame_r->op];
    void *args = par_arena_zalloc(arena, shape->size);
    if (!args) {
        par_proto__no_memory(&ctx);
        goto refused;
    }
    if (!par_proto__fill(&ctx, NULL, shape, found.members, found.count, rest, args))
        goto refused;
    frame_r->args.any = args;
    if (!ctx.err)
        return PAR_DECODED_OK;
refused:
    frame_r->err = ctx.err;
    frame_r->message = ctx.message;
    return PAR_DECODED_ERROR;
}

enum par_err par_proto_decode_body(enum par_body body, struct par_str bytes,
                                   const struct par_proto_limits *limits, struct par_arena *arena,
                                   struct par_body_in *body_r)
{
    struct par_proto__ctx ctx = {.limits = limits, .arena = arena};
    struct par_json object;
    *body_r = (struct par_body_in){0};
    PAR_ASSERT((unsigned)body < PAR_BODY_COUNT);
    const struct par_shape *shape = body_shapes[body];
    enum par_json_fault fault = PAR_JSON_SYNTAX;
    if (par_utf8_check(bytes, NULL))
        fault = par_json_check(bytes, depth_of(limits), arena, &object);
    if (fault) {
        body_r->err = fault == PAR_JSON_NO_MEMORY ? PAR_E_OVERLOADED : PAR_E_BAD_REQUEST;
        body_r->message = par_json_fault_text(fault);
        return body_r->err;
    }
    void *args = par_arena_zalloc(arena, shape->size);
    if (!args)
        par_proto__no_memory(&ctx);
    else if (par_proto__fill(&ctx, NULL, shape, NULL, 0, par_json_iter(&object), args))
        body_r->args.any = args;
    body_r->err = ctx.err;
    body_r->message = ctx.message;
    return body_r->err;
}

/* "1,2,3"; nothing between two commas is a user whom nobody has. */
static bool query_users(struct par_proto__ctx *ctx, const struct par_field *f, struct par_str text,
                        struct par_user_refs *list)
{
    size_t n = 1;
    if (text.len == 0)
        return true;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == ',';
    list->users = par_arena_alloc(ctx->arena, n * sizeof *list->users);
    if (!list->users)
        return par_proto__no_memory(ctx);
    const char *p = text.ptr, *end = text.ptr + text.len;
    for (; list->count < n; list->count++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        struct par_user_ref *user = &list->users[list->count];
        user->text = par_str_of(p, (size_t)(stop - p));
        par_user_parse(user->text, &user->id);
        p = comma ? comma + 1 : end;
    }
    return par_proto__users_done(ctx, NULL, f, list);
}

static bool query_value(struct par_proto__ctx *ctx, const struct par_field *f, struct par_str text,
                        void *base)
{
    uint64_t v;
    if (!par_utf8_check(text, NULL) || memchr(text.ptr ? text.ptr : "", 0, text.len))
        return par_proto__fail(ctx, NULL, f->name, PAR_E_BAD_REQUEST,
                               "must be UTF-8 without U+0000");
    switch (f->kind) {
    case PAR_FIELD_INT:
        if (!par_str_to_u64(text, &v) || v > INT64_MAX)
            return par_proto__fail(ctx, NULL, f->name, PAR_E_BAD_REQUEST, "must be an integer");
        return par_proto__set_int(ctx, NULL, f, (int64_t)v, base);
    case PAR_FIELD_BOOL:
        if (!par_str_is(text, "true") && !par_str_is(text, "false"))
            return par_proto__fail(ctx, NULL, f->name, PAR_E_BAD_REQUEST, "must be true or false");
        *((bool *)base + f->off) = par_str_is(text, "true");
        return true;
    case PAR_FIELD_USERS:
        return query_users(ctx, f, text, (void *)((char *)base + f->off));
    default:
        return par_proto__set_text(ctx, NULL, f, text, base);
    }
}

static bool query_fill(struct par_proto__ctx *ctx, const struct par_shape *shape,
                       const struct par_text_arg *args, size_t count, void *base)
{
    uint32_t seen = 0;
    for (size_t a = 0; a < count; a++) {
        for (unsigned i = 0; i < shape->count; i++) {
            const struct par_field *f = &shape->fields[i];
            if (!par_str_is(args[a].name, f->name))
                continue;
            if (seen & (uint32_t)1 << i)
                return par_proto__fail(ctx, NULL, f->name, PAR_E_BAD_REQUEST, "given twice");
            if (!query_value(ctx, f, args[a].value, base))
                return false;
            seen |= (uint32_t)1 << i;
            if (!f->required)
                *((bool *)base + f->has_off) = true;
        }
    }
    return par_proto__finish(ctx, NULL, shape, seen, base);
}

enum par_err par_proto_decode_query(enum par_op op, const struct par_text_arg *args, size_t count,
                                    const struct par_proto_limits *limits, struct par_arena *arena,
                                    struct par_body_in *args_r)
{
    struct par_proto__ctx ctx = {.limits = limits, .arena = arena};
    *args_r = (struct par_body_in){0};
    PAR_ASSERT(op > PAR_OP_NONE && op < PAR_OP_COUNT);
    void *base = par_arena_zalloc(arena, op_shapes[op]->size);
    if (!base)
        par_proto__no_memory(&ctx);
    else if (query_fill(&ctx, op_shapes[op], args, count, base))
        args_r->args.any = base;
    args_r->err = ctx.err;
    args_r->message = ctx.message;
    return args_r->err;
}
