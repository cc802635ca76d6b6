/* The protocol's words that are also stored: kinds of entries and roles, with their names in
 * frames. */
#ifndef PARLEY_WORDS_H
#define PARLEY_WORDS_H

/* The numbers stand in records: never renumber, only add. */
enum par_entry_kind {
    PAR_ENTRY_NONE = 0,
#define X(NAME, value, name) PAR_ENTRY_##NAME = value,
#include "parley/tbl/entry_kinds.h"
#undef X
    PAR_ENTRY_COUNT
};

enum par_role {
    PAR_ROLE_NONE = 0,
#define X(NAME, value, name) PAR_ROLE_##NAME = value,
#include "parley/tbl/roles.h"
#undef X
    PAR_ROLE_COUNT
};

/* What one who joins a group sees of the time before. */
enum par_history { PAR_HISTORY_ALL = 0, PAR_HISTORY_JOINED = 1 };

/* As they stand in frames; "" for a number that is none of them. Static storage. */
const char *par_entry_kind_name(enum par_entry_kind kind);
const char *par_role_name(enum par_role role);

#endif
