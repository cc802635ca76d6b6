/* Labels and codes of the reasons for closing a connection, from the one table. */
#include "parley/close.h"

static const struct {
    const char *label;
    int code;
} reasons[PAR_CLOSE_COUNT] = {
    [PAR_CLOSE_NONE] = {"none", 0},
#define X(name, code_, label_) [PAR_CLOSE_##name] = {label_, code_},
#include "parley/tbl/close.h"
#undef X
};

const char *par_close_label(enum par_close reason)
{
    return (unsigned)reason < PAR_CLOSE_COUNT ? reasons[reason].label : "none";
}

int par_close_code(enum par_close reason)
{
    return (unsigned)reason < PAR_CLOSE_COUNT ? reasons[reason].code : 0;
}
