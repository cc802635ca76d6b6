/* void: an entry of nobody, without content, by which an operator fills a number that a lost log
 * has left open (N6). */
#include "conv/writer_private.h"

enum par_step par_apply__void(struct par_writer *w, const struct par_numbering *n)
{
    if (n->st->last_seq == 0)
        return par_number__refuse(w, n, PAR_E_NOT_FOUND, NULL);
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_VOID);
    if (!e)
        return PAR_STEP_LOST;
    par_number__release(w, n, e, n->st->list, false);
    return par_number__done(w, n);
}
