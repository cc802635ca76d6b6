/* The index of search: a row for each block of 32 entries of a conversation, its signature.
 *
 * The entries are the truth and the index spares reading them: what has no row yet is read. So a
 * row may come late, and is missing for the newest, unfinished block of each conversation; but of a
 * conversation the rows there are lie one behind the other from block 0 on, so that the newest one
 * tells how far it is indexed. A text stands where it was written: an edited one at its newest
 * `edited` entry, so that no edit outdates a row. A deleted text makes its row be written again;
 * until then the row is only the reason to read the block, where the text is no more.
 *
 * These block on the store, and are for one thread at a time for each conversation; when two
 * servers do the same at once, they write the same. */
#ifndef PAR_SEARCH_INDEX_H
#define PAR_SEARCH_INDEX_H

#include "base/conv_id.h"
#include "parley/store.h"

enum { PAR_INDEX_BLOCK = 32 };

static inline uint64_t par_index_block(uint64_t seq)
{
    return (seq - 1) / PAR_INDEX_BLOCK;
}
static inline uint64_t par_index_first(uint64_t block)
{
    return block * PAR_INDEX_BLOCK + 1;
}

/* Of a conversation's row what the index needs. */
struct par_index_conv {
    struct par_conv conv;
    uint64_t last_seq;
    uint64_t changed; /* the version of what is written */
};
/* last_seq 0: nothing was written there yet. PAR_E_UNAVAILABLE; PAR_E_INTERNAL: the row is damaged,
 * as for the next ones. */
enum par_err par_index_load(struct par_store *store, const struct par_conv *conv,
                            struct par_index_conv *c_r) PAR_MUST_CHECK;

/* Writes the rows of at most `most` complete blocks that have none, the oldest first. *done_r: so
 * many were written; fewer than `most`: there are no more. */
enum par_err par_index_extend(struct par_store *store, const struct par_index_conv *c, size_t most,
                              size_t *done_r) PAR_MUST_CHECK;
/* Writes the row of a block again, if it has one. */
enum par_err par_index_renew(struct par_store *store, const struct par_index_conv *c,
                             uint64_t block) PAR_MUST_CHECK;
/* Renews the rows of what was deleted by commands at or above this stamp. */
enum par_err par_index_renew_since(struct par_store *store, const struct par_index_conv *c,
                                   uint64_t stamp) PAR_MUST_CHECK;
/* Writes the rows of all complete blocks, whatever is there. */
enum par_err par_index_rebuild(struct par_store *store,
                               const struct par_index_conv *c) PAR_MUST_CHECK;

/* The text that the row of an entry has its words of; {NULL, 0}: none. */
struct par_entry;
struct par_str par_index_text(const struct par_entry *e);

/* Until where the conversations of a partition are indexed: everything that commands below this
 * stamp wrote; 0: nothing, or not known. A partition without a row takes that of the former
 * generation, where its conversations were. */
enum par_err par_index_mark(struct par_store *store, uint32_t partition,
                            uint64_t *stamp_r) PAR_MUST_CHECK;
enum par_err par_index_set_mark(struct par_store *store, uint32_t partition,
                                uint64_t stamp) PAR_MUST_CHECK;

#endif
