/* group.remove: one entry `member_removed` with those who were in; of oneself alone it is leaving.
 */
#include "conv/writer_private.h"

enum par_step par_apply__group_remove(struct par_writer *w, const struct par_numbering *n)
{
    const struct par_command *c = n->c;
    enum par_err err = par_number__group_rights(n, false);
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, err == PAR_E_BAD_REQUEST ? "conv" : NULL);
    uint64_t *users = par_arena_alloc(&w->arena, c->user_count * sizeof *users);
    if (!users)
        return PAR_STEP_LOST;
    size_t count = 0;
    bool owner = false;
    for (size_t i = 0; i < c->user_count; i++) {
        const struct par_conv_member *m = par_conv__member(n->st, c->users[i]);
        if (!m)
            continue;
        owner |= m->role == PAR_ROLE_OWNER;
        users[count++] = m->user;
    }
    if (c->user_count == 1 && c->users[0] == c->sender)
        return par_apply__group_leave(w, n);
    if (n->self->role != PAR_ROLE_OWNER && n->self->role != PAR_ROLE_ADMIN)
        return par_number__refuse(w, n, PAR_E_FORBIDDEN, NULL);
    if (owner && n->self->role != PAR_ROLE_OWNER)
        return par_number__refuse(w, n, PAR_E_FORBIDDEN, "only an owner removes an owner");
    if (count == 0)
        return par_number__done(w, n);
    if (count == 1 && users[0] == c->sender)
        return par_apply__group_leave(w, n);
    return par_roster__leave(w, n, PAR_ENTRY_MEMBER_REMOVED, users, count);
}
