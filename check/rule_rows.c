/* Rules about rows of sync: what is theirs, fresh, counted right, and complete. */
#include "check/check_private.h"

static bool at_rest(const struct par_check *c, const struct par_ck_request *r)
{
    return r->asked > c->end;
}

static void list_wrong(struct par_check *c, const struct par_ck_row *row, const char *what)
{
    par_check__broken(c, PAR_RULE_LIST, row->request->asked, row->request->got, 0, "%.*s: %s",
                      PAR_STR_ARGS(row->conv->id), what);
}

/* Is it a text that counts as unread? */
static bool counts(const struct par_ck_row *row, const struct par_ck_seat *seat,
                   const struct par_ck_slot *slot, uint64_t seq)
{
    return slot->sight->entry.kind == PAR_CK_KIND_TEXT &&
           slot->sight->entry.from != seat->user->id &&
           par_check__may_see(seat, seq, row->request->got);
}

/* Of those that must count: how many may have been deleted by an entry that nobody saw. */
static uint64_t gone_unseen(const struct par_check *c, const struct par_ck_row *row,
                            const struct par_ck_seat *seat, uint64_t must)
{
    uint64_t n = 0;
    for (uint64_t seq = row->read + 1; seq <= row->last_seq && seq <= must; seq++) {
        const struct par_ck_slot *slot = par_check__slot(row->conv, seq);
        n += counts(row, seat, slot, seq) && !slot->deleted_by &&
             par_check__perhaps_deleted(c, row->conv, seq, row->request->got);
    }
    return n;
}

/* The least and the greatest that unread may be: what may have been deleted by then, and what was
 * written after the row was read, leave room. */
static void unread(struct par_check *c, const struct par_ck_row *row,
                   const struct par_ck_seat *seat, uint64_t must)
{
    enum { MOST = 999 };
    const struct par_ck_conv *conv = row->conv;
    const struct par_ck_request *r = row->request;
    uint64_t least = 0, most = 0;
    for (uint64_t seq = row->read + 1; seq <= row->last_seq; seq++) {
        const struct par_ck_slot *slot = par_check__slot(conv, seq);
        if (!slot || !slot->sight->entry.kind)
            return;
        if (!counts(row, seat, slot, seq))
            continue;
        uint32_t deleted = slot->deleted_by ? par_check__known(conv, slot->deleted_by) : 0;
        bool surely = deleted && deleted < r->asked;
        bool perhaps = deleted && par_check__born(conv, slot->deleted_by) < r->got;
        most += !surely;
        least += seq <= must && !perhaps;
    }
    least = least > MOST ? MOST : least;
    most = most > MOST ? MOST : most;
    if (row->unread < least) {
        uint64_t gone = gone_unseen(c, row, seat, must);
        least = gone < least ? least - gone : 0;
    }
    if (row->unread < least || row->unread > most)
        par_check__broken(c, PAR_RULE_UNREAD, r->asked, r->got, 0,
                          "%.*s: unread is %llu with read %llu, and must be %llu to %llu",
                          PAR_STR_ARGS(conv->id), (unsigned long long)row->unread,
                          (unsigned long long)row->read, (unsigned long long)least,
                          (unsigned long long)most);
}

static uint64_t member_count(const struct par_ck_conv *conv, uint64_t seq)
{
    uint64_t n = 0;
    for (const struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv) {
        bool in = !conv->group;
        for (uint32_t i = 0; i < s->stays.count; i++) {
            const struct par_ck_stay *stay = PAR_CK_AT(&s->stays, struct par_ck_stay, i);
            in |= stay->joined <= seq && (!stay->left || stay->left > seq);
        }
        n += in;
    }
    return n;
}

/* The group's name as of a seq. */
static struct par_str name_at(const struct par_ck_conv *conv, uint64_t seq)
{
    for (; seq >= 1; seq--) {
        const struct par_ck_slot *slot = par_check__slot(conv, seq);
        if (slot && (slot->sight->entry.kind == PAR_CK_KIND_RENAMED ||
                     slot->sight->entry.kind == PAR_CK_KIND_CREATED))
            return slot->text;
    }
    return (struct par_str){0};
}

static void final_row(struct par_check *c, const struct par_ck_row *row,
                      const struct par_ck_seat *seat)
{
    const struct par_ck_conv *conv = row->conv;
    uint64_t first, last;
    if (!par_check__range(seat, &first, &last))
        return;
    bool member = par_check__surely_in(seat, c->end, c->end);
    if (row->last_seq != last)
        list_wrong(c, row, "last_seq is not that of the last entry they may see");
    if (row->last_entry != row->last_seq)
        list_wrong(c, row, "last_entry is not the one of last_seq");
    if (row->member ? par_check__surely_out(seat, c->end, c->end) : member)
        list_wrong(c, row, "member is not what the log says");
    if (member)
        par_check__row_others(c, row);
    if (!conv->group)
        return;
    struct par_str name = name_at(conv, last);
    if (member && row->member_count != (int64_t)member_count(conv, last))
        list_wrong(c, row, "member_count is not what the log says");
    if (name.ptr && row->has_name && !par_str_eq(name, row->name))
        list_wrong(c, row, "the name is not the newest");
}

static void one_row(struct par_check *c, const struct par_ck_row *row)
{
    const struct par_ck_request *r = row->request;
    struct par_ck_conv *conv = row->conv;
    struct par_ck_seat *seat = par_check__seat(c, conv, r->user, true);
    if (!seat)
        return;
    if (!par_str_is(row->kind, conv->group ? "group" : "direct"))
        list_wrong(c, row, "the kind is wrong");
    if (!par_check__may_see(seat, row->last_seq, r->got))
        par_check__broken(c, PAR_RULE_NOT_THEIRS, r->asked, r->got, 0,
                          "%llu has a row up to %.*s %llu, which is not theirs",
                          (unsigned long long)r->user->id, PAR_STR_ARGS(conv->id),
                          (unsigned long long)row->last_seq);
    /* Further pages are as of the first one. */
    uint64_t must = r->cursor.ptr ? 0 : par_check__must_show(seat, r->asked, r->got);
    if (row->last_seq < must)
        par_check__broken(c, PAR_RULE_FRESH, par_check__known(conv, must), r->asked, r->got,
                          "%.*s %llu had been seen, and the row ends at %llu",
                          PAR_STR_ARGS(conv->id), (unsigned long long)must,
                          (unsigned long long)row->last_seq);
    par_check__row_marks(c, row, seat);
    unread(c, row, seat, must);
    par_check__row_settings(c, row, seat);
    if (at_rest(c, r))
        final_row(c, row, seat);
}

void par_check__rule_rows(struct par_check *c)
{
    for (uint32_t i = 0; i < c->rows.count; i++) {
        const struct par_ck_row *row = PAR_CK_AT(&c->rows, struct par_ck_row, i);
        one_row(c, row);
        const struct par_ck_row *before = i ? row - 1 : NULL;
        if (before && before->request == row->request && at_rest(c, row->request) &&
            before->last_ts && row->last_ts && before->last_ts < row->last_ts)
            list_wrong(c, row, "newer activity comes after older");
    }
}

/* ---- completeness ---- */

/* The page before this one; NULL: this is the first, or it was not seen. */
static struct par_ck_request *page_before(const struct par_ck_request *r)
{
    for (uint32_t i = r->user->syncs.count; r->cursor.ptr && i-- > 0;) {
        struct par_ck_request *s = *PAR_CK_AT(&r->user->syncs, struct par_ck_request *, i);
        if (s->has_cursor && s->got < r->asked && par_str_eq(s->next_cursor, r->cursor))
            return s;
    }
    return NULL;
}

/* The last page of the sync whose token this is. */
static struct par_ck_request *last_page(const struct par_ck_user *u, struct par_str token,
                                        uint32_t before)
{
    for (uint32_t i = u->syncs.count; i-- > 0;) {
        struct par_ck_request *s = *PAR_CK_AT(&u->syncs, struct par_ck_request *, i);
        if (s->got < before && !s->has_cursor && s->sync_token.ptr &&
            par_str_eq(s->sync_token, token))
            return s;
    }
    return NULL;
}

static struct par_ck_request *first_page(struct par_ck_request *last)
{
    while (last && last->cursor.ptr)
        last = page_before(last);
    return last;
}

/* Leaves the rows of all pages in their conversations. */
static void spread_rows(struct par_check *c, const struct par_ck_request *last)
{
    for (const struct par_ck_request *r = last; r; r = page_before(r)) {
        for (uint32_t i = 0; i < r->row_count; i++) {
            const struct par_ck_row *row = PAR_CK_AT(&c->rows, struct par_ck_row, r->first_row + i);
            row->conv->at = last;
            row->conv->at_row = row;
        }
    }
}

static int64_t in_have(const struct par_ck_request *r, const struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < r->ref_count; i++)
        if (r->refs[i].conv == conv)
            return (int64_t)r->refs[i].seq;
    return -1;
}

/* What a client with this token was told of the conversation; -1: it cannot be said. */
static int64_t told_before(struct par_check *c, const struct par_ck_user *u, struct par_str token,
                           const struct par_ck_conv *conv, uint32_t before, unsigned depth)
{
    struct par_ck_request *last = depth ? last_page(u, token, before) : NULL;
    struct par_ck_request *first = first_page(last);
    if (!first)
        return -1;
    for (const struct par_ck_request *r = last; r; r = page_before(r))
        for (uint32_t i = 0; i < r->row_count; i++) {
            const struct par_ck_row *row = PAR_CK_AT(&c->rows, struct par_ck_row, r->first_row + i);
            if (row->conv == conv)
                return (int64_t)row->last_seq;
        }
    int64_t have = first->has_have ? in_have(first, conv) : -1;
    if (have >= 0)
        return have;
    if (first->since.ptr)
        return told_before(c, u, first->since, conv, first->asked, depth - 1);
    return 0;
}

/* May something have been written while the pages were asked for? Then the row is on none of them,
 * and the change comes with the token. */
static bool may_move(const struct par_ck_conv *conv, uint64_t must, uint32_t line)
{
    for (uint64_t seq = must + 1; seq <= conv->top; seq++) {
        const struct par_ck_slot *slot = par_check__slot(conv, seq);
        if (!slot || slot->born < line)
            return true;
    }
    return false;
}

/* The newest entry up to `most` that an answer, an event or a row of this user had told of before
 * this line. A page, and the row of another user, may show what is durable, and not yet told to
 * anybody. */
static uint64_t told_of(const struct par_ck_conv *conv, const struct par_ck_user *u, uint64_t most,
                        uint32_t line)
{
    uint64_t newest = 0;
    for (uint32_t i = 0; i < conv->sights.count; i++) {
        const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, const struct par_ck_sight, i);
        bool counts = s->source != PAR_CK_PAGE && (s->source != PAR_CK_ROW || s->user == u);
        if (counts && s->line < line && s->entry.seq <= most && s->entry.seq > newest)
            newest = s->entry.seq;
    }
    return newest;
}

static void complete(struct par_check *c, struct par_ck_request *last)
{
    enum { DEPTH = 32 };
    const struct par_ck_request *first = first_page(last);
    const struct par_ck_user *u = last->user;
    if (!first)
        return;
    spread_rows(c, last);
    for (const struct par_ck_seat *s = u->seats; s; s = s->next_of_user) {
        uint64_t must = par_check__must_show(s, first->asked, last->got);
        if (must == 0 || s->conv->at == last)
            continue;
        int64_t have = first->has_have ? in_have(first, s->conv) : -1;
        if (have >= (int64_t)must || (first != last && may_move(s->conv, must, last->got)))
            continue;
        if (first->since.ptr) {
            int64_t told = told_before(c, u, first->since, s->conv, first->asked, DEPTH);
            if (told < 0 || told >= (int64_t)must)
                continue;
        }
        /* Who comes back to a group that shows nothing from before has no row until the entry that
         * brings them is there; it comes with the token. */
        if (s->conv->joined_only && !par_check__surely_in(s, first->asked, last->got))
            continue;
        uint64_t told = told_of(s->conv, u, must, first->asked);
        if (told == 0 || have >= (int64_t)told)
            continue;
        par_check__broken(c, PAR_RULE_SYNC_COMPLETE, par_check__known(s->conv, must), first->asked,
                          last->got, "%.*s %llu had been seen, and there is no row of it",
                          PAR_STR_ARGS(s->conv->id), (unsigned long long)must);
    }
}

void par_check__rule_sync(struct par_check *c)
{
    for (uint32_t i = 0; i < c->user_list.count; i++) {
        const struct par_ck_user *u = *PAR_CK_AT(&c->user_list, struct par_ck_user *, i);
        for (uint32_t k = 0; k < u->syncs.count; k++) {
            struct par_ck_request *r = *PAR_CK_AT(&u->syncs, struct par_ck_request *, k);
            if (!r->has_cursor)
                complete(c, r);
        }
    }
}

/* ---- members ---- */

static bool listed(const struct par_ck_conv *conv, const struct par_ck_request *r, uint64_t user)
{
    for (uint32_t i = 0; i < conv->members.count; i++) {
        const struct par_ck_member *m = PAR_CK_AT(&conv->members, struct par_ck_member, i);
        if (m->request == r && m->user == user)
            return true;
    }
    return false;
}

/* Might the user have this role while the members were read? */
static bool may_have_role(const struct par_ck_seat *seat, const struct par_ck_member *m)
{
    const struct par_ck_list *roles = &seat->roles;
    for (uint32_t i = 0; i < roles->count; i++) {
        const struct par_ck_given *given = PAR_CK_AT(roles, struct par_ck_given, i);
        bool over = i + 1 < roles->count &&
                    par_check__known(seat->conv, (given + 1)->seq) < m->request->asked;
        if (given->role == m->role && !over &&
            par_check__born(seat->conv, given->seq) < m->request->got)
            return true;
    }
    return false;
}

static void one_member(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_member *m)
{
    const struct par_ck_request *r = m->request;
    struct par_ck_user *u = par_check__user(c, m->user);
    const struct par_ck_seat *seat = u ? par_check__seat(c, conv, u, false) : NULL;
    bool right = !par_check__all_known(conv);
    for (uint32_t i = 0; seat && i < seat->stays.count; i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        right |= stay->joined == m->joined && par_check__born(conv, stay->joined) < r->got &&
                 !(stay->left && par_check__known(conv, stay->left) < r->asked);
    }
    if (!right)
        par_check__broken(c, PAR_RULE_ROSTER, r->asked, r->got, 0,
                          "%.*s: %llu is listed, and did not come in with %llu",
                          PAR_STR_ARGS(conv->id), (unsigned long long)m->user,
                          (unsigned long long)m->joined);
    else if (seat && par_check__all_known(conv) && !may_have_role(seat, m))
        par_check__broken(c, PAR_RULE_ROSTER, r->asked, r->got, 0,
                          "%.*s: the role of %llu is not what the log says", PAR_STR_ARGS(conv->id),
                          (unsigned long long)m->user);
}

void par_check__rule_members(struct par_check *c, struct par_ck_conv *conv)
{
    const struct par_ck_request *r = NULL;
    for (uint32_t i = 0; i < conv->members.count && conv->group; i++) {
        const struct par_ck_member *m = PAR_CK_AT(&conv->members, struct par_ck_member, i);
        one_member(c, conv, m);
        if (m->request == r)
            continue;
        r = m->request;
        if (par_check__stranger(c, conv, r->user, r->asked, r->got))
            par_check__broken(c, PAR_RULE_NOT_THEIRS, r->asked, r->got, 0,
                              "%llu reads the members of %.*s, and is not in",
                              (unsigned long long)r->user->id, PAR_STR_ARGS(conv->id));
        for (const struct par_ck_seat *s = conv->seats; s && !r->has_cursor && !r->cursor.ptr;
             s = s->next_of_conv)
            if (par_check__surely_in(s, r->asked, r->got) && !listed(conv, r, s->user->id))
                par_check__broken(c, PAR_RULE_ROSTER, r->asked, r->got, 0,
                                  "%.*s: the member %llu is not listed", PAR_STR_ARGS(conv->id),
                                  (unsigned long long)s->user->id);
    }
}
