/* Intrusive hash map with a secret seed: the node lies inside its owner, keys are bytes or 64-bit
 * numbers.
 *
 *   struct user { struct par_map_node node; uint64_t id; ... };
 *   static bool user_is(const struct par_map_node *n, const void *key, size_t len)
 *   {
 *       return PAR_CONTAINER(n, struct user, node)->id == *(const uint64_t *)key;
 *   }
 *   par_map_init(&users, seed, user_is);
 *   par_map_insert_u64(&users, &u->node, u->id);
 *   struct par_map_node *n = par_map_find_u64(&users, id);
 *
 * Keys are hashed by SipHash-1-3 under a seed that the caller draws (par_random), so nobody outside
 * can choose keys that collide. The table grows by one bucket an insert (linear hashing), so no
 * single insert pays for a large table; it does not shrink. Not thread-safe. */
#ifndef PAR_BASE_MAP_H
#define PAR_BASE_MAP_H

#include "base/list.h"
#include "base/str.h"
#include "parley/err.h"

struct par_map_node {
    struct par_map_node *_next;
    uint64_t _hash;
};

/* Does this node have this key? Called only for nodes whose 64-bit hash is the key's. For the _u64
 * calls key points at the uint64_t and len is 8. */
typedef bool (*par_map_eq_fn)(const struct par_map_node *node, const void *key, size_t len);

enum { PAR_MAP_SEGMENTS = 32 };

struct par_map {
    uint64_t _seed[2];
    par_map_eq_fn _eq;
    size_t _count;
    size_t _buckets;
    struct par_map_node **_segments[PAR_MAP_SEGMENTS];
};

/* Allocates nothing. */
void par_map_init(struct par_map *m, const uint64_t seed[2], par_map_eq_fn eq);
/* Frees the table, not the owners of the nodes. */
void par_map_fini(struct par_map *m);

/* The node with this key, or NULL. */
struct par_map_node *par_map_find(const struct par_map *m, struct par_str key);
struct par_map_node *par_map_find_u64(const struct par_map *m, uint64_t key);

/* Adds a node whose key is not in the map (the caller has looked). False only when the very first
 * table is refused memory; a refusal later makes chains longer, nothing else. The key is not kept.
 */
bool par_map_insert(struct par_map *m, struct par_map_node *node,
                    struct par_str key) PAR_MUST_CHECK;
bool par_map_insert_u64(struct par_map *m, struct par_map_node *node, uint64_t key) PAR_MUST_CHECK;

/* Takes out a node that is in the map. */
void par_map_remove(struct par_map *m, struct par_map_node *node);

static inline size_t par_map_count(const struct par_map *m)
{
    return m->_count;
}
/* Bytes of the table itself, for metrics. */
size_t par_map_bytes(const struct par_map *m);

/* Walks all nodes in no particular order. The body may remove and free the current node; it must
 * not insert.  for (n = par_map_first(m, &it); n; n = par_map_next(m, &it)) */
struct par_map_iter {
    size_t _bucket;
    struct par_map_node *_next;
};
struct par_map_node *par_map_first(const struct par_map *m, struct par_map_iter *it);
struct par_map_node *par_map_next(const struct par_map *m, struct par_map_iter *it);

/* SipHash-1-3 itself, for those who pick a shard by key. */
uint64_t par_siphash(const uint64_t seed[2], const void *data, size_t n);
uint64_t par_siphash_u64(const uint64_t seed[2], uint64_t v);

#endif
