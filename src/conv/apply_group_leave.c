/* group.leave: an entry `member_left`; a last owner hands over first. */
#include "conv/writer_private.h"

enum par_step par_apply__group_leave(struct par_writer *w, const struct par_numbering *n)
{
    enum par_err err = par_number__group_rights(n, false);
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, err == PAR_E_BAD_REQUEST ? "conv" : NULL);
    return par_roster__leave(w, n, PAR_ENTRY_MEMBER_LEFT, &n->c->sender, 1);
}
