/* What a loop asks of the world: readiness and sockets. epoll.c answers with the system's; a
 * simulated network answers with its own under virtual time (together with env_ops.h, which has the
 * clock). */
#ifndef PAR_LOOP_LOOP_OPS_H
#define PAR_LOOP_LOOP_OPS_H

#include "loop/addr.h"
#include "loop/loop.h"

#include <sys/types.h>
#include <sys/uio.h>

struct par_ready {
    struct par_io *io;
    unsigned events; /* enum par_io_event */
};

/* world: the value given to open, or what open put in its place. All members are required. Those
 * that return int or ssize_t give a negative errno value on failure. None blocks but wait. Called
 * on the loop's thread, except wake. */
struct par_loop_ops {
    const char *name;

    enum par_err (*open)(void **world);
    void (*close)(void *world);
    /* Sleeps until something is ready, a wake, or timeout_ms (< 0: without end) have passed; fills
     * at most max entries and returns their number. A wake during or since the last wait ends this
     * one. */
    int (*wait)(void *world, struct par_ready *ready, int max, int timeout_ms);
    void (*wake)(void *world); /* any thread */

    /* Reports edges of all four events for fd, as io, until unwatch or close_fd. An edge that
     * exists already is reported too. rewatch gives fd to another io and reports again what is
     * ready. */
    int (*watch)(void *world, int fd, struct par_io *io);
    int (*rewatch)(void *world, int fd, struct par_io *io);
    void (*unwatch)(void *world, int fd);

    /* A non-blocking listening socket on addr, or on unix_path if that is not NULL. */
    int (*listen)(void *world, const struct par_addr *addr, const char *unix_path, bool join);
    int (*accept)(void *world, int fd, struct par_addr *peer_r);
    /* A socket whose connection is being made; an OUT event tells the end. */
    int (*connect)(void *world, const struct par_addr *addr, const char *unix_path);
    /* The error that a socket has pending, as a negative errno value; 0 for none. */
    int (*error)(void *world, int fd);
    int (*local_addr)(void *world, int fd, struct par_addr *addr_r);
    ssize_t (*read)(void *world, int fd, void *buf, size_t n);
    ssize_t (*write)(void *world, int fd, const struct iovec *iov, int count);
    int (*shutdown)(void *world, int fd); /* the sending half */
    void (*close_fd)(void *world, int fd);
    void (*forget_path)(void *world, const char *unix_path); /* removes a listener's path */
};

extern const struct par_loop_ops par_loop_system;

/* What par_loop_new stands on from now on; NULL puts the system's back. As par_env_install. */
void par_loop_install(const struct par_loop_ops *ops);

/* par_loop_new on another world. */
enum par_err par_loop_new_on(const struct par_loop_ops *ops, void *world,
                             struct par_loop **loop_r) PAR_MUST_CHECK;

#endif
