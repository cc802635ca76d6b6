/* The users that are known to exist, so that a send need not ask the store for its receiver.
 *
 * A fixed table of ids, each in the one slot its hash names; a newer one takes the place of an
 * older. It only ever says "exists" of somebody who was seen in the store, and forgets whoever is
 * deleted. Any thread; lock-free. */
#ifndef PAR_SERVER_KNOWN_H
#define PAR_SERVER_KNOWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PAR_KNOWN_SLOTS = 1 << 16 };

struct par_known {
    _Atomic uint64_t _users[PAR_KNOWN_SLOTS];
};

static inline _Atomic uint64_t *par_known__slot(struct par_known *k, uint64_t user)
{
    return &k->_users[(user * 0x9E3779B97F4A7C15u) >> 48];
}

static inline bool par_known_has(struct par_known *k, uint64_t user)
{
    return user && atomic_load_explicit(par_known__slot(k, user), memory_order_relaxed) == user;
}

static inline void par_known_add(struct par_known *k, uint64_t user)
{
    atomic_store_explicit(par_known__slot(k, user), user, memory_order_relaxed);
}

static inline void par_known_forget(struct par_known *k, uint64_t user)
{
    uint64_t expected = user;
    atomic_compare_exchange_strong(par_known__slot(k, user), &expected, 0);
}

#endif
