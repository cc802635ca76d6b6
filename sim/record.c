/* Records of a device, in memory. */
#include "sim/record.h"

#include <stdlib.h>
#include <string.h>

static struct sim_record *make(unsigned kind, struct par_str key, struct par_str value,
                               bool deletes)
{
    struct sim_record *x = malloc(sizeof *x + key.len);
    uint8_t *copy = malloc(value.len + 1);
    if (!x || !copy)
        abort();
    *x = (struct sim_record){.kind = kind,
                             .key_len = (uint32_t)key.len,
                             .value_len = (uint32_t)value.len,
                             .deletes = deletes,
                             .value = copy};
    if (key.len)
        memcpy(x->key, key.ptr, key.len);
    if (value.len)
        memcpy(copy, value.ptr, value.len);
    return x;
}

static void discard(struct sim_record *x)
{
    free(x->value);
    free(x);
}

static void add_open(struct sim_records *r, struct sim_record *x)
{
    if (!r->open)
        r->_open_end = &r->open;
    *r->_open_end = x;
    r->_open_end = &x->next;
}

void sim_records_put(struct sim_records *r, unsigned kind, struct par_str key, struct par_str value)
{
    add_open(r, make(kind, key, value, false));
}

void sim_records_del(struct sim_records *r, unsigned kind, struct par_str key)
{
    add_open(r, make(kind, key, (struct par_str){0}, true));
}

void sim_records_clear(struct sim_records *r, unsigned but_kind)
{
    sim_records_rollback(r);
    r->clears = true;
    r->clear_but = but_kind;
}

static uint32_t hash(unsigned kind, const uint8_t *key, size_t n)
{
    uint32_t h = 2166136261u ^ kind;
    for (size_t i = 0; i < n; i++)
        h = (h ^ key[i]) * 16777619u;
    return h ^ h >> 15;
}

/* Its place, or the free one where it belongs. */
static struct sim_record **place(struct sim_records *r, const struct sim_record *x)
{
    uint32_t i = hash(x->kind, x->key, x->key_len);
    for (;; i++) {
        struct sim_record **p = &r->_table[i & (r->_size - 1)];
        if (!*p || ((*p)->kind == x->kind && (*p)->key_len == x->key_len &&
                    memcmp((*p)->key, x->key, x->key_len) == 0))
            return p;
    }
}

static void grow(struct sim_records *r)
{
    if (r->_used * 2 < r->_size)
        return;
    r->_size = r->_size ? r->_size * 2 : 64;
    free(r->_table);
    r->_table = calloc(r->_size, sizeof(struct sim_record *));
    if (!r->_table)
        abort();
    /* Deleted ones go when the table is made anew. */
    struct sim_record **link = &r->kept;
    r->_used = 0;
    while (*link) {
        struct sim_record *x = *link;
        if (x->deletes) {
            *link = x->next;
            discard(x);
            continue;
        }
        *place(r, x) = x;
        r->_used++;
        link = &x->next;
    }
}

static void drop_all_but(struct sim_records *r, unsigned kind)
{
    for (struct sim_record *x = r->kept; x; x = x->next)
        x->deletes = x->deletes || x->kind != kind;
}

static void take_over(struct sim_records *r, struct sim_record *x)
{
    grow(r);
    struct sim_record **p = place(r, x);
    struct sim_record *old = *p;
    if (!old) {
        x->next = r->kept;
        r->kept = x;
        *p = x;
        r->_used++;
        return;
    }
    free(old->value);
    old->value = x->value;
    old->value_len = x->value_len;
    old->deletes = x->deletes;
    free(x);
}

void sim_records_commit(struct sim_records *r)
{
    if (r->clears)
        drop_all_but(r, r->clear_but);
    r->clears = false;
    for (struct sim_record *x = r->open; x;) {
        struct sim_record *next = x->next;
        take_over(r, x);
        x = next;
    }
    r->open = NULL;
}

static void free_list(struct sim_record *x)
{
    while (x) {
        struct sim_record *next = x->next;
        discard(x);
        x = next;
    }
}

void sim_records_rollback(struct sim_records *r)
{
    free_list(r->open);
    r->open = NULL;
    r->clears = false;
}

static int by_key(const void *a, const void *b)
{
    const struct sim_record *x = *(struct sim_record *const *)a,
                            *y = *(struct sim_record *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
    int c = memcmp(x->key, y->key, n);
    return c ? c : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

void sim_records_each(const struct sim_records *r, sim_record_fn fn, void *arg)
{
    struct sim_record **list = calloc(r->_used + 1, sizeof(struct sim_record *));
    size_t count = 0;
    if (!list)
        abort();
    for (struct sim_record *x = r->kept; x; x = x->next)
        if (!x->deletes)
            list[count++] = x;
    qsort(list, count, sizeof(struct sim_record *), by_key);
    for (size_t i = 0; i < count; i++)
        fn(arg, list[i]->kind, par_str_of(list[i]->key, list[i]->key_len),
           par_str_of(list[i]->value, list[i]->value_len));
    free(list);
}

void sim_records_fini(struct sim_records *r)
{
    sim_records_rollback(r);
    free_list(r->kept);
    free(r->_table);
    *r = (struct sim_records){0};
}
