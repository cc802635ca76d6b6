/* Unit tests only: several writers on one log and one store that lands rows one by one, in an order
 * that the test draws, some late, some never reported.
 *
 * Writers run on threads, but one at a time: each call into an engine, and each row of a batch, is
 * a gate at which a thread waits until the test lets it go on. So a run is a function of its seed,
 * and the test may stop a writer between any two steps. Time is the test's. */
#ifndef PAR_CONV_TEST_CLUSTER_H
#define PAR_CONV_TEST_CLUSTER_H

#include "conv/command.h"
#include "conv/delivery.h"
#include "conv/writer.h"
#include "parley/queue.h"
#include "parley/route.h"
#include "parley/store.h"
#include "queue/test_log.h"
#include "store/test_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A writer with its own way to the engines. */
struct owner {
    struct test_log_reader reader; /* the first member: what the queue's driver has of it */
    struct cluster *cluster;
    struct par_store *store;
    struct par_queue *queue;
    struct par_route *route;
    struct par_writer *writer;
    struct actor *actor; /* its thread */
    bool dead, held;
};

enum { CLUSTER_OWNERS = 8, CLUSTER_USERS = 7 };

/* A delivery or push job, in the order handed over. */
struct sent {
    struct owner *by;
    bool confirmed; /* by a flush; what is not may be lost */
    uint64_t server;
    uint8_t *bytes; /* NULL: a push job */
    size_t len;
    struct par_push_job push;
};

struct cluster {
    uint64_t dice;
    uint32_t flush_fails; /* chance in 1,000 */
    uint32_t landing;     /* that a late row lands between two steps */
    size_t room;          /* deliveries that a queue takes before a flush; 0: any number */
    struct owner owner[CLUSTER_OWNERS];
    size_t owner_count;
    struct sent *sent;
    size_t sent_count, sent_cap;
};

/* The delivery that was sent; false: a push job. */
bool cluster_decode(const struct sent *s, struct par_arena *arena, struct par_delivery *d_r);

/* In the simulator's build: the planted bug that the environment names as PARLEY_MUTANT. */
void cluster_plant(void);
void cluster_init(struct cluster *c, uint64_t seed);
/* Ends what runs, without finishing it. */
void cluster_fini(struct cluster *c);
uint64_t cluster_below(struct cluster *c, uint64_t n);

/* Appends to the log; returns the offset. */
uint64_t cluster_append(struct cluster *c, const struct par_command *command);

/* One more writer, of the partition of the log; it starts when it is stepped. */
struct owner *cluster_own(struct cluster *c);
/* Lets the thread go from its gate to the next, if it has anything to do; time passes when it has
 * not. False: it waits with nothing to do, or ended. */
bool cluster_step(struct cluster *c, struct owner *o);
/* Steps this one until it waits in vain for a command, or ended. */
void cluster_finish(struct cluster *c, struct owner *o);
/* The process of the writer is gone: nothing of it is done any more, but what is on its way. */
void cluster_kill(struct cluster *c, struct owner *o);
/* A store handle for the test to read with. */
struct par_store *cluster_store(struct cluster *c);
void cluster_pass(struct cluster *c, uint64_t ms);

#endif
