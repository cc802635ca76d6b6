/* A server in memory: logs, cmids, marks, sync by change numbers; and faults. */
#include "test_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *get(const json_t *o, const char *name)
{
    return json_object_get(o, name);
}

static const char *str(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static json_int_t num(const json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

uint64_t test_server_random(struct server *s, uint64_t n)
{
    uint64_t z = (s->seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % n;
}

static bool chance(struct server *s, unsigned percent)
{
    return s->cruel && test_server_random(s, 100) < percent;
}

void test_server_init(struct server *s, uint64_t seed, struct link *links, size_t link_count)
{
    *s = (struct server){.convs = json_object(),
                         .links = links,
                         .link_count = link_count,
                         .seed = seed,
                         .ts = 1700000000000};
}

void test_server_fini(struct server *s)
{
    json_decref(s->convs);
}

void test_server_add(struct server *s, const char *conv, const char *const *users, size_t n)
{
    json_t *marks = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(marks, users[i], json_pack("{s:i,s:i}", "delivered", 0, "read", 0));
    json_object_set_new(
        s->convs, conv,
        json_pack("{s:[],s:o,s:{},s:i}", "log", "marks", marks, "cmids", "changed", 0));
}

json_t *test_server_log(const struct server *s, const char *conv)
{
    return get(get(s->convs, conv), "log");
}

json_int_t test_server_mark(const struct server *s, const char *conv, const char *user,
                            const char *name)
{
    return num(get(get(get(s->convs, conv), "marks"), user), name);
}

void test_server_drop(struct link *l)
{
    json_array_clear(l->queue);
    l->signed_in = false;
}

void test_server_tell(struct link *l, json_t *event)
{
    json_array_append_new(l->queue, event);
}

/* ---- entries ---- */

json_t *test_server_shown(const struct server *s, const char *conv, size_t seq)
{
    json_t *log = test_server_log(s, conv), *later;
    json_t *e = json_copy(json_array_get(log, seq - 1));
    const char *kind = str(e, "kind");
    bool edit = strcmp(kind, "edited") == 0;
    json_int_t target = edit ? num(e, "target") : (json_int_t)seq;
    size_t i;
    if (!edit && strcmp(kind, "text") != 0)
        return e;
    json_array_foreach(log, i, later)
    {
        if (num(later, "target") != target)
            continue;
        if (strcmp(str(later, "kind"), "deleted") == 0) {
            json_object_del(e, "text");
            json_object_set(e, "deleted_seq", get(later, "seq"));
            break;
        }
        if (!edit && strcmp(str(later, "kind"), "edited") == 0) {
            json_object_set(e, "text", get(later, "text"));
            json_object_set(e, "edited_seq", get(later, "seq"));
        }
    }
    return e;
}

static json_t *for_user(json_t *entry, const char *user)
{
    json_t *copy = json_copy(entry);
    if (strcmp(str(entry, "from"), user) != 0)
        json_object_del(copy, "cmid");
    return copy;
}

/* Tells all members but the writing connection; some of it is lost, some comes twice. */
static void tell_members(struct server *s, const char *conv, json_t *entry, const struct link *but)
{
    for (size_t i = 0; i < s->link_count; i++) {
        struct link *l = &s->links[i];
        if (l == but || !l->signed_in || !get(get(get(s->convs, conv), "marks"), l->user))
            continue;
        for (int times = chance(s, 10) ? 0 : chance(s, 10) ? 2 : 1; times > 0; times--) {
            json_t *event = for_user(entry, l->user);
            json_object_set_new(event, "ev", json_string("entry"));
            test_server_tell(l, event);
        }
    }
}

static void answer(struct link *l, const json_t *request, json_t *ok)
{
    json_array_append_new(l->queue, json_pack("{s:O,s:o}", "re", get(request, "id"), "ok", ok));
}

static void refuse(struct link *l, const json_t *request, const char *code, bool retry)
{
    json_array_append_new(l->queue, json_pack("{s:O,s:{s:s,s:s,s:b,s:i}}", "re", get(request, "id"),
                                              "error", "code", code, "message", "no", "retry",
                                              retry, "retry_after_ms", 40));
}

static json_t *entry_of(struct server *s, const char *op, const json_t *q, const char *user,
                        json_int_t seq)
{
    const char *kind = strcmp(op, "send") == 0    ? "text"
                       : strcmp(op, "edit") == 0  ? "edited"
                       : strcmp(op, "react") == 0 ? "reaction"
                                                  : "deleted";
    json_t *e = json_pack("{s:O,s:I,s:I,s:s,s:s,s:O}", "conv", get(q, "conv"), "seq", seq, "ts",
                          ++s->ts, "kind", kind, "from", user, "cmid", get(q, "cmid"));
    json_t *text = get(q, strcmp(op, "react") == 0 ? "emoji" : "text");
    if (text)
        json_object_set(e, "text", text);
    if (get(q, "seq"))
        json_object_set(e, "target", get(q, "seq"));
    if (get(q, "on"))
        json_object_set(e, "on", get(q, "on"));
    return e;
}

/* What a writer refuses for good. */
static const char *refusal(const struct server *s, const json_t *q)
{
    const char *text = str(q, "text");
    size_t target = (size_t)num(q, "seq");
    if (text && strstr(text, "bad"))
        return "forbidden";
    if (!target)
        return NULL;
    if (target > json_array_size(test_server_log(s, str(q, "conv"))))
        return "not_found";
    json_t *shown = test_server_shown(s, str(q, "conv"), target);
    const char *code = get(shown, "deleted_seq") ? "conflict" : NULL;
    json_decref(shown);
    return code;
}

static void write(struct server *s, struct link *l, const char *op, const json_t *q)
{
    json_t *c = get(s->convs, str(q, "conv"));
    char key[128];
    snprintf(key, sizeof key, "%s %s", l->user, str(q, "cmid"));
    json_t *known = get(get(c, "cmids"), key), *e = NULL;
    const char *no = known ? NULL : refusal(s, q);
    if (chance(s, 10)) {
        refuse(l, q, "overloaded", true);
        return;
    }
    if (no) {
        refuse(l, q, no, false);
        return;
    }
    if (!known) {
        e = entry_of(s, op, q, l->user, (json_int_t)json_array_size(get(c, "log")) + 1);
        json_array_append_new(get(c, "log"), e);
        json_object_set_new(c, "changed", json_integer(++s->changes));
        json_object_set_new(get(c, "cmids"), key,
                            json_pack("{s:O,s:O}", "seq", get(e, "seq"), "ts", get(e, "ts")));
        known = get(get(c, "cmids"), key);
    }
    /* An answer may be lost, or say that it is not known how it ended. */
    if (chance(s, 5))
        refuse(l, q, "unavailable", true);
    else if (!chance(s, 5))
        answer(l, q,
               json_pack("{s:O,s:O,s:O,s:b}", "conv", get(q, "conv"), "seq", get(known, "seq"),
                         "ts", get(known, "ts"), "dup", !e));
    if (e)
        tell_members(s, str(q, "conv"), e, l);
}

/* ---- reading ---- */

static json_int_t least(const json_t *marks, const char *but, const char *name)
{
    json_int_t n = INT64_MAX;
    const char *user;
    json_t *mark;
    json_object_foreach((json_t *)marks, user, mark)
    {
        if (strcmp(user, but) != 0 && num(mark, name) < n)
            n = num(mark, name);
    }
    return n;
}

json_int_t test_server_unread(const struct server *s, const char *conv, const char *user)
{
    json_int_t read = test_server_mark(s, conv, user, "read"), n = 0;
    for (size_t seq = (size_t)read + 1; seq <= json_array_size(test_server_log(s, conv)); seq++) {
        json_t *e = test_server_shown(s, conv, seq);
        n += strcmp(str(e, "kind"), "text") == 0 && strcmp(str(e, "from"), user) != 0 &&
             !get(e, "deleted_seq");
        json_decref(e);
    }
    return n;
}

static json_t *row(const struct server *s, const char *id, const char *user)
{
    json_t *c = get(s->convs, id), *marks = get(c, "marks"), *log = get(c, "log");
    size_t last = json_array_size(log);
    json_t *mine = get(marks, user), *shown = last ? test_server_shown(s, id, last) : json_null();
    json_t *seen = last ? for_user(shown, user) : json_null();
    json_decref(shown);
    return json_pack("{s:s,s:s,s:I,s:o,s:I,s:O,s:O,s:{s:I,s:I},s:b,s:i,s:s}", "conv", id, "name",
                     "n", "last_seq", (json_int_t)last, "last_entry", seen, "unread",
                     test_server_unread(s, id, user), "delivered", get(mine, "delivered"), "read",
                     get(mine, "read"), "others", "delivered", least(marks, user, "delivered"),
                     "read", least(marks, user, "read"), "member", 1, "member_count",
                     (int)json_object_size(marks), "draft", "");
}

/* Pages of one row, as often as not. */
static json_t *sync_page(struct server *s, const struct link *l, const json_t *ask)
{
    json_t *rows = json_array(), *c;
    const char *id, *cursor = str(ask, "cursor"), *after = cursor ? strchr(cursor, ' ') + 1 : "";
    json_int_t since = cursor              ? strtoll(cursor, NULL, 10)
                       : get(ask, "since") ? strtoll(str(ask, "since"), NULL, 10)
                                           : -1;
    bool small = cursor || test_server_random(s, 2);
    json_t *ok = json_object();
    json_object_foreach(s->convs, id, c)
    {
        const json_t *have = get(get(ask, "have"), id);
        if (strcmp(id, after) <= 0 || !get(get(c, "marks"), l->user) ||
            num(c, "changed") <= since || json_array_size(get(c, "log")) == 0 ||
            (have && json_integer_value(have) == (json_int_t)json_array_size(get(c, "log"))))
            continue;
        if (small && json_array_size(rows) == 1) {
            char next[128];
            snprintf(next, sizeof next, "%lld %s", (long long)since,
                     str(json_array_get(rows, 0), "conv"));
            json_object_set_new(ok, "cursor", json_string(next));
            break;
        }
        json_array_append_new(rows, row(s, id, l->user));
    }
    char token[32];
    /* The token is of the first page: later pages may hold more, never less. */
    snprintf(token, sizeof token, "%lld",
             (long long)(cursor ? strtoll(str(ask, "cursor"), NULL, 10) : s->changes));
    json_object_set_new(ok, "conversations", rows);
    json_object_set_new(ok, "sync_token", json_string(token));
    return ok;
}

static void history(struct server *s, struct link *l, const json_t *q)
{
    const char *id = str(q, "conv");
    size_t last = json_array_size(test_server_log(s, id)), limit = (size_t)num(q, "limit");
    size_t from, to;
    /* The row may have been ahead of what this server has read. */
    if (last > 1 && chance(s, 10))
        last--;
    if (get(q, "after_seq")) {
        from = (size_t)num(q, "after_seq") + 1;
        to = from + limit - 1 < last ? from + limit - 1 : last;
    } else {
        to = get(q, "before_seq") ? (size_t)num(q, "before_seq") - 1 : last;
        to = to < last ? to : last;
        from = to >= limit ? to - limit + 1 : 1;
    }
    json_t *entries = json_array();
    for (size_t seq = from; seq <= to; seq++) {
        json_t *e = test_server_shown(s, id, seq);
        json_array_append_new(entries, for_user(e, l->user));
        json_decref(e);
    }
    answer(l, q,
           json_pack("{s:o,s:i,s:I,s:b}", "entries", entries, "first_seq", 1, "last_seq",
                     (json_int_t)last, "more", to < last));
}

static void raise(struct server *s, const struct link *l, const json_t *seqs, bool read)
{
    const char *id;
    json_t *seq;
    json_object_foreach((json_t *)seqs, id, seq)
    {
        json_t *c = get(s->convs, id), *mine = get(get(c, "marks"), l->user);
        json_int_t last = (json_int_t)json_array_size(get(c, "log"));
        json_int_t to = json_integer_value(seq) < last ? json_integer_value(seq) : last;
        if (to > num(mine, "delivered"))
            json_object_set_new(mine, "delivered", json_integer(to));
        if (read && to > num(mine, "read"))
            json_object_set_new(mine, "read", json_integer(to));
        json_object_set_new(c, "changed", json_integer(++s->changes));
        for (size_t i = 0; i < s->link_count; i++) {
            struct link *other = &s->links[i];
            if (other != l && other->signed_in && get(get(c, "marks"), other->user) &&
                !chance(s, 10))
                test_server_tell(other,
                                 json_pack("{s:s,s:s,s:s,s:O,s:O}", "ev", "mark", "conv", id,
                                           "user", l->user, "delivered", get(mine, "delivered"),
                                           "read", get(mine, "read")));
        }
    }
}

static void members(const struct server *s, struct link *l, const json_t *q)
{
    json_t *list = json_array(), *mark;
    const char *user;
    json_object_foreach(get(get(s->convs, str(q, "conv")), "marks"), user, mark)
    {
        json_array_append_new(list, json_pack("{s:s,s:O,s:O}", "user", user, "delivered",
                                              get(mark, "delivered"), "read", get(mark, "read")));
    }
    answer(l, q, json_pack("{s:o}", "members", list));
}

/* ---- requests ---- */

static void hello(struct server *s, struct link *l, const json_t *q)
{
    json_t *ok = sync_page(s, l, get(q, "sync"));
    json_object_set_new(ok, "store", json_string("first"));
    json_object_set_new(ok, "heartbeat_ms", json_integer(25000));
    l->signed_in = true;
    answer(l, q, ok);
}

static void handle(struct server *s, struct link *l, const json_t *q)
{
    const char *op = str(q, "op");
    if (strcmp(op, "hello") == 0)
        hello(s, l, q);
    else if (strcmp(op, "sync") == 0)
        answer(l, q, sync_page(s, l, q));
    else if (strcmp(op, "history") == 0)
        history(s, l, q);
    else if (strcmp(op, "members") == 0)
        members(s, l, q);
    else if (strcmp(op, "ack") == 0) {
        raise(s, l, get(q, "delivered"), false);
        raise(s, l, get(q, "read"), true);
        answer(l, q, json_object());
    } else if (strcmp(op, "send") == 0 || strcmp(op, "edit") == 0 || strcmp(op, "delete") == 0 ||
               strcmp(op, "react") == 0)
        write(s, l, op, q);
    else
        answer(l, q, json_object());
}

void test_server_handle(struct server *s, struct link *l)
{
    while (json_array_size(l->o->frames)) {
        json_t *q = json_incref(json_array_get(l->o->frames, 0));
        json_array_remove(l->o->frames, 0);
        /* Some get lost behind the server. */
        if (!chance(s, 3) || strcmp(str(q, "op"), "hello") == 0)
            handle(s, l, q);
        json_decref(q);
    }
}
