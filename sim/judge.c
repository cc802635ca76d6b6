/* The verdict on a world: what the checker of promises says of its history. */
#include "sim/judge.h"

#include "check/check.h"

#include <string.h>

static void count_lines(const struct par_buf *history, struct sim_figures *figures)
{
    for (size_t i = 0; i < history->len; i++)
        figures->lines += history->data[i] == '\n';
}

/* The first broken promise that counts. */
static const struct par_violation *first(const struct par_check *check, size_t broken,
                                         bool entries_only)
{
    static const bool of_entries[PAR_RULES] = {
        [PAR_RULE_ACKED] = true,      [PAR_RULE_CMID_ONCE] = true, [PAR_RULE_INVENTED] = true,
        [PAR_RULE_SAME_ENTRY] = true, [PAR_RULE_DENSE] = true,     [PAR_RULE_TS_RISES] = true,
    };
    for (size_t i = 0; i < broken; i++) {
        const struct par_violation *v = par_check_violation(check, i);
        if (v && (!entries_only || of_entries[v->rule]))
            return v;
    }
    return NULL;
}

void sim_judge(const struct par_buf *history, bool entries_only, struct sim_figures *figures)
{
    count_lines(history, figures);
    struct par_check *check = par_check_new();
    if (!check)
        sim_fail("check", "no memory");
    size_t broken = par_check_feed(check, par_buf_str(history)) ? par_check_finish(check) : 0;
    uint32_t line;
    const char *fault = par_check_fault(check, &line);
    if (*fault)
        sim_fail("check", "line %u of the history: %s", line, fault);
    const struct par_violation *v = first(check, broken, entries_only);
    if (v)
        sim_fail(par_rule_name(v->rule), "%s (lines %u %u %u of the history; %zu in all)", v->text,
                 v->lines[0], v->lines[1], v->lines[2], broken);
    par_check_free(&check);
}
