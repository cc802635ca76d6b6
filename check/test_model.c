/* The small server of test_model.h: conversations in memory, requests answered at once. */
#include "check/test_model.h"

#include "check/history.h"

#include <stdio.h>
#include <stdlib.h>

enum { USERS = 4, DEVICES = 5, CONVS = 4, ENTRIES = 4096, GROUP = 2 };

/* Device i is on connection i + 1; the last one is the first user's second. */
static const unsigned user_of_device[DEVICES] = {1, 2, 3, 4, 1};
static const char *const device_name[DEVICES] = {"a", "b", "c", "d", "e"};
static const char *const conv_name[CONVS] = {"d.1.2", "d.2.3", "g.1", "d.3.4"};
static const unsigned sides[CONVS][2] = {{1, 2}, {2, 3}, {0, 0}, {3, 4}};

enum kind { TEXT, EDITED, DELETED, REACTION, CREATED, ADDED, REMOVED, RENAMED };
static const char *const kind_name[] = {"text",    "edited",       "deleted",        "reaction",
                                        "created", "member_added", "member_removed", "renamed"};

struct entry {
    enum kind kind;
    unsigned from, number; /* the cmid is c<number> */
    unsigned target, edited, deleted, user;
    char text[16];
};

struct conv {
    struct entry log[ENTRIES];
    unsigned last;
    unsigned joined[USERS + 1], left[USERS + 1];
    unsigned delivered[USERS + 1], read[USERS + 1];
};

struct model {
    struct par_buf *out;
    struct conv convs[CONVS];
    uint64_t random;
    int64_t t;
    unsigned next_id, next_cmid;
    unsigned pushed;
};

static unsigned draw(struct model *m, unsigned below)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(m->random >> 33) % below;
}

static bool is_in(const struct model *m, unsigned c, unsigned user)
{
    if (c != GROUP)
        return sides[c][0] == user || sides[c][1] == user;
    return m->convs[c].joined[user] && !m->convs[c].left[user];
}

static int64_t ts_of(unsigned c, unsigned seq)
{
    return 1000000 + (int64_t)c * 7 + 10 * (int64_t)seq;
}

/* The entry's members; as a page shows it, or as it was first written. */
static void put_entry(const struct model *m, struct par_json_out *w, unsigned c, unsigned seq,
                      unsigned viewer, bool page)
{
    const struct entry *e = &m->convs[c].log[seq];
    const struct entry *target = &m->convs[c].log[e->target];
    bool hidden = page && (e->deleted || (e->kind == EDITED && target->deleted));
    /* Who is out does not read what was written after. */
    unsigned left = m->convs[c].left[viewer];
    bool later = page && left && e->edited > left;
    par_json_key_z(w, "conv", conv_name[c]);
    par_json_key_int(w, "seq", seq);
    par_json_key_int(w, "ts", ts_of(c, seq));
    par_json_key_id(w, "from", e->from);
    par_json_key_z(w, "kind", kind_name[e->kind]);
    if (e->text[0] && !hidden && !later)
        par_json_key_z(w, "text", page && e->edited ? m->convs[c].log[e->edited].text : e->text);
    if (viewer == e->from) {
        char cmid[16];
        snprintf(cmid, sizeof cmid, "c%u", e->number);
        par_json_key_z(w, "cmid", cmid);
    }
    if (e->target)
        par_json_key_int(w, "target", e->target);
    if (e->kind == REACTION)
        par_json_key_bool(w, "on", true);
    if (e->kind == CREATED || e->user) {
        par_json_key(w, "users");
        par_json_open_array(w);
        for (unsigned u = 1; u <= 3; u++)
            if (e->kind == CREATED || u == 1)
                par_json_id(w, e->kind == CREATED ? u : e->user);
        par_json_close_array(w);
    }
    if (e->kind == CREATED)
        par_json_key_z(w, "history", "all");
    if (page && e->edited)
        par_json_key_int(w, "edited_seq", e->edited);
    if (hidden)
        par_json_key_int(w, "deleted_seq", e->deleted ? e->deleted : target->deleted);
}

static struct par_json_out open_frame(struct par_buf *frame)
{
    *frame = (struct par_buf){0};
    struct par_json_out w = par_json_out(frame);
    par_json_open(&w);
    return w;
}

static void put_ask(struct model *m, unsigned d, struct par_buf *frame, struct par_json_out *w)
{
    par_json_close(w);
    par_history_ask(m->out, m->t++, d + 1, par_buf_str(frame));
    par_buf_fini(frame);
}

static void put_got(struct model *m, unsigned d, struct par_buf *frame, struct par_json_out *w)
{
    par_json_close(w);
    par_history_got(m->out, m->t++, d + 1, par_buf_str(frame));
    par_buf_fini(frame);
}

static struct par_json_out open_ask(struct model *m, struct par_buf *frame, const char *op)
{
    struct par_json_out w = open_frame(frame);
    par_json_key_z(&w, "op", op);
    par_json_key_int(&w, "id", m->next_id);
    return w;
}

static struct par_json_out open_ok(struct model *m, struct par_buf *frame)
{
    struct par_json_out w = open_frame(frame);
    par_json_key_int(&w, "re", m->next_id++);
    par_json_key(&w, "ok");
    par_json_open(&w);
    return w;
}

static void put_ok(struct model *m, unsigned d, struct par_buf *frame, struct par_json_out *w)
{
    par_json_close(w);
    put_got(m, d, frame, w);
}

static void answer_written(struct model *m, unsigned d, unsigned c, unsigned seq, bool dup)
{
    struct par_buf frame;
    struct par_json_out w = open_ok(m, &frame);
    par_json_key_z(&w, "conv", conv_name[c]);
    par_json_key_int(&w, "seq", seq);
    par_json_key_int(&w, "ts", ts_of(c, seq));
    par_json_key_bool(&w, "dup", dup);
    put_ok(m, d, &frame, &w);
}

static void ask_write(struct model *m, unsigned d, unsigned c, const struct entry *e)
{
    static const char *const ops[] = {"send",         "edit",      "delete",       "react",
                                      "group.create", "group.add", "group.remove", "group.rename"};
    struct par_buf frame;
    struct par_json_out w = open_ask(m, &frame, ops[e->kind]);
    char cmid[16];
    snprintf(cmid, sizeof cmid, "c%u", e->number);
    if (e->kind != CREATED)
        par_json_key_z(&w, "conv", conv_name[c]);
    par_json_key_z(&w, "cmid", cmid);
    if (e->target)
        par_json_key_int(&w, "seq", e->target);
    if (e->kind == TEXT || e->kind == EDITED)
        par_json_key_z(&w, "text", e->text);
    if (e->kind == REACTION) {
        par_json_key_z(&w, "emoji", e->text);
        par_json_key_bool(&w, "on", true);
    }
    if (e->kind == CREATED || e->kind == RENAMED)
        par_json_key_z(&w, "name", e->text);
    if (e->kind == CREATED || e->user) {
        par_json_key(&w, e->kind == CREATED ? "members" : "users");
        par_json_open_array(&w);
        par_json_id(&w, e->kind == CREATED ? 2 : e->user);
        if (e->kind == CREATED)
            par_json_id(&w, 3);
        par_json_close_array(&w);
    }
    put_ask(m, d, &frame, &w);
}

/* One write: asked, answered, told to all others. */
static void write_entry(struct model *m, unsigned d, unsigned c, struct entry e)
{
    struct conv *conv = &m->convs[c];
    e.from = user_of_device[d];
    e.number = m->next_cmid++;
    ask_write(m, d, c, &e);
    unsigned seq = ++conv->last;
    conv->log[seq] = e;
    if (e.kind == EDITED)
        conv->log[e.target].edited = seq;
    if (e.kind == DELETED)
        conv->log[e.target].deleted = seq;
    for (unsigned u = 1; e.kind == CREATED && u <= 3; u++)
        conv->joined[u] = 1;
    if (e.kind == ADDED) {
        conv->joined[e.user] = seq;
        conv->left[e.user] = 0;
        conv->delivered[e.user] = conv->read[e.user] = seq - 1;
    }
    answer_written(m, d, c, seq, false);
    for (unsigned other = 0; other < DEVICES; other++) {
        if (other == d || !is_in(m, c, user_of_device[other]))
            continue;
        struct par_buf frame;
        struct par_json_out w = open_frame(&frame);
        par_json_key_z(&w, "ev", "entry");
        put_entry(m, &w, c, seq, user_of_device[other], false);
        put_got(m, other, &frame, &w);
    }
    if (e.kind == REMOVED)
        conv->left[e.user] = seq;
}

static void write_something(struct model *m)
{
    unsigned d = draw(m, DEVICES), c = draw(m, CONVS), user = user_of_device[d];
    struct conv *conv = &m->convs[c];
    struct entry e = {.kind = TEXT};
    if (!is_in(m, c, user) || conv->last + 2 >= ENTRIES)
        return;
    snprintf(e.text, sizeof e.text, "t%u", m->next_cmid);
    unsigned target = conv->last ? 1 + draw(m, conv->last) : 0;
    const struct entry *t = &conv->log[target];
    switch (draw(m, 8)) {
    case 0:
        if (target && t->kind == TEXT && t->from == user && !t->deleted) {
            e.kind = EDITED;
            e.target = target;
        }
        break;
    case 1:
        if (target && t->kind == TEXT && t->from == user && !t->deleted) {
            e.kind = DELETED;
            e.target = target;
            e.text[0] = 0;
        }
        break;
    case 2:
        if (target && t->kind == TEXT && !t->deleted) {
            e.kind = REACTION;
            e.target = target;
        }
        break;
    case 3:
        if (c == GROUP && user == 1) {
            e.kind = RENAMED;
            if (draw(m, 2)) {
                e.kind = is_in(m, c, 4) ? REMOVED : ADDED;
                e.user = 4;
                e.text[0] = 0;
            }
        }
        break;
    default:
        break;
    }
    write_entry(m, d, c, e);
}

/* An earlier send again, with its cmid. */
static void repeat(struct model *m)
{
    unsigned d = draw(m, DEVICES), c = draw(m, CONVS);
    const struct conv *conv = &m->convs[c];
    unsigned seq = conv->last ? 1 + draw(m, conv->last) : 0;
    if (!seq || conv->log[seq].kind != TEXT || conv->log[seq].from != user_of_device[d])
        return;
    ask_write(m, d, c, &conv->log[seq]);
    answer_written(m, d, c, seq, true);
}

static unsigned last_seen(const struct model *m, unsigned c, unsigned user)
{
    const struct conv *conv = &m->convs[c];
    return c == GROUP && conv->left[user] ? conv->left[user] : conv->last;
}

static bool sees(const struct model *m, unsigned c, unsigned user)
{
    return m->convs[c].last && (is_in(m, c, user) || (c == GROUP && m->convs[c].left[user]));
}

static void read_page(struct model *m, unsigned d, unsigned c, unsigned after, unsigned limit)
{
    unsigned user = user_of_device[d], last = last_seen(m, c, user);
    struct par_buf frame;
    struct par_json_out w = open_ask(m, &frame, "history");
    par_json_key_z(&w, "conv", conv_name[c]);
    par_json_key_int(&w, "after_seq", after);
    par_json_key_int(&w, "limit", limit);
    put_ask(m, d, &frame, &w);
    unsigned to = after + limit < last ? after + limit : last;
    w = open_ok(m, &frame);
    par_json_key(&w, "entries");
    par_json_open_array(&w);
    for (unsigned seq = after + 1; seq <= to; seq++) {
        par_json_open(&w);
        put_entry(m, &w, c, seq, user, true);
        par_json_close(&w);
    }
    par_json_close_array(&w);
    par_json_key_int(&w, "first_seq", 1);
    par_json_key_int(&w, "last_seq", last);
    par_json_key_bool(&w, "more", to < last);
    if (after > 0 && to > after) {
        char cursor[24];
        snprintf(cursor, sizeof cursor, "%lld", (long long)ts_of(c, after + 1));
        par_json_key_z(&w, "next_cursor", cursor);
    }
    put_ok(m, d, &frame, &w);
}

static void move_marks(struct model *m)
{
    unsigned d = draw(m, DEVICES), c = draw(m, CONVS), user = user_of_device[d];
    struct conv *conv = &m->convs[c];
    if (!is_in(m, c, user) || !conv->last)
        return;
    unsigned seq = 1 + draw(m, conv->last), read = draw(m, 2);
    struct par_buf frame;
    struct par_json_out w = open_ask(m, &frame, "ack");
    par_json_key(&w, read ? "read" : "delivered");
    par_json_open(&w);
    par_json_key_text(&w, par_str(conv_name[c]));
    par_json_int(&w, seq);
    par_json_close(&w);
    put_ask(m, d, &frame, &w);
    if (conv->delivered[user] < seq)
        conv->delivered[user] = seq;
    if (read && conv->read[user] < seq)
        conv->read[user] = seq;
    w = open_ok(m, &frame);
    put_ok(m, d, &frame, &w);
    for (unsigned other = 0; other < DEVICES; other++) {
        if (other == d || !is_in(m, c, user_of_device[other]))
            continue;
        w = open_frame(&frame);
        par_json_key_z(&w, "ev", "mark");
        par_json_key_z(&w, "conv", conv_name[c]);
        par_json_key_id(&w, "user", user);
        par_json_key_int(&w, "delivered", conv->delivered[user]);
        par_json_key_int(&w, "read", conv->read[user]);
        put_got(m, other, &frame, &w);
    }
}

static unsigned count_unread(const struct model *m, unsigned c, unsigned user)
{
    const struct conv *conv = &m->convs[c];
    unsigned n = 0;
    for (unsigned seq = conv->read[user] + 1; seq <= last_seen(m, c, user); seq++)
        n += conv->log[seq].kind == TEXT && conv->log[seq].from != user && !conv->log[seq].deleted;
    return n;
}

static void put_row(const struct model *m, struct par_json_out *w, unsigned c, unsigned user)
{
    const struct conv *conv = &m->convs[c];
    unsigned last = last_seen(m, c, user), count = 0, others[2] = {ENTRIES, ENTRIES};
    const char *name = "";
    for (unsigned u = 1; u <= USERS; u++) {
        count += is_in(m, c, u);
        if (u == user || !is_in(m, c, u))
            continue;
        others[0] = conv->delivered[u] < others[0] ? conv->delivered[u] : others[0];
        others[1] = conv->read[u] < others[1] ? conv->read[u] : others[1];
    }
    for (unsigned seq = 1; seq <= last; seq++)
        if (conv->log[seq].kind == RENAMED || conv->log[seq].kind == CREATED)
            name = conv->log[seq].text;
    par_json_open(w);
    par_json_key_z(w, "conv", conv_name[c]);
    par_json_key_z(w, "kind", c == GROUP ? "group" : "direct");
    par_json_key_z(w, "name", name);
    par_json_key_int(w, "last_seq", last);
    par_json_key(w, "last_entry");
    par_json_open(w);
    put_entry(m, w, c, last, user, true);
    par_json_close(w);
    par_json_key_int(w, "unread", count_unread(m, c, user));
    par_json_key_int(w, "delivered", conv->delivered[user]);
    par_json_key_int(w, "read", conv->read[user]);
    par_json_key(w, "others");
    par_json_open(w);
    par_json_key_int(w, "delivered", others[0]);
    par_json_key_int(w, "read", others[1]);
    par_json_close(w);
    par_json_key_bool(w, "member", is_in(m, c, user));
    par_json_key_int(w, "member_count", count);
    par_json_close(w);
}

static void sync_all(struct model *m, unsigned d)
{
    unsigned user = user_of_device[d];
    struct par_buf frame;
    struct par_json_out w = open_ask(m, &frame, "sync");
    put_ask(m, d, &frame, &w);
    w = open_ok(m, &frame);
    par_json_key(&w, "conversations");
    par_json_open_array(&w);
    bool done[CONVS] = {false};
    for (unsigned i = 0; i < CONVS; i++) {
        unsigned newest = CONVS;
        for (unsigned c = 0; c < CONVS; c++)
            if (!done[c] && sees(m, c, user) &&
                (newest == CONVS ||
                 ts_of(c, last_seen(m, c, user)) > ts_of(newest, last_seen(m, newest, user))))
                newest = c;
        if (newest == CONVS)
            break;
        done[newest] = true;
        put_row(m, &w, newest, user);
    }
    par_json_close_array(&w);
    par_json_key_z(&w, "sync_token", "t");
    put_ok(m, d, &frame, &w);
}

static void list_members(struct model *m, unsigned d)
{
    const struct conv *conv = &m->convs[GROUP];
    if (!is_in(m, GROUP, user_of_device[d]))
        return;
    struct par_buf frame;
    struct par_json_out w = open_ask(m, &frame, "members");
    par_json_key_z(&w, "conv", conv_name[GROUP]);
    put_ask(m, d, &frame, &w);
    w = open_ok(m, &frame);
    par_json_key(&w, "members");
    par_json_open_array(&w);
    for (unsigned u = 1; u <= USERS; u++) {
        if (!is_in(m, GROUP, u))
            continue;
        par_json_open(&w);
        par_json_key_id(&w, "user", u);
        par_json_key_z(&w, "role", u == 1 ? "owner" : "member");
        par_json_key_int(&w, "joined_seq", conv->joined[u]);
        par_json_key_int(&w, "delivered", conv->delivered[u]);
        par_json_key_int(&w, "read", conv->read[u]);
        par_json_close(&w);
    }
    par_json_close_array(&w);
    put_ok(m, d, &frame, &w);
}

static void see_presence(struct model *m, unsigned d)
{
    struct par_buf frame;
    struct par_json_out w = open_ask(m, &frame, "presence");
    par_json_key(&w, "users");
    par_json_open_array(&w);
    par_json_id(&w, user_of_device[d]);
    par_json_close_array(&w);
    put_ask(m, d, &frame, &w);
    w = open_ok(m, &frame);
    par_json_key(&w, "users");
    par_json_open_array(&w);
    par_json_open(&w);
    par_json_key_id(&w, "id", user_of_device[d]);
    par_json_key_z(&w, "status", "online");
    par_json_close(&w);
    par_json_close_array(&w);
    put_ok(m, d, &frame, &w);
}

static void hold_all(struct model *m, unsigned d)
{
    unsigned user = user_of_device[d];
    par_history_outbox(m->out, m->t, device_name[d], NULL, 0);
    for (unsigned c = 0; c < CONVS; c++) {
        if (!sees(m, c, user))
            continue;
        unsigned last = last_seen(m, c, user);
        struct par_history_hold hold =
            par_history_hold(m->out, m->t, device_name[d], par_str(conv_name[c]), 1, last);
        for (unsigned seq = 1; seq <= last; seq++) {
            struct par_buf one;
            struct par_json_out w = open_frame(&one);
            put_entry(m, &w, c, seq, user, true);
            par_json_close(&w);
            par_history_hold_entry(&hold, par_buf_str(&one));
            par_buf_fini(&one);
        }
        par_history_hold_end(&hold);
    }
}

void model_play(struct par_buf *out, uint64_t seed, unsigned steps)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m)
        return;
    m->out = out;
    m->random = seed * 2654435761u + 1;
    m->next_id = m->next_cmid = 1;
    struct par_history_head head = {
        .healing_ms = 1000, .presence_ms = 100, .whole = true, .push = true};
    par_history_begin(out, &head);
    for (unsigned u = 1; u <= USERS; u++) {
        par_history_user(out, 0, u, NULL);
        par_history_truth(out, 0, u, true);
    }
    for (unsigned d = 0; d < DEVICES; d++) {
        par_history_device(out, 0, device_name[d], user_of_device[d]);
        par_history_open(out, 0, d + 1, device_name[d], PAR_VIA_WS);
    }
    write_entry(m, 0, GROUP, (struct entry){.kind = CREATED, .text = "group"});
    for (unsigned i = 0; i < steps; i++) {
        unsigned d = draw(m, DEVICES), c = draw(m, CONVS), user = user_of_device[d];
        switch (draw(m, 10)) {
        case 0:
            if (sees(m, c, user))
                read_page(m, d, c, draw(m, last_seen(m, c, user)), 1 + draw(m, 20));
            break;
        case 1:
            sync_all(m, d);
            break;
        case 2:
        case 3:
            move_marks(m);
            break;
        case 4:
            repeat(m);
            break;
        case 5:
            list_members(m, d);
            break;
        default:
            write_something(m);
        }
    }
    par_history_heal(out, m->t);
    m->t += 2000;
    par_history_end(out, m->t++);
    for (unsigned d = 0; d < DEVICES; d++) {
        sync_all(m, d);
        list_members(m, d);
        see_presence(m, d);
        for (unsigned c = 0; c < CONVS; c++)
            if (sees(m, c, user_of_device[d]))
                read_page(m, d, c, 0, 200);
        hold_all(m, d);
    }
    free(m);
}
