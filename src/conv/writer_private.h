/* The writer's own structures: conversations in memory, the batch that is being numbered, what is
 * to be released after it. All of it belongs to the writer's thread. */
#ifndef PAR_CONV_WRITER_PRIVATE_H
#define PAR_CONV_WRITER_PRIVATE_H

#include "base/list.h"
#include "base/map.h"
#include "base/mutant.h"
#include "base/rules.h"
#include "base/stats.h"
#include "conv/delivery.h"
#include "conv/writer.h"
#include "parley/queue.h"
#include "parley/route.h"
#include "parley/store.h"
#include "store/key.h"
#include "store/record.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PAR_WRITER_RETRY_MS = 1000, /* what an answer `unavailable` tells */
    /* Between two tries of what does not succeed: from the first to the last. */
    PAR_WRITER_PAUSE_MS = 20,
    PAR_WRITER_PAUSE_MAX_MS = 1000
};

/* ---- conversations in memory (state.c) ---- */

/* Whom an entry is for. Never changed: a change of the roster makes a new one, and the old one
 * lives until the batch is released. */
struct par_members {
    uint64_t chunk; /* the look-up of routes that the next three belong to */
    uint32_t first; /* its place there */
    uint32_t hit_first;
    uint32_t hit_count;
    uint32_t count;
    uint64_t user[]; /* ascending */
};

struct par_conv_member {
    uint64_t user;
    uint64_t joined_seq;
    uint32_t place;
    uint8_t role;
    bool event_due;     /* others have not been told of the newest mark */
    uint32_t mark_slot; /* 1 + its place in the batch's list of marks moved; 0 = none */
    struct par_mark mark;
};

/* A row of `entries` that this batch writes, in its newest state. */
struct par_entry_row {
    struct par_entry_row *next;
    int64_t version; /* the ts of the entry that made this state (S1) */
    struct par_entry entry;
};

/* The same of `user_convs`. */
struct par_user_conv_row {
    struct par_user_conv_row *next;
    bool changed;
    struct par_user_conv record;
};

/* An entry that lay above the command at which its conversation was loaded: what is numbered has to
 * reproduce it (T3). */
struct par_foreseen {
    uint64_t seq;
    uint64_t stamp;
    uint64_t sender;
    int64_t ts;
    uint8_t kind;
    uint8_t cmid_len;
    char cmid[PAR_COMMAND_CMID_MAX];
};

struct par_conv_state {
    struct par_map_node node;
    struct par_list lru;
    struct par_conv conv;
    uint8_t key[PAR_KEY_CONV]; /* par_key_conv(): the prefix of all keys of the conversation */
    uint64_t take;             /* the last take that used it: not evicted during it */
    size_t bytes;              /* as counted in the cache */
    bool damaged; /* its rows cannot be what a writer left: nothing of it is numbered */

    /* The conversation row; last_seq 0 = there is none. The name is the roster's. */
    uint64_t last_seq;
    int64_t last_ts;
    uint64_t last_stamp;
    uint64_t text_count;
    uint64_t changed;
    int64_t created;
    uint64_t creator;

    /* The roster as of the last command. A direct conversation has two members whatever its roster.
     */
    bool roster_present;
    uint64_t roster_stamp;
    uint64_t roster_seq;
    uint64_t floor;
    uint8_t history;
    uint8_t blocks;
    struct par_str name; /* owned */
    size_t member_count;
    struct par_conv_member *members; /* ascending by user */
    struct par_members *list;        /* their ids */

    bool marks_loaded;
    bool beyond; /* neither slot of its roster is as of the command that loaded it (N2) */

    /* Not yet reproduced, ascending by seq; owned. */
    struct par_foreseen *foreseen;
    uint32_t foreseen_at, foreseen_count;

    /* What the batch changed. */
    uint64_t batch; /* the batch that the next members belong to */
    bool dirty;     /* the conversation row is to be written */
    bool roster_changed;
    bool
        row_last; /* more than new entries, so its conversation row is put when the rest is there */
    uint32_t entry_count; /* new entries among the next (W2a) */
    struct par_entry_row *entries;
    struct par_user_conv_row *user_convs;

    /* Mark events to come: in one of the writer's lists while due. */
    struct par_list due;
    uint64_t due_ms;
    uint64_t due_offset;     /* the first command of the batch that made it due */
    uint64_t told_ms;        /* when others were last told */
    struct par_mark told[2]; /* over 50 members: the two least marks as last told */
    uint64_t told_user[2];   /* and who alone had the least delivered, read */
};

/* ---- what is released after the batch (release.c) ---- */

enum par_release_kind {
    PAR_RELEASE_ANSWER = 1,
    PAR_RELEASE_ENTRY,
    PAR_RELEASE_ADDED,   /* event conv: kind, name, member:true */
    PAR_RELEASE_REMOVED, /* event conv: member:false */
    PAR_RELEASE_SETTINGS
};

struct par_release {
    uint8_t kind;
    uint8_t err;
    bool dup;
    bool verdict;   /* ANSWER: with the verdict's message and time */
    bool to_origin; /* ENTRY: to the sending connection, too */
    uint32_t command;
    uint64_t seq;
    int64_t ts;
    union {
        const char *message;           /* ANSWER: static, or NULL */
        const struct par_entry *entry; /* ENTRY, as it was when it was written */
        struct par_str name;           /* ADDED */
    };
    struct par_members *users;
};

/* A member's mark that this batch moved; user 0: taken out again. */
struct par_moved {
    struct par_conv_state *st;
    uint64_t user;
    uint32_t command; /* the first that moved it */
    bool several;     /* and not the only connection */
    bool own;         /* delivered or the true read mark moved */
    bool others;      /* delivered or the shown read mark moved */
};

/* ---- cmids of a take (cmids.c) ---- */

struct par_known {
    uint64_t seq;
    int64_t ts;
    uint8_t digest[16];
    bool same_try; /* by the very request that asks: the log holds its command twice */
};

struct par_cmid_used {
    uint64_t hash;
    const struct par_conv_state *st;
    uint64_t sender;
    struct par_str cmid;
    uint32_t command; /* in the take */
    struct par_known known;
};

/* What was handed to a remote queue since its last flush that was OK (outbox.c). */
struct par_outbox {
    struct par_outbox__record {
        uint64_t server;
        bool push;            /* a push job: the bytes are its struct and its text */
        struct par_buf bytes; /* else one delivery behind the other */
    } * records;
    size_t count, cap;
    size_t handed;           /* of them, since the last flush */
    size_t chunk;            /* so many are handed over before a flush */
    bool failed;             /* memory was refused for some of it */
    struct par_buf delivery; /* the one that is added */
};

struct par_writer {
    struct par_writer_config config;
    struct par_store *store;
    struct par_queue *queue;
    struct par_route *route;
    struct par_thread *thread;
    uint16_t generation;
    bool embedded; /* an atomic store, and a queue that keeps no log: E6, E2 */
    bool by_rows;  /* the store is not atomic */
    bool remote;   /* deliveries go to other machines, as bytes */
    _Atomic uint32_t stopping;
    atomic_bool done; /* the thread has nothing more to do */
    atomic_int state; /* enum par_writer_state */
    _Atomic(const char *) why;
    atomic_bool ready;
    uint32_t last_tries;
    uint64_t stop_ms;
    uint32_t pause_ms; /* the next pause; 0: nothing has failed lately */

    uint64_t position;   /* the offset behind the last command numbered */
    uint64_t checkpoint; /* C: everything below is durable and released */
    uint64_t checkpoint_at_ms;
    uint64_t log_end;           /* the log ends there or above (T3) */
    struct par_checkpoint cell; /* the partition's row as this owner last knew it (T4) */
    struct par_buf cell_bytes;
    bool cell_there;
    uint64_t *skips; /* offsets that an operator had passed over, ascending (N6) */
    size_t skip_count;

    uint64_t epoch;            /* of this owner (T1) */
    uint64_t store_generation; /* what is in memory was read from this opening of the store */
    bool lost; /* memory was dropped after a batch that did not end OK: SYNC is owed (E2) */
    struct par_conv *uncertain; /* of such batches, until their members were looked at (E6) */
    size_t uncertain_count, uncertain_cap;
    /* Routes could not be read, or memory was refused: SYNC is owed to all servers (R6). */
    bool owes_sync;
    bool routes_down; /* the last look-up failed, however often it was tried */
    uint64_t synced_ms;

    /* The cache. */
    struct par_map convs;
    struct par_list lru; /* the newest first */
    size_t cache_bytes;
    uint64_t seed[2];

    /* The take: up to batch_max commands. */
    uint64_t take;
    uint64_t taken_ns; /* monotonic */
    struct par_queue_record *records;
    struct par_command *commands;
    struct par_str *known_rows;   /* of the table cmids, read ahead; by command */
    struct par_str *known_values; /* the same, by look-up */
    struct par_store_key *known_keys;
    struct par_key *known_bytes;
    uint32_t *known_index;
    struct par_arena arena;
    struct par_cmid_used *cmids; /* of entries that this take made */
    uint32_t cmid_count;
    uint32_t *cmid_table; /* 1 + index of cmids, by hash; 0 = free */
    size_t cmid_cap;      /* of the table; a power of two */

    /* The batch: a run of the take's commands. */
    uint64_t batch;
    uint64_t batch_offset; /* of its first command */
    uint64_t touched;      /* conversations that this take loaded */
    struct par_batch rows;
    struct par_batch last_rows; /* of a store that is not atomic: put once the others are durable */
    struct par_conv_state **dirty;
    size_t dirty_count, dirty_cap;
    struct par_release *releases;
    size_t release_count, release_cap;
    struct par_moved *moved;
    size_t moved_count, moved_cap;
    void **garbage; /* freed after the release */
    size_t garbage_count, garbage_cap;
    bool no_memory; /* a list could not grow: the batch is given up */

    /* Release. */
    uint64_t chunk;
    struct par_route_hits hits;
    uint64_t *lookup;
    size_t lookup_cap;
    uint64_t *scratch;
    size_t scratch_cap;
    uint64_t now_ms;            /* of the batch, monotonic */
    struct par_list due_merged; /* conversations with merged mark events to come, the next first */
    struct par_list due_others;
    size_t due_count;
    struct par_outbox outbox;

    struct par_writer_stats live;
    pthread_mutex_t published_lock;
    struct par_writer_stats published;
};

/* One command on its way to a number. */
struct par_numbering {
    const struct par_command *c;
    uint32_t index; /* in the take */
    uint64_t stamp;
    int64_t time_ms;
    struct par_conv_state *st;
    struct par_conv_member *self; /* the sender as member; NULL when not */
};

/* How the numbering of a command ended. */
enum par_step {
    PAR_STEP_DONE = 0,
    PAR_STEP_CUT,        /* it must wait until this batch is durable; nothing was changed */
    PAR_STEP_CHECKPOINT, /* and until the checkpoint is above what is numbered so far (W2c) */
    PAR_STEP_LOST, /* the store could not be read, or memory was refused: the batch is given up */
    PAR_STEP_STOP  /* the state says why: nothing of the batch may be put */
};

/* ---- writer.c ---- */

/* Stops for good: nothing is put or released any more. */
void par_writer__end(struct par_writer *w, enum par_writer_state state, const char *why);
static inline bool par_writer__ended(const struct par_writer *w)
{
    return atomic_load(&w->state) > PAR_WRITER_RUNNING;
}
/* Waits before the next try of what `what` names, longer from time to time. False: the writer is to
 * stop, and the try is not made. */
bool par_writer__pause(struct par_writer *w, const char *what);
/* It succeeded. */
void par_writer__fine(struct par_writer *w);

/* ---- take.c ---- */

/* Works off the records [0, count) of the take. False: the writer has to stop, and position is that
 * of the first command that was not released. */
bool par_take__work(struct par_writer *w, uint32_t count);
/* Embedded, after a batch that was not OK: goes on once the store was opened again. */
void par_take__recover(struct par_writer *w);

/* ---- uncertain.c: embedded, after a commit of which nobody knows whether it took place ---- */

/* Keeps the conversations in which the batch wrote. */
void par_uncertain__note(struct par_writer *w);
/* Makes push jobs for their members who have no route and miss something, as far as the store can
 * be read; what is left is kept for the next call. */
void par_uncertain__tell(struct par_writer *w);

/* ---- checkpoint.c ---- */

/* Embedded: reads the row. Errors as par_writer_start(). */
enum par_err par_checkpoint__read(struct par_writer *w);
/* T1: makes this writer the owner, however long that takes. False: it has to stop. */
bool par_checkpoint__adopt(struct par_writer *w);
/* Is it time (W4)? */
bool par_checkpoint__due(const struct par_writer *w);
/* Milliseconds until it is; UINT32_MAX: there is nothing to write. */
uint32_t par_checkpoint__next(const struct par_writer *w);
/* Moves the row to `position`, in one try: 1 done; -1 not, or not known; 0 another owner has
 * adopted the partition, and the writer ended. */
int par_checkpoint__move(struct par_writer *w, bool seal);
/* The same until it is done. False: the writer has to stop. */
bool par_checkpoint__force(struct par_writer *w, bool seal);
/* Is the command at this offset to be passed over (N6)? */
bool par_checkpoint__skips(const struct par_writer *w, uint64_t offset);

/* ---- foreseen.c: a conversation as of a command, in a store that may hold the future ---- */

/* N2: the newest entry below the stamp, zero when there is none; keeps those at or above it in
 * the state (T3). False: the store cannot be read, or memory is refused, or the writer ended. */
bool par_foreseen__load(struct par_writer *w, struct par_conv_state *st, uint64_t stamp,
                        struct par_entry *base_r);
/* T3: are the entries above `last` that the command at this stamp has made the ones that were
 * foreseen? False: they are not, and the writer ended. */
bool par_foreseen__holds(struct par_writer *w, struct par_conv_state *st, uint64_t last,
                         uint64_t stamp);

/* ---- control.c: commands to the writer itself ---- */

static inline bool par_control__is(const struct par_command *c)
{
    return c->kind == PAR_COMMAND_SEAL || c->kind == PAR_COMMAND_RULES;
}
/* Does it; everything before it is released. False: the writer ended or has to stop. */
bool par_control__do(struct par_writer *w, const struct par_command *c, uint64_t offset);

/* ---- state.c ---- */

void par_conv__cache_init(struct par_writer *w);
/* The conversation, from memory or the store; NULL when it cannot be read. It stays until the take
 * is over. */
struct par_conv_state *par_conv__state(struct par_writer *w, const struct par_conv *conv,
                                       uint64_t stamp);
/* Must this conversation wait until the batch is durable, because its roster changed in it (W2b)?
 */
static inline bool par_conv__waits(const struct par_writer *w, const struct par_conv_state *st)
{
    return w->by_rows && st->batch == w->batch && st->roster_changed &&
           !PAR_MUTANT(W2B_ROSTER_TOGETHER);
}
/* Makes sure that the marks of all members are in memory. False when they cannot be read. */
bool par_conv__load_marks(struct par_writer *w, struct par_conv_state *st);
/* The member, or NULL. */
struct par_conv_member *par_conv__member(const struct par_conv_state *st, uint64_t user);
/* May this member see entry seq? (It exists when it is 1 … last_seq: the log is dense.) */
bool par_conv__visible(const struct par_conv_state *st, const struct par_conv_member *m,
                       uint64_t seq);
/* Forgets conversations beyond the bounds, or all of them. Never during a take. */
void par_conv__evict(struct par_writer *w);
void par_conv__drop_all(struct par_writer *w);
/* Counts the state's memory anew after it changed. */
void par_conv__account(struct par_writer *w, struct par_conv_state *st);

/* ---- batch.c ---- */

/* The key of a row of the conversation and a number (entries: ~seq; marks: the user). */
struct par_key par_conv__key_u64(const struct par_conv_state *st, uint64_t n);
/* Puts the conversation on the batch's list, once. */
void par_batch__touch(struct par_writer *w, struct par_conv_state *st);
/* The same, and its conversation row will be written with this stamp as its newest change. */
void par_batch__dirty(struct par_writer *w, struct par_conv_state *st, uint64_t stamp);
/* The row of an entry in its newest state, from this batch or the store, not to be changed. NULL
 * when it cannot be read or is not there (*missing_r). */
struct par_entry_row *par_batch__entry(struct par_writer *w, struct par_conv_state *st,
                                       uint64_t seq, bool *missing_r);
/* A copy of that row which this batch will write, for the caller to change; what was released keeps
 * the old one. NULL: no memory. */
struct par_entry_row *par_batch__change(struct par_writer *w, struct par_conv_state *st,
                                        struct par_entry_row *row);
/* The same of a user's row; a new one when there is none (record.stamp 0). NULL: unreadable. */
struct par_user_conv_row *par_batch__user_conv(struct par_writer *w, struct par_conv_state *st,
                                               uint64_t user);
/* Adds a row for a user who certainly has none; NULL: no memory. */
struct par_user_conv_row *par_batch__user_conv_new(struct par_writer *w, struct par_conv_state *st,
                                                   uint64_t user);
/* The command at this stamp has changed the row. */
void par_batch__user_conv_changed(struct par_user_conv_row *row, uint64_t stamp);
/* Was there such a row before the command at this stamp (N2)? */
static inline bool par_batch__user_conv_was(const struct par_user_conv_row *row, uint64_t stamp)
{
    return row->record.stamp != 0 && row->record.first_stamp < stamp;
}
void par_batch__put_mark(struct par_writer *w, struct par_conv_state *st,
                         const struct par_conv_member *m);
/* Adds the rows that are written once a batch, and the checkpoint. */
void par_batch__finish(struct par_writer *w);
/* The key of a cmid. */
struct par_key par_conv__key_cmid(const struct par_conv_state *st, uint64_t sender,
                                  struct par_str cmid);
/* Forgets the batch: lists, garbage, what states hold of it. */
void par_batch__clear(struct par_writer *w);
/* The end of a batch frees p. */
void par_batch__garbage(struct par_writer *w, void *p);
/* Room for one more element of a growing list; false sets w->no_memory. */
bool par_batch__grow(struct par_writer *w, void **list, size_t *cap, size_t count, size_t size);

/* ---- cmids.c ---- */

/* Reads the cmid rows of a whole take, the commands [first, end) (N4). False when they cannot be
 * read. */
bool par_cmids__read_ahead(struct par_writer *w, uint32_t first, uint32_t end);
/* True when the command's cmid was used for an entry before. */
bool par_cmids__find(struct par_writer *w, const struct par_numbering *n,
                     struct par_known *known_r);
void par_cmids__add(struct par_writer *w, const struct par_numbering *n,
                    const struct par_known *known);
/* A new take: forgets those of the one before. */
void par_cmids__reset(struct par_writer *w);

/* ---- roster.c ---- */

/* May the roster be changed by the command at hand? W2c, E6: the change before it must be below the
 * checkpoint, because the row keeps two. */
enum par_step par_roster__may_change(const struct par_writer *w, const struct par_conv_state *st);
/* The roster as it is, as a slot in the arena: to be kept from before a change for the next call.
 * Out of memory sets w->no_memory. */
struct par_roster_slot par_roster__slot(struct par_writer *w, const struct par_conv_state *st);
/* Writes the row with both slots (S3) after the state was changed by the command at `stamp`; seq is
 * the entry's, 0 for none. False: no memory. */
bool par_roster__write(struct par_writer *w, struct par_conv_state *st,
                       const struct par_roster_slot *before, uint64_t stamp, uint64_t seq);
/* Replaces the members by these (put into order here; the array becomes the state's). False: no
 * memory, members freed. */
bool par_roster__replace(struct par_writer *w, struct par_conv_state *st,
                         struct par_conv_member *members, size_t count);
/* Takes users (current members) out; writes their marks and rows; they leave with the entry `seq`.
 */
bool par_roster__take_out(struct par_writer *w, struct par_conv_state *st, const uint64_t *users,
                          size_t count, uint64_t stamp, uint64_t seq);
/* Who becomes owner when these users go: NULL when an owner stays or nobody is left. */
struct par_conv_member *par_roster__heir(const struct par_conv_state *st, const uint64_t *gone,
                                         size_t count);
/* Takes these members out by the command, as member_left or member_removed, with the hand-over
 * before it (N5). */
enum par_step par_roster__leave(struct par_writer *w, const struct par_numbering *n, uint8_t kind,
                                const uint64_t *users, size_t count);

/* ---- number.c ---- */

/* Gives the command its number or refusal. */
enum par_step par_number__command(struct par_writer *w, uint32_t index);
/* Answers an error; message is static or NULL. */
enum par_step par_number__refuse(struct par_writer *w, const struct par_numbering *n,
                                 enum par_err err, const char *message);
/* Answers {} (seq 0) or, for "nobody to change", the last entry. */
enum par_step par_number__done(struct par_writer *w, const struct par_numbering *n);
/* The next entry of the conversation, with seq, ts, stamp, sender and kind; the caller fills in the
 * rest. NULL: no memory. */
struct par_entry *par_number__append(struct par_writer *w, const struct par_numbering *n,
                                     uint8_t kind);
/* The entry carries the command's cmid: writes the cmid row and the answer. */
void par_number__accept(struct par_writer *w, const struct par_numbering *n, struct par_entry *e);
/* Releases the entry to these users, after everything released so far. */
void par_number__release(struct par_writer *w, const struct par_numbering *n,
                         const struct par_entry *e, struct par_members *users, bool to_origin);
/* The event `conv` of one who was added or taken out. */
void par_number__member_event(struct par_writer *w, const struct par_numbering *n,
                              enum par_release_kind kind, struct par_members *users,
                              struct par_str name);
/* A list of users for a release, until the batch ends; NULL: no memory. */
struct par_members *par_number__users(struct par_writer *w, const uint64_t *users, size_t count);
/* Users as an entry keeps them. */
struct par_str par_number__pack_users(struct par_writer *w, const uint64_t *users, size_t count);
/* Checks for group operations: PAR_OK, or the refusal for one who is not in (not_member), of a
 * direct conversation (bad_request), or without rights (forbidden). */
enum par_err par_number__group_rights(const struct par_numbering *n, bool admin);
/* The target of an edit, delete or reaction: an entry of text that the sender may see; PAR_OK with
 * *row_r, or the refusal. PAR_E_UNAVAILABLE: the store cannot be read. */
enum par_err par_number__target(struct par_writer *w, const struct par_numbering *n,
                                struct par_entry_row **row_r);
/* True when one side of a direct conversation blocks the other. */
static inline bool par_number__blocked(const struct par_numbering *n)
{
    return n->st->conv.kind == PAR_CONV_DIRECT && n->st->blocks != 0;
}

enum par_step par_apply__send(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__edit(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__delete(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__react(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__group_create(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__group_add(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__group_remove(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__group_leave(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__group_rename(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__group_role(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__marks(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__conv_set(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__void(struct par_writer *w, const struct par_numbering *n);
enum par_step par_apply__block(struct par_writer *w, const struct par_numbering *n);

/* ---- release.c ---- */

/* Hands over what the batch tells, in order, and then the marks it moved; a flush has to follow.
 * The batch is durable. */
void par_release__batch(struct par_writer *w);
/* Answers a command of the take without looking at it. */
void par_release__refuse(struct par_writer *w, uint32_t index, enum par_err err);
/* Tells every server to have its connections sync. */
void par_release__sync(struct par_writer *w);
/* What is owed of that, if enough time went by since the last, or at once with `now`. */
void par_release__settle(struct par_writer *w, bool now);
/* Puts what was told on its way. False: the writer has to stop, and it may not be. */
bool par_release__hand(struct par_writer *w);
/* Also waits until it is where a crash of ours does not lose it. */
bool par_release__flush(struct par_writer *w);
/* Hands one delivery to the servers of these users; returns false when the routes cannot be read.
 */
bool par_release__to(struct par_writer *w, struct par_delivery *d, struct par_members *users);
/* The same for one look-up only; users need not live on. */
bool par_release__to_users(struct par_writer *w, struct par_delivery *d, const uint64_t *users,
                           size_t count);

/* ---- outbox.c ---- */

/* Puts a delivery, or a push job, behind what is there. */
void par_outbox__add(struct par_writer *w, uint64_t server, const struct par_delivery *d);
void par_outbox__push(struct par_writer *w, const struct par_push_job *job);
/* Puts everything on its way, when what was on its way before is in the log. False: the writer has
 * to stop. */
bool par_outbox__hand(struct par_writer *w);
/* Hands everything over until a flush is OK, and empties it. False: the writer has to stop. */
bool par_outbox__flush(struct par_writer *w);
void par_outbox__fini(struct par_outbox *o);

/* ---- mark_events.c ---- */

/* Tells of the marks that the batch moved, at once or later. */
void par_marks__release(struct par_writer *w);
/* Tells what is due; all of it with `all`. */
void par_marks__tell_due(struct par_writer *w, bool all);
/* Tells what is due of conversations that the batch at hand has not touched. */
void par_marks__tell_untouched(struct par_writer *w);
/* Tells what this conversation owes, before it is forgotten. */
void par_marks__tell(struct par_writer *w, struct par_conv_state *st);
/* The offset of the first command of which a mark event is not told yet; UINT64_MAX: none. */
uint64_t par_marks__first_due(const struct par_writer *w);
/* Milliseconds until the next event is due; UINT32_MAX: none. */
uint32_t par_marks__next(const struct par_writer *w);

#endif
