/* A checker that cannot fail is worthless: a right history of some hundred lines is spoiled in one
 * line, in many ways, and each time it must be noticed. */
#include "check/test_world.h"

#include "check/test_model.h"

#include <stdlib.h>

enum { LINES = 8000, SEEDS = 3, STEPS = 200, TRIES = 40 };

struct lines {
    struct par_buf text;
    struct par_str line[LINES];
    unsigned count;
};

static void split(struct lines *l)
{
    l->count = 0;
    const char *p = (const char *)l->text.data, *end = p + l->text.len;
    while (p < end && l->count < LINES) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        l->line[l->count++] = par_str_of(p, (size_t)(stop - p));
        p = stop + 1;
    }
}

static const char *find(struct par_str s, const char *what)
{
    return memmem(s.ptr, s.len, what, strlen(what));
}

/* One way to spoil: in a line that has all of `with` and none of `without`, `from` becomes `to`; a
 * number behind `bump` goes up by `by`. */
struct way {
    const char *name;
    const char *with[3];
    const char *without;
    const char *from, *to;
    const char *bump;
    int by;
    enum { CHANGE = 0, DROP, TWICE, SWAP } how;
    bool some; /* it may go unnoticed where nothing hangs on it, but not everywhere */
};

static const struct way ways[] = {
    {"answer: seq + 1", {"\"ok\":{\"conv\""}, NULL, NULL, NULL, "\"seq\":", 1},
    {"answer: seq - 1", {"\"ok\":{\"conv\""}, "\"seq\":1,", NULL, NULL, "\"seq\":", -1},
    {"answer: ts", {"\"ok\":{\"conv\""}, NULL, NULL, NULL, "\"ts\":", 1},
    {"answer: dup told", {"\"ok\":{\"conv\""}, NULL, "\"dup\":false", "\"dup\":true"},
    {"answer: dup not told", {"\"ok\":{\"conv\""}, NULL, "\"dup\":true", "\"dup\":false"},
    {"answer: another conversation", {"\"ok\":{\"conv\":\"d.1.2"}, NULL, "d.1.2", "d.2.3"},
    {"answer: a refusal instead",
     {"\"ok\":{\"conv\"", "\"dup\":false}}"},
     NULL,
     "\"ok\":{",
     "\"error\":{\"code\":\"forbidden\",\"retry\":false,"},
    {"answer: dropped", {"\"ok\":{\"conv\""}, NULL, NULL, NULL, NULL, 0, DROP},
    {"answer: twice", {"\"ok\":{\"conv\""}, NULL, NULL, NULL, NULL, 0, TWICE},
    {"answer: not the one", {"\"re\":"}, NULL, NULL, NULL, "\"re\":", 1},
    {"request: dropped", {"\"op\":\"send\""}, NULL, NULL, NULL, NULL, 0, DROP},
    {"request: other text", {"\"op\":\"send\""}, NULL, "\"text\":\"t", "\"text\":\"u"},
    {"request: other cmid", {"\"op\":\"send\""}, NULL, "\"cmid\":\"c", "\"cmid\":\"d"},
    {"request: other target", {"\"op\":\"edit\""}, NULL, NULL, NULL, "\"seq\":", 1},
    {"event: dropped", {"\"ev\":\"entry\""}, NULL, NULL, NULL, NULL, 0, DROP, true},
    {"event: seq", {"\"ev\":\"entry\""}, NULL, NULL, NULL, "\"seq\":", 1},
    {"event: ts", {"\"ev\":\"entry\""}, NULL, NULL, NULL, "\"ts\":", 1},
    {"event: text", {"\"ev\":\"entry\""}, NULL, "\"text\":\"t", "\"text\":\"u"},
    {"event: from", {"\"ev\":\"entry\""}, NULL, NULL, NULL, "\"from\":\"", 1},
    {"event: kind", {"\"ev\":\"entry\""}, NULL, "\"kind\":\"text\"", "\"kind\":\"renamed\""},
    {"event: cmid shown to all",
     {"\"ev\":\"entry\""},
     "\"cmid\"",
     "\"kind\":",
     "\"cmid\":\"c1\",\"kind\":"},
    {"event: cmid kept from its maker", {"\"ev\":\"entry\""}, NULL, "\"cmid\"", "\"dimc\""},
    {"event: other conversation", {"\"ev\":\"entry\""}, NULL, "\"d.1.2\"", "\"d.3.4\""},
    {"event: to a stranger",
     {"\"conn\":3", "\"ev\":\"entry\"", "d.2.3"},
     NULL,
     "\"conn\":3",
     "\"conn\":4"},
    {"event: swapped with the next one",
     {"\"ev\":\"entry\""},
     NULL,
     NULL,
     NULL,
     NULL,
     0,
     SWAP,
     true},
    {"mark: too high", {"\"ev\":\"mark\""}, NULL, NULL, NULL, "\"read\":", 500},
    {"mark: another's", {"\"ev\":\"mark\""}, NULL, NULL, NULL, "\"user\":\"", 1, CHANGE, true},
    {"mark: lower",
     {"\"ev\":\"mark\""},
     "\"delivered\":0",
     NULL,
     NULL,
     "\"delivered\":",
     -1,
     CHANGE,
     true},
    {"page: an entry's seq", {"\"entries\":[{"}, NULL, NULL, NULL, "\"seq\":", 1},
    {"page: an entry's ts", {"\"entries\":[{"}, NULL, NULL, NULL, "\"ts\":", 1},
    {"page: an entry's text", {"\"entries\":[{"}, NULL, "\"text\":\"t", "\"text\":\"u"},
    {"page: an edit forgotten",
     {"\"entries\":[{"},
     NULL,
     "\"edited_seq\":",
     "\"edited_sep\":",
     NULL,
     0,
     CHANGE,
     true},
    {"page: a delete forgotten",
     {"\"entries\":[{"},
     NULL,
     ",\"deleted_seq\":",
     ",\"text\":\"t1\",\"deleted_sep\":"},
    {"page: deleted text shown",
     {"\"entries\":[{"},
     NULL,
     ",\"deleted_seq\":",
     ",\"text\":\"t1\",\"deleted_seq\":"},
    {"page: more told wrong", {"\"more\":true"}, NULL, "\"more\":true", "\"more\":false"},
    {"page: more told, and there is none",
     {"\"more\":false", "\"seq\""},
     NULL,
     "\"more\":false",
     "\"more\":true"},
    {"page: last_seq too low",
     {"\"first_seq\":1", "\"entries\":[{"},
     NULL,
     NULL,
     NULL,
     "\"last_seq\":",
     -1},
    {"page: read by a stranger", {"\"op\":\"history\"", "d.1.2"}, NULL, "d.1.2", "d.3.4"},
    {"row: unread too high", {"\"conversations\":[{"}, NULL, NULL, NULL, "\"unread\":", 1},
    {"row: unread too low",
     {"\"conversations\":[{"},
     "\"unread\":0",
     NULL,
     NULL,
     "\"unread\":",
     -1},
    {"row: last_seq too low",
     {"\"conversations\":[{"},
     "\"last_seq\":1,",
     NULL,
     NULL,
     "\"last_seq\":",
     -1},
    {"row: read too high",
     {"\"conversations\":[{"},
     NULL,
     NULL,
     NULL,
     "\"read\":",
     1,
     CHANGE,
     true},
    {"row: delivered too high", {"\"conversations\":[{"}, NULL, NULL, NULL, "\"delivered\":", 500},
    {"row: of a stranger",
     {"\"conversations\":[{"},
     NULL,
     "\"conv\":\"d.1.2\",\"kind\"",
     "\"conv\":\"d.1.4\",\"kind\""},
    {"rows: none",
     {"\"conversations\":[{"},
     NULL,
     "\"conversations\":[",
     "\"conversations\":[],\"were\":["},
    {"members: role",
     {"\"members\":[{\"user"},
     NULL,
     "\"owner\"",
     "\"admin\"",
     NULL,
     0,
     CHANGE,
     true},
    {"members: joined", {"\"members\":[{\"user"}, NULL, NULL, NULL, "\"joined_seq\":", 1},
    {"members: another", {"\"members\":[{\"user"}, NULL, "\"user\":\"2\"", "\"user\":\"9\""},
    {"presence: offline", {"\"status\":\"online\""}, NULL, "online", "offline"},
    {"hold: an entry's text", {"\"e\":\"hold\""}, NULL, "\"text\":\"t", "\"text\":\"u"},
    {"hold: ends early", {"\"e\":\"hold\""}, NULL, NULL, NULL, "\"last\":", 1},
    {"hold: none", {"\"e\":\"hold\""}, NULL, NULL, NULL, NULL, 0, DROP},
    {"outbox: not empty", {"\"e\":\"outbox\""}, NULL, "\"cmids\":[]", "\"cmids\":[\"c1\"]"},
    {"removal: not told", {"\"kind\":\"member_removed\""}, NULL, "member_removed", "member_left"},
};

static bool fits(const struct way *w, struct par_str line)
{
    for (size_t i = 0; i < 3; i++)
        if (w->with[i] && !find(line, w->with[i]))
            return false;
    return !(w->without && find(line, w->without)) && !(w->from && !find(line, w->from)) &&
           !(w->bump && !find(line, w->bump));
}

static void add_spoiled(const struct way *w, struct par_str line, struct par_buf *out)
{
    const char *at = find(line, w->bump ? w->bump : w->from);
    size_t before = (size_t)(at - line.ptr) + (w->bump ? strlen(w->bump) : 0);
    par_buf_add(out, line.ptr, before);
    const char *rest = line.ptr + before;
    if (w->bump) {
        char *stop;
        long long n = strtoll(rest, &stop, 10);
        par_buf_add_i64_dec(out, n + w->by);
        rest = stop;
    } else {
        par_buf_addz(out, w->to);
        rest += strlen(w->from);
    }
    par_buf_add(out, rest, (size_t)(line.ptr + line.len - rest));
    par_buf_add_u8(out, '\n');
}

/* The next line with an entry event of the same conversation on the same connection; 0: none. */
static unsigned next_event(const struct lines *l, unsigned at)
{
    char conn[16], conv[16];
    snprintf(conn, sizeof conn, "%.10s", find(l->line[at], "\"conn\""));
    snprintf(conv, sizeof conv, "%.14s", find(l->line[at], "\"conv\""));
    for (unsigned i = at + 1; i < l->count; i++)
        if (find(l->line[i], conn) && find(l->line[i], conv) &&
            find(l->line[i], "\"ev\":\"entry\""))
            return i;
    return 0;
}

static struct par_buf spoiled(const struct lines *l, const struct way *w, unsigned at)
{
    struct par_buf out = {0};
    unsigned partner = w->how == SWAP ? next_event(l, at) : 0;
    for (unsigned i = 0; i < l->count; i++) {
        struct par_str line = l->line[i];
        if (i == at && w->how == CHANGE) {
            add_spoiled(w, line, &out);
            continue;
        }
        if (i == at && w->how == DROP)
            continue;
        if (w->how == SWAP && (i == at || i == partner)) {
            /* The times stay where they are. */
            struct par_str other = l->line[i == at ? partner : at];
            const char *mine = find(line, ",\"conn\""), *theirs = find(other, ",\"conn\"");
            par_buf_add(&out, line.ptr, (size_t)(mine - line.ptr));
            par_buf_add(&out, theirs, (size_t)(other.ptr + other.len - theirs));
            par_buf_add_u8(&out, '\n');
            continue;
        }
        par_buf_add_str(&out, line);
        par_buf_add_u8(&out, '\n');
        if (i == at && w->how == TWICE) {
            par_buf_add_str(&out, line);
            par_buf_add_u8(&out, '\n');
        }
    }
    return out;
}

static void try_way(const struct lines *l, const struct way *w, unsigned *tried, unsigned *noticed)
{
    unsigned fitting = 0, at_try = 0;
    for (unsigned i = 0; i + 1 < l->count; i++)
        fitting += fits(w, l->line[i]);
    /* Evenly over the history, so that the test stays short. */
    unsigned every = fitting / TRIES + 1;
    for (unsigned i = 0; i + 1 < l->count; i++) {
        if (!fits(w, l->line[i]) || at_try++ % every)
            continue;
        if (w->how == SWAP && !next_event(l, i))
            continue;
        struct par_buf text = spoiled(l, w, i), report = {0};
        bool broken = any_broken(par_buf_str(&text), &report);
        (*tried)++;
        *noticed += broken;
        if (!broken && !w->some)
            fail_msg("%s: not noticed in line %u: %.*s", w->name, i + 1, (int)l->line[i].len,
                     l->line[i].ptr);
        par_buf_fini(&text);
        par_buf_fini(&report);
    }
}

static void spoiled_lines_are_noticed(void **state)
{
    (void)state;
    static struct lines worlds[SEEDS];
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct par_buf report = {0};
        model_play(&worlds[seed].text, seed + 1, STEPS);
        split(&worlds[seed]);
        if (any_broken(par_buf_str(&worlds[seed].text), &report))
            fail_msg("the right history %u is not found right:\n%.*s", seed + 1, (int)report.len,
                     (char *)report.data);
        par_buf_fini(&report);
        assert_true(worlds[seed].count > 300);
    }
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        unsigned tried = 0, noticed = 0;
        for (unsigned seed = 0; seed < SEEDS; seed++)
            try_way(&worlds[seed], &ways[i], &tried, &noticed);
        print_message("%-36s %4u of %4u\n", ways[i].name, noticed, tried);
        assert_true(tried > 0);
        assert_true(noticed > 0);
        if (ways[i].some)
            assert_true(noticed * 4 > tried);
    }
    for (unsigned seed = 0; seed < SEEDS; seed++)
        par_buf_fini(&worlds[seed].text);
}

static void right_histories_are_right(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct par_buf text = {0}, report = {0};
        model_play(&text, seed, 20 * seed);
        if (any_broken(par_buf_str(&text), &report))
            fail_msg("seed %u:\n%.*s", seed, (int)report.len, (char *)report.data);
        par_buf_fini(&text);
        par_buf_fini(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_histories_are_right),
        cmocka_unit_test(spoiled_lines_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
