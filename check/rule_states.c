/* Rules about texts that were edited or deleted: what a read shows is the newest state. */
#include "check/check_private.h"

struct look {
    struct par_check *c;
    const struct par_ck_conv *conv;
    const struct par_ck_sight *s;
    const struct par_ck_slot *slot;
    const struct par_ck_seat *seat; /* of who reads; NULL: the store */
};

static void broken(const struct look *l, enum par_rule rule, uint32_t other, const char *why)
{
    const struct par_ck_sight *s = l->s;
    par_check__broken(l->c, rule, s->asked != s->line ? s->asked : 0, s->line, other,
                      "%.*s %llu: %s", PAR_STR_ARGS(l->conv->id), (unsigned long long)s->entry.seq,
                      why);
}

static bool changes(const struct look *l, uint64_t change, uint8_t kind, uint64_t target)
{
    const struct par_ck_slot *slot = par_check__slot(l->conv, change);
    return !slot || (slot->sight->entry.kind == kind && slot->sight->entry.target == target);
}

/* Had the change been seen before the read was asked, by anyone, and may its reader see it? A
 * device learns of none above what it holds. */
static bool known_change(const struct look *l, uint64_t change)
{
    return par_check__known(l->conv, change) < l->s->asked &&
           (!l->s->upto || change <= l->s->upto) &&
           (!l->seat || par_check__may_see(l->seat, change, l->s->line));
}

/* A text that was edited after its reader was out comes without it. */
static bool edited_out_of_sight(const struct look *l)
{
    const struct par_ck_entry *e = &l->s->entry;
    return e->edited_seq && l->seat && !par_check__may_see(l->seat, e->edited_seq, l->s->line);
}

/* Or may it have been out when this was read? */
static bool perhaps_out(const struct look *l)
{
    return l->s->entry.edited_seq && l->seat &&
           !par_check__surely_in(l->seat, l->s->asked, l->s->line);
}

/* The newest edit that the read must show. */
static uint64_t edit_before(const struct look *l)
{
    uint64_t k = l->slot->last_edit;
    while (k && !known_change(l, k))
        k = par_check__slot(l->conv, k)->last_edit;
    return k;
}

/* Must the read hide the text? A server hides it from all; a device that is out of the group heard
 * of no later delete. */
static bool must_hide(const struct look *l, uint64_t deleted_by)
{
    if (!deleted_by)
        return false;
    return l->s->source == PAR_CK_HOLD ? known_change(l, deleted_by)
                                       : par_check__known(l->conv, deleted_by) < l->s->asked;
}

static void text_state(const struct look *l)
{
    const struct par_ck_entry *e = &l->s->entry;
    bool hold = l->s->source == PAR_CK_HOLD;
    if (e->deleted_seq) {
        if (!changes(l, e->deleted_seq, PAR_CK_KIND_DELETED, e->seq))
            broken(l, PAR_RULE_NEWEST_STATE, 0, "deleted_seq tells of no delete of it");
        if (par_check__born(l->conv, e->deleted_seq) > l->s->line)
            broken(l, PAR_RULE_NEWEST_STATE, 0, "deleted before anyone asked for it");
        if ((e->has & PAR_CK_HAS_TEXT) && l->s->source != PAR_CK_STORE)
            broken(l, PAR_RULE_DELETED_TEXT, 0, "the text of a deleted entry is shown");
        return;
    }
    if (hold && !(e->has & PAR_CK_HAS_TEXT))
        return;
    if (must_hide(l, l->slot->deleted_by)) {
        broken(l, PAR_RULE_DELETED_TEXT, par_check__known(l->conv, l->slot->deleted_by),
               "its delete was known before");
        return;
    }
    if (edited_out_of_sight(l) && (e->has & PAR_CK_HAS_TEXT))
        broken(l, PAR_RULE_NOT_THEIRS, 0, "the text was written after its reader was out");
    if (!(e->has & PAR_CK_HAS_TEXT)) {
        if (l->s->source != PAR_CK_STORE && !perhaps_out(l))
            broken(l, PAR_RULE_FORM, 0, "a text without text");
        return;
    }
    /* Of one that was deleted since, the edit comes without its text. */
    bool gone = l->s->upto && l->slot->deleted_by > l->s->upto;
    uint64_t newest = gone ? 0 : edit_before(l);
    if (e->edited_seq < newest)
        broken(l, PAR_RULE_NEWEST_STATE, par_check__known(l->conv, newest),
               "an edit was known before");
    if (!e->edited_seq)
        return;
    const struct par_ck_slot *edit = par_check__slot(l->conv, e->edited_seq);
    if (!changes(l, e->edited_seq, PAR_CK_KIND_EDITED, e->seq))
        broken(l, PAR_RULE_NEWEST_STATE, edit->sight->line, "edited_seq tells of no edit of it");
    else if (edit && edit->text.ptr && !par_str_eq(edit->text, e->text))
        broken(l, PAR_RULE_NEWEST_STATE, edit->text_line, "the text is not that of its edit");
    if (edit && edit->born > l->s->line)
        broken(l, PAR_RULE_NEWEST_STATE, edit->born, "edited before anyone asked for it");
}

static void edit_state(const struct look *l)
{
    const struct par_ck_entry *e = &l->s->entry;
    const struct par_ck_slot *target = par_check__slot(l->conv, e->target);
    if (!target || l->s->source == PAR_CK_STORE || !(e->has & PAR_CK_HAS_TEXT))
        return;
    if (e->deleted_seq)
        broken(l, PAR_RULE_DELETED_TEXT, 0, "the text of an edit of a deleted entry is shown");
    else if (must_hide(l, target->deleted_by))
        broken(l, PAR_RULE_DELETED_TEXT, par_check__known(l->conv, target->deleted_by),
               "it edits what was known to be deleted before");
}

void par_check__rule_states(struct par_check *c, struct par_ck_conv *conv)
{
    struct look l = {.c = c, .conv = conv};
    for (uint32_t i = 0; i < conv->sights.count; i++) {
        l.s = PAR_CK_AT(&conv->sights, struct par_ck_sight, i);
        if (l.s->source == PAR_CK_EVENT || l.s->source == PAR_CK_ANSWER)
            continue;
        l.slot = &conv->slots[l.s->entry.seq - 1];
        l.seat = l.s->user ? par_check__seat(c, conv, l.s->user, false) : NULL;
        if (l.s->entry.kind == PAR_CK_KIND_TEXT)
            text_state(&l);
        else if (l.s->entry.kind == PAR_CK_KIND_EDITED)
            edit_state(&l);
    }
}
