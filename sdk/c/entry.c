/* One entry: from a frame or a record, to a record, and as it is held. */
#include "sdk/c/sdk_private.h"

static const struct {
    const char *word;
    enum par_sdk_kind kind;
} kinds[] = {
#define X(NAME, number, word) {word, PAR_SDK_##NAME},
#include "parley/tbl/entry_kinds.h"
#undef X
};

static enum par_sdk_kind kind_of(struct par_str word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (par_str_is(word, kinds[i].word))
            return kinds[i].kind;
    }
    return PAR_SDK_UNKNOWN;
}

/* ---- reading ---- */

static void read_users(const struct par_json *list, struct par_arena *arena,
                       struct par_sdk_entry *e)
{
    struct par_json user;
    uint32_t n = 0;
    if (list->type != PAR_JSON_ARRAY)
        return;
    for (struct par_json_iter it = par_json_iter(list); par_json_next_item(&it, &user);)
        n++;
    uint64_t *users = par_arena_alloc(arena, (n ? n : 1) * sizeof *users);
    if (!users)
        return;
    n = 0;
    for (struct par_json_iter it = par_json_iter(list); par_json_next_item(&it, &user);)
        users[n++] = par_sdk__user(&user);
    e->users = users;
    e->user_count = n;
}

/* The members that are numbers and strings, by the name in frames. */
static bool read_number(struct par_str name, const struct par_json *v, struct par_sdk_entry *e)
{
    static const struct {
        const char *name;
        size_t at;
    } numbers[] = {
        {"seq", offsetof(struct par_sdk_entry, seq)},
        {"reply_to", offsetof(struct par_sdk_entry, reply_to)},
        {"target", offsetof(struct par_sdk_entry, target)},
        {"edited_seq", offsetof(struct par_sdk_entry, edited_seq)},
        {"deleted_seq", offsetof(struct par_sdk_entry, deleted_seq)},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (par_str_is(name, numbers[i].name)) {
            *(uint64_t *)((char *)e + numbers[i].at) = par_sdk__seq(v);
            return true;
        }
    }
    return false;
}

bool par_sdk__entry_read(const struct par_json *object, struct par_arena *arena,
                         struct par_sdk_entry *e_r, struct par_str *conv_r)
{
    struct par_json_member m;
    struct par_sdk_entry e = {.on = true};
    struct par_str conv = {0};
    if (object->type != PAR_JSON_OBJECT)
        return false;
    for (struct par_json_iter it = par_json_iter(object); par_json_next_member(&it, &m);) {
        struct par_str name = par_str_of(m.name.ptr, m.name.len);
        if (read_number(name, &m.value, &e))
            continue;
        if (par_str_is(name, "conv"))
            conv = par_sdk__text(&m.value, arena);
        else if (par_str_is(name, "ts"))
            e.ts = par_sdk__int(&m.value, 0);
        else if (par_str_is(name, "from"))
            e.from = par_sdk__user(&m.value);
        else if (par_str_is(name, "kind"))
            e.word = par_sdk__text(&m.value, arena);
        else if (par_str_is(name, "text"))
            e.text = par_sdk__text(&m.value, arena);
        else if (par_str_is(name, "cmid"))
            e.cmid = par_sdk__text(&m.value, arena);
        else if (par_str_is(name, "role"))
            e.role = par_sdk__text(&m.value, arena);
        else if (par_str_is(name, "client_ts"))
            e.client_ts = par_sdk__int(&m.value, 0);
        else if (par_str_is(name, "on"))
            e.on = m.value.type != PAR_JSON_FALSE;
        else if (par_str_is(name, "users"))
            read_users(&m.value, arena, &e);
    }
    e.kind = kind_of(e.word);
    *e_r = e;
    *conv_r = conv;
    return e.seq > 0;
}

/* ---- writing ---- */

static void number(struct par_json_out *w, const char *name, uint64_t n)
{
    if (n)
        par_json_key_int(w, name, (int64_t)n);
}

static void text(struct par_json_out *w, const char *name, struct par_str s)
{
    if (s.ptr)
        par_json_key_str(w, name, s);
}

void par_sdk__entry_write(struct par_buf *out, const struct par_sdk_entry *e)
{
    struct par_json_out w = par_json_out(out);
    par_json_open(&w);
    number(&w, "seq", e->seq);
    par_json_key_int(&w, "ts", e->ts);
    par_json_key_id(&w, "from", e->from);
    text(&w, "kind", e->word);
    text(&w, "text", e->text);
    text(&w, "cmid", e->cmid);
    text(&w, "role", e->role);
    number(&w, "reply_to", e->reply_to);
    number(&w, "target", e->target);
    number(&w, "edited_seq", e->edited_seq);
    number(&w, "deleted_seq", e->deleted_seq);
    if (e->client_ts)
        par_json_key_int(&w, "client_ts", e->client_ts);
    if (!e->on)
        par_json_key_bool(&w, "on", false);
    if (e->users) {
        par_json_key(&w, "users");
        par_json_open_array(&w);
        for (uint32_t i = 0; i < e->user_count; i++)
            par_json_id(&w, e->users[i]);
        par_json_close_array(&w);
    }
    par_json_close(&w);
}

/* ---- holding ---- */

static void move_str(struct par_str *s, char **at)
{
    if (!s->ptr)
        return;
    memcpy(*at, s->ptr, s->len);
    s->ptr = *at;
    *at += s->len;
}

struct par_sdk__held *par_sdk__held_new(const struct par_sdk_entry *e)
{
    size_t users = e->user_count * sizeof *e->users;
    /* One byte more, so that an empty string that is present has an address. */
    size_t bytes = users + e->text.len + e->cmid.len + e->role.len + e->word.len + 1;
    struct par_sdk__held *h = malloc(sizeof *h + bytes);
    if (!h)
        return NULL;
    h->e = *e;
    h->reactions = NULL;
    h->edited = NULL;
    char *at = h->storage;
    if (e->users) {
        if (users)
            memcpy(at, e->users, users);
        h->e.users = (const uint64_t *)(const void *)at;
        at += users;
    }
    move_str(&h->e.text, &at);
    move_str(&h->e.cmid, &at);
    move_str(&h->e.role, &at);
    move_str(&h->e.word, &at);
    h->e.reactions = NULL;
    h->e.reaction_count = 0;
    return h;
}

void par_sdk__held_free(struct par_sdk__held *h)
{
    if (!h)
        return;
    free(h->reactions);
    free(h->edited);
    free(h);
}
