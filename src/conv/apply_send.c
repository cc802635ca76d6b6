/* send: a text entry. */
#include "conv/writer_private.h"

enum par_step par_apply__send(struct par_writer *w, const struct par_numbering *n)
{
    const struct par_command *c = n->c;
    if (!n->self)
        return par_number__refuse(w, n, PAR_E_NOT_MEMBER, NULL);
    if (par_number__blocked(n))
        return par_number__refuse(w, n, PAR_E_BLOCKED, NULL);
    if (c->reply_to != 0 && !par_conv__visible(n->st, n->self, c->reply_to))
        return par_number__refuse(w, n, PAR_E_BAD_REQUEST, "reply_to");
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_TEXT);
    if (!e)
        return PAR_STEP_LOST;
    e->text = c->text;
    e->reply_to = c->reply_to;
    e->has_client_ts = c->has_client_ts;
    e->client_ts = c->client_ts;
    par_number__accept(w, n, e);
    par_number__release(w, n, e, n->st->list, false);
    return PAR_STEP_DONE;
}
