/* The wrapper's own state, shared by its files: store.c (open, state, housekeeping), read.c,
 * write.c. */
#ifndef PAR_STORE_STATE_H
#define PAR_STORE_STATE_H

#include "store/moving.h"
#include "store/store_private.h"

#include <pthread.h>
#include <stdatomic.h>

/* Locks of put_if_absent and swap, by key. */
enum { PAR_STORE__STRIPES = 64 };

enum par_store__phase {
    PAR_STORE__OPEN = 0,
    PAR_STORE__BROKEN,   /* a commit was not OK: nobody new comes in, the last one inside is awaited
                          */
    PAR_STORE__REOPENING /* the thread in par_store_tick() is alone with the driver */
};

struct par_store {
    const struct par_store__driver *driver;
    void *impl;
    char *path; /* NULL: no folder */
    bool no_sync;
    _Atomic uint64_t reserve_mb;
    char incarnation[PAR_STORE_INCARNATION_MAX];

    atomic_int phase;
    atomic_uint inside;   /* threads between par_store__enter and _leave */
    atomic_bool unproven; /* reopened, and no write has succeeded since */
    atomic_bool low_space;
    _Atomic uint64_t generation;
    _Atomic uint64_t unchecked_bytes; /* written since the free space was looked at */

    /* Of the thread inside par_store_tick(). */
    atomic_flag ticking;
    uint32_t backoff_ms;
    uint64_t retry_at_ms;
    uint64_t space_at_ms;

    pthread_mutex_t stripe[PAR_STORE__STRIPES];
    struct par_moving moving;

    _Atomic uint64_t gets, get_errors, scans, rows_scanned, commits, commits_failed,
        commits_uncertain, rows_written, bytes_written, reopened, commit_ns, read_ns, free_bytes;
};

/* A thread that wants to use the driver: false while it is broken or being reopened. */
bool par_store__enter(struct par_store *store);
void par_store__leave(struct par_store *store);

/* Commit without the checks of par_store_commit(); the thread is inside. */
enum par_outcome par_store__commit_inside(struct par_store *store, const struct par_batch *batch,
                                          bool sync);
/* And without what a move adds: what the driver does, counted. */
enum par_outcome par_store__commit_driver(struct par_store *store, const struct par_batch *batch,
                                          bool sync);
/* Looks at the free space of the disk; logs when what it means has changed. */
void par_store__check_space(struct par_store *store);

/* Appends one line for the operator to an out-parameter that may be NULL. */
void par_store__why(struct par_buf *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
