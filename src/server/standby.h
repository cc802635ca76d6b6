/* Standing in: for a server that died, and for events that may have reached nobody.
 *
 * When the next server on the ring is dead (life.c), its routes are removed, its inbox is worked
 * off as far as it reaches by then, each record going to where its users are now, and its users are
 * looked at: whoever has no connection anywhere, and has not had all of a conversation (by the
 * `delivered` mark), gets a push job (TAKEOVER.md R4, R5). The same look is had at each user whose
 * last connection here ended, at the users of an earlier life of this server, and, embedded, at
 * what was written last before a crash (E6). Users get some seconds first, to come back by
 * themselves. Until one who left was looked at the route table keeps them in mind, so that whoever
 * stands in for this server looks instead. All of it happens on one thread, and may happen twice.
 * Until the leases of a dead server have ended its inbox is looked at now and then: a route table
 * that fails over may bring removed routes back. */
#ifndef PAR_SERVER_STANDBY_H
#define PAR_SERVER_STANDBY_H

#include "server/server.h"

struct par_standby;

/* PAR_E_UNAVAILABLE. crashed: an embedded server was not ended in good order. */
enum par_err par_standby_open(struct par_server *server, bool crashed,
                              struct par_standby **standby_r) PAR_MUST_CHECK;
/* Looks for a bounded time at those who were to be looked at, and ends the thread; a dead server is
 * left to others. False: somebody was not looked at, or is to be given the time to come back; they
 * are for whoever stands in, or for the next start. Blocks. True for NULL. */
bool par_standby_close(struct par_standby **standby);

/* The server with this id, which follows `after` on the ring, died in this life of it. Any thread;
 * asking again while it is dealt with does nothing. */
void par_standby_take_over(struct par_server *server, uint64_t dead, uint64_t boot, uint64_t after);
/* Was it stood in for, and is it still on the ring, since its routes may come back until their
 * leases have ended? Any thread. */
bool par_standby_stood_in(struct par_server *server, uint64_t dead, uint64_t boot);
/* The user may have missed something; nothing is done for one who is connected here. Any thread;
 * does not block. The route table is told when it was looked at. */
void par_standby_missed(struct par_server *server, uint64_t user);

struct par_standby_stats {
    uint64_t taken_over, forwarded, pushes, dropped;
    uint64_t waiting; /* users, now */
};
void par_standby_stats(struct par_standby *standby, struct par_standby_stats *stats_r);

#endif
