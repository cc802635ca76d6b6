/* Fixed-size objects of one thread: connections, requests, timers' owners. Objects of a kind lie
 * together in chunks of about 64 KiB without a header each; a freed one is the next to be used
 * again. Chunks are kept until fini, so memory follows the peak, never uptime.
 *
 * Built with the address sanitizer, each object is its own malloc, so that every overflow, use
 * after free and leak is seen. */
#ifndef PAR_BASE_SLAB_H
#define PAR_BASE_SLAB_H

#include <stdatomic.h>
#include <stddef.h>

/* Fields are private; the counters are read by the functions below. */
struct par_slab {
    const char *_name;
    size_t _size;
    size_t _per_chunk;
    void *_free;
    void *_chunks;
    _Atomic size_t _live;
    _Atomic size_t _bytes;
};

/* name has static storage and labels the metric. Objects are aligned for pointers and 64-bit
 * numbers. */
void par_slab_init(struct par_slab *s, const char *name, size_t object_size);
/* Frees all chunks. Every object must have come back; an object still out is a bug and ends the
 * process. */
void par_slab_fini(struct par_slab *s);

/* A cleared object, or NULL when memory is refused. The slab's thread only. */
void *par_slab_alloc(struct par_slab *s);
/* The slab's thread only. NULL is harmless. */
void par_slab_free(struct par_slab *s, void *object);

/* For metrics, any thread: objects in use, and the bytes held from the system for them and for free
 * ones. */
size_t par_slab_live(const struct par_slab *s);
size_t par_slab_bytes(const struct par_slab *s);
const char *par_slab_name(const struct par_slab *s);

#endif
