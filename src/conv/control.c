/* Commands to the writer itself: where its partition ends, and which rules hold from there on. */
#include "conv/writer_private.h"

/* T7: the end of the partition, for good: everything before it is released, the row says so in the
 * same swap, and what follows in the log is never numbered. */
static bool seal(struct par_writer *w)
{
    if (!par_checkpoint__force(w, true))
        return false;
    if (PAR_MUTANT(T7_GO_ON))
        return true;
    par_writer__end(w, PAR_WRITER_ENDED, "the partition was sealed");
    return false;
}

bool par_control__do(struct par_writer *w, const struct par_command *c, uint64_t offset)
{
    /* T6: who does not know the rules that hold from here on stops here. */
    if (c->kind == PAR_COMMAND_RULES && (c->target == 0 || c->target > par_rules.version)) {
        par_writer__end(w, PAR_WRITER_HALTED, "the log goes on by rules that are not known");
        return false;
    }
    w->position = offset + 1;
    w->live.commands++;
    if (c->kind == PAR_COMMAND_SEAL)
        return seal(w);
    w->cell.rules = (uint32_t)c->target;
    return true;
}
