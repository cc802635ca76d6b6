/* One question to a process on this machine. */
#include "loop/unix_call.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int dial(const char *path, uint32_t timeout_ms)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = timeout_ms / 1000,
                              .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof addr.sun_path) {
        errno = ENOENT;
        return -1;
    }
    memcpy(addr.sun_path, path, n);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0 &&
        connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    int failed = errno;
    close(fd);
    errno = failed;
    return -1;
}

static bool send_all(int fd, struct par_str s)
{
    while (s.len > 0) {
        ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        s = par_str_of(s.ptr + n, s.len - (size_t)n);
    }
    return shutdown(fd, SHUT_WR) == 0;
}

static enum par_err receive_all(int fd, size_t max, struct par_buf *answer_r)
{
    size_t got = 0;
    for (;;) {
        uint8_t *to = par_buf_reserve(answer_r, 4096);
        if (to == NULL)
            return PAR_E_UNAVAILABLE;
        ssize_t n = recv(fd, to, 4096, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return PAR_E_UNAVAILABLE;
        if (n == 0)
            return PAR_OK;
        answer_r->len += (size_t)n;
        got += (size_t)n;
        if (got > max)
            return PAR_E_TOO_LARGE;
    }
}

enum par_err par_unix_call(const char *path, struct par_str request, uint32_t timeout_ms,
                           size_t max, struct par_buf *answer_r)
{
    int fd = dial(path, timeout_ms);
    if (fd < 0)
        return errno == ENOENT || errno == ECONNREFUSED ? PAR_E_NOT_FOUND : PAR_E_UNAVAILABLE;
    enum par_err err = send_all(fd, request) ? receive_all(fd, max, answer_r) : PAR_E_UNAVAILABLE;
    close(fd);
    return err;
}
