/* Writes a history: what a world of servers and clients did and saw, one JSON object a line, for
 * the checker of promises. The format is docs/verification.md; the checker knows nothing else.
 *
 *   struct par_buf out = {0};
 *   par_history_begin(&out, &(struct par_history_head){.healing_ms = 60000, ...});
 *   par_history_user(&out, 0, 17, "sarah");
 *   par_history_device(&out, 0, "sarah-1", 17);
 *   par_history_open(&out, 5, 1, "sarah-1", PAR_VIA_WS);
 *   par_history_ask(&out, 5, 1, PAR_STR("{\"op\":\"hello\",\"id\":1,...}"));
 *   par_history_got(&out, 9, 1, PAR_STR("{\"re\":1,\"ok\":{...}}"));
 *   ...
 *   par_history_heal(&out, 90000);
 *   par_history_end(&out, 150000);
 *   struct par_history_hold hold = par_history_hold(&out, 150000, "sarah-1", conv, 1, 12);
 *   par_history_hold_entry(&hold, entry);                      for each
 *   par_history_hold_end(&hold);
 *
 * Each call appends whole lines (but the three of a hold or a store, which make one together). `t`
 * is in ms of one clock for the whole history, and never goes back; the order of the lines is the
 * order in which things were seen: what a client asks is written before it leaves, what it receives
 * as soon as it is there. Frames are the protocol's own, one JSON object, and stand in the line as
 * they are, so they hold no newline (JSON from a wire may be written over several lines:
 * par_history_ask and _got blank them). Strings are UTF-8. Memory that is refused shows as `failed`
 * of the buffer. Nothing blocks, nothing is kept. */
#ifndef PAR_CHECK_HISTORY_H
#define PAR_CHECK_HISTORY_H

#include "base/json_write.h"

enum { PAR_HISTORY_VERSION = 1 };

enum par_via {
    PAR_VIA_WS = 0, /* a WebSocket */
    PAR_VIA_POLL,   /* a poll session: only receives */
    PAR_VIA_REST,   /* one HTTP request, told in the frame of the operation that it stands for */
    PAR_VIA_OP,     /* one POST /v1/op */
    PAR_VIA_KEY     /* one HTTP request with an API key, told as if its user had asked */
};

struct par_history_head {
    int64_t t;
    int64_t healing_ms;  /* after `heal`, at most so long until everything is where it belongs */
    int64_t presence_ms; /* after `heal`, at most so long until presence is true */
    bool silence;        /* events may be lost without a `sync` event or a close */
    bool whole;          /* devices hold conversations from their first entry on */
    bool push;           /* push jobs are recorded, all of them */
    const char *name;    /* of the run, e.g. the seed; NULL: none */
};

/* The first line, once. */
void par_history_begin(struct par_buf *out, const struct par_history_head *head);

/* A user, and a device of one, before they are used. name may be NULL. */
void par_history_user(struct par_buf *out, int64_t t, uint64_t user, const char *name);
void par_history_device(struct par_buf *out, int64_t t, const char *device, uint64_t user);

/* A WebSocket or a poll session begins, under a number that no other has in this history; and ends,
 * from the device's point of view, for whatever reason. */
void par_history_open(struct par_buf *out, int64_t t, uint64_t conn, const char *device,
                      enum par_via via);
void par_history_close(struct par_buf *out, int64_t t, uint64_t conn);

/* A frame that a client sends on an open connection, and one that it received: an answer, or an
 * event. */
void par_history_ask(struct par_buf *out, int64_t t, uint64_t conn, struct par_str frame);
void par_history_got(struct par_buf *out, int64_t t, uint64_t conn, struct par_str frame);

/* A request by HTTP: a connection of its own, neither opened nor closed, for this one frame. Its
 * answer is par_history_got on it. device is NULL with PAR_VIA_KEY, and then user counts. */
void par_history_call(struct par_buf *out, int64_t t, uint64_t conn, const char *device,
                      uint64_t user, enum par_via via, struct par_str frame);

/* A push job was made for the user because of this entry. reason may be NULL. */
void par_history_push(struct par_buf *out, int64_t t, uint64_t user, struct par_str conv,
                      uint64_t seq, const char *reason);

/* The user is from now on truly on line (at least one live, signed-in connection or poll session,
 * seen from outside), or no longer. */
void par_history_truth(struct par_buf *out, int64_t t, uint64_t user, bool online);

/* All faults have stopped. Everything is at rest: whatever is asked from now on only looks. */
void par_history_heal(struct par_buf *out, int64_t t);
void par_history_end(struct par_buf *out, int64_t t);

/* A line for the reader of the history: a fault that was injected, or anything else. */
void par_history_note(struct par_buf *out, int64_t t, const char *text);

/* What a device still wants to send (after `end`: nothing). */
void par_history_outbox(struct par_buf *out, int64_t t, const char *device,
                        const struct par_str *cmids, size_t count);

/* A line that is written in parts; only one at a time on a buffer. */
struct par_history_hold {
    struct par_json_out _w;
};

/* What a device holds of a conversation after `end`: the range, then each entry in its order, as
 * the event's or page's JSON object. */
struct par_history_hold par_history_hold(struct par_buf *out, int64_t t, const char *device,
                                         struct par_str conv, uint64_t first, uint64_t last);
/* What the store holds of it after `end`, read past all servers. Entries in the order of seq. */
struct par_history_hold par_history_store(struct par_buf *out, int64_t t, struct par_str conv,
                                          uint64_t last);
/* The next entry, one JSON object without a newline. */
void par_history_hold_entry(struct par_history_hold *hold, struct par_str entry);
/* Ends the line. */
void par_history_hold_end(struct par_history_hold *hold);

#endif
