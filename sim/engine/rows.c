/* Rows in the order of their keys: a sorted array of pointers. */
#include "sim/engine/rows.h"

#include "parley/err.h"

#include <stdlib.h>

struct sim_bytes *sim_bytes_new(struct par_str s)
{
    struct sim_bytes *b = malloc(sizeof *b + s.len + 1);
    PAR_ASSERT(b != NULL && s.len < UINT32_MAX);
    b->refs = 1;
    b->len = (uint32_t)s.len;
    if (s.len > 0)
        memcpy(b->data, s.ptr, s.len);
    b->data[s.len] = '\0';
    return b;
}

struct sim_bytes *sim_bytes_ref(struct sim_bytes *b)
{
    b->refs++;
    return b;
}

void sim_bytes_unref(struct sim_bytes **b)
{
    if (*b != NULL && --(*b)->refs == 0)
        free(*b);
    *b = NULL;
}

size_t sim_rows_seek(const struct sim_rows *rows, struct par_str key)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (par_str_cmp(sim_bytes_str(rows->row[middle]->key), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool holds(const struct sim_rows *rows, size_t i, struct par_str key)
{
    return i < rows->count && par_str_eq(sim_bytes_str(rows->row[i]->key), key);
}

struct sim_row *sim_rows_find(const struct sim_rows *rows, struct par_str key)
{
    size_t i = sim_rows_seek(rows, key);
    return holds(rows, i, key) ? rows->row[i] : NULL;
}

static void make_room(struct sim_rows *rows)
{
    if (rows->count < rows->cap)
        return;
    rows->cap = rows->cap > 0 ? rows->cap * 2 : 64;
    rows->row = realloc(rows->row, rows->cap * sizeof(struct sim_row *));
    PAR_ASSERT(rows->row != NULL);
}

struct sim_row *sim_rows_make(struct sim_rows *rows, struct par_str key)
{
    size_t i = sim_rows_seek(rows, key);
    if (holds(rows, i, key))
        return rows->row[i];
    struct sim_row *row = calloc(1, sizeof *row);
    PAR_ASSERT(row != NULL);
    row->key = sim_bytes_new(key);
    make_room(rows);
    memmove(rows->row + i + 1, rows->row + i, (rows->count - i) * sizeof(struct sim_row *));
    rows->row[i] = row;
    rows->count++;
    return row;
}

void sim_row_set(struct sim_row *row, struct par_str value)
{
    struct sim_bytes *copy = sim_bytes_new(value);
    sim_bytes_unref(&row->value);
    row->value = copy;
}

void sim_row_unset(struct sim_row *row)
{
    sim_bytes_unref(&row->value);
}

static void free_row(struct sim_row *row)
{
    sim_bytes_unref(&row->key);
    sim_bytes_unref(&row->value);
    free(row);
}

void sim_rows_remove(struct sim_rows *rows, size_t index)
{
    free_row(rows->row[index]);
    rows->count--;
    memmove(rows->row + index, rows->row + index + 1,
            (rows->count - index) * sizeof(struct sim_row *));
}

void sim_rows_clear(struct sim_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free_row(rows->row[i]);
    free(rows->row);
    *rows = (struct sim_rows){0};
}

void sim_rows_copy(struct sim_rows *to, const struct sim_rows *from)
{
    to->row = calloc(from->count + 1, sizeof(struct sim_row *));
    PAR_ASSERT(to->row != NULL);
    to->count = from->count;
    to->cap = from->count + 1;
    for (size_t i = 0; i < from->count; i++) {
        struct sim_row *row = malloc(sizeof *row);
        PAR_ASSERT(row != NULL);
        *row = *from->row[i];
        sim_bytes_ref(row->key);
        if (row->value != NULL)
            sim_bytes_ref(row->value);
        to->row[i] = row;
    }
}
