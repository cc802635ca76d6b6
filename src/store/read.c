/* Reading through the wrapper: get, multi_get, scan. */
#include "store/store_state.h"

#include "base/stats.h"
#include "loop/env.h"

static void count_read(struct par_store *store, enum par_store_op op, uint64_t began, size_t n,
                       bool ok)
{
    uint64_t ns = par_mono_ns() - began;
    atomic_fetch_add_explicit(&store->gets, n, memory_order_relaxed);
    atomic_fetch_add_explicit(&store->read_ns, ns, memory_order_relaxed);
    par_stats_record(PAR_H_STORE_TIME, op, ns);
    if (ok)
        return;
    atomic_fetch_add_explicit(&store->get_errors, 1, memory_order_relaxed);
    par_stats_inc_at(PAR_C_STORE_ERRORS, op);
}

/* Reads under the gate, timed. */
static bool read_rows(struct par_store *store, enum par_store_op op, size_t n,
                      const struct par_store_key *keys, par_store__value_fn found, void *arg)
{
    uint64_t began = par_mono_ns();
    bool ok = false;
    if (par_store__enter(store)) {
        ok = store->driver->read(store->impl, n, keys, found, arg) == PAR_OK;
        par_store__leave(store);
    }
    count_read(store, op, began, n, ok);
    return ok;
}

struct into_buf {
    struct par_buf *buf;
    bool found;
};

static bool add_to_buf(void *arg, size_t i, struct par_str value)
{
    struct into_buf *into = arg;
    (void)i;
    into->found = true;
    par_buf_add_str(into->buf, value);
    return !into->buf->failed;
}

int par_store_get(struct par_store *store, enum par_table table, struct par_str key,
                  struct par_buf *value_r)
{
    struct par_store_key one = {table, key};
    struct into_buf into = {.buf = value_r};
    if (!read_rows(store, PAR_STORE_OP_GET, 1, &one, add_to_buf, &into) || value_r->failed)
        return -1;
    return into.found ? 1 : 0;
}

struct into_arena {
    struct par_arena *arena;
    struct par_str *values;
    bool refused;
};

static bool add_to_arena(void *arg, size_t i, struct par_str value)
{
    struct into_arena *into = arg;
    into->values[i] =
        par_arena_copy(into->arena, par_str_of(value.len ? value.ptr : "", value.len));
    into->refused = into->values[i].ptr == NULL;
    return !into->refused;
}

int par_store_get_in(struct par_store *store, enum par_table table, struct par_str key,
                     struct par_arena *arena, struct par_str *value_r)
{
    struct par_store_key one = {table, key};
    struct into_arena into = {.arena = arena, .values = value_r};
    *value_r = (struct par_str){0};
    if (!read_rows(store, PAR_STORE_OP_GET, 1, &one, add_to_arena, &into) || into.refused)
        return -1;
    return value_r->ptr != NULL ? 1 : 0;
}

enum par_err par_store_multi_get(struct par_store *store, size_t n,
                                 const struct par_store_key *keys, struct par_arena *arena,
                                 struct par_str *values_r)
{
    struct into_arena into = {.arena = arena, .values = values_r};
    for (size_t i = 0; i < n; i++)
        values_r[i] = (struct par_str){0};
    if (n == 0)
        return PAR_OK;
    if (!read_rows(store, PAR_STORE_OP_MULTI_GET, n, keys, add_to_arena, &into) || into.refused)
        return PAR_E_UNAVAILABLE;
    return PAR_OK;
}

/* ---- Scans ---- */

struct counted {
    par_store_row_fn fn;
    void *arg;
    uint64_t rows;
};

static bool count_row(void *arg, struct par_str key, struct par_str value)
{
    struct counted *counted = arg;
    counted->rows++;
    return counted->fn(counted->arg, key, value);
}

enum par_err par_store_scan(struct par_store *store, enum par_table table, struct par_str start,
                            struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct counted counted = {.fn = fn, .arg = arg};
    uint64_t began = par_mono_ns();
    enum par_err err = PAR_E_UNAVAILABLE;
    if (par_store__enter(store)) {
        err = store->driver->scan(store->impl, table, start, end, limit, count_row, &counted);
        par_store__leave(store);
    }
    count_read(store, PAR_STORE_OP_SCAN, began, 0, err == PAR_OK);
    atomic_fetch_add_explicit(&store->scans, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&store->rows_scanned, counted.rows, memory_order_relaxed);
    return err;
}

struct list {
    struct par_arena *arena;
    struct par_store_row **tail;
    size_t rows, bytes, limit, max_bytes;
    bool more, refused;
};

static bool add_row(void *arg, struct par_str key, struct par_str value)
{
    struct list *list = arg;
    size_t bytes = key.len + value.len;
    if ((list->limit > 0 && list->rows == list->limit) ||
        (list->max_bytes > 0 && list->rows > 0 && list->bytes + bytes > list->max_bytes)) {
        list->more = true;
        return false;
    }
    struct par_store_row *row = par_arena_zalloc(list->arena, sizeof *row);
    if (row != NULL) {
        row->key = par_arena_copy(list->arena, key);
        row->value = par_arena_copy(list->arena, par_str_of(value.len ? value.ptr : "", value.len));
    }
    if (row == NULL || row->key.ptr == NULL || row->value.ptr == NULL) {
        list->refused = true;
        return false;
    }
    *list->tail = row;
    list->tail = &row->next;
    list->rows++;
    list->bytes += bytes;
    return true;
}

enum par_err par_store_scan_in(struct par_store *store, enum par_table table, struct par_str start,
                               struct par_str end, size_t limit, size_t max_bytes,
                               struct par_arena *arena, struct par_store_row **rows_r, bool *more_r)
{
    struct list list = {.arena = arena, .tail = rows_r, .limit = limit, .max_bytes = max_bytes};
    *rows_r = NULL;
    /* One more than asked tells whether there are more; a limit that large is none. */
    size_t ask = limit > 0 && limit < SIZE_MAX ? limit + 1 : 0;
    enum par_err err = par_store_scan(store, table, start, end, ask, add_row, &list);
    if (err == PAR_OK && list.refused)
        err = PAR_E_UNAVAILABLE;
    if (err != PAR_OK)
        *rows_r = NULL;
    if (more_r != NULL)
        *more_r = err == PAR_OK && list.more;
    return err;
}
