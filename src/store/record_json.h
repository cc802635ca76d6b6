/* Rows as JSON, for export and import: {"t":"entries","k":{"conv":"g.…","seq":"7"},"v":{"ts":…}}.
 *
 * The value has the fields of its record by name; 0 and missing are left out. Ids, stamps and other
 * 64-bit numbers are strings, bytes are hex. A key or value that is none of ours, or holds text
 * that JSON cannot, is written whole as hex, in "kx" and "vx", so that nothing is lost. */
#ifndef PAR_STORE_RECORD_JSON_H
#define PAR_STORE_RECORD_JSON_H

#include "parley/store.h"

/* Appends one row as a line without its end. */
void par_row__to_json(enum par_table table, struct par_str key, struct par_str value,
                      struct par_buf *out);
/* Reads such a line; key and value are appended. False when it is none; what_r (static text) says
 * why. */
bool par_row__from_json(struct par_str line, enum par_table *table_r, struct par_buf *key_r,
                        struct par_buf *value_r, const char **what_r);

#endif
