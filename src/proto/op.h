/* The operations: what a connection may ask, and how requests about one conversation keep their
 * order. */
#ifndef PAR_PROTO_OP_H
#define PAR_PROTO_OP_H

#include "base/str.h"

enum par_op {
    PAR_OP_NONE = 0,
#define X(NAME, name, word, class, cmid, socket_only) PAR_OP_##NAME,
#include "parley/tbl/ops.h"
#undef X
    PAR_OP_COUNT
};

/* WRITE changes one conversation; READ looks at one (or tells it something that is not stored) and
 * waits for earlier writes to it; MULTI concerns several; FREE concerns none. */
enum par_op_class {
    PAR_OP_CLASS_FREE = 0,
    PAR_OP_CLASS_READ,
    PAR_OP_CLASS_WRITE,
    PAR_OP_CLASS_MULTI
};

struct par_op_info {
    struct par_str name; /* as in frames: "group.create" */
    enum par_op_class class;
    bool cmid;        /* takes a cmid: answered {conv, seq, ts, dup} */
    bool socket_only; /* unknown to POST /v1/op */
};

/* Static storage; for NONE the name is "". */
const struct par_op_info *par_op_info(enum par_op op);
/* PAR_OP_NONE when there is none of that name. */
enum par_op par_op_find(struct par_str name);

#endif
