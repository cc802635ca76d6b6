/* What clients received: answers find their requests, events and pages leave sights. */
#include "check/check_private.h"

static void bad_form(struct par_check *c, const char *what)
{
    par_check__broken(c, PAR_RULE_FORM, c->line, 0, 0, "%s", what);
}

struct par_ck_sight *par_check__sight(struct par_check *c, struct par_ck_conv *conv,
                                      const struct par_ck_entry *e, enum par_ck_source source)
{
    if (e->seq > PAR_CHECK_SEQ_MAX) {
        par_check__broken(c, PAR_RULE_DENSE, c->line, 0, 0, "a seq of %llu in %.*s",
                          (unsigned long long)e->seq, PAR_STR_ARGS(conv->id));
        return NULL;
    }
    struct par_ck_sight *s = par_check__push(c, &conv->sights, sizeof *s);
    if (!s)
        return NULL;
    s->entry = *e;
    s->line = s->asked = c->line;
    s->source = (uint8_t)source;
    c->sight_count++;
    if (conv->top < e->seq)
        conv->top = e->seq;
    if (source == PAR_CK_EVENT || source == PAR_CK_PAGE || source == PAR_CK_ANSWER)
        par_check__climb(c, &conv->known, c->line, e->seq);
    return s;
}

/* ---- answers ---- */

static void written(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json conv, seq, ts, dup;
    struct par_str id;
    (void)par_json_get(ok, "conv", &conv);
    (void)par_json_get(ok, "seq", &seq);
    (void)par_json_get(ok, "ts", &ts);
    (void)par_json_get(ok, "dup", &dup);
    if (!par_check__text(c, &conv, &id) || !par_check__u64(&seq, &r->seq) || r->seq < 1 ||
        !par_check__i64(&ts, &r->ts) || !par_check__bool(&dup, &r->dup)) {
        bad_form(c, "an answer to a write needs conv, seq, ts and dup");
        r->no_entry = true;
        return;
    }
    struct par_ck_conv *answered = par_check__conv(c, id, true);
    if (!answered)
        return;
    if (r->conv && r->conv != answered) {
        par_check__broken(c, PAR_RULE_ACKED, r->asked, r->got, 0,
                          "written to %.*s, which was not asked", PAR_STR_ARGS(id));
        r->no_entry = true;
        return;
    }
    if (!r->conv) {
        r->conv = answered;
        struct par_ck_request **kept = par_check__push(c, &answered->requests, sizeof *kept);
        if (kept)
            *kept = r;
    }
    struct par_ck_entry e = r->body;
    e.seq = r->seq;
    e.ts = r->ts;
    struct par_ck_sight *s = par_check__sight(c, r->conv, &e, PAR_CK_ANSWER);
    if (s) {
        s->asked = r->asked;
        s->conn = r->conn;
        s->user = r->user;
        s->request = r;
    }
}

static int64_t told(const struct par_json *ok, const char *name)
{
    struct par_json v;
    int64_t n;
    return par_json_get(ok, name, &v) && par_check__i64(&v, &n) ? n : -1;
}

static void page(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json entries, v;
    struct par_ck_conv *conv = r->conv;
    if (!conv)
        return;
    if (!par_json_get(ok, "entries", &entries) || entries.type != PAR_JSON_ARRAY) {
        bad_form(c, "a page of history needs entries");
        return;
    }
    struct par_ck_page p = {.request = r, .first = conv->sights.count, .bytes = ok->len};
    p.first_seq = told(ok, "first_seq");
    p.last_seq = told(ok, "last_seq");
    r->page_last = p.last_seq;
    bool more;
    p.more = -1;
    if (par_json_get(ok, "more", &v) && par_check__bool(&v, &more))
        p.more = more;
    struct par_str cursor;
    uint64_t cursor_ts;
    p.next_cursor = -1;
    if (par_json_get(ok, "next_cursor", &v) && par_check__text(c, &v, &cursor))
        p.next_cursor = par_str_to_u64(cursor, &cursor_ts) ? (int64_t)cursor_ts : -2;
    if (r->conn->via != PAR_CK_HTTP && (p.first_seq < 0 || p.last_seq < 0 || p.more < 0))
        bad_form(c, "a page of history needs first_seq, last_seq and more");
    struct par_json item;
    for (struct par_json_iter it = par_json_iter(&entries); par_json_next_item(&it, &item);) {
        struct par_ck_entry e;
        struct par_str id;
        if (!par_check__entry(c, &item, &e, &id)) {
            bad_form(c, "an entry of a page lacks a member, or has a wrong one");
            continue;
        }
        if (id.ptr && !par_str_eq(id, conv->id))
            par_check__broken(c, PAR_RULE_PAGE, r->asked, r->got, 0, "an entry of %.*s",
                              PAR_STR_ARGS(id));
        struct par_ck_sight *s = par_check__sight(c, conv, &e, PAR_CK_PAGE);
        if (!s)
            continue;
        s->asked = r->asked;
        s->conn = r->conn;
        s->user = r->user;
        s->request = r;
    }
    p.count = conv->sights.count - p.first;
    struct par_ck_page *kept = par_check__push(c, &conv->pages, sizeof *kept);
    if (kept)
        *kept = p;
}

/* One row of sync, walked once: it is met often. */
static bool take_row(struct par_check *c, const struct par_json *object, struct par_ck_row *row,
                     struct par_json *last)
{
    static const char *const numbers[] = {"last_seq", "unread", "delivered", "read"};
    uint64_t *const into[] = {&row->last_seq, &row->unread, &row->delivered, &row->read};
    unsigned found = 0;
    bool good = true;
    struct par_json_member m;
    struct par_json others = {0}, v;
    struct par_str id = {0};
    for (struct par_json_iter it = par_json_iter(object); par_json_next_member(&it, &m);) {
        for (unsigned i = 0; i < 4; i++) {
            if (par_json_text_is(&m.name, par_str(numbers[i]))) {
                good = par_check__u64(&m.value, into[i]) && good;
                found |= 1u << i;
            }
        }
        if (par_json_text_is(&m.name, PAR_STR("conv")))
            good = par_check__text(c, &m.value, &id) && good;
        else if (par_json_text_is(&m.name, PAR_STR("kind")))
            good = par_check__text(c, &m.value, &row->kind) && good;
        else if (par_json_text_is(&m.name, PAR_STR("name")))
            row->has_name = par_check__text(c, &m.value, &row->name);
        else if (par_json_text_is(&m.name, PAR_STR("last_entry")))
            *last = m.value;
        else if (par_json_text_is(&m.name, PAR_STR("others")))
            others = m.value;
        else if (par_json_text_is(&m.name, PAR_STR("member")))
            good = par_check__bool(&m.value, &row->member) && good;
        else if (par_json_text_is(&m.name, PAR_STR("member_count")))
            good = par_check__i64(&m.value, &row->member_count) && good;
        else
            (void)par_check__setting(c, &m.name, &m.value, &row->settings);
    }
    (void)par_json_get(&others, "delivered", &v);
    good = par_check__u64(&v, &row->others_delivered) && good;
    (void)par_json_get(&others, "read", &v);
    good = par_check__u64(&v, &row->others_read) && good;
    row->conv = id.ptr ? par_check__conv(c, id, true) : NULL;
    return good && found == 15 && row->conv;
}

/* A mark that the viewer learned. */
static void learn_mark(struct par_check *c, struct par_ck_conv *conv, uint64_t owner,
                       const struct par_ck_user *viewer, uint64_t delivered, uint64_t read)
{
    struct par_ck_user *u = par_check__user(c, owner);
    struct par_ck_seat *seat = u ? par_check__seat(c, conv, u, true) : NULL;
    if (!seat)
        return;
    par_check__climb(c, &seat->saw_delivered, c->line, delivered);
    par_check__climb(c, u == viewer ? &seat->saw_read : &seat->told_read, c->line, read);
}

static void rows(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json list, v, item;
    if (!par_json_get(ok, "conversations", &list))
        return;
    (void)par_json_get(ok, "cursor", &v);
    r->has_cursor = par_check__text(c, &v, &r->next_cursor);
    (void)par_json_get(ok, "sync_token", &v);
    (void)par_check__text(c, &v, &r->sync_token);
    r->first_row = c->rows.count;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &item);) {
        struct par_ck_row row = {.request = r};
        struct par_json last = {0};
        struct par_ck_entry e;
        struct par_str id;
        if (!take_row(c, &item, &row, &last)) {
            bad_form(c, "a row of sync lacks a member, or has a wrong one");
            continue;
        }
        if (par_check__entry(c, &last, &e, &id)) {
            row.last_entry = e.seq;
            row.last_ts = e.ts;
            struct par_ck_sight *s = par_check__sight(c, row.conv, &e, PAR_CK_ROW);
            if (s) {
                s->asked = r->asked;
                s->conn = r->conn;
                s->user = r->user;
                s->request = r;
            }
        }
        learn_mark(c, row.conv, r->user->id, r->user, row.delivered, row.read);
        struct par_ck_row *kept = par_check__push(c, &c->rows, sizeof *kept);
        if (kept)
            *kept = row;
    }
    r->row_count = c->rows.count - r->first_row;
    struct par_ck_request **sync = par_check__push(c, &r->user->syncs, sizeof *sync);
    if (sync)
        *sync = r;
}

static void members(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json list, item, v;
    if (!r->conv || !par_json_get(ok, "members", &list))
        return;
    (void)par_json_get(ok, "cursor", &v);
    r->has_cursor = v.type == PAR_JSON_STRING;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &item);) {
        struct par_ck_member m = {.request = r};
        struct par_json user, role, joined, delivered, read;
        (void)par_json_get(&item, "user", &user);
        (void)par_json_get(&item, "role", &role);
        (void)par_json_get(&item, "joined_seq", &joined);
        (void)par_json_get(&item, "delivered", &delivered);
        (void)par_json_get(&item, "read", &read);
        m.role = (uint8_t)par_check__role(&role);
        if (!par_check__id(c, &user, &m.user) || !m.role || !par_check__u64(&joined, &m.joined) ||
            !par_check__u64(&delivered, &m.delivered) || !par_check__u64(&read, &m.read)) {
            bad_form(c, "a member lacks a member, or has a wrong one");
            continue;
        }
        learn_mark(c, r->conv, m.user, r->user, m.delivered, m.read);
        struct par_ck_member *kept = par_check__push(c, &r->conv->members, sizeof *kept);
        if (kept)
            *kept = m;
    }
}

static void acked(struct par_check *c, struct par_ck_request *r)
{
    for (uint32_t i = 0; i < r->ref_count; i++) {
        const struct par_ck_ref *ref = &r->refs[i];
        struct par_ck_seat *seat = par_check__seat(c, ref->conv, r->user, true);
        /* Higher values are cut to the last seq, which was this one at least. */
        uint64_t last = par_check__below(&ref->conv->known, r->asked);
        uint64_t seq = ref->seq < last ? ref->seq : last;
        if (!seat)
            return;
        par_check__climb(c, &seat->done_delivered, c->line, seq);
        if (ref->read)
            par_check__climb(c, &seat->done_read, c->line, seq);
    }
}

/* Those asked, each once, in the order asked. Who is no user at all is answered, too, and not kept.
 */
static void presences(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json list, item;
    (void)par_json_get(ok, "users", &list);
    r->online = par_check__alloc(c, r->id_count * sizeof *r->online);
    uint32_t n = 0;
    for (struct par_json_iter it = par_json_iter(&list);
         r->online && list.type == PAR_JSON_ARRAY && par_json_next_item(&it, &item);) {
        struct par_json id, status;
        uint64_t user;
        (void)par_json_get(&item, "id", &id);
        (void)par_json_get(&item, "status", &status);
        if (!par_check__id(c, &id, &user))
            continue;
        if (n >= r->id_count || user != r->ids[n]) {
            n = r->id_count + 1;
            break;
        }
        r->online[n++] = par_json_text_is(&status, PAR_STR("online"));
    }
    if (n != r->id_count) {
        bad_form(c, "presence tells of those asked, in the order asked");
        r->online = NULL;
    }
}

/* Hidden for certain, unless the opposite was asked for and may come after. */
static void hide_read(struct par_check *c, struct par_ck_request *r)
{
    for (uint32_t i = 0; i < c->settings.count; i++) {
        const struct par_ck_request *u = *PAR_CK_AT(&c->settings, struct par_ck_request *, i);
        if (u->user == r->user && u->show_read == 1 && par_check__maybe_after(u, r))
            return;
    }
    r->user->read_off = true;
    r->user->read_off_t = c->t;
}

static void signed_in(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json user, id;
    uint64_t who;
    (void)par_json_get(ok, "user", &user);
    (void)par_json_get(&user, "id", &id);
    if (!par_check__id(c, &id, &who))
        bad_form(c, "the answer to hello needs user");
    else if (who != r->user->id)
        par_check__broken(c, PAR_RULE_NOT_THEIRS, r->asked, r->got, 0, "%llu is signed in as %llu",
                          (unsigned long long)r->user->id, (unsigned long long)who);
    else if (!r->conn->signed_in)
        r->conn->signed_in = r->got;
}

static void contacts(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    struct par_json list, blocked;
    (void)par_json_get(ok, "contacts", &list);
    (void)par_json_get(ok, "blocked", &blocked);
    if (!par_check__ids(c, &list, &r->ids, &r->id_count) ||
        !par_check__ids(c, &blocked, &r->blocked, &r->blocked_count)) {
        bad_form(c, "the answer needs contacts and blocked");
        r->ids = r->blocked = NULL;
        r->id_count = r->blocked_count = 0;
        r->code = PAR_CK_E_OTHER;
    }
}

void par_check__answered(struct par_check *c, struct par_ck_request *r, const struct par_json *ok)
{
    if (r->body.kind != PAR_CK_KIND_NONE) {
        written(c, r, ok);
        return;
    }
    switch (r->op) {
    case PAR_CK_HISTORY:
        page(c, r, ok);
        break;
    case PAR_CK_HELLO:
        signed_in(c, r, ok);
        rows(c, r, ok);
        break;
    case PAR_CK_SYNC:
        rows(c, r, ok);
        break;
    case PAR_CK_CONTACTS:
        contacts(c, r, ok);
        break;
    case PAR_CK_MEMBERS:
        members(c, r, ok);
        break;
    case PAR_CK_ACK:
        acked(c, r);
        break;
    case PAR_CK_WATCH:
        /* Answers to two of them may change places; the one asked last is in force. */
        if (!r->conn->watch || r->conn->watch->asked < r->asked)
            r->conn->watch = r;
        presences(c, r, ok);
        break;
    case PAR_CK_PRESENCE:
        presences(c, r, ok);
        break;
    case PAR_CK_ME_SET:
        if (r->show_read == 0)
            hide_read(c, r);
        break;
    default:
        break;
    }
}

static uint8_t code_of(const struct par_json *v)
{
#define X(NAME, text, status, retry)                                                               \
    if (par_json_text_is(v, PAR_STR(text)))                                                        \
        return PAR_CK_E_##NAME;
#include "parley/tbl/errors.h"
#undef X
    return PAR_CK_E_OTHER;
}

static struct par_ck_request *pending(struct par_ck_conn *conn, int64_t id, uint32_t *answered_r)
{
    *answered_r = 0;
    while (conn->oldest && conn->oldest->got != PAR_CHECK_NEVER)
        conn->oldest = conn->oldest->next_on_conn;
    for (struct par_ck_request *r = conn->oldest; r; r = r->next_on_conn)
        if (r->got == PAR_CHECK_NEVER && (conn->via == PAR_CK_HTTP || r->id == id))
            return r;
    for (struct par_ck_request *r = conn->first; r; r = r->next_on_conn)
        if (r->id == id)
            *answered_r = r->got;
    return NULL;
}

static void answer(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame,
                   const struct par_json *re)
{
    struct par_json ok, error, code, retry;
    int64_t id = 0;
    uint32_t before;
    if (re->type == PAR_JSON_NULL)
        return;
    if (!par_check__i64(re, &id) && conn->via != PAR_CK_HTTP) {
        bad_form(c, "re is no number");
        return;
    }
    struct par_ck_request *r = pending(conn, id, &before);
    if (!r) {
        par_check__broken(c, PAR_RULE_ONE_ANSWER, c->line, before, 0, "%s",
                          before ? "answered a second time" : "nobody asked for this answer");
        return;
    }
    r->got = c->line;
    r->got_t = c->t;
    c->answer_count++;
    bool has_ok = par_json_get(frame, "ok", &ok) && ok.type == PAR_JSON_OBJECT;
    bool has_error = par_json_get(frame, "error", &error) && error.type == PAR_JSON_OBJECT;
    if (has_ok == has_error) {
        bad_form(c, "an answer has either ok or error");
        r->code = PAR_CK_E_OTHER;
        r->retry = true;
        return;
    }
    if (has_ok) {
        par_check__answered(c, r, &ok);
        return;
    }
    (void)par_json_get(&error, "code", &code);
    (void)par_json_get(&error, "retry", &retry);
    r->code = code_of(&code);
    if (!par_check__bool(&retry, &r->retry) || code.type != PAR_JSON_STRING) {
        bad_form(c, "an error needs code and retry");
        r->retry = true;
    }
}

bool par_check__got(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame)
{
    struct par_json v;
    struct par_str ev;
    if (par_json_get(frame, "ev", &v) && par_check__text(c, &v, &ev))
        par_check__event(c, conn, frame, ev);
    else if (par_json_get(frame, "re", &v) || conn->via == PAR_CK_HTTP)
        answer(c, conn, frame, &v);
    else
        bad_form(c, "neither an answer nor an event");
    return !c->no_memory;
}

/* ---- events ---- */

static void entry_event(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame)
{
    struct par_ck_entry e;
    struct par_str id;
    struct par_ck_conv *conv = NULL;
    if (par_check__entry(c, frame, &e, &id) && id.ptr)
        conv = par_check__conv(c, id, true);
    if (!conv) {
        bad_form(c, "an entry event lacks a member, or has a wrong one");
        return;
    }
    struct par_ck_sight *s = par_check__sight(c, conv, &e, PAR_CK_EVENT);
    if (s) {
        s->conn = conn;
        s->user = conn->user;
    }
}

static void mark_event(struct par_check *c, struct par_ck_conn *conn, struct par_ck_conv *conv,
                       const struct par_json *frame)
{
    struct par_json user, others, delivered, read;
    struct par_ck_mark mark = {.conn = conn, .line = c->line};
    bool of_others = par_json_get(frame, "others", &others) && others.type == PAR_JSON_OBJECT;
    (void)par_json_get(of_others ? &others : frame, "delivered", &delivered);
    (void)par_json_get(of_others ? &others : frame, "read", &read);
    (void)par_json_get(frame, "user", &user);
    if (!par_check__u64(&delivered, &mark.delivered) || !par_check__u64(&read, &mark.read) ||
        (!of_others && !par_check__id(c, &user, &mark.user))) {
        bad_form(c, "a mark event lacks a member, or has a wrong one");
        return;
    }
    if (!of_others)
        learn_mark(c, conv, mark.user, conn->user, mark.delivered, mark.read);
    struct par_ck_mark *kept = par_check__push(c, &conv->marks, sizeof *kept);
    if (kept)
        *kept = mark;
}

static void presence_event(struct par_check *c, struct par_ck_conn *conn,
                           const struct par_json *frame)
{
    struct par_json user, status;
    struct par_ck_presence p = {.t = c->t, .line = c->line};
    (void)par_json_get(frame, "user", &user);
    (void)par_json_get(frame, "status", &status);
    p.online = par_json_text_is(&status, PAR_STR("online"));
    if (!par_check__id(c, &user, &p.user) || status.type != PAR_JSON_STRING) {
        bad_form(c, "a presence event needs user and status");
        return;
    }
    struct par_ck_presence *kept = par_check__push(c, &conn->presences, sizeof *kept);
    if (kept)
        *kept = p;
}

void par_check__event(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame,
                      struct par_str ev)
{
    struct par_json v;
    struct par_str id;
    if (par_str_is(ev, "entry")) {
        entry_event(c, conn, frame);
        return;
    }
    if (par_str_is(ev, "presence")) {
        presence_event(c, conn, frame);
        return;
    }
    if (par_str_is(ev, "sync")) {
        struct par_ck_reset *reset = par_check__push(c, &c->resets, sizeof *reset);
        if (reset)
            *reset = (struct par_ck_reset){conn, c->line};
        return;
    }
    bool mark = par_str_is(ev, "mark");
    if (!mark && !par_str_is(ev, "typing") && !par_str_is(ev, "conv"))
        return;
    struct par_ck_conv *conv = par_json_get(frame, "conv", &v) && par_check__text(c, &v, &id)
                                   ? par_check__conv(c, id, true)
                                   : NULL;
    if (!conv) {
        bad_form(c, "an event about a conversation needs conv");
    } else if (mark) {
        mark_event(c, conn, conv, frame);
    } else {
        struct par_ck_whisper *w = par_check__push(c, &conv->whispers, sizeof *w);
        if (w)
            *w = (struct par_ck_whisper){conn, c->line, par_str_is(ev, "typing")};
    }
}
