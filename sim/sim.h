/* The simulated world, as its parts see it: virtual time, fibers, random numbers, nodes, faults,
 * the trace. What stands here is all that a simulated engine (sim/engine) needs to know.
 *
 * The story of one world. A seed and a plan (plan.h) draw how many servers, users and devices
 * there are and what goes wrong. Every thread of every server is a fiber; all fibers share one
 * thread of the system, and only one runs at a time, until it waits: by sim_sleep, by a park of
 * loop/env_ops.h, for a lock that another fiber holds, or in a loop's wait. Between two waits no
 * other fiber runs, so what is shared by engines needs no lock (and must not have one: a fiber of a
 * killed node never gives it back). When nobody can run, the clock jumps to the next event. Whose
 * turn it is, how long each thing takes and what fails is drawn from the seed: the same seed gives
 * the same world, byte for byte.
 *
 * A fiber belongs to a node: a server's process, the host of a device, or the world itself (the
 * engines' own fibers, the plan). When a node is killed its fibers never run again, wherever they
 * waited; their memory stays. So across a wait an engine keeps no half-done change in shared
 * state on behalf of a caller: it makes the change in one piece, or leaves it to an event (sim_at)
 * or a fiber of the world. A node that is paused keeps its fibers, which run on later, when the
 * world has gone on without them: that is what makes a zombie.
 *
 * One world has one process: nothing here has to be given back for the world's end, but what a
 * server frees is still counted (memory must not grow). */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/str.h"

#include <stdint.h>

/* ---- time ---- */

#define SIM_US UINT64_C(1000)
#define SIM_MS UINT64_C(1000000)
#define SIM_S  UINT64_C(1000000000)

/* Nanoseconds since the world began. Servers see other clocks: each its own, perhaps wrong. */
uint64_t sim_now_ns(void);

/* The fiber waits; others run. In a fiber only. 0: others have a turn. */
void sim_sleep_ns(uint64_t ns);

/* Calls fn(arg) at that time, or as soon as possible when it is past; of equal times, in the order
 * asked. fn runs outside of all fibers and must not wait. It runs whatever becomes of the node that
 * asked. The id may be cancelled until fn was called; later that is harmless. */
typedef void (*sim_event_fn)(void *arg);
uint64_t sim_at_ns(uint64_t when_ns, sim_event_fn fn, void *arg);
void sim_cancel(uint64_t event);

/* ---- fibers ---- */

struct sim_node;
struct sim_fiber;
typedef void (*sim_fiber_fn)(void *arg);

/* A new fiber of a node (NULL: of the world), which runs when its turn comes. */
struct sim_fiber *sim_spawn(struct sim_node *node, const char *name, sim_fiber_fn fn, void *arg);

/* Fibers that wait for something: zero is an empty list. Wakes are told, not counted: look at what
 * is waited for before and after. */
struct sim_waiters {
    struct sim_fiber *_first, *_last;
};
/* Waits for a wake, at most timeout_ns (UINT64_MAX: without end). False: the time was over. */
bool sim_wait(struct sim_waiters *waiters, uint64_t timeout_ns);
/* Any context, also events. A waiter whose node was killed is not there any more. */
void sim_wake_one(struct sim_waiters *waiters);
void sim_wake_all(struct sim_waiters *waiters);

/* ---- nodes ---- */

/* The node of the running fiber; the world's own in events and in fibers of the world. Never NULL.
 */
struct sim_node *sim_node_current(void);
/* A small number, 0 for the world; and a name for the trace. */
unsigned sim_node_number(const struct sim_node *node);
const char *sim_node_name(const struct sim_node *node);
/* How many times it was started: a number of one life of a server. */
unsigned sim_node_life(const struct sim_node *node);
/* False from the moment it was killed or stopped, until it is started again. */
bool sim_node_alive(const struct sim_node *node);
bool sim_node_paused(const struct sim_node *node);

/* Called when a node's life ends, however it does, with the number of that life; at once, outside
 * of its fibers. For engines: sessions, connections. May not wait. */
typedef void (*sim_node_end_fn)(void *arg, struct sim_node *node, unsigned life);
void sim_on_node_end(sim_node_end_fn fn, void *arg);

/* ---- engines and the network ---- */

enum sim_engine {
    SIM_LOG = 0, /* Kafka's part: the queue */
    SIM_STORE,   /* HBase's, or the disk */
    SIM_REDIS,   /* routes, cache, presence */
    SIM_ENGINES
};

/* Can the node reach that engine now? Cuts begin and end at any time: to be asked when a request
 * leaves and again when its answer would arrive. */
bool sim_reaches(const struct sim_node *node, enum sim_engine engine);
/* The time that a message between the node and the engine takes now, drawn anew for each: from
 * 0.1 ms in a calm world to seconds on a slow link. */
uint64_t sim_delay_ns(const struct sim_node *node, enum sim_engine engine);

/* ---- random numbers ---- */

/* A stream of its own for each purpose, so that a new draw in one part does not change all others.
 */
struct sim_random {
    uint64_t _s[4];
};
/* The stream of the world's seed, this purpose ("log") and index. */
void sim_random_init(struct sim_random *r, const char *purpose, uint64_t index);
uint64_t sim_random_u64(struct sim_random *r);
/* 0 <= x < n; 0 for n = 0. */
uint64_t sim_random_below(struct sim_random *r, uint64_t n);
/* from <= x <= to. */
uint64_t sim_random_in(struct sim_random *r, uint64_t from, uint64_t to);
/* True in so many of a million cases. */
bool sim_random_ppm(struct sim_random *r, uint32_t ppm);
/* from <= x <= to, most near from, few near to, as delays are. */
uint64_t sim_random_skew(struct sim_random *r, uint64_t from, uint64_t to);

/* ---- what happened ---- */

/* Kinds of faults, counted for the report: tbl/faults.h. */
enum sim_fault {
#define X(name, what) SIM_FAULT_##name,
#include "sim/tbl/faults.h"
#undef X
    SIM_FAULTS
};
/* Counts one, and notes it in trace and history. */
void sim_fault(enum sim_fault fault, const char *detail);
/* True from `heal` on: engines inject no more faults, and end those that last. */
bool sim_healed(void);

/* Adds to the hash of the trace, by which two runs of a seed are compared, and with --trace prints
 * a line. Cheap. No pointers, no sizes of this machine. */
void sim_trace(const char *what, uint64_t a, uint64_t b);
/* The same with bytes; printed as text. */
void sim_trace_bytes(const char *what, uint64_t a, struct par_str bytes);

/* Ends the world as failed: a rule was broken. printf-like; the first one counts. Does not return.
 */
void sim_fail(const char *rule, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif
