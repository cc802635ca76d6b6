/* Lists of servers to ask, as the configuration names them. */
#ifndef PAR_BASE_HOSTS_H
#define PAR_BASE_HOSTS_H

#include "base/str.h"
#include "parley/err.h"

struct par_host {
    char name[128]; /* letters, digits, dots, - and _: a name, or an address of IPv4 */
    uint16_t port;
};

/* Reads "host:port", several with commas or blanks between. False: something else, none, or more
 * than max; *n_r is then of no use. Any thread. */
bool par_hosts_parse(const char *list, struct par_host *hosts_r, size_t max,
                     size_t *n_r) PAR_MUST_CHECK;

#endif
