/* Memory of servers: what the product's own code holds, by the server whose fiber asked for it.
 *
 * The linker's --wrap brings the allocations of all sources here but those of this folder, which
 * are compiled to go around. What libraries hold is not counted. */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stddef.h>

struct sim_node;

/* Bytes asked for in this node's name, in all its lives, and not given back. A server that was
 * killed gives nothing back. */
size_t sim_memory_held(const struct sim_node *node);

#endif
