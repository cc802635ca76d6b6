/* group.role: an entry `role_changed`. */
#include "conv/writer_private.h"

static size_t owners(const struct par_conv_state *st)
{
    size_t n = 0;
    for (size_t i = 0; i < st->member_count; i++)
        n += st->members[i].role == PAR_ROLE_OWNER;
    return n;
}

enum par_step par_apply__group_role(struct par_writer *w, const struct par_numbering *n)
{
    struct par_conv_state *st = n->st;
    enum par_err err = par_number__group_rights(n, false);
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, err == PAR_E_BAD_REQUEST ? "conv" : NULL);
    if (n->self->role != PAR_ROLE_OWNER)
        return par_number__refuse(w, n, PAR_E_FORBIDDEN, "only an owner gives roles");
    struct par_conv_member *m = par_conv__member(st, n->c->users[0]);
    if (!m)
        return par_number__refuse(w, n, PAR_E_NOT_FOUND, "user");
    if (m->role == n->c->role)
        return par_number__done(w, n);
    if (m->role == PAR_ROLE_OWNER && owners(st) == 1)
        return par_number__refuse(w, n, PAR_E_CONFLICT, "the last owner stays owner");
    struct par_roster_slot before = par_roster__slot(w, st);
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_ROLE_CHANGED);
    if (!e)
        return PAR_STEP_LOST;
    m->role = n->c->role;
    e->role = n->c->role;
    e->users = par_number__pack_users(w, &m->user, 1);
    if (!par_roster__write(w, st, &before, n->stamp, e->seq))
        return PAR_STEP_LOST;
    par_number__accept(w, n, e);
    par_number__release(w, n, e, st->list, false);
    return PAR_STEP_DONE;
}
