/* Inside src/conv: what the readers share. */
#ifndef PAR_CONV_READ_PRIVATE_H
#define PAR_CONV_READ_PRIVATE_H

#include "conv/read.h"
#include "proto/encode.h"
#include "store/key.h"

enum { PAR_READ_UNREAD_MAX = 999, PAR_READ_DIRECT_MEMBERS = 2 };

/* The answer for a store that cannot be read, or a row that cannot be decoded. */
enum par_err par_read__unavailable(struct par_reader *r);
enum par_err par_read__damaged(struct par_reader *r);
enum par_err par_read__no_memory(struct par_reader *r);

/* The roster as it is now; present false: there is none. */
enum par_err par_read__roster(struct par_reader *r, const struct par_conv *conv,
                              struct par_roster_slot *now_r) PAR_MUST_CHECK;
/* The conversation's row; last_seq 0: nothing was ever written. */
enum par_err par_read__conversation(struct par_reader *r, const struct par_conv *conv,
                                    struct par_conversation *row_r) PAR_MUST_CHECK;
/* Entries from … to, ascending, in the arena; fewer than asked means damage. from >= 1. */
enum par_err par_read__entries(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                               uint64_t to, struct par_entry **entries_r) PAR_MUST_CHECK;
/* The same for the newest: top was read from the store in this request, and the cache's list serves
 * only if it is as new (TAKEOVER.md V6). */
enum par_err par_read__newest(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                              uint64_t top, struct par_entry **entries_r) PAR_MUST_CHECK;
/* An edit shows no text once its target is deleted (TAKEOVER.md V4). */
enum par_err par_read__hide_deleted(struct par_reader *r, const struct par_conv *conv,
                                    struct par_entry *entries, size_t n) PAR_MUST_CHECK;
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
/* A row of sync. */
enum par_err par_read__conv_row(struct par_reader *r, uint64_t user,
                                const struct par_user_conv *own,
                                const struct par_conversation *conversation,
                                struct par_conv_row *row_r) PAR_MUST_CHECK;

#endif
