/* From results to bytes: answers, events, and the objects that stand in them. Encoders append to a
 * buffer and fail only by `failed` of the buffer. An event is encoded once and shared by all who
 * get it. */
#ifndef PAR_PROTO_ENCODE_H
#define PAR_PROTO_ENCODE_H

#include "base/conv_id.h"
#include "base/json_write.h"
#include "conv/command.h"
#include "parley/err.h"
#include "proto/gen/limits.h"

struct par_entry;

/* Answers. `re` of a request without a usable id is null. */
struct par_re {
    bool has_id;
    int64_t id;
};

/* {"re":7,"ok":{ … and }}: the members between are written by the caller. */
struct par_json_out par_answer_open(struct par_buf *out, struct par_re re);
void par_answer_close(struct par_json_out *w);
/* {"re":7,"ok":{}} */
void par_answer_empty(struct par_buf *out, struct par_re re);
/* {"re":7,"ok":{"conv":…,"seq":…,"ts":…,"dup":…}} */
void par_answer_written(struct par_buf *out, struct par_re re, const struct par_conv *conv,
                        uint64_t seq, int64_t ts, bool dup);
/* {"re":7,"error":{…}}; message may be NULL: then the code says it all. */
void par_answer_error(struct par_buf *out, struct par_re re, enum par_err err, const char *message,
                      uint32_t retry_after_ms);
/* {"error":{…}}: the body of a REST error. */
void par_rest_error(struct par_buf *out, enum par_err err, const char *message,
                    uint32_t retry_after_ms);

/* Objects and members inside others. */
void par_json_key_conv(struct par_json_out *w, const char *name, const struct par_conv *conv);
void par_json_conv(struct par_json_out *w, const struct par_conv *conv);
/* "limits":{…} without the name. */
void par_json_limits(struct par_json_out *w, const struct par_proto_limits *limits);

/* Bits of `show`. */
enum {
    PAR_ENTRY_SHOW_CMID = 1,       /* to the writer's own devices */
    PAR_ENTRY_SHOW_MESSAGE_ID = 2, /* REST: "<conv>:<seq>" */
    PAR_ENTRY_AS_WRITTEN = 4 /* the event of a new entry: without edited_seq and deleted_seq */
};
/* One entry as in history: {"conv":…,"seq":…}. A text that was deleted has lost its text. */
void par_json_entry(struct par_json_out *w, const struct par_entry *entry, unsigned show);
/* Only its members, into an object that is open. */
void par_json_entry_members(struct par_json_out *w, const struct par_entry *entry, unsigned show);

/* A row of sync, with the members of PROTOCOL.md 3. */
struct par_conv_row {
    struct par_conv conv;
    struct par_str name;
    uint64_t last_seq;
    const struct par_entry *last_entry; /* NULL: none that may be seen */
    bool last_entry_own;                /* its cmid is shown */
    uint32_t unread;                    /* at most 999 */
    uint64_t delivered, read;
    uint64_t others_delivered, others_read;
    bool member;
    uint32_t member_count;
    int64_t muted_until;
    bool archived, pinned, marked_unread;
    struct par_str draft;
};
void par_json_conv_row(struct par_json_out *w, const struct par_conv_row *row);
/* Only its members, into an object that is open. */
void par_json_conv_row_members(struct par_json_out *w, const struct par_conv_row *row);

/* Events, each a whole frame. */
void par_event_entry(struct par_buf *out, const struct par_entry *entry, bool with_cmid);
void par_event_mark(struct par_buf *out, const struct par_conv *conv, uint64_t user,
                    uint64_t delivered, uint64_t read);
void par_event_mark_others(struct par_buf *out, const struct par_conv *conv, uint64_t delivered,
                           uint64_t read);
void par_event_sync(struct par_buf *out);
void par_event_presence(struct par_buf *out, uint64_t user, bool online, int64_t last_seen);
void par_event_typing(struct par_buf *out, const struct par_conv *conv, uint64_t user, bool on);
void par_event_drain(struct par_buf *out, uint32_t retry_after_ms);

/* Event `conv`: what changed, of a conversation or of one's settings in it. */
struct par_conv_change {
    bool has_kind;       /* the kind is told, as conv has it */
    struct par_str name; /* ptr NULL: not said */
    bool has_member;
    bool member;
    const struct par_settings *settings; /* NULL: none; else those whose bit is set */
};
void par_event_conv(struct par_buf *out, const struct par_conv *conv,
                    const struct par_conv_change *change);

#endif
