/* Rules about pages of history, and about who may see what. */
#include "check/check_private.h"

struct look {
    struct par_check *c;
    const struct par_ck_conv *conv;
    const struct par_ck_page *p;
    const struct par_ck_request *r;
    uint64_t first, last; /* of the entries on it; 0: none */
};

static void wrong(const struct look *l, const char *why)
{
    par_check__broken(l->c, PAR_RULE_PAGE, l->r->asked, l->r->got, 0, "%.*s: %s",
                      PAR_STR_ARGS(l->conv->id), why);
}

static const struct par_ck_sight *on_page(const struct look *l, uint32_t i)
{
    return PAR_CK_AT(&l->conv->sights, struct par_ck_sight, l->p->first + i);
}

/* Without a hole; and it applies its own deletes. */
static void inside(const struct look *l)
{
    for (uint32_t i = 0; i < l->p->count; i++) {
        const struct par_ck_sight *s = on_page(l, i);
        if (s->entry.seq != l->first + i) {
            par_check__broken(l->c, PAR_RULE_DENSE, l->r->asked, l->r->got, 0,
                              "a page of %.*s has %llu where %llu belongs",
                              PAR_STR_ARGS(l->conv->id), (unsigned long long)s->entry.seq,
                              (unsigned long long)(l->first + i));
            return;
        }
        const struct par_ck_slot *slot = par_check__slot(l->conv, s->entry.seq);
        if (s->entry.kind == PAR_CK_KIND_TEXT && slot && slot->deleted_by > s->entry.seq &&
            slot->deleted_by <= l->last && (s->entry.has & PAR_CK_HAS_TEXT))
            par_check__broken(l->c, PAR_RULE_DELETED_TEXT, l->r->asked, l->r->got, 0,
                              "%.*s %llu is shown on the page with its delete",
                              PAR_STR_ARGS(l->conv->id), (unsigned long long)s->entry.seq);
    }
}

static void before_ts(const struct look *l)
{
    int64_t ts = l->r->before_ts;
    const struct par_ck_slot *next = par_check__slot(l->conv, l->last + 1);
    if (l->p->count && on_page(l, l->p->count - 1)->entry.ts >= ts)
        wrong(l, "an entry is not before before_ts");
    if (l->p->count && next && (int64_t)(l->last + 1) <= l->p->last_seq &&
        next->sight->entry.ts < ts)
        wrong(l, "the newest before before_ts is not on it");
}

/* Where the page ends, or begins, given what was asked and what the answer says there is. */
static void place(const struct look *l)
{
    const struct par_ck_request *r = l->r;
    const struct par_ck_page *p = l->p;
    uint64_t low = (uint64_t)p->first_seq, high = (uint64_t)p->last_seq;
    if (!p->count) {
        bool newest = r->after_seq < 0 && r->before_seq < 0 && r->before_ts < 0;
        if (newest && high >= low && high > 0)
            wrong(l, "nothing, though there is something");
        if (r->after_seq >= 0 && (uint64_t)r->after_seq < high && high >= low)
            wrong(l, "nothing, though there is something after");
        if (r->before_seq >= 0 && (uint64_t)r->before_seq > low && high >= low && high > 0)
            wrong(l, "nothing, though there is something before");
        return;
    }
    if (l->first < low || l->last > high)
        wrong(l, "an entry outside of first_seq ... last_seq");
    if (r->after_seq >= 0) {
        uint64_t want = (uint64_t)r->after_seq + 1 > low ? (uint64_t)r->after_seq + 1 : low;
        if (l->first != want)
            wrong(l, "it does not begin behind after_seq");
    } else if (r->before_seq >= 0) {
        uint64_t want = (uint64_t)r->before_seq <= high ? (uint64_t)r->before_seq - 1 : high;
        if (l->last != want)
            wrong(l, "it does not end before before_seq");
    } else if (r->before_ts >= 0) {
        before_ts(l);
    } else if (r->around_seq >= 0) {
        uint64_t centre = (uint64_t)r->around_seq;
        centre = centre < low ? low : (centre > high ? high : centre);
        if (centre < l->first || centre > l->last)
            wrong(l, "around_seq is not on it");
    } else if (l->last != high) {
        wrong(l, "it does not end with the newest");
    }
}

static void rest(const struct look *l)
{
    enum { EARLY_END = 256 * 1024 }; /* a page may end early at 1 MiB, one entry less */
    const struct par_ck_page *p = l->p;
    bool forward = l->r->after_seq >= 0;
    if (p->count > l->r->limit)
        wrong(l, "more than limit");
    if (!p->count)
        return;
    bool more = forward ? l->last < (uint64_t)p->last_seq : l->first > (uint64_t)p->first_seq;
    if (p->more >= 0 && more != (p->more == 1))
        wrong(l, "more does not tell whether there is more");
    bool both = l->r->around_seq >= 0 && l->last < (uint64_t)p->last_seq;
    if ((more || both) && p->count < l->r->limit && p->bytes < EARLY_END)
        wrong(l, "fewer than limit, though there is more");
    if (p->next_cursor != -1 && p->next_cursor != on_page(l, 0)->entry.ts)
        wrong(l, "next_cursor is not the ts of the oldest");
    if (p->next_cursor == -1 && l->first > (uint64_t)p->first_seq && l->r->conn->via != PAR_CK_HTTP)
        wrong(l, "next_cursor is missing");
}

static void rights(const struct look *l, const struct par_ck_seat *seat)
{
    const struct par_ck_request *r = l->r;
    if (!seat) {
        if (l->p->count || l->p->last_seq > 0)
            par_check__broken(l->c, PAR_RULE_NOT_THEIRS, r->asked, r->got, 0,
                              "%llu reads %.*s, and never was in it",
                              (unsigned long long)r->user->id, PAR_STR_ARGS(l->conv->id));
        return;
    }
    uint64_t ends[] = {
        l->first, l->last,
        l->p->last_seq > 0 && l->p->first_seq <= l->p->last_seq ? (uint64_t)l->p->last_seq : 0,
        l->p->last_seq > 0 && l->p->first_seq > 0 ? (uint64_t)l->p->first_seq : 0};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (!ends[i] || par_check__may_see(seat, ends[i], r->got))
            continue;
        par_check__broken(l->c, PAR_RULE_NOT_THEIRS, r->asked, r->got, 0,
                          "%llu reads up to %.*s %llu, which is not theirs",
                          (unsigned long long)r->user->id, PAR_STR_ARGS(l->conv->id),
                          (unsigned long long)ends[i]);
        return;
    }
    uint64_t must = par_check__must_show(seat, r->asked, r->got);
    if (l->p->last_seq >= 0 && (uint64_t)l->p->last_seq < must)
        par_check__broken(l->c, PAR_RULE_FRESH, par_check__known(l->conv, must), r->asked, r->got,
                          "%.*s %llu had been seen, and history ends at %lld",
                          PAR_STR_ARGS(l->conv->id), (unsigned long long)must,
                          (long long)l->p->last_seq);
}

void par_check__rule_pages(struct par_check *c, struct par_ck_conv *conv)
{
    struct look l = {.c = c, .conv = conv};
    for (uint32_t i = 0; i < conv->pages.count; i++) {
        l.p = PAR_CK_AT(&conv->pages, struct par_ck_page, i);
        l.r = l.p->request;
        l.first = l.p->count ? on_page(&l, 0)->entry.seq : 0;
        l.last = l.p->count ? on_page(&l, l.p->count - 1)->entry.seq : 0;
        inside(&l);
        if (l.p->first_seq >= 0 && l.p->last_seq >= 0) {
            place(&l);
            rest(&l);
        }
        rights(&l, par_check__seat(c, conv, l.r->user, false));
    }
}

static void not_theirs(struct par_check *c, const struct par_ck_conv *conv,
                       const struct par_ck_user *user, uint32_t line, const char *what)
{
    par_check__broken(c, PAR_RULE_NOT_THEIRS, line, 0, 0, "%llu is told %s of %.*s, and is not in",
                      (unsigned long long)user->id, what, PAR_STR_ARGS(conv->id));
}

/* Had anybody asked for so much before this entry was known? */
static bool asked_for(const struct par_ck_conv *conv, const struct par_ck_mark *m, uint64_t left)
{
    uint32_t line = par_check__known(conv, left);
    for (const struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv) {
        uint64_t delivered = par_check__below(&s->asked_delivered, line);
        uint64_t read = par_check__below(&s->asked_read, line);
        for (uint32_t i = 0; i < s->stays.count; i++) {
            uint64_t begins = PAR_CK_AT(&s->stays, struct par_ck_stay, i)->joined - 1;
            begins = begins < left ? begins : 0;
            delivered = begins > delivered ? begins : delivered;
            read = begins > read ? begins : read;
        }
        delivered = read > delivered ? read : delivered;
        if ((m->user == 0 || m->user == s->user->id) && m->delivered <= delivered &&
            m->read <= read)
            return true;
    }
    return false;
}

/* A server that was killed tells again what it had told: a mark from when its reader was in is
 * nothing that was not theirs, but late. */
static bool from_before(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_mark *m)
{
    const struct par_ck_seat *seat = par_check__seat(c, conv, m->conn->user, false);
    for (uint32_t i = 0; seat && i < seat->stays.count; i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        if (stay->left && m->delivered <= stay->left && asked_for(conv, m, stay->left))
            return true;
    }
    return false;
}

void par_check__rule_theirs(struct par_check *c, struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < conv->sights.count; i++) {
        const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
        if (!s->user || s->source == PAR_CK_ANSWER || s->source == PAR_CK_PAGE)
            continue;
        const struct par_ck_seat *seat = par_check__seat(c, conv, s->user, false);
        uint64_t seq = s->entry.seq;
        bool event = s->source == PAR_CK_EVENT;
        bool may = seat && (event ? seq >= conv->sure || par_check__member_at(seat, seq)
                                  : par_check__may_see(seat, seq, s->line));
        if (!seat)
            may = !par_check__all_known(conv); /* unknown parts may have let them in */
        if (!may)
            not_theirs(c, conv, s->user, s->line, event ? "an entry" : "what is not theirs");
    }
    for (uint32_t i = 0; i < conv->marks.count; i++) {
        const struct par_ck_mark *m = PAR_CK_AT(&conv->marks, struct par_ck_mark, i);
        if (par_check__stranger(c, conv, m->conn->user, m->conn->opened, m->line) &&
            !from_before(c, conv, m))
            not_theirs(c, conv, m->conn->user, m->line, "marks");
    }
    for (uint32_t i = 0; i < conv->whispers.count; i++) {
        const struct par_ck_whisper *w = PAR_CK_AT(&conv->whispers, struct par_ck_whisper, i);
        /* Who is out may still change, and be told, settings of the conversation. */
        if (par_check__stranger(c, conv, w->conn->user, w->typing ? w->conn->opened : 0, w->line))
            not_theirs(c, conv, w->conn->user, w->line, w->typing ? "typing" : "changes");
    }
}
