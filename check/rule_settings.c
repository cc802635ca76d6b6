/* Rules about what a user sets: settings of a conversation, contacts, blocks. A value that is read
 * is that of a request which may have been the last to take effect. */
#include "check/check_private.h"

/* Is this one of the requests in question? */
typedef bool (*par_ck_match_fn)(const struct par_ck_request *r, const void *what);

struct question {
    const struct par_ck_list *list; /* of par_ck_request * */
    par_ck_match_fn match;
    const void *what;
    uint32_t asked, got; /* of the read */
};

static const struct par_ck_request *request_at(const struct question *q, uint32_t i)
{
    return *PAR_CK_AT(q->list, struct par_ck_request *, i);
}

/* Done for certain before the read was asked. */
static bool surely_done(const struct question *q, const struct par_ck_request *r)
{
    return r->got < q->asked && r->code == PAR_CK_OK;
}

/* Might this request be the last that took effect before the read? */
static bool may_be_last(const struct question *q, const struct par_ck_request *r)
{
    bool answered = r->got != PAR_CHECK_NEVER;
    if (r->asked >= q->got || (answered && r->code != PAR_CK_OK && !r->retry))
        return false;
    for (uint32_t i = 0; answered && r->code == PAR_CK_OK && i < q->list->count; i++) {
        const struct par_ck_request *later = request_at(q, i);
        if (later->asked > r->got && surely_done(q, later) && q->match(later, q->what))
            return false;
    }
    return true;
}

/* Was nothing set for certain, so that the read may show what was there from the beginning? */
static bool may_be_unset(const struct question *q)
{
    for (uint32_t i = 0; i < q->list->count; i++)
        if (q->match(request_at(q, i), q->what) && surely_done(q, request_at(q, i)))
            return false;
    return true;
}

/* ---- settings of a conversation ---- */

static bool sets_it(const struct par_ck_request *r, const void *what)
{
    return r->settings && r->settings->has[*(const int *)what];
}

static bool same_setting(const struct par_ck_settings *a, const struct par_ck_settings *b, int what)
{
    return what == PAR_CK_DRAFT ? par_str_eq(a->draft, b->draft) : a->value[what] == b->value[what];
}

void par_check__row_settings(struct par_check *c, const struct par_ck_row *row,
                             const struct par_ck_seat *seat)
{
    static const char *const names[] = {"muted_until", "archived", "pinned", "marked_unread",
                                        "draft"};
    static const struct par_ck_settings unset;
    for (int what = 0; what < PAR_CK_SETTINGS; what++) {
        struct question q = {&seat->sets, sets_it, &what, row->request->asked, row->request->got};
        bool right = !row->settings.has[what] ||
                     (same_setting(&row->settings, &unset, what) && may_be_unset(&q));
        uint32_t last = 0;
        for (uint32_t i = 0; i < seat->sets.count && !right; i++) {
            const struct par_ck_request *r = request_at(&q, i);
            if (!sets_it(r, &what) || !may_be_last(&q, r))
                continue;
            right = same_setting(&row->settings, r->settings, what);
            last = r->asked;
        }
        if (!right)
            par_check__broken(c, PAR_RULE_SETTINGS, last, row->request->asked, row->request->got,
                              "%s of %.*s is not what %llu has set", names[what],
                              PAR_STR_ARGS(row->conv->id), (unsigned long long)seat->user->id);
    }
}

/* ---- contacts and blocks ---- */

struct pair {
    const struct par_ck_user *user;
    uint64_t other;
};

static bool about_pair(const struct par_ck_request *r, const void *what)
{
    const struct pair *p = what;
    return r->user == p->user && r->id_count == 1 && r->ids[0] == p->other;
}

static bool is_listed(const uint64_t *ids, uint32_t count, uint64_t id)
{
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* May the other be in the list, or not be in it, as it is shown? */
static void one_of_list(struct par_check *c, const struct par_ck_request *r,
                        const struct par_ck_list *list, uint8_t in, uint64_t other, bool shown)
{
    struct pair p = {r->user, other};
    struct question q = {list, about_pair, &p, r->asked, r->got};
    bool right = !shown && may_be_unset(&q);
    uint32_t last = 0;
    for (uint32_t i = 0; i < list->count && !right; i++) {
        const struct par_ck_request *set = request_at(&q, i);
        if (!about_pair(set, &p) || !may_be_last(&q, set))
            continue;
        right = (set->op == in) == shown;
        last = set->asked;
    }
    if (!right)
        par_check__broken(c, PAR_RULE_SETTINGS, last, r->asked, r->got,
                          "%llu is %sin the list, against what %llu asked for last",
                          (unsigned long long)other, shown ? "" : "not ",
                          (unsigned long long)r->user->id);
}

static void one_list(struct par_check *c, const struct par_ck_request *r,
                     const struct par_ck_list *list, uint8_t in, const uint64_t *ids,
                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        one_of_list(c, r, list, in, ids[i], true);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct par_ck_request *set = *PAR_CK_AT(list, struct par_ck_request *, i);
        if (set->user == r->user && set->op == in && set->id_count == 1 &&
            !is_listed(ids, count, set->ids[0]))
            one_of_list(c, r, list, in, set->ids[0], false);
    }
}

void par_check__rule_contacts(struct par_check *c)
{
    for (uint32_t i = 0; i < c->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        if (r->op != PAR_CK_CONTACTS || r->got == PAR_CHECK_NEVER || r->code != PAR_CK_OK)
            continue;
        one_list(c, r, &c->contacts, PAR_CK_CONTACT_ADD, r->ids, r->id_count);
        one_list(c, r, &c->blocks, PAR_CK_BLOCK, r->blocked, r->blocked_count);
    }
}
