/* Writing: what the owner queues, and the flush at the end of a turn. */
#include "loop/tcp_private.h"

#include <errno.h>

enum {
    IOV = 64,
    FLUSH_BYTES = 1024 * 1024, /* at once, then the others have their turn */
    FLUSH_ROUNDS = 2,          /* the second sends what on_overflow and on_drained wrote */
};

void par_tcp__write_out(struct par_tcp *t)
{
    struct par_loop *loop = t->_loop;
    size_t sent = 0;
    while (t->_out && sent < FLUSH_BYTES) {
        struct iovec iov[IOV];
        ssize_t n = par_tcp__bytes_write(t, iov, par_tcp__queue_iov(t, iov, IOV));
        par_loop__count(&loop->n.writes, 1);
        if (n == -EINTR)
            continue;
        if (n == -EAGAIN) {
            par_tcp__set(t, PAR_TCP__BLOCKED | PAR_TCP__REFUSED);
            return;
        }
        if (n < 0) {
            bool gone = n == -EPIPE || n == -ECONNRESET;
            par_tcp__end(t, gone ? PAR_TCP_RESET : PAR_TCP_ERROR, (int)-n);
            return;
        }
        par_loop__count(&loop->n.bytes_out, (uint64_t)n);
        par_tcp__queue_consume(t, (size_t)n);
        sent += (size_t)n;
    }
    if (t->_out)
        par_tcp__mark_dirty(t);
}

static bool blocked(const struct par_tcp *t)
{
    return par_tcp__has(t, PAR_TCP__BLOCKED | PAR_TCP__CONNECTING);
}

/* May n more bytes be queued? A turn may bring a healthy connection more than its limit, so the
 * kernel is asked before the peer is called slow. */
static bool admit(struct par_tcp *t, size_t n)
{
    if (!par_tcp__has(t, PAR_TCP__OPEN) ||
        par_tcp__has(t, PAR_TCP__ENDED | PAR_TCP__SHUT | PAR_TCP__OVER))
        return false;
    if (t->_queued > 0 && t->_queued + n > t->_limit) {
        if (!blocked(t))
            par_tcp__write_out(t);
        if (par_tcp__has(t, PAR_TCP__ENDED))
            return false;
    }
    if ((t->_queued > 0 && t->_queued + n > t->_limit) || n > UINT32_MAX / 2) {
        par_tcp__set(t, PAR_TCP__OVER);
        par_loop__count(&t->_loop->n.overflows, 1);
        par_tcp__mark_dirty(t);
        return false;
    }
    return true;
}

static bool added(struct par_tcp *t, bool ok)
{
    if (ok)
        par_tcp__mark_dirty(t);
    else
        par_tcp__end(t, PAR_TCP_ERROR, ENOMEM);
    return ok;
}

bool par_tcp_write(struct par_tcp *t, const void *data, size_t n)
{
    if (!admit(t, n))
        return false;
    return n == 0 || added(t, par_tcp__queue_copy(t, data, n));
}

bool par_tcp_write_part(struct par_tcp *t, struct par_shared *s, uint32_t off, uint32_t len)
{
    PAR_ASSERT(off <= s->len && len <= s->len - off);
    if (!admit(t, len))
        return false;
    return len == 0 || added(t, par_tcp__queue_ref(t, s, off, len));
}

bool par_tcp_write_shared(struct par_tcp *t, struct par_shared *s)
{
    return par_tcp_write_part(t, s, 0, s->len);
}

void par_tcp_drop_queued(struct par_tcp *t)
{
    par_tcp__queue_clear(t, true);
    par_tcp__clear(t, PAR_TCP__OVER | PAR_TCP__OVER_TOLD);
}

/* The queue is empty: what waited for that? */
static void all_sent(struct par_tcp *t)
{
    if (par_tcp__has(t, PAR_TCP__SHUT)) {
        if (par_tcp__has(t, PAR_TCP__EOF)) {
            par_tcp__end(t, PAR_TCP_CLOSED, 0);
        } else if (!par_tcp__has(t, PAR_TCP__SHUT_DONE)) {
            par_tcp__set(t, PAR_TCP__SHUT_DONE);
            t->_loop->ops->shutdown(t->_loop->world, t->_io.fd);
        }
    }
    if (par_tcp__has(t, PAR_TCP__REFUSED)) {
        par_tcp__clear(t, PAR_TCP__REFUSED);
        if (t->_ops->on_drained && !par_tcp__has(t, PAR_TCP__CLOSING | PAR_TCP__ENDED))
            t->_ops->on_drained(t);
    }
}

static void flush(struct par_tcp *t)
{
    if (par_tcp__has(t, PAR_TCP__OVER) && !par_tcp__has(t, PAR_TCP__OVER_TOLD | PAR_TCP__CLOSING)) {
        par_tcp__set(t, PAR_TCP__OVER_TOLD);
        if (t->_ops->on_overflow)
            t->_ops->on_overflow(t);
        else
            par_tcp_abort(t);
        if (!par_tcp__has(t, PAR_TCP__OPEN) || par_tcp__has(t, PAR_TCP__ENDED))
            return;
    }
    if (!blocked(t))
        par_tcp__write_out(t);
    if (par_tcp__has(t, PAR_TCP__ENDED))
        return;
    if (t->_out) {
        if (!par_tcp__queue_own(t))
            par_tcp__end(t, PAR_TCP_ERROR, ENOMEM);
    } else if (!par_tcp__has(t, PAR_TCP__CONNECTING)) {
        all_sent(t);
    }
}

static void flush_chain(struct par_loop *loop, struct par_tcp__chain *ended)
{
    struct par_tcp *t = loop->dirty.first;
    loop->dirty = (struct par_tcp__chain){0};
    while (t) {
        struct par_tcp *next = t->_dirty_next;
        if (par_tcp__has(t, PAR_TCP__ENDED)) {
            /* Stays marked, so that it comes into no other chain. */
            t->_dirty_next = NULL;
            if (ended->last)
                ended->last->_dirty_next = t;
            else
                ended->first = t;
            ended->last = t;
        } else {
            par_tcp__clear(t, PAR_TCP__DIRTY);
            if (par_tcp__has(t, PAR_TCP__OPEN))
                flush(t);
        }
        t = next;
    }
}

void par_tcp__flush_all(struct par_loop *loop, struct par_tcp__chain *ended)
{
    for (int round = 0; round < FLUSH_ROUNDS && loop->dirty.first; round++)
        flush_chain(loop, ended);
    /* Those that stay for the next turn must not hold on to the scratch. */
    for (struct par_tcp *t = loop->dirty.first; t; t = t->_dirty_next) {
        if (!par_tcp__has(t, PAR_TCP__ENDED) && !par_tcp__queue_own(t))
            par_tcp__end(t, PAR_TCP_ERROR, ENOMEM);
    }
    par_tcp__scratch_reset(loop);
}
