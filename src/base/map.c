/* The intrusive hash map: linear hashing over segments that double in size.
 *
 * With B buckets and 2^k <= B < 2^(k+1), a hash falls into bucket h mod 2^(k+1) if that exists yet,
 * else into h mod 2^k. Adding bucket B splits bucket B - 2^k and nothing else. Segment 0 has FIRST
 * buckets, segment i > 0 has FIRST * 2^(i-1) and starts at that index, so no bucket ever moves in
 * memory. */
#include "base/map.h"

#include <stdlib.h>

enum { FIRST_BITS = 4, FIRST = 1 << FIRST_BITS };

static struct par_map_node **bucket_at(const struct par_map *m, size_t i)
{
    if (i < FIRST)
        return &m->_segments[0][i];
    unsigned top = 63u - (unsigned)__builtin_clzll(i);
    return &m->_segments[top - FIRST_BITS + 1][i - ((size_t)1 << top)];
}

static size_t bucket_of(const struct par_map *m, uint64_t hash)
{
    unsigned top = 63u - (unsigned)__builtin_clzll(m->_buckets);
    size_t i = hash & (((size_t)2 << top) - 1);
    return i < m->_buckets ? i : hash & (((size_t)1 << top) - 1);
}

void par_map_init(struct par_map *m, const uint64_t seed[2], par_map_eq_fn eq)
{
    *m = (struct par_map){._seed = {seed[0], seed[1]}, ._eq = eq};
}

void par_map_fini(struct par_map *m)
{
    for (size_t i = 0; i < PAR_MAP_SEGMENTS; i++)
        free(m->_segments[i]);
    *m = (struct par_map){0};
}

static struct par_map_node *find(const struct par_map *m, uint64_t hash, const void *key,
                                 size_t len)
{
    if (m->_count == 0)
        return NULL;
    for (struct par_map_node *n = *bucket_at(m, bucket_of(m, hash)); n; n = n->_next) {
        if (n->_hash == hash && m->_eq(n, key, len))
            return n;
    }
    return NULL;
}

struct par_map_node *par_map_find(const struct par_map *m, struct par_str key)
{
    return find(m, par_siphash(m->_seed, key.ptr, key.len), key.ptr, key.len);
}

struct par_map_node *par_map_find_u64(const struct par_map *m, uint64_t key)
{
    return find(m, par_siphash_u64(m->_seed, key), &key, sizeof key);
}

/* One bucket more, taken from the one that served both until now. */
static void grow(struct par_map *m)
{
    size_t b = m->_buckets;
    unsigned top = 63u - (unsigned)__builtin_clzll(b);
    unsigned segment = top - FIRST_BITS + 1;
    if (segment >= PAR_MAP_SEGMENTS)
        return;
    if (!m->_segments[segment]) {
        m->_segments[segment] = calloc((size_t)1 << top, sizeof *m->_segments[segment]);
        if (!m->_segments[segment])
            return;
    }
    m->_buckets = b + 1;
    struct par_map_node **from = bucket_at(m, b - ((size_t)1 << top));
    struct par_map_node **to = bucket_at(m, b);
    for (struct par_map_node **link = from; *link;) {
        struct par_map_node *n = *link;
        if ((n->_hash & (((size_t)2 << top) - 1)) != b) {
            link = &n->_next;
            continue;
        }
        *link = n->_next;
        n->_next = *to;
        *to = n;
    }
}

static bool insert(struct par_map *m, struct par_map_node *node, uint64_t hash)
{
    if (m->_buckets == 0) {
        m->_segments[0] = calloc(FIRST, sizeof *m->_segments[0]);
        if (!m->_segments[0])
            return false;
        m->_buckets = FIRST;
    }
    if (m->_count >= m->_buckets)
        grow(m);
    struct par_map_node **bucket = bucket_at(m, bucket_of(m, hash));
    node->_hash = hash;
    node->_next = *bucket;
    *bucket = node;
    m->_count++;
    return true;
}

bool par_map_insert(struct par_map *m, struct par_map_node *node, struct par_str key)
{
    return insert(m, node, par_siphash(m->_seed, key.ptr, key.len));
}

bool par_map_insert_u64(struct par_map *m, struct par_map_node *node, uint64_t key)
{
    return insert(m, node, par_siphash_u64(m->_seed, key));
}

void par_map_remove(struct par_map *m, struct par_map_node *node)
{
    PAR_ASSERT(m->_count > 0);
    struct par_map_node **link = bucket_at(m, bucket_of(m, node->_hash));
    while (*link != node) {
        PAR_ASSERT(*link);
        link = &(*link)->_next;
    }
    *link = node->_next;
    node->_next = NULL;
    m->_count--;
}

size_t par_map_bytes(const struct par_map *m)
{
    size_t buckets = 0;
    for (size_t i = 0; i < PAR_MAP_SEGMENTS && m->_segments[i]; i++)
        buckets += i == 0 ? (size_t)FIRST : (size_t)FIRST << (i - 1);
    return buckets * sizeof(struct par_map_node *);
}

struct par_map_node *par_map_first(const struct par_map *m, struct par_map_iter *it)
{
    *it = (struct par_map_iter){0};
    return par_map_next(m, it);
}

struct par_map_node *par_map_next(const struct par_map *m, struct par_map_iter *it)
{
    while (!it->_next && it->_bucket < m->_buckets)
        it->_next = *bucket_at(m, it->_bucket++);
    struct par_map_node *n = it->_next;
    if (n)
        it->_next = n->_next;
    return n;
}
