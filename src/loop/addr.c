/* Addresses to and from text and the system's form. */
#include "loop/addr.h"

#include "loop/addr_private.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

socklen_t par_addr__to_system(const struct par_addr *addr, struct sockaddr_storage *ss_r)
{
    *ss_r = (struct sockaddr_storage){0};
    if (addr->family == PAR_ADDR_IP4) {
        struct sockaddr_in *in = (struct sockaddr_in *)ss_r;
        in->sin_family = AF_INET;
        in->sin_port = htons(addr->port);
        memcpy(&in->sin_addr, addr->ip, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss_r;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(addr->port);
    memcpy(&in6->sin6_addr, addr->ip, 16);
    return sizeof *in6;
}

static void set_ip6(struct par_addr *addr, const uint8_t ip[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        addr->family = PAR_ADDR_IP4;
        memcpy(addr->ip, ip + 12, 4);
    } else {
        addr->family = PAR_ADDR_IP6;
        memcpy(addr->ip, ip, 16);
    }
}

void par_addr__from_system(const struct sockaddr_storage *ss, struct par_addr *addr_r)
{
    *addr_r = (struct par_addr){0};
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
        addr_r->family = PAR_ADDR_IP4;
        addr_r->port = ntohs(in->sin_port);
        memcpy(addr_r->ip, &in->sin_addr, 4);
    } else if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
        addr_r->port = ntohs(in6->sin6_port);
        set_ip6(addr_r, in6->sin6_addr.s6_addr);
    } else if (ss->ss_family == AF_UNIX) {
        addr_r->family = PAR_ADDR_UNIX;
    }
}

enum par_err par_addr_parse_ip(struct par_str text, struct par_addr *addr_r)
{
    char z[INET6_ADDRSTRLEN];
    uint8_t ip[16];
    *addr_r = (struct par_addr){0};
    if (text.len == 0 || text.len >= sizeof z || memchr(text.ptr, 0, text.len))
        return PAR_E_BAD_REQUEST;
    memcpy(z, text.ptr, text.len);
    z[text.len] = 0;
    if (inet_pton(AF_INET, z, ip) == 1) {
        addr_r->family = PAR_ADDR_IP4;
        memcpy(addr_r->ip, ip, 4);
        return PAR_OK;
    }
    if (inet_pton(AF_INET6, z, ip) == 1) {
        set_ip6(addr_r, ip);
        return PAR_OK;
    }
    return PAR_E_BAD_REQUEST;
}

enum par_err par_addr_parse(struct par_str text, struct par_addr *addr_r)
{
    *addr_r = (struct par_addr){0};
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    if (!colon)
        return PAR_E_BAD_REQUEST;
    struct par_str host = {text.ptr, (size_t)(colon - text.ptr)};
    struct par_str port = {colon + 1, text.len - host.len - 1};
    bool brackets = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (brackets)
        host = (struct par_str){host.ptr + 1, host.len - 2};
    uint64_t number;
    if (!par_str_to_u64(port, &number) || number > UINT16_MAX)
        return PAR_E_BAD_REQUEST;
    /* An IPv6 address has colons of its own, so it needs its brackets, and nothing else may have
     * them. */
    bool colons = host.len > 0 && memchr(host.ptr, ':', host.len) != NULL;
    if (colons != brackets || par_addr_parse_ip(host, addr_r) != PAR_OK)
        return PAR_E_BAD_REQUEST;
    addr_r->port = (uint16_t)number;
    return PAR_OK;
}

enum par_err par_addr_resolve(const char *host, uint16_t port, struct par_addr *addr_r)
{
    *addr_r = (struct par_addr){0};
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return PAR_E_NOT_FOUND;
    const struct addrinfo *best = NULL;
    for (const struct addrinfo *i = list; i; i = i->ai_next) {
        bool ip = i->ai_family == AF_INET || i->ai_family == AF_INET6;
        if (ip && (!best || (best->ai_family != AF_INET && i->ai_family == AF_INET)))
            best = i;
    }
    if (best) {
        struct sockaddr_storage ss = {0};
        memcpy(&ss, best->ai_addr, best->ai_addrlen);
        par_addr__from_system(&ss, addr_r);
        addr_r->port = port;
    }
    freeaddrinfo(list);
    return best ? PAR_OK : PAR_E_NOT_FOUND;
}

const char *par_addr_ip_text(const struct par_addr *addr, char *buf)
{
    buf[0] = '-';
    buf[1] = 0;
    if (addr->family == PAR_ADDR_UNIX)
        memcpy(buf, "unix", 5);
    else if (addr->family != PAR_ADDR_NONE)
        inet_ntop(addr->family == PAR_ADDR_IP4 ? AF_INET : AF_INET6, addr->ip, buf, PAR_ADDR_TEXT);
    return buf;
}

const char *par_addr_text(const struct par_addr *addr, char *buf)
{
    char ip[PAR_ADDR_TEXT];
    par_addr_ip_text(addr, ip);
    bool v6 = addr->family == PAR_ADDR_IP6;
    if (v6 || addr->family == PAR_ADDR_IP4)
        snprintf(buf, PAR_ADDR_TEXT, "%s%.45s%s:%u", v6 ? "[" : "", ip, v6 ? "]" : "", addr->port);
    else
        memcpy(buf, ip, strlen(ip) + 1);
    return buf;
}

bool par_addr_is_loopback(const struct par_addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};
    switch (addr->family) {
    case PAR_ADDR_IP4:
        return addr->ip[0] == 127;
    case PAR_ADDR_IP6:
        return memcmp(addr->ip, one, sizeof one) == 0;
    default:
        return addr->family == PAR_ADDR_UNIX;
    }
}

bool par_addr_same_ip(const struct par_addr *a, const struct par_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* The networks of IANA's registries of special addresses, as (address, bits). */
struct network {
    uint8_t ip[8];
    uint8_t bits;
};

static const struct network not_public4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 4},
    {{240}, 4},
};
/* Within 2000::/3, of which alone addresses are given out. */
static const struct network not_public6[] = {
    {{0x20, 0x01, 0x00}, 23}, /* Teredo and others */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02}, 16}, /* 6to4 */
    {{0x3f, 0xff, 0x00}, 20},
};

static bool within(const uint8_t *ip, const struct network *net)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;
    return memcmp(ip, net->ip, whole) == 0 &&
           (rest == 0 || (ip[whole] ^ net->ip[whole]) >> (8 - rest) == 0);
}

static bool among(const uint8_t *ip, const struct network *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (within(ip, &list[i]))
            return true;
    return false;
}

bool par_addr_is_public(const struct par_addr *addr)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    const uint8_t *ip = addr->ip;
    bool embedded = addr->family == PAR_ADDR_IP6 && memcmp(ip, nat64, sizeof nat64) == 0;
    if (addr->family == PAR_ADDR_IP4 || embedded)
        return !among(embedded ? ip + 12 : ip, not_public4,
                      sizeof not_public4 / sizeof not_public4[0]);
    return addr->family == PAR_ADDR_IP6 && ip[0] >> 5 == 1 &&
           !among(ip, not_public6, sizeof not_public6 / sizeof not_public6[0]);
}
