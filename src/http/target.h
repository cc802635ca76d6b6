/* The target of a request line, taken apart: path and query parameters. */
#ifndef PAR_HTTP_TARGET_H
#define PAR_HTTP_TARGET_H

#include "base/arena.h"
#include "http/request.h"
#include "parley/err.h"

#define PAR_HTTP_PARAMS_MAX 64

/* Fills path, query and params of *req from the target ("/a?b=c", "http://host/a?b=c" or "*").
 * Decoded text comes from the arena. NULL, or why the target is refused: a bad percent escape, an
 * encoded slash or NUL in the path, too many parameters, another form of target, no memory. */
const char *par_http_target_parse(struct par_str target, struct par_arena *arena,
                                  struct par_http_request *req) PAR_MUST_CHECK;

/* Decodes percent escapes, and '+' to a blank when plus is set. False on a bad escape, and without
 * memory. */
bool par_http_unescape(struct par_str s, bool plus, struct par_arena *arena,
                       struct par_str *s_r) PAR_MUST_CHECK;

#endif
