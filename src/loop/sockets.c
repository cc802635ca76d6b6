/* The system's sockets: listening, accepting, connecting, bytes. */
#include "loop/sockets.h"

#include "loop/addr_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static int switch_on(int fd, int level, int option)
{
    int one = 1;
    return setsockopt(fd, level, option, &one, sizeof one) < 0 ? -errno : 0;
}

static int new_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int unix_address(const char *path, struct sockaddr_un *un_r)
{
    *un_r = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof un_r->sun_path)
        return -ENAMETOOLONG;
    memcpy(un_r->sun_path, path, n);
    return 0;
}

static int bound(const struct par_addr *addr, bool share)
{
    struct sockaddr_storage ss;
    socklen_t len = par_addr__to_system(addr, &ss);
    int fd = new_socket(ss.ss_family);
    if (fd < 0)
        return fd;
    int err = switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
    if (!err && share)
        err = switch_on(fd, SOL_SOCKET, SO_REUSEPORT);
    if (!err && ss.ss_family == AF_INET6)
        err = switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    /* Accepted sockets inherit it, which saves a system call for each. */
    if (!err)
        err = switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
    if (!err && bind(fd, (struct sockaddr *)&ss, len) < 0)
        err = -errno;
    if (err) {
        close(fd);
        return err;
    }
    return fd;
}

static int listen_ip(const struct par_addr *addr, bool join)
{
    if (!join && addr->port != 0) {
        /* With SO_REUSEPORT the system would let a second server in silently. Without it a bind and
         * listen succeed only when nobody else is there. */
        int probe = bound(addr, false);
        if (probe < 0)
            return probe;
        int err = listen(probe, 1) < 0 ? -errno : 0;
        close(probe);
        if (err)
            return err;
    }
    int fd = bound(addr, true);
    if (fd >= 0 && listen(fd, BACKLOG) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un un;
    int err = unix_address(path, &un);
    if (err)
        return err;
    int probe = new_socket(AF_UNIX);
    if (probe < 0)
        return probe;
    if (connect(probe, (struct sockaddr *)&un, sizeof un) == 0 || errno == EAGAIN)
        err = -EADDRINUSE;
    else if (errno == ECONNREFUSED)
        unlink(path);
    close(probe);
    if (err)
        return err;
    int fd = new_socket(AF_UNIX);
    if (fd < 0)
        return fd;
    /* The mode of the socket becomes that of its path, so nobody else gets in before a chmod. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&un, sizeof un) < 0 ||
        listen(fd, BACKLOG) < 0) {
        err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

int par_sockets__listen(void *world, const struct par_addr *addr, const char *unix_path, bool join)
{
    (void)world;
    return unix_path ? listen_unix(unix_path) : listen_ip(addr, join);
}

int par_sockets__accept(void *world, int fd, struct par_addr *peer_r)
{
    (void)world;
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    *peer_r = (struct par_addr){0};
    int peer = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer < 0)
        return -errno;
    par_addr__from_system(&ss, peer_r);
    return peer;
}

int par_sockets__connect(void *world, const struct par_addr *addr, const char *unix_path)
{
    (void)world;
    struct sockaddr_storage ss;
    socklen_t len;
    int err = 0;
    if (unix_path) {
        err = unix_address(unix_path, (struct sockaddr_un *)&ss);
        len = sizeof(struct sockaddr_un);
    } else {
        len = par_addr__to_system(addr, &ss);
    }
    if (err)
        return err;
    int fd = new_socket(ss.ss_family);
    if (fd < 0)
        return fd;
    if (!unix_path)
        err = switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
    if (!err && connect(fd, (struct sockaddr *)&ss, len) < 0 && errno != EINPROGRESS)
        err = -errno;
    if (err) {
        close(fd);
        return err;
    }
    return fd;
}

int par_sockets__error(void *world, int fd)
{
    (void)world;
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? -errno : -error;
}

int par_sockets__local_addr(void *world, int fd, struct par_addr *addr_r)
{
    (void)world;
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
        return -errno;
    par_addr__from_system(&ss, addr_r);
    return 0;
}

ssize_t par_sockets__read(void *world, int fd, void *buf, size_t n)
{
    (void)world;
    ssize_t got = recv(fd, buf, n, 0);
    return got < 0 ? -errno : got;
}

ssize_t par_sockets__write(void *world, int fd, const struct iovec *iov, int count)
{
    (void)world;
    /* sendmsg, because writev would raise SIGPIPE. */
    struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
    ssize_t sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int par_sockets__shutdown(void *world, int fd)
{
    (void)world;
    return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

void par_sockets__close(void *world, int fd)
{
    (void)world;
    close(fd);
}

void par_sockets__forget_path(void *world, const char *unix_path)
{
    (void)world;
    unlink(unix_path);
}
