/* UTF-8 checked while it arrives: a text message is refused at its first wrong byte. */
#ifndef PAR_WS_UTF8_H
#define PAR_WS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the bytes so far demand of the next one. All zero: between code points. */
struct par_ws_utf8 {
    uint8_t need; /* continuation bytes still missing */
    uint8_t low;  /* range of the next continuation byte, when need > 0 */
    uint8_t high;
};

/* Takes the next n bytes. False as soon as no continuation can make the text valid (RFC 3629). */
bool par_ws_utf8_feed(struct par_ws_utf8 *u, const uint8_t *p, size_t n);

/* True between code points: the text may end here. */
static inline bool par_ws_utf8_complete(const struct par_ws_utf8 *u)
{
    return u->need == 0;
}

#endif
