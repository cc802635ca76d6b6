/* The reading side of conversations: history, sync, members, unread, who may see whom.
 *
 * These run on pool threads, block on the store, and write what they find as the members of a JSON
 * object that the caller has opened. They read released state only, entries first, then the roster
 * without any cache, then cut what the user may not see (TAKEOVER.md V3): so a member who is
 * removed in between sees less, never more. A query that fails writes nothing that matters: the
 * caller drops the object and answers the error. */
#ifndef PAR_CONV_READ_H
#define PAR_CONV_READ_H

#include "base/arena.h"
#include "base/json_write.h"
#include "parley/cache.h"
#include "parley/store.h"
#include "proto/values.h"
#include "store/record.h"

/* What a query reads with; the arena is the request's. */
struct par_reader {
    struct par_store *store;
    struct par_cache *cache; /* NULL: none */
    struct par_arena *arena;
    size_t page_bytes;   /* an answer's text ends, with `more` or `cursor`, before it passes this */
    const char *message; /* out: why, after an error; static, or in the arena; may stay NULL */
};

/* ---- rights ---- */

/* What one user may see of a conversation. */
struct par_view {
    bool ever;           /* is or was a member (or: one of the two of a direct conversation) */
    bool member;         /* is one now */
    uint8_t role;        /* enum par_role, while a member of a group */
    uint64_t joined_seq; /* of a member of a group: the entry with which they came in */
    uint64_t first_seq;  /* the oldest entry to be seen */
    uint64_t
        last_seq;   /* the newest: of one who left, the entry that took them out; else UINT64_MAX */
    uint8_t blocks; /* of a direct one: bits of par_roster_slot.blocks */
};
/* Reads the roster (and, of former members, the user's row). PAR_E_NOT_MEMBER when !ever;
 * PAR_E_UNAVAILABLE. */
enum par_err par_read_view(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                           struct par_view *view_r) PAR_MUST_CHECK;
/* The current members, ascending, in the arena: of a group by its roster, of a direct conversation
 * the two. PAR_E_NOT_MEMBER when there is no such group. */
enum par_err par_read_member_ids(struct par_reader *r, const struct par_conv *conv,
                                 uint64_t **users_r, size_t *n_r) PAR_MUST_CHECK;

/* ---- queries: each writes members into the object open in w ---- */

enum par_history_from {
    PAR_FROM_NEWEST = 0,
    PAR_BEFORE_SEQ,
    PAR_AFTER_SEQ,
    PAR_BEFORE_TS,
    PAR_AROUND_SEQ
};
struct par_history_query {
    struct par_conv conv;
    enum par_history_from from;
    int64_t value; /* of the seq or ts */
    uint32_t limit;
    bool rest; /* getConversation: `messages`, newest first but for after_seq, with message_id */
};
/* Writes entries, first_seq, last_seq, more, next_cursor (PROTOCOL.md 3), or the REST form (5).
 * user 0 with a server-to-server key sees everything. PAR_E_NOT_MEMBER, PAR_E_UNAVAILABLE. */
enum par_err par_read_history(struct par_reader *r, uint64_t user,
                              const struct par_history_query *q,
                              struct par_json_out *w) PAR_MUST_CHECK;

struct par_sync_query {
    const struct par_mark_refs *have; /* NULL: none */
    uint32_t limit;
    struct par_str cursor; /* ptr NULL: none */
    struct par_str since;
    bool rest; /* GET /v1/conversations: no sync_token */
};
/* Writes conversations, cursor, sync_token. PAR_E_BAD_REQUEST: unknown cursor or since. */
enum par_err par_read_sync(struct par_reader *r, uint64_t user, const struct par_sync_query *q,
                           struct par_json_out *w) PAR_MUST_CHECK;
struct par_search_query {
    struct par_str query;
    const struct par_conv *conv; /* NULL: all */
    uint64_t from;               /* 0: whoever */
    int64_t after_ts, before_ts; /* between them, without them */
    uint32_t limit;
    struct par_str cursor; /* ptr NULL: none */
    int64_t budget;        /* entries and rows of the index that may be read */
};
/* Writes results, newest first, and cursor. PAR_E_BAD_REQUEST: nothing to search for, or an unknown
 * cursor; PAR_E_NOT_MEMBER of `conv`. */
enum par_err par_read_search(struct par_reader *r, uint64_t user, const struct par_search_query *q,
                             struct par_json_out *w) PAR_MUST_CHECK;
/* One conversation as a row of sync. PAR_E_NOT_MEMBER; PAR_E_NOT_FOUND for a direct one without
 * entries. */
enum par_err par_read_conversation(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                                   struct par_json_out *w) PAR_MUST_CHECK;
/* Writes members and cursor. */
enum par_err par_read_members(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                              struct par_str cursor, uint32_t limit,
                              struct par_json_out *w) PAR_MUST_CHECK;

/* Text entries of others above `read` that the user may see and that are not deleted, at most 999:
 * the one function that counts unread, for list, badge and push alike (PROTOCOL.md 4). */
enum par_err par_read_unread(struct par_reader *r, uint64_t user, const struct par_view *view,
                             const struct par_conversation *conversation, uint64_t read,
                             uint32_t *unread_r) PAR_MUST_CHECK;

/* ---- push ---- */

/* For each conversation of the user with something above their `delivered` mark that is worth a
 * push, calls fn once, with the newest such entry, as PAR_PUSH_MISSED (TAKEOVER.md R4). The job
 * borrows until fn returns. PAR_E_UNAVAILABLE: some may have been called for. */
struct par_push_job;
typedef void (*par_read_missed_fn)(void *arg, const struct par_push_job *job);
enum par_err par_read_missed(struct par_reader *r, uint64_t user, par_read_missed_fn fn,
                             void *arg) PAR_MUST_CHECK;
/* The same for one conversation. */
enum par_err par_read_missed_in(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                                par_read_missed_fn fn, void *arg) PAR_MUST_CHECK;

/* What a push job comes to, just before it is sent: the entry it stands for as it is now, and why
 * it may be left out. Text borrows from the reader's arena. */
struct par_push_view {
    bool
        gone; /* the user is out of the conversation or no user any more, or the entry is deleted */
    bool muted; /* at now_ms */
    bool read;
    bool added;            /* the entry is no text: it took the user into the group */
    struct par_str sender; /* the display name of who wrote it */
    struct par_str group;  /* the name; missing: a direct conversation */
    struct par_str text;   /* missing: of no text entry */
};
/* PAR_E_UNAVAILABLE. */
enum par_err par_read_push(struct par_reader *r, const struct par_push_job *job, int64_t now_ms,
                           struct par_push_view *view_r) PAR_MUST_CHECK;
/* How many conversations of the user, neither muted nor archived, have something unread, or are
 * marked so: at most PAR_READ_BADGE_MAX. */
enum { PAR_READ_BADGE_MAX = 99 };
enum par_err par_read_badge(struct par_reader *r, uint64_t user, int64_t now_ms,
                            uint32_t *badge_r) PAR_MUST_CHECK;

/* ---- presence ---- */

/* visible_r[i]: may `viewer` see the presence of users[i]? (PROTOCOL.md 3, Visibility.) */
enum par_err par_read_visible(struct par_reader *r, uint64_t viewer, const uint64_t *users,
                              size_t n, bool *visible_r) PAR_MUST_CHECK;
/* visible_r[i]: may viewers[i] see the presence of `user`? */
enum par_err par_read_visible_to(struct par_reader *r, uint64_t user, const uint64_t *viewers,
                                 size_t n, bool *visible_r) PAR_MUST_CHECK;
/* When a user was last on line; 0: never, or not known. */
enum par_err par_read_last_seen(struct par_reader *r, uint64_t user,
                                int64_t *last_seen_r) PAR_MUST_CHECK;

#endif
