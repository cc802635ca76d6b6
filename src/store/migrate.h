/* Moves a store to another place, of any driver, while it serves (docs/decisions/0014).
 *
 * Each step is short and leaves a state in the store that the next one, of this process or of a
 * later one, goes on from. Copying puts pages of rows into the other store, each at the lowest
 * version there is; the noted rows (moving.h) follow in their order, each at its own version: so a
 * copied row never hides a newer one, however late it lands. When all is copied, both stores are
 * compared row by row, while notes go on. Then nothing is written for a moment, the last notes
 * follow, both are verified, and the first store is marked as moved before the second may be
 * opened: at no time are both written.
 *
 * A store that is not atomic keeps no notes: it is moved while nobody writes to it. */
#ifndef PAR_STORE_MIGRATE_H
#define PAR_STORE_MIGRATE_H

#include "parley/store.h"

struct par_migrate;

enum par_migrate_end {
    PAR_MIGRATE_WORKS = 0, /* step again */
    PAR_MIGRATE_WAITS,     /* a store does not answer: step again after a pause */
    PAR_MIGRATE_READY,     /* both are the same, and are kept so: step again after a pause */
    PAR_MIGRATE_DONE,
    PAR_MIGRATE_FAILED /* as par_migrate_why() says */
};

/* What the operator writes as DRIVER:PLACE: rocksdb:DIR, hbase:HOST:PORT,…; other words of the
 * driver's come from `base`. The strings of the result borrow from `place`, which is changed.
 * PAR_E_BAD_REQUEST: not of this form; why_r gets a line that says the form. */
enum par_err par_migrate_place(const struct par_store_options *base, char *place,
                               struct par_store_options *options_r,
                               struct par_buf *why_r) PAR_MUST_CHECK;

/* Begins the move of `from`, or goes on with it. `name` is how the operator calls the other store,
 * `to` its options. PAR_E_CONFLICT: it moves elsewhere already, or the other place has something;
 * PAR_E_UNAVAILABLE; why_r gets a line. `from` stays the caller's and outlives this. Blocks. */
enum par_err par_migrate_open(struct par_store *from, const char *name,
                              const struct par_store_options *to, struct par_migrate **migrate_r,
                              struct par_buf *why_r) PAR_MUST_CHECK;
/* Frees and nulls; the move can be gone on with. */
void par_migrate_close(struct par_migrate **migrate);

/* One step. finish: when both are the same, end it. verify: and verify both before, which takes as
 * long as reading them and lets nothing be written meanwhile. Blocks. */
enum par_migrate_end par_migrate_step(struct par_migrate *m, bool finish, bool verify);

/* One line of how far it is; what was found wrong, line by line. */
void par_migrate_status(const struct par_migrate *m, struct par_buf *out);
struct par_str par_migrate_why(const struct par_migrate *m);

/* Ends the move of a store without a copy: it serves as before. What was copied is left where it
 * is. Blocks. */
enum par_err par_migrate_abandon(struct par_store *from) PAR_MUST_CHECK;

#endif
