/* Listeners: accept connections on an address and hand each socket to its owner.
 *
 * Each reactor has a listener of its own on the same address (SO_REUSEPORT); the kernel spreads the
 * connections. When descriptors or memory run out, accepting pauses for a moment, is counted and
 * told once to on_pause, and goes on by a timer; the waiting clients stay in the kernel's queue and
 * the loop does not spin. */
#ifndef PAR_LOOP_LISTEN_H
#define PAR_LOOP_LISTEN_H

#include "loop/addr.h"
#include "loop/loop.h"

struct par_listener;

/* A connection came. fd is the callee's now: it passes it to par_tcp_open, or to
 * par_listener_refuse. May close the listener. */
typedef void (*par_accept_fn)(struct par_listener *l, int fd, const struct par_addr *peer,
                              void *arg);
/* Accepting pauses (os_error: why, an errno value) or goes on (0). For one log line each; at most
 * one of either a second. */
typedef void (*par_accept_pause_fn)(struct par_listener *l, int os_error, void *arg);

/* Fields are private. */
struct par_listener {
    struct par_io _io;
    struct par_loop *_loop;
    par_accept_fn _fn;
    par_accept_pause_fn _pause_fn;
    void *_arg;
    struct par_timer _timer; /* goes on after a pause, or with the rest of a full turn */
    uint64_t _told_ms;
    char *_unix_path;
    bool _paused;
    bool _told;
};

enum par_listen_mode {
    PAR_LISTEN_FIRST = 0, /* refuse the address when anybody listens on it, this program included */
    PAR_LISTEN_JOIN, /* share it with the listeners of this process: reactors after the first */
};

/* Listens. Port 0 lets the system choose: see par_listener_addr. on_pause may be NULL. On failure
 * PAR_E_UNAVAILABLE with the errno value in *os_error_r (EADDRINUSE, EACCES ...), nothing to close.
 */
enum par_err par_listener_open(struct par_listener *l, struct par_loop *loop,
                               const struct par_addr *addr, enum par_listen_mode mode,
                               par_accept_fn fn, par_accept_pause_fn on_pause, void *arg,
                               int *os_error_r) PAR_MUST_CHECK;
/* The same on a Unix socket, which only this user may open (mode 0600). A path that a dead server
 * left behind is replaced; EADDRINUSE when a live one answers. The path is removed by close. */
enum par_err par_listener_open_unix(struct par_listener *l, struct par_loop *loop, const char *path,
                                    par_accept_fn fn, par_accept_pause_fn on_pause, void *arg,
                                    int *os_error_r) PAR_MUST_CHECK;

/* Stops listening; connections accepted already live on. Idempotent. The listener's memory must
 * outlive the turn. */
void par_listener_close(struct par_listener *l);

/* Closes a socket that the accept function does not want. */
void par_listener_refuse(struct par_listener *l, int fd);

/* The address really listened on. */
void par_listener_addr(const struct par_listener *l, struct par_addr *addr_r);

#endif
