/* The system as a loop's world: epoll, edge-triggered, with an eventfd for wake-ups.
 *
 * Every socket is registered once, for all events, and never touched again: no system call to ask
 * for writability or to pause. The eventfd is edge-triggered too and therefore never read: each
 * write to it is a new edge. */
#include "loop/loop_ops.h"
#include "loop/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 256 };

struct world {
    int epoll_fd;
    int wake_fd;
};

static void close_world(void *world)
{
    struct world *w = world;
    if (w->epoll_fd >= 0)
        close(w->epoll_fd);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    free(w);
}

static int control(struct world *w, int op, int fd, struct par_io *io)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = io};
    return epoll_ctl(w->epoll_fd, op, fd, &ev) < 0 ? -errno : 0;
}

static enum par_err open_world(void **world_r)
{
    struct world *w = malloc(sizeof *w);
    if (!w)
        return PAR_E_UNAVAILABLE;
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
    if (w->epoll_fd < 0 || w->wake_fd < 0 ||
        epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &ev) < 0) {
        close_world(w);
        return PAR_E_UNAVAILABLE;
    }
    *world_r = w;
    return PAR_OK;
}

static int wait_ready(void *world, struct par_ready *ready, int max, int timeout_ms)
{
    struct world *w = world;
    struct epoll_event events[EVENTS];
    int n = epoll_wait(w->epoll_fd, events, max < EVENTS ? max : EVENTS, timeout_ms);
    int count = 0;
    for (int i = 0; i < n; i++) {
        unsigned got = events[i].events;
        if (!events[i].data.ptr)
            continue; /* the wake-up has done its work */
        ready[count++] = (struct par_ready){
            .io = events[i].data.ptr,
            .events = (got & EPOLLIN ? PAR_IO_IN : 0u) | (got & EPOLLOUT ? PAR_IO_OUT : 0u) |
                      (got & (EPOLLRDHUP | EPOLLHUP) ? PAR_IO_HUP : 0u) |
                      (got & EPOLLERR ? PAR_IO_ERR : 0u),
        };
    }
    return count;
}

static void wake(void *world)
{
    struct world *w = world;
    const uint64_t one = 1;
    /* It cannot fill up: that takes 2^64 wake-ups. */
    ssize_t n = write(w->wake_fd, &one, sizeof one);
    (void)n;
}

static int watch(void *world, int fd, struct par_io *io)
{
    return control(world, EPOLL_CTL_ADD, fd, io);
}

static int rewatch(void *world, int fd, struct par_io *io)
{
    return control(world, EPOLL_CTL_MOD, fd, io);
}

static void unwatch(void *world, int fd)
{
    control(world, EPOLL_CTL_DEL, fd, NULL);
}

const struct par_loop_ops par_loop_system = {
    .name = "epoll",
    .open = open_world,
    .close = close_world,
    .wait = wait_ready,
    .wake = wake,
    .watch = watch,
    .rewatch = rewatch,
    .unwatch = unwatch,
    .listen = par_sockets__listen,
    .accept = par_sockets__accept,
    .connect = par_sockets__connect,
    .error = par_sockets__error,
    .local_addr = par_sockets__local_addr,
    .read = par_sockets__read,
    .write = par_sockets__write,
    .shutdown = par_sockets__shutdown,
    .close_fd = par_sockets__close,
    .forget_path = par_sockets__forget_path,
};
