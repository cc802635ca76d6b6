/* Push jobs: what the writer hands on for a member who has no connection anywhere. */
#ifndef PARLEY_PUSH_H
#define PARLEY_PUSH_H

#include "base/conv_id.h"
#include "base/str.h"

#include <stdint.h>

enum par_push_reason {
    PAR_PUSH_TEXT = 1, /* a text entry of somebody else */
    PAR_PUSH_ADDED,    /* added to a group */
    PAR_PUSH_MISSED, /* found after a server or a connection died: perhaps never told. It stands for
                      * all that the user has not had of the conversation, up to its seq */
    PAR_PUSH_TEST    /* asked for by the user, to see whether it works; never in a queue */
};

/* text borrows for the time of the call that carries the job. */
struct par_push_job {
    enum par_push_reason reason;
    uint64_t user; /* whom to wake */
    struct par_conv conv;
    uint64_t seq;
    int64_t ts;
    uint64_t from;       /* who wrote the entry */
    struct par_str text; /* of a text entry; the name for PAR_PUSH_ADDED may be missing */
};

/* Takes a copy of what it needs; must not block. Called on the writer thread. */
typedef void (*par_push_job_fn)(void *arg, const struct par_push_job *job);

#endif
