/* What clients were told in a recorded run, and when: a text file of one fact a line, the number of
 * the record that sent it first (0: before the run), a letter, and words:
 *
 *   I incarnation                            of the store
 *   U user name                              an account
 *   E conv seq ts sender kind cmid text      an entry; cmid and text in hex, `-`: not known
 *   X conv seq target kind                   `edited` or `deleted` entry seq changed its target
 *   M conv user delivered read               marks of a member
 *   C user other · B user other              a contact, a block */
#ifndef PARLEY_CRASH_TOLD_H
#define PARLEY_CRASH_TOLD_H

#include "base/conv_id.h"

struct crash_told {
    uint64_t at;
    char what;
    struct par_conv conv;
    uint64_t user, other, seq, target, delivered, read;
    int64_t ts;
    const char *word; /* incarnation, name or kind */
    struct par_str cmid, text;
    bool has_cmid, has_text;
};

/* All facts of a file; ends the process when it cannot be read. Never freed. */
struct crash_told *crash_told_load(const char *path, size_t *count_r);

#endif
