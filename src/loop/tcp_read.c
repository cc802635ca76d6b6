/* Events of a connection's socket, and reading. */
#include "loop/tcp_private.h"

#include <errno.h>

enum {
    DISCARD_BYTES = 1024 * 1024
}; /* what a peer may still send to a connection that we closed */

static void input_failed(struct par_tcp *t, int os_error)
{
    /* After our own close, with everything sent, it does not matter how the peer goes away. */
    if (par_tcp__has(t, PAR_TCP__CLOSING) && !t->_out)
        par_tcp__end(t, PAR_TCP_CLOSED, 0);
    else if (os_error == ECONNRESET || os_error == EPIPE)
        par_tcp__end(t, PAR_TCP_RESET, os_error);
    else
        par_tcp__end(t, PAR_TCP_ERROR, os_error);
}

static void end_of_input(struct par_tcp *t)
{
    par_tcp__set(t, PAR_TCP__EOF);
    if (par_tcp__has(t, PAR_TCP__SHUT)) {
        /* The flush ends it, when our bytes have left. */
        par_tcp__mark_dirty(t);
        if (par_tcp__has(t, PAR_TCP__CLOSING))
            return;
    }
    if (t->_ops->on_eof)
        t->_ops->on_eof(t);
    else
        par_tcp_close(t);
}

static void discard(struct par_tcp *t, size_t n)
{
    t->_linger->discarded += (uint32_t)n;
    if (t->_linger->discarded > DISCARD_BYTES)
        par_tcp__end(t, t->_out ? PAR_TCP_DEADLINE : PAR_TCP_CLOSED, 0);
}

/* One read a turn. Less than asked for means that the kernel has no more, unless the end of the
 * stream follows, for which no edge would come any more. */
static void read_once(struct par_tcp *t)
{
    struct par_loop *loop = t->_loop;
    ssize_t n = par_tcp__bytes_read(t, loop->read_buf, PAR_LOOP__READ_BYTES);
    par_loop__count(&loop->n.reads, 1);
    if (n == -EAGAIN || n == -EINTR) {
        if (n == -EINTR)
            par_tcp__mark_more(t);
        return;
    }
    if (n < 0) {
        input_failed(t, (int)-n);
        return;
    }
    if (n == 0) {
        end_of_input(t);
        return;
    }
    par_loop__count(&loop->n.bytes_in, (uint64_t)n);
    if (par_tcp__has(t, PAR_TCP__CLOSING))
        discard(t, (size_t)n);
    else
        t->_ops->on_data(t, loop->read_buf, (size_t)n);
    if (!par_tcp__has(t, PAR_TCP__OPEN) || par_tcp__has(t, PAR_TCP__ENDED))
        return;
    if (n == PAR_LOOP__READ_BYTES || par_tcp__has(t, PAR_TCP__HUP)) {
        if (par_tcp__has(t, PAR_TCP__PAUSED))
            par_tcp__set(t, PAR_TCP__READY);
        else
            par_tcp__mark_more(t);
    }
}

static void connected(struct par_tcp *t)
{
    int error = t->_loop->ops->error(t->_loop->world, t->_io.fd);
    if (error < 0) {
        par_tcp__end(t, PAR_TCP_REFUSED, -error);
        return;
    }
    par_tcp__clear(t, PAR_TCP__CONNECTING);
    par_tcp__mark_dirty(t);
    if (t->_ops->on_connected && !par_tcp__has(t, PAR_TCP__CLOSING))
        t->_ops->on_connected(t);
}

void par_tcp__event(struct par_io *io, unsigned events)
{
    struct par_tcp *t = PAR_CONTAINER(io, struct par_tcp, _io);
    if (par_tcp__has(t, PAR_TCP__CONNECTING)) {
        if (!(events & (PAR_IO_OUT | PAR_IO_ERR | PAR_IO_HUP)))
            return;
        connected(t);
        if (!par_tcp__has(t, PAR_TCP__OPEN) || par_tcp__has(t, PAR_TCP__ENDED))
            return;
    }
    if ((events & PAR_IO_OUT) && par_tcp__has(t, PAR_TCP__BLOCKED)) {
        par_tcp__clear(t, PAR_TCP__BLOCKED);
        par_tcp__mark_dirty(t);
    }
    if (!(events & (PAR_IO_IN | PAR_IO_HUP | PAR_IO_ERR)))
        return;
    if (events & (PAR_IO_HUP | PAR_IO_ERR))
        par_tcp__set(t, PAR_TCP__HUP);
    if ((events & PAR_IO_ERR) && par_tcp__has(t, PAR_TCP__PAUSED | PAR_TCP__EOF)) {
        /* Nobody would read, and so learn of it. */
        int error = t->_loop->ops->error(t->_loop->world, t->_io.fd);
        input_failed(t, error < 0 ? -error : ECONNRESET);
        return;
    }
    if (par_tcp__has(t, PAR_TCP__EOF | PAR_TCP__MORE))
        return;
    if (par_tcp__has(t, PAR_TCP__PAUSED))
        par_tcp__set(t, PAR_TCP__READY);
    else
        read_once(t);
}

void par_tcp__read_more(struct par_loop *loop)
{
    struct par_tcp *t = loop->more.first;
    loop->more = (struct par_tcp__chain){0};
    while (t) {
        struct par_tcp *next = t->_more_next;
        par_tcp__clear(t, PAR_TCP__MORE);
        if (par_tcp__has(t, PAR_TCP__ENDED | PAR_TCP__EOF)) {
            /* Nothing to read. */
        } else if (par_tcp__has(t, PAR_TCP__PAUSED)) {
            par_tcp__set(t, PAR_TCP__READY);
        } else {
            read_once(t);
        }
        t = next;
    }
}
