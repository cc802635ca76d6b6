/* Lists of servers to ask, as the configuration names them. */
#include "base/hosts.h"

static bool parse_one(struct par_str text, struct par_host *host_r)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    unsigned port = 0;
    for (size_t i = colon; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || port > UINT16_MAX)
            return false;
        port = port * 10 + (unsigned)(text.ptr[i] - '0');
    }
    if (colon < 2 || colon > sizeof host_r->name || port == 0 || port > UINT16_MAX)
        return false;
    for (size_t i = 0; i < colon - 1; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_",
                    text.ptr[i]))
            return false;
    }
    memcpy(host_r->name, text.ptr, colon - 1);
    host_r->name[colon - 1] = '\0';
    host_r->port = (uint16_t)port;
    return true;
}

bool par_hosts_parse(const char *list, struct par_host *hosts_r, size_t max, size_t *n_r)
{
    *n_r = 0;
    while (*list) {
        size_t len = strcspn(list, ", ");
        if (len > 0) {
            if (*n_r == max || !parse_one(par_str_of(list, len), &hosts_r[*n_r]))
                return false;
            ++*n_r;
        }
        list += len;
        list += strspn(list, ", ");
    }
    return *n_r > 0;
}
