/* Counts the memory of servers. */
#include "sim/memory.h"

#include "sim/world.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 16, FIRST_SIZE = 1 << 16 };

/* By address, open addressing; a removed one leaves a tombstone until the table grows. */
struct place {
    const void *memory; /* NULL: empty */
    size_t size;
    unsigned node;
};

static struct place *places;
static size_t size, used;
static size_t held[NODES];
static const char tombstone;

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

static struct place *place_of(const void *memory)
{
    size_t i = (size_t)(((uintptr_t)memory >> 4) * 0x9E3779B97F4A7C15u >> 20);
    struct place *grave = NULL;
    for (;; i++) {
        struct place *p = &places[i & (size - 1)];
        if (p->memory == memory)
            return p;
        if (p->memory == NULL)
            return grave ? grave : p;
        if (p->memory == &tombstone && !grave)
            grave = p;
    }
}

static void grow(void)
{
    struct place *old = places;
    size_t old_size = size;
    size = old_size ? old_size * 2 : FIRST_SIZE;
    used = 0;
    places = calloc(size, sizeof *places);
    if (!places)
        abort();
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].memory == NULL || old[i].memory == &tombstone)
            continue;
        *place_of(old[i].memory) = old[i];
        used++;
    }
    free(old);
}

static void *counted(void *memory, size_t n)
{
    struct sim_node *node = sim_node_current();
    unsigned number = node && node->kind == SIM_NODE_SERVER ? sim_node_number(node) : NODES;
    if (!memory || number >= NODES)
        return memory;
    if (used * 2 >= size)
        grow();
    struct place *p = place_of(memory);
    used += p->memory == NULL;
    *p = (struct place){.memory = memory, .size = n, .node = number};
    held[number] += n;
    return memory;
}

static void forget(const void *memory)
{
    struct place *p = memory && size ? place_of(memory) : NULL;
    if (!p || p->memory != memory)
        return;
    held[p->node] -= p->size;
    p->memory = &tombstone;
}

size_t sim_memory_held(const struct sim_node *node)
{
    unsigned number = sim_node_number(node);
    return number < NODES ? held[number] : 0;
}

void *__wrap_malloc(size_t n)
{
    return counted(malloc(n), n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return counted(calloc(count, n), count * n);
}

void *__wrap_realloc(void *old, size_t n)
{
    forget(old);
    return counted(realloc(old, n), n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return counted(aligned_alloc(alignment, n), n);
}

char *__wrap_strdup(const char *text)
{
    return counted(strdup(text), strlen(text) + 1);
}

void __wrap_free(void *memory)
{
    forget(memory);
    free(memory);
}
