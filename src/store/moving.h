/* A store that moves to another place while it serves (docs/decisions/0014): what the wrapper does
 * for it.
 *
 * From a recorded point on, each commit also writes a note of its own rows, in the same batch: so a
 * note is there exactly when its rows are. Who moves the store (migrate.c) copies every table as it
 * finds it and puts the noted rows over the copy, in their order. The state of the move and the
 * notes are rows of meta, so the move goes on after a crash, and a store that is opened notes again
 * from its first commit. At the end the store takes no more writes, for good. */
#ifndef PAR_STORE_MOVING_H
#define PAR_STORE_MOVING_H

#include "parley/store.h"

#include <pthread.h>
#include <stdatomic.h>

enum par_moving_phase {
    PAR_MOVING_NOT = 0,
    PAR_MOVING_COPIES,   /* tables are copied, from `table` and `cursor` on */
    PAR_MOVING_COMPARES, /* both stores are compared, from there on */
    PAR_MOVING_FOLLOWS,  /* both have been found the same, and the notes keep them so */
    PAR_MOVING_MOVED,    /* this store takes no writes any more; the other one has them */
    PAR_MOVING_GIVEN_UP  /* there were more notes than it keeps: the move begins anew */
};
enum { PAR_MOVING_ID_MAX = 33, PAR_MOVING_TARGET_MAX = 1100 };

/* The row of meta. */
struct par_moving_state {
    enum par_moving_phase phase;
    uint8_t table;    /* enum par_table */
    uint64_t applied; /* the last note that the target has */
    uint64_t rows;    /* copied or compared in this phase */
    char id[PAR_MOVING_ID_MAX];
    char target[PAR_MOVING_TARGET_MAX]; /* as the operator named it */
    uint16_t cursor_len;
    uint8_t cursor[PAR_STORE_KEY_MAX + 1]; /* where the next page begins */
};

/* Inside a store; one of its fields. */
struct par_moving {
    pthread_mutex_t gate; /* held by who lets no commit begin; taken before the lock */
    pthread_mutex_t lock; /* orders commits that are noted */
    atomic_bool notes;
    atomic_bool frozen;
    atomic_uint unnoted; /* commits on their way that are not noted */
    uint64_t next;       /* number of the next note; under the lock */
    _Atomic uint64_t waiting_bytes;
    uint64_t most_bytes;
    struct par_moving_state state; /* under the lock */
};

/* ---- of the wrapper ---- */

/* Reads the state, when the store is opened: PAR_E_CONFLICT for one that has moved, unless the
 * options say that this is known, and for a copy that has not ended, unless they name it. */
enum par_err par_moving__open(struct par_store *store, const struct par_store_options *options,
                              struct par_buf *why);
/* The first row of a store that is to be a copy. */
void par_moving__begin_copy(struct par_batch *batch, const char *copy_id);
/* A commit of a store that moves; the thread is inside. */
enum par_outcome par_moving__commit(struct par_store *store, const struct par_batch *batch,
                                    bool sync);

/* ---- of who moves it ---- */

/* The recorded point: what is committed from now on is noted. PAR_E_UNAVAILABLE. Blocks until what
 * was on its way before has ended. */
enum par_err par_moving_start(struct par_store *store, const struct par_moving_state *state);
void par_moving_get(struct par_store *store, struct par_moving_state *state_r);
/* Writes the state, and removes the notes that the target has now (of par_moving_notes(); may be
 * NULL). FAILED also for a move that was given up. */
enum par_outcome par_moving_save(struct par_store *store, const struct par_moving_state *state,
                                 const struct par_store_row *applied, bool sync);
/* The number of the last note given so far. */
uint64_t par_moving_last(struct par_store *store);
/* Notes above `after`, in order, some of them; the list is in the arena. */
enum par_err par_moving_notes(struct par_store *store, uint64_t after, struct par_arena *arena,
                              struct par_store_row **rows_r);
/* The number of a note, from its key. */
uint64_t par_moving_number(struct par_str key);
/* No further commits, or commits again. What was on its way has ended when it returns. */
void par_moving_freeze(struct par_store *store, bool frozen);
/* Commits wait until they are let go again: for looks at a row that never rests. Of a store that
 * notes; only the thread that held them lets them go. */
void par_moving_hold(struct par_store *store);
void par_moving_let_go(struct par_store *store);
/* Removes the state and all notes; the store is as if it had never moved. */
enum par_err par_moving_forget(struct par_store *store);
/* Bytes of notes that the target has not. */
uint64_t par_moving_waiting(struct par_store *store);
/* Rows of meta that are this store's own and no part of what it keeps for others. */
bool par_moving_is_own(struct par_str key);
/* The end of a copy: the store may be opened as any other. */
enum par_outcome par_moving_end_copy(struct par_store *store);

/* One row of a note, borrowed from it. */
struct par_moving_row {
    enum par_table table;
    bool deletes;
    uint64_t version;
    struct par_str key, value;
};
/* Reads the next one; false at the end. *damaged_r: the note makes no sense. */
bool par_moving_next(struct par_str *note, struct par_moving_row *row_r, bool *damaged_r);

#endif
