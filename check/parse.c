/* Values of a history's JSON as the checker keeps them. */
#include "check/check_private.h"

#include <stdlib.h>

bool par_check__i64(const struct par_json *v, int64_t *out)
{
    return par_json_to_int(v, out);
}

bool par_check__u64(const struct par_json *v, uint64_t *out)
{
    int64_t n;
    *out = 0;
    if (!par_json_to_int(v, &n) || n < 0)
        return false;
    *out = (uint64_t)n;
    return true;
}

bool par_check__bool(const struct par_json *v, bool *out)
{
    *out = v->type == PAR_JSON_TRUE;
    return v->type == PAR_JSON_TRUE || v->type == PAR_JSON_FALSE;
}

bool par_check__text(struct par_check *c, const struct par_json *v, struct par_str *out)
{
    *out = (struct par_str){0};
    return v->type == PAR_JSON_STRING && par_json_text(v, &c->arena, out) == PAR_JSON_TEXT_OK;
}

bool par_check__id(struct par_check *c, const struct par_json *v, uint64_t *out)
{
    struct par_str text;
    *out = 0;
    return par_check__text(c, v, &text) && par_str_to_u64(text, out);
}

bool par_check__ids(struct par_check *c, const struct par_json *v, uint64_t **ids_r,
                    uint32_t *count_r)
{
    *ids_r = NULL;
    *count_r = 0;
    if (v->type != PAR_JSON_ARRAY)
        return false;
    struct par_json item;
    uint32_t n = 0;
    for (struct par_json_iter it = par_json_iter(v); par_json_next_item(&it, &item);)
        n++;
    uint64_t *ids = par_check__alloc(c, n * sizeof *ids);
    if (!ids)
        return false;
    n = 0;
    bool good = true;
    for (struct par_json_iter it = par_json_iter(v); par_json_next_item(&it, &item);)
        good = par_check__id(c, &item, &ids[n++]) && good;
    *ids_r = ids;
    *count_r = n;
    return good;
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint32_t par_check__sort_ids(uint64_t *ids, uint32_t count)
{
    if (count > 1)
        qsort(ids, count, sizeof *ids, by_id);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[kept++] = ids[i];
    return kept;
}

enum par_ck_role par_check__role(const struct par_json *v)
{
    if (par_json_text_is(v, PAR_STR("member")))
        return PAR_CK_MEMBER;
    if (par_json_text_is(v, PAR_STR("admin")))
        return PAR_CK_ADMIN;
    if (par_json_text_is(v, PAR_STR("owner")))
        return PAR_CK_OWNER;
    return PAR_CK_ROLE_NONE;
}

bool par_check__setting(struct par_check *c, const struct par_json *name, const struct par_json *v,
                        struct par_ck_settings *s)
{
    static const char *const flags[] = {"archived", "pinned", "marked_unread"};
    bool on;
    if (par_json_text_is(name, PAR_STR("draft")))
        return s->has[PAR_CK_DRAFT] = par_check__text(c, v, &s->draft);
    if (par_json_text_is(name, PAR_STR("muted_until")))
        return s->has[PAR_CK_MUTED] = par_check__i64(v, &s->value[PAR_CK_MUTED]);
    for (int i = 0; i < 3; i++) {
        if (!par_json_text_is(name, par_str(flags[i])) || !par_check__bool(v, &on))
            continue;
        s->has[PAR_CK_ARCHIVED + i] = true;
        s->value[PAR_CK_ARCHIVED + i] = on;
        return true;
    }
    return false;
}

static uint8_t entry_kind(const struct par_json *v)
{
#define X(NAME, number, text)                                                                      \
    if (par_json_text_is(v, PAR_STR(text)))                                                        \
        return PAR_CK_KIND_##NAME;
#include "parley/tbl/entry_kinds.h"
#undef X
    return PAR_CK_KIND_NONE;
}

/* One member of an entry. False: of the wrong type. */
static bool entry_member(struct par_check *c, const struct par_json *name, const struct par_json *v,
                         struct par_ck_entry *e, struct par_str *conv_r)
{
#define IS(literal)                                                                                \
    (name->len == sizeof literal - 1 && memcmp(name->ptr, literal, sizeof literal - 1) == 0)
#define TAKE(literal, bit, read)                                                                   \
    if (IS(literal)) {                                                                             \
        e->has |= (bit);                                                                           \
        return read;                                                                               \
    }
    if (v->type == PAR_JSON_NULL)
        return true;
    switch (name->len ? name->ptr[0] : 0) {
    case 'c':
        if (IS("conv"))
            return par_check__text(c, v, conv_r);
        TAKE("cmid", PAR_CK_HAS_CMID, par_check__text(c, v, &e->cmid));
        TAKE("client_ts", PAR_CK_HAS_CLIENT_TS, par_check__i64(v, &e->client_ts));
        break;
    case 's':
        TAKE("seq", 0, par_check__u64(v, &e->seq));
        break;
    case 't':
        TAKE("ts", PAR_CK_HAS_TS, par_check__i64(v, &e->ts));
        TAKE("text", PAR_CK_HAS_TEXT, par_check__text(c, v, &e->text));
        TAKE("target", PAR_CK_HAS_TARGET, par_check__u64(v, &e->target));
        break;
    case 'f':
        TAKE("from", PAR_CK_HAS_FROM, par_check__id(c, v, &e->from));
        break;
    case 'k':
        TAKE("kind", PAR_CK_HAS_KIND, (e->kind = entry_kind(v)) != PAR_CK_KIND_NONE);
        break;
    case 'r':
        TAKE("reply_to", PAR_CK_HAS_REPLY, par_check__u64(v, &e->reply_to));
        TAKE("role", PAR_CK_HAS_ROLE, (e->role = (uint8_t)par_check__role(v)) != 0);
        break;
    case 'o':
        TAKE("on", PAR_CK_HAS_ON, par_check__bool(v, &e->on));
        break;
    case 'u':
        TAKE("users", PAR_CK_HAS_USERS, par_check__ids(c, v, &e->users, &e->user_count));
        break;
    case 'h':
        if (IS("history")) {
            e->has |= PAR_CK_HAS_HISTORY;
            e->joined = par_json_text_is(v, PAR_STR("joined"));
            return v->type == PAR_JSON_STRING;
        }
        break;
    case 'e':
        TAKE("edited_seq", PAR_CK_HAS_EDITED, par_check__u64(v, &e->edited_seq));
        break;
    case 'd':
        TAKE("deleted_seq", PAR_CK_HAS_DELETED, par_check__u64(v, &e->deleted_seq));
        break;
    default:
        break;
    }
#undef TAKE
#undef IS
    return true;
}

bool par_check__entry(struct par_check *c, const struct par_json *object, struct par_ck_entry *e_r,
                      struct par_str *conv_r)
{
    *e_r = (struct par_ck_entry){0};
    *conv_r = (struct par_str){0};
    if (object->type != PAR_JSON_OBJECT)
        return false;
    struct par_json_iter it = par_json_iter(object);
    struct par_json_member m;
    bool good = true;
    while (par_json_next_member(&it, &m))
        good = entry_member(c, &m.name, &m.value, e_r, conv_r) && good;
    if (e_r->user_count) {
        e_r->order = par_check__alloc(c, e_r->user_count * sizeof *e_r->order);
        if (e_r->order)
            memcpy(e_r->order, e_r->users, e_r->user_count * sizeof *e_r->order);
    }
    e_r->user_count = par_check__sort_ids(e_r->users, e_r->user_count);
    return good && e_r->seq >= 1;
}
