/* The inside of connections, for the tcp_*.c files and the loop. */
#ifndef PAR_LOOP_TCP_PRIVATE_H
#define PAR_LOOP_TCP_PRIVATE_H

#include "loop/loop_private.h"

/* In _io._flags. */
enum {
    PAR_TCP__OPEN = 1 << 0, /* from open to release; cleared in an object that was moved from */
    PAR_TCP__CONNECTING = 1 << 1, /* output waits */
    PAR_TCP__DIRTY = 1 << 2,      /* in the loop's dirty chain, or among the ended */
    PAR_TCP__MORE = 1 << 3,       /* in the loop's more chain */
    PAR_TCP__PAUSED = 1 << 4,
    PAR_TCP__READY = 1 << 5,   /* input came while paused */
    PAR_TCP__HUP = 1 << 6,     /* the end is behind the input: read until it shows */
    PAR_TCP__EOF = 1 << 7,     /* and it has shown */
    PAR_TCP__BLOCKED = 1 << 8, /* the kernel takes no more bytes until it says OUT */
    PAR_TCP__REFUSED = 1 << 9, /* it was blocked since the queue was last empty */
    PAR_TCP__SHUT = 1 << 10,   /* the owner writes no more */
    PAR_TCP__SHUT_DONE = 1 << 11,
    PAR_TCP__CLOSING = 1 << 12, /* par_tcp_close was called */
    PAR_TCP__OVER = 1 << 13,    /* the queue passed its limit */
    PAR_TCP__OVER_TOLD = 1 << 14,
    PAR_TCP__ENDED = 1 << 15, /* descriptor closed; on_closed comes in this turn's release phase */
};

struct par_tcp__linger {
    struct par_timer timer;
    struct par_tcp *tcp;
    uint32_t discarded;
};

static inline bool par_tcp__has(const struct par_tcp *t, unsigned flags)
{
    return (t->_io._flags & flags) != 0;
}
static inline void par_tcp__set(struct par_tcp *t, unsigned flags)
{
    t->_io._flags = (uint16_t)(t->_io._flags | flags);
}
static inline void par_tcp__clear(struct par_tcp *t, unsigned flags)
{
    t->_io._flags = (uint16_t)(t->_io._flags & ~flags);
}

/* tcp.c */
void par_tcp__loop_init(struct par_loop *loop);
void par_tcp__loop_fini(struct par_loop *loop);
/* Closes the descriptor, frees the queue, and leaves the rest to the release phase. Once. */
void par_tcp__end(struct par_tcp *t, enum par_tcp_end end, int os_error);
void par_tcp__mark_dirty(struct par_tcp *t);
void par_tcp__mark_more(struct par_tcp *t);

/* tcp_read.c: an event of its socket. */
void par_tcp__event(struct par_io *io, unsigned events);

/* tcp_write.c: offers the queue to the kernel. Calls nothing of the owner's. */
void par_tcp__write_out(struct par_tcp *t);

/* tcp_bytes.c: where bytes cross. Negative errno values. */
ssize_t par_tcp__bytes_read(struct par_tcp *t, void *buf, size_t n);
ssize_t par_tcp__bytes_write(struct par_tcp *t, const struct iovec *iov, int count);

/* tcp_queue.c: the output queue. Both adds are false when memory is refused. */
bool par_tcp__queue_copy(struct par_tcp *t, const void *data, size_t n);
bool par_tcp__queue_ref(struct par_tcp *t, struct par_shared *s, uint32_t off, uint32_t len);
/* Fills at most max entries from the front, returns how many. */
int par_tcp__queue_iov(const struct par_tcp *t, struct iovec *iov, int max);
/* n bytes from the front have left. */
void par_tcp__queue_consume(struct par_tcp *t, size_t n);
/* Everything that lies in the scratch gets a copy of its own; false when memory is refused. */
bool par_tcp__queue_own(struct par_tcp *t);
/* Drops the content; keep_begun: all but the rest of a unit that has begun to leave. */
void par_tcp__queue_clear(struct par_tcp *t, bool keep_begun);
/* No queue refers to the scratch any more. */
void par_tcp__scratch_reset(struct par_loop *loop);
void par_tcp__scratch_fini(struct par_loop *loop);

#endif
