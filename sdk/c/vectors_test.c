/* Runs protocol/vectors/client.json on the core: frames in, frames out, and the state that every
 * client must reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_owner.h"

#include <stdio.h>
#include <stdlib.h>

struct run {
    struct owner o;
    const char *conv;
    json_t *history; /* the request that waits for its answer, or NULL */
    json_t *sends;   /* cmid -> its newest request */
    json_t *tries;   /* cmid -> how many */
};

/* What the core has asked meanwhile. */
static void collect(struct run *r)
{
    json_t *frame;
    test_owner_pass(&r->o, 50);
    while ((frame = test_owner_take(&r->o, "history"))) {
        assert_null(r->history);
        r->history = frame;
    }
    while ((frame = test_owner_take(&r->o, "send"))) {
        const char *cmid = json_string_value(json_object_get(frame, "cmid"));
        json_int_t before = json_integer_value(json_object_get(r->tries, cmid));
        json_object_set(r->sends, cmid, frame);
        json_object_set_new(r->tries, cmid, json_integer(before + 1));
        json_decref(frame);
    }
}

/* ---- the start ---- */

static void restore_entries(struct run *r, const json_t *entries)
{
    json_t *e;
    size_t i;
    json_array_foreach(entries, i, e)
    {
        char key[128];
        size_t n = strlen(r->conv);
        json_int_t seq = json_integer_value(json_object_get(e, "seq"));
        memcpy(key, r->conv, n);
        memset(key + n, 0, 8);
        key[n + 8] = (char)seq;
        char *value = json_dumps(e, JSON_COMPACT);
        assert_true(par_sdk_restore(r->o.sdk, PAR_SDK_RECORD_ENTRY, par_str_of(key, n + 9),
                                    par_str(value)));
        free(value);
    }
}

/* ---- what is seen ---- */

static json_t *shown(const struct par_sdk_conv *c)
{
    json_t *list = json_array();
    for (uint64_t seq = c->lo; seq <= c->hi; seq++) {
        const struct par_sdk_entry *e = par_sdk_entry(c, seq);
        if (e->kind == PAR_SDK_TEXT)
            json_array_append_new(
                list,
                json_pack("[I,o]", (json_int_t)seq,
                          e->deleted_seq ? json_null() : json_stringn(e->text.ptr, e->text.len)));
    }
    return list;
}

static void sort(json_t *names)
{
    for (size_t i = 1; i < json_array_size(names); i++) {
        for (size_t k = i; k > 0; k--) {
            json_t *a = json_array_get(names, k - 1), *b = json_array_get(names, k);
            if (strcmp(json_string_value(a), json_string_value(b)) <= 0)
                break;
            json_incref(a);
            json_array_set(names, k - 1, b);
            json_array_set_new(names, k, a);
        }
    }
}

static json_t *reactions(const struct par_sdk_conv *c)
{
    json_t *all = json_object();
    for (uint64_t seq = c->lo; seq <= c->hi; seq++) {
        const struct par_sdk_entry *e = par_sdk_entry(c, seq);
        json_t *emojis = json_object();
        for (uint32_t i = 0; i < e->reaction_count; i++) {
            const struct par_sdk_reaction *re = &e->reactions[i];
            char emoji[33] = "", user[24];
            memcpy(emoji, re->emoji, re->len);
            snprintf(user, sizeof user, "%llu", (unsigned long long)re->user);
            if (!re->on)
                continue;
            if (!json_object_get(emojis, emoji))
                json_object_set_new(emojis, emoji, json_array());
            json_array_append_new(json_object_get(emojis, emoji), json_string(user));
            sort(json_object_get(emojis, emoji));
        }
        char key[24];
        snprintf(key, sizeof key, "%llu", (unsigned long long)seq);
        if (json_object_size(emojis))
            json_object_set(all, key, emojis);
        json_decref(emojis);
    }
    return all;
}

static json_t *ticks(const struct par_sdk_conv *c, const json_t *want)
{
    static const char *const words[] = {"sending", "sent", "delivered", "read", "failed"};
    json_t *all = json_object(), *value;
    const char *seq;
    json_object_foreach((json_t *)want, seq, value)
    {
        enum par_sdk_state state = par_sdk_state(c, strtoull(seq, NULL, 10));
        json_object_set_new(all, seq, json_string(words[state]));
    }
    return all;
}

static json_t *states(const struct run *r, const json_t *want)
{
    json_t *all = json_object(), *value;
    const char *cmid;
    json_object_foreach((json_t *)want, cmid, value)
    {
        json_object_set(all, cmid, json_object_get(r->o.items, cmid));
    }
    return all;
}

static json_t *tries(const struct run *r, const json_t *want)
{
    json_t *all = json_object(), *value;
    const char *cmid;
    json_object_foreach((json_t *)want, cmid, value)
    {
        json_int_t n = json_integer_value(json_object_get(r->tries, cmid));
        json_object_set_new(all, cmid, json_integer(n));
    }
    return all;
}

static json_t *look(const struct run *r, const char *what, const json_t *want)
{
    const struct par_sdk_conv *c = test_owner_conv(&r->o, r->conv);
    if (strcmp(what, "held") == 0)
        return json_integer((json_int_t)c->hi);
    if (strcmp(what, "asks") == 0)
        return r->history ? json_incref(json_object_get(r->history, "after_seq")) : json_null();
    if (strcmp(what, "shown") == 0)
        return shown(c);
    if (strcmp(what, "reactions") == 0)
        return reactions(c);
    if (strcmp(what, "ticks") == 0)
        return ticks(c, want);
    if (strcmp(what, "states") == 0)
        return states(r, want);
    if (strcmp(what, "tries") == 0)
        return tries(r, want);
    if (strcmp(what, "unread") == 0)
        return json_integer(par_sdk_unread(c));
    if (strcmp(what, "delivered") == 0)
        return json_integer((json_int_t)c->delivered);
    if (strcmp(what, "read") == 0)
        return json_integer((json_int_t)c->read);
    if (strcmp(what, "name") == 0)
        return json_stringn(c->name.ptr, c->name.len);
    if (strcmp(what, "draft") == 0)
        return json_stringn(c->draft.ptr, c->draft.len);
    if (strcmp(what, "member") == 0)
        return json_boolean(c->member);
    if (strcmp(what, "member_count") == 0)
        return json_integer(c->member_count);
    if (strcmp(what, "archived") == 0)
        return json_boolean(c->archived);
    if (strcmp(what, "pinned") == 0)
        return json_boolean(c->pinned);
    if (strcmp(what, "muted_until") == 0)
        return json_integer(c->muted_until);
    fail_msg("nobody knows what `%s` is", what);
    return NULL;
}

/* ---- steps ---- */

static void answer_history(struct run *r, json_t *entries)
{
    assert_non_null(r->history);
    json_t *last = json_array_get(entries, json_array_size(entries) - 1);
    json_t *request = r->history;
    r->history = NULL;
    test_owner_answer(&r->o, request,
                      json_pack("{s:O,s:i,s:O,s:b}", "entries", entries, "first_seq", 1, "last_seq",
                                json_object_get(last, "seq"), "more", 0));
    json_decref(request);
}

static void give_row(struct run *r, json_t *row)
{
    test_owner_give(&r->o, json_pack("{s:s}", "ev", "sync"));
    json_t *sync = test_owner_took(&r->o, "sync");
    test_owner_answer(&r->o, sync,
                      json_pack("{s:[O],s:s}", "conversations", row, "sync_token", "t2"));
    json_decref(sync);
}

static void write(struct run *r, const json_t *send)
{
    struct par_sdk_write w = {
        .op = PAR_OP_SEND,
        .conv = par_str(r->conv),
        .text = test_str(json_object_get(send, "text")),
        .cmid = test_str(json_object_get(send, "cmid")),
    };
    assert_int_equal(par_sdk_write(r->o.sdk, r->o.now, &w, NULL), PAR_OK);
}

static const json_t *request_of(struct run *r, const json_t *step)
{
    const json_t *request =
        json_object_get(r->sends, json_string_value(json_object_get(step, "cmid")));
    assert_non_null(request);
    return request;
}

static void expect(const struct run *r, const char *name, json_t *wanted)
{
    const char *what;
    json_t *want;
    json_object_foreach(wanted, what, want)
    {
        json_t *got = look(r, what, want);
        if (!json_equal(got, want))
            fail_msg("%s: %s is %s, not %s", name, what, json_dumps(got, JSON_ENCODE_ANY),
                     json_dumps(want, JSON_ENCODE_ANY));
        json_decref(got);
    }
}

static void step(struct run *r, const char *name, const json_t *s)
{
    json_t *v;
    if ((v = json_object_get(s, "event")))
        test_owner_give(&r->o, json_incref(v));
    else if ((v = json_object_get(s, "history")))
        answer_history(r, v);
    else if ((v = json_object_get(s, "row")))
        give_row(r, v);
    else if ((v = json_object_get(s, "send")))
        write(r, v);
    else if ((v = json_object_get(s, "accepted")))
        test_owner_answer(&r->o, request_of(r, v),
                          json_pack("{s:s,s:O,s:O,s:O}", "conv", r->conv, "seq",
                                    json_object_get(v, "seq"), "ts", json_object_get(v, "ts"),
                                    "dup", json_object_get(v, "dup")));
    else if ((v = json_object_get(s, "refused")))
        test_owner_refuse(&r->o, request_of(r, v), json_string_value(json_object_get(v, "code")),
                          json_is_true(json_object_get(v, "retry")), 0);
    else if ((v = json_object_get(s, "pass")))
        test_owner_pass(&r->o, json_integer_value(v));
    if ((v = json_object_get(s, "expect"))) {
        collect(r);
        expect(r, name, v);
    }
    /* A frame of the outbox leaves at once; a hole is asked for when it has had a moment. */
    if (json_object_get(s, "send") || json_object_get(s, "refused"))
        collect(r);
}

static void run_case(const json_t *test)
{
    const char *name = json_string_value(json_object_get(test, "name"));
    const json_t *start = json_object_get(test, "start");
    json_t *row = json_object_get(start, "row");
    struct run r = {.conv = json_string_value(json_object_get(row, "conv")),
                    .sends = json_object(),
                    .tries = json_object()};
    json_t *s;
    size_t i;
    test_owner_init(&r.o);
    assert_string_equal(json_string_value(json_object_get(test, "self")), "1001");
    restore_entries(&r, json_object_get(start, "entries"));
    test_owner_online(&r.o, json_pack("[O]", row));
    json_array_foreach(json_object_get(test, "steps"), i, s)
    {
        step(&r, name, s);
    }
    json_decref(r.sends);
    json_decref(r.tries);
    json_decref(r.history);
    test_owner_fini(&r.o);
}

static void reaches_the_states(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/protocol/vectors/client.json", getenv("PARLEY_SOURCE_ROOT"));
    json_t *cases = json_load_file(path, 0, NULL), *test;
    size_t i;
    assert_true(json_array_size(cases) >= 30);
    json_array_foreach(cases, i, test)
    {
        run_case(test);
    }
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reaches_the_states)};
    return cmocka_run_group_tests_name("sdk_vectors", tests, NULL, NULL);
}
