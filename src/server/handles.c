/* Handles: a table of slots with generations and a list of the free ones. */
#include "server/handles.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SLOTS = 1 << 24, MIN_SLOTS = 64 };

struct par_handle_slot {
    void *obj;
    uint32_t generation;
    uint32_t next_free;
};

void par_handles_init(struct par_handles *h, unsigned reactor)
{
    *h = (struct par_handles){._reactor = (uint8_t)reactor};
}

void par_handles_fini(struct par_handles *h)
{
    free(h->_slots);
    *h = (struct par_handles){0};
}

static int grow(struct par_handles *h)
{
    uint32_t count = h->_count ? h->_count * 2 : MIN_SLOTS;
    if (count > MAX_SLOTS)
        return 0;
    struct par_handle_slot *slots = realloc(h->_slots, count * sizeof *slots);
    if (!slots)
        return 0;
    memset(slots + h->_count, 0, (count - h->_count) * sizeof *slots);
    for (uint32_t i = count; i-- > h->_count;) {
        slots[i].next_free = h->_free;
        h->_free = i + 1;
    }
    h->_slots = slots;
    h->_count = count;
    return 1;
}

uint64_t par_handles_add(struct par_handles *h, void *obj)
{
    if (!h->_free && !grow(h))
        return 0;
    uint32_t index = h->_free - 1;
    struct par_handle_slot *slot = &h->_slots[index];
    h->_free = slot->next_free;
    h->used++;
    slot->obj = obj;
    if (++slot->generation == 0)
        slot->generation = 1;
    return (uint64_t)h->_reactor << 56 | (uint64_t)index << 32 | slot->generation;
}

static struct par_handle_slot *find(const struct par_handles *h, uint64_t handle)
{
    uint32_t index = (uint32_t)(handle >> 32) & (MAX_SLOTS - 1);
    if (par_handle_reactor(handle) != h->_reactor || index >= h->_count)
        return NULL;
    struct par_handle_slot *slot = &h->_slots[index];
    return slot->obj && slot->generation == (uint32_t)handle ? slot : NULL;
}

void *par_handles_get(const struct par_handles *h, uint64_t handle)
{
    struct par_handle_slot *slot = find(h, handle);
    return slot ? slot->obj : NULL;
}

void par_handles_remove(struct par_handles *h, uint64_t handle)
{
    struct par_handle_slot *slot = find(h, handle);
    if (!slot)
        return;
    slot->obj = NULL;
    slot->next_free = h->_free;
    h->_free = (uint32_t)(slot - h->_slots) + 1;
    h->used--;
}

uint64_t par_handles_any(const struct par_handles *h)
{
    for (uint32_t i = 0; h->used && i < h->_count; i++) {
        if (h->_slots[i].obj)
            return (uint64_t)h->_reactor << 56 | (uint64_t)i << 32 | h->_slots[i].generation;
    }
    return 0;
}
