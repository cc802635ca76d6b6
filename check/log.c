/* Rebuilds the log of a conversation from what was seen of it, and holds every sight against it. */
#include "check/check_private.h"

#include <stdlib.h>

/* Frames are whole: a member that is not there is none. A hold may leave members out. */
static bool whole(const struct par_ck_sight *s)
{
    return s->source == PAR_CK_EVENT || s->source == PAR_CK_PAGE || s->source == PAR_CK_ROW;
}

static bool same_users(const struct par_ck_entry *a, const struct par_ck_entry *b)
{
    return a->user_count == b->user_count &&
           (a->user_count == 0 ||
            memcmp(a->users, b->users, a->user_count * sizeof *a->users) == 0);
}

/* The first member in which two sights differ; NULL: none. Text and cmid are looked at elsewhere.
 */
static const char *difference(const struct par_ck_sight *x, const struct par_ck_sight *y)
{
    const struct par_ck_entry *a = &x->entry, *b = &y->entry;
    unsigned both = (whole(x) ? ~0u : a->has) & (whole(y) ? ~0u : b->has);
    if ((both & PAR_CK_HAS_TS) && a->ts != b->ts)
        return "ts";
    if ((both & PAR_CK_HAS_FROM) && a->from != b->from)
        return "from";
    if ((both & PAR_CK_HAS_KIND) && a->kind != b->kind)
        return "kind";
    if ((both & PAR_CK_HAS_REPLY) && a->reply_to != b->reply_to)
        return "reply_to";
    if ((both & PAR_CK_HAS_CLIENT_TS) && a->client_ts != b->client_ts)
        return "client_ts";
    if ((both & PAR_CK_HAS_TARGET) && a->target != b->target)
        return "target";
    if ((both & PAR_CK_HAS_ON) && a->on != b->on)
        return "on";
    if ((both & PAR_CK_HAS_ROLE) && a->role != b->role)
        return "role";
    if ((both & PAR_CK_HAS_HISTORY) && a->joined != b->joined)
        return "history";
    if ((both & PAR_CK_HAS_USERS) && !same_users(a, b))
        return "users";
    return NULL;
}

/* Is the text of this sight the one that was first written? */
static bool first_text(const struct par_ck_sight *s)
{
    const struct par_ck_entry *e = &s->entry;
    if (!(e->has & PAR_CK_HAS_TEXT))
        return false;
    return e->kind != PAR_CK_KIND_TEXT || s->source == PAR_CK_EVENT ||
           !(e->edited_seq || e->deleted_seq);
}

static void take_text(struct par_check *c, const struct par_ck_conv *conv, struct par_ck_slot *slot,
                      const struct par_ck_sight *s)
{
    if (!first_text(s))
        return;
    if (!slot->text.ptr) {
        slot->text = s->entry.text;
        slot->text_line = s->line;
    } else if (!par_str_eq(slot->text, s->entry.text)) {
        par_check__broken(c, PAR_RULE_SAME_ENTRY, slot->text_line, s->line, 0,
                          "the text of %.*s %llu differs", PAR_STR_ARGS(conv->id),
                          (unsigned long long)s->entry.seq);
    }
}

static void take_cmid(struct par_check *c, const struct par_ck_conv *conv, struct par_ck_slot *slot,
                      const struct par_ck_sight *s)
{
    const struct par_ck_entry *e = &s->entry;
    if (!(e->has & PAR_CK_HAS_CMID))
        return;
    if (s->user && (e->has & PAR_CK_HAS_FROM) && s->user->id != e->from)
        par_check__broken(c, PAR_RULE_FOREIGN_CMID, s->line, 0, 0,
                          "%llu is shown the cmid of %.*s %llu", (unsigned long long)s->user->id,
                          PAR_STR_ARGS(conv->id), (unsigned long long)e->seq);
    if (!slot->cmid.ptr) {
        slot->cmid = e->cmid;
        slot->cmid_line = s->line;
    } else if (!par_str_eq(slot->cmid, e->cmid)) {
        par_check__broken(c, PAR_RULE_SAME_ENTRY, slot->cmid_line, s->line, 0,
                          "the cmid of %.*s %llu differs", PAR_STR_ARGS(conv->id),
                          (unsigned long long)e->seq);
    }
}

static void note_known(struct par_ck_slot *slot, const struct par_ck_sight *s)
{
    if (s->source != PAR_CK_ROW && s->line < slot->known)
        slot->known = s->line;
}

static void take_sight(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_sight *s)
{
    struct par_ck_slot *slot = &conv->slots[s->entry.seq - 1];
    if (!slot->sight) {
        slot->sight = s;
    } else {
        const char *what = difference(slot->sight, s);
        if (what)
            par_check__broken(c, PAR_RULE_SAME_ENTRY, slot->sight->line, s->line, 0,
                              "%s of %.*s %llu differs", what, PAR_STR_ARGS(conv->id),
                              (unsigned long long)s->entry.seq);
        if (!whole(slot->sight) && whole(s))
            slot->sight = s;
    }
    note_known(slot, s);
    take_text(c, conv, slot, s);
    take_cmid(c, conv, slot, s);
}

/* Are all users of a also in b? Both sorted. */
static bool users_within(const struct par_ck_entry *a, const struct par_ck_entry *b)
{
    uint32_t j = 0;
    for (uint32_t i = 0; i < a->user_count; i++) {
        while (j < b->user_count && b->users[j] < a->users[i])
            j++;
        if (j == b->user_count || b->users[j] != a->users[i])
            return false;
    }
    return true;
}

/* Might the entry of this slot have been made by the request? */
bool par_check__made_by(const struct par_ck_slot *slot, const struct par_ck_request *r)
{
    const struct par_ck_entry *e = &slot->sight->entry, *b = &r->body;
    bool left = e->kind == PAR_CK_KIND_MEMBER_LEFT && r->op == PAR_CK_GROUP_REMOVE;
    if ((e->has & PAR_CK_HAS_FROM) && e->from != b->from)
        return false;
    if ((e->has & PAR_CK_HAS_KIND) && e->kind != b->kind && !left)
        return false;
    if (slot->cmid.ptr && b->cmid.ptr && !par_str_eq(slot->cmid, b->cmid))
        return false;
    if (slot->text.ptr && !par_str_eq(slot->text, b->text))
        return false;
    if (!whole(slot->sight) && slot->sight->source != PAR_CK_ANSWER)
        return true;
    switch (r->op) {
    case PAR_CK_SEND:
        return e->reply_to == b->reply_to;
    case PAR_CK_EDIT:
    case PAR_CK_DELETE:
        return e->target == b->target;
    case PAR_CK_REACT:
        return e->target == b->target && e->on == b->on;
    case PAR_CK_GROUP_ROLE:
        return e->role == b->role && users_within(e, b);
    case PAR_CK_GROUP_ADD:
    case PAR_CK_GROUP_REMOVE:
        return left || users_within(e, b);
    case PAR_CK_GROUP_CREATE:
        return e->joined == b->joined && same_users(e, b);
    default:
        return true;
    }
}

/* Operations that may find nobody to change, and then write nothing. */
static bool may_change_nobody(const struct par_ck_request *r)
{
    return r->op == PAR_CK_GROUP_ADD || r->op == PAR_CK_GROUP_REMOVE || r->op == PAR_CK_GROUP_ROLE;
}

static void take_answer(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_sight *s)
{
    struct par_ck_request *r = s->request;
    struct par_ck_slot *slot = &conv->slots[s->entry.seq - 1];
    bool nobody = may_change_nobody(r) && !r->dup;
    if (!slot->sight && nobody) {
        r->no_entry = true;
        return;
    }
    if (!slot->sight) {
        slot->sight = s;
    } else if (!par_check__made_by(slot, r)) {
        r->no_entry = true;
        bool other_body = r->dup && r->body.cmid.ptr && par_str_eq(slot->cmid, r->body.cmid);
        if (!nobody)
            par_check__broken(c, other_body ? PAR_RULE_CONFLICT : PAR_RULE_ACKED, r->asked, r->got,
                              slot->sight->line, "%.*s %llu is not what was accepted with that seq",
                              PAR_STR_ARGS(conv->id), (unsigned long long)r->seq);
        return;
    } else if ((slot->sight->entry.has & PAR_CK_HAS_TS || slot->sight->source == PAR_CK_ANSWER) &&
               slot->sight->entry.ts != r->ts) {
        par_check__broken(c, PAR_RULE_ACKED, r->asked, r->got, slot->sight->line,
                          "the ts of %.*s %llu is not what was answered", PAR_STR_ARGS(conv->id),
                          (unsigned long long)r->seq);
    }
    note_known(slot, s);
    if (!slot->text.ptr && s->entry.text.ptr) {
        slot->text = s->entry.text;
        slot->text_line = s->line;
    }
    if (!slot->cmid.ptr && s->entry.cmid.ptr) {
        slot->cmid = s->entry.cmid;
        slot->cmid_line = s->line;
    }
}

/* Claims the cmid for this entry. */
static void claim(struct par_check *c, struct par_ck_conv *conv, const struct par_ck_slot *slot,
                  struct par_ck_cmid *m)
{
    uint64_t seq = slot->sight->entry.seq;
    if (!m->in) {
        m->in = conv;
        m->seq = seq;
    } else if (m->in != conv || m->seq != seq) {
        const struct par_ck_slot *other = par_check__slot(m->in, m->seq);
        par_check__broken(c, PAR_RULE_CMID_ONCE, other ? other->sight->line : 0, slot->sight->line,
                          0, "%.*s %llu has the cmid of %.*s %llu", PAR_STR_ARGS(conv->id),
                          (unsigned long long)seq, PAR_STR_ARGS(m->in->id),
                          (unsigned long long)m->seq);
    }
}

/* The first request that an entry with a known cmid may come from; NULL: none. */
static struct par_ck_request *maker_by_cmid(struct par_check *c, struct par_ck_conv *conv,
                                            struct par_ck_slot *slot)
{
    const struct par_ck_entry *e = &slot->sight->entry;
    bool created = e->kind == PAR_CK_KIND_CREATED;
    struct par_ck_cmid *m = par_check__cmid(c, e->from, created ? NULL : conv, slot->cmid, true);
    if (!m)
        return NULL;
    claim(c, conv, slot, m);
    for (struct par_ck_request *r = m->first; r; r = r->next_of_cmid)
        if (par_check__made_by(slot, r))
            return r;
    return NULL;
}

/* A last owner who leaves hands over first, with an entry that nobody asked for by itself. */
static bool hand_over(const struct par_ck_conv *conv, const struct par_ck_entry *e)
{
    const struct par_ck_slot *next = par_check__slot(conv, e->seq + 1);
    return e->kind == PAR_CK_KIND_ROLE_CHANGED && next &&
           (next->sight->entry.kind == PAR_CK_KIND_MEMBER_LEFT ||
            next->sight->entry.kind == PAR_CK_KIND_MEMBER_REMOVED) &&
           next->sight->entry.from == e->from;
}

/* Surely: its maker's own device saw it without a cmid. */
static bool seen_handed_over(const struct par_ck_conv *conv, const struct par_ck_entry *e)
{
    for (uint32_t i = 0; i < conv->sights.count && hand_over(conv, e); i++) {
        const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
        if (s->entry.seq == e->seq && whole(s) && s->user && s->user->id == e->from &&
            !(s->entry.has & PAR_CK_HAS_CMID))
            return true;
    }
    return false;
}

/* The same of one that nobody saw with its cmid, by what is in it. Where only one cmid can be
 * meant, it is that one. */
static struct par_ck_request *maker_by_content(struct par_check *c, struct par_ck_conv *conv,
                                               struct par_ck_slot *slot)
{
    bool created = slot->sight->entry.kind == PAR_CK_KIND_CREATED;
    const struct par_ck_list *list = created ? &c->requests : &conv->requests;
    struct par_ck_request *first = NULL;
    struct par_ck_cmid *only = NULL;
    bool several = false;
    for (uint32_t i = 0; i < list->count; i++) {
        struct par_ck_request *r = *PAR_CK_AT(list, struct par_ck_request *, i);
        /* An API key may send without a cmid; then the server makes one. */
        if ((created && r->op != PAR_CK_GROUP_CREATE) || (slot->cmid.ptr && r->body.cmid.ptr) ||
            (r->cmid && r->cmid->in) || r->asked > slot->sight->line ||
            !par_check__made_by(slot, r))
            continue;
        several |= only != NULL && only != r->cmid;
        only = r->cmid;
        if (!first)
            first = r;
    }
    if (only && !several && !slot->cmid.ptr) {
        slot->cmid = only->cmid;
        slot->cmid_line = slot->sight->line;
        claim(c, conv, slot, only);
    }
    return first;
}

static void find_maker(struct par_check *c, struct par_ck_conv *conv, struct par_ck_slot *slot)
{
    const struct par_ck_entry *e = &slot->sight->entry;
    bool complete = whole(slot->sight) || slot->sight->source == PAR_CK_ANSWER;
    slot->asked = slot->cmid.ptr ? maker_by_cmid(c, conv, slot) : NULL;
    if (!slot->asked && !seen_handed_over(conv, e))
        slot->asked = maker_by_content(c, conv, slot);
    slot->born = slot->asked ? slot->asked->asked : 0;
    if (!complete || e->kind == PAR_CK_KIND_VOID || !par_check__user(c, e->from)->declared)
        return;
    uint32_t seen = slot->sight->line;
    if (!slot->asked && !hand_over(conv, e)) {
        par_check__broken(c, PAR_RULE_INVENTED, seen, 0, 0,
                          "nobody asked for %.*s %llu as it is there", PAR_STR_ARGS(conv->id),
                          (unsigned long long)e->seq);
    } else if (slot->asked && slot->born > seen) {
        par_check__broken(c, PAR_RULE_INVENTED, seen, slot->born, 0,
                          "%.*s %llu was seen before it was asked for", PAR_STR_ARGS(conv->id),
                          (unsigned long long)e->seq);
    }
}

/* Every cmid that the owner's devices should have seen. */
static void show_cmids(struct par_check *c, const struct par_ck_conv *conv)
{
    for (uint32_t i = 0; i < conv->sights.count; i++) {
        const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
        const struct par_ck_slot *slot = &conv->slots[s->entry.seq - 1];
        if (whole(s) && slot->cmid.ptr && s->user && s->user->id == s->entry.from &&
            !(s->entry.has & PAR_CK_HAS_CMID) && slot->asked && slot->asked->body.cmid.ptr)
            par_check__broken(c, PAR_RULE_FOREIGN_CMID, s->line, slot->cmid_line, 0,
                              "%.*s %llu comes to its maker without its cmid",
                              PAR_STR_ARGS(conv->id), (unsigned long long)s->entry.seq);
    }
}

static void times(struct par_check *c, const struct par_ck_conv *conv)
{
    const struct par_ck_slot *before = NULL;
    for (uint64_t seq = 1; seq <= conv->top; seq++) {
        const struct par_ck_slot *slot = par_check__slot(conv, seq);
        if (!slot ||
            !(slot->sight->entry.has & PAR_CK_HAS_TS || slot->sight->source == PAR_CK_ANSWER))
            continue;
        if (before && before->sight->entry.ts >= slot->sight->entry.ts)
            par_check__broken(c, PAR_RULE_TS_RISES, before->sight->line, slot->sight->line, 0,
                              "the ts of %.*s %llu is not above that of %llu",
                              PAR_STR_ARGS(conv->id), (unsigned long long)seq,
                              (unsigned long long)before->sight->entry.seq);
        before = slot;
    }
}

/* Edits and deletes find their texts. */
static void link_changes(struct par_ck_conv *conv)
{
    for (uint64_t seq = 1; seq <= conv->top; seq++) {
        struct par_ck_slot *slot = par_check__slot(conv, seq);
        struct par_ck_slot *target = slot ? par_check__slot(conv, slot->sight->entry.target) : NULL;
        if (!target)
            continue;
        if (slot->sight->entry.kind == PAR_CK_KIND_EDITED) {
            slot->last_edit = target->last_edit;
            target->last_edit = seq;
        } else if (slot->sight->entry.kind == PAR_CK_KIND_DELETED && !target->deleted_by) {
            target->deleted_by = seq;
        }
    }
}

void par_check__build_log(struct par_check *c, struct par_ck_conv *conv)
{
    conv->slots = calloc(conv->top ? conv->top : 1, sizeof *conv->slots);
    if (!conv->slots) {
        conv->top = 0;
        c->no_memory = true;
        return;
    }
    for (uint64_t i = 0; i < conv->top; i++)
        conv->slots[i].known = PAR_CHECK_NEVER;
    /* First what shows the entry itself, then answers: those of operations that may have changed
     * nobody can be understood only with the entry at hand. */
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < conv->sights.count; i++) {
            const struct par_ck_sight *s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
            bool answer = s->source == PAR_CK_ANSWER;
            int turn = !answer ? 0 : (may_change_nobody(s->request) ? 2 : 1);
            if (turn != round)
                continue;
            if (answer)
                take_answer(c, conv, s);
            else
                take_sight(c, conv, s);
        }
    }
    conv->sure = 1;
    while (par_check__slot(conv, conv->sure))
        conv->sure++;
    for (int by_content = 0; by_content < 2; by_content++) {
        for (uint64_t seq = 1; seq <= conv->top; seq++) {
            struct par_ck_slot *slot = par_check__slot(conv, seq);
            if (slot && !slot->placed && by_content == !slot->cmid.ptr) {
                slot->placed = true;
                find_maker(c, conv, slot);
            }
        }
    }
    show_cmids(c, conv);
    times(c, conv);
    link_changes(conv);
}
