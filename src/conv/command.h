/* Commands: what a server asks of the writer of a conversation, as a struct and as the bytes of a
 * queue record.
 *
 * A reactor fills a struct par_command from a request that is well formed, encodes it and puts the
 * bytes into the queue. It refuses nothing that depends on state: what only the server knows
 * (sender disabled, user unknown, rate limit) travels as the verdict, because a known cmid is
 * answered before it. The writer decodes the bytes, gives the command its number or its refusal,
 * and answers to `reply`. The same bytes go through the local queue and through a log that other
 * machines read, so they carry a version and everything that decides a number: limits, show_read,
 * the digest of the body. */
#ifndef PAR_CONV_COMMAND_H
#define PAR_CONV_COMMAND_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conv_id.h"
#include "parley/err.h"
#include "parley/words.h"

enum par_command_kind {
    PAR_COMMAND_SEND = 1,
    PAR_COMMAND_EDIT,
    PAR_COMMAND_DELETE,
    PAR_COMMAND_REACT,
    PAR_COMMAND_GROUP_CREATE,
    PAR_COMMAND_GROUP_ADD,
    PAR_COMMAND_GROUP_REMOVE,
    PAR_COMMAND_GROUP_LEAVE,
    PAR_COMMAND_GROUP_RENAME,
    PAR_COMMAND_GROUP_ROLE,
    PAR_COMMAND_MARKS,
    PAR_COMMAND_CONV_SET,
    PAR_COMMAND_BLOCK,
    PAR_COMMAND_UNBLOCK,
    /* Of operators, without sender and without answer. */
    PAR_COMMAND_VOID,  /* an entry `void` in conv (N6) */
    PAR_COMMAND_SEAL,  /* the partition ends here, for good (T7) */
    PAR_COMMAND_RULES, /* from here on the rules of version `target` hold (T6) */
    PAR_COMMAND_KINDS  /* one past the last */
};

/* Where the answer goes, and which connection must not get the event of what it wrote itself. */
struct par_reply {
    uint64_t server;      /* the server that asks */
    uint64_t boot;        /* its boot epoch */
    uint64_t handle;      /* the request there; opaque here */
    uint64_t endpoint;    /* the connection that gets the answer and so not the event; 0 = none */
    uint64_t poll_device; /* the device whose poll session does not get the event; 0 = none */
};

/* What the server decided, used only if the cmid is not known. err PAR_OK = nothing against it. */
struct par_verdict {
    enum par_err err;
    uint32_t retry_after_ms;
    struct par_str message; /* short, for people; may be missing */
};

/* Bits of par_settings.set. */
enum {
    PAR_SET_MUTED_UNTIL = 1,
    PAR_SET_ARCHIVED = 2,
    PAR_SET_PINNED = 4,
    PAR_SET_MARKED_UNREAD = 8,
    PAR_SET_DRAFT = 16
};

/* What conv.set changes; members without their bit mean nothing. */
struct par_settings {
    uint32_t set;
    int64_t muted_until; /* ms since 1970, 0 = not muted */
    bool archived;
    bool pinned;
    bool marked_unread;
    struct par_str draft;
};

/* One conversation of an ack; 0 = this mark was not given. */
struct par_command_mark {
    struct par_conv conv;
    uint64_t delivered;
    uint64_t read;
};

enum {
    PAR_COMMAND_USERS_MAX = 16384, /* more than a frame of 64 KiB can name */
    PAR_COMMAND_MARKS_MAX = 16384,
    PAR_COMMAND_CMID_MAX = 64,
    PAR_COMMAND_TEXT_MAX = 1 << 20,
    PAR_COMMAND_MESSAGE_MAX = 255
};

/* Members that a kind does not use are 0. */
struct par_command {
    enum par_command_kind kind;
    struct par_conv conv; /* not for MARKS, SEAL, RULES; BLOCK and UNBLOCK: the direct conversation
                             of the two */
    uint64_t sender;
    struct par_reply reply;
    struct par_verdict verdict;
    struct par_str cmid;   /* 1-64 bytes; missing from MARKS on */
    struct par_str text;   /* SEND, EDIT: text. REACT: emoji. GROUP_CREATE, GROUP_RENAME: name */
    uint64_t target;       /* EDIT, DELETE, REACT: the seq it is about. RULES: their version */
    uint64_t reply_to;     /* SEND: 0 = none */
    bool has_client_ts;    /* SEND */
    int64_t client_ts;     /* SEND: ms, as the client says */
    bool on;               /* REACT */
    uint8_t role;          /* GROUP_ROLE: enum par_role */
    uint8_t history;       /* GROUP_CREATE: enum par_history */
    const uint64_t *users; /* GROUP_CREATE (with or without the creator), ADD, REMOVE; ROLE: one.
                            * Without repetitions, in the order given: par_command_dedup() */
    size_t user_count;
    uint32_t group_members;               /* GROUP_CREATE, GROUP_ADD: the limit that holds */
    const struct par_command_mark *marks; /* MARKS */
    size_t mark_count;
    bool show_read;               /* MARKS: others may see the read mark */
    struct par_settings settings; /* CONV_SET */
    uint8_t digest[16];           /* set by decode: par_command_digest() as it was when encoded */
};

/* Removes users that occur earlier in the list, keeps the order, returns the new count. Time is
 * linear. SIZE_MAX when memory is refused. Any thread. */
size_t par_command_dedup(uint64_t *users, size_t count);

/* BLAKE2b-128 of the body as the protocol defines sameness for a cmid: kind, text, emoji or name,
 * reply_to, target, on, users, role, history; neither conversation, sender, cmid nor client_ts. */
void par_command_digest(const struct par_command *c, uint8_t digest_r[16]);

/* The id of the group that this create makes: from its creator and cmid, so that a repeated create
 * meets the same writer. */
struct par_conv par_conv_group_id(uint64_t creator, struct par_str cmid);

/* Appends the bytes of a record, digest included, to out; out->failed when memory was refused. The
 * lengths above must hold (a longer verdict message is cut). Reactor threads; does not block. */
void par_command_encode(const struct par_command *c, struct par_buf *out);

/* The command in these bytes. Texts borrow from bytes; users and marks come from the arena. False
 * when the bytes are none that par_command_encode() makes, or memory is refused. Any thread. */
bool par_command_decode(struct par_str bytes, struct par_arena *arena, struct par_command *c_r);

/* "send", "group_create", ...: for logs and metrics. */
const char *par_command_name(enum par_command_kind kind);

#endif
