/* Life: a thread that says that this server lives, notices when others do not, and looks after what
 * has to be looked after.
 *
 * Of a route table of many servers it renews the heartbeat and the leases; finds out when the
 * server was taken for dead or its routes were lost (then its clients are told to sync, R6); asks
 * whether the next server on the ring is dead (then the standby stands in); and, when the server
 * starts again after a crash, removes the routes of its earlier life and has its users looked at
 * (R4). Of a presence family of many servers it renews the leases, and looks at watched users
 * again. Always it looks after the writers. */
#ifndef PAR_SERVER_LIFE_H
#define PAR_SERVER_LIFE_H

#include "server/server.h"

struct par_life;

/* PAR_E_UNAVAILABLE: no thread. The first beat is on its way when it returns. */
enum par_err par_life_open(struct par_server *server, struct par_life **life_r) PAR_MUST_CHECK;
/* Ends the thread. Blocks. Harmless for NULL. */
void par_life_close(struct par_life **life);

#endif
