/* The life of a connection: open, connect, move, pause, close, release. */
#include "loop/tcp.h"

#include "loop/tcp_private.h"

#include <errno.h>

_Static_assert(sizeof(struct par_tcp) <= 96, "every connection pays for this");

const char *par_tcp_end_text(enum par_tcp_end end)
{
    switch (end) {
    case PAR_TCP_CLOSED:
        return "closed";
    case PAR_TCP_RESET:
        return "reset";
    case PAR_TCP_DEADLINE:
        return "deadline";
    case PAR_TCP_REFUSED:
        return "refused";
    case PAR_TCP_ERROR:
        return "error";
    }
    return "error";
}

/* ---- chains ---- */

void par_tcp__mark_dirty(struct par_tcp *t)
{
    if (par_tcp__has(t, PAR_TCP__DIRTY))
        return;
    par_tcp__set(t, PAR_TCP__DIRTY);
    t->_dirty_next = NULL;
    struct par_tcp__chain *c = &t->_loop->dirty;
    if (c->last)
        c->last->_dirty_next = t;
    else
        c->first = t;
    c->last = t;
}

void par_tcp__mark_more(struct par_tcp *t)
{
    if (par_tcp__has(t, PAR_TCP__MORE))
        return;
    par_tcp__set(t, PAR_TCP__MORE);
    t->_more_next = NULL;
    struct par_tcp__chain *c = &t->_loop->more;
    if (c->last)
        c->last->_more_next = t;
    else
        c->first = t;
    c->last = t;
}

/* Takes those that ended or moved out of the more chain, whose memory would go before its next use.
 */
static void sweep_more(struct par_loop *loop)
{
    struct par_tcp *t = loop->more.first;
    loop->more = (struct par_tcp__chain){0};
    while (t) {
        struct par_tcp *next = t->_more_next;
        bool alive = par_tcp__has(t, PAR_TCP__OPEN) && !par_tcp__has(t, PAR_TCP__ENDED);
        par_tcp__clear(t, PAR_TCP__MORE);
        if (alive)
            par_tcp__mark_more(t);
        t = next;
    }
}

/* ---- opening ---- */

static enum par_err start(struct par_tcp *t, struct par_loop *loop, int fd,
                          const struct par_tcp_ops *ops, uint32_t limit, unsigned flags)
{
    *t = (struct par_tcp){._loop = loop, ._ops = ops, ._limit = limit};
    if (par_io_add(loop, &t->_io, fd, par_tcp__event) != PAR_OK) {
        loop->ops->close_fd(loop->world, fd);
        return PAR_E_UNAVAILABLE;
    }
    par_tcp__set(t, PAR_TCP__OPEN | flags);
    par_loop__count(&loop->n.connections, 1);
    return PAR_OK;
}

enum par_err par_tcp_open(struct par_tcp *t, struct par_loop *loop, int fd,
                          const struct par_addr *peer, const struct par_tcp_ops *ops,
                          uint32_t limit)
{
    struct par_addr from = *peer;
    enum par_err err = start(t, loop, fd, ops, limit, 0);
    t->_peer = from;
    return err;
}

static enum par_err start_connect(struct par_tcp *t, struct par_loop *loop,
                                  const struct par_addr *addr, const char *path,
                                  const struct par_tcp_ops *ops, uint32_t limit)
{
    int fd = loop->ops->connect(loop->world, addr, path);
    if (fd < 0)
        return PAR_E_UNAVAILABLE;
    struct par_addr to = *addr;
    enum par_err err = start(t, loop, fd, ops, limit, PAR_TCP__CONNECTING);
    t->_peer = to;
    return err;
}

enum par_err par_tcp_connect(struct par_tcp *t, struct par_loop *loop, const struct par_addr *addr,
                             const struct par_tcp_ops *ops, uint32_t limit)
{
    return start_connect(t, loop, addr, NULL, ops, limit);
}

enum par_err par_tcp_connect_unix(struct par_tcp *t, struct par_loop *loop, const char *path,
                                  const struct par_tcp_ops *ops, uint32_t limit)
{
    const struct par_addr addr = {.family = PAR_ADDR_UNIX};
    return start_connect(t, loop, &addr, path, ops, limit);
}

void par_tcp_set_ops(struct par_tcp *t, const struct par_tcp_ops *ops, uint32_t limit)
{
    t->_ops = ops;
    t->_limit = limit;
}

bool par_tcp_move(struct par_tcp *from, struct par_tcp *to, const struct par_tcp_ops *ops,
                  uint32_t limit)
{
    struct par_loop *loop = from->_loop;
    if (par_tcp_is_closed(from))
        return false;
    if (loop->ops->rewatch(loop->world, from->_io.fd, &to->_io) < 0) {
        par_tcp__end(from, PAR_TCP_ERROR, ENOMEM);
        return false;
    }
    *to = *from;
    par_tcp_set_ops(to, ops, limit);
    par_tcp__clear(to, PAR_TCP__DIRTY | PAR_TCP__MORE);
    par_tcp__mark_dirty(to);

    from->_io._armed = 0;
    from->_io.fd = -1;
    from->_out = NULL;
    from->_queued = 0;
    par_tcp__clear(from, PAR_TCP__OPEN);
    if (par_tcp__has(from, PAR_TCP__MORE)) {
        sweep_more(loop);
        par_tcp__mark_more(to);
    }
    return true;
}

/* ---- reading ---- */

void par_tcp_pause(struct par_tcp *t)
{
    if (!par_tcp_is_closed(t))
        par_tcp__set(t, PAR_TCP__PAUSED);
}

void par_tcp_resume(struct par_tcp *t)
{
    if (!par_tcp__has(t, PAR_TCP__OPEN) || par_tcp__has(t, PAR_TCP__ENDED))
        return;
    par_tcp__clear(t, PAR_TCP__PAUSED);
    if (par_tcp__has(t, PAR_TCP__READY)) {
        par_tcp__clear(t, PAR_TCP__READY);
        par_tcp__mark_more(t);
    }
}

/* ---- ending ---- */

bool par_tcp_is_closed(const struct par_tcp *t)
{
    return !par_tcp__has(t, PAR_TCP__OPEN) || par_tcp__has(t, PAR_TCP__CLOSING | PAR_TCP__ENDED);
}

void par_tcp_shutdown(struct par_tcp *t)
{
    if (par_tcp_is_closed(t) || par_tcp__has(t, PAR_TCP__SHUT))
        return;
    par_tcp__set(t, PAR_TCP__SHUT);
    par_tcp__mark_dirty(t);
}

static void linger_over(struct par_timer *timer)
{
    struct par_tcp *t = PAR_CONTAINER(timer, struct par_tcp__linger, timer)->tcp;
    par_tcp__end(t, t->_out ? PAR_TCP_DEADLINE : PAR_TCP_CLOSED, 0);
}

void par_tcp_close(struct par_tcp *t)
{
    if (par_tcp_is_closed(t))
        return;
    struct par_loop *loop = t->_loop;
    struct par_tcp__linger *l = NULL;
    if (!par_tcp__has(t, PAR_TCP__CONNECTING) || t->_out)
        l = par_slab_alloc(&loop->lingers);
    if (!l) {
        par_tcp_abort(t);
        return;
    }
    l->tcp = t;
    par_timer_init(&l->timer, linger_over);
    par_timer_set(loop, &l->timer, PAR_TCP_CLOSE_MS);
    t->_linger = l;
    par_tcp__set(t, PAR_TCP__CLOSING | PAR_TCP__SHUT);
    par_tcp__mark_dirty(t);
    par_tcp_resume(t);
}

void par_tcp_abort(struct par_tcp *t)
{
    par_tcp__end(t, PAR_TCP_CLOSED, 0);
}

void par_tcp__end(struct par_tcp *t, enum par_tcp_end end, int os_error)
{
    struct par_loop *loop = t->_loop;
    if (!par_tcp__has(t, PAR_TCP__OPEN) || par_tcp__has(t, PAR_TCP__ENDED))
        return;
    par_tcp__set(t, PAR_TCP__ENDED);
    t->_end = (uint8_t)end;
    t->_os_error = (uint8_t)os_error;
    t->_io._armed = 0;
    loop->ops->close_fd(loop->world, t->_io.fd);
    t->_io.fd = -1;
    par_tcp__queue_clear(t, false);
    if (t->_linger) {
        par_timer_cancel(&t->_linger->timer);
        par_slab_free(&loop->lingers, t->_linger);
        t->_linger = NULL;
    }
    par_tcp__mark_dirty(t);
}

void par_tcp__release(struct par_loop *loop, struct par_tcp__chain *ended)
{
    if (!ended->first)
        return;
    if (loop->more.first)
        sweep_more(loop);
    for (struct par_tcp *t = ended->first; t;) {
        struct par_tcp *next = t->_dirty_next;
        par_loop__count(&loop->n.connections, (uint64_t)-1);
        par_tcp__clear(t, PAR_TCP__OPEN | PAR_TCP__DIRTY);
        t->_ops->on_closed(t, (enum par_tcp_end)t->_end, t->_os_error);
        t = next;
    }
}
