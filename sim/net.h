/* The simulated network: sockets behind loop/loop_ops.h. Bytes take time, come in pieces cut
 * anywhere, wait while a link is cut (and go on when it heals, as TCP repeats what was lost), and
 * connections are refused, reset at any byte, or swallow everything without a word. */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "loop/loop_ops.h"
#include "sim/sim.h"

extern const struct par_loop_ops sim_net_ops;

/* Of the whole network, drawn by the plan. */
struct sim_net_settings {
    uint64_t delay_min_ns, delay_max_ns; /* one way; most are near the least */
    uint64_t engine_min_ns, engine_max_ns;
    uint32_t engine_late_ppm; /* of messages between a server and an engine: up to so long */
    uint64_t engine_late_ns;
    uint32_t ns_per_byte;
    uint32_t buffer_min, buffer_max; /* bytes on their way or unread, in one direction */
    uint32_t piece_max;              /* bytes that arrive at once */
    uint32_t reset_ppm;              /* of pieces: the connection is reset within it */
    uint32_t swallow_ppm;            /* of pieces: from it on everything is swallowed */
    uint32_t refuse_ppm;             /* of connects */
};
void sim_net_begin(const struct sim_net_settings *settings);
/* No more faults of its own, no more cuts and no long delays. Connections that swallow stay so. */
void sim_net_heal(void);

/* Nothing goes from one node to the other while cut (the other way is its own). */
void sim_net_cut(struct sim_node *from, struct sim_node *to, bool cut);
/* Cuts or joins the node and one engine. */
void sim_net_cut_engine(struct sim_node *node, enum sim_engine engine, bool cut);
/* Makes a link slow by this delay and so many ns a byte (0, 0: as the others). */
void sim_net_slow(struct sim_node *from, struct sim_node *to, uint64_t delay_ns,
                  uint32_t ns_per_byte);

/* Every connection that it has now swallows everything, for good: its host is gone without a word.
 */
void sim_net_swallow(const struct sim_node *node);

/* Connections that are made from now on come from this node (NULL: from the one that runs): for a
 * loop that has many devices. */
void sim_net_as(struct sim_node *node);
uint64_t sim_net_bytes(void); /* delivered so far */
uint64_t sim_net_open(void);  /* sockets that are not closed */

#endif
