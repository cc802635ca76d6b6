/* Random worlds: frames, events and answers lost or repeated, connections cut, clients that crash
 * and begin again from their records, a server that refuses for a while. When that ends, every
 * client holds the log, and every item of an outbox has ended once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_server.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEVICES = 4, STEPS = 600, SEEDS = 150, HEAL_MS = 15 * 60 * 1000 };

static const char *const users[DEVICES] = {"1001", "1001", "1002", "1003"};
/* Who is in which conversation; several, so that some are quiet for long. */
static const struct {
    const char *id;
    const char *users[3];
    size_t count;
} convs[] = {
    {"d.1001.1002", {"1001", "1002"}, 2},
    {"d.1001.1003", {"1001", "1003"}, 2},
    {"d.1002.1003", {"1002", "1003"}, 2},
    {"g.00112233445566778899aabbccddeeff", {"1001", "1002", "1003"}, 3},
    {"g.10112233445566778899aabbccddeeff", {"1003", "1001", "1002"}, 3},
    {"g.20112233445566778899aabbccddeeff", {"1002", "1003"}, 2},
};
enum { CONVS = sizeof convs / sizeof *convs };

static uint64_t running; /* its seed */

struct world {
    struct server server;
    struct owner owners[DEVICES];
    struct link links[DEVICES];
    json_t *written; /* of each device: [conv, cmid, text] in the order written */
    json_int_t reads[DEVICES][CONVS];
    unsigned count;
};

static uint64_t below(struct world *w, uint64_t n)
{
    return test_server_random(&w->server, n);
}

static bool member(size_t device, size_t conv)
{
    for (size_t i = 0; i < convs[conv].count; i++) {
        if (strcmp(convs[conv].users[i], users[device]) == 0)
            return true;
    }
    return false;
}

/* A conversation of the device. */
static size_t some_conv(struct world *w, size_t device)
{
    size_t k;
    do
        k = below(w, CONVS);
    while (!member(device, k));
    return k;
}

static void begin(struct world *w, uint64_t seed)
{
    *w = (struct world){.written = json_array()};
    test_server_init(&w->server, seed, w->links, DEVICES);
    for (size_t k = 0; k < CONVS; k++)
        test_server_add(&w->server, convs[k].id, convs[k].users, convs[k].count);
    w->server.cruel = true;
    for (size_t i = 0; i < DEVICES; i++) {
        static const uint32_t holes[] = {0, 0, 1000, 6};
        struct owner *o = &w->owners[i];
        test_owner_init(o);
        o->seed = seed * DEVICES + i;
        o->settings.user = strtoull(users[i], NULL, 10);
        o->settings.hole_max = holes[below(w, 4)];
        o->settings.held_max = below(w, 4) ? 0 : 9;
        o->settings.by_have = below(w, 4) == 0;
        o->settings.heartbeat = below(w, 2);
        test_owner_crash(o);
        w->links[i] = (struct link){.o = o, .user = users[i], .queue = json_array()};
        par_sdk_start(o->sdk, o->now);
        json_array_append_new(w->written, json_array());
    }
}

static void end(struct world *w)
{
    for (size_t i = 0; i < DEVICES; i++) {
        json_decref(w->links[i].queue);
        test_owner_fini(&w->owners[i]);
    }
    json_decref(w->written);
    test_server_fini(&w->server);
}

/* ---- steps ---- */

/* An own text that the device holds, or 0. */
static uint64_t own_text(struct world *w, const struct owner *o, const struct par_sdk_conv *c)
{
    for (int tries = 0; c && c->lo <= c->hi && tries < 5; tries++) {
        uint64_t seq = c->lo + below(w, c->hi - c->lo + 1);
        const struct par_sdk_entry *e = par_sdk_entry(c, seq);
        if (e && e->kind == PAR_SDK_TEXT && e->from == o->settings.user)
            return seq;
    }
    return 0;
}

static void write(struct world *w, size_t i)
{
    static const enum par_op ops[] = {PAR_OP_SEND,  PAR_OP_SEND, PAR_OP_SEND,
                                      PAR_OP_REACT, PAR_OP_EDIT, PAR_OP_DELETE};
    struct owner *o = &w->owners[i];
    const char *conv = convs[some_conv(w, i)].id;
    uint64_t target = own_text(w, o, test_owner_conv(o, conv));
    char text[32], cmid[65];
    snprintf(text, sizeof text, "%s%zu-%u", below(w, 10) ? "" : "bad ", i, w->count++);
    struct par_sdk_write what = {
        .op = target ? ops[below(w, 6)] : PAR_OP_SEND,
        .conv = par_str(conv),
        .text = par_str(text),
        .seq = target,
        .emoji = par_str(below(w, 2) ? "👍" : "❤"),
        .on = below(w, 2),
    };
    assert_int_equal(par_sdk_write(o->sdk, o->now, &what, cmid), PAR_OK);
    json_array_append_new(json_array_get(w->written, i), json_pack("[s,s]", conv, cmid));
}

static void cut(struct world *w, size_t i, uint16_t code)
{
    struct owner *o = &w->owners[i];
    if (!o->connected)
        return;
    test_server_drop(&w->links[i]);
    json_array_clear(o->frames);
    o->connected = false;
    par_sdk_closed(o->sdk, o->now, code);
}

/* A connection that the core asked for is opened or fails; frames go both ways, a few at a time. */
static void turn(struct world *w, size_t i)
{
    struct owner *o = &w->owners[i];
    struct link *l = &w->links[i];
    if (o->closes) {
        o->closes = 0;
        test_server_drop(l);
        json_array_clear(o->frames);
    }
    if (o->connected && o->connects) {
        o->connects = 0;
        test_server_drop(l);
        if (w->server.cruel && below(w, 4) == 0)
            cut(w, i, 1006);
        else
            par_sdk_opened(o->sdk, o->now);
    }
    test_server_handle(&w->server, l);
    for (uint64_t n = w->server.cruel ? below(w, 4) : 100; n > 0; n--) {
        if (!o->connected || json_array_size(l->queue) == 0)
            break;
        json_t *frame = json_incref(json_array_get(l->queue, 0));
        json_array_remove(l->queue, 0);
        test_owner_give(o, frame);
    }
}

static void pass(struct world *w, int64_t ms)
{
    for (size_t i = 0; i < DEVICES; i++)
        test_owner_pass(&w->owners[i], ms);
}

static void crash(struct world *w, size_t i)
{
    struct owner *o = &w->owners[i];
    test_server_drop(&w->links[i]);
    test_owner_crash(o);
    o->connects = o->closes = 0;
    par_sdk_start(o->sdk, o->now);
}

static void read_some(struct world *w, size_t i)
{
    struct owner *o = &w->owners[i];
    size_t k = some_conv(w, i);
    const struct par_sdk_conv *c = test_owner_conv(o, convs[k].id);
    if (!c || !c->hi)
        return;
    par_sdk_read(o->sdk, o->now, c->id, c->hi);
    if (w->reads[i][k] < (json_int_t)c->hi)
        w->reads[i][k] = (json_int_t)c->hi;
}

/* quiet: nobody writes any more, so what is missed now is not learnt by the way. */
static void step(struct world *w, bool quiet)
{
    static const uint16_t codes[] = {1006, 1001, 4408, 4429, 1006};
    size_t i = below(w, DEVICES);
    struct owner *o = &w->owners[i];
    switch (below(w, 30)) {
    case 0:
        cut(w, i, codes[below(w, 5)]);
        break;
    case 1:
        crash(w, i);
        break;
    case 2:
        if (w->links[i].signed_in)
            test_server_tell(&w->links[i], json_pack("{s:s}", "ev", "sync"));
        break;
    case 3:
        if (w->links[i].signed_in)
            test_server_tell(&w->links[i],
                             json_pack("{s:s,s:i}", "ev", "drain", "retry_after_ms", 500));
        break;
    case 4:
        read_some(w, i);
        break;
    case 5:
        par_sdk_older(o->sdk, o->now, par_str(convs[0].id), 5);
        break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
        if (!quiet)
            write(w, i);
        break;
    case 12:
        pass(w, (int64_t)below(w, 30000));
        break;
    case 13:
    case 14:
        pass(w, (int64_t)below(w, 400));
        break;
    default:
        turn(w, i);
        break;
    }
}

/* ---- the end ---- */

static bool settled(const struct world *w)
{
    for (size_t i = 0; i < DEVICES; i++) {
        const struct owner *o = &w->owners[i];
        struct par_sdk_status status = par_sdk_status(o->sdk);
        if (status.link != PAR_SDK_ONLINE || status.updating || par_sdk_waiting(o->sdk))
            return false;
        for (size_t k = 0; k < CONVS; k++) {
            const struct par_sdk_conv *c = test_owner_conv(o, convs[k].id);
            size_t last = json_array_size(test_server_log(&w->server, convs[k].id));
            if (member(i, k) && last && (!c || c->hi != last))
                return false;
        }
    }
    return true;
}

/* The faults end. What events were lost shows as it would after a fail-over: the server breaks the
 * connections, or asks for a sync; or the clients begin again. */
static void heal(struct world *w)
{
    uint64_t way = below(w, 3);
    w->server.cruel = false;
    for (size_t i = 0; i < DEVICES; i++) {
        if (way == 0)
            cut(w, i, 1001);
        else if (way == 1 && w->links[i].signed_in)
            test_server_tell(&w->links[i], json_pack("{s:s}", "ev", "sync"));
        else if (way == 2)
            crash(w, i);
    }
    for (int64_t ms = 0; ms < HEAL_MS; ms += 100) {
        pass(w, 100);
        for (size_t i = 0; i < DEVICES; i++)
            turn(w, i);
        if (settled(w))
            break;
    }
    /* Acks have their time, also one that was lost just before. */
    for (int n = 0; n < 300; n++) {
        pass(w, 100);
        for (size_t i = 0; i < DEVICES; i++)
            turn(w, i);
    }
}

static void check_entry(const struct world *w, const char *conv, const struct par_sdk_entry *e)
{
    json_t *want = test_server_shown(&w->server, conv, e->seq);
    json_t *text = json_object_get(want, "text");
    assert_true(par_str_eq(e->word, test_str(json_object_get(want, "kind"))));
    assert_int_equal(e->ts, json_integer_value(json_object_get(want, "ts")));
    assert_int_equal(e->target, json_integer_value(json_object_get(want, "target")));
    assert_int_equal(e->edited_seq * !e->deleted_seq,
                     json_object_get(want, "deleted_seq")
                         ? 0
                         : json_integer_value(json_object_get(want, "edited_seq")));
    assert_int_equal(e->deleted_seq, json_integer_value(json_object_get(want, "deleted_seq")));
    if (text ? !par_str_eq(e->text, test_str(text)) : e->text.len != 0)
        fail_msg("%s %llu: '%.*s' is not '%s'", conv, (unsigned long long)e->seq,
                 PAR_STR_ARGS(e->text), json_string_value(text));
    json_decref(want);
}

static bool reacted(const struct par_sdk_entry *e, uint64_t user, struct par_str emoji)
{
    for (uint32_t k = 0; k < e->reaction_count; k++) {
        const struct par_sdk_reaction *r = &e->reactions[k];
        if (r->user == user && par_str_eq(par_str_of(r->emoji, r->len), emoji))
            return r->on;
    }
    return false;
}

/* Reactions of a text, as the part of the log that is held says: the last word of each user counts.
 */
static void check_reactions(const struct world *w, const struct par_sdk_conv *c,
                            const struct par_sdk_entry *e)
{
    json_t *log = test_server_log(&w->server, c->id.ptr), *last = json_object(), *entry, *on;
    const char *key;
    for (uint64_t seq = c->lo; seq <= c->hi; seq++) {
        char who[96];
        entry = json_array_get(log, seq - 1);
        if (strcmp(json_string_value(json_object_get(entry, "kind")), "reaction") != 0 ||
            json_integer_value(json_object_get(entry, "target")) != (json_int_t)e->seq)
            continue;
        snprintf(who, sizeof who, "%s %s", json_string_value(json_object_get(entry, "from")),
                 json_string_value(json_object_get(entry, "text")));
        json_object_set(last, who, json_object_get(entry, "on"));
    }
    json_object_foreach(last, key, on)
    {
        assert_int_equal(reacted(e, strtoull(key, NULL, 10), par_str(strchr(key, ' ') + 1)),
                         json_is_true(on));
    }
    json_decref(last);
}

/* The least of the others' marks. */
static json_int_t least(const struct world *w, size_t device, size_t k, const char *name)
{
    json_int_t n = INT64_MAX;
    for (size_t i = 0; i < convs[k].count; i++) {
        json_int_t mark = test_server_mark(&w->server, convs[k].id, convs[k].users[i], name);
        if (strcmp(convs[k].users[i], users[device]) != 0 && mark < n)
            n = mark;
    }
    return n;
}

static void check_held(const struct world *w, size_t i, size_t k)
{
    const struct owner *o = &w->owners[i];
    const struct par_sdk_conv *c = test_owner_conv(o, convs[k].id);
    json_int_t last = (json_int_t)json_array_size(test_server_log(&w->server, convs[k].id)),
               need = 0;
    if (!last)
        return;
    assert_true(c->lo >= 1 && c->lo <= c->hi);
    if (!o->settings.hole_max && !o->settings.held_max)
        assert_int_equal(c->lo, 1);
    for (uint64_t seq = c->lo; seq <= c->hi; seq++) {
        const struct par_sdk_entry *e = par_sdk_entry(c, seq);
        assert_int_equal(e->seq, seq);
        check_entry(w, convs[k].id, e);
        check_reactions(w, c, e);
        if (e->from != o->settings.user)
            need = (json_int_t)seq;
    }
    assert_true(test_server_mark(&w->server, convs[k].id, users[i], "delivered") >= need);
    assert_true(test_server_mark(&w->server, convs[k].id, users[i], "read") >= w->reads[i][k]);
    /* Marks that moved elsewhere while it was away come with the rows of `since`. */
    if (o->settings.by_have)
        return;
    assert_int_equal(c->read, test_server_mark(&w->server, convs[k].id, users[i], "read"));
    assert_int_equal(c->others_delivered, least(w, i, k, "delivered"));
    assert_int_equal(c->others_read, least(w, i, k, "read"));
    assert_int_equal(par_sdk_unread(c), test_server_unread(&w->server, convs[k].id, users[i]));
}

/* Each item ended once, those that were sent are in the log once, in the order written. */
static void check_items(const struct world *w, size_t i)
{
    const struct owner *o = &w->owners[i];
    json_t *item, *entry, *at = json_object();
    size_t n, k;
    json_array_foreach(json_array_get(w->written, i), n, item)
    {
        const char *conv = json_string_value(json_array_get(item, 0));
        const char *cmid = json_string_value(json_array_get(item, 1));
        json_int_t ended = json_integer_value(json_object_get(o->ended, cmid)), found = 0, seq = 0;
        if (ended != 1)
            fail_msg("device %zu: %s ended %lld times", i, cmid, (long long)ended);
        json_array_foreach(test_server_log(&w->server, conv), k, entry)
        {
            if (strcmp(json_string_value(json_object_get(entry, "cmid")), cmid) == 0) {
                found++;
                seq = (json_int_t)k + 1;
            }
        }
        bool sent = strcmp(json_string_value(json_object_get(o->items, cmid)), "sent") == 0;
        assert_int_equal(found, sent);
        if (sent) {
            assert_true(seq > json_integer_value(json_object_get(at, conv)));
            json_object_set_new(at, conv, json_integer(seq));
        }
    }
    json_decref(at);
}

static void run_world(uint64_t seed)
{
    struct world w;
    begin(&w, seed);
    for (int n = 0; n < STEPS; n++)
        step(&w, n > STEPS * 3 / 4);
    heal(&w);
    if (!settled(&w)) {
        for (size_t i = 0; i < DEVICES; i++)
            print_error("device %zu: link %d, updating %d, waiting %u\n", i,
                        par_sdk_status(w.owners[i].sdk).link,
                        par_sdk_status(w.owners[i].sdk).updating, par_sdk_waiting(w.owners[i].sdk));
        fail_msg("seed %llu never settled", (unsigned long long)seed);
    }
    for (size_t i = 0; i < DEVICES; i++) {
        for (size_t k = 0; k < CONVS; k++) {
            if (member(i, k))
                check_held(&w, i, k);
        }
        check_items(&w, i);
    }
    end(&w);
}

static void whatever_is_lost_everything_comes_right(void **state)
{
    (void)state;
    /* PARLEY_SEED runs one, PARLEY_SEEDS that many. */
    const char *one = getenv("PARLEY_SEED"), *many = getenv("PARLEY_SEEDS");
    uint64_t first = one ? strtoull(one, NULL, 10) : 1;
    uint64_t last = one ? first : many ? strtoull(many, NULL, 10) : SEEDS;
    for (uint64_t seed = first; seed <= last; seed++) {
        running = seed;
        run_world(seed);
    }
}

static int say_seed(void **state)
{
    (void)state;
    print_message("the last world had the seed %llu\n", (unsigned long long)running);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whatever_is_lost_everything_comes_right, say_seed)};
    return cmocka_run_group_tests_name("sdk_property", tests, NULL, NULL);
}
