/* Proves a store: density, order, index and entries, marks, members, accounts, through the contract
 * alone, so on any driver. It reads everything once, in pages, and keeps nothing but what is open
 * in one conversation. */
#ifndef PAR_STORE_VERIFY_H
#define PAR_STORE_VERIFY_H

#include "parley/store.h"

struct par_verify_counts {
    uint64_t conversations, entries, texts, cmids, marks, members, users, devices, rows;
    uint64_t violations;
};

/* Called for each violation with a line of its own ("g.… entry 7: …"), borrowed. */
typedef void (*par_verify_report_fn)(void *arg, struct par_str line);

/* PAR_OK: everything was read, and counts_r->violations is the result. PAR_E_UNAVAILABLE: the store
 * could not be read to the end. Nobody may write meanwhile. Blocks for long. */
enum par_err par_store_verify(struct par_store *store, par_verify_report_fn report, void *arg,
                              struct par_verify_counts *counts_r) PAR_MUST_CHECK;

/* Appends the one line that `parley store verify` ends with. */
void par_verify_summary(const struct par_verify_counts *counts, struct par_buf *line);

#endif
