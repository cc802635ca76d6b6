/* Reference-counted immutable bytes. */
#include "base/shared.h"

#include "parley/err.h"

#include <stdlib.h>

struct par_shared *par_shared_new(size_t len)
{
    if (len > UINT32_MAX)
        return NULL;
    struct par_shared *s = malloc(sizeof *s + len);
    if (!s)
        return NULL;
    atomic_init(&s->_refs, 1);
    s->len = (uint32_t)len;
    return s;
}

struct par_shared *par_shared_copy(struct par_str bytes)
{
    struct par_shared *s = par_shared_new(bytes.len);
    if (s && bytes.len > 0)
        memcpy(s->data, bytes.ptr, bytes.len);
    return s;
}

struct par_shared *par_shared_ref(struct par_shared *s)
{
    return par_shared_ref_n(s, 1);
}

struct par_shared *par_shared_ref_n(struct par_shared *s, uint32_t n)
{
    /* Whoever takes a reference holds one, so nothing has to be ordered before it. */
    atomic_fetch_add_explicit(&s->_refs, n, memory_order_relaxed);
    return s;
}

void par_shared_unref(struct par_shared **sp)
{
    struct par_shared *s = *sp;
    *sp = NULL;
    if (!s)
        return;
    /* Release: our reads are over before the count falls. Acquire: the one who frees sees
     * everybody's. */
    uint32_t before = atomic_fetch_sub_explicit(&s->_refs, 1, memory_order_acq_rel);
    PAR_ASSERT(before > 0);
    if (before == 1)
        free(s);
}
