/* What decoded members look like: ids keep the text they were, for answers that repeat it, and say
 * what they name. Everything borrows from the frame or lives in the request's arena. */
#ifndef PAR_PROTO_VALUES_H
#define PAR_PROTO_VALUES_H

#include "base/arena.h"
#include "base/conv_id.h"
#include "parley/err.h"

/* A conversation that a client named. err is PAR_OK when conv could exist; else PAR_E_NOT_FOUND or
 * PAR_E_NOT_MEMBER, and conv is all zeros: the answer, unless something else is wrong with the
 * request. */
struct par_conv_ref {
    struct par_str text;
    struct par_conv conv;
    enum par_err err;
};

/* A user that a client named; id 0: a text that nobody has as an id. */
struct par_user_ref {
    struct par_str text;
    uint64_t id;
};

/* Users in the order named, each once. `unknown` of them have id 0. */
struct par_user_refs {
    struct par_user_ref *users;
    uint32_t count;
    uint32_t unknown;
};

/* Conversations, each with a number. */
struct par_mark_ref {
    struct par_conv_ref conv;
    int64_t seq;
};

struct par_mark_refs {
    struct par_mark_ref *marks;
    uint32_t count;
    uint32_t unknown; /* those whose conv.err is not PAR_OK */
};

#endif
