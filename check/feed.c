/* Lines of a history: each is taken apart and handed to what its kind means. */
#include "check/check_private.h"

#include <stdio.h>

enum { DEPTH = 24 };

/* The members of a line; what is not there has type NONE. */
struct line {
    struct par_json e, t, conn, device, user, via, frame, conv, seq, online, first, last, entries;
    struct par_json cmids, version, healing_ms, presence_ms, silence, whole, push, id;
};

static bool malformed(struct par_check *c, const char *why)
{
    c->fault = why;
    return false;
}

static void take_members(const struct par_json *object, struct line *l)
{
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {
#define M(name) {#name, offsetof(struct line, name)}
        M(e),       M(t),    M(conn),   M(device),  M(user),       M(via),         M(frame),
        M(conv),    M(seq),  M(online), M(first),   M(last),       M(entries),     M(cmids),
        M(version), M(push), M(whole),  M(silence), M(healing_ms), M(presence_ms),
#undef M
    };
    struct par_json_iter it = par_json_iter(object);
    struct par_json_member m;
    while (par_json_next_member(&it, &m)) {
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            if (m.name.ptr[0] == members[i].name[0] &&
                par_json_text_is(&m.name, par_str(members[i].name))) {
                memcpy((char *)l + members[i].offset, &m.value, sizeof m.value);
                break;
            }
        }
    }
}

static bool begin_line(struct par_check *c, const struct line *l)
{
    int64_t version;
    if (c->begun)
        return malformed(c, "a second begin");
    if (!par_check__i64(&l->version, &version) || version != 1)
        return malformed(c, "version: not one that this checker reads");
    if (!par_check__i64(&l->healing_ms, &c->healing_ms) ||
        !par_check__i64(&l->presence_ms, &c->presence_ms) || c->healing_ms < 0 ||
        c->presence_ms < 0)
        return malformed(c, "healing_ms, presence_ms: milliseconds are needed");
    if (!par_check__bool(&l->silence, &c->silence) || !par_check__bool(&l->whole, &c->whole) ||
        !par_check__bool(&l->push, &c->push))
        return malformed(c, "silence, whole, push: true or false is needed");
    c->begun = true;
    return true;
}

static struct par_ck_user *user_of(struct par_check *c, const struct line *l)
{
    uint64_t id;
    if (!par_check__id(c, &l->user, &id))
        return NULL;
    struct par_ck_user *u = par_check__user(c, id);
    return u && u->declared ? u : NULL;
}

static struct par_ck_device *device_of(struct par_check *c, const struct line *l)
{
    struct par_str name;
    return par_check__text(c, &l->device, &name) ? par_check__device(c, name, false) : NULL;
}

static struct par_ck_conv *conv_of(struct par_check *c, const struct line *l)
{
    struct par_str id;
    return par_check__text(c, &l->conv, &id) ? par_check__conv(c, id, true) : NULL;
}

static bool user_line(struct par_check *c, const struct line *l)
{
    uint64_t id;
    if (!par_check__id(c, &l->user, &id))
        return malformed(c, "user: a decimal string is needed");
    struct par_ck_user *u = par_check__user(c, id);
    if (u)
        u->declared = true;
    return true;
}

static bool device_line(struct par_check *c, const struct line *l)
{
    struct par_str name;
    struct par_ck_user *u = user_of(c, l);
    if (!u || !par_check__text(c, &l->device, &name))
        return malformed(c, "a device needs a name and a user told before");
    struct par_ck_device *d = par_check__device(c, name, true);
    if (d && d->user && d->user != u)
        return malformed(c, "the device is another user's");
    if (d)
        d->user = u;
    return true;
}

static bool open_line(struct par_check *c, const struct line *l)
{
    uint64_t id;
    struct par_ck_device *d = device_of(c, l);
    bool poll = par_json_text_is(&l->via, PAR_STR("poll"));
    if (!d || !par_check__u64(&l->conn, &id))
        return malformed(c, "open: conn and a device told before are needed");
    if (!poll && !par_json_text_is(&l->via, PAR_STR("ws")))
        return malformed(c, "via: ws or poll is needed");
    if (par_check__conn(c, id, false))
        return malformed(c, "conn: the number was used before");
    struct par_ck_conn *conn = par_check__conn(c, id, true);
    if (conn) {
        conn->device = d;
        conn->user = d->user;
        conn->via = poll ? PAR_CK_POLL : PAR_CK_WS;
        conn->opened = c->line;
    }
    return true;
}

static struct par_ck_conn *conn_of(struct par_check *c, const struct line *l)
{
    uint64_t id;
    return par_check__u64(&l->conn, &id) ? par_check__conn(c, id, false) : NULL;
}

static bool close_line(struct par_check *c, const struct line *l)
{
    struct par_ck_conn *conn = conn_of(c, l);
    if (!conn || conn->via == PAR_CK_HTTP || conn->closed != PAR_CHECK_NEVER)
        return malformed(c, "close: no such open connection");
    conn->closed = c->line;
    return true;
}

/* A connection that is one HTTP request. */
static struct par_ck_conn *call_of(struct par_check *c, const struct line *l)
{
    uint64_t id;
    struct par_ck_device *d = device_of(c, l);
    struct par_ck_user *u = d ? d->user : user_of(c, l);
    if (!u || !par_check__u64(&l->conn, &id))
        return NULL;
    struct par_ck_conn *conn = par_check__conn(c, id, true);
    if (conn) {
        conn->device = d;
        conn->user = u;
        conn->via = PAR_CK_HTTP;
        conn->opened = c->line;
    }
    return conn;
}

static bool ask_line(struct par_check *c, const struct line *l)
{
    struct par_ck_conn *conn = conn_of(c, l);
    if (conn && (conn->via != PAR_CK_WS || conn->closed != PAR_CHECK_NEVER))
        return malformed(c, "ask: nothing can be asked on that connection");
    if (!conn)
        conn = call_of(c, l);
    if (!conn && !c->no_memory)
        return malformed(c, "ask: an open connection, or a device or user, is needed");
    if (l->frame.type != PAR_JSON_OBJECT)
        return malformed(c, "frame: an object is needed");
    return !conn || par_check__asked(c, conn, &l->frame);
}

static bool got_line(struct par_check *c, const struct line *l)
{
    struct par_ck_conn *conn = conn_of(c, l);
    if (!conn)
        return malformed(c, "got: no such connection");
    if (conn->closed != PAR_CHECK_NEVER)
        return malformed(c, "got: the connection was closed before");
    if (l->frame.type != PAR_JSON_OBJECT)
        return malformed(c, "frame: an object is needed");
    return par_check__got(c, conn, &l->frame);
}

static bool push_line(struct par_check *c, const struct line *l)
{
    struct par_ck_user *u = user_of(c, l);
    struct par_ck_conv *conv = conv_of(c, l);
    uint64_t seq;
    if (!u || !conv || !par_check__u64(&l->seq, &seq))
        return malformed(c, "push: user, conv and seq are needed");
    struct par_ck_seat *seat = par_check__seat(c, conv, u, true);
    if (seat && seat->pushed < seq)
        seat->pushed = seq;
    return true;
}

static bool truth_line(struct par_check *c, const struct line *l)
{
    struct par_ck_user *u = user_of(c, l);
    bool online;
    if (!u || !par_check__bool(&l->online, &online))
        return malformed(c, "truth: user and online are needed");
    struct par_ck_truth *truth = par_check__push(c, &u->truths, sizeof *truth);
    if (truth)
        *truth = (struct par_ck_truth){c->t, c->line, online};
    return true;
}

static bool outbox_line(struct par_check *c, const struct line *l)
{
    struct par_ck_device *d = device_of(c, l);
    struct par_json item;
    if (!d || l->cmids.type != PAR_JSON_ARRAY)
        return malformed(c, "outbox: device and cmids are needed");
    if (!d->told)
        d->told = c->line;
    for (struct par_json_iter it = par_json_iter(&l->cmids); par_json_next_item(&it, &item);)
        par_check__broken(c, PAR_RULE_STUCK, c->line, 0, 0,
                          "the device %.*s still wants to send %.*s in the end",
                          PAR_STR_ARGS(d->name), (int)item.len, item.ptr);
    return true;
}

static bool hold_line(struct par_check *c, const struct line *l, bool store)
{
    struct par_ck_device *d = store ? NULL : device_of(c, l);
    struct par_ck_conv *conv = conv_of(c, l);
    struct par_ck_hold hold = {.device = d, .line = c->line, .first = 1};
    if ((!store && !d) || !conv || !par_check__u64(&l->last, &hold.last) ||
        (!store && !par_check__u64(&l->first, &hold.first)) || l->entries.type != PAR_JSON_ARRAY)
        return malformed(c, "device, conv, first, last and entries are needed");
    if (d && !d->told)
        d->told = c->line;
    hold.first_sight = conv->sights.count;
    struct par_json item;
    for (struct par_json_iter it = par_json_iter(&l->entries); par_json_next_item(&it, &item);) {
        struct par_ck_entry e;
        struct par_str id;
        if (!par_check__entry(c, &item, &e, &id))
            return malformed(c, "entries: a member is missing or wrong");
        struct par_ck_sight *s = par_check__sight(c, conv, &e, store ? PAR_CK_STORE : PAR_CK_HOLD);
        if (s && d) {
            s->user = d->user;
            s->upto = hold.last;
        }
    }
    hold.count = conv->sights.count - hold.first_sight;
    struct par_ck_hold *kept = par_check__push(c, &conv->holds, sizeof *kept);
    if (kept)
        *kept = hold;
    struct par_ck_conv **held = d ? par_check__push(c, &d->holds, sizeof *held) : NULL;
    if (held)
        *held = conv;
    return true;
}

static bool moment_line(struct par_check *c, uint32_t *line, int64_t *t)
{
    if (*line != PAR_CHECK_NEVER)
        return malformed(c, "heal and end come once");
    *line = c->line;
    *t = c->t;
    return true;
}

static bool kind_is(const struct line *l, const char *kind)
{
    return par_json_text_is(&l->e, par_str(kind));
}

static bool take_line(struct par_check *c, const struct line *l)
{
    if (kind_is(l, "got"))
        return got_line(c, l);
    if (kind_is(l, "ask"))
        return ask_line(c, l);
    if (kind_is(l, "open"))
        return open_line(c, l);
    if (kind_is(l, "close"))
        return close_line(c, l);
    if (kind_is(l, "push"))
        return push_line(c, l);
    if (kind_is(l, "truth"))
        return truth_line(c, l);
    if (kind_is(l, "user"))
        return user_line(c, l);
    if (kind_is(l, "device"))
        return device_line(c, l);
    if (kind_is(l, "hold"))
        return hold_line(c, l, false);
    if (kind_is(l, "store"))
        return hold_line(c, l, true);
    if (kind_is(l, "outbox"))
        return outbox_line(c, l);
    if (kind_is(l, "note"))
        return true;
    if (kind_is(l, "heal"))
        return moment_line(c, &c->heal, &c->heal_t);
    if (kind_is(l, "end"))
        return moment_line(c, &c->end, &c->end_t);
    return malformed(c, "e: no kind of line that this checker knows");
}

static bool feed_line(struct par_check *c, struct par_str text)
{
    struct par_str *kept = par_check__push(c, &c->lines, sizeof *kept);
    if (kept)
        *kept = text;
    c->line++;
    size_t blanks = 0;
    while (blanks < text.len && strchr(" \t\r", text.ptr[blanks]))
        blanks++;
    if (blanks == text.len)
        return true;
    struct par_json object;
    enum par_json_fault fault = par_json_check(text, DEPTH, &c->arena, &object);
    if (fault != PAR_JSON_FINE)
        return malformed(c, par_json_fault_text(fault));
    struct line l = {0};
    int64_t t;
    take_members(&object, &l);
    if (!par_check__i64(&l.t, &t))
        return malformed(c, "t: milliseconds are needed");
    if (c->begun && t < c->t)
        return malformed(c, "t: goes back");
    c->t = t;
    if (kind_is(&l, "begin"))
        return begin_line(c, &l);
    if (!c->begun)
        return malformed(c, "the first line must be begin");
    return take_line(c, &l);
}

bool par_check_feed(struct par_check *check, struct par_str lines)
{
    struct par_check *c = check;
    const char *p = lines.ptr, *end = p + lines.len;
    while (p < end && !*c->fault) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        struct par_str text = par_str_of(p, (size_t)((stop ? stop : end) - p));
        if (feed_line(c, text) && c->no_memory)
            c->fault = "memory is refused";
        p = stop ? stop + 1 : end;
    }
    return !*c->fault;
}
