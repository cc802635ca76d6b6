/* Inside sdk/c: what a core and a conversation consist of, and what its files do for each other.
 *
 * Every public call is par_sdk__enter, work, par_sdk__leave. Work changes the state, queues frames
 * and hands out records; leave, of the outermost call, ends the turn: outbox and catch-up take
 * their next steps, what changed is written, the batch is committed, and only then frames leave. So
 * nothing is said to the server that a crash could take back. */
#ifndef PAR_SDK_PRIVATE_H
#define PAR_SDK_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conv_id.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/list.h"
#include "base/map.h"
#include "proto/gen/limits.h"
#include "sdk/c/sdk.h"

#include <stdlib.h>

enum { PAR_SDK__ID_MAX = 64, PAR_SDK__PARKED_MAX = 500, PAR_SDK__UNREAD_MAX = 999 };

/* ---- time ---- */

struct par_sdk__timer;
typedef void (*par_sdk__fire_fn)(struct par_sdk *sdk, struct par_sdk__timer *timer);

/* Lies in the list of running timers, or in none. */
struct par_sdk__timer {
    struct par_list node;
    int64_t at;
    par_sdk__fire_fn fire;
};

void par_sdk__timer_init(struct par_sdk__timer *t, par_sdk__fire_fn fire);
/* Runs (anew) for that many ms from now. */
void par_sdk__timer_set(struct par_sdk *sdk, struct par_sdk__timer *t, int64_t ms);
void par_sdk__timer_stop(struct par_sdk__timer *t);
static inline bool par_sdk__timer_runs(const struct par_sdk__timer *t)
{
    return !par_list_empty(&t->node);
}

/* Waiting times between tries: 0.5 s growing to 30 s, each with up to half of it added or taken
 * away. Goes one step further. */
int64_t par_sdk__backoff(struct par_sdk *sdk, unsigned *step);

/* ---- requests ---- */

enum par_sdk__ask {
    PAR_SDK__HELLO = 0,
    PAR_SDK__SYNC,
    PAR_SDK__FILL,
    PAR_SDK__OLDER,
    PAR_SDK__ACK,
    PAR_SDK__SET,
    PAR_SDK__ITEM,
    PAR_SDK__WATCH,
    PAR_SDK__MEMBERS,
    PAR_SDK__PING,
    PAR_SDK__USER
};

/* A request without an answer yet. */
struct par_sdk__request {
    struct par_list node;
    int64_t id;
    enum par_sdk__ask ask;
    struct par_sdk__timer timer; /* no answer in time */
    struct par_sdk__conv *conv;  /* FILL, OLDER, SET, MEMBERS */
    struct par_sdk__item *item;  /* ITEM; NULL: it has ended meanwhile */
    uint64_t tag;                /* USER */
};

/* How a request ended. ok: the object of the answer, else err says why. lost: there was no answer;
 * it may have taken effect. retry: asking again may help. */
struct par_sdk__answer {
    const struct par_json *ok;
    bool lost;
    bool retry;
    enum par_err err;
    struct par_str message;
    int64_t retry_after_ms;
    struct par_arena *arena;
};

/* Begins a frame {"op":…,"id":…; the caller adds members to *w_r and calls _end. NULL, and nothing
 * begun, without memory (the core is then BROKEN). */
struct par_sdk__request *par_sdk__request_begin(struct par_sdk *sdk, enum par_sdk__ask ask,
                                                const char *op, struct par_json_out *w_r);
void par_sdk__request_end(struct par_sdk *sdk, struct par_json_out *w);
/* Ends every request as lost: the connection has gone. */
void par_sdk__requests_lost(struct par_sdk *sdk);
/* The frame that answers the request `re`. */
void par_sdk__answered(struct par_sdk *sdk, int64_t re, const struct par_json *frame,
                       struct par_arena *arena);
/* The error's code as a number; PAR_E_COUNT for one that this version does not know. */
enum par_err par_sdk__err_of(struct par_str code);

/* ---- entries ---- */

/* An entry that is held or parked: one allocation, but for what was laid over it. */
struct par_sdk__held {
    struct par_sdk_entry e;
    struct par_sdk_reaction *reactions;
    char *edited; /* the text of the newest edit */
    _Alignas(8) char storage[];
};

/* A copy; NULL without memory. */
struct par_sdk__held *par_sdk__held_new(const struct par_sdk_entry *e);
void par_sdk__held_free(struct par_sdk__held *h);
/* Reads the object of an entry; what it points at borrows from the text or lives in the arena.
 * *conv_r is the member conv. False: it has no usable seq. */
bool par_sdk__entry_read(const struct par_json *object, struct par_arena *arena,
                         struct par_sdk_entry *e_r, struct par_str *conv_r);
/* As it stands in a record. */
void par_sdk__entry_write(struct par_buf *out, const struct par_sdk_entry *e);

/* Members of what the server sent; of another type than asked for, they count as absent. */
int64_t par_sdk__int(const struct par_json *v, int64_t otherwise);
uint64_t par_sdk__seq(const struct par_json *v);
uint64_t par_sdk__user(const struct par_json *v);
struct par_str par_sdk__text(const struct par_json *v, struct par_arena *arena);
int64_t par_sdk__get_int(const struct par_json *object, const char *name, int64_t otherwise);
uint64_t par_sdk__get_seq(const struct par_json *object, const char *name);
bool par_sdk__get_bool(const struct par_json *object, const char *name, bool otherwise);
struct par_str par_sdk__get_text(const struct par_json *object, const char *name,
                                 struct par_arena *arena);
bool par_sdk__get_object(const struct par_json *object, const char *name, struct par_json *v_r);
bool par_sdk__get_array(const struct par_json *object, const char *name, struct par_json *v_r);

/* ---- the outbox ---- */

/* What goes to one conversation, one item at a time; the operation that makes a group has a lane of
 * its own. */
struct par_sdk__lane {
    struct par_list node;  /* sdk->lanes, while it has items */
    struct par_list items; /* struct par_sdk__item.in_lane, by order */
    struct par_sdk__item *flying;
    struct par_sdk__timer timer; /* runs: it waits before the next try */
    unsigned backoff;
};

struct par_sdk__item {
    struct par_sdk_item view;
    struct par_sdk_write write;
    struct par_list node;      /* sdk->items, by order */
    struct par_list in_lane;   /* in none when it has FAILED */
    struct par_list announced; /* sdk->announce, until it was told */
    struct par_sdk__lane *lane;
    struct par_sdk__conv *conv; /* NULL: makes a group */
    struct par_sdk__request *request;
    uint64_t order;
    char *message;
    _Alignas(8) char storage[];
};

void par_sdk__lane_init(struct par_sdk__lane *lane);
/* Sends what may go. */
void par_sdk__outbox_pump(struct par_sdk *sdk);
/* The connection is back: nothing waits any longer. */
void par_sdk__outbox_resume(struct par_sdk *sdk);
void par_sdk__outbox_answer(struct par_sdk *sdk, struct par_sdk__item *item,
                            const struct par_sdk__answer *a);
/* An own entry is held: if an item has its cmid, that is accepted, whatever its state; an earlier
 * try may have arrived after a later one was refused (docs/decisions/0009). */
void par_sdk__outbox_seen(struct par_sdk *sdk, struct par_sdk__conv *c,
                          const struct par_sdk_entry *e);
/* Tells the items that have become durable. */
void par_sdk__outbox_announce(struct par_sdk *sdk);
/* Puts an item into its lists by its order. */
void par_sdk__outbox_enlist(struct par_sdk *sdk, struct par_sdk__item *item);
void par_sdk__item_free(struct par_sdk__item *item);
/* A copy of w in one allocation, in no list; NULL without memory. */
struct par_sdk__item *par_sdk__item_new(const struct par_sdk_write *w);
/* The members of its request behind op and id. */
void par_sdk__item_body(struct par_json_out *w, const struct par_sdk__item *item);
void par_sdk__item_put(struct par_sdk *sdk, const struct par_sdk__item *item);
void par_sdk__item_del(struct par_sdk *sdk, const struct par_sdk__item *item);
bool par_sdk__item_restore(struct par_sdk *sdk, const struct par_json *object,
                           struct par_arena *arena);
/* The entry that the server made of an item. */
struct par_sdk_entry par_sdk__item_entry(const struct par_sdk *sdk,
                                         const struct par_sdk__item *item, uint64_t seq,
                                         int64_t ts);

/* ---- conversations ---- */

enum par_sdk__filling {
    PAR_SDK__FILL_NONE = 0, /* nothing is missing, or it cannot be had */
    PAR_SDK__FILL_QUEUED,
    PAR_SDK__FILL_ASKED,
    PAR_SDK__FILL_WAITING /* for the timer, or for events */
};

struct par_sdk__member {
    uint64_t user;
    uint64_t delivered;
    uint64_t read;
};

struct par_sdk__conv {
    struct par_sdk_conv view; /* first: the two pointers are one */
    struct par_sdk *sdk;
    struct par_map_node in_map;
    struct par_list node;  /* sdk->convs */
    struct par_list dirty; /* sdk->dirty: its record is to be written */
    char id[PAR_SDK__ID_MAX + 1];
    char *name;
    char *draft;

    struct par_sdk__held **held; /* of seq lo..hi at held[head..head + count) */
    uint32_t head, count, cap;
    struct par_sdk__held **parked; /* behind a hole, by seq */
    uint32_t parked_count, parked_cap;
    bool from_start; /* nothing is held, and the log will be read from lo on */

    /* What the last row said of unread, and what it covered. */
    uint32_t base_unread;
    uint64_t base_seq, base_read;
    uint64_t counted_seq; /* entries of membership up to here are in member_count */

    uint64_t acked_delivered, acked_read; /* what the server has of the own marks */
    uint64_t sent_delivered, sent_read;   /* what the ack under way says */
    struct par_list marks;                /* sdk->marks: an ack is due */

    unsigned set_pending, set_flying; /* enum par_sdk_set: not yet with the server */
    struct par_list sets;             /* sdk->sets: conv.set is due */

    enum par_sdk__filling filling;
    struct par_list fills; /* sdk->fills: QUEUED */
    struct par_sdk__timer fill_timer;
    int64_t fill_wait;
    unsigned fill_idle; /* answers in a row that brought nothing */
    uint64_t fill_last; /* last_seq when it was asked */
    bool fill_newest;   /* the question under way is for the newest page */
    bool older_asked;

    struct par_sdk__lane lane;

    struct par_sdk__member *members; /* of a small group whose marks are followed */
    uint32_t member_rows;
    bool members_asked, members_stale;
    struct par_sdk__timer members_timer; /* ask again */
};

/* The conversation of that id; made, if it is not known and may be (else NULL: a bad id, too many,
 * or no memory). */
struct par_sdk__conv *par_sdk__conv_find(const struct par_sdk *sdk, struct par_str id);
struct par_sdk__conv *par_sdk__conv_get(struct par_sdk *sdk, struct par_str id);
/* Forgets everything but what waits in the lane. */
void par_sdk__conv_wipe(struct par_sdk__conv *c);
void par_sdk__conv_free(struct par_sdk__conv *c);
/* Its record is to be written, and the owner hears that it changed. */
void par_sdk__conv_changed(struct par_sdk__conv *c);
void par_sdk__conv_dirty(struct par_sdk__conv *c);
/* Replaces a string of it. */
bool par_sdk__conv_name(struct par_sdk__conv *c, struct par_str name);
bool par_sdk__conv_draft(struct par_sdk__conv *c, struct par_str draft);

/* Takes an entry: appends it, and what it lets in; parks it behind a hole; or drops it, being held.
 */
void par_sdk__offer(struct par_sdk__conv *c, const struct par_sdk_entry *e, enum par_sdk_how how);
/* A page that ends below lo, ascending; returns how many were taken. */
uint32_t par_sdk__prepend(struct par_sdk__conv *c, const struct par_sdk_entry *page, uint32_t n);
/* Lets go of what is held; the range begins again at seq. */
void par_sdk__restart_at(struct par_sdk__conv *c, uint64_t seq);
void par_sdk__drop_parked(struct par_sdk__conv *c);
/* While restoring: the next entry of the range, which starts anew behind a hole. */
bool par_sdk__hold_restored(struct par_sdk__conv *c, const struct par_sdk_entry *e);
struct par_sdk__held *par_sdk__held_at(const struct par_sdk__conv *c, uint64_t seq);
/* Lays an entry over its target, and the whole range over itself. */
void par_sdk__lay(struct par_sdk__conv *c, const struct par_sdk_entry *e);
void par_sdk__lay_all(struct par_sdk__conv *c);

/* A row of sync; a mark of one user (0: the least of the others). */
void par_sdk__row(struct par_sdk *sdk, const struct par_json *row, struct par_arena *arena);
/* What is said of name, members and settings; stale: said before the newest entry held, which knows
 * better about members and a group's name. */
void par_sdk__row_fields(struct par_sdk__conv *c, const struct par_json *o, struct par_arena *arena,
                         bool stale);
void par_sdk__mark(struct par_sdk__conv *c, uint64_t user, uint64_t delivered, uint64_t read);
/* An entry is let go of: what it adds to unread is kept as a number. */
void par_sdk__unread_fold(struct par_sdk__conv *c, const struct par_sdk_entry *e);
/* What is unread changed. Where it is not all held, a row must say how much it is now. */
void par_sdk__unread_ask(struct par_sdk__conv *c);
/* Before a deletion is laid over its target (NULL: not held). */
void par_sdk__unread_deleted(struct par_sdk__conv *c, const struct par_sdk_entry *target,
                             const struct par_sdk_entry *deletion);
/* Name, members and count as an entry changes them. */
void par_sdk__membership(struct par_sdk__conv *c, const struct par_sdk_entry *e);

/* ---- catching up ---- */

struct par_sdk__sync {
    bool active;
    bool whole;  /* take everything: no since */
    bool again;  /* asked for while one is under way */
    bool paging; /* the question under way carries a cursor */
    char *cursor;
    struct par_sdk__timer timer; /* ask again */
};

/* The members of the sync that hello carries. */
void par_sdk__sync_hello(struct par_sdk *sdk, struct par_json_out *w);
/* Begins; ok: the answer of hello that holds the first page, or NULL to ask. */
void par_sdk__sync(struct par_sdk *sdk, const struct par_json *ok, struct par_arena *arena,
                   bool whole);
void par_sdk__sync_due(struct par_sdk *sdk, struct par_sdk__timer *timer);
void par_sdk__sync_answer(struct par_sdk *sdk, const struct par_sdk__answer *a);
void par_sdk__catchup_stop(struct par_sdk *sdk);
/* Entries are missing: gets them. Harmless when none are, or it is under way. */
void par_sdk__fill(struct par_sdk__conv *c);
void par_sdk__fill_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a);
void par_sdk__fill_stop(struct par_sdk__conv *c);
/* The range grew: perhaps nothing is missing any more. */
void par_sdk__fill_done(struct par_sdk__conv *c);
void par_sdk__fill_pump(struct par_sdk *sdk);
void par_sdk__fill_due(struct par_sdk *sdk, struct par_sdk__timer *timer);
void par_sdk__older_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a);

/* ---- marks, settings, people ---- */

/* Delivered means kept: what is held now will be acked. */
void par_sdk__marks_held(struct par_sdk__conv *c);
/* The own marks may be above what the server has. */
void par_sdk__marks_due(struct par_sdk__conv *c);
void par_sdk__marks_timer(struct par_sdk *sdk, struct par_sdk__timer *timer);
void par_sdk__marks_flush(struct par_sdk *sdk);
void par_sdk__marks_answer(struct par_sdk *sdk, const struct par_sdk__answer *a);
void par_sdk__sets_timer(struct par_sdk *sdk, struct par_sdk__timer *timer);
void par_sdk__sets_flush(struct par_sdk *sdk);
void par_sdk__sets_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a);
void par_sdk__watch_send(struct par_sdk *sdk);
void par_sdk__watch_answer(struct par_sdk *sdk, const struct par_sdk__answer *a);
/* Members of a group have changed, or their marks are to be followed from now on. */
void par_sdk__members_ask(struct par_sdk__conv *c);
void par_sdk__members_due(struct par_sdk *sdk, struct par_sdk__timer *timer);
void par_sdk__members_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a);
void par_sdk__members_mark(struct par_sdk__conv *c, uint64_t user, uint64_t delivered,
                           uint64_t read);

/* ---- records ---- */

void par_sdk__put_meta(struct par_sdk *sdk, const char *key, struct par_str value);
void par_sdk__put_entry(struct par_sdk__conv *c, const struct par_sdk_entry *e);
void par_sdk__del_entry(struct par_sdk__conv *c, uint64_t seq);
void par_sdk__put_record(struct par_sdk *sdk, enum par_sdk_record kind, struct par_str key,
                         struct par_buf *value);
void par_sdk__del_record(struct par_sdk *sdk, enum par_sdk_record kind, struct par_str key);
/* Drops all records but those of the outbox. */
void par_sdk__clear_records(struct par_sdk *sdk);
/* Writes the conversations that changed and commits. False: it could not be kept. */
bool par_sdk__commit(struct par_sdk *sdk);

/* ---- the core ---- */

struct par_sdk {
    const struct par_sdk_ops *ops;
    void *arg;
    struct par_sdk_settings settings;
    char *token;
    char *client;
    int64_t now;
    unsigned depth;
    bool started; /* no more records are taken */
    bool batch;   /* records were handed out since the last commit */
    uint64_t random_seed[2];

    struct par_list timers;

    /* The connection. */
    struct par_sdk_status status; /* as last told */
    enum par_sdk_link link;
    bool opened;
    bool refused;     /* hello was answered `unauthorized`: the close follows */
    bool plain_hello; /* this hello went without sync */
    bool want_connect, want_close;
    bool connected; /* the owner has a connection, or opens one */
    bool heard;     /* a frame came since the heartbeat last looked */
    bool pinged;
    uint16_t code;
    int64_t heartbeat_ms;
    unsigned backoff;
    struct par_sdk__timer link_timer;
    struct par_sdk__timer drain_timer;
    struct par_sdk__timer heartbeat_timer;
    struct par_buf out; /* frames, each behind its length as 32 bits */
    size_t frame_at;    /* where the frame that is being written begins */
    struct par_list requests;
    int64_t next_id;

    /* What hello said. */
    struct par_str store;
    char *store_text;
    uint32_t frame_bytes;
    uint32_t history_page;
    char *sync_token;

    struct par_map by_id;
    struct par_list convs;
    uint32_t conv_count;
    struct par_list dirty;

    struct par_list items;
    struct par_list lanes;
    struct par_list announce;
    struct par_sdk__lane create_lane;
    uint32_t item_count;
    uint64_t last_order;
    unsigned flying;

    struct par_sdk__sync sync;
    struct par_list fills;
    unsigned fill_asked; /* questions under way */
    unsigned fill_count; /* conversations that are not FILL_NONE */

    struct par_list marks;
    struct par_list acking; /* those in the ack under way, by the same node */
    struct par_sdk__timer mark_timer;
    bool ack_flying;
    bool ack_alone; /* one conversation a request: one of them spoils the rest */

    struct par_list sets;
    struct par_sdk__timer set_timer;
    bool set_flying;

    uint64_t *watched;
    uint32_t watched_count;
};

void par_sdk__enter(struct par_sdk *sdk, int64_t now);
void par_sdk__leave(struct par_sdk *sdk);
/* Memory was refused, or records could not be kept. */
void par_sdk__break(struct par_sdk *sdk);
static inline bool par_sdk__online(const struct par_sdk *sdk)
{
    return sdk->link == PAR_SDK_ONLINE;
}
/* Tells the status if it is not as last told. */
void par_sdk__tell_status(struct par_sdk *sdk);
/* A copy that ends in a NUL; NULL without memory, and for a missing string. */
char *par_sdk__strdup(struct par_str s);

void par_sdk__link_init(struct par_sdk *sdk);
void par_sdk__hello_answer(struct par_sdk *sdk, const struct par_sdk__answer *a);
void par_sdk__drain(struct par_sdk *sdk, int64_t within_ms);
/* The connection is gone, or is given up: what comes next goes by the code. */
void par_sdk__lost(struct par_sdk *sdk, uint16_t code);
/* Lets go of the connection, and wants none. */
void par_sdk__unlink(struct par_sdk *sdk, enum par_sdk_link link);

#endif
