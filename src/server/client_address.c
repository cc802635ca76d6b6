/* Trusted proxies and forwarded addresses. */
#include "server/client_address.h"

#include "loop/addr.h"

static bool same_prefix(const struct par_addr *a, const struct par_addr *b, unsigned bits)
{
    unsigned most = a->family == PAR_ADDR_IP4 ? 32 : 128;
    if (a->family != b->family || bits > most)
        return false;
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a->ip, b->ip, whole) != 0)
        return false;
    return rest == 0 || (a->ip[whole] ^ b->ip[whole]) >> (8 - rest) == 0;
}

static bool in_network(const struct par_addr *addr, struct par_str network)
{
    while (network.len && network.ptr[0] == ' ')
        network = par_str_of(network.ptr + 1, network.len - 1);
    while (network.len && network.ptr[network.len - 1] == ' ')
        network.len--;
    const char *slash = network.len ? memchr(network.ptr, '/', network.len) : NULL;
    struct par_str ip = network;
    uint64_t bits = 128;
    if (slash) {
        ip.len = (size_t)(slash - network.ptr);
        if (!par_str_to_u64(par_str_of(slash + 1, network.len - ip.len - 1), &bits))
            return false;
    }
    struct par_addr base;
    if (par_addr_parse_ip(ip, &base))
        return false;
    if (!slash)
        bits = base.family == PAR_ADDR_IP4 ? 32 : 128;
    return same_prefix(addr, &base, (unsigned)bits);
}

bool par_address_in(struct par_str address, const char *networks)
{
    struct par_addr addr;
    if (par_addr_parse_ip(address, &addr))
        return false;
    while (*networks) {
        const char *end = strchrnul(networks, ',');
        if (in_network(&addr, par_str_of(networks, (size_t)(end - networks))))
            return true;
        networks = *end ? end + 1 : end;
    }
    return false;
}

struct par_str par_client_address(const struct par_server *server,
                                  const struct par_http_request *http, struct par_arena *arena,
                                  bool *exempt_r)
{
    struct par_addr peer, forwarded;
    *exempt_r = par_addr_parse_ip(http->peer, &peer) == PAR_OK && par_addr_is_loopback(&peer);
    struct par_str address = http->peer;
    if (par_address_in(http->peer, server->config->server.trusted_peers)) {
        /* Proxies append: the last address of the last header is the one our own proxy saw. */
        struct par_str list = {0};
        for (size_t i = 0; i < http->header_count; i++) {
            if (par_str_is(http->headers[i].name, "x-forwarded-for"))
                list = http->headers[i].value;
        }
        const char *comma = list.len ? memrchr(list.ptr, ',', list.len) : NULL;
        struct par_str last =
            comma ? par_str_of(comma + 1, list.len - (size_t)(comma + 1 - list.ptr)) : list;
        while (last.len && last.ptr[0] == ' ')
            last = par_str_of(last.ptr + 1, last.len - 1);
        while (last.len && last.ptr[last.len - 1] == ' ')
            last.len--;
        if (last.len && par_addr_parse_ip(last, &forwarded) == PAR_OK) {
            address = last;
            *exempt_r = false;
        }
    }
    return par_arena_copy(arena, address);
}
