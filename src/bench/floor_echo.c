/* The floor of a connection: a thread that does nothing but wait, receive and send. */
#include "bench/floor_private.h"

#include "loop/env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 200, EVENTS = 256, WARM_MS = 300 };

struct echo {
    unsigned connections;
    bool forward;
    int *server_fds;
    int *client_fds;
    int epoll_fd;
    _Atomic int phase; /* 0 warm, 1 measured, 2 over */
    uint64_t messages; /* of phase 1 */
    double cpu_s;
    bool failed;
};

/* ---- the server ---- */

static void serve(void *arg)
{
    struct echo *e = arg;
    struct epoll_event events[EVENTS];
    char buf[BYTES];
    double begin_s = 0;
    int phase = 0;
    while (phase < 2 && !e->failed) {
        int n = epoll_wait(e->epoll_fd, events, EVENTS, 100);
        int now = atomic_load_explicit(&e->phase, memory_order_acquire);
        if (now == 1 && phase == 0)
            begin_s = par_bench__thread_cpu();
        if (now == 2 && phase == 1)
            e->cpu_s = par_bench__thread_cpu() - begin_s;
        phase = now;
        for (int i = 0; i < n; i++) {
            uint32_t at = events[i].data.u32;
            ssize_t got = recv(e->server_fds[at], buf, sizeof buf, 0);
            if (got != BYTES || send(e->server_fds[at], buf, BYTES, MSG_NOSIGNAL) != BYTES ||
                (e->forward && send(e->server_fds[at ^ 1], buf, BYTES, MSG_NOSIGNAL) != BYTES)) {
                e->failed = got != 0 && errno != EAGAIN;
                continue;
            }
            e->messages += phase == 1;
        }
    }
}

/* ---- the clients ---- */

/* Each connection has one message in flight: it sends the next when its echo (and, forwarded, the
 * other's message, which counts for the other) has come. */
static void drive(struct echo *e, int epoll_fd, unsigned seconds)
{
    struct epoll_event events[EVENTS];
    char buf[8 * BYTES];
    uint32_t *held = calloc(e->connections, sizeof *held);
    uint64_t begin_ms = par_mono_ms();
    memset(buf, 'x', sizeof buf);
    for (unsigned i = 0; held && i < e->connections; i++)
        e->failed |= send(e->client_fds[i], buf, BYTES, MSG_NOSIGNAL) != BYTES;
    while (held && !e->failed) {
        uint64_t ms = par_mono_ms() - begin_ms;
        if (ms > WARM_MS + seconds * 1000u)
            break;
        if (ms > WARM_MS)
            atomic_store_explicit(&e->phase, 1, memory_order_release);
        int n = epoll_wait(epoll_fd, events, EVENTS, 100);
        for (int i = 0; i < n; i++) {
            uint32_t at = events[i].data.u32;
            ssize_t got = recv(e->client_fds[at], buf, sizeof buf, 0);
            if (got <= 0)
                continue;
            held[at] += (uint32_t)got;
            uint32_t round = e->forward ? 2 * BYTES : BYTES;
            for (; held[at] >= round; held[at] -= round)
                e->failed |= send(e->client_fds[at], buf, BYTES, MSG_NOSIGNAL) != BYTES;
        }
    }
    atomic_store_explicit(&e->phase, 2, memory_order_release);
    free(held);
}

/* ---- sockets ---- */

static bool watch(int epoll_fd, int fd, uint32_t at)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = at};
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static bool connect_all(struct echo *e, int listen_fd, int client_epoll)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    if (bind(listen_fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listen_fd, 128) < 0 ||
        getsockname(listen_fd, (struct sockaddr *)&addr, &len) < 0)
        return false;
    for (unsigned i = 0; i < e->connections; i++) {
        e->client_fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (e->client_fds[i] < 0 || connect(e->client_fds[i], (struct sockaddr *)&addr, len) < 0)
            return false;
        e->server_fds[i] = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (e->server_fds[i] < 0 || !watch(e->epoll_fd, e->server_fds[i], i) ||
            !watch(client_epoll, e->client_fds[i], i))
            return false;
    }
    return true;
}

static void close_all(int *fds, unsigned n)
{
    for (unsigned i = 0; fds && i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(fds);
}

double par_bench__floor_echo(unsigned connections, unsigned seconds, bool forward)
{
    struct par_thread *thread;
    struct echo e = {.connections = connections & ~1u, .forward = forward};
    int listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client_epoll = epoll_create1(EPOLL_CLOEXEC);
    e.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    e.server_fds = malloc(connections * sizeof *e.server_fds);
    e.client_fds = malloc(connections * sizeof *e.client_fds);
    e.failed = !e.server_fds || !e.client_fds;
    for (unsigned i = 0; !e.failed && i < connections; i++)
        e.server_fds[i] = e.client_fds[i] = -1;
    if (!e.failed && connect_all(&e, listen_fd, client_epoll) &&
        par_thread_start("floor", serve, &e, &thread) == PAR_OK) {
        drive(&e, client_epoll, seconds);
        par_thread_join(&thread);
    } else {
        e.failed = true;
    }
    close_all(e.server_fds, connections);
    close_all(e.client_fds, connections);
    close(client_epoll);
    close(e.epoll_fd);
    close(listen_fd);
    return e.failed || e.messages == 0 ? -1 : 1e6 * e.cpu_s / (double)e.messages;
}
