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
     * reply.poll_device. entry->cmid is for the connections of entry->sender only. */
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
    /* To every connection of the server: events may have been lost. */
    PAR_DELIVERY_SYNC
};

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
    int64_t ts;
    bool dup;

    const struct par_entry *entry; /* ENTRY */

    uint64_t user; /* MARK: whose */
    uint64_t delivered;
    uint64_t read;

    uint32_t conv_set; /* CONV */
    bool member;
    struct par_str name;
    struct par_settings settings;

    const uint64_t *users; /* all but ANSWER and SYNC */
    size_t user_count;
};

#endif
