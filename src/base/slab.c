/* Slabs: chunks cut into equal objects, with a list of the free ones. */
#include "base/slab.h"

#include "parley/err.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024 - 64, ALIGN = 8 }; /* malloc's own header still fits 64 KiB */

#if defined(__SANITIZE_ADDRESS__)
#define PAR_SLAB_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PAR_SLAB_MALLOC 1
#endif
#endif

/* The first word of a free object, and of a chunk. */
struct link {
    struct link *next;
};

/* Only the slab's thread writes the counters, so they need no atomic addition. */
static void count(_Atomic size_t *counter, size_t delta)
{
    size_t v = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, v + delta, memory_order_relaxed);
}

void par_slab_init(struct par_slab *s, const char *name, size_t object_size)
{
    *s = (struct par_slab){._name = name};
    s->_size = (object_size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (s->_size < sizeof(struct link))
        s->_size = sizeof(struct link);
    s->_per_chunk = (CHUNK_BYTES - sizeof(struct link)) / s->_size;
    if (s->_per_chunk == 0)
        s->_per_chunk = 1;
}

void par_slab_fini(struct par_slab *s)
{
    PAR_ASSERT(par_slab_live(s) == 0);
    for (struct link *c = s->_chunks; c;) {
        struct link *next = c->next;
        free(c);
        c = next;
    }
    *s = (struct par_slab){0};
}

#ifdef PAR_SLAB_MALLOC
void *par_slab_alloc(struct par_slab *s)
{
    void *object = calloc(1, s->_size);
    if (!object)
        return NULL;
    count(&s->_live, 1);
    count(&s->_bytes, s->_size);
    return object;
}

void par_slab_free(struct par_slab *s, void *object)
{
    if (!object)
        return;
    PAR_ASSERT(par_slab_live(s) > 0);
    free(object);
    count(&s->_live, (size_t)-1);
    count(&s->_bytes, -s->_size);
}
#else
static struct link *new_chunk(struct par_slab *s)
{
    size_t bytes = sizeof(struct link) + s->_per_chunk * s->_size;
    struct link *chunk = malloc(bytes);
    if (!chunk)
        return NULL;
    chunk->next = s->_chunks;
    s->_chunks = chunk;
    count(&s->_bytes, bytes);
    uint8_t *objects = (uint8_t *)(chunk + 1);
    /* Chained from the front, so that neighbours in time are neighbours in memory. */
    struct link *first = NULL;
    for (size_t i = s->_per_chunk; i-- > 0;) {
        struct link *object = (struct link *)(void *)(objects + i * s->_size);
        object->next = first;
        first = object;
    }
    return first;
}

void *par_slab_alloc(struct par_slab *s)
{
    struct link *object = s->_free;
    if (!object) {
        object = new_chunk(s);
        if (!object)
            return NULL;
    }
    s->_free = object->next;
    count(&s->_live, 1);
    memset(object, 0, s->_size);
    return object;
}

void par_slab_free(struct par_slab *s, void *object)
{
    if (!object)
        return;
    PAR_ASSERT(par_slab_live(s) > 0);
    struct link *link = object;
    link->next = s->_free;
    s->_free = link;
    count(&s->_live, (size_t)-1);
}
#endif

size_t par_slab_live(const struct par_slab *s)
{
    return atomic_load_explicit(&s->_live, memory_order_relaxed);
}

size_t par_slab_bytes(const struct par_slab *s)
{
    return atomic_load_explicit(&s->_bytes, memory_order_relaxed);
}

const char *par_slab_name(const struct par_slab *s)
{
    return s->_name;
}
