/* The inside of a world, for the files of this folder; engines need sim.h only. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/buf.h"
#include "loop/addr.h"
#include "sim/sim.h"

struct sim_fiber;

/* Why a world's process ended. */
enum sim_end { SIM_PASSED = 0, SIM_FAILED = 40, SIM_HUNG = 41 };

/* ---- nodes ---- */

enum sim_node_kind { SIM_NODE_WORLD = 0, SIM_NODE_SERVER, SIM_NODE_DEVICE, SIM_NODE_HOST };

struct sim_node {
    unsigned number;
    unsigned life;
    enum sim_node_kind kind;
    char name[16];
    bool alive;
    bool paused;
    bool vanished;     /* without power: what is sent to it is not answered */
    int64_t skew_ms;   /* its wall clock against the true one */
    uint64_t mono_off; /* of its monotonic clock */
    struct sim_random random;
    struct par_addr addr;     /* port 0 */
    struct sim_fiber *fibers; /* all of this life */
    struct sim_fiber **held;  /* runnable, but the node is paused */
    unsigned held_count, held_max;
    bool engine_cut[SIM_ENGINES];
    uint32_t strike_in; /* turns of its fibers until strike is called; 0: no */
    sim_event_fn strike;
    void *strike_arg;
};

/* The world's own node is there from sim_world_begin on. The name is copied. */
struct sim_node *sim_node_new(enum sim_node_kind kind, const char *name);
struct sim_node *sim_node_at(unsigned number);
struct sim_node *sim_node_by_addr(const struct par_addr *addr);
unsigned sim_node_count(void);
/* Begins a life; ends it at once and for good; pauses; goes on. Any context; a fiber that kills its
 * own node does not come back. */
void sim_node_up(struct sim_node *node);
void sim_node_down(struct sim_node *node);
void sim_node_pause(struct sim_node *node);
void sim_node_resume(struct sim_node *node);
/* Calls fn(arg), outside of all fibers, in place of the n-th next turn of one of its fibers: so
 * that something happens to it in the middle of its work, however seldom it works. */
void sim_node_strike(struct sim_node *node, uint32_t n, sim_event_fn fn, void *arg);

/* ---- the world ---- */

struct sim_settings {
    uint64_t seed;
    bool print_trace;
    uint32_t switch_ppm; /* how often a fiber loses its turn where it need not */
    uint64_t limit_ns;   /* virtual time in which main has to end */
};
/* Installs everything, runs main(arg) as a fiber of the world, and returns when it returns. Once in
 * a process. */
void sim_world_run(const struct sim_settings *settings, sim_fiber_fn main, void *arg);

uint64_t sim_trace_hash(void);
bool sim_trace_printed(void);
uint64_t sim_seed(void);
const uint64_t *sim_fault_counts(void);
uint64_t sim_switches(void);
/* How often a fiber loses its turn where it need not; at first never. */
void sim_set_switch_ppm(uint32_t ppm);
/* How often, at such a place, a thread of a server gets no turn for up to so long; at first never.
 */
void sim_set_stalls(uint32_t ppm, uint64_t most_ns);
/* From now on no more faults. */
void sim_set_healed(void);
/* Called with rule and text by sim_fail, which then ends the process. */
typedef void (*sim_fail_fn)(const char *rule, const char *text);
void sim_set_fail(sim_fail_fn fn);
/* Called with each fault, for the history. */
typedef void (*sim_note_fn)(const char *text);
void sim_set_note(sim_note_fn fn);

/* ---- fiber.c ---- */

/* The running fiber; NULL in events. */
struct sim_fiber *sim_fiber_current(void);
unsigned sim_fiber_number(const struct sim_fiber *fiber);
/* Others may run before this goes on; where a real thread could be interrupted. */
void sim_interrupt(void);
bool sim_fiber_done(const struct sim_fiber *fiber);
/* Waits until it is done, and frees it. */
void sim_fiber_join(struct sim_fiber *fiber);
/* Nobody will join it. */
void sim_fiber_forget(struct sim_fiber *fiber);
/* The waits of loop/env_ops.h and of locks: for whatever stands at an address. */
bool sim_park(const void *place, uint64_t timeout_ns);
void sim_unpark(const void *place, bool all);

void sim_fiber__kill_all(struct sim_node *node);
void sim_fiber__resume_all(struct sim_node *node);
void sim_fiber__run(const struct sim_settings *settings, sim_fiber_fn main, void *arg);

/* ---- world.c ---- */

/* Runs events that are due; the time of the next one, or false. */
void sim_events__due(void);
bool sim_events__next(uint64_t *when_r);
void sim_clock__set(uint64_t now_ns);
void sim_world__begin(const struct sim_settings *settings);

/* ---- env.c ---- */
void sim_env_install(void);
/* Once in a process, before the first world. */
void sim_env_prepare(void);
/* The wall clock of nobody in particular, in ms. */
int64_t sim_true_wall_ms(void);

#endif
