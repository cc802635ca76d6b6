/* Records of a conversation: entries, the cmid index, the conversation itself, marks, checkpoints.
 */
#ifndef PAR_STORE_RECORD_CONV_H
#define PAR_STORE_RECORD_CONV_H

#include "base/buf.h"
#include "base/conv_id.h"
#include "parley/err.h"
#include "parley/words.h"

/* Table entries. */
struct par_entry {
    struct par_conv conv; /* in the key */
    uint64_t seq;         /* in the key */
    uint64_t stamp;       /* of the command that made the entry; an edit leaves it */
    uint64_t text_no;     /* text entries among 1 … seq: unread = a difference of two */
    int64_t ts;
    uint64_t sender; /* 0: nobody (void) */
    uint8_t kind;    /* enum par_entry_kind */
    uint8_t role;    /* role_changed: enum par_role */
    uint8_t history; /* created: enum par_history */
    bool on;         /* reaction */
    bool has_client_ts;
    struct par_str cmid;  /* missing for the second entry of a hand-over, and void */
    struct par_str text;  /* newest state; missing once deleted. edited: the text it set; reaction:
                           * the  emoji; created, renamed: the name */
    struct par_str users; /* created, member_added, member_removed, role_changed: par_users_at() */
    uint64_t reply_to;    /* 0: none */
    int64_t client_ts;
    uint64_t target;      /* edited, deleted, reaction */
    uint64_t edited_seq;  /* of a text: the newest `edited` that points at it; 0: none */
    uint64_t deleted_seq; /* of a text: the `deleted` that points at it; 0: none */
};

/* Lists of users in records: 8 bytes each, big-endian, in the order given. */
static inline size_t par_users_count(struct par_str users)
{
    return users.len / 8;
}
/* i < par_users_count() */
uint64_t par_users_at(struct par_str users, size_t i);
bool par_users_has(struct par_str users, uint64_t user);
/* Appends a list; the caller then points `users` at the buffer's bytes. */
void par_users_put(struct par_buf *out, const uint64_t *users, size_t n);

/* Table cmids. */
struct par_cmid {
    uint64_t seq;
    uint64_t stamp;
    int64_t ts;
    uint8_t digest[16]; /* of the body as first written: par_command_digest() */
};

/* Table conversations: everything that changes with an entry. Members and rights are the roster's.
 */
struct par_conversation {
    struct par_conv conv; /* in the key */
    uint64_t last_seq;
    int64_t last_ts;
    uint64_t last_stamp; /* of the command that made the last entry */
    uint64_t text_count; /* text_no of the last entry */
    uint64_t changed;    /* stamp of the newest change of any kind (entry, mark, block): V7 */
    int64_t created;
    uint64_t creator; /* of a group */
    uint32_t member_count;
    struct par_str name; /* of a group */
    uint32_t partition;  /* whose writer made `changed`: its number in that generation (V7) */
};

/* Table marks: one member's. */
struct par_mark {
    uint64_t delivered;
    uint64_t read;
    uint64_t shown_read; /* what others see of it */
    uint64_t stamp;
};

/* Table checkpoints: one partition's. The whole value is compared and swapped (T4). */
struct par_checkpoint {
    uint64_t epoch;      /* of the owner */
    uint32_t generation; /* of the topic */
    uint64_t position;   /* the next command; everything below is durable and released */
    uint32_t rules;      /* version of the rules of numbering */
    uint64_t batches;    /* how often the row was written: orders its states (T4) */
    uint64_t owner;      /* drawn by each owner: tells the own row from another's; 0: embedded */
    uint32_t partitions; /* of the generation; 0: one (V7) */
    bool sealed;         /* the partition ended at position, for good (T7) */
};

#endif
