/* Deliveries: what the writer releases to a server, once what it tells of is durable.
 *
 * One delivery goes to one server and names the users it is for as of that entry; the server finds
 * their connections and poll sessions, and does not ask its own copy of the members. Deliveries for
 * one server come in order, an answer before the event of the same entry. Everything that a
 * delivery points at is borrowed for the time of the call. */
#ifndef PAR_CONV_DELIVERY_H
#define PAR_CONV_DELIVERY_H

#include "conv/command.h"

struct par_entry;

enum par_delivery_kind {
    /* To reply.handle: the end of a command. err, message, retry_after_ms; for kinds with a cmid:
     * conv, seq, ts, dup. (Nobody waits any more, but the connection reply.endpoint lives: it needs
     * the ENTRY that follows, as event.) */
    PAR_DELIVERY_ANSWER = 1,
    /* entry: to every connection of users[], without reply.endpoint and the poll session of
     * reply.poll_device; but with them when the answer to reply.handle found nobody (R3).
     * entry->cmid is for the connections of entry->sender only. */
    PAR_DELIVERY_ENTRY,
    /* user's marks moved to delivered, read: to users[]. Others get the shown read mark; the
     * member's own other connections (users[] = {user}) the true one, without reply.endpoint and
     * reply.poll_device. */
    PAR_DELIVERY_MARK,
    /* conv of over 50 members: {delivered, read} is the least of the other members' marks, as
     * users[] see it. */
    PAR_DELIVERY_OTHERS,
    /* Event `conv`: to users[], with those of the changed fields whose bit is in conv_set;
     * settings: without reply.endpoint and reply.poll_device. */
    PAR_DELIVERY_CONV,
    /* Events may have been lost: to every connection of the server; with a user (not 0) to that
     * user's, with a device (not 0) to the poll session of that device alone. */
    PAR_DELIVERY_SYNC,

    /* From server to server, not from a writer. */

    /* Closes what `user` has there, for the reason `close` (enum par_close): of `device` (0: of all
     * devices), of the kinds in endpoint_kinds, that signed in at ts or before (0: whenever). */
    PAR_DELIVERY_CLOSE,
    /* The row of `user` changed (privacy, disabled, deleted): what is remembered of it is read
     * again. */
    PAR_DELIVERY_USER,
    /* user types in conv (`on`), or no more: to users[]. Never worth a repetition. */
    PAR_DELIVERY_TYPING,
    /* The server `reply` does not reach its engines, and asks all: who does? */
    PAR_DELIVERY_WHO_SERVES,
    /* To the server that asked: `reply` as in its question. */
    PAR_DELIVERY_I_SERVE,
    PAR_DELIVERY_KINDS /* one past the last */
};

/* Bits of par_delivery.endpoint_kinds. */
enum { PAR_DELIVERY_SOCKETS = 1, PAR_DELIVERY_POLLS = 2 };

enum { PAR_DELIVERY_FORWARDS_MAX = 3 }; /* R2 */

/* Bits of par_delivery.conv_set. */
enum {
    PAR_CONV_EVENT_KIND = 1,    /* the conversation's kind, to be read from conv */
    PAR_CONV_EVENT_NAME = 2,    /* name */
    PAR_CONV_EVENT_MEMBER = 4,  /* member */
    PAR_CONV_EVENT_SETTINGS = 8 /* settings, as its own bits say */
};

struct par_delivery {
    enum par_delivery_kind kind;
    uint8_t forwards; /* how many servers have passed it on; the writer's are 0 (R2) */
    struct par_conv conv;
    struct par_reply reply;

    enum par_command_kind command; /* ANSWER: of what */
    enum par_err err;
    uint32_t retry_after_ms;
    struct par_str message; /* may be missing */
    uint64_t seq;
    int64_t ts; /* CLOSE: see there */
    bool dup;

    const struct par_entry *entry; /* ENTRY */

    uint64_t user; /* MARK: whose. SYNC, CLOSE, USER, TYPING: who */
    uint64_t delivered;
    uint64_t read;

    uint32_t conv_set; /* CONV */
    bool member;
    struct par_str name;
    struct par_settings settings;

    uint64_t device;        /* SYNC, CLOSE; 0: all */
    uint8_t close;          /* CLOSE */
    uint8_t endpoint_kinds; /* CLOSE */
    bool on;                /* TYPING */

    const uint64_t *users; /* whom it is for: ENTRY, MARK, OTHERS, CONV, TYPING */
    size_t user_count;
};

#endif
