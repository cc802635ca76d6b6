/* A store as a file of JSON lines, and back: for other programs, and as a way out. */
#ifndef PAR_STORE_EXPORT_H
#define PAR_STORE_EXPORT_H

#include "parley/store.h"

#include <stdio.h>

/* Writes a first line {"parley":"export","format":1}, a line for each row of each table but meta,
 * and a last line {"end":rows}. PAR_E_UNAVAILABLE: the store or the file failed (why_r). Blocks for
 * long. */
enum par_err par_store_export(struct par_store *store, FILE *out, uint64_t *rows_r,
                              struct par_buf *why_r) PAR_MUST_CHECK;
/* Makes a new store, as the options say, of such a file. It gets an incarnation of its own. On any
 * error nothing of it is left: PAR_E_CONFLICT: there is a store already; PAR_E_BAD_REQUEST: the
 * file is none, or ends too early. Blocks for long. */
enum par_err par_store_import(const struct par_store_options *options, FILE *in, uint64_t *rows_r,
                              struct par_buf *why_r) PAR_MUST_CHECK;

#endif
