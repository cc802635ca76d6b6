/* Memory that is freed all at once: one arena a request. */
#ifndef PAR_BASE_ARENA_H
#define PAR_BASE_ARENA_H

#include "base/str.h"

struct par_arena_block;

/* Start with {0}. Not thread-safe, but may be handed from thread to thread. */
struct par_arena {
    struct par_arena_block *_blocks;
    uint8_t *_pos;
    size_t _left;
};

/* n bytes aligned for anything, not cleared; NULL when memory is refused. Live until fini. */
void *par_arena_alloc(struct par_arena *a, size_t n);
/* The same, cleared. */
void *par_arena_zalloc(struct par_arena *a, size_t n);
/* A copy of the bytes, followed by a NUL that the length does not count; {NULL, 0} when memory is
 * refused or s is missing. */
struct par_str par_arena_copy(struct par_arena *a, struct par_str s);
/* Frees everything that came from it. */
void par_arena_fini(struct par_arena *a);

#endif
