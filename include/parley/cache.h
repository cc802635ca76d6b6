/* The cache family: the newest entries of active conversations, so that opening one does not read
 * the disk.
 *
 * The story of a page. A reader has read last_seq from the store in this request. It asks for the
 * conversation's list; a list serves only if its top, the newest entry in it, is not below
 * last_seq: then it reflects every edit and delete up to there, because each of them is an entry
 * itself and raises last_seq. After a miss the reader scans the store and gives what it found,
 * which replaces a list with a lower top only (TAKEOVER.md V6). So a cache that is late, or was
 * filled by somebody slow, costs a scan and never shows what is not true; and one that fails is a
 * cache that misses.
 *
 * Entries are the values of the store's table, as bytes. Every call may come from any thread; the
 * local driver holds a short lock and does not block, others may. Drivers: `local`, `fail`. A NULL
 * cache misses. */
#ifndef PARLEY_CACHE_H
#define PARLEY_CACHE_H

#include "base/arena.h"
#include "base/conv_id.h"
#include "parley/err.h"

struct par_cache;
struct par_redis_config;

struct par_cache_config {
    const char *driver;                   /* "local", "fail"; NULL: local */
    size_t max_bytes;                     /* of all lists in memory; 0: nothing is kept there */
    const struct par_redis_config *redis; /* of the driver redis; borrowed during the call */
    const char *fail; /* for the driver fail: "miss_every=N", "stale"; NULL: every call misses */
};

enum {
    /* Entries of a list that are kept. */
    PAR_CACHE_ENTRIES = 64,
};

/* PAR_E_BAD_REQUEST: no such driver, or a wrong option. PAR_E_UNAVAILABLE: memory is refused. */
enum par_err par_cache_open(const struct par_cache_config *config,
                            struct par_cache **cache_r) PAR_MUST_CHECK;
/* No other thread is inside a call. */
void par_cache_close(struct par_cache **cache);

/* One entry: the value of its row. */
struct par_cache_entry {
    uint64_t seq;
    struct par_str value;
};

/* The list of a conversation, newest first, without a hole, copied into the arena: its length, 0
 * for a miss. last_seq: read from the store in this request. The last entry is not the
 * conversation's first unless its seq is 1. */
size_t par_cache_get(struct par_cache *cache, const struct par_conv *conv, uint64_t last_seq,
                     struct par_arena *arena, struct par_cache_entry **entries_r);

/* Gives the newest entries of a conversation, newest first, as one scan found them; all are copied.
 * Nothing happens when there is a hole in them, or the cache has a list with a top as high. */
void par_cache_put(struct par_cache *cache, const struct par_conv *conv,
                   const struct par_cache_entry *entries, size_t n);

/* One more entry, durable and released, that changes no other: a list whose top is seq - 1 gets it.
 * Any other list stays as it is, and misses from now on. */
void par_cache_extend(struct par_cache *cache, const struct par_conv *conv, uint64_t seq,
                      struct par_str value);

struct par_cache_stats {
    uint64_t bytes, max_bytes, lists;
    uint64_t hits, misses, evicted;
};
/* What the cache holds and has done; any thread. */
void par_cache_stats(const struct par_cache *cache, struct par_cache_stats *stats_r);

#endif
