/* The driver `memory`: a skip list a table. For tests and the simulator: nothing survives, nothing
 * is random. */
#include "store/store_private.h"

#include <pthread.h>
#include <stdlib.h>

enum { LEVELS = 20 };

struct node {
    uint8_t *value;
    size_t value_len;
    uint8_t *key;
    size_t key_len;
    int levels;
    struct node *next[];
};

/* head.next[level] of each table. */
struct table {
    struct node *first[LEVELS];
};

struct memory {
    pthread_rwlock_t lock; /* a scan holds it during its callbacks, so that it sees one moment */
    uint64_t dice;
    uint64_t bytes;
    struct table tables[PAR_T_COUNT];
};

static enum par_err memory_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                                struct par_buf *why_r)
{
    struct memory *m = NULL;
    *impl_r = NULL;
    *is_new_r = true;
    if (options->must_exist) {
        if (why_r != NULL)
            par_buf_addz(why_r, "the driver memory keeps nothing: there is no store");
        return PAR_E_CONFLICT;
    }
    m = calloc(1, sizeof *m);
    if (m == NULL)
        return PAR_E_UNAVAILABLE;
    pthread_rwlock_init(&m->lock, NULL);
    m->dice = 0x9E3779B97F4A7C15u;
    *impl_r = m;
    return PAR_OK;
}

static void free_node(struct node *node)
{
    if (node == NULL)
        return;
    free(node->value);
    free(node->key);
    free(node);
}

static void memory_close(void *impl)
{
    struct memory *m = impl;
    for (int t = 0; t < PAR_T_COUNT; t++) {
        struct node *node = m->tables[t].first[0];
        while (node != NULL) {
            struct node *next = node->next[0];
            free_node(node);
            node = next;
        }
    }
    pthread_rwlock_destroy(&m->lock);
    free(m);
}

static struct par_str node_key(const struct node *node)
{
    return par_str_of(node->key, node->key_len);
}

/* The first node with a key >= key. Where it hangs, on each level, goes to links unless that is
 * NULL. */
static struct node *seek(struct table *table, struct par_str key, struct node ***links)
{
    struct node **at = table->first;
    struct node *node = NULL;
    for (int level = LEVELS - 1; level >= 0; level--) {
        node = at[level];
        while (node != NULL && par_str_cmp(node_key(node), key) < 0) {
            at = node->next;
            node = at[level];
        }
        if (links != NULL)
            links[level] = &at[level];
    }
    return node;
}

static bool holds(const struct node *node, struct par_str key)
{
    return node != NULL && par_str_eq(node_key(node), key);
}

static enum par_err memory_read(void *impl, size_t n, const struct par_store_key *keys,
                                par_store__value_fn found, void *arg)
{
    struct memory *m = impl;
    enum par_err err = PAR_OK;
    pthread_rwlock_rdlock(&m->lock);
    for (size_t i = 0; i < n; i++) {
        struct node *node = seek(&m->tables[keys[i].table], keys[i].key, NULL);
        if (holds(node, keys[i].key) && !found(arg, i, par_str_of(node->value, node->value_len))) {
            err = PAR_E_UNAVAILABLE;
            break;
        }
    }
    pthread_rwlock_unlock(&m->lock);
    return err;
}

static enum par_err memory_scan(void *impl, enum par_table table, struct par_str start,
                                struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct memory *m = impl;
    size_t rows = 0;
    pthread_rwlock_rdlock(&m->lock);
    for (struct node *node = seek(&m->tables[table], start, NULL); node != NULL;
         node = node->next[0]) {
        if ((end.len > 0 && par_str_cmp(node_key(node), end) >= 0) ||
            (limit > 0 && rows++ == limit) ||
            !fn(arg, node_key(node), par_str_of(node->value, node->value_len)))
            break;
    }
    pthread_rwlock_unlock(&m->lock);
    return PAR_OK;
}

static int roll(struct memory *m)
{
    m->dice ^= m->dice << 13;
    m->dice ^= m->dice >> 7;
    m->dice ^= m->dice << 17;
    int levels = 1;
    for (uint64_t bits = m->dice; (bits & 3) == 3 && levels < LEVELS; bits >>= 2)
        levels++;
    return levels;
}

static uint8_t *copy(struct par_str s)
{
    uint8_t *bytes = malloc(s.len > 0 ? s.len : 1);
    if (bytes != NULL && s.len > 0)
        memcpy(bytes, s.ptr, s.len);
    return bytes;
}

static struct node *make_node(struct memory *m, struct par_str key, struct par_str value)
{
    int levels = roll(m);
    struct node *node = calloc(1, sizeof *node + (size_t)levels * sizeof node->next[0]);
    if (node == NULL)
        return NULL;
    node->levels = levels;
    node->key = copy(key);
    node->key_len = key.len;
    node->value = copy(value);
    node->value_len = value.len;
    if (node->key != NULL && node->value != NULL)
        return node;
    free_node(node);
    return NULL;
}

static void put(struct memory *m, struct table *table, struct node *node)
{
    struct node **links[LEVELS];
    struct node *old = seek(table, node_key(node), links);
    if (holds(old, node_key(node))) {
        uint8_t *value = old->value;
        m->bytes += node->value_len - old->value_len;
        old->value = node->value;
        old->value_len = node->value_len;
        node->value = value;
        free_node(node);
        return;
    }
    m->bytes += node->key_len + node->value_len;
    for (int level = 0; level < node->levels; level++) {
        node->next[level] = *links[level];
        *links[level] = node;
    }
}

static void take_out(struct memory *m, struct table *table, struct par_str key)
{
    struct node **links[LEVELS];
    struct node *node = seek(table, key, links);
    if (!holds(node, key))
        return;
    for (int level = 0; level < node->levels; level++)
        *links[level] = node->next[level];
    m->bytes -= node->key_len + node->value_len;
    free_node(node);
}

/* All nodes are made first, so that a refusal of memory leaves nothing half done. */
static enum par_outcome memory_commit(void *impl, const struct par_batch *batch, bool sync)
{
    struct memory *m = impl;
    enum par_outcome outcome = PAR_OUTCOME_OK;
    struct node **nodes = calloc(batch->count, sizeof(struct node *));
    (void)sync;
    if (nodes == NULL)
        return PAR_OUTCOME_FAILED;
    pthread_rwlock_wrlock(&m->lock);
    for (size_t i = 0; i < batch->count && outcome == PAR_OUTCOME_OK; i++) {
        const struct par_store__put *p = par_store__put(batch, i);
        if (p->deletes)
            continue;
        nodes[i] = make_node(m, par_store__put_key(batch, p), par_store__put_value(batch, p));
        if (nodes[i] == NULL)
            outcome = PAR_OUTCOME_FAILED;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *p = par_store__put(batch, i);
        if (outcome != PAR_OUTCOME_OK)
            free_node(nodes[i]);
        else if (p->deletes)
            take_out(m, &m->tables[p->table], par_store__put_key(batch, p));
        else
            put(m, &m->tables[p->table], nodes[i]);
    }
    pthread_rwlock_unlock(&m->lock);
    free(nodes);
    return outcome;
}

static void memory_stats(void *impl, struct par_store_stats *stats_r)
{
    struct memory *m = impl;
    pthread_rwlock_rdlock(&m->lock);
    stats_r->memory_bytes = m->bytes;
    pthread_rwlock_unlock(&m->lock);
}

const struct par_store__driver par_store__memory = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .read = memory_read,
    .scan = memory_scan,
    .commit = memory_commit,
    .stats = memory_stats,
};
