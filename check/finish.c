/* Works a history out: rebuilds the logs, then asks one rule after another. */
#include "check/check_private.h"

size_t par_check_finish(struct par_check *check)
{
    struct par_check *c = check;
    if (!c->begun && !*c->fault)
        c->fault = "there is no history";
    if (*c->fault || c->finished)
        return c->violation_count;
    c->finished = true;
    /* Conversations may be met for the first time on the way: those hold nothing. */
    uint32_t convs = c->conv_list.count;
#define EACH_CONV(call)                                                                            \
    for (uint32_t i = 0; i < convs && !c->no_memory; i++) {                                        \
        struct par_ck_conv *conv = *PAR_CK_AT(&c->conv_list, struct par_ck_conv *, i);             \
        call;                                                                                      \
    }
    EACH_CONV(par_check__build_log(c, conv))
    EACH_CONV(par_check__walk(c, conv))
    par_check__rule_cmids(c);
    par_check__rule_refusals(c);
    par_check__rule_order(c);
    EACH_CONV({
        par_check__rule_states(c, conv);
        par_check__rule_events(c, conv);
        par_check__rule_pages(c, conv);
        par_check__rule_theirs(c, conv);
        par_check__rule_blocks(c, conv);
        par_check__rule_marks(c, conv);
        par_check__rule_marks_told(c, conv);
        par_check__rule_members(c, conv);
        par_check__rule_told(c, conv);
    })
    par_check__rule_rows(c);
    par_check__rule_sync(c);
    par_check__rule_contacts(c);
    par_check__rule_presence(c);
    par_check__rule_healed(c);
    par_check__rule_stuck(c);
#undef EACH_CONV
    if (c->no_memory)
        c->fault = "memory is refused";
    return c->violation_count;
}
