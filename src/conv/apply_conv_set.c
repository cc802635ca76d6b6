/* conv.set: what a user keeps about a conversation for oneself. */
#include "conv/writer_private.h"

enum par_step par_apply__conv_set(struct par_writer *w, const struct par_numbering *n)
{
    const struct par_settings *s = &n->c->settings;
    if (!n->self && n->st->conv.kind == PAR_CONV_DIRECT)
        return par_number__refuse(w, n, PAR_E_NOT_MEMBER, NULL);
    struct par_user_conv_row *row = par_batch__user_conv(w, n->st, n->c->sender);
    if (!row)
        return PAR_STEP_LOST;
    /* A group keeps the settings of those who left; who never was in has no row. */
    if (!n->self && !par_batch__user_conv_was(row, n->stamp))
        return par_number__refuse(w, n, PAR_E_NOT_MEMBER, NULL);
    if (s->set & PAR_SET_MUTED_UNTIL)
        row->record.muted_until = s->muted_until;
    if (s->set & PAR_SET_ARCHIVED)
        row->record.archived = s->archived;
    if (s->set & PAR_SET_PINNED)
        row->record.pinned = s->pinned;
    if (s->set & PAR_SET_MARKED_UNREAD)
        row->record.marked_unread = s->marked_unread;
    if (s->set & PAR_SET_DRAFT)
        row->record.draft = s->draft;
    par_batch__user_conv_changed(row, n->stamp);
    struct par_members *self = par_number__users(w, &n->c->sender, 1);
    if (!self)
        return PAR_STEP_LOST;
    enum par_step step = par_number__done(w, n);
    par_number__member_event(w, n, PAR_RELEASE_SETTINGS, self, (struct par_str){0});
    return step;
}
