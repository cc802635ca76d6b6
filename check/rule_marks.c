/* Rules about delivered and read marks, wherever they are shown. */
#include "check/check_private.h"

/* One look at a user's marks. */
struct look {
    struct par_check *c;
    const struct par_ck_seat *seat;
    bool own;       /* the owner looks: the true read mark */
    uint32_t asked; /* NEVER: an event, which shows a moment that may be long past */
    uint32_t line;
    uint64_t delivered, read;
    uint64_t cut; /* shown marks end here */
};

static void broken(const struct look *l, enum par_rule rule, const char *what, uint64_t shown,
                   const char *why, uint64_t limit)
{
    bool event = l->asked == PAR_CHECK_NEVER;
    par_check__broken(l->c, rule, event ? 0 : l->asked, l->line, 0,
                      "the %s mark of %llu in %.*s is %llu, %s %llu", what,
                      (unsigned long long)l->seat->user->id, PAR_STR_ARGS(l->seat->conv->id),
                      (unsigned long long)shown, why, (unsigned long long)limit);
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Where marks begin: below the entry with which one came in. The least and the greatest that may be
 * so for this look. */
static void begins(const struct look *l, uint64_t *least_r, uint64_t *most_r)
{
    const struct par_ck_conv *conv = l->seat->conv;
    uint32_t before = l->asked == PAR_CHECK_NEVER ? 0 : l->asked;
    *least_r = *most_r = 0;
    for (uint32_t i = 0; conv->group && i < l->seat->stays.count; i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&l->seat->stays, struct par_ck_stay, i);
        if (par_check__born(conv, stay->joined) < l->line)
            *most_r = stay->joined - 1;
        if (par_check__known(conv, stay->joined) < before)
            *least_r = stay->joined - 1;
    }
    if (conv->group && !par_check__all_known(conv))
        *most_r = UINT64_MAX;
}

static void look(const struct look *l)
{
    const struct par_ck_seat *s = l->seat;
    uint64_t least, most;
    begins(l, &least, &most);
    if (l->read > l->delivered)
        broken(l, PAR_RULE_MARKS_BOUND, "read", l->read, "above delivered", l->delivered);
    if (l->delivered > s->conv->top)
        broken(l, PAR_RULE_MARKS_BOUND, "delivered", l->delivered, "and the last seq is",
               s->conv->top);
    uint64_t delivered = greater(par_check__below(&s->asked_delivered, l->line), most);
    uint64_t read = greater(par_check__below(&s->asked_read, l->line), most);
    uint64_t shown = greater(par_check__below(&s->shown_read, l->line), most);
    if (l->delivered > delivered)
        broken(l, PAR_RULE_MARKS_INVENTED, "delivered", l->delivered, "and was acked up to",
               delivered);
    if (l->read > read)
        broken(l, PAR_RULE_MARKS_INVENTED, "read", l->read, "and was acked up to", read);
    else if (!l->own && l->read > shown)
        broken(l, PAR_RULE_HIDDEN_READ, "read", l->read, "and was shown up to", shown);
    if (l->asked == PAR_CHECK_NEVER)
        return;
    delivered = greater(par_check__below(&s->saw_delivered, l->asked),
                        par_check__below(&s->done_delivered, l->asked));
    read = par_check__below(l->own ? &s->saw_read : &s->told_read, l->asked);
    if (l->own || !s->user->ever_hid_read)
        read = greater(read, par_check__below(&s->done_read, l->asked));
    delivered = greater(delivered, least);
    read = greater(read, least);
    delivered = delivered < l->cut ? delivered : l->cut;
    read = read < l->cut ? read : l->cut;
    if (l->delivered < delivered)
        broken(l, PAR_RULE_MARKS_BACK, "delivered", l->delivered, "and was", delivered);
    if (l->read < read)
        broken(l, PAR_RULE_MARKS_BACK, "read", l->read, "and was", read);
}

/* On one connection a member's marks only rise. */
static void event_order(struct par_check *c, const struct par_ck_conv *conv, uint32_t at)
{
    enum { FAR = 256 };
    const struct par_ck_mark *m = PAR_CK_AT(&conv->marks, struct par_ck_mark, at);
    for (uint32_t i = at; i-- > 0 && at - i < FAR;) {
        const struct par_ck_mark *before = PAR_CK_AT(&conv->marks, struct par_ck_mark, i);
        if (before->conn != m->conn || before->user != m->user)
            continue;
        if (before->delivered > m->delivered || before->read > m->read)
            par_check__broken(c, PAR_RULE_MARKS_BACK, before->line, m->line, 0,
                              "the marks of %llu in %.*s go back on a connection",
                              (unsigned long long)m->user, PAR_STR_ARGS(conv->id));
        return;
    }
}

void par_check__rule_marks(struct par_check *c, struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < conv->marks.count; i++) {
        const struct par_ck_mark *m = PAR_CK_AT(&conv->marks, struct par_ck_mark, i);
        struct par_ck_user *u = m->user ? par_check__user(c, m->user) : NULL;
        struct look l = {.c = c, .asked = PAR_CHECK_NEVER, .line = m->line, .cut = UINT64_MAX};
        l.seat = u ? par_check__seat(c, conv, u, true) : NULL;
        if (!l.seat)
            continue;
        l.own = u == m->conn->user;
        l.delivered = m->delivered;
        l.read = m->read;
        look(&l);
        if (!c->silence)
            event_order(c, conv, i);
    }
    for (uint32_t i = 0; i < conv->members.count; i++) {
        const struct par_ck_member *m = PAR_CK_AT(&conv->members, struct par_ck_member, i);
        struct par_ck_user *u = par_check__user(c, m->user);
        struct look l = {.c = c, .own = u == m->request->user, .cut = UINT64_MAX};
        l.seat = u ? par_check__seat(c, conv, u, true) : NULL;
        if (!l.seat)
            continue;
        l.asked = m->request->asked;
        l.line = m->request->got;
        l.delivered = m->delivered;
        l.read = m->read;
        look(&l);
    }
}

void par_check__row_marks(struct par_check *c, const struct par_ck_row *row,
                          const struct par_ck_seat *seat)
{
    struct look l = {.c = c, .seat = seat, .own = true, .cut = row->last_seq};
    l.asked = row->request->asked;
    l.line = row->request->got;
    l.delivered = row->delivered;
    l.read = row->read;
    if (row->delivered > row->last_seq)
        broken(&l, PAR_RULE_MARKS_BOUND, "delivered", row->delivered, "and the last seq is",
               row->last_seq);
    if (row->member && row->others_delivered > row->last_seq)
        broken(&l, PAR_RULE_MARKS_BOUND, "others have", row->others_delivered,
               "and the last seq is", row->last_seq);
    look(&l);
}

/* The least and the greatest that a member's marks may be when all is at rest. */
static void at_rest(const struct par_check *c, const struct par_ck_seat *s, uint64_t least[2],
                    uint64_t most[2])
{
    struct look l = {.c = (struct par_check *)c, .seat = s, .asked = PAR_CHECK_NEVER - 1};
    uint64_t low, high;
    l.line = PAR_CHECK_NEVER;
    begins(&l, &low, &high);
    least[0] = greater(greater(par_check__below(&s->done_delivered, c->end),
                               par_check__below(&s->saw_delivered, c->end)),
                       low);
    most[0] = greater(par_check__below(&s->asked_delivered, c->end), high);
    least[1] = greater(par_check__below(&s->told_read, c->end), low);
    if (!s->user->ever_hid_read)
        least[1] = greater(least[1], par_check__below(&s->done_read, c->end));
    most[1] = greater(par_check__below(&s->shown_read, c->end), high);
}

void par_check__row_others(struct par_check *c, const struct par_ck_row *row)
{
    uint64_t least[2] = {UINT64_MAX, UINT64_MAX}, most[2] = {UINT64_MAX, UINT64_MAX};
    bool anybody = false;
    for (const struct par_ck_seat *s = row->conv->seats; s; s = s->next_of_conv) {
        uint64_t low[2], high[2];
        if (s->user == row->request->user || !par_check__surely_in(s, c->end, c->end))
            continue;
        anybody = true;
        at_rest(c, s, low, high);
        for (int i = 0; i < 2; i++) {
            least[i] = low[i] < least[i] ? low[i] : least[i];
            most[i] = high[i] < most[i] ? high[i] : most[i];
        }
    }
    uint64_t shown[2] = {row->others_delivered, row->others_read};
    for (int i = 0; i < 2 && anybody; i++)
        if (shown[i] < least[i] || shown[i] > most[i])
            par_check__broken(c, PAR_RULE_LIST, row->request->asked, row->request->got, 0,
                              "%.*s: %s of the others is %llu, and must be %llu to %llu",
                              PAR_STR_ARGS(row->conv->id), i ? "read" : "delivered",
                              (unsigned long long)shown[i], (unsigned long long)least[i],
                              (unsigned long long)most[i]);
}
