/* Where the store's tables are in HBase. */
#include "store/hbase/layout.h"

#include <stdio.h>
#include <string.h>

enum { HASH = 2 };

#define SHARED_NAME "conversations_log"

bool par_hbase__shared(enum par_table table)
{
    switch (table) {
    case PAR_T_ENTRIES:
    case PAR_T_CMIDS:
    case PAR_T_CONVERSATIONS:
    case PAR_T_MARKS:
    case PAR_T_ROSTERS:
        return true;
    default:
        return false;
    }
}

const char *par_hbase__table_name(enum par_table table)
{
    return par_hbase__shared(table) ? SHARED_NAME : par_table_name(table);
}

void par_hbase__table(const char *space, enum par_table table, char name_r[PAR_HBASE__NAME_MAX])
{
    snprintf(name_r, PAR_HBASE__NAME_MAX, "%s:%s", space, par_hbase__table_name(table));
}

void par_hbase__row(enum par_table table, struct par_str key, struct par_hbase__row *row_r)
{
    size_t hash = key.len < HASH ? key.len : HASH;
    row_r->len = 0;
    if (!par_hbase__shared(table) || key.len < HASH) {
        memcpy(row_r->bytes, key.ptr ? key.ptr : "", key.len);
        row_r->len = key.len;
        return;
    }
    memcpy(row_r->bytes, key.ptr, hash);
    row_r->bytes[hash] = (uint8_t)table;
    memcpy(row_r->bytes + hash + 1, key.ptr + hash, key.len - hash);
    row_r->len = key.len + 1;
}

bool par_hbase__key(enum par_table table, struct par_str row, uint8_t *key_r, size_t *len_r)
{
    if (!par_hbase__shared(table)) {
        if (row.len > PAR_STORE_KEY_MAX)
            return false;
        memcpy(key_r, row.ptr, row.len);
        *len_r = row.len;
        return true;
    }
    if (row.len <= HASH || row.len > PAR_STORE_KEY_MAX + 1 || (uint8_t)row.ptr[HASH] != table)
        return false;
    memcpy(key_r, row.ptr, HASH);
    memcpy(key_r + HASH, row.ptr + HASH + 1, row.len - HASH - 1);
    *len_r = row.len - 1;
    return true;
}

bool par_hbase__behind(struct par_str row, struct par_hbase__row *row_r)
{
    enum { MOST = sizeof row_r->bytes };
    row_r->len = row.len < MOST ? row.len : MOST;
    memcpy(row_r->bytes, row.ptr ? row.ptr : "", row_r->len);
    if (row.len < MOST) {
        row_r->bytes[row_r->len++] = 0;
        return true;
    }
    /* What begins with as many bytes and is longer is no row of ours: all of that is passed over.
     */
    while (row_r->len > 0 && row_r->bytes[row_r->len - 1] == 0xFF)
        row_r->len--;
    if (row_r->len > 0)
        row_r->bytes[row_r->len - 1]++;
    return row_r->len > 0;
}

/* The bytes that gets and scans of a table always have. */
static uint32_t prefix_of(enum par_table table)
{
    static const uint8_t sizes[] = {
#define X(name, text, prefix, size) [PAR_T_##name] = (prefix),
#include "parley/tbl/tables.h"
#undef X
    };
    return sizes[table];
}

size_t par_hbase__shapes(const char *space, uint32_t regions,
                         struct par_hbase__shape shapes_r[PAR_T_COUNT])
{
    size_t n = 0;
    shapes_r[n++] =
        (struct par_hbase__shape){space, SHARED_NAME, regions, PAR_HBASE__SHARED_PREFIX};
    for (int table = 0; table < PAR_T_COUNT; table++) {
        if (par_hbase__shared((enum par_table)table))
            continue;
        uint32_t prefix = prefix_of((enum par_table)table);
        /* Keys that begin with a hash, or are one, spread over regions. */
        bool spreads = prefix > 0 || table == PAR_T_TOKENS;
        shapes_r[n++] = (struct par_hbase__shape){space, par_table_name((enum par_table)table),
                                                  spreads ? regions : 1, prefix};
    }
    return n;
}
