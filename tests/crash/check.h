/* Opens a store that a cut left, and compares it with what clients had been told. */
#ifndef PARLEY_CRASH_CHECK_H
#define PARLEY_CRASH_CHECK_H

#include "told.h"

enum crash_verdict {
    CRASH_GOOD = 0,   /* it opens, is whole, and holds everything told */
    CRASH_LOST,       /* something told is missing or differs */
    CRASH_VIOLATION,  /* verify finds a contradiction */
    CRASH_REFUSED,    /* it does not open: damaged */
    CRASH_UNREADABLE, /* it opens, and a read fails: damage that shows itself */
    CRASH_DIED,       /* the process ended by itself */
    CRASH_VERDICTS
};
const char *crash_verdict_name(enum crash_verdict verdict);

struct crash_question {
    const char *folder;
    const char *restore; /* a backup that is restored to the folder first; NULL: none */
    const char *import;  /* an export that is imported to it first; NULL: none */
    uint64_t until;      /* facts told before this record must hold */
    bool copy;           /* it is one: no folder of it means none, its incarnation is its own */
};

/* Opens the store in this process, which must not have one open, and compares. why_r: one line.
 * Leaves the store open, as a process does that is killed. */
enum crash_verdict crash_check(const struct crash_question *question, const struct crash_told *told,
                               size_t count, char why_r[1024]);

#endif
