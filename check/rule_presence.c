/* Rules about presence: true after healing, and told only to those who may see it. */
#include "check/check_private.h"

enum { SETTLES_MS = 1000 }; /* settings may take so long to be everywhere */

struct pair {
    struct par_check *c;
    struct par_ck_user *viewer, *subject;
    uint32_t asked, got; /* the look lies between these lines */
    int64_t asked_t, got_t;
};

static bool about(const struct par_ck_request *r, const struct pair *p)
{
    return r->user == p->subject && r->id_count == 1 && r->ids[0] == p->viewer->id;
}

/* Done so long before the look that it is everywhere. */
static bool settled(const struct par_ck_request *r, const struct pair *p)
{
    return r->code == PAR_CK_OK && r->got < p->asked && r->got_t + SETTLES_MS <= p->asked_t;
}

/* Did the subject ask for `op` about the viewer before the end of the look? */
static bool ever_asked(const struct par_ck_list *list, const struct pair *p, uint8_t op)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(list, struct par_ck_request *, i);
        if (r->op == op && about(r, p) && r->asked < p->got)
            return true;
    }
    return false;
}

/* Was `op` in force all the time of the look, and for a while before? `undo` ends it. */
static bool in_force(const struct par_ck_list *list, const struct pair *p, uint8_t op, uint8_t undo)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(list, struct par_ck_request *, i);
        bool on = r->op == op && about(r, p) && settled(r, p);
        for (uint32_t k = 0; on && k < list->count; k++) {
            const struct par_ck_request *u = *PAR_CK_AT(list, struct par_ck_request *, k);
            on = !(u->op == undo && about(u, p) && u->asked < p->got &&
                   par_check__maybe_after(u, r));
        }
        if (on)
            return true;
    }
    return false;
}

static bool shares(const struct pair *p, bool surely)
{
    for (const struct par_ck_seat *s = p->viewer->seats; s; s = s->next_of_user) {
        struct par_ck_conv *conv = s->conv;
        const struct par_ck_seat *other = par_check__seat(p->c, conv, p->subject, false);
        if (!conv->group) {
            bool both = other && (conv->low == s->user->id || conv->high == s->user->id) &&
                        (conv->low == p->subject->id || conv->high == p->subject->id);
            if (both && (surely ? par_check__below(&conv->known, p->asked) > 0
                                : conv->top > 0 && par_check__born(conv, 1) < p->got))
                return true;
            continue;
        }
        if (surely ? other && par_check__surely_in(s, p->asked, p->got) &&
                         par_check__surely_in(other, p->asked, p->got)
                   : !par_check__stranger(p->c, conv, p->viewer, p->asked, p->got) &&
                         !par_check__stranger(p->c, conv, p->subject, p->asked, p->got))
            return true;
    }
    return false;
}

/* Did one of the two write to the other, so that there may be an entry that nobody saw? */
static bool maybe_wrote(const struct pair *p)
{
    for (uint32_t i = 0; i < p->c->requests.count; i++) {
        const struct par_ck_request *r =
            *PAR_CK_AT(&p->c->requests, const struct par_ck_request *, i);
        const struct par_ck_conv *conv = r->conv;
        bool final = r->got != PAR_CHECK_NEVER && r->code != PAR_CK_OK && !r->retry;
        if (!conv || conv->group || !r->cmid || r->asked >= p->got || final)
            continue;
        if ((conv->low == p->viewer->id && conv->high == p->subject->id) ||
            (conv->low == p->subject->id && conv->high == p->viewer->id))
            return true;
    }
    return false;
}

/* 1: hid it for sure, 0: never before the end of the look, -1: it cannot be said. */
static int hides(const struct pair *p)
{
    const struct par_ck_list *list = &p->c->settings;
    int hidden = 0;
    for (uint32_t i = 0; i < list->count && hidden < 1; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(list, struct par_ck_request *, i);
        if (r->user != p->subject || r->show_last_seen != 0 || r->asked >= p->got)
            continue;
        hidden = settled(r, p) ? 1 : -1;
        for (uint32_t k = 0; k < list->count; k++) {
            const struct par_ck_request *u = *PAR_CK_AT(list, struct par_ck_request *, k);
            if (u->user == p->subject && u->show_last_seen == 1 && u->asked < p->got &&
                par_check__maybe_after(u, r))
                hidden = -1;
        }
    }
    return hidden;
}

static bool surely_visible(const struct pair *p)
{
    if (p->viewer == p->subject)
        return true;
    if (hides(p) != 0 || ever_asked(&p->c->blocks, p, PAR_CK_BLOCK))
        return false;
    return shares(p, true) ||
           in_force(&p->c->contacts, p, PAR_CK_CONTACT_ADD, PAR_CK_CONTACT_REMOVE);
}

static bool surely_hidden(const struct pair *p)
{
    if (p->viewer == p->subject)
        return false;
    if (hides(p) == 1 || in_force(&p->c->blocks, p, PAR_CK_BLOCK, PAR_CK_UNBLOCK))
        return true;
    return !shares(p, false) && !ever_asked(&p->c->contacts, p, PAR_CK_CONTACT_ADD) &&
           !maybe_wrote(p);
}

/* Was the user truly on line, or truly not, all the time? False: it changed, or nobody says. */
static bool steady(const struct par_ck_user *u, int64_t from, int64_t to, bool *online_r,
                   uint32_t *line_r)
{
    *online_r = false;
    *line_r = 0;
    for (uint32_t i = 0; i < u->truths.count; i++) {
        const struct par_ck_truth *truth = PAR_CK_AT(&u->truths, struct par_ck_truth, i);
        if (truth->t > to)
            break;
        if (truth->online == *online_r)
            continue;
        if (truth->t > from)
            return false;
        *online_r = truth->online;
        *line_r = truth->line;
    }
    return u->truths.count > 0;
}

/* Did the subject say hello, not long before the look, and hear nothing by then? Then the server
 * may know of a connection of which the truth does not (docs/decisions/0010). */
static bool maybe_online(const struct pair *p)
{
    for (uint32_t i = 0; i < p->c->conn_list.count; i++) {
        const struct par_ck_conn *conn = *PAR_CK_AT(&p->c->conn_list, struct par_ck_conn *, i);
        const struct par_ck_request *hello = conn->first;
        if (conn->user != p->subject || !hello || hello->op != PAR_CK_HELLO ||
            hello->asked >= p->got || (conn->signed_in && conn->signed_in < p->asked))
            continue;
        if (conn->closed >= p->asked || hello->asked_t >= p->asked_t - p->c->presence_ms)
            return true;
    }
    return false;
}

static void judge(const struct pair *p, bool shown, uint32_t line)
{
    struct par_check *c = p->c;
    bool online;
    uint32_t truth;
    if (shown && surely_hidden(p))
        par_check__broken(c, PAR_RULE_HIDDEN_PRESENCE, line, 0, 0,
                          "%llu sees %llu, who is not theirs to see",
                          (unsigned long long)p->viewer->id, (unsigned long long)p->subject->id);
    if (c->heal == PAR_CHECK_NEVER || p->asked_t < c->heal_t + c->presence_ms ||
        !steady(p->subject, p->asked_t - c->presence_ms, p->got_t, &online, &truth))
        return;
    if (shown != online && (shown ? !maybe_online(p) : surely_visible(p)))
        par_check__broken(c, PAR_RULE_PRESENCE, truth, line, 0, "%llu is shown to %llu as %s",
                          (unsigned long long)p->subject->id, (unsigned long long)p->viewer->id,
                          shown ? "online" : "offline");
}

static void answers(struct par_check *c)
{
    for (uint32_t i = 0; i < c->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        for (uint32_t k = 0; r->online && r->conn->device && k < r->id_count; k++) {
            struct pair p = {c,          r->user, par_check__user(c, r->ids[k]), r->asked, r->got,
                             r->asked_t, r->got_t};
            if (p.subject)
                judge(&p, r->online[k], r->got);
        }
    }
}

/* What the connection was told last of each user it watches, when all is at rest. */
static void watched(struct par_check *c, const struct par_ck_conn *conn)
{
    const struct par_ck_request *w = conn->watch;
    for (uint32_t k = 0; w && w->online && k < w->id_count; k++) {
        bool shown = w->online[k];
        bool told = shown;
        uint32_t line = w->got;
        for (uint32_t i = 0; i < conn->presences.count; i++) {
            const struct par_ck_presence *e =
                PAR_CK_AT(&conn->presences, struct par_ck_presence, i);
            if (e->user == w->ids[k] && e->line > w->got && e->line < c->end) {
                shown = e->online;
                told = true;
                line = e->line;
            }
        }
        struct pair p = {c,        conn->user, par_check__user(c, w->ids[k]), c->end, c->end,
                         c->end_t, c->end_t};
        /* Who was not to be seen yet counts as offline, and is told of with the next change; of who
         * is not to be seen any more nothing is told. */
        struct pair then = {c, conn->user, p.subject, w->asked, w->got, w->asked_t, w->got_t};
        if (p.subject && w->got < c->end && surely_visible(&p) && (told || surely_visible(&then)))
            judge(&p, shown, line);
    }
}

static void events(struct par_check *c, const struct par_ck_conn *conn)
{
    for (uint32_t i = 0; i < conn->presences.count; i++) {
        const struct par_ck_presence *e = PAR_CK_AT(&conn->presences, struct par_ck_presence, i);
        /* An event may have been long on its way: only what never could be seen is judged. */
        struct pair p = {c, conn->user, par_check__user(c, e->user), 0, e->line, 0, e->t};
        if (p.subject && e->online && surely_hidden(&p))
            par_check__broken(c, PAR_RULE_HIDDEN_PRESENCE, e->line, 0, 0,
                              "%llu is told of %llu, who is not theirs to see",
                              (unsigned long long)conn->user->id, (unsigned long long)e->user);
    }
}

void par_check__rule_presence(struct par_check *c)
{
    answers(c);
    for (uint32_t i = 0; i < c->conn_list.count; i++) {
        const struct par_ck_conn *conn = *PAR_CK_AT(&c->conn_list, struct par_ck_conn *, i);
        events(c, conn);
        if (conn->via == PAR_CK_WS && c->end != PAR_CHECK_NEVER && conn->closed > c->end)
            watched(c, conn);
    }
}
