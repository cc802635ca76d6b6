/* The server: what all its parts share, from the first connection to the last.
 *
 * The story of one request. A reactor (reactor.h) accepts a connection; its bytes become frames or
 * HTTP requests. A frame belongs to a client (client.h), an HTTP call is routed by rest.c or
 * poll.c; both become a request (request.h): an operation with checked arguments and somebody who
 * asks. dispatch.c gives it to handle_<op>.c on the reactor. That either answers at once, or sends
 * a command to the writer, or has work done on a pool thread, where blocking reads are allowed. The
 * answer comes back by the reactor's mailbox, and leaves through the connection that asked, if it
 * is still there. What the writer releases to others arrives at fanout.c on the writer's thread, is
 * encoded once, and is posted to the reactors that hold endpoints of those it is for (directory.h).
 */
#ifndef PAR_SERVER_SERVER_H
#define PAR_SERVER_SERVER_H

#include "base/config.h"
#include "loop/pool.h"
#include "parley/cache.h"
#include "parley/presence.h"
#include "parley/queue.h"
#include "parley/route.h"
#include "parley/store.h"
#include "proto/gen/limits.h"
#include "server/directory.h"
#include "server/known.h"

#include <pthread.h>
#include <stdatomic.h>

struct par_inbox;
struct par_ledger;
struct par_life;
struct par_owners;
struct par_reactor;
struct par_standby;
struct par_attempts;
struct par_fanout;
struct par_follow;
struct par_metrics;
struct par_mover;
struct par_peers;
struct par_reach;
struct par_routes;
struct par_waker;

enum { PAR_SERVER_MAX_REACTORS = 64, PAR_SERVER_PRESENCE_LOCKS = 16 };

/* Where a server is in its life. */
enum par_server_phase {
    PAR_SERVER_STARTING = 0,
    PAR_SERVER_SERVING,
    PAR_SERVER_DRAINING,
    PAR_SERVER_STOPPING
};

struct par_server {
    struct par_config *config;
    uint64_t id;   /* among servers: from server.id */
    uint64_t boot; /* boot epoch: higher after each start */
    struct par_store *store;
    struct par_queue *queue;
    struct par_route *route;
    struct par_cache *cache;
    struct par_presence *presence;
    struct par_owners *owners; /* the writers */
    struct par_pool *workers;  /* blocking reads, account writes */
    struct par_pool *hashers;  /* argon2id */
    struct par_pool *searchers;
    struct par_follow *follow; /* keeps the index of search; NULL: it is switched off */
    struct par_directory *directory;
    struct par_routes *routes; /* NULL: the route table is local */
    struct par_peers *peers;   /* NULL: the queue is local */
    struct par_inbox *inbox;   /* NULL: the queue is local */
    struct par_reach *reach;   /* NULL: the queue is local */
    struct par_standby *standby;
    struct par_waker *waker;
    struct par_ledger *ledger; /* what became of pushes */
    struct par_life *life;
    pthread_mutex_t presence_locks[PAR_SERVER_PRESENCE_LOCKS]; /* by user: asking and telling */
    atomic_bool on_ring;       /* its first beat has arrived, so others look whether it is dead */
    atomic_bool presence_owed; /* some who watch could not be told: life.c has it looked at again */
    struct par_known known;
    struct par_attempts *attempts; /* logins and registrations by name and address */
    struct par_metrics *metrics;
    struct par_mover *mover; /* NULL: the store stays where it is */
    char address[80];
    unsigned reactor_count;
    struct par_reactor *reactors[PAR_SERVER_MAX_REACTORS];
    _Atomic int phase;            /* enum par_server_phase */
    _Atomic uint64_t connections; /* open now, of both kinds */
    _Atomic uint64_t clients;     /* WebSockets among them */
    struct par_fanout *fanout;    /* of the writer's thread */
};

/* What par_server_open could not do, in one line for the operator. */
struct par_server_error {
    bool usage; /* the folder or address is not to be used like this: exit 2, not 1 */
    char text[512];
};

/* Opens the store and everything on it, listens, and starts all threads: the server serves when it
 * returns. The configuration stays the caller's and outlives the server. Blocks. */
enum par_err par_server_open(struct par_config *config, struct par_server **server_r,
                             struct par_server_error *error_r) PAR_MUST_CHECK;
/* The address clients connect to, as text. */
const char *par_server_address(const struct par_server *server);
/* Ends everything in order and frees; what is queued for the writer is still written. Blocks. */
void par_server_close(struct par_server **server);

/* The limits of PROTOCOL.md 8 as the configuration has them now. */
void par_server_limits(const struct par_server *server, struct par_proto_limits *limits_r);

static inline enum par_server_phase par_server_phase(struct par_server *server)
{
    return (enum par_server_phase)atomic_load_explicit(&server->phase, memory_order_relaxed);
}

#endif
