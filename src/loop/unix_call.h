/* One question to a process on this machine, by its UNIX socket: for commands, which have no loop.
 */
#ifndef PAR_LOOP_UNIX_CALL_H
#define PAR_LOOP_UNIX_CALL_H

#include "base/buf.h"
#include "parley/err.h"

/* Connects, sends the bytes, closes its sending side, and appends what comes until the other side
 * closes, at most max bytes. PAR_E_NOT_FOUND: nobody listens there. PAR_E_UNAVAILABLE: it broke
 * off, or nothing came for timeout_ms. PAR_E_TOO_LARGE: more than max. Blocks. */
enum par_err par_unix_call(const char *path, struct par_str request, uint32_t timeout_ms,
                           size_t max, struct par_buf *answer_r) PAR_MUST_CHECK;

#endif
