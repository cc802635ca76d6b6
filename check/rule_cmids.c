/* Rules about tries of the same cmid: one entry, one answer, conflicts, refusals for good. */
#include "check/check_private.h"

static bool accepted(const struct par_ck_request *r)
{
    return r->got != PAR_CHECK_NEVER && r->code == PAR_CK_OK && r->seq > 0 && !r->no_entry;
}

/* All accepted tries tell the same, and all but one that they are duplicates. */
static void same_answers(struct par_check *c, const struct par_ck_cmid *m)
{
    const struct par_ck_request *first = NULL, *fresh = NULL;
    uint32_t earliest = PAR_CHECK_NEVER;
    for (const struct par_ck_request *r = m->first; r; r = r->next_of_cmid) {
        if (!accepted(r))
            continue;
        if (first && (first->seq != r->seq || first->ts != r->ts || first->conv != r->conv))
            par_check__broken(c, PAR_RULE_SAME_ANSWER, first->got, r->asked, r->got,
                              "the cmid %.*s was accepted as %llu and as %llu, or with another ts",
                              PAR_STR_ARGS(m->cmid), (unsigned long long)first->seq,
                              (unsigned long long)r->seq);
        if (!r->dup && fresh)
            par_check__broken(c, PAR_RULE_SAME_ANSWER, fresh->got, r->asked, r->got,
                              "two tries of the cmid %.*s were told to be the first",
                              PAR_STR_ARGS(m->cmid));
        else if (!r->dup && earliest < r->asked)
            par_check__broken(c, PAR_RULE_SAME_ANSWER, earliest, r->asked, r->got,
                              "the cmid %.*s had been accepted before, but dup is false",
                              PAR_STR_ARGS(m->cmid));
        if (r->dup && m->first == r && (!r->next_of_cmid || r->next_of_cmid->asked > r->got))
            par_check__broken(c, PAR_RULE_SAME_ANSWER, r->asked, r->got, 0,
                              "the cmid %.*s is told to be a duplicate at its first try",
                              PAR_STR_ARGS(m->cmid));
        if (!r->dup)
            fresh = r;
        if (r->got < earliest)
            earliest = r->got;
        if (!first)
            first = r;
    }
}

/* May this conflict be about something else than the cmid? */
static bool other_conflict(const struct par_ck_request *r)
{
    const struct par_ck_slot *target = r->conv ? par_check__slot(r->conv, r->body.target) : NULL;
    switch (r->op) {
    case PAR_CK_EDIT:
    case PAR_CK_DELETE:
    case PAR_CK_REACT:
        return !target ||
               (target->deleted_by && par_check__born(r->conv, target->deleted_by) < r->got);
    case PAR_CK_GROUP_ROLE:
        return true;
    default:
        return false;
    }
}

static void conflicts(struct par_check *c, const struct par_ck_cmid *m)
{
    for (const struct par_ck_request *r = m->first; r; r = r->next_of_cmid) {
        if (r->got == PAR_CHECK_NEVER || r->code != PAR_CK_E_CONFLICT || other_conflict(r))
            continue;
        bool differs = false;
        for (const struct par_ck_request *o = m->first; o && o->asked < r->got; o = o->next_of_cmid)
            differs |= o->digest != r->digest;
        /* The cmid that made the group is taken in it, too. */
        struct par_ck_cmid *made =
            m->conv ? par_check__cmid(c, m->user, NULL, m->cmid, false) : NULL;
        if (!differs && !(made && made->in == m->conv))
            par_check__broken(c, PAR_RULE_CONFLICT, m->first->asked, r->asked, r->got,
                              "the cmid %.*s was never used for anything else",
                              PAR_STR_ARGS(m->cmid));
    }
}

/* Says nothing about earlier tries. */
static bool says_nothing(const struct par_ck_request *r)
{
    return r->code == PAR_CK_OK || r->code == PAR_CK_E_UNAUTHORIZED ||
           r->code == PAR_CK_E_OVERLOADED || r->code == PAR_CK_E_UNAVAILABLE ||
           r->code == PAR_CK_E_INTERNAL || r->code == PAR_CK_E_OTHER;
}

static bool wrong_in_itself(const struct par_ck_request *r)
{
    return r->code == PAR_CK_E_BAD_REQUEST || r->code == PAR_CK_E_TOO_LARGE ||
           r->code == PAR_CK_E_UNKNOWN_OP;
}

/* Another try that may have made the entry, though this one was answered as if there were none: it
 * came later, or was under way (docs/decisions/0009-refusals-and-late-tries.md); NULL: none. */
static const struct par_ck_request *other_maker(const struct par_ck_cmid *m,
                                                const struct par_ck_slot *slot,
                                                const struct par_ck_request *refused)
{
    for (const struct par_ck_request *r = m->first; r; r = r->next_of_cmid) {
        bool for_good = r->got != PAR_CHECK_NEVER && r->code != PAR_CK_OK && !r->retry;
        if (r != refused && !for_good && r->asked < slot->sight->line &&
            par_check__made_by(slot, r))
            return r;
    }
    return NULL;
}

static void refusals(struct par_check *c, const struct par_ck_cmid *m)
{
    const struct par_ck_slot *slot = m->in ? par_check__slot(m->in, m->seq) : NULL;
    if (!slot)
        return;
    for (const struct par_ck_request *r = m->first; r; r = r->next_of_cmid) {
        if (r->no_entry && r->seq > 0 && r->seq != m->seq && par_check__made_by(slot, r) &&
            !other_maker(m, slot, r))
            par_check__broken(c, PAR_RULE_ACKED, r->asked, r->got, slot->sight->line,
                              "accepted as %.*s %llu, and it is %llu", PAR_STR_ARGS(m->in->id),
                              (unsigned long long)r->seq, (unsigned long long)m->seq);
        if (r->got == PAR_CHECK_NEVER || says_nothing(r) || !r->conn->device)
            continue;
        bool same = par_check__made_by(slot, r);
        bool before = slot->known < r->asked;
        /* What else is in the frame may be wrong whatever the state. */
        if (wrong_in_itself(r) && (before || r->next_of_cmid || m->first != r))
            continue;
        if (before && (same || r->code != PAR_CK_E_CONFLICT)) {
            par_check__broken(c, PAR_RULE_KNOWN_FIRST, slot->sight->line, r->asked, r->got,
                              "the cmid %.*s was known, and the try was refused all the same",
                              PAR_STR_ARGS(m->cmid));
            continue;
        }
        if (!same || r->retry)
            continue;
        if (!other_maker(m, slot, r))
            par_check__broken(c, PAR_RULE_FINAL_REFUSAL, r->asked, r->got, slot->sight->line,
                              "the cmid %.*s was refused for good, and is in the log",
                              PAR_STR_ARGS(m->cmid));
    }
}

void par_check__rule_cmids(struct par_check *c)
{
    /* In the order of the first tries, so that reports are alike. */
    for (uint32_t i = 0; i < c->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        if (!r->cmid || r->cmid->first != r)
            continue;
        same_answers(c, r->cmid);
        conflicts(c, r->cmid);
        refusals(c, r->cmid);
    }
}

/* Was a block of either side possibly in force while the request was decided? */
static bool maybe_blocked(const struct par_check *c, const struct par_ck_request *r)
{
    for (uint32_t i = 0; i < c->blocks.count; i++) {
        const struct par_ck_request *b = *PAR_CK_AT(&c->blocks, struct par_ck_request *, i);
        uint64_t other = b->id_count ? b->ids[0] : 0;
        bool here = (b->user->id == r->conv->low && other == r->conv->high) ||
                    (b->user->id == r->conv->high && other == r->conv->low);
        if (b->op == PAR_CK_BLOCK && here && b->asked < r->got)
            return true;
    }
    return false;
}

void par_check__rule_refusals(struct par_check *c)
{
    for (uint32_t i = 0; i < c->requests.count; i++) {
        const struct par_ck_request *r = *PAR_CK_AT(&c->requests, struct par_ck_request *, i);
        if (r->got == PAR_CHECK_NEVER || !r->conn->device)
            continue;
        if (r->code == PAR_CK_E_BLOCKED && r->conv && !r->conv->group && !maybe_blocked(c, r))
            par_check__broken(c, PAR_RULE_REFUSED_WRONGLY, r->asked, r->got, 0,
                              "blocked, where nobody blocks");
        if (r->code != PAR_CK_E_NOT_MEMBER)
            continue;
        bool in = true;
        uint32_t joined = 0;
        for (uint32_t k = 0; k < r->ref_count || (k == 0 && r->conv); k++) {
            struct par_ck_conv *conv = r->conv ? r->conv : r->refs[k].conv;
            struct par_ck_seat *seat = par_check__seat(c, conv, r->user, false);
            in = in && seat && par_check__surely_in(seat, r->asked, r->got);
            if (in && seat->stays.count)
                joined = par_check__known(
                    conv,
                    PAR_CK_AT(&seat->stays, struct par_ck_stay, seat->stays.count - 1)->joined);
            if (r->conv)
                break;
        }
        if (in && (r->conv || r->ref_count))
            par_check__broken(c, PAR_RULE_REFUSED_WRONGLY, joined, r->asked, r->got,
                              "not_member is said to a member");
    }
}

void par_check__rule_blocks(struct par_check *c, struct par_ck_conv *conv)
{
    if (conv->group || !c->blocks.count)
        return;
    for (uint32_t i = 0; i < c->blocks.count; i++) {
        const struct par_ck_request *b = *PAR_CK_AT(&c->blocks, struct par_ck_request *, i);
        uint64_t other = b->id_count ? b->ids[0] : 0;
        if (b->op != PAR_CK_BLOCK || b->got == PAR_CHECK_NEVER || b->code != PAR_CK_OK ||
            !((b->user->id == conv->low && other == conv->high) ||
              (b->user->id == conv->high && other == conv->low)))
            continue;
        /* In force until the blocker asks for the end of it. */
        uint32_t until = PAR_CHECK_NEVER;
        for (uint32_t k = c->blocks.count; k-- > 0;) {
            const struct par_ck_request *u = *PAR_CK_AT(&c->blocks, struct par_ck_request *, k);
            if (u->op == PAR_CK_UNBLOCK && u->user == b->user && u->id_count &&
                u->ids[0] == other && par_check__maybe_after(u, b) && u->asked < until)
                until = u->asked;
        }
        for (uint64_t seq = 1; seq <= conv->top; seq++) {
            const struct par_ck_slot *slot = par_check__slot(conv, seq);
            uint8_t kind = slot ? slot->sight->entry.kind : 0;
            if ((kind == PAR_CK_KIND_TEXT || kind == PAR_CK_KIND_EDITED ||
                 kind == PAR_CK_KIND_REACTION) &&
                slot->asked && slot->born > b->got && slot->sight->line < until)
                par_check__broken(c, PAR_RULE_BLOCKED, b->got, slot->born, slot->sight->line,
                                  "%.*s %llu was asked for after the block", PAR_STR_ARGS(conv->id),
                                  (unsigned long long)seq);
        }
    }
}
