/* block and unblock: a bit in the roster of the direct conversation, so that it has a place in the
 * order of its sends, and a row in the list of those whom the user blocks. */
#include "conv/writer_private.h"

enum par_step par_apply__block(struct par_writer *w, const struct par_numbering *n)
{
    struct par_conv_state *st = n->st;
    bool on = n->c->kind == PAR_COMMAND_BLOCK;
    if (st->conv.kind != PAR_CONV_DIRECT)
        return par_number__refuse(w, n, PAR_E_BAD_REQUEST, "user");
    if (!n->self)
        return par_number__refuse(w, n, PAR_E_NOT_MEMBER, NULL);
    uint8_t bit = n->self == &st->members[0] ? PAR_BLOCK_BY_SMALLER : PAR_BLOCK_BY_LARGER;
    if (!(st->blocks & bit) == !on)
        return par_number__done(w, n);
    struct par_roster_slot before = par_roster__slot(w, st);
    st->blocks ^= bit;
    if (!par_roster__write(w, st, &before, n->stamp, 0))
        return PAR_STEP_LOST;
    struct par_key key = par_key_user_id(n->c->sender, par_conv_other(&st->conv, n->c->sender));
    if (on) {
        struct par_block row = {.created = n->time_ms};
        par_block_encode(&row,
                         par_batch_begin(&w->rows, PAR_T_BLOCKS, par_key_str(&key), n->stamp));
        par_batch_end(&w->rows);
    } else {
        par_batch_delete(&w->rows, PAR_T_BLOCKS, par_key_str(&key), n->stamp);
    }
    return par_number__done(w, n);
}
