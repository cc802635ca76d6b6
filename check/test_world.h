/* A small language for histories in tests: two devices of user 1, one of users 2, 3 and 4, each
 * with an open connection; single quotes stand for double ones.
 *
 *   begin();
 *   ask(1, "'op':'send','id':1,'to':'2','cmid':'a','text':'hi'");
 *   ok(1, 1, "'conv':'d.1.2','seq':1,'ts':100,'dup':false");
 *   breaks(PAR_RULE_...) or holds();
 */
#ifndef PAR_CHECK_TEST_WORLD_H
#define PAR_CHECK_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/check.h"
#include "check/history.h"

#include <stdio.h>

/* Connections: 1 is user 1's, 2 user 2's, 3 user 3's, 4 user 4's, 5 the second device of user 1. */
void begin(void);
/* A history whose begin line has these members besides version. */
void begin_with(const char *members);
/* Any line; the time is added. */
void add(const char *members);
void at(int64_t t); /* of the lines that follow */
void ask(unsigned conn, const char *frame);
void got(unsigned conn, const char *frame);
void ok(unsigned conn, int id, const char *members);
void refused(unsigned conn, int id, const char *code, bool retry);
/* An HTTP request of a device, and its answer. */
void call(unsigned conn, const char *device, const char *frame);

/* In the direct conversation of 1 and 2: user 1 (connection 1) or 2 (connection 2) sends; the
 * answer; an event of it. ts is 100 * seq, the request's id 10 + seq, the cmid and the text
 * "m<seq>". */
void send_ask(unsigned conn, unsigned seq);
void send_ok(unsigned conn, unsigned seq);
void sent(unsigned conn, unsigned seq);
void event(unsigned conn, unsigned seq, unsigned from);
/* The entry as a page or a hold has it: its owner's cmid is shown when own. */
const char *entry(unsigned seq, unsigned from, bool own);

/* A group g.1 of users 1 (owner), 2 and 3, made by connection 1 and told to 2 and 3. */
void group(void);

/* Checks and forgets the history: it breaks the rule (perhaps others, too); it breaks none. */
void breaks(enum par_rule rule);
void holds(void);
/* The text so far, and whether any rule is broken in another text. */
struct par_str history_text(void);
bool any_broken(struct par_str text, struct par_buf *report);

#endif
