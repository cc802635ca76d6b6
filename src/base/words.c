/* Names of entry kinds and roles, from their tables. */
#include "parley/words.h"

static const char *const kinds[PAR_ENTRY_COUNT] = {
    [PAR_ENTRY_NONE] = "",
#define X(NAME, value, name) [PAR_ENTRY_##NAME] = name,
#include "parley/tbl/entry_kinds.h"
#undef X
};

static const char *const roles[PAR_ROLE_COUNT] = {
    [PAR_ROLE_NONE] = "",
#define X(NAME, value, name) [PAR_ROLE_##NAME] = name,
#include "parley/tbl/roles.h"
#undef X
};

const char *par_entry_kind_name(enum par_entry_kind kind)
{
    return kind > PAR_ENTRY_NONE && kind < PAR_ENTRY_COUNT ? kinds[kind] : "";
}

const char *par_role_name(enum par_role role)
{
    return role > PAR_ROLE_NONE && role < PAR_ROLE_COUNT ? roles[role] : "";
}
