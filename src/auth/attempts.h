/* Rates of what costs much or is worth guessing: failed logins by name and address, registrations
 * by address.
 *
 * One table of a fixed size, under a lock; each row is a bucket that fills over a minute. When two
 * names meet in a row the one that tried more keeps it, so that a flood of names cannot wipe a
 * count that matters. */
#ifndef PAR_AUTH_ATTEMPTS_H
#define PAR_AUTH_ATTEMPTS_H

#include "base/str.h"

struct par_attempts;

/* NULL when memory is refused. */
struct par_attempts *par_attempts_new(void);
void par_attempts_free(struct par_attempts **attempts);

/* What is counted: the same text means something else in each. */
enum par_attempt {
    PAR_ATTEMPT_LOGIN_NAME = 1,
    PAR_ATTEMPT_LOGIN_ADDRESS,
    PAR_ATTEMPT_REGISTER_ADDRESS
};

/* Milliseconds until another try is allowed; 0: now. per_minute 0: no limit. Counts nothing. Any
 * thread. */
uint32_t par_attempts_wait(struct par_attempts *attempts, enum par_attempt kind, struct par_str who,
                           uint32_t per_minute, uint64_t now_ms);
/* Counts one. */
void par_attempts_count(struct par_attempts *attempts, enum par_attempt kind, struct par_str who,
                        uint32_t per_minute, uint64_t now_ms);

#endif
