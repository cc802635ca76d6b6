/* Walks a rebuilt log: who is in, with which role, and whether each entry's maker might make it. */
#include "check/check_private.h"

struct walk {
    struct par_check *c;
    struct par_ck_conv *conv;
    const struct par_ck_slot *slot;
    const struct par_ck_entry *e;
    struct par_ck_seat *self; /* the maker's; NULL: was never in */
};

static void wrong(const struct walk *w, const char *why)
{
    par_check__broken(w->c, PAR_RULE_RIGHTS, w->slot->sight->line,
                      w->slot->asked ? w->slot->born : 0, 0, "%.*s %llu: %s",
                      PAR_STR_ARGS(w->conv->id), (unsigned long long)w->e->seq, why);
}

static struct par_ck_stay *last_stay(const struct par_ck_seat *seat)
{
    return seat && seat->stays.count
               ? PAR_CK_AT(&seat->stays, struct par_ck_stay, seat->stays.count - 1)
               : NULL;
}

static bool is_in(const struct par_ck_seat *seat)
{
    const struct par_ck_stay *stay = last_stay(seat);
    return stay && !stay->left;
}

static struct par_ck_seat *seat_of(const struct walk *w, uint64_t user)
{
    struct par_ck_user *u = par_check__user(w->c, user);
    return u ? par_check__seat(w->c, w->conv, u, true) : NULL;
}

/* Only the answer is known: of those who were asked for, some may have been what they became. */
static bool guessed(const struct walk *w)
{
    return w->slot->sight->source == PAR_CK_ANSWER;
}

static void give(const struct walk *w, struct par_ck_seat *seat, uint8_t role)
{
    struct par_ck_given *given = par_check__push(w->c, &seat->roles, sizeof *given);
    if (given)
        *given = (struct par_ck_given){w->e->seq, role};
    seat->role = role;
}

static void join(const struct walk *w, uint64_t user, uint8_t role)
{
    struct par_ck_seat *seat = seat_of(w, user);
    if (!seat)
        return;
    if (is_in(seat)) {
        if (!guessed(w))
            wrong(w, "one who is in already is added");
        return;
    }
    struct par_ck_stay *stay = par_check__push(w->c, &seat->stays, sizeof *stay);
    if (stay)
        stay->joined = w->e->seq;
    seat->place = 0;
    for (uint32_t i = 0; w->e->order && i < w->e->user_count; i++)
        if (w->e->order[i] == user)
            seat->place = i + 1;
    give(w, seat, role);
}

static void leave(const struct walk *w, uint64_t user)
{
    struct par_ck_seat *seat = seat_of(w, user);
    struct par_ck_stay *stay = last_stay(seat);
    if (!stay || stay->left) {
        if (!guessed(w))
            wrong(w, "one who is not in goes");
        return;
    }
    stay->left = w->e->seq;
    seat->role = PAR_CK_ROLE_NONE;
}

static bool has_owner(const struct par_ck_conv *conv)
{
    bool anybody = false;
    for (const struct par_ck_seat *s = conv->seats; s; s = s->next_of_conv) {
        if (is_in(s) && s->role == PAR_CK_OWNER)
            return true;
        anybody |= is_in(s);
    }
    return !anybody;
}

static void target_rights(const struct walk *w)
{
    const struct par_ck_entry *e = w->e;
    const struct par_ck_slot *target = par_check__slot(w->conv, e->target);
    if (e->target < 1 || e->target >= e->seq) {
        wrong(w, "its target is not before it");
        return;
    }
    if (!target)
        return;
    const struct par_ck_entry *t = &target->sight->entry;
    bool text = t->kind == PAR_CK_KIND_TEXT || !(t->has & PAR_CK_HAS_KIND);
    if (!text && target->sight->source != PAR_CK_ANSWER) {
        wrong(w, "its target is no text");
        return;
    }
    if (target->deleted_by && target->deleted_by < e->seq)
        wrong(w, "its target was deleted before");
    bool own = t->from == e->from;
    bool admin = w->conv->group && w->self && w->self->role >= PAR_CK_ADMIN;
    if (e->kind == PAR_CK_KIND_EDITED && !own)
        wrong(w, "the text of another is edited");
    if (e->kind == PAR_CK_KIND_DELETED && !own && !admin)
        wrong(w, "the text of another is deleted by one who is no admin");
}

static void member_rights(const struct walk *w)
{
    const struct par_ck_entry *e = w->e;
    uint8_t role = w->self ? w->self->role : PAR_CK_ROLE_NONE;
    switch (e->kind) {
    case PAR_CK_KIND_MEMBER_ADDED:
    case PAR_CK_KIND_RENAMED:
        if (role < PAR_CK_ADMIN)
            wrong(w, "neither an owner nor an admin did it");
        break;
    case PAR_CK_KIND_MEMBER_REMOVED:
        if (role < PAR_CK_ADMIN)
            wrong(w, "neither an owner nor an admin did it");
        for (uint32_t i = 0; i < e->user_count && role == PAR_CK_ADMIN; i++) {
            struct par_ck_seat *gone = seat_of(w, e->users[i]);
            if (gone && gone->role == PAR_CK_OWNER)
                wrong(w, "an admin removes an owner");
        }
        break;
    default:
        break;
    }
}

/* The longest-standing admin, else member, that is not going. */
static bool is_heir(const struct walk *w, const struct par_ck_seat *heir)
{
    for (const struct par_ck_seat *s = w->conv->seats; s; s = s->next_of_conv) {
        if (!is_in(s) || s->user->id == w->e->from || s == heir)
            continue;
        uint64_t joined = last_stay(s)->joined, own = last_stay(heir)->joined;
        bool longer = joined < own || (joined == own && s->place && s->place < heir->place);
        if (s->role > heir->role || (s->role == heir->role && longer))
            return false;
    }
    return true;
}

static void role_changed(const struct walk *w)
{
    const struct par_ck_entry *e = w->e;
    struct par_ck_seat *seat = e->user_count == 1 ? seat_of(w, e->users[0]) : NULL;
    if (!seat || !is_in(seat)) {
        wrong(w, "the role of one who is not in changes");
        return;
    }
    if (!w->self || w->self->role != PAR_CK_OWNER)
        wrong(w, "one who is no owner gives a role");
    if (seat->role == e->role)
        wrong(w, "the role is what it was");
    const struct par_ck_slot *next = par_check__slot(w->conv, e->seq + 1);
    bool handed = !w->slot->asked && next && next->sight->entry.from == e->from &&
                  next->sight->entry.kind == PAR_CK_KIND_MEMBER_LEFT;
    if (handed && (e->role != PAR_CK_OWNER || !is_heir(w, seat)))
        wrong(w, "the last owner hands over to another than the longest-standing");
    give(w, seat, e->role);
}

static void group_entry(const struct walk *w)
{
    const struct par_ck_entry *e = w->e;
    if (e->kind == PAR_CK_KIND_CREATED) {
        if (e->seq != 1)
            wrong(w, "created twice");
        for (uint32_t i = 0; i < e->user_count; i++)
            join(w, e->users[i], e->users[i] == e->from ? PAR_CK_OWNER : PAR_CK_MEMBER);
        struct par_ck_seat *own = seat_of(w, e->from);
        if (!is_in(own))
            join(w, e->from, PAR_CK_OWNER);
        w->conv->joined_only = e->joined;
        return;
    }
    if (e->kind == PAR_CK_KIND_VOID)
        return;
    if (e->seq == 1)
        wrong(w, "a group begins with something else than created");
    if (!is_in(w->self)) {
        wrong(w, "made by one who is not in");
        return;
    }
    member_rights(w);
    switch (e->kind) {
    case PAR_CK_KIND_MEMBER_ADDED:
        for (uint32_t i = 0; i < e->user_count; i++)
            join(w, e->users[i], PAR_CK_MEMBER);
        break;
    case PAR_CK_KIND_MEMBER_REMOVED:
        for (uint32_t i = 0; i < e->user_count; i++)
            leave(w, e->users[i]);
        break;
    case PAR_CK_KIND_MEMBER_LEFT:
        leave(w, e->from);
        break;
    case PAR_CK_KIND_ROLE_CHANGED:
        role_changed(w);
        break;
    default:
        return;
    }
    if (!has_owner(w->conv))
        wrong(w, "nobody owns the group any more");
}

static void direct_entry(const struct walk *w)
{
    const struct par_ck_entry *e = w->e;
    if (e->kind == PAR_CK_KIND_VOID)
        return;
    if (e->from != w->conv->low && e->from != w->conv->high)
        wrong(w, "made by one whose conversation it is not");
    if (e->kind > PAR_CK_KIND_REACTION)
        wrong(w, "no entry of a direct conversation");
}

/* Requests that were answered as if nobody was to change: was it so? */
static void check_no_entry(struct par_check *c, const struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < conv->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&conv->requests, struct par_ck_request *, i);
        bool add = r->op == PAR_CK_GROUP_ADD;
        if (!r->no_entry || r->got == PAR_CHECK_NEVER || r->seq < 1 || r->seq >= conv->sure ||
            (!add && r->op != PAR_CK_GROUP_REMOVE))
            continue;
        for (uint32_t j = 0; j < r->body.user_count; j++) {
            struct par_ck_user *u = par_check__user(c, r->body.users[j]);
            struct par_ck_seat *seat =
                u ? par_check__seat(c, (struct par_ck_conv *)conv, u, false) : NULL;
            bool in = false;
            for (uint32_t k = 0; seat && k < seat->stays.count; k++) {
                const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, k);
                in |= stay->joined <= r->seq && (!stay->left || stay->left > r->seq);
            }
            if (in != add)
                par_check__broken(c, PAR_RULE_ACKED, r->asked, r->got, 0,
                                  "accepted, but %llu was not %s",
                                  (unsigned long long)r->body.users[j], add ? "added" : "removed");
        }
    }
}

void par_check__walk(struct par_check *c, struct par_ck_conv *conv)
{
    struct walk w = {.c = c, .conv = conv};
    for (uint64_t seq = 1; seq < conv->sure; seq++) {
        w.slot = par_check__slot(conv, seq);
        w.e = &w.slot->sight->entry;
        struct par_ck_user *u = par_check__user(c, w.e->from);
        if (!u)
            return;
        w.self = par_check__seat(c, conv, u, false);
        if (conv->group)
            group_entry(&w);
        else
            direct_entry(&w);
        if (w.e->kind == PAR_CK_KIND_EDITED || w.e->kind == PAR_CK_KIND_DELETED ||
            w.e->kind == PAR_CK_KIND_REACTION)
            target_rights(&w);
        if (w.e->kind == PAR_CK_KIND_TEXT && w.e->reply_to >= seq && w.e->reply_to > 0)
            wrong(&w, "it replies to what comes later");
    }
    if (conv->group)
        check_no_entry(c, conv);
}

/* ---- questions about a seat ---- */

static bool is_side(const struct par_ck_seat *seat)
{
    return seat->user->id == seat->conv->low || seat->user->id == seat->conv->high;
}

bool par_check__all_known(const struct par_ck_conv *conv)
{
    return conv->top > 0 && conv->sure > conv->top;
}

/* Was there an attempt to let the user in that may have come true unseen? */
static bool maybe_added(const struct par_ck_conv *conv, const struct par_ck_user *user,
                        uint32_t line)
{
    for (uint32_t i = 0; i < conv->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&conv->requests, struct par_ck_request *, i);
        bool lost = r->got == PAR_CHECK_NEVER || r->retry;
        if (r->op != PAR_CK_GROUP_ADD || r->asked >= line || !lost)
            continue;
        for (uint32_t k = 0; k < r->body.user_count; k++)
            if (r->body.users[k] == user->id)
                return true;
    }
    return false;
}

bool par_check__stranger(struct par_check *c, struct par_ck_conv *conv, struct par_ck_user *user,
                         uint32_t from, uint32_t line)
{
    const struct par_ck_seat *seat = par_check__seat(c, conv, user, false);
    bool out = seat ? par_check__surely_out(seat, from, line) : par_check__all_known(conv);
    return out && !maybe_added(conv, user, line);
}

bool par_check__member_at(const struct par_ck_seat *seat, uint64_t seq)
{
    if (!seat->conv->group)
        return is_side(seat);
    for (uint32_t i = 0; i < seat->stays.count; i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        if (stay->joined <= seq && (!stay->left || seq <= stay->left))
            return true;
    }
    return false;
}

bool par_check__may_see(const struct par_ck_seat *seat, uint64_t seq, uint32_t line)
{
    const struct par_ck_conv *conv = seat->conv;
    if (!conv->group)
        return is_side(seat);
    for (uint32_t i = 0; i < seat->stays.count; i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        uint64_t first = conv->joined_only ? stay->joined : 1;
        if (first <= seq && (!stay->left || seq <= stay->left) &&
            par_check__born(conv, stay->joined) < line)
            return true;
    }
    return !par_check__all_known(conv);
}

bool par_check__range(const struct par_ck_seat *seat, uint64_t *first_r, uint64_t *last_r)
{
    const struct par_ck_conv *conv = seat->conv;
    *first_r = 1;
    *last_r = conv->top;
    if (!conv->group)
        return is_side(seat) && conv->top > 0;
    const struct par_ck_stay *stay = last_stay(seat);
    if (!stay || !par_check__all_known(conv))
        return false;
    if (conv->joined_only)
        *first_r = stay->joined;
    if (stay->left)
        *last_r = stay->left;
    return true;
}

bool par_check__surely_in(const struct par_ck_seat *seat, uint32_t a, uint32_t b)
{
    const struct par_ck_conv *conv = seat->conv;
    if (!conv->group)
        return is_side(seat);
    for (uint32_t i = 0; i < seat->stays.count && par_check__all_known(conv); i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        /* An entry proves those before it. */
        if (par_check__below(&conv->known, a) >= stay->joined &&
            (!stay->left || par_check__born(conv, stay->left) > b))
            return true;
    }
    return false;
}

bool par_check__surely_out(const struct par_ck_seat *seat, uint32_t a, uint32_t b)
{
    const struct par_ck_conv *conv = seat->conv;
    if (!conv->group)
        return !is_side(seat);
    for (uint32_t i = 0; i < seat->stays.count; i++) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        if (par_check__born(conv, stay->joined) <= b &&
            !(stay->left && par_check__known(conv, stay->left) < a))
            return false;
    }
    return par_check__all_known(conv);
}

uint64_t par_check__must_show(const struct par_ck_seat *seat, uint32_t asked, uint32_t got)
{
    const struct par_ck_conv *conv = seat->conv;
    uint64_t n = par_check__below(&conv->known, asked);
    (void)got;
    if (!conv->group)
        return is_side(seat) ? n : 0;
    for (uint32_t i = seat->stays.count; i-- > 0 && par_check__all_known(conv);) {
        const struct par_ck_stay *stay = PAR_CK_AT(&seat->stays, struct par_ck_stay, i);
        if (par_check__known(conv, stay->joined) < asked)
            return stay->left && stay->left < n ? stay->left : n;
    }
    return 0;
}
