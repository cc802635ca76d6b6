/* What sim/sim.h and sim/world.h ask of a world, on the system's clock: so that the simulator's
 * devices talk to real servers. Faults come from outside of this process. */
#include "loop/env.h"
#include "sim/net.h"
#include "sim/world.h"
#include "tests/cluster/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t seed;
static uint64_t zero_ns;

void load_begin(uint64_t with_seed)
{
    seed = with_seed;
    zero_ns = par_mono_ns();
}

uint64_t sim_seed(void)
{
    return seed;
}

uint64_t sim_now_ns(void)
{
    return par_mono_ns() - zero_ns;
}

int64_t sim_true_wall_ms(void)
{
    return par_wall_ms();
}

struct sim_node *sim_node_new(enum sim_node_kind kind, const char *name)
{
    static unsigned count;
    struct sim_node *node = calloc(1, sizeof *node);
    if (!node)
        abort();
    node->number = ++count;
    node->kind = kind;
    snprintf(node->name, sizeof node->name, "%s", name);
    return node;
}

void sim_node_up(struct sim_node *node)
{
    node->alive = true;
}

void sim_net_as(struct sim_node *node)
{
    (void)node;
}

/* Nobody leaves here without a word. */
void sim_net_swallow(const struct sim_node *node)
{
    (void)node;
}

/* A device that loses its power would be a fault of the tests, not of the cluster. */
bool sim_healed(void)
{
    return true;
}

void sim_fault(enum sim_fault fault, const char *detail)
{
    (void)fault;
    (void)detail;
}

void sim_trace(const char *what, uint64_t a, uint64_t b)
{
    (void)what;
    (void)a;
    (void)b;
}

void sim_trace_bytes(const char *what, uint64_t a, struct par_str bytes)
{
    (void)what;
    (void)a;
    (void)bytes;
}

void sim_fail(const char *rule, const char *format, ...)
{
    va_list ap;
    fprintf(stderr, "cluster-load: %s: ", rule);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(3);
}
