/* Addresses in the system's form. */
#ifndef PAR_LOOP_ADDR_PRIVATE_H
#define PAR_LOOP_ADDR_PRIVATE_H

#include "loop/addr.h"

#include <sys/socket.h>

/* Returns the length. Only for IPv4 and IPv6. */
socklen_t par_addr__to_system(const struct par_addr *addr, struct sockaddr_storage *ss_r);
void par_addr__from_system(const struct sockaddr_storage *ss, struct par_addr *addr_r);

#endif
