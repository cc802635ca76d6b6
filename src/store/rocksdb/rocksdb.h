/* The driver `rocksdb`: one database, a column family a table, one write-ahead log. */
#ifndef PAR_STORE_ROCKSDB_H
#define PAR_STORE_ROCKSDB_H

#include "store/rocksdb/folder.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <sodium.h>
#include <stdatomic.h>

/* The manifest as far as it was noted. */
struct par_rocksdb__manifest {
    pthread_mutex_t lock;
    int fd; /* -1: not open */
    uint64_t number, size;
    crypto_generichash_state state;
};

struct par_rocksdb {
    struct par_rocksdb__folder folder;
    struct par_rocksdb__manifest manifest;
    bool no_sync;

    /* Made once, used by each opening. */
    rocksdb_options_t *db_options;
    rocksdb_options_t *table_options[PAR_T_COUNT];
    rocksdb_cache_t *cache;
    rocksdb_ratelimiter_t *limiter;
    rocksdb_writeoptions_t *write_sync;
    rocksdb_writeoptions_t *write_plain;
    rocksdb_readoptions_t *read;

    /* NULL between a close and an opening that failed. */
    rocksdb_t *db;
    rocksdb_column_family_handle_t *tables[PAR_T_COUNT];
    /* Tables of a program that knows more than this one; they are opened, so that the format can be
     * read, and then refused. */
    rocksdb_column_family_handle_t **strangers;
    size_t stranger_count;
    char stranger[64];

    _Atomic uint64_t plain_begun, plain_ended; /* commits without sync */
};

/* What all openings share: caches, and the options of each table. */
void par_rocksdb__options_init(struct par_rocksdb *r, const struct par_store_options *options);
/* Frees them; the database is closed. */
void par_rocksdb__options_fini(struct par_rocksdb *r);

/* Opens the database in the folder; creates it unless it existed. What recovery finds in the log is
 * in tables, and synced, when this returns (E3). */
enum par_err par_rocksdb__db_open(struct par_rocksdb *r, bool create, struct par_buf *why_r);
/* flush: what is in memory goes to tables first. */
void par_rocksdb__db_close(struct par_rocksdb *r, bool flush);

/* Refuses a manifest that is not what folder->proof says; nothing is open yet. */
enum par_err par_rocksdb__manifest_check(struct par_rocksdb__folder *folder, struct par_buf *why_r);
/* Cuts off the end of a manifest that a loss of power left torn, after the check. */
void par_rocksdb__manifest_cut(const struct par_rocksdb__folder *folder);
/* Opens the manifest that CURRENT names; -1: it cannot be. */
int par_rocksdb__manifest_open(const struct par_rocksdb__folder *folder, bool writes,
                               uint64_t *number_r);
/* Refuses logs with a gap among the rows up to `noted`; nothing is open yet. Reads them all. */
enum par_err par_rocksdb__wal_check(const struct par_rocksdb__folder *folder, uint64_t noted,
                                    struct par_buf *why_r);
/* Notes how the manifest is now, if it has changed. Any thread; blocks for a sync then. */
void par_rocksdb__manifest_follow(struct par_rocksdb *r);
/* The database is closed: the next one has another manifest. */
void par_rocksdb__manifest_forget(struct par_rocksdb *r);

/* The driver's copies. Both block. */
enum par_err par_rocksdb__copy_begin(void *impl, const char *dir, struct par_store__copy *copy_r,
                                     struct par_buf *why_r);
enum par_err par_rocksdb__copy_end(const struct par_store__copy *made, const char *dir,
                                   struct par_buf *why_r);
/* Removes what an interrupted backup left in the store's folder. */
void par_rocksdb__backup_clean(struct par_rocksdb *r);

#endif
