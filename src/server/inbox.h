/* The inbox: what other servers' writers delivered to this server, taken by a thread of its own.
 *
 * Each record goes to the connections of those it names (fanout.h); for those who are not here any
 * more it is forwarded (forward.h). When all of a run of records is on its way it is confirmed, so
 * that after a crash no record is lost and some come twice (TAKEOVER.md R5). What an earlier life
 * of this server left there is worked off alike: nobody waits for its answers, and its events go to
 * whoever is connected. A route table or queue that fails holds the inbox up for a bounded time;
 * then what could not be forwarded is left to the look at what users missed, and when it works
 * again everybody is told to sync (R6). */
#ifndef PAR_SERVER_INBOX_H
#define PAR_SERVER_INBOX_H

#include "server/server.h"

struct par_inbox;

/* Starts taking; *inbox_r stays NULL, and PAR_OK, when the queue is local. PAR_E_UNAVAILABLE. */
enum par_err par_inbox_open(struct par_server *server, struct par_inbox **inbox_r) PAR_MUST_CHECK;
/* Works off what is there now, for a bounded time, and ends. Blocks. Harmless for NULL. */
void par_inbox_close(struct par_inbox **inbox);

/* Tells all clients and poll sessions of this server to sync, soon (R6). Any thread. */
void par_inbox_sync_here(struct par_server *server);

/* Records taken, that could not be read, runs not forwarded in time, times that records were
 * missing. */
struct par_inbox_stats {
    uint64_t taken, malformed, given_up, gaps;
};
/* All 0 for NULL. Any thread. */
void par_inbox_stats(struct par_inbox *inbox, struct par_inbox_stats *stats_r);

#endif
