/* delete: an entry `deleted`, and the row of its target without its text. */
#include "conv/writer_private.h"

enum par_step par_apply__delete(struct par_writer *w, const struct par_numbering *n)
{
    struct par_entry_row *target;
    if (!n->self)
        return par_number__refuse(w, n, PAR_E_NOT_MEMBER, NULL);
    enum par_err err = par_number__target(w, n, &target);
    if (err == PAR_E_UNAVAILABLE)
        return PAR_STEP_LOST;
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, "seq");
    bool any = n->st->conv.kind == PAR_CONV_GROUP &&
               (n->self->role == PAR_ROLE_OWNER || n->self->role == PAR_ROLE_ADMIN);
    if (target->entry.sender != n->c->sender && !any)
        return par_number__refuse(w, n, PAR_E_FORBIDDEN, "only one's own messages can be deleted");
    if (target->entry.deleted_seq != 0)
        return par_number__refuse(w, n, PAR_E_CONFLICT, "the message was deleted");
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_DELETED);
    target = par_batch__change(w, n->st, target);
    if (!e || !target)
        return PAR_STEP_LOST;
    e->target = n->c->target;
    target->entry.text = (struct par_str){0};
    target->entry.deleted_seq = e->seq;
    target->version = e->ts; /* S1: the stamp stays */
    par_number__accept(w, n, e);
    par_number__release(w, n, e, n->st->list, false);
    return PAR_STEP_DONE;
}
