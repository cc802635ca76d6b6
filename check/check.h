/* The checker of promises: reads a history (docs/verification.md) and tells where it breaks a rule
 * of check/tbl/rules.h. It knows the protocol and nothing of any code.
 *
 *   struct par_check *c = par_check_new();
 *   if (!par_check_feed(c, text))
 *       ... malformed: par_check_fault(c, &line)
 *   if (par_check_finish(c) > 0)
 *       par_check_report(c, &out);
 *   par_check_free(&c);
 *
 * Lines are numbered from 1. Time is near linear in the history: a world of 5,000 lines takes some
 * ms. Nothing blocks; one checker is used by one thread. */
#ifndef PAR_CHECK_CHECK_H
#define PAR_CHECK_CHECK_H

#include "base/buf.h"
#include "parley/err.h"

enum par_rule {
#define X(NAME, name, sentence) PAR_RULE_##NAME,
#include "check/tbl/rules.h"
#undef X
    PAR_RULES
};

/* The name and the sentence of a rule. Static storage. */
const char *par_rule_name(enum par_rule rule);
const char *par_rule_sentence(enum par_rule rule);

enum { PAR_VIOLATION_LINES = 3, PAR_VIOLATIONS_KEPT = 200 };

/* A broken rule, what broke it, and the lines that prove it (0: none), in any order. */
struct par_violation {
    enum par_rule rule;
    uint32_t lines[PAR_VIOLATION_LINES];
    const char *text;
};

struct par_check;

/* An empty checker; NULL when memory is refused. */
struct par_check *par_check_new(void);
/* Frees it with everything it gave out. */
void par_check_free(struct par_check **check);

/* Reads lines, each ended by a newline but perhaps the last; blank ones are passed over. May be
 * called again with more. The text is borrowed until par_check_free. False: it is no history (or
 * memory was refused), and nothing more can be done with it. */
bool par_check_feed(struct par_check *check, struct par_str lines) PAR_MUST_CHECK;
/* Why feeding or finishing failed, and at which line; "" when it did not. */
const char *par_check_fault(const struct par_check *check, uint32_t *line_r);

/* Once, after the last line: works everything out. The number of violations; those found first are
 * kept, PAR_VIOLATIONS_KEPT at most. A fault is found here, too (memory refused, no `begin`). */
size_t par_check_finish(struct par_check *check);
size_t par_check_count(const struct par_check *check, enum par_rule rule);
/* The i-th kept one; NULL behind the last. Lives as long as the checker. */
const struct par_violation *par_check_violation(const struct par_check *check, size_t i);

/* Appends for each kept violation a line "rule: what" and below it the lines that prove it, each
 * with its number; long ones are cut. */
void par_check_report(const struct par_check *check, struct par_buf *out);
/* Appends one line that says how much was checked. */
void par_check_counts(const struct par_check *check, struct par_buf *out);

#endif
