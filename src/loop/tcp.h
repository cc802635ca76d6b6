/* Connections: bytes in by callback, bytes out by a queue that is flushed once a turn.
 *
 * The story of one. A listener hands over a socket; the owner has a struct par_tcp inside its own
 * object and opens it. Bytes come by on_data, in the loop's one read buffer: the owner takes what
 * it can use and keeps the partial rest itself. Writing queues, by copy or by reference to a shared
 * buffer, and marks the connection; at the end of the turn all that was queued leaves in one system
 * call. What the kernel does not take stays queued and goes on when it can. A queue over its limit
 * means a peer that does not read: on_overflow. An idle connection holds no buffers at all.
 *
 * Life-cycle rules (docs/threads.md has the reasons)
 *   1. After a successful open or connect, on_closed is called exactly once, in the release phase
 * of a turn, never from within another call. Only then may the memory be freed or reused.
 *   2. Any call is allowed from any callback, closing included. After a close of either kind no
 * on_data, on_eof, on_overflow or on_drained comes.
 *   3. All calls on a connection that has been closed are harmless and do nothing.
 *   4. Everything happens on the loop's thread.
 *
 * TLS will sit between the queue and the system's read and write (the two functions in
 * tcp_bytes.c); nothing in this header changes for it. */
#ifndef PAR_LOOP_TCP_H
#define PAR_LOOP_TCP_H

#include "base/shared.h"
#include "base/str.h"
#include "loop/addr.h"
#include "loop/loop.h"

struct par_tcp;
struct par_tcp__block;
struct par_tcp__linger;

/* Why a connection ended. */
enum par_tcp_end {
    PAR_TCP_CLOSED = 0, /* we closed it, everything queued was sent (or there was par_tcp_abort) */
    PAR_TCP_RESET,      /* the peer reset it, or went away with bytes unsent */
    PAR_TCP_DEADLINE,   /* we closed it, and not everything could be sent in time */
    PAR_TCP_REFUSED,    /* a connect that failed */
    PAR_TCP_ERROR,      /* anything else the system said */
};
/* "closed", "reset", ... Static storage. */
const char *par_tcp_end_text(enum par_tcp_end end);

/* How its owner hears of a connection. Static storage, shared by all connections of a kind. */
struct par_tcp_ops {
    /* Required. n >= 1 bytes have come, at most 64 KiB a turn. They lie in the loop's read buffer:
     * the owner may change them (unmask in place); they are gone when it returns. */
    void (*on_data)(struct par_tcp *t, uint8_t *data, size_t n);
    /* The peer sends no more; we may still write. NULL: par_tcp_close is called instead. */
    void (*on_eof)(struct par_tcp *t);
    /* More was to be queued than the limit allows; this and further writes are dropped. Called at
     * the end of the turn. The owner closes, perhaps after par_tcp_drop_queued and one last write.
     * NULL: abort. */
    void (*on_overflow)(struct par_tcp *t);
    /* Optional: a queue that the kernel had refused is empty now; for senders of large answers. */
    void (*on_drained)(struct par_tcp *t);
    /* Optional: a connect succeeded. */
    void (*on_connected)(struct par_tcp *t);
    /* Required: rule 1. os_error: an errno value when the system gave one, else 0. */
    void (*on_closed)(struct par_tcp *t, enum par_tcp_end end, int os_error);
};

/* Embedded in the owner's object; 96 bytes, all private. */
struct par_tcp {
    struct par_io _io;
    struct par_loop *_loop;
    const struct par_tcp_ops *_ops;
    struct par_tcp__block *_out;     /* queued output, NULL when there is none */
    struct par_tcp__linger *_linger; /* while a close waits for its bytes to leave */
    struct par_tcp *_dirty_next;     /* among those to flush or to release in this turn */
    struct par_tcp *_more_next;      /* among those with input left over for the next turn */
    uint32_t _queued;
    uint32_t _limit;
    struct par_addr _peer;
    uint8_t _end;
    uint8_t _os_error;
    uint16_t _spare;
};

/* ---- opening ---- */

/* Takes over a socket from a listener. limit: bytes that may wait in the output queue (a single
 * write on an empty queue may pass it). PAR_E_UNAVAILABLE when the system will not watch it: fd is
 * closed, on_closed does not come. */
enum par_err par_tcp_open(struct par_tcp *t, struct par_loop *loop, int fd,
                          const struct par_addr *peer, const struct par_tcp_ops *ops,
                          uint32_t limit) PAR_MUST_CHECK;

/* Starts a connection to addr, or to a Unix socket's path. Writing is allowed at once. on_connected
 * or on_closed follows; there is no time limit but the system's. PAR_E_UNAVAILABLE when there is no
 * socket to be had: on_closed does not come. */
enum par_err par_tcp_connect(struct par_tcp *t, struct par_loop *loop, const struct par_addr *addr,
                             const struct par_tcp_ops *ops, uint32_t limit) PAR_MUST_CHECK;
enum par_err par_tcp_connect_unix(struct par_tcp *t, struct par_loop *loop, const char *path,
                                  const struct par_tcp_ops *ops, uint32_t limit) PAR_MUST_CHECK;

/* From now on other callbacks and another limit: one object, another protocol. */
void par_tcp_set_ops(struct par_tcp *t, const struct par_tcp_ops *ops, uint32_t limit);
/* Moves the open connection, with its queue, into another object (from HTTP to WebSocket). `from`
 * ends without on_closed; its memory must outlive the turn (par_loop_defer). False when `from` is
 * closed. */
bool par_tcp_move(struct par_tcp *from, struct par_tcp *to, const struct par_tcp_ops *ops,
                  uint32_t limit) PAR_MUST_CHECK;

/* ---- writing ---- */

/* Queues n bytes: a copy. Each call is a unit for par_tcp_drop_queued. False when they were
 * dropped: the connection is closed or its queue over the limit (on_overflow comes), or memory was
 * refused (it is aborted). Callers that only stream may ignore it. */
bool par_tcp_write(struct par_tcp *t, const void *data, size_t n);
/* Queues all bytes of s by reference; takes a reference of its own, the caller keeps its. */
bool par_tcp_write_shared(struct par_tcp *t, struct par_shared *s);
/* Queues the part [off, off + len) of s. */
bool par_tcp_write_part(struct par_tcp *t, struct par_shared *s, uint32_t off, uint32_t len);

/* Forgets what is queued, except the rest of a unit that has begun to leave (half a frame would
 * garble what follows), or of a few small ones, up to 4 KiB, that were to leave together. Allows
 * writing again after an overflow. */
void par_tcp_drop_queued(struct par_tcp *t);

/* Bytes waiting. */
static inline uint32_t par_tcp_queued(const struct par_tcp *t)
{
    return t->_queued;
}

/* ---- reading ---- */

/* No on_data and no on_eof until resumed. The kernel's buffers fill and the peer has to wait. */
void par_tcp_pause(struct par_tcp *t);
/* What had come meanwhile is read in the next turn. */
void par_tcp_resume(struct par_tcp *t);

/* ---- ending ---- */

enum { PAR_TCP_CLOSE_MS = 5000 };

/* Half close: sends what is queued, then the end of our stream; reading goes on. No writes after
 * it. */
void par_tcp_shutdown(struct par_tcp *t);
/* Sends what is queued and the end of our stream, throws away what still comes, and ends when the
 * peer has closed too, at the latest after PAR_TCP_CLOSE_MS. (Closing at once with unread bytes
 * would make the kernel throw away our last ones.) No writes after it. */
void par_tcp_close(struct par_tcp *t);
/* Ends at once; what is queued is thrown away. */
void par_tcp_abort(struct par_tcp *t);

/* True from a close or abort, or the peer's end of the connection, on. */
bool par_tcp_is_closed(const struct par_tcp *t);

/* ---- who ---- */

static inline const struct par_addr *par_tcp_peer(const struct par_tcp *t)
{
    return &t->_peer;
}
static inline struct par_loop *par_tcp_loop(const struct par_tcp *t)
{
    return t->_loop;
}

#endif
