/* Rows in the order of their keys, with what an engine has to know of each: the table of a store,
 * the keyspace of a Redis. A value is immutable and counted, so that a reader keeps what it read
 * while others write. A sorted array: worlds are small, and nothing here depends on addresses. */
#ifndef SIM_ENGINE_ROWS_H
#define SIM_ENGINE_ROWS_H

#include "base/str.h"

#include <stdint.h>

struct sim_bytes {
    uint32_t refs;
    uint32_t len;
    char data[];
};
/* A copy with one reference. Memory that is refused ends the process: a world cannot go on. */
struct sim_bytes *sim_bytes_new(struct par_str s);
struct sim_bytes *sim_bytes_ref(struct sim_bytes *b);
/* NULL is allowed; nulls it. */
void sim_bytes_unref(struct sim_bytes **b);
static inline struct par_str sim_bytes_str(const struct sim_bytes *b)
{
    return par_str_of(b->data, b->len);
}

struct sim_row {
    struct sim_bytes *key;
    struct sim_bytes *value; /* NULL: nothing was put, or it was removed */
    uint64_t version;        /* of the value */
    uint64_t buried;         /* a delete hides values up to this version ... */
    uint64_t buried_ns;      /* ... since then; 0: there was none */
    uint64_t until_ns;       /* a lease ends then; 0: never */
};

/* Zero is an empty table. */
struct sim_rows {
    struct sim_row **row;
    size_t count, cap;
};

/* The index of the first row with a key not below; count when there is none. */
size_t sim_rows_seek(const struct sim_rows *rows, struct par_str key);
/* The row of this key, or NULL. */
struct sim_row *sim_rows_find(const struct sim_rows *rows, struct par_str key);
/* The same, made without a value when it is missing. */
struct sim_row *sim_rows_make(struct sim_rows *rows, struct par_str key);
/* The value becomes a copy; or nothing. */
void sim_row_set(struct sim_row *row, struct par_str value);
void sim_row_unset(struct sim_row *row);
/* Takes the row at the index out and frees it. */
void sim_rows_remove(struct sim_rows *rows, size_t index);
/* All of them. */
void sim_rows_clear(struct sim_rows *rows);
/* to, which is empty, becomes a copy; values are shared. */
void sim_rows_copy(struct sim_rows *to, const struct sim_rows *from);

#endif
