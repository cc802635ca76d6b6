/* Peers: what this server tells the others, through their inboxes: that a device signed out or
 * signed in elsewhere, that a user's row changed, who types.
 *
 * Telling never blocks: a thread of its own hands the records to the queue, and again until the
 * queue has them. A server whose queue is local has no peers, and all of this does nothing. */
#ifndef PAR_SERVER_PEERS_H
#define PAR_SERVER_PEERS_H

#include "conv/delivery.h"
#include "parley/close.h"
#include "server/server.h"

struct par_peers;

/* *peers_r stays NULL, and PAR_OK, when the queue is local. PAR_E_UNAVAILABLE: no memory or thread.
 */
enum par_err par_peers_open(struct par_server *server, struct par_peers **peers_r) PAR_MUST_CHECK;
/* Sends what waits, once, and ends the thread. Blocks. Harmless for NULL. */
void par_peers_close(struct par_peers **peers);

/* Tells one server, or all of them with PAR_QUEUE_ALL_SERVERS (then this one too). Any thread; does
 * not block. What is `typing` is told once or not at all, all else until it arrived. */
void par_peers_tell(struct par_server *server, uint64_t to, const struct par_delivery *delivery);
/* Tells the other servers that hold somebody of d->users, as the routes say, naming those. Pool
 * threads: blocks. */
void par_peers_tell_holders(struct par_server *server, const struct par_delivery *d);

/* Closes what the user has on all servers, this one too: of `device`, or everything (0). Any
 * thread; does not block. */
void par_peers_close_device(struct par_server *server, uint64_t user, uint64_t device,
                            enum par_close reason);
/* A device that signed out: the same, but all servers are told when it returns. PAR_E_UNAVAILABLE:
 * some may not be yet, and it is told on for as long as this server lives. Pool threads: blocks. */
enum par_err par_peers_signed_out(struct par_server *server, uint64_t user,
                                  uint64_t device) PAR_MUST_CHECK;
/* The device signed in here: its former connection of that kind on another server goes. Pool
 * threads: blocks. */
void par_peers_replaced(struct par_server *server, uint64_t user, uint64_t device,
                        enum par_endpoint_kind kind, int64_t since_ms);

#endif
