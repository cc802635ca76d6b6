/* Listeners: accepting in bounded portions, and pausing when descriptors run out. */
#include "loop/listen.h"

#include "loop/loop_private.h"

#include <errno.h>
#include <stdlib.h>

enum { ACCEPTS_A_TURN = 64, PAUSE_MS = 250, TELL_MS = 1000 };

static void pause_accepting(struct par_listener *l, int os_error)
{
    par_timer_set(l->_loop, &l->_timer, PAUSE_MS);
    if (l->_paused)
        return;
    l->_paused = true;
    par_loop__count(&l->_loop->n.accept_pauses, 1);
    uint64_t now = par_loop_now_ms(l->_loop);
    l->_told = l->_told_ms == 0 || now - l->_told_ms >= TELL_MS;
    if (!l->_told)
        return;
    l->_told_ms = now;
    if (l->_pause_fn)
        l->_pause_fn(l, os_error, l->_arg);
}

static void go_on(struct par_listener *l)
{
    if (!l->_paused)
        return;
    l->_paused = false;
    if (l->_told && l->_pause_fn)
        l->_pause_fn(l, 0, l->_arg);
}

static void accept_some(struct par_listener *l)
{
    struct par_loop *loop = l->_loop;
    for (int i = 0; i < ACCEPTS_A_TURN && l->_io._armed; i++) {
        struct par_addr peer;
        int fd = loop->ops->accept(loop->world, l->_io.fd, &peer);
        if (fd >= 0) {
            go_on(l);
            par_loop__count(&loop->n.accepted, 1);
            l->_fn(l, fd, &peer, l->_arg);
            continue;
        }
        switch (-fd) {
        case EAGAIN:
            go_on(l);
            return;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            pause_accepting(l, -fd);
            return;
        default: /* that one connection broke while it waited */
            break;
        }
    }
    /* No edge will tell of the rest. */
    if (l->_io._armed)
        par_timer_set(loop, &l->_timer, 0);
}

static void on_event(struct par_io *io, unsigned events)
{
    (void)events;
    struct par_listener *l = PAR_CONTAINER(io, struct par_listener, _io);
    if (!par_timer_is_set(&l->_timer))
        accept_some(l);
}

static void on_timer(struct par_timer *timer)
{
    accept_some(PAR_CONTAINER(timer, struct par_listener, _timer));
}

static enum par_err listen_on(struct par_listener *l, struct par_loop *loop,
                              const struct par_addr *addr, const char *path, bool join,
                              par_accept_fn fn, par_accept_pause_fn on_pause, void *arg,
                              int *os_error_r)
{
    *os_error_r = 0;
    *l = (struct par_listener){._loop = loop, ._fn = fn, ._pause_fn = on_pause, ._arg = arg};
    par_timer_init(&l->_timer, on_timer);
    int fd = loop->ops->listen(loop->world, addr, path, join);
    if (fd < 0) {
        *os_error_r = -fd;
        return PAR_E_UNAVAILABLE;
    }
    if (path)
        l->_unix_path = strdup(path);
    if ((path && !l->_unix_path) || par_io_add(loop, &l->_io, fd, on_event) != PAR_OK) {
        loop->ops->close_fd(loop->world, fd);
        free(l->_unix_path);
        l->_unix_path = NULL;
        *os_error_r = ENOMEM;
        return PAR_E_UNAVAILABLE;
    }
    return PAR_OK;
}

enum par_err par_listener_open(struct par_listener *l, struct par_loop *loop,
                               const struct par_addr *addr, enum par_listen_mode mode,
                               par_accept_fn fn, par_accept_pause_fn on_pause, void *arg,
                               int *os_error_r)
{
    return listen_on(l, loop, addr, NULL, mode == PAR_LISTEN_JOIN, fn, on_pause, arg, os_error_r);
}

enum par_err par_listener_open_unix(struct par_listener *l, struct par_loop *loop, const char *path,
                                    par_accept_fn fn, par_accept_pause_fn on_pause, void *arg,
                                    int *os_error_r)
{
    return listen_on(l, loop, NULL, path, false, fn, on_pause, arg, os_error_r);
}

void par_listener_close(struct par_listener *l)
{
    if (!l->_io._armed)
        return;
    struct par_loop *loop = l->_loop;
    par_timer_cancel(&l->_timer);
    int fd = l->_io.fd;
    par_io_remove(loop, &l->_io);
    loop->ops->close_fd(loop->world, fd);
    l->_io.fd = -1;
    if (l->_unix_path)
        loop->ops->forget_path(loop->world, l->_unix_path);
    free(l->_unix_path);
    l->_unix_path = NULL;
}

void par_listener_refuse(struct par_listener *l, int fd)
{
    l->_loop->ops->close_fd(l->_loop->world, fd);
}

void par_listener_addr(const struct par_listener *l, struct par_addr *addr_r)
{
    *addr_r = (struct par_addr){0};
    if (l->_io._armed && l->_loop->ops->local_addr(l->_loop->world, l->_io.fd, addr_r) < 0)
        *addr_r = (struct par_addr){0};
}
