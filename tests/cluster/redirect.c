/* Preloaded into a server: a connect to a port of this machine goes to another port instead, where
 * a proxy stands. $CLUSTER_REDIRECT lists them: "9092=29092,9192=29192". */
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static unsigned other_port(unsigned port)
{
    const char *at = getenv("CLUSTER_REDIRECT");
    while (at && *at) {
        char *end;
        unsigned from = (unsigned)strtoul(at, &end, 10);
        unsigned to = *end == '=' ? (unsigned)strtoul(end + 1, &end, 10) : 0;
        if (from == port && to)
            return to;
        at = strchr(end, ',');
        at = at ? at + 1 : NULL;
    }
    return port;
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    static int (*real)(int, const struct sockaddr *, socklen_t);
    struct sockaddr_in in;
    if (!real)
        real = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    if (addr->sa_family != AF_INET || len < sizeof in)
        return real(fd, addr, len);
    memcpy(&in, addr, sizeof in);
    if (in.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
        in.sin_port = htons((uint16_t)other_port(ntohs(in.sin_port)));
    return real(fd, (const struct sockaddr *)&in, sizeof in);
}
