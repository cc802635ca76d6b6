/* The folder of a store:
 *
 *   lock       held by the process that has it open
 *   FORMAT     "parley store 1": what this folder is, readable without the database
 *   db/        RocksDB
 *   copying    a backup, a restore or an import writes here, or was interrupted: this is no store
 *   released   the last batch that was told to anybody (TAKEOVER.md E4), and what the database's
 *              list of its tables, the manifest, was then. A backup has none: a store without it is
 *              a copy, and numbers anew under a new incarnation */
#ifndef PAR_STORE_ROCKSDB_FOLDER_H
#define PAR_STORE_ROCKSDB_FOLDER_H

#include "store/rocksdb/files.h"
#include "store/store_private.h"

#include <pthread.h>

enum { PAR_ROCKSDB__PROOF = 16 };

/* The first `size` bytes of MANIFEST-<number>, which are durable, have this BLAKE2b. 0: none. */
struct par_rocksdb__proof {
    uint64_t number, size;
    uint8_t hash[PAR_ROCKSDB__PROOF];
};

struct par_rocksdb__folder {
    char path[PAR_STORE_PATH_MAX];
    char db[PAR_STORE_PATH_MAX];
    bool existed; /* there was a store */
    int lock_fd;

    pthread_mutex_t note_lock;
    int note_fd; /* -1: there is no note yet */
    uint64_t noted;
    unsigned note_slot;
    struct par_rocksdb__proof proof;
};

/* Takes the lock and finds out what is here. Refuses a newer format, a second process, damage, a
 * copy that has not ended, and what must_exist and must_be_new forbid. Begins a copy if asked. */
enum par_err par_rocksdb__folder_open(const struct par_store_options *options,
                                      struct par_rocksdb__folder *folder, struct par_buf *why_r);
void par_rocksdb__folder_close(struct par_rocksdb__folder *folder);
/* The mark of a copy in any folder: made, durably; looked for; removed, durably, once everything
 * else is durable (there may be none). -1 with errno. */
int par_rocksdb__copying_begin(const char *path);
bool par_rocksdb__copying(const char *path);
int par_rocksdb__copying_end(const char *path);
/* Removes what a copy wrote to the folder, the mark last. */
void par_rocksdb__copying_undo(const char *path);
/* Checks FORMAT of any folder; missing_r: there is none. */
enum par_err par_rocksdb__format_check(const char *path, bool *missing_r, struct par_buf *why_r);
/* Writes FORMAT unless it is there. */
enum par_err par_rocksdb__format_write(const char *path, struct par_buf *why_r);

/* The note as it was found, and its proof in folder->proof; false: none that can be read. */
bool par_rocksdb__note_read(struct par_rocksdb__folder *folder, uint64_t *noted_r);
/* Makes the note, durably. */
enum par_err par_rocksdb__note_start(struct par_rocksdb__folder *folder, uint64_t number,
                                     struct par_buf *why_r);
/* Notes a greater number, without waiting for the disk. Any thread. */
void par_rocksdb__note(struct par_rocksdb__folder *folder, uint64_t number);
/* Notes another state of the manifest, likewise. */
void par_rocksdb__note_proof(struct par_rocksdb__folder *folder,
                             const struct par_rocksdb__proof *proof);

#endif
