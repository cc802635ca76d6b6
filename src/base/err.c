/* Names and attributes of the errors, from the one table; and the end of a process with a bug. */
#include "parley/err.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *code;
    int status;
    bool retry;
} errors[PAR_E_COUNT] = {
    [PAR_OK] = {"ok", 200, false},
#define X(name, code_, status_, retry_) [PAR_E_##name] = {code_, status_, retry_},
#include "parley/tbl/errors.h"
#undef X
};

static enum par_err known(enum par_err err)
{
    return err >= 0 && err < PAR_E_COUNT ? err : PAR_E_INTERNAL;
}

const char *par_err_code(enum par_err err)
{
    return errors[known(err)].code;
}

int par_err_status(enum par_err err)
{
    return errors[known(err)].status;
}

bool par_err_retry(enum par_err err)
{
    return errors[known(err)].retry;
}

void par_assert_failed(const char *cond, const char *file, int line, const char *func)
{
    fprintf(stderr, "level=fatal msg=\"assertion failed\" cond=\"%s\" at=%s:%d func=%s\n", cond,
            file, line, func);
    abort();
}
