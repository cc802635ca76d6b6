/* What the parts of the checker share. Feeding (feed*.c) turns lines into facts: users, devices,
 * connections, conversations, requests with their outcomes, and sights, which are entries as
 * somebody saw them. Nothing is judged there but what a line shows by itself. Finishing (finish.c)
 * rebuilds each log from the sights (log.c), walks it for members and roles (members.c), and asks
 * one rule file after another.
 *
 * A line number stands for a moment. What was seen at line a had happened before line a; what was
 * asked at line a happens after it. So "before" is compared in lines, never in clocks, and a rule
 * that needs certainty takes the pessimistic end of each. NEVER is a line that does not come. */
#ifndef PAR_CHECK_PRIVATE_H
#define PAR_CHECK_PRIVATE_H

#include "base/json_read.h"
#include "base/map.h"
#include "check/check.h"

#define PAR_CHECK_NEVER UINT32_MAX
enum { PAR_CHECK_SEQ_MAX = 1 << 18 }; /* no honest history has a longer log */

/* A growing array. */
struct par_ck_list {
    void *data;
    uint32_t count;
    uint32_t cap;
};

/* Values over lines, for "the greatest seen before line x". */
struct par_ck_step {
    uint32_t line;
    uint64_t value; /* the greatest so far */
};
struct par_ck_ladder {
    struct par_ck_list steps;
};

enum par_ck_op {
    PAR_CK_NO_OP = 0, /* unknown, or members that are wrong in themselves */
#define X(NAME, name, text, class, cmid, ws) PAR_CK_##NAME,
#include "parley/tbl/ops.h"
#undef X
    PAR_CK_OPS
};

enum par_ck_kind {
    PAR_CK_KIND_NONE = 0,
#define X(NAME, number, text) PAR_CK_KIND_##NAME,
#include "parley/tbl/entry_kinds.h"
#undef X
};

enum par_ck_code {
    PAR_CK_OK = 0,
#define X(NAME, text, status, retry) PAR_CK_E_##NAME,
#include "parley/tbl/errors.h"
#undef X
    PAR_CK_E_OTHER
};

enum par_ck_role { PAR_CK_ROLE_NONE = 0, PAR_CK_MEMBER, PAR_CK_ADMIN, PAR_CK_OWNER };

enum par_ck_via { PAR_CK_WS = 0, PAR_CK_POLL, PAR_CK_HTTP };

struct par_ck_conv;
struct par_ck_request;
struct par_ck_seat;

struct par_ck_user {
    struct par_map_node node;
    uint64_t id;
    bool declared;
    struct par_ck_seat *seats;
    /* What others may see of the read marks: surely off since this moment. */
    bool read_off;
    int64_t read_off_t;
    bool ever_hid_read;
    struct par_ck_list truths; /* of par_ck_truth */
    struct par_ck_list syncs;  /* of par_ck_request *, answered, in the order of the answers */
};

struct par_ck_truth {
    int64_t t;
    uint32_t line;
    bool online;
};

struct par_ck_device {
    struct par_map_node node;
    struct par_str name;
    struct par_ck_user *user;
    uint32_t told; /* the first line that says what it holds; 0: none */
    struct par_ck_list holds;
};

struct par_ck_conn {
    struct par_map_node node;
    uint64_t id;
    struct par_ck_device *device; /* NULL with an API key */
    struct par_ck_user *user;
    uint8_t via;
    uint32_t opened, closed;                      /* lines */
    uint32_t signed_in;                           /* the line of the answer to hello; 0: none */
    struct par_ck_request *first, *last, *oldest; /* asked on it; the oldest that is not answered */
    struct par_ck_request *watch;                 /* the one asked last of those answered */
    struct par_ck_list presences;                 /* events: of par_ck_presence */
    /* While one conversation is looked at: */
    const struct par_ck_conv *at;
    uint64_t next, top;
    uint32_t at_line, top_line;
};

struct par_ck_presence {
    uint64_t user;
    int64_t t;
    uint32_t line;
    bool online;
};

/* Members of an entry that were there. */
enum {
    PAR_CK_HAS_TS = 1,
    PAR_CK_HAS_FROM = 2,
    PAR_CK_HAS_KIND = 4,
    PAR_CK_HAS_TEXT = 8,
    PAR_CK_HAS_CMID = 16,
    PAR_CK_HAS_REPLY = 32,
    PAR_CK_HAS_CLIENT_TS = 64,
    PAR_CK_HAS_TARGET = 128,
    PAR_CK_HAS_USERS = 256,
    PAR_CK_HAS_ROLE = 512,
    PAR_CK_HAS_ON = 1024,
    PAR_CK_HAS_HISTORY = 2048,
    PAR_CK_HAS_EDITED = 4096,
    PAR_CK_HAS_DELETED = 8192
};

struct par_ck_entry {
    uint64_t seq;
    int64_t ts;
    uint64_t from;
    uint64_t reply_to, target, edited_seq, deleted_seq;
    int64_t client_ts;
    struct par_str text, cmid;
    uint64_t *users; /* sorted, each once */
    uint64_t *order; /* of an entry: the same as they stand there */
    uint32_t user_count;
    uint16_t has;
    uint8_t kind;   /* enum par_ck_kind */
    uint8_t role;   /* enum par_ck_role */
    uint8_t joined; /* history: "joined" */
    bool on;
};

enum par_ck_source {
    PAR_CK_EVENT,
    PAR_CK_PAGE,
    PAR_CK_ROW, /* last_entry of sync */
    PAR_CK_HOLD,
    PAR_CK_STORE,
    PAR_CK_ANSWER
};

/* An entry as somebody saw it. */
struct par_ck_sight {
    struct par_ck_entry entry;
    uint32_t line;
    uint32_t asked; /* of what was read, the line of the request; else line */
    uint8_t source;
    uint64_t upto;                  /* HOLD: the last that is held; else 0 */
    struct par_ck_conn *conn;       /* NULL: HOLD, STORE */
    struct par_ck_user *user;       /* NULL: STORE */
    struct par_ck_request *request; /* PAGE, ROW, ANSWER */
};

/* One number of a rebuilt log. */
struct par_ck_slot {
    const struct par_ck_sight *sight; /* the first; NULL: nobody saw it */
    struct par_str text;              /* as first written; ptr NULL: not seen */
    uint32_t text_line;
    struct par_str cmid;
    uint32_t cmid_line;
    uint32_t known;               /* the first line that proves it is in the log */
    uint32_t born;                /* the line before which it cannot have been */
    struct par_ck_request *asked; /* the first request that it may come from */
    uint64_t last_edit;           /* of a text: the newest edit; of an edit: the one before */
    uint64_t deleted_by;          /* of a text: the entry that deleted it */
    bool placed;                  /* its maker was looked for */
};

/* One stay of a user in a group. */
struct par_ck_stay {
    uint64_t joined, left; /* seq; left 0: still in */
};

/* A role that was given with an entry. */
struct par_ck_given {
    uint64_t seq;
    uint8_t role;
};

/* A user in a conversation. */
struct par_ck_seat {
    struct par_ck_seat *next_of_conv, *next_of_user;
    struct par_ck_user *user;
    struct par_ck_conv *conv;
    struct par_ck_ladder asked_delivered, asked_read, done_delivered, done_read, shown_read;
    uint64_t hidden_read;
    /* What anyone read of the delivered mark; the owner of the read mark; others of the shown one.
     */
    struct par_ck_ladder saw_delivered, saw_read, told_read;
    uint64_t pushed; /* the highest seq of a push job */
    bool muted;
    uint8_t *seen; /* bit seq - 1: a device received it before `end` */
    /* Walking the log: */
    struct par_ck_list stays;
    struct par_ck_list roles; /* of par_ck_given */
    uint8_t role;             /* now */
    uint32_t place;           /* among those who came in with the same entry; 0: not known */
    struct par_ck_list sets;  /* of par_ck_request *: conv.set */
};

struct par_ck_page {
    struct par_ck_request *request;
    uint32_t first, count;       /* in the conversation's sights */
    int64_t first_seq, last_seq; /* as told; -1: not told */
    int64_t next_cursor;         /* -1: none */
    int8_t more;                 /* -1: not told */
    uint32_t bytes;
};

/* What conv.set sets, and a row shows. */
enum {
    PAR_CK_MUTED,
    PAR_CK_ARCHIVED,
    PAR_CK_PINNED,
    PAR_CK_MARKED_UNREAD,
    PAR_CK_DRAFT,
    PAR_CK_SETTINGS
};
struct par_ck_settings {
    bool has[PAR_CK_SETTINGS];
    int64_t value[PAR_CK_DRAFT];
    struct par_str draft;
};

/* A row of sync, or a member of `members`. */
struct par_ck_row {
    struct par_ck_request *request;
    struct par_ck_conv *conv;
    uint64_t last_seq, unread, delivered, read, others_delivered, others_read;
    int64_t member_count, last_ts;
    struct par_str name, kind;
    struct par_ck_settings settings;
    uint64_t last_entry; /* its seq; 0: none */
    bool member;
    bool has_name;
};
struct par_ck_member {
    struct par_ck_request *request;
    uint64_t user, joined, delivered, read;
    uint8_t role;
};

/* A mark event. */
struct par_ck_mark {
    struct par_ck_conn *conn;
    uint64_t user; /* 0: of others */
    uint64_t delivered, read;
    uint32_t line;
};

/* A typing or conv event. */
struct par_ck_whisper {
    struct par_ck_conn *conn;
    uint32_t line;
    bool typing;
};

struct par_ck_hold {
    struct par_ck_device *device; /* NULL: the store */
    uint32_t first_sight, count;
    uint64_t first, last;
    uint32_t line;
};

struct par_ck_conv {
    struct par_map_node node;
    struct par_str id;
    uint64_t low, high; /* of a direct one */
    bool group;
    bool joined_only; /* history: "joined" */
    struct par_ck_list sights, pages, members, marks, whispers, holds, requests;
    struct par_ck_ladder known;
    struct par_ck_seat *seats;
    struct par_ck_slot *slots;
    /* While one connection, or one sync, is looked at: */
    const void *at;
    uint32_t at_got, at_waiting;
    uint64_t at_seq, at_read;
    const struct par_ck_row *at_row;
    uint64_t top;  /* the highest seq that anyone saw */
    uint64_t sure; /* all slots below are known */
};

/* conv and seq of one conversation in an ack or a `have`. */
struct par_ck_ref {
    struct par_ck_conv *conv;
    uint64_t seq;
    bool read; /* of an ack: the read mark */
};

/* All tries with the same sender, conversation and cmid. */
struct par_ck_cmid {
    struct par_map_node node;
    uint64_t user;
    const struct par_ck_conv *conv; /* NULL: group.create */
    struct par_str cmid;
    struct par_ck_request *first, *last;
    struct par_ck_conv *in; /* where the entry is; NULL: none was seen */
    uint64_t seq;
};

struct par_ck_request {
    struct par_ck_request *next_on_conn, *next_of_cmid;
    struct par_ck_conn *conn;
    struct par_ck_user *user;
    struct par_ck_conv *conv; /* also of what was created, once answered */
    struct par_ck_cmid *cmid;
    int64_t id;
    int64_t asked_t, got_t;
    uint32_t asked, got; /* lines; got NEVER: no answer */
    uint8_t op;          /* enum par_ck_op */
    uint8_t code;        /* enum par_ck_code, once answered */
    bool retry;
    /* What was asked. */
    struct par_ck_entry
        body; /* text, reply_to, target, on, users, role as the entry would have them */
    uint64_t digest;
    int64_t before_seq, after_seq, around_seq, before_ts, limit; /* -1: not given */
    struct par_str cursor, since;
    bool has_have, list;
    struct par_ck_ref *refs; /* ack, have */
    uint32_t ref_count;
    uint64_t *ids; /* presence, watch, block: in the order asked */
    uint32_t id_count;
    int8_t show_read, show_last_seen; /* -1: not given */
    struct par_ck_settings *settings; /* conv.set */
    /* What was answered. */
    uint64_t seq;
    int64_t ts;
    bool dup, no_entry;
    uint32_t first_row, row_count; /* in the checker's rows */
    struct par_str next_cursor, sync_token;
    bool *online;      /* presence, watch: for ids */
    uint64_t *blocked; /* contacts: ids are those in the list */
    uint32_t blocked_count;
    bool has_cursor;
    int64_t page_last; /* history: last_seq */
};

/* A sync event: what this connection was told before may have holes. */
struct par_ck_reset {
    const struct par_ck_conn *conn;
    uint32_t line;
};

struct par_check {
    struct par_arena arena;
    uint64_t seed[2];
    struct par_map users, devices, conns, convs, cmids;
    struct par_ck_list user_list, device_list, conn_list, conv_list, requests; /* of pointers */
    struct par_ck_list rows;                                                   /* of par_ck_row */
    struct par_ck_list lines; /* of par_str: the text of each line */
    struct par_ck_list violations;
    struct par_ck_list blocks;   /* of par_ck_request *: block, unblock */
    struct par_ck_list contacts; /* contact.add, contact.remove */
    struct par_ck_list settings; /* me.set with show_last_seen or show_read */
    struct par_ck_list resets;   /* of par_ck_reset */
    size_t counts[PAR_RULES];
    size_t violation_count;
    const char *fault;
    uint32_t line; /* being read */
    int64_t t;
    bool begun, silence, whole, push, no_memory, finished;
    int64_t healing_ms, presence_ms;
    uint32_t heal, end; /* lines; NEVER */
    int64_t heal_t, end_t;
    size_t sight_count, answer_count;
};

/* May `r` have taken effect after `other`, which was answered? What was not answered, or refused
 * for the moment, may take effect at any later time. */
static inline bool par_check__maybe_after(const struct par_ck_request *r,
                                          const struct par_ck_request *other)
{
    bool refused = r->got != PAR_CHECK_NEVER && r->code != PAR_CK_OK && !r->retry;
    return !refused && (r->got > other->asked || r->retry);
}

/* ---- lists and ladders (check.c). Memory that is refused sets no_memory. ---- */

/* The next element, cleared; NULL when memory is refused. */
void *par_check__push(struct par_check *c, struct par_ck_list *list, size_t size);
#define PAR_CK_AT(list, type, i) (&((type *)(list)->data)[i])
void *par_check__alloc(struct par_check *c, size_t size);
void par_check__climb(struct par_check *c, struct par_ck_ladder *ladder, uint32_t line,
                      uint64_t value);
/* The greatest value of a line below this one; 0: none. */
uint64_t par_check__below(const struct par_ck_ladder *ladder, uint32_t line);

/* Notes a violation. Lines may be 0. */
void par_check__broken(struct par_check *c, enum par_rule rule, uint32_t a, uint32_t b, uint32_t d,
                       const char *format, ...) __attribute__((format(printf, 6, 7)));

/* ---- who is who (names.c): found, or made; NULL when memory is refused ---- */

void par_check__names_init(struct par_check *c);
struct par_ck_user *par_check__user(struct par_check *c, uint64_t id);
struct par_ck_device *par_check__device(struct par_check *c, struct par_str name, bool make);
struct par_ck_conn *par_check__conn(struct par_check *c, uint64_t id, bool make);
struct par_ck_conv *par_check__conv(struct par_check *c, struct par_str id, bool make);
struct par_ck_conv *par_check__direct(struct par_check *c, uint64_t a, uint64_t b);
struct par_ck_seat *par_check__seat(struct par_check *c, struct par_ck_conv *conv,
                                    struct par_ck_user *user, bool make);
struct par_ck_cmid *par_check__cmid(struct par_check *c, uint64_t user,
                                    const struct par_ck_conv *conv, struct par_str cmid, bool make);

/* ---- reading values (parse.c). False: absent, null, or of another type ---- */

bool par_check__u64(const struct par_json *v, uint64_t *out);
bool par_check__i64(const struct par_json *v, int64_t *out);
bool par_check__bool(const struct par_json *v, bool *out);
bool par_check__text(struct par_check *c, const struct par_json *v, struct par_str *out);
/* A user id: a string of digits. */
bool par_check__id(struct par_check *c, const struct par_json *v, uint64_t *out);
bool par_check__ids(struct par_check *c, const struct par_json *v, uint64_t **ids_r,
                    uint32_t *count_r);
/* Sorts, and takes out what is there twice; the new count. */
uint32_t par_check__sort_ids(uint64_t *ids, uint32_t count);
/* An entry of an event, a page, a row or a hold; *conv_r is missing unless it says one. */
bool par_check__entry(struct par_check *c, const struct par_json *object, struct par_ck_entry *e_r,
                      struct par_str *conv_r);
enum par_ck_role par_check__role(const struct par_json *v);

/* One of the settings, by its name in frames; false: it is none, or of the wrong type. */
bool par_check__setting(struct par_check *c, const struct par_json *name, const struct par_json *v,
                        struct par_ck_settings *s);

/* ---- feeding ---- */

/* The frame of an ask or a got line. */
bool par_check__asked(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame);
bool par_check__got(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame);
void par_check__event(struct par_check *c, struct par_ck_conn *conn, const struct par_json *frame,
                      struct par_str ev);
void par_check__answered(struct par_check *c, struct par_ck_request *r, const struct par_json *ok);
/* Notes that somebody saw this entry. */
struct par_ck_sight *par_check__sight(struct par_check *c, struct par_ck_conv *conv,
                                      const struct par_ck_entry *e, enum par_ck_source source);

/* ---- the rebuilt log ---- */

/* Might the entry of this slot have been made by the request? */
bool par_check__made_by(const struct par_ck_slot *slot, const struct par_ck_request *r);
void par_check__build_log(struct par_check *c, struct par_ck_conv *conv);
/* Members and roles along the log, with the rules about rights. */
void par_check__walk(struct par_check *c, struct par_ck_conv *conv);

/* The slot, or NULL when nobody saw it. */
static inline struct par_ck_slot *par_check__slot(const struct par_ck_conv *conv, uint64_t seq)
{
    if (seq < 1 || seq > conv->top || !conv->slots[seq - 1].sight)
        return NULL;
    return &conv->slots[seq - 1];
}
static inline uint32_t par_check__known(const struct par_ck_conv *conv, uint64_t seq)
{
    const struct par_ck_slot *s = par_check__slot(conv, seq);
    return s ? s->known : PAR_CHECK_NEVER;
}
static inline uint32_t par_check__born(const struct par_ck_conv *conv, uint64_t seq)
{
    const struct par_ck_slot *s = par_check__slot(conv, seq);
    return s ? s->born : 0;
}

/* Was the user a member as of the entry (also who joins or goes with it)? */
bool par_check__member_at(const struct par_ck_seat *seat, uint64_t seq);
/* May the user, at this line, see the entry of that seq in a page? */
bool par_check__may_see(const struct par_ck_seat *seat, uint64_t seq, uint32_t line);
/* The least and the greatest seq that the user may see at the end; false: nothing. */
bool par_check__range(const struct par_ck_seat *seat, uint64_t *first_r, uint64_t *last_r);
/* A member for certain from line a to line b; surely none in all that time. */
bool par_check__surely_in(const struct par_ck_seat *seat, uint32_t a, uint32_t b);
bool par_check__surely_out(const struct par_ck_seat *seat, uint32_t a, uint32_t b);
/* Is the whole log known, so that "never" can be said? */
bool par_check__all_known(const struct par_ck_conv *conv);
/* Surely not in from line `from` to `line`, and nobody may have let the user in. */
bool par_check__stranger(struct par_check *c, struct par_ck_conv *conv, struct par_ck_user *user,
                         uint32_t from, uint32_t line);
/* What a read by the user between these lines must at least show: the highest seq. */
uint64_t par_check__must_show(const struct par_ck_seat *seat, uint32_t asked, uint32_t got);

/* ---- rules ---- */

void par_check__rule_cmids(struct par_check *c);
void par_check__rule_states(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_order(struct par_check *c);
void par_check__rule_events(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_pages(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_theirs(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_blocks(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_refusals(struct par_check *c);
void par_check__rule_marks(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_marks_told(struct par_check *c, struct par_ck_conv *conv);
/* Was a delete of the text asked before `line` that may have been done, though nobody saw its
 * entry?
 */
bool par_check__perhaps_deleted(const struct par_check *c, const struct par_ck_conv *conv,
                                uint64_t seq, uint32_t line);
/* Was a `sync` event told on the connection between the lines? */
bool par_check__told_to_sync(const struct par_check *c, const struct par_ck_conn *conn,
                             uint32_t after, uint32_t before);
void par_check__row_settings(struct par_check *c, const struct par_ck_row *row,
                             const struct par_ck_seat *seat);
void par_check__rule_contacts(struct par_check *c);
/* The marks in a row of sync: the own ones, and, at rest, those of the others. */
void par_check__row_marks(struct par_check *c, const struct par_ck_row *row,
                          const struct par_ck_seat *seat);
void par_check__row_others(struct par_check *c, const struct par_ck_row *row);
void par_check__rule_rows(struct par_check *c);
void par_check__rule_sync(struct par_check *c);
void par_check__rule_members(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_presence(struct par_check *c);
void par_check__rule_told(struct par_check *c, struct par_ck_conv *conv);
void par_check__rule_healed(struct par_check *c);
void par_check__rule_stuck(struct par_check *c);

#endif
