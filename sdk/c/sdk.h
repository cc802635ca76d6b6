/* The client core: what every client of Parley does with its conversations and its outbox, as a
 * state machine without I/O, clock or threads. Its owner opens the connections, moves the bytes,
 * keeps the records and says what time it is.
 *
 * The story of one message, from the intent to "read":
 *
 * 1. A person writes. par_sdk_write puts an item with a fresh cmid into the outbox and hands it out
 *    as a record (put, commit); once that is durable, on_item says SENDING and the message may be
 *    shown.
 * 2. One item a conversation is under way at a time, so that they arrive in the order written. Its
 *    frame leaves by send. If the connection goes, or no answer comes, it goes out again with the
 *    same cmid, after the next hello, for ever. A refusal that allows another try waits for
 *    retry_after_ms or the back-off, whichever is longer; a final one makes the item FAILED and
 *    lets the next one go.
 * 3. The answer {seq, ts} makes the item SENT: it leaves the outbox, and becomes the entry `seq`
 *    with the content that the outbox had. If seq is the next one, it is appended (on_entry). If
 *    not, a hole lies before it, and `history after_seq` is asked first. If the answer was lost,
 *    the entry itself, when it comes as an event or from history, ends the item just the same.
 * 4. At the other side the entry comes as an event, or as a row of `sync` with a higher last_seq
 *    and then by history. It is appended, handed out as a record, and when that is durable,
 *    `ack delivered` goes out, many conversations in one request.
 * 5. The mark event comes back: on_mark, and par_sdk_state says DELIVERED. The other person looks:
 *    par_sdk_read there, `ack read`, another mark event here: READ.
 *
 * After a crash the owner makes a new core, gives it all records by par_sdk_restore, in any order
 * of kinds but the entries of a conversation ascending, and starts it: items are sent again with
 * their cmid, sync goes on from the kept token.
 *
 * Time: every call takes `now`, in ms of any clock that does not go back. par_sdk_next says when
 * par_sdk_tick is wanted. Frames and records leave at the end of each call, records first. Nothing
 * blocks; one core is used by one thread at a time, many cores may live on one.
 *
 * Stable: this header and types.h, but for additions. */
#ifndef PAR_SDK_SDK_H
#define PAR_SDK_SDK_H

#include "sdk/c/types.h"

/* A core that is stopped, without conversations; settings are copied, ops and arg kept. NULL
 * without memory. free takes it without asking for anything more, as a crash would. */
struct par_sdk *par_sdk_new(const struct par_sdk_settings *settings, const struct par_sdk_ops *ops,
                            void *arg) PAR_MUST_CHECK;
void par_sdk_free(struct par_sdk **sdk);

/* Before start: one record of an earlier life. False: it is none (it is passed over). Tells no
 * events. */
bool par_sdk_restore(struct par_sdk *sdk, enum par_sdk_record kind, struct par_str key,
                     struct par_str value);

/* Wants a connection, also after an end that only start undoes. stop closes it and wants none. */
void par_sdk_start(struct par_sdk *sdk, int64_t now);
void par_sdk_stop(struct par_sdk *sdk, int64_t now);
/* Something suggests that a try would work now: does not wait any longer. */
void par_sdk_kick(struct par_sdk *sdk, int64_t now);

/* What the transport tells. code: of the close frame; 1006 when there was none, or the connection
 * never opened. */
void par_sdk_opened(struct par_sdk *sdk, int64_t now);
void par_sdk_closed(struct par_sdk *sdk, int64_t now, uint16_t code);
void par_sdk_frame(struct par_sdk *sdk, int64_t now, struct par_str text);

/* When tick is wanted: INT64_MAX when never. tick does what is due; calling it early is harmless.
 */
int64_t par_sdk_next(const struct par_sdk *sdk);
void par_sdk_tick(struct par_sdk *sdk, int64_t now);

/* Puts a write into the outbox; what w points at is copied. Its cmid goes to cmid_r (at least 65
 * bytes, NUL-terminated) unless that is NULL. PAR_E_BAD_REQUEST: not complete, or the cmid is in
 * use; PAR_E_TOO_LARGE: over frame_bytes; PAR_E_OVERLOADED: the outbox is full; PAR_E_INTERNAL:
 * BROKEN. */
enum par_err par_sdk_write(struct par_sdk *sdk, int64_t now, const struct par_sdk_write *w,
                           char *cmid_r) PAR_MUST_CHECK;
/* Tries a FAILED item again, with its cmid, behind all that wait. discard forgets an item that has
 * FAILED, or of which no try has ever left. False: there is no such item. */
bool par_sdk_retry(struct par_sdk *sdk, int64_t now, struct par_str conv, struct par_str cmid);
bool par_sdk_discard(struct par_sdk *sdk, int64_t now, struct par_str conv, struct par_str cmid);

/* The person has seen everything up to and with seq (cut to what is held). */
void par_sdk_read(struct par_sdk *sdk, int64_t now, struct par_str conv, uint64_t seq);

/* Settings of a conversation (conv.set): those whose bit is in mask. Kept until the server has
 * them. */
enum par_sdk_set {
    PAR_SDK_SET_MUTED_UNTIL = 1,
    PAR_SDK_SET_ARCHIVED = 2,
    PAR_SDK_SET_PINNED = 4,
    PAR_SDK_SET_MARKED_UNREAD = 8,
    PAR_SDK_SET_DRAFT = 16
};
struct par_sdk_set_values {
    unsigned mask; /* enum par_sdk_set */
    int64_t muted_until;
    bool archived, pinned, marked_unread;
    struct par_str draft;
};
void par_sdk_conv_set(struct par_sdk *sdk, int64_t now, struct par_str conv,
                      const struct par_sdk_set_values *values);

/* Asks for a page of entries older than those held; they come by on_entry, then on_page. False: not
 * online, under way already, or nothing older exists. */
bool par_sdk_older(struct par_sdk *sdk, int64_t now, struct par_str conv, uint32_t limit);

/* Whose presence is watched from now on, on this and every later connection (at most 500 users);
 * answers and changes come by on_presence. */
void par_sdk_watch(struct par_sdk *sdk, int64_t now, const uint64_t *users, uint32_t count);

/* Any other operation, once: `members` are the members of the request without op and id, as JSON
 * ("\"user\":\"7\",\"x\":1"; may be empty). The answer comes by on_answer. False: not online. */
bool par_sdk_ask(struct par_sdk *sdk, int64_t now, const char *op, struct par_str members,
                 uint64_t tag);

/* Looking. The conversation, or NULL; all of them one after another, from NULL, in the order in
 * which they became known. */
const struct par_sdk_conv *par_sdk_conv(const struct par_sdk *sdk, struct par_str id);
const struct par_sdk_conv *par_sdk_conv_after(const struct par_sdk *sdk,
                                              const struct par_sdk_conv *conv);
/* A held entry; NULL outside lo..hi. */
const struct par_sdk_entry *par_sdk_entry(const struct par_sdk_conv *conv, uint64_t seq);
/* Unread texts, up to 999 (PROTOCOL.md 4). */
uint32_t par_sdk_unread(const struct par_sdk_conv *conv);
/* The state of an own message that has this seq. */
enum par_sdk_state par_sdk_state(const struct par_sdk_conv *conv, uint64_t seq);
/* Items of the outbox in the order in which they go, from NULL; those that have FAILED too. */
const struct par_sdk_item *par_sdk_item_after(const struct par_sdk *sdk,
                                              const struct par_sdk_item *item);
/* Items that are SENDING. */
uint32_t par_sdk_waiting(const struct par_sdk *sdk);
struct par_sdk_status par_sdk_status(const struct par_sdk *sdk);
/* The server's incarnation as hello said; empty before the first. */
struct par_str par_sdk_store(const struct par_sdk *sdk);

#endif
