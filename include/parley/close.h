/* Why connections end: one enumeration from tbl/close.h, shared by codecs, connections, logs and
 * metrics. */
#ifndef PARLEY_CLOSE_H
#define PARLEY_CLOSE_H

/* PAR_CLOSE_NONE: still open. */
enum par_close {
    PAR_CLOSE_NONE = 0,
#define X(name, code, label) PAR_CLOSE_##name,
#include "parley/tbl/close.h"
#undef X
    PAR_CLOSE_COUNT
};

/* The word that stands in logs and metrics ("too_slow"); "none" for PAR_CLOSE_NONE. Static storage.
 */
const char *par_close_label(enum par_close reason);

/* The code of the close frame; 0 when none is sent. */
int par_close_code(enum par_close reason);

#endif
