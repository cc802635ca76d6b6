/* Records of people: accounts, devices, tokens, their conversations, contacts, keys. */
#ifndef PAR_STORE_RECORD_USER_H
#define PAR_STORE_RECORD_USER_H

#include "base/buf.h"
#include "base/conv_id.h"
#include "parley/err.h"

/* Table user_convs: a conversation that a user is, or was, in. */
struct par_user_conv {
    uint64_t user;        /* in the key */
    struct par_conv conv; /* in the key */
    uint64_t joined_seq;  /* 1 for a direct one */
    uint64_t left_seq;    /* of the entry that took the user out; 0: is a member */
    int64_t muted_until;
    bool archived;
    bool pinned;
    bool marked_unread;
    struct par_str draft;
    uint64_t stamp;           /* of the command that made this state */
    struct par_str left_name; /* of a group one is out of: its name then */
    uint32_t left_members;    /* and how many were left in it */
    uint64_t first_stamp;     /* of the command that made the row: before it there was none (N2) */
};

/* Table users. */
struct par_user {
    uint64_t id; /* in the key */
    struct par_str name;
    struct par_str display_name;
    struct par_str about;
    struct par_str password; /* argon2id, as libsodium writes it; missing: no login by password */
    bool hide_last_seen;     /* show_last_seen off, and so on: the default is 0 */
    bool hide_read;
    bool hide_typing;
    bool disabled;
    bool deleted;
    int64_t created;
    int64_t last_seen;
    uint64_t changed; /* of the profile: position of the log then (V7) */
};

/* Table names: who has this name. */
struct par_name {
    uint64_t user;
};

/* Table devices: key (user, device). */
struct par_device {
    uint64_t user; /* in the key */
    uint64_t id;   /* in the key */
    struct par_str name;
    struct par_str client;     /* of the last hello: "web/1.0" */
    struct par_str token_hash; /* 32 bytes: its row in tokens */
    int64_t created;
    int64_t last_used;
};

/* Table tokens. */
struct par_token {
    uint64_t user;
    uint64_t device;
    int64_t created;
};

/* Tables contacts and blocks: key (user, other). */
struct par_contact {
    int64_t created;
};
struct par_block {
    int64_t created;
};

enum par_push_kind { PAR_PUSH_NONE = 0, PAR_PUSH_APNS = 1, PAR_PUSH_FCM = 2, PAR_PUSH_WEBPUSH = 3 };

/* Table push_tokens: key (user, push id). */
struct par_push_token {
    uint64_t user; /* in the key */
    uint64_t id;   /* in the key */
    uint8_t kind;  /* enum par_push_kind */
    uint64_t device;
    struct par_str token;    /* apns, fcm */
    struct par_str endpoint; /* webpush: the subscription */
    struct par_str p256dh;
    struct par_str auth;
    int64_t created;
    int64_t last_ok;
    uint32_t failures; /* in a row */
    bool hide_text;    /* "New message" instead of the text; the default is 0 */
};

/* What became of a notification: the numbers stand in records, and what an operator reads of each
 * is in the same list. */
enum par_push_end {
    PAR_PUSH_END_NONE = 0,
#define X(NAME, number, text) PAR_PUSH_END_##NAME = (number),
#include "parley/tbl/push_ends.h"
#undef X
};

/* Table push_ledger: key (user, slot). */
struct par_push_ledger {
    uint64_t id;         /* of the notification; grows with time (server/ledger.h) */
    uint8_t end;         /* enum par_push_end */
    uint8_t reason;      /* enum par_push_reason */
    struct par_str conv; /* 17 bytes; of a test all 0 */
    uint64_t seq;
    int64_t at;             /* when it came to that */
    uint32_t status;        /* of the last answer of the push service; 0: none came */
    uint32_t tries;         /* requests made */
    uint64_t device;        /* 0: it did not come to a device */
    struct par_str service; /* the host alone: the path of an endpoint is a secret */
};

/* Bits of par_api_key.scopes. */
enum { PAR_SCOPE_MESSAGES_WRITE = 1, PAR_SCOPE_MESSAGES_READ = 2, PAR_SCOPE_STATUS_READ = 4 };

/* Table api_keys. */
struct par_api_key {
    uint64_t id; /* in the key */
    struct par_str name;
    struct par_str secret_hash; /* BLAKE2b-256 */
    uint32_t scopes;
    int64_t created;
    int64_t revoked; /* 0: is valid */
};

/* Table invites. */
struct par_invite {
    uint32_t uses_left;
    uint32_t uses;
    int64_t created;
    int64_t expires; /* 0: never */
};

#endif
