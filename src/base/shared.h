/* Bytes that many readers share by reference: one encoded frame, written to every receiver's socket
 * by whichever thread holds it, and freed by the last. The maker fills data before anybody else
 * sees it; from then on it never changes. */
#ifndef PAR_BASE_SHARED_H
#define PAR_BASE_SHARED_H

#include "base/str.h"

#include <stdatomic.h>

struct par_shared {
    _Atomic uint32_t _refs;
    uint32_t len;
    uint8_t data[];
};

/* len bytes, not cleared, with one reference, the caller's. NULL when memory is refused or len
 * passes 32 bits. len may be lowered by the maker before it is shared. */
struct par_shared *par_shared_new(size_t len);
/* The same, filled with a copy of s. */
struct par_shared *par_shared_copy(struct par_str s);

/* One more reference, for the caller to drop; returns s. Any thread that holds a reference. */
struct par_shared *par_shared_ref(struct par_shared *s);
/* n more references at once: for a fan-out that knows how many it hands out. */
struct par_shared *par_shared_ref_n(struct par_shared *s, uint32_t n);
/* Drops a reference and nulls the pointer; the last one frees. NULL inside is harmless. Any thread.
 */
void par_shared_unref(struct par_shared **s);

static inline struct par_str par_shared_str(const struct par_shared *s)
{
    return par_str_of(s->data, s->len);
}

#endif
