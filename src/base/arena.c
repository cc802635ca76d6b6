/* Arena: a chain of blocks, freed together. */
#include "base/arena.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 2048, ALIGN = 16 };

struct par_arena_block {
    struct par_arena_block *next;
    max_align_t data[];
};

void *par_arena_alloc(struct par_arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (n == 0)
        n = ALIGN;
    if (a->_left < n) {
        size_t room = n > BLOCK_BYTES / 4 ? n : BLOCK_BYTES - sizeof(struct par_arena_block);
        room &= ~(size_t)(ALIGN - 1);
        struct par_arena_block *b = malloc(sizeof *b + room);
        if (!b)
            return NULL;
        b->next = a->_blocks;
        a->_blocks = b;
        /* A block made for one large value leaves the room of the block before it in use. */
        if (room == n && a->_left > 0)
            return b->data;
        a->_pos = (uint8_t *)b->data;
        a->_left = room;
    }
    void *p = a->_pos;
    a->_pos += n;
    a->_left -= n;
    return p;
}

void *par_arena_zalloc(struct par_arena *a, size_t n)
{
    void *p = par_arena_alloc(a, n);
    if (p)
        memset(p, 0, n);
    return p;
}

struct par_str par_arena_copy(struct par_arena *a, struct par_str s)
{
    if (!s.ptr)
        return (struct par_str){0};
    char *p = par_arena_alloc(a, s.len + 1);
    if (!p)
        return (struct par_str){0};
    memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return par_str_of(p, s.len);
}

void par_arena_fini(struct par_arena *a)
{
    for (struct par_arena_block *b = a->_blocks; b;) {
        struct par_arena_block *next = b->next;
        free(b);
        b = next;
    }
    *a = (struct par_arena){0};
}
