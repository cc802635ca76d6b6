/* Where the store's tables are in HBase, and what a cell holds.
 *
 * Everything that a batch of the writer changes about its conversations begins with the same two
 * bytes of hash, so those tables share one of HBase's, with the table's number behind the hash: a
 * batch of one partition then falls into one region and costs one sync. Each of the others is a
 * table of its own. Row and key have the same order within a table. A cell's value begins with one
 * byte: a row that was deleted is a cell that says so, because a tombstone would also hide what is
 * put later with the same version. */
#ifndef PAR_STORE_HBASE_LAYOUT_H
#define PAR_STORE_HBASE_LAYOUT_H

#include "parley/store.h"
#include "store/hbase/gateway.h"

enum { PAR_HBASE__THERE = 1, PAR_HBASE__DELETED = 2 };
enum { PAR_HBASE__NAME_MAX = 96, PAR_HBASE__SHARED_PREFIX = 20 };

/* Is it one of those that share a table? */
bool par_hbase__shared(enum par_table table);
/* "namespace:name" as the calls want it. */
void par_hbase__table(const char *space, enum par_table table, char name_r[PAR_HBASE__NAME_MAX]);
/* The name within the namespace. */
const char *par_hbase__table_name(enum par_table table);

struct par_hbase__row {
    uint8_t bytes[PAR_STORE_KEY_MAX + 1];
    size_t len;
};
/* The row of a key; of a key's beginning, as scans have them: the first row that can begin so. An
 * empty one stays empty. */
void par_hbase__row(enum par_table table, struct par_str key, struct par_hbase__row *row_r);
/* The key of a row of this table, in key_r (of PAR_STORE_KEY_MAX bytes); false when the row is one
 * of another table that shares it. */
bool par_hbase__key(enum par_table table, struct par_str row, uint8_t *key_r, size_t *len_r);
/* Where a scan goes on behind this row, which may be anybody's and of any length: no row of a key
 * lies between. False: nothing can lie behind it. */
bool par_hbase__behind(struct par_str row, struct par_hbase__row *row_r);

/* The shapes of all tables of HBase, for `store init`: at most PAR_T_COUNT; returns how many. */
size_t par_hbase__shapes(const char *space, uint32_t regions,
                         struct par_hbase__shape shapes_r[PAR_T_COUNT]);

#endif
