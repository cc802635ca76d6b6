/* Every way an operation can end: the protocol's errors, in one enumeration that all folders share.
 */
#ifndef PARLEY_ERR_H
#define PARLEY_ERR_H

#include <stdbool.h>

/* 0 is success. The others are the codes a client sees; inside the server the same values are used,
 * so that an error needs no translation on its way out. */
enum par_err {
    PAR_OK = 0,
#define X(name, code, status, retry) PAR_E_##name,
#include "parley/tbl/errors.h"
#undef X
    PAR_E_COUNT
};

/* How a write to a store or a log ended. Only OK may be told to anybody as success; UNCERTAIN means
 * that it may or may not have taken place, and may still. */
enum par_outcome { PAR_OUTCOME_OK = 0, PAR_OUTCOME_FAILED, PAR_OUTCOME_UNCERTAIN };

/* The code as it stands in a frame ("not_member"); "ok" for PAR_OK. Static storage. Never fails. */
const char *par_err_code(enum par_err err);

/* The HTTP status that fits; 200 for PAR_OK. */
int par_err_status(enum par_err err);

/* True when a client keeps the request and tries again. */
bool par_err_retry(enum par_err err);

#define PAR_MUST_CHECK __attribute__((warn_unused_result))

/* Ends the process with a message: only for a bug of our own, never for input, memory or a back
 * end. */
#define PAR_ASSERT(cond) ((cond) ? (void)0 : par_assert_failed(#cond, __FILE__, __LINE__, __func__))
_Noreturn void par_assert_failed(const char *cond, const char *file, int line, const char *func);

#endif
