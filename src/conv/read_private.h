/* Inside src/conv: what the readers share. */
#ifndef PAR_CONV_READ_PRIVATE_H
#define PAR_CONV_READ_PRIVATE_H

#include "base/mutant.h"
#include "base/rules.h"
#include "conv/read.h"
#include "proto/encode.h"
#include "store/key.h"

enum { PAR_READ_UNREAD_MAX = 999, PAR_READ_DIRECT_MEMBERS = 2, PAR_READ_TOKEN_MAX = 192 };

/* The answer for a store that cannot be read, or a row that cannot be decoded. */
enum par_err par_read__unavailable(struct par_reader *r);
enum par_err par_read__damaged(struct par_reader *r);
enum par_err par_read__no_memory(struct par_reader *r);

/* Rows that are read in one call: value[i] is that of the i-th one that was asked for, {NULL, 0}
 * where there is none. All of it lies in the arena. */
struct par_read__many {
    size_t count; /* asked for */
    struct par_str *value;
    struct par_key *_key;
    struct par_store_key *_asked;
};
/* Makes room for so many. */
enum par_err par_read__many_init(struct par_reader *r, size_t most,
                                 struct par_read__many *many_r) PAR_MUST_CHECK;
static inline void par_read__ask(struct par_read__many *many, enum par_table table,
                                 struct par_key key)
{
    size_t i = many->count++;
    many->_key[i] = key;
    many->_asked[i] = (struct par_store_key){table, par_key_str(&many->_key[i])};
}
/* Reads them; when none was asked for there is nothing to do. */
enum par_err par_read__many(struct par_reader *r, struct par_read__many *many) PAR_MUST_CHECK;

/* V1: *top_r is the newest entry below which there is no hole, and not above what the
 * conversation's row tells (so that sync is never behind a page); 0 for none. A store that lands
 * rows one by one may hold some above it. */
enum par_err par_read__top(struct par_reader *r, const struct par_conv *conv,
                           uint64_t *top_r) PAR_MUST_CHECK;
/* The newest entry there is at or below seq, which some row names; NULL: there is none yet. Only a
 * store that lands rows one by one may not have seq itself. */
enum par_err par_read__last(struct par_reader *r, const struct par_conv *conv, uint64_t seq,
                            struct par_entry **entry_r) PAR_MUST_CHECK;
/* The roster as it is now; present false: there is none. */
enum par_err par_read__roster(struct par_reader *r, const struct par_conv *conv,
                              struct par_roster_slot *now_r) PAR_MUST_CHECK;
/* And as it was before its last change. */
enum par_err par_read__rosters(struct par_reader *r, const struct par_conv *conv,
                               struct par_roster *roster_r) PAR_MUST_CHECK;
/* The conversation's row; last_seq 0: nothing was ever written. */
enum par_err par_read__conversation(struct par_reader *r, const struct par_conv *conv,
                                    struct par_conversation *row_r) PAR_MUST_CHECK;
/* Entries from … to, ascending, in the arena; fewer than asked means damage. from >= 1, to <= the
 * top. */
enum par_err par_read__entries(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                               uint64_t to, struct par_entry **entries_r) PAR_MUST_CHECK;
/* The same for the newest: top was read from the store in this request, and the cache's list serves
 * only if it is as new (TAKEOVER.md V6). */
enum par_err par_read__newest(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                              uint64_t top, struct par_entry **entries_r) PAR_MUST_CHECK;
/* A page applies its own edits and deletes, whose targets may not show them yet; an edit shows no
 * text once its target is deleted, wherever that is (TAKEOVER.md V4). */
enum par_err par_read__hide_deleted(struct par_reader *r, const struct par_conv *conv,
                                    struct par_entry *entries, size_t n) PAR_MUST_CHECK;
/* To one who is out, whose newest entry is `last`: a text that was edited since is shown without
 * the text, which was written after they left. The former text is not kept. */
void par_read__hide_later(struct par_entry *entries, size_t n, uint64_t last);
/* All marks of a conversation, ascending by user. */
struct par_read__mark {
    uint64_t user;
    struct par_mark mark;
};
enum par_err par_read__marks(struct par_reader *r, const struct par_conv *conv,
                             struct par_read__mark **marks_r, size_t *n_r) PAR_MUST_CHECK;
/* That of one user; without a row everything before the member joined counts as delivered and read.
 */
struct par_mark par_read__mark_of(const struct par_read__mark *marks, size_t n, uint64_t user,
                                  uint64_t joined_seq);
/* The conversations that the user is or was in. */
enum par_err par_read__user_convs(struct par_reader *r, uint64_t user,
                                  struct par_user_conv **rows_r, size_t *n_r) PAR_MUST_CHECK;
/* One of them with its row as far as this user may see it: the last entry of one who left is the
 * one that took them out. */
struct par_read__candidate {
    const struct par_user_conv *own;
    struct par_conversation conversation;
};
/* candidates_r[i] is that of own[i]; of a conversation without a row last_seq is 0. */
enum par_err par_read__candidates(struct par_reader *r, const struct par_user_conv *own, size_t n,
                                  struct par_read__candidate *candidates_r) PAR_MUST_CHECK;
/* V3: how far entries go, then who may see them. */
enum par_err par_read__top_and_view(struct par_reader *r, uint64_t user,
                                    const struct par_conv *conv, uint64_t *top_r,
                                    struct par_view *view_r) PAR_MUST_CHECK;
/* The newest entry of low … high that is older than ts; low - 1 when there is none. */
enum par_err par_read__before_ts(struct par_reader *r, const struct par_conv *conv, uint64_t low,
                                 uint64_t high, int64_t ts, uint64_t *seq_r) PAR_MUST_CHECK;
/* The ts of an entry that is there. */
enum par_err par_read__ts(struct par_reader *r, const struct par_conv *conv, uint64_t seq,
                          int64_t *ts_r) PAR_MUST_CHECK;
/* How far a partition was. */
struct par_read__position {
    uint32_t partition; /* its id */
    uint64_t position;
    bool sealed;
};
struct par_read__token {
    struct par_read__position *at; /* in the arena */
    size_t count;
};
/* Where all partitions are; to be read before any row (V7). */
enum par_err par_read__token_now(struct par_reader *r,
                                 struct par_read__token *token_r) PAR_MUST_CHECK;
/* The list without the incarnation, as part of a cursor; its length. */
size_t par_read__token_list(const struct par_read__token *t, char out[PAR_READ_TOKEN_MAX]);
/* Back from it; false when it is none, or tells of what has not come to be. */
bool par_read__token_parse(struct par_reader *r, struct par_str text,
                           const struct par_read__token *now, struct par_read__token *token_r);
/* From the front of a text; false: something else is there. */
bool par_read__take_hex(struct par_str *text, uint64_t most, uint64_t *v_r);
bool par_read__take(struct par_str *text, char c);
/* A list of many (read_positions.c): its length, 0 when it is not of one generation; and back, as
 * token_parse does. */
size_t par_read__positions_pack(const struct par_read__token *t, char *out, size_t size);
bool par_read__positions_unpack(struct par_reader *r, struct par_str text,
                                const struct par_read__token *now, struct par_read__token *token_r);
/* Writes the member sync_token. */
void par_read__token_write(struct par_reader *r, const struct par_read__token *t,
                           struct par_json_out *w);
/* May a row that this command made, in the partition of this number, have come after the token was
 * read? */
bool par_read__token_changed(const struct par_read__token *t, uint32_t number, uint64_t stamp);
/* A row of sync. */
enum par_err par_read__conv_row(struct par_reader *r, uint64_t user,
                                const struct par_user_conv *own,
                                const struct par_conversation *conversation,
                                struct par_conv_row *row_r) PAR_MUST_CHECK;

#endif
