/* The ledger of pushes: what became of each notification, so that `parley admin push why` can tell
 * an operator why a phone did not ring.
 *
 * A row is for one notification of a user, or one for each device once it came to that. The waker
 * adds it when it knows how that ended; one that is tried again has a row that says so, and later
 * replaces it. Who adds a row never waits: rows go to a thread, which puts them into the store
 * without waiting for the disk. What comes while too many wait, what the store does not take, and
 * what a crash loses is lost: nothing but an operator's answer depends on a row.
 *
 * The rows lie in the store (table push_ledger) under their user, so that any server, or the
 * program without a server, can read them: PAR_LEDGER_KEPT slots, of which a new row takes a free
 * one or that of the oldest. Two servers that write for a user at the same moment may take the same
 * slot, and one of the rows is lost. What is older than PAR_LEDGER_DAYS is never shown; the thread
 * goes through the table, a page at a time, and deletes it. No row has anything of a message but
 * its number. */
#ifndef PAR_SERVER_LEDGER_H
#define PAR_SERVER_LEDGER_H

#include "base/conv_id.h"
#include "parley/push.h"
#include "parley/store.h"
#include "store/key.h"
#include "store/record.h"

struct par_ledger;

enum {
    PAR_LEDGER_KEPT = 50, /* rows of a user */
    PAR_LEDGER_DAYS = 30,
    PAR_LEDGER_SERVICE = 64, /* bytes of a host, with its NUL; what is longer is cut */
    PAR_LEDGER_SWEPT = 1000  /* rows of a page of the look through the table */
};

/* A row on its way. */
struct par_ledger_note {
    uint64_t user;
    uint64_t id; /* of par_ledger_id(): the same for each state of a row */
    enum par_push_end end;
    enum par_push_reason reason;
    struct par_conv conv;
    uint64_t seq;
    uint32_t status;
    uint32_t tries;
    uint64_t device;
    char service[PAR_LEDGER_SERVICE];
};

/* Starts the thread. The store outlives it. PAR_E_UNAVAILABLE. */
enum par_err par_ledger_open(struct par_store *store, struct par_ledger **ledger_r) PAR_MUST_CHECK;
/* Writes what waits and ends. Blocks. Harmless for NULL. */
void par_ledger_close(struct par_ledger **ledger);

/* A new row's id: grows with time, and is another on every server. Any thread. */
uint64_t par_ledger_id(void);
/* The time of an id, in ms. */
static inline int64_t par_ledger_time(uint64_t id)
{
    return (int64_t)(id >> 20);
}

/* Has the row written, with the present time. That a user has no device to push to is noted once a
 * minute, not for each message. Any thread; never blocks on the store. Harmless for NULL. */
void par_ledger_add(struct par_ledger *ledger, const struct par_ledger_note *note);

/* The rows of a user that are to be seen now, the newest first; they are in the arena. What cannot
 * be read is left out. PAR_E_UNAVAILABLE. Blocks. */
enum par_err par_ledger_read(struct par_store *store, uint64_t user, int64_t now_ms,
                             struct par_arena *arena, struct par_push_ledger **rows_r,
                             size_t *count_r) PAR_MUST_CHECK;

/* Deletes what is too old among the next PAR_LEDGER_SWEPT rows from *at on, and moves *at to the
 * last of them; to the front (length 0) after the last row of the table. PAR_E_UNAVAILABLE: *at
 * stays. Blocks. */
enum par_err par_ledger_sweep(struct par_store *store, int64_t now_ms, struct par_key *at);

struct par_ledger_stats {
    uint64_t depth, limit, refused, passed;
};
/* Any thread. */
void par_ledger_stats(struct par_ledger *ledger, struct par_ledger_stats *stats_r);

#endif
