/* The incremental UTF-8 check. */
#include "ws/utf8.h"

#include <string.h>

#define HIGH_BITS 0x8080808080808080u

/* Sets what must follow a first byte over 0x7F; false when nothing can. The narrowed ranges exclude
 * overlong forms (E0, F0), surrogates (ED) and what lies over U+10FFFF (F4). */
static bool begin_sequence(struct par_ws_utf8 *u, uint8_t c)
{
    u->low = 0x80;
    u->high = 0xBF;
    if (c < 0xC2)
        return false;
    if (c < 0xE0) {
        u->need = 1;
        return true;
    }
    if (c < 0xF0) {
        u->need = 2;
        if (c == 0xE0)
            u->low = 0xA0;
        else if (c == 0xED)
            u->high = 0x9F;
        return true;
    }
    if (c > 0xF4)
        return false;
    u->need = 3;
    if (c == 0xF0)
        u->low = 0x90;
    else if (c == 0xF4)
        u->high = 0x8F;
    return true;
}

bool par_ws_utf8_feed(struct par_ws_utf8 *u, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;
    while (p < end) {
        if (u->need) {
            if (*p < u->low || *p > u->high)
                return false;
            u->need--;
            u->low = 0x80;
            u->high = 0xBF;
            p++;
            continue;
        }
        if (*p >= 0x80) {
            if (!begin_sequence(u, *p))
                return false;
            p++;
            continue;
        }
        while (end - p >= 8) {
            uint64_t word;
            memcpy(&word, p, 8);
            if (word & HIGH_BITS)
                break;
            p += 8;
        }
        while (p < end && *p < 0x80)
            p++;
    }
    return true;
}
