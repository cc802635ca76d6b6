/* What the client core shows: entries, conversations, what waits in the outbox, and the callbacks
 * by which everything leaves it. Strings and arrays in these structs belong to the core; how long
 * they live is said at each. */
#ifndef PAR_SDK_TYPES_H
#define PAR_SDK_TYPES_H

#include "base/str.h"
#include "parley/err.h"
#include "proto/op.h"

struct par_sdk;

/* Kinds of entries; 0 is a kind that this version does not know. */
enum par_sdk_kind {
    PAR_SDK_UNKNOWN = 0,
#define X(NAME, number, word) PAR_SDK_##NAME = (number),
#include "parley/tbl/entry_kinds.h"
#undef X
};

/* Somebody's reaction to a text, as it stands now (taken back ones are kept with on = false). */
struct par_sdk_reaction {
    uint64_t user;
    uint64_t seq; /* of the entry that said it last */
    bool on;
    uint8_t len;
    char emoji[32];
};

/* One entry. A text shows its newest state: an edit replaces text and sets edited_seq, a deletion
 * takes text away and sets deleted_seq. Numbers that are not there are 0, strings {NULL, 0}. Lives
 * until the next call of the core. */
struct par_sdk_entry {
    uint64_t seq;
    int64_t ts;
    uint64_t from; /* 0: nobody (void) */
    enum par_sdk_kind kind;
    bool on;             /* of a reaction */
    struct par_str word; /* the kind as the frame named it */
    struct par_str text;
    struct par_str cmid; /* of own entries */
    struct par_str role;
    uint64_t reply_to;
    uint64_t target;
    uint64_t edited_seq;
    uint64_t deleted_seq;
    int64_t client_ts;
    const uint64_t *users;
    uint32_t user_count;
    uint32_t reaction_count;
    const struct par_sdk_reaction *reactions;
};

/* How an entry came. */
enum par_sdk_how {
    PAR_SDK_BY_EVENT = 0, /* pushed; also what was parked behind a hole that is filled now */
    PAR_SDK_BY_ANSWER,    /* an own write, as the answer to it said */
    PAR_SDK_BY_ROW,       /* the last_entry of a row of sync */
    PAR_SDK_BY_HISTORY,   /* read to fill a hole */
    PAR_SDK_BY_OLDER      /* read because par_sdk_older asked */
};

/* The row of a conversation as `sync` has it, brought up to date by events and own acts, and the
 * range of its log that is held without a hole: lo..hi; lo above hi: nothing. Read only; lives as
 * long as the core, until on_reset. */
struct par_sdk_conv {
    struct par_str id;
    struct par_str name;
    bool direct;
    bool member; /* false once out */
    bool archived;
    bool pinned;
    bool marked_unread;
    uint32_t member_count;
    int64_t muted_until;
    struct par_str draft;
    uint64_t delivered; /* own marks: what this device wants them to be at least */
    uint64_t read;
    uint64_t others_delivered; /* the least of the other current members' */
    uint64_t others_read;
    uint64_t first_seq; /* the oldest that this user may see, as far as known */
    uint64_t last_seq;  /* the newest that the server is known to have */
    uint64_t lo;
    uint64_t hi;
};

/* PROTOCOL.md 4, message states. */
enum par_sdk_state {
    PAR_SDK_SENDING = 0,
    PAR_SDK_SENT,
    PAR_SDK_DELIVERED,
    PAR_SDK_READ,
    PAR_SDK_FAILED
};

/* A write that a person asked for: what goes into the outbox. Members that the operation does not
 * have are left out (0). */
struct par_sdk_write {
    enum par_op op;      /* send edit delete react group.create add remove leave rename role */
    struct par_str conv; /* not for group.create; for send this or to */
    uint64_t to;
    struct par_str text;   /* send, edit */
    uint64_t reply_to;     /* send */
    uint64_t seq;          /* edit, delete, react */
    struct par_str emoji;  /* react */
    bool on;               /* react */
    struct par_str name;   /* group.create, group.rename */
    const uint64_t *users; /* members of group.create; group.add, group.remove */
    uint32_t user_count;
    uint64_t user;       /* group.role */
    struct par_str role; /* group.role: "owner", "admin", "member" */
    bool history_joined; /* group.create: those who come later see only what follows */
    struct par_str cmid; /* 1-64 bytes; {0}: the core makes a UUID */
};

/* An item of the outbox. It is SENDING until an answer, or its own entry as an event, says that it
 * is SENT (then seq and ts are known, and the item is gone from the outbox), or a refusal with
 * `retry:false` makes it FAILED (it stays until it is retried or discarded, or its entry comes
 * after all: an earlier try was late). Lives until the next call of the core. */
struct par_sdk_item {
    const struct par_sdk_write *write; /* with conv (empty: group.create) and cmid */
    enum par_sdk_state state;
    uint32_t tries;         /* requests that have left with it */
    int64_t client_ts;      /* 0: not known */
    enum par_err err;       /* FAILED: why; PAR_E_COUNT: a code that this version does not know */
    struct par_str message; /* FAILED: in the server's words */
    struct par_str conv;    /* SENT: as answered, of group.create the new group */
    uint64_t seq;           /* SENT */
    int64_t ts;             /* SENT */
    bool dup;               /* SENT: the answer said so */
};

/* STOPPED: not wanted. CONNECTING: a connection is being opened, or says hello. ONLINE. WAITING:
 * for retry_at. The rest stay until par_sdk_start: SIGNED_OUT (hello was refused, or 4401 after it
 * was answered), DISABLED (4403), REPLACED (4409), OUTDATED (the server wants a newer version of
 * this client: protocol/ADDITIONS.md; the outbox stays). BROKEN: memory was refused or commit
 * failed: free the core and begin again from the records. */
enum par_sdk_link {
    PAR_SDK_STOPPED = 0,
    PAR_SDK_CONNECTING,
    PAR_SDK_ONLINE,
    PAR_SDK_WAITING,
    PAR_SDK_SIGNED_OUT,
    PAR_SDK_DISABLED,
    PAR_SDK_REPLACED,
    PAR_SDK_BROKEN,
    PAR_SDK_OUTDATED
};

struct par_sdk_status {
    enum par_sdk_link link;
    int64_t retry_at; /* WAITING: when, in the caller's ms */
    bool updating;    /* pages of sync, or entries that are known to exist, are still to come */
    uint16_t code;    /* close code of the last connection that ended; 0: none yet */
};

/* Kinds of records: what must survive a restart. The value of each is JSON. */
enum par_sdk_record {
    PAR_SDK_RECORD_META = 0, /* key: "token" or "store" */
    PAR_SDK_RECORD_CONV,     /* key: conversation */
    PAR_SDK_RECORD_ENTRY,    /* key: conversation, byte 0, seq as 8 bytes big-endian */
    PAR_SDK_RECORD_ITEM,     /* key: conversation, byte 0, cmid */
    PAR_SDK_RECORD_KINDS
};

/* How the core reaches its surroundings. Static storage. Those marked optional may be NULL.
 * Everything handed to a callback is valid during the call only. From an on_… callback everything
 * may be called that a person wants (write, read, ask …) and everything that looks; from connect
 * also par_sdk_closed; nothing else. */
struct par_sdk_ops {
    /* 64 random bits, for UUIDs, back-off and hash seeds. */
    uint64_t (*random)(void *arg);
    /* Optional: milliseconds since 1970, for client_ts. */
    int64_t (*wall_ms)(void *arg);

    /* Transport; called last in a call of the core, in the order close, connect, send. connect: one
     * connection is wanted now; answer by par_sdk_opened, or par_sdk_closed when it failed. close:
     * end it; nothing more may be told of it, and its end is not reported. send: one text frame. */
    void (*connect)(void *arg);
    void (*close)(void *arg);
    void (*send)(void *arg, struct par_str frame);
    /* Optional: par_sdk_next may have changed; last of all in a call. */
    void (*wake)(void *arg);

    /* Persistence. put replaces the record of that key. commit: all puts and dels since the last
     * commit must be durable, all or none of them, when it returns true; called before anything
     * that follows from them is sent. False: they could not be kept. All three NULL: nothing is
     * kept. clear: drop all records but those of the outbox (ITEM); part of the same batch. */
    void (*put)(void *arg, enum par_sdk_record kind, struct par_str key, struct par_str value);
    void (*del)(void *arg, enum par_sdk_record kind, struct par_str key);
    void (*clear)(void *arg);
    bool (*commit)(void *arg);

    /* Events, all optional. on_entry: the entry is held; by OLDER below what was held, else the
     * next one. on_page: what par_sdk_older asked for is complete: `came` entries; start: nothing
     * older exists. on_item: a new item, or its state changed; discarded items are not told. */
    void (*on_status)(void *arg, const struct par_sdk_status *status);
    void (*on_entry)(void *arg, const struct par_sdk_conv *conv, const struct par_sdk_entry *entry,
                     enum par_sdk_how how);
    void (*on_page)(void *arg, const struct par_sdk_conv *conv, uint32_t came, bool start);
    void (*on_item)(void *arg, const struct par_sdk_item *item);
    /* Marks moved: of one user (also oneself), or with user 0 the least of all others. */
    void (*on_mark)(void *arg, const struct par_sdk_conv *conv, uint64_t user, uint64_t delivered,
                    uint64_t read);
    /* Something of the row changed: name, members, settings, counts. */
    void (*on_conv)(void *arg, const struct par_sdk_conv *conv);
    void (*on_presence)(void *arg, uint64_t user, bool online, int64_t last_seen);
    void (*on_typing)(void *arg, struct par_str conv, uint64_t user, bool on);
    /* The server asked for a new sync (its event `sync`); the core does it. */
    void (*on_sync_required)(void *arg);
    /* The server was restored from a backup: every conversation is forgotten, the outbox stays. */
    void (*on_reset)(void *arg);
    /* The answer to par_sdk_ask: ok is the JSON object, or {NULL, 0} and err says why. PAR_E_GONE
     * with an empty message: the connection went before the answer. */
    void (*on_answer)(void *arg, uint64_t tag, struct par_str ok, enum par_err err,
                      struct par_str message);
};

/* Times are milliseconds. */
struct par_sdk_settings {
    uint64_t user;         /* own id */
    struct par_str token;  /* of the session; copied, as is client */
    struct par_str client; /* "tui/1.0" */
    /* A hole larger than this is not filled: the range starts again with the newest entries. Of a
     * conversation of which nothing is held only the newest are read. 0: everything is read, from
     * the first entry on. */
    uint32_t hole_max;
    uint32_t held_max;  /* entries kept in memory a conversation; older ones are let go. 0: all */
    uint32_t items_max; /* items in the outbox; over it par_sdk_write is refused */
    uint32_t convs_max; /* conversations; more are not shown */
    uint32_t answer_ms; /* without an answer for this long a request counts as not heard */
    bool heartbeat;     /* ask `ping` when nothing is heard; false: the transport does its own */
    /* Ask sync with `have` in place of `since`: then no token is kept, and settings and marks
     * changed while away are learnt with the next entry. */
    bool by_have;
};
#define PAR_SDK_SETTINGS_DEFAULT                                                                   \
    {                                                                                              \
        .hole_max = 1000, .held_max = 1000, .items_max = 10000, .convs_max = 100000,               \
        .answer_ms = 20000, .heartbeat = true                                                      \
    }

#endif
