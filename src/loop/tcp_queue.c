/* The output queue of a connection: blocks of references to bytes.
 *
 * Bytes written by copy go to the loop's scratch, which all connections share and which is empty
 * again at the end of each turn: nearly always the kernel has taken them by then, and nothing was
 * allocated. Only a queue that the kernel refused gets memory of its own for them. */
#include "loop/tcp_private.h"

#include <stdlib.h>

enum { BLOCK_SEGMENTS = 7, SCRATCH_BYTES = 64 * 1024, LARGE = 16 * 1024, MERGE_BYTES = 4096 };

struct segment {
    const uint8_t *ptr;
    struct par_shared *owner; /* NULL: the bytes lie in the scratch */
    uint32_t len;
    bool begun; /* a part of it has left */
};

/* Every block in a queue has at least one segment. */
struct par_tcp__block {
    struct par_tcp__block *next;
    struct par_tcp__block *last; /* of the queue; valid in its first block */
    uint32_t from, to;
    struct segment segments[BLOCK_SEGMENTS];
};

struct par_loop__scratch {
    struct par_loop__scratch *next; /* older and full */
    size_t used;
    uint8_t data[SCRATCH_BYTES];
};

static void count_queued(struct par_tcp *t, uint32_t delta)
{
    t->_queued += delta;
    par_loop__count(&t->_loop->n.queued_bytes, (uint64_t)(int64_t)(int32_t)delta);
}

static bool add_segment(struct par_tcp *t, const uint8_t *ptr, struct par_shared *owner,
                        uint32_t len)
{
    struct par_tcp__block *b = t->_out ? t->_out->last : NULL;
    if (!b || b->to == BLOCK_SEGMENTS) {
        struct par_tcp__block *fresh = par_slab_alloc(&t->_loop->blocks);
        if (!fresh)
            return false;
        if (b)
            b->next = fresh;
        else
            t->_out = fresh;
        t->_out->last = fresh;
        b = fresh;
    }
    b->segments[b->to++] = (struct segment){.ptr = ptr, .owner = owner, .len = len};
    count_queued(t, len);
    return true;
}

static uint8_t *scratch_room(struct par_loop *loop, size_t n)
{
    struct par_loop__scratch *s = loop->scratch;
    if (!s || SCRATCH_BYTES - s->used < n) {
        s = malloc(sizeof *s);
        if (!s)
            return NULL;
        s->next = loop->scratch;
        s->used = 0;
        loop->scratch = s;
        par_loop__count(&loop->n.scratch_bytes, sizeof *s);
    }
    return s->data + s->used;
}

bool par_tcp__queue_copy(struct par_tcp *t, const void *data, size_t n)
{
    if (n > LARGE) {
        struct par_shared *s = par_shared_copy(par_str_of(data, n));
        bool ok = s && add_segment(t, s->data, s, s->len);
        if (!ok)
            par_shared_unref(&s);
        return ok;
    }
    uint8_t *to = scratch_room(t->_loop, n);
    if (!to)
        return false;
    memcpy(to, data, n);
    struct par_tcp__block *b = t->_out ? t->_out->last : NULL;
    struct segment *last = b ? &b->segments[b->to - 1] : NULL;
    /* Bounded, because par_tcp_drop_queued keeps a segment that has begun to leave. */
    if (last && !last->owner && last->ptr + last->len == to && last->len + n <= MERGE_BYTES) {
        last->len += (uint32_t)n;
        count_queued(t, (uint32_t)n);
    } else if (!add_segment(t, to, NULL, (uint32_t)n)) {
        return false;
    }
    t->_loop->scratch->used += n;
    return true;
}

bool par_tcp__queue_ref(struct par_tcp *t, struct par_shared *s, uint32_t off, uint32_t len)
{
    if (!add_segment(t, s->data + off, s, len))
        return false;
    par_shared_ref(s);
    return true;
}

int par_tcp__queue_iov(const struct par_tcp *t, struct iovec *iov, int max)
{
    int count = 0;
    for (const struct par_tcp__block *b = t->_out; b; b = b->next) {
        for (uint32_t i = b->from; i < b->to; i++) {
            if (count == max)
                return count;
            iov[count++] =
                (struct iovec){(void *)(uintptr_t)b->segments[i].ptr, b->segments[i].len};
        }
    }
    return count;
}

static void drop_first_block(struct par_tcp *t)
{
    struct par_tcp__block *b = t->_out;
    t->_out = b->next;
    if (b->next)
        b->next->last = b->last;
    par_slab_free(&t->_loop->blocks, b);
}

void par_tcp__queue_consume(struct par_tcp *t, size_t n)
{
    while (n > 0) {
        struct par_tcp__block *b = t->_out;
        struct segment *s = &b->segments[b->from];
        uint32_t part = n < s->len ? (uint32_t)n : s->len;
        n -= part;
        count_queued(t, -part);
        if (part < s->len) {
            s->ptr += part;
            s->len -= part;
            s->begun = true;
            return;
        }
        par_shared_unref(&s->owner);
        if (++b->from == b->to)
            drop_first_block(t);
    }
}

bool par_tcp__queue_own(struct par_tcp *t)
{
    for (struct par_tcp__block *b = t->_out; b; b = b->next) {
        for (uint32_t i = b->from; i < b->to; i++) {
            struct segment *s = &b->segments[i];
            if (s->owner)
                continue;
            s->owner = par_shared_copy(par_str_of(s->ptr, s->len));
            if (!s->owner)
                return false;
            s->ptr = s->owner->data;
        }
    }
    return true;
}

void par_tcp__queue_clear(struct par_tcp *t, bool keep_begun)
{
    struct segment kept = {0};
    if (keep_begun && t->_out && t->_out->segments[t->_out->from].begun) {
        kept = t->_out->segments[t->_out->from];
        t->_out->segments[t->_out->from].owner = NULL;
    }
    while (t->_out) {
        struct par_tcp__block *b = t->_out;
        for (; b->from < b->to; b->from++)
            par_shared_unref(&b->segments[b->from].owner);
        if (kept.len > 0 && !b->next) {
            b->from = 0;
            b->to = 1;
            b->last = b;
            b->segments[0] = kept;
            break;
        }
        drop_first_block(t);
    }
    count_queued(t, kept.len - t->_queued);
}

void par_tcp__scratch_fini(struct par_loop *loop)
{
    while (loop->scratch) {
        struct par_loop__scratch *s = loop->scratch;
        loop->scratch = s->next;
        free(s);
        par_loop__count(&loop->n.scratch_bytes, -(uint64_t)sizeof *s);
    }
}

void par_tcp__scratch_reset(struct par_loop *loop)
{
    struct par_loop__scratch *kept = loop->scratch;
    if (!kept)
        return;
    loop->scratch = kept->next;
    par_tcp__scratch_fini(loop);
    kept->next = NULL;
    kept->used = 0;
    loop->scratch = kept;
}

void par_tcp__loop_init(struct par_loop *loop)
{
    par_slab_init(&loop->blocks, "output_blocks", sizeof(struct par_tcp__block));
    par_slab_init(&loop->lingers, "closing", sizeof(struct par_tcp__linger));
}

void par_tcp__loop_fini(struct par_loop *loop)
{
    par_tcp__scratch_fini(loop);
    par_slab_fini(&loop->blocks);
    par_slab_fini(&loop->lingers);
}
