/* The simulated network as a loop sees it: descriptors, readiness, listening. */
#include "sim/net_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sim_net__state sim_net__state;
#define N sim_net__state

static void node_ended(void *arg, struct sim_node *node, unsigned life)
{
    (void)arg;
    (void)life;
    struct par_list *next;
    for (struct par_list *n = N.socks.next; n != &N.socks; n = next) {
        next = n->next;
        struct sim_net__sock *s = PAR_CONTAINER(n, struct sim_net__sock, among_all);
        /* Devices live on loops of another node, and look after themselves. */
        if (s->node == node && node->kind == SIM_NODE_SERVER && s->fd >= 0) {
            sim_net__close(s, node->vanished);
            next = N.socks.next; /* others may have gone with it */
        }
    }
}

void sim_net_begin(const struct sim_net_settings *settings)
{
    N.set = *settings;
    N.next_port = 20000;
    sim_random_init(&N.random, "net", 0);
    par_list_init(&N.socks);
    sim_on_node_end(node_ended, NULL);
}

void sim_net_as(struct sim_node *node)
{
    N.as = node;
}

uint64_t sim_net_bytes(void)
{
    return N.bytes;
}

uint64_t sim_net_open(void)
{
    return N.open;
}

/* ---- sockets ---- */

struct sim_net__sock *sim_net__sock_new(enum sim_net__kind kind, struct sim_node *node)
{
    struct sim_net__sock *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->kind = kind;
    s->node = node;
    s->fd = -1;
    par_list_init(&s->ready);
    par_list_init(&s->queued);
    par_list_init(&s->queue);
    par_list_append(&N.socks, &s->among_all);
    N.open++;
    return s;
}

int sim_net__fd(struct sim_net__sock *s)
{
    int fd = 0;
    while (fd < N.fd_count && N.fds[fd])
        fd++;
    if (fd == N.fd_count) {
        N.fd_count = N.fd_count ? N.fd_count * 2 : 64;
        N.fds = realloc(N.fds, (size_t)N.fd_count * sizeof(struct sim_net__sock *));
        if (!N.fds)
            abort();
        memset(N.fds + fd, 0, (size_t)(N.fd_count - fd) * sizeof(struct sim_net__sock *));
    }
    N.fds[fd] = s;
    s->fd = fd;
    return fd;
}

void sim_net__sock_free(struct sim_net__sock *s)
{
    par_list_remove(&s->ready);
    par_list_remove(&s->queued);
    par_list_remove(&s->among_all);
    if (s->fd >= 0)
        N.fds[s->fd] = NULL;
    N.open--;
    free(s);
}

static struct sim_net__sock *sock_of(int fd)
{
    if (fd < 0 || fd >= N.fd_count || !N.fds[fd])
        sim_fail("sim", "descriptor %d is not open", fd);
    return N.fds[fd];
}

static unsigned ready_events(const struct sim_net__sock *s)
{
    if (s->kind == SIM_NET__LISTENER)
        return par_list_empty(&s->queue) ? 0 : PAR_IO_IN;
    const struct sim_net__end *e = s->end;
    unsigned events = 0;
    if (s->error || s->broken)
        return PAR_IO_IN | PAR_IO_OUT | PAR_IO_HUP | (s->error ? PAR_IO_ERR : 0u);
    if (!e->conn->established && e == &e->conn->end[0])
        return 0;
    if (e->in.len > e->in_at || e->in_fin)
        events |= PAR_IO_IN;
    if (e->in_fin)
        events |= PAR_IO_HUP;
    if (e->out.unacked < e->out.capacity)
        events |= PAR_IO_OUT;
    return events;
}

void sim_net__changed(struct sim_net__sock *s)
{
    if (!s->loop || !par_list_empty(&s->ready))
        return;
    par_list_append(&s->loop->ready, &s->ready);
    sim_wake_all(&s->loop->waiters);
}

/* ---- the loop's side ---- */

static enum par_err open_loop(void **world_r)
{
    struct sim_net__loop *l = calloc(1, sizeof *l);
    if (!l)
        return PAR_E_UNAVAILABLE;
    par_list_init(&l->ready);
    l->node = sim_node_current();
    *world_r = l;
    return PAR_OK;
}

static void close_loop(void *world)
{
    free(world);
}

/* In any order, and not always all of them. */
static int collect(struct sim_net__loop *l, struct par_ready *ready, int max)
{
    int n = 0;
    uint64_t most = sim_random_in(&N.random, 1, 32);
    while (!par_list_empty(&l->ready) && n < max && (uint64_t)n < most) {
        struct par_list *node = l->ready.next;
        if (sim_random_below(&N.random, 4) == 0)
            node = l->ready.prev;
        struct sim_net__sock *s = PAR_CONTAINER(node, struct sim_net__sock, ready);
        par_list_remove(node);
        unsigned events = ready_events(s);
        if (events)
            ready[n++] = (struct par_ready){.io = s->io, .events = events};
    }
    return n;
}

static int wait_ready(void *world, struct par_ready *ready, int max, int timeout_ms)
{
    struct sim_net__loop *l = world;
    sim_sleep_ns(0);
    if (par_list_empty(&l->ready) && !l->woken && timeout_ms != 0)
        sim_wait(&l->waiters, timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * SIM_MS);
    l->woken = false;
    return collect(l, ready, max);
}

static void wake(void *world)
{
    struct sim_net__loop *l = world;
    l->woken = true;
    sim_wake_all(&l->waiters);
}

static int watch(void *world, int fd, struct par_io *io)
{
    struct sim_net__sock *s = sock_of(fd);
    s->loop = world;
    s->io = io;
    if (ready_events(s))
        sim_net__changed(s);
    return 0;
}

static void unwatch(void *world, int fd)
{
    (void)world;
    struct sim_net__sock *s = sock_of(fd);
    s->loop = NULL;
    s->io = NULL;
    par_list_remove(&s->ready);
}

static int listen_on(void *world, const struct par_addr *addr, const char *unix_path, bool join)
{
    struct sim_net__loop *l = world;
    if (unix_path)
        return -EACCES;
    for (struct par_list *n = N.socks.next; n != &N.socks; n = n->next) {
        struct sim_net__sock *other = PAR_CONTAINER(n, struct sim_net__sock, among_all);
        if (other->kind == SIM_NET__LISTENER && !join &&
            memcmp(&other->addr, addr, sizeof *addr) == 0)
            return -EADDRINUSE;
    }
    struct sim_net__sock *s = sim_net__sock_new(SIM_NET__LISTENER, l->node);
    s->addr = *addr;
    return sim_net__fd(s);
}

static int accept_one(void *world, int fd, struct par_addr *peer_r)
{
    (void)world;
    struct sim_net__sock *listener = sock_of(fd);
    *peer_r = (struct par_addr){0};
    if (par_list_empty(&listener->queue))
        return -EAGAIN;
    struct sim_net__sock *s =
        PAR_CONTAINER(par_list_pop(&listener->queue), struct sim_net__sock, queued);
    *peer_r = sim_net__peer(s->end)->addr;
    return sim_net__fd(s);
}

static int connect_to(void *world, const struct par_addr *addr, const char *unix_path)
{
    struct sim_net__loop *l = world;
    if (unix_path)
        return -EACCES;
    struct sim_net__sock *s = sim_net__sock_new(SIM_NET__STREAM, N.as ? N.as : l->node);
    sim_net__fd(s);
    sim_net__connect(s, addr);
    return s->fd;
}

static int error_of(void *world, int fd)
{
    (void)world;
    struct sim_net__sock *s = sock_of(fd);
    int error = s->error;
    s->error = 0;
    return -error;
}

static int local_addr(void *world, int fd, struct par_addr *addr_r)
{
    (void)world;
    struct sim_net__sock *s = sock_of(fd);
    *addr_r = s->kind == SIM_NET__LISTENER ? s->addr : s->end->addr;
    return 0;
}

static ssize_t read_some(void *world, int fd, void *buf, size_t n)
{
    (void)world;
    return sim_net__read(sock_of(fd), buf, n);
}

static ssize_t write_some(void *world, int fd, const struct iovec *iov, int count)
{
    (void)world;
    return sim_net__write(sock_of(fd), iov, count);
}

static int shutdown_sending(void *world, int fd)
{
    (void)world;
    sim_net__shut(sock_of(fd)->end);
    return 0;
}

static void close_fd(void *world, int fd)
{
    (void)world;
    sim_net__close(sock_of(fd), false);
}

static void forget_path(void *world, const char *unix_path)
{
    (void)world;
    (void)unix_path;
}

const struct par_loop_ops sim_net_ops = {
    .name = "sim",
    .open = open_loop,
    .close = close_loop,
    .wait = wait_ready,
    .wake = wake,
    .watch = watch,
    .rewatch = watch,
    .unwatch = unwatch,
    .listen = listen_on,
    .accept = accept_one,
    .connect = connect_to,
    .error = error_of,
    .local_addr = local_addr,
    .read = read_some,
    .write = write_some,
    .shutdown = shutdown_sending,
    .close_fd = close_fd,
    .forget_path = forget_path,
};
