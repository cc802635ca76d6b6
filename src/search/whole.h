/* The index as a whole: made anew, and proven. For commands on a store that nobody serves. */
#ifndef PAR_SEARCH_WHOLE_H
#define PAR_SEARCH_WHOLE_H

#include "parley/store.h"

/* Writes all rows of the index again, and the marks of all partitions that have a checkpoint.
 * PAR_E_UNAVAILABLE: the store failed; rows that were written are right. Blocks for long. */
enum par_err par_index_write_all(struct par_store *store, uint64_t *conversations_r,
                                 uint64_t *rows_r) PAR_MUST_CHECK;

/* Called with a line for what is wrong, borrowed. */
typedef void (*par_index_report_fn)(void *arg, struct par_str line);

/* Proves that no row hides a text, that each is of a complete block, and that of no conversation a
 * row is missing below another. Missing at the top is not wrong: those blocks are read. Blocks for
 * long. */
enum par_err par_index_verify(struct par_store *store, par_index_report_fn report, void *arg,
                              uint64_t *rows_r, uint64_t *violations_r) PAR_MUST_CHECK;

#endif
