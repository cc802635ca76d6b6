/* The table of operations and the search in it. */
#include "proto/op.h"

static const struct par_op_info ops[PAR_OP_COUNT] = {
    [PAR_OP_NONE] = {.name = {"", 0}},
#define X(NAME, name_, word, class_, cmid_, socket_only_)                                          \
    [PAR_OP_##NAME] = {.name = {(word), sizeof(word) - 1},                                         \
                       .class = PAR_OP_CLASS_##class_,                                             \
                       .cmid = (cmid_),                                                            \
                       .socket_only = (socket_only_)},
#include "parley/tbl/ops.h"
#undef X
};

const struct par_op_info *par_op_info(enum par_op op)
{
    return &ops[op > PAR_OP_NONE && op < PAR_OP_COUNT ? op : PAR_OP_NONE];
}

enum par_op par_op_find(struct par_str name)
{
    for (int op = PAR_OP_NONE + 1; op < PAR_OP_COUNT; op++) {
        if (ops[op].name.len == name.len && memcmp(ops[op].name.ptr, name.ptr, name.len) == 0)
            return (enum par_op)op;
    }
    return PAR_OP_NONE;
}
