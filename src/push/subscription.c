/* Reading a push subscription. */
#include "push/subscription.h"

#include "loop/addr.h"
#include "push/curve.h"

#include <sodium.h>
#include <strings.h>

static bool name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
}

static bool printable(struct par_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == '\\' || s.ptr[i] == '#')
            return false;
    }
    return true;
}

static bool port_fits(struct par_str digits)
{
    uint64_t port;
    return par_str_to_u64(digits, &port) && port >= 1 && port <= 65535;
}

static bool public_host(struct par_str host)
{
    struct par_addr addr;
    static const char local[] = "localhost";
    size_t n = sizeof local - 1;
    if (host.len >= n && strncasecmp(host.ptr + host.len - n, local, n) == 0)
        return false;
    return par_addr_parse_ip(host, &addr) != PAR_OK || par_addr_is_public(&addr);
}

/* The length of "host", "host:port", "[address]" or "[address]:port" at the front; 0: it is none,
 * or not to be asked. */
static size_t authority(struct par_str s, bool any_host)
{
    size_t begin = 0, end = 0;
    if (s.len && s.ptr[0] == '[') {
        begin = end = 1;
        while (end < s.len && s.ptr[end] != ']')
            end++;
        if (end == s.len)
            return 0;
    } else {
        while (end < s.len && name_byte(s.ptr[end]))
            end++;
    }
    struct par_str host = par_str_of(s.ptr + begin, end - begin);
    struct par_addr addr;
    if (host.len == 0 || (begin && par_addr_parse_ip(host, &addr)) ||
        (!any_host && !public_host(host)))
        return 0;
    end += begin;
    if (end < s.len && s.ptr[end] == ':') {
        size_t from = ++end;
        while (end < s.len && s.ptr[end] >= '0' && s.ptr[end] <= '9')
            end++;
        if (!port_fits(par_str_of(s.ptr + from, end - from)))
            return 0;
    }
    return end == s.len || s.ptr[end] == '/' || s.ptr[end] == '?' ? end : 0;
}

/* base64url of exactly n bytes, with or without its padding. */
static bool decode(struct par_str text, uint8_t *out, size_t n)
{
    size_t len;
    while (text.len && text.ptr[text.len - 1] == '=')
        text.len--;
    return text.len == (n * 4 + 2) / 3 &&
           sodium_base642bin(out, n, text.ptr, text.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           len == n;
}

bool par_subscription_read(struct par_str endpoint, struct par_str p256dh, struct par_str auth,
                           bool any_host, struct par_subscription *sub_r, const char **why_r)
{
    static const char scheme[] = "https://";
    size_t front = sizeof scheme - 1;
    *sub_r = (struct par_subscription){.endpoint = endpoint};
    *why_r = "subscription.endpoint: the address of a push service, https://…";
    if (!par_str_starts(endpoint, scheme) || !printable(endpoint))
        return false;
    size_t n = authority(par_str_of(endpoint.ptr + front, endpoint.len - front), any_host);
    if (n == 0)
        return false;
    sub_r->origin = par_str_of(endpoint.ptr, front + n);
    *why_r = "subscription.keys.p256dh: a point of P-256 in base64url";
    if (!decode(p256dh, sub_r->point, sizeof sub_r->point) || !par_curve_check(sub_r->point))
        return false;
    *why_r = "subscription.keys.auth: 16 bytes in base64url";
    if (!decode(auth, sub_r->auth, sizeof sub_r->auth))
        return false;
    *why_r = NULL;
    return true;
}
