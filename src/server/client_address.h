/* Where a client really is: its own address, or what a trusted proxy says. */
#ifndef PAR_SERVER_CLIENT_ADDRESS_H
#define PAR_SERVER_CLIENT_ADDRESS_H

#include "base/arena.h"
#include "http/request.h"
#include "server/server.h"

/* The address as text, in the arena: the last one of X-Forwarded-For when the peer is in
 * server.trusted_peers, else the peer's. *exempt_r: a peer on loopback that forwards nobody is not
 * limited by address. */
struct par_str par_client_address(const struct par_server *server,
                                  const struct par_http_request *http, struct par_arena *arena,
                                  bool *exempt_r);

/* Is this address (text, without port) in the list of networks "10.0.0.0/8,::1/128"? Malformed
 * networks match nothing. */
bool par_address_in(struct par_str address, const char *networks);

#endif
