/* Handles: 64-bit names for objects of one reactor, safe to keep anywhere.
 *
 * A handle is the reactor's index (8 bits), a slot (24) and the slot's generation (32). Other
 * threads, the writer and the log hold handles, never pointers: who gets one back looks it up on
 * the reactor it names, and drops it when the object has gone. 0 names nothing. Only the reactor's
 * thread may call these. */
#ifndef PAR_SERVER_HANDLES_H
#define PAR_SERVER_HANDLES_H

#include <stddef.h>
#include <stdint.h>

struct par_handle_slot;

struct par_handles {
    struct par_handle_slot *_slots;
    uint32_t _count;
    uint32_t _free; /* 1 + index of the first free slot; 0: none */
    uint8_t _reactor;
    uint32_t used;
};

/* An empty table of the reactor with that index. */
void par_handles_init(struct par_handles *h, unsigned reactor);
/* Every object must have been removed. */
void par_handles_fini(struct par_handles *h);
/* A handle for obj; 0 when memory is refused or 2^24 are in use. */
uint64_t par_handles_add(struct par_handles *h, void *obj);
/* The object, or NULL when the handle is stale or of another reactor. */
void *par_handles_get(const struct par_handles *h, uint64_t handle);
/* The handle is stale from now on; harmless when it is already. */
void par_handles_remove(struct par_handles *h, uint64_t handle);

/* Any handle in use; 0: none is. */
uint64_t par_handles_any(const struct par_handles *h);

static inline unsigned par_handle_reactor(uint64_t handle)
{
    return (unsigned)(handle >> 56);
}

#endif
