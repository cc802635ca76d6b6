/* group.rename: an entry `renamed`, and the name in roster and conversation. */
#include "conv/writer_private.h"

#include <stdlib.h>

enum par_step par_apply__group_rename(struct par_writer *w, const struct par_numbering *n)
{
    struct par_conv_state *st = n->st;
    enum par_err err = par_number__group_rights(n, true);
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, err == PAR_E_BAD_REQUEST ? "conv" : NULL);
    if (n->c->text.len == 0)
        return par_number__refuse(w, n, PAR_E_BAD_REQUEST, "name");
    struct par_roster_slot before = par_roster__slot(w, st);
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_RENAMED);
    char *name = malloc(n->c->text.len);
    if (!e || !name) {
        free(name);
        return PAR_STEP_LOST;
    }
    memcpy(name, n->c->text.ptr, n->c->text.len);
    par_batch__garbage(w, (void *)st->name.ptr);
    st->name = par_str_of(name, n->c->text.len);
    e->text = n->c->text;
    if (!par_roster__write(w, st, &before, n->stamp, e->seq))
        return PAR_STEP_LOST;
    par_number__accept(w, n, e);
    par_number__release(w, n, e, st->list, false);
    return PAR_STEP_DONE;
}
