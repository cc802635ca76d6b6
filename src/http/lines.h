/* Which bytes may stand in the head of an HTTP message: the checks that the parser library leaves
 * out. */
#ifndef PAR_HTTP_LINES_H
#define PAR_HTTP_LINES_H

#include "base/str.h"

#include <stdint.h>

/* Finds the end of a head while it arrives. Start with {0}. */
struct par_http_lines {
    uint8_t _state;
};

enum par_http_lines_result {
    PAR_HTTP_LINES_MORE = 0,
    PAR_HTTP_LINES_END,  /* the empty line was read */
    PAR_HTTP_LINES_WRONG /* bare CR or LF, a control character, a folded header, blank lines in
                            front */
};

/* Takes the next bytes, says in *used_r how many belong to the head. */
enum par_http_lines_result par_http_lines_feed(struct par_http_lines *l, const uint8_t *p, size_t n,
                                               size_t *used_r);

/* Checks a head that ended: no tab in the first line; each header begins with a token and a colon
 * right behind it. NULL, or what is wrong. */
const char *par_http_lines_check(struct par_str head);

/* True for a character of a token (RFC 9110, 5.6.2). */
bool par_http_token_char(uint8_t c);

#endif
