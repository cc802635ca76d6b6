/* Members that name many: lists of users, and maps from conversations to numbers. */
#include "proto/decode_private.h"

#include "proto/decode.h"

enum { PAIRWISE_MAX = 16 };

bool par_proto__conv(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                     const char *name, struct par_str text, struct par_conv_ref *conv_r)
{
    conv_r->text = text;
    switch (par_conv_parse(text, &conv_r->conv)) {
    case PAR_CONV_OK:
        conv_r->err = PAR_OK;
        return true;
    case PAR_CONV_NOT_FOUND:
        conv_r->err = PAR_E_NOT_FOUND;
        return true;
    case PAR_CONV_NOT_MEMBER:
        conv_r->err = PAR_E_NOT_MEMBER;
        return true;
    case PAR_CONV_BAD:
        break;
    }
    return par_proto__fail(ctx, path, name, PAR_E_BAD_REQUEST,
                           "a conversation's id has 1-64 bytes");
}

/* How many items or members a container has. */
static size_t count_of(const struct par_json *container)
{
    struct par_json_iter it = par_json_iter(container);
    struct par_json_member m;
    struct par_json v;
    size_t n = 0;
    if (container->type == PAR_JSON_OBJECT) {
        while (par_json_next_member(&it, &m))
            n++;
    } else {
        while (par_json_next_item(&it, &v))
            n++;
    }
    return n;
}

bool par_proto__users(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                      const struct par_field *f, const struct par_json *array,
                      struct par_user_refs *list_r)
{
    if (array->type != PAR_JSON_ARRAY)
        return par_proto__fail(ctx, path, f->name, PAR_E_BAD_REQUEST, "must be a list of user ids");
    size_t n = count_of(array);
    if (n == 0)
        return true;
    struct par_user_ref *users = par_arena_alloc(ctx->arena, n * sizeof *users);
    if (!users)
        return par_proto__no_memory(ctx);
    struct par_json_iter it = par_json_iter(array);
    struct par_json v;
    for (size_t i = 0; par_json_next_item(&it, &v); i++) {
        if (!par_proto__text(ctx, path, f->name, &v, &users[i].text))
            return false;
        par_user_parse(users[i].text, &users[i].id);
    }
    *list_r = (struct par_user_refs){.users = users, .count = (uint32_t)n};
    return par_proto__users_done(ctx, path, f, list_r);
}

static bool same_user(const struct par_user_ref *a, const struct par_user_ref *b)
{
    /* An id has one text only, so equal texts are what counts for unknown ones too. */
    return a->id == b->id && (a->id != 0 || par_str_eq(a->text, b->text));
}

static void dedup_pairwise(struct par_user_refs *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t k = 0;
        while (k < kept && !same_user(&list->users[k], &list->users[i]))
            k++;
        if (k == kept)
            list->users[kept++] = list->users[i];
    }
    list->count = kept;
}

static bool dedup_hashed(struct par_user_refs *list, struct par_arena *arena)
{
    size_t slots = 64;
    while (slots < 2 * (size_t)list->count)
        slots *= 2;
    uint32_t *table = par_arena_zalloc(arena, slots * sizeof *table);
    if (!table)
        return false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        size_t at = par_json_hash(list->users[i].text) & (slots - 1);
        while (table[at] && !same_user(&list->users[table[at] - 1], &list->users[i]))
            at = (at + 1) & (slots - 1);
        if (table[at])
            continue;
        list->users[kept] = list->users[i];
        table[at] = ++kept;
    }
    list->count = kept;
    return true;
}

bool par_proto__users_done(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                           const struct par_field *f, struct par_user_refs *list)
{
    if (list->count <= PAIRWISE_MAX)
        dedup_pairwise(list);
    else if (!dedup_hashed(list, ctx->arena))
        return par_proto__no_memory(ctx);
    int64_t most = par_proto__max(ctx, f);
    if (most && list->count > most)
        return par_proto__fail(ctx, path, f->name, PAR_E_BAD_REQUEST, "too many");
    for (uint32_t i = 0; i < list->count; i++)
        list->unknown += list->users[i].id == 0;
    return true;
}

bool par_proto__marks(struct par_proto__ctx *ctx, const struct par_proto__path *path,
                      const struct par_field *f, const struct par_json *object,
                      struct par_mark_refs *list_r)
{
    if (object->type != PAR_JSON_OBJECT)
        return par_proto__fail(ctx, path, f->name, PAR_E_BAD_REQUEST,
                               "must be an object of conversations and numbers");
    size_t n = count_of(object);
    if (n == 0)
        return true;
    struct par_mark_ref *marks = par_arena_alloc(ctx->arena, n * sizeof *marks);
    if (!marks)
        return par_proto__no_memory(ctx);
    struct par_json_iter it = par_json_iter(object);
    struct par_json_member m;
    uint32_t unknown = 0;
    for (size_t i = 0; par_json_next_member(&it, &m); i++) {
        struct par_str name;
        if (!par_proto__text(ctx, path, f->name, &m.name, &name) ||
            !par_proto__conv(ctx, path, f->name, name, &marks[i].conv))
            return false;
        if (!par_json_to_int(&m.value, &marks[i].seq) || marks[i].seq < f->min)
            return par_proto__fail(ctx, path, f->name, PAR_E_BAD_REQUEST,
                                   "a number is none, or out of range");
        unknown += marks[i].conv.err != PAR_OK;
    }
    *list_r = (struct par_mark_refs){marks, (uint32_t)n, unknown};
    return true;
}

uint64_t *par_user_ids(const struct par_user_refs *list, struct par_arena *arena)
{
    if (list->count == 0)
        return NULL;
    uint64_t *ids = par_arena_alloc(arena, list->count * sizeof *ids);
    for (uint32_t i = 0; ids && i < list->count; i++)
        ids[i] = list->users[i].id;
    return ids;
}
