/* The message store: tables of keys and values, for ever, in the order of their keys.
 *
 * The story of one batch. The writer numbers what is waiting and collects every row that results in
 * one par_batch: entries, cmids, conversations, rosters, marks, the checkpoint. par_store_commit()
 * makes it durable as a whole and says how that ended. OK: all of it survives the loss of power,
 * and readers see it. FAILED: none of it is there. UNCERTAIN: it is there or not, and may be found
 * later. After anything but OK the store closes what it has open and opens it again
 * (par_store_tick() does the work), because a database whose write failed is not to be trusted.
 * par_store_generation() then differs: who keeps rows in memory drops them, and reads again, before
 * the next number is given (TAKEOVER.md E2).
 *
 * A store of many machines is not `atomic` (par_store_atomic): a batch lands row by row, in any
 * order, some of it perhaps long after the call has ended in something else than OK, and of two
 * values of a row the one with the higher version holds, whichever came last. FAILED and UNCERTAIN
 * are one there: the caller writes the same bytes again until OK (W1), and never goes on without.
 *
 * Which rows there are, and what their bytes mean, is src/store/key.h and src/store/record.h; a
 * driver knows neither. Drivers: `rocksdb`, `memory`, `fail`. Every call may block, and may come
 * from any thread that may; the reactors make none. */
#ifndef PARLEY_STORE_H
#define PARLEY_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "parley/err.h"

struct par_store;

enum par_table {
#define X(name, text, prefix, size) PAR_T_##name,
#include "parley/tbl/tables.h"
#undef X
    PAR_T_COUNT
};

/* The name of a table, and the table of a name (-1: none). */
const char *par_table_name(enum par_table table);
int par_table_by_name(struct par_str name);

enum {
    PAR_STORE_KEY_MAX = 256,
    /* Nothing that Parley stores comes near it; a roster of 500 members has 10 KB. */
    PAR_STORE_VALUE_MAX = 1024 * 1024,
    PAR_STORE_INCARNATION_MAX = 33,
};

/* A stamp: the place of a command in the logs. The generation (16 bits) and the offset in it (48
 * bits), so that stamps compare as numbers. Generation 0 is the queue inside the process. */
static inline uint64_t par_stamp(uint32_t generation, uint64_t offset)
{
    return (uint64_t)generation << 48 | offset;
}
static inline uint32_t par_stamp_generation(uint64_t stamp)
{
    return (uint32_t)(stamp >> 48);
}
static inline uint64_t par_stamp_offset(uint64_t stamp)
{
    return stamp & 0xFFFFFFFFFFFFu;
}

/* The version of a delete of a row whose key is random and never used again. */
#define PAR_STORE_FOR_GOOD (UINT64_C(1) << 62)

/* ---- Opening ---- */

/* What the driver `fail` does to the driver that it wraps; all zero: nothing. */
struct par_store_fail {
    uint32_t fail_every;      /* each n-th commit is FAILED and not done */
    uint32_t uncertain_every; /* each n-th commit is UNCERTAIN; not done and done in turn */
    uint32_t read_every;      /* each n-th read is unavailable */
    uint32_t reopen_fails;    /* so many times the store cannot be opened again after a failure */
    bool unavailable;         /* all reads and writes are */
    bool read_only;           /* writes are refused: par_store_writable() is false */
};
enum { PAR_STORE_FAIL_INNER_MAX = 16 };
/* Reads `store.fail`: words with blanks or commas between, `inner=memory` (the default) or
 * `inner=rocksdb`, `fail_every=N`, `uncertain_every=N`, `read_every=N`, `reopen_fails=N`,
 * `unavailable`, `read_only`. False at the first word that is none of them. */
bool par_store_fail_parse(struct par_str text, struct par_store_fail *fail_r,
                          char inner_r[PAR_STORE_FAIL_INNER_MAX]);

/* A folder that a copy is written to is refused until the copy has ended, so that a part of one is
 * never taken for a store. */
enum par_store_copying {
    PAR_STORE_COPYING_NOT = 0,
    PAR_STORE_COPYING_BEGINS,  /* what an earlier one left is removed */
    PAR_STORE_COPYING_GOES_ON, /* this one's folder */
};

/* Strings are borrowed during the call. 0 = the default. */
struct par_store_options {
    const char *driver; /* "rocksdb", "memory", "fail"; NULL: rocksdb */
    const char
        *path; /* the store's folder, made when missing (its parent must exist); unused by memory */
    const char *gateways; /* hbase: host:port, with commas between */
    const char *space;    /* hbase: the namespace of its tables; NULL: parley */
    const char *fail; /* for the driver fail, as par_store_fail_parse() reads it; NULL: nothing */
    bool no_sync;     /* commits do not wait for the disk: a loss of power loses messages */
    bool must_exist;  /* refuse a folder without a store, instead of making one */
    bool must_be_new; /* refuse a folder with one (import, init) */
    enum par_store_copying copying; /* of restore and import */
    bool new_incarnation; /* what is here is a copy: clients must drop what they cached (E5) */
    /* What store/migrate.c opens: a store that another one is moved to, new or begun under this id,
     * with the other's incarnation; and copy_ended: perhaps complete already. */
    const char *copy_id, *copy_incarnation;
    bool copy_ended;
    bool moved;                  /* a store that was moved elsewhere may be opened, too */
    uint32_t move_notes_mb;      /* notes that a move keeps for its target: 1,024 */
    uint32_t cache_mb;           /* memory for blocks read from disk: 256 */
    uint32_t write_buffer_mb;    /* memory for rows not yet in a table file, in all: 48 */
    uint32_t open_files;         /* 1,024 */
    uint32_t background_threads; /* 2 */
    uint32_t connections;        /* hbase: to the gateways, in all: 8 */
    uint32_t regions;            /* hbase: of a table that is made: 16 */
    uint32_t
        reserve_mb; /* free space that writes leave alone, but at most 1/8 of the disk; 0: none */
};

struct par_config;
/* The options that the section [store] names; they borrow from cfg. */
void par_store_options_from(const struct par_config *cfg, struct par_store_options *options_r);

/* Opens the store, or makes a new one where there is none. PAR_E_CONFLICT: this folder must not be
 * used as asked (another process has it, a damaged or a newer store, not empty, no store), which no
 * retry mends; PAR_E_BAD_REQUEST: no such driver or a wrong option; PAR_E_UNAVAILABLE: the system
 * refused (space, rights). why_r gets one line for the operator that says what to do. *store_r is
 * NULL then. */
enum par_err par_store_open(const struct par_store_options *options, struct par_store **store_r,
                            struct par_buf *why_r) PAR_MUST_CHECK;

/* Writes what is in memory to its tables (so that the next start is fast) and closes. No other
 * thread may be inside a call. NULL is allowed. */
void par_store_close(struct par_store **store);

/* A row of meta: an embedded server ended in good order (TAKEOVER.md E6). */
#define PAR_STORE_CLEAN PAR_STR("clean")

/* ---- State ---- */

/* True: a batch is there as a whole or not at all, and readers see it only once it is durable (E1).
 * False: rows land one by one, and may be seen before the batch is OK (TAKEOVER.md 4, 7). Never
 * blocks. */
bool par_store_atomic(const struct par_store *store);

/* False while a failed write is being dealt with, and while the disk has less free space than the
 * reserve: commits are refused (FAILED) then. Reads of a full disk go on. Never blocks. */
bool par_store_writable(const struct par_store *store);
/* Why not, for a log line or a status page: static text; "" when writable. */
const char *par_store_trouble(const struct par_store *store);

/* Changes (only ever grows) whenever the store was opened again after a failed write. Never blocks.
 */
uint64_t par_store_generation(const struct par_store *store);

/* The id that `hello` gives as `store`: 32 hex digits, new for a new store and after a restore. */
const char *par_store_incarnation(const struct par_store *store);
const char *par_store_driver(const struct par_store *store);

/* The store's housekeeping: checks the free space; after a failed write closes, opens again, and
 * tries a write. To be called by one thread that may block, again after the milliseconds it returns
 * (1-5000), and at once after a commit that was not OK. */
uint32_t par_store_tick(struct par_store *store);

/* Another reserve (options.reserve_mb), from the next tick on. Any thread. */
void par_store_set_reserve(struct par_store *store, uint32_t reserve_mb);

/* Figures for the metrics page, estimates. */
struct par_store_stats {
    uint64_t gets, get_errors, scans, rows_scanned, commits, commits_failed, commits_uncertain;
    uint64_t rows_written, bytes_written, reopened;
    uint64_t commit_ns, read_ns;     /* sums; the histograms are in the process's statistics */
    uint64_t disk_bytes, free_bytes; /* 0 when the driver has none */
    uint64_t memory_bytes;           /* caches and write buffers */
};
void par_store_stats(struct par_store *store, struct par_store_stats *stats_r);

/* ---- Reading: released state only, never a row before it is durable ---- */

/* 1: the value is appended to value_r. 0: no such row. -1: unavailable (value_r unchanged). */
int par_store_get(struct par_store *store, enum par_table table, struct par_str key,
                  struct par_buf *value_r) PAR_MUST_CHECK;
/* The same, into an arena; {NULL, 0} unless 1. */
int par_store_get_in(struct par_store *store, enum par_table table, struct par_str key,
                     struct par_arena *arena, struct par_str *value_r) PAR_MUST_CHECK;

struct par_store_key {
    enum par_table table;
    struct par_str key;
};
/* Many at once: values_r[i] belongs to keys[i], {NULL, 0} when there is no such row, in the arena
 * otherwise. Cheapest when keys of a table follow each other. PAR_E_UNAVAILABLE: none of them is
 * valid. Not a snapshot: a commit in between may be seen by some. */
enum par_err par_store_multi_get(struct par_store *store, size_t n,
                                 const struct par_store_key *keys, struct par_arena *arena,
                                 struct par_str *values_r) PAR_MUST_CHECK;

/* Called for each row in turn; key and value are valid until it returns. False ends the scan. It
 * must not call the store. */
typedef bool (*par_store_row_fn)(void *arg, struct par_str key, struct par_str value);

/* Rows with start <= key < end in the order of keys, at most `limit` (0: no limit), as of one
 * moment (in a store that is not atomic each row has its own, in the order of the keys). An empty
 * end means the end of the table. Returns after the last call of fn. A long scan holds up a
 * reopening: pages of some thousand rows are right. */
enum par_err par_store_scan(struct par_store *store, enum par_table table, struct par_str start,
                            struct par_str end, size_t limit, par_store_row_fn fn,
                            void *arg) PAR_MUST_CHECK;

struct par_store_row {
    struct par_str key;
    struct par_str value;
    struct par_store_row *next;
};
/* The same rows as a list in the arena; ends early, after at least one row, once keys and values
 * pass max_bytes (0: no limit). *more_r (may be NULL) tells whether a limit cut it. */
enum par_err par_store_scan_in(struct par_store *store, enum par_table table, struct par_str start,
                               struct par_str end, size_t limit, size_t max_bytes,
                               struct par_arena *arena, struct par_store_row **rows_r,
                               bool *more_r) PAR_MUST_CHECK;

/* ---- Writing ---- */

/* Rows to be written together. Start with {0}; keys and values are copied in. Not thread-safe. */
struct par_batch {
    struct par_buf _bytes;
    struct par_buf _ops;
    size_t count;
    bool _open;
};

/* `version` orders the states of a row where a store can receive them late (HBase's cell
 * timestamp): the stamp of the command, of an entry the `ts` of the entry that made this state
 * (TAKEOVER.md S1, S4). Drivers with one writer ignore it: of two puts of a key in a batch, and of
 * two batches, the later one holds. Where a store minds it, of two puts at the same version the one
 * that lands last holds, and a delete hides every value up to its own version, those that land
 * after it too: a delete needs at least the version of what it is to delete, and what is put again
 * a higher one. */
void par_batch_put(struct par_batch *b, enum par_table table, struct par_str key,
                   struct par_str value, uint64_t version);
void par_batch_delete(struct par_batch *b, enum par_table table, struct par_str key,
                      uint64_t version);
/* Instead of par_batch_put, without a copy: the caller appends the value to the buffer it gets
 * (nothing else may touch the batch), then ends it. */
struct par_buf *par_batch_begin(struct par_batch *b, enum par_table table, struct par_str key,
                                uint64_t version);
void par_batch_end(struct par_batch *b);
/* Keys and values so far. */
size_t par_batch_bytes(const struct par_batch *b);
/* False: a row is larger than a store takes (a bug of the caller, logged), or memory was refused.
 */
bool par_batch_fits(const struct par_batch *b);
void par_batch_clear(struct par_batch *b);
void par_batch_fini(struct par_batch *b);

/* Writes all of the batch or nothing, and, with sync, waits until it is durable. The batch is
 * unchanged, and may be committed again. An empty batch is OK. Without sync readers see rows that a
 * loss of power undoes: only for what may be lost. FAILED also: not writable, memory refused, a row
 * too large (that one is a bug of the caller, logged). */
enum par_outcome par_store_commit(struct par_store *store, const struct par_batch *batch,
                                  bool sync) PAR_MUST_CHECK;

/* 1: the row was not there and is now, durable. 0: it was there already, and its value is appended
 * to value_r (may be NULL). -1: unavailable; it may be there. Two callers of one key: one gets 1.
 */
int par_store_put_if_absent(struct par_store *store, enum par_table table, struct par_str key,
                            struct par_str value, uint64_t version,
                            struct par_buf *value_r) PAR_MUST_CHECK;

/* Replaces the whole value if it is still `expected` ({NULL, 0}: if the row is missing); the value
 * {NULL, 0} deletes the row. 1: done, durable. 0: it is another; appended to value_r (may be NULL),
 * nothing when the row is missing. -1: unavailable; it may be done. Ordered with put_if_absent and
 * itself, not with commits. A store that minds versions gives the value a higher one where
 * `version` would hide it behind what was there: so clocks of servers that differ do no harm here,
 * as they do with a put. */
int par_store_swap(struct par_store *store, enum par_table table, struct par_str key,
                   struct par_str expected, struct par_str value, uint64_t version,
                   struct par_buf *value_r) PAR_MUST_CHECK;

/* Makes the row this value ({NULL, 0}: no row), whatever is there, by swaps where versions would
 * hide it: for rows that several servers write, whose clocks differ. FAILED also when others kept
 * changing the row. */
enum par_outcome par_store_set(struct par_store *store, enum par_table table, struct par_str key,
                               struct par_str value, uint64_t version) PAR_MUST_CHECK;

/* A batch of one row, synced. */
enum par_outcome par_store_put(struct par_store *store, enum par_table table, struct par_str key,
                               struct par_str value, uint64_t version) PAR_MUST_CHECK;
enum par_outcome par_store_delete(struct par_store *store, enum par_table table, struct par_str key,
                                  uint64_t version) PAR_MUST_CHECK;

/* ---- Copies ---- */

/* A copy of everything that is durable, in the new or empty folder `dir`, while the store serves.
 * The copy is a data folder for par_store_restore(), and complete or, on an error, removed.
 * PAR_E_CONFLICT: the folder is not empty; PAR_E_BAD_REQUEST: this driver has none;
 * PAR_E_UNAVAILABLE otherwise; why_r as in open. */
enum par_err par_store_backup(struct par_store *store, const char *dir,
                              struct par_buf *why_r) PAR_MUST_CHECK;
/* Makes the backup in `dir` the store of the data folder `path`, which must hold none; with a new
 * incarnation. Needs no open store. Errors as par_store_backup(). */
enum par_err par_store_restore(const char *dir, const char *path,
                               struct par_buf *why_r) PAR_MUST_CHECK;

/* ---- Tests ---- */

/* Changes what the driver `fail` does from now on; false for any other driver. Thread-safe. */
bool par_store_fail_set(struct par_store *store, const struct par_store_fail *fail);

#endif
