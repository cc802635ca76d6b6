/* What the wrapper (store.c) asks of a driver. */
#ifndef PAR_STORE_PRIVATE_H
#define PAR_STORE_PRIVATE_H

#include "parley/store.h"

/* A row of a batch; positions in the batch's bytes. */
struct par_store__put {
    uint64_t version;
    uint32_t key_at, key_len;
    uint32_t value_at, value_len;
    uint8_t table; /* enum par_table */
    bool deletes;
};
static inline const struct par_store__put *par_store__put(const struct par_batch *b, size_t i)
{
    return (const struct par_store__put *)(const void *)b->_ops.data + i;
}
static inline struct par_str par_store__put_key(const struct par_batch *b,
                                                const struct par_store__put *p)
{
    return par_str_of(b->_bytes.data + p->key_at, p->key_len);
}
static inline struct par_str par_store__put_value(const struct par_batch *b,
                                                  const struct par_store__put *p)
{
    return par_str_of(b->_bytes.data + p->value_at, p->value_len);
}

/* Tells the value of keys[i], borrowed for the call; false stops (memory was refused). */
typedef bool (*par_store__value_fn)(void *arg, size_t i, struct par_str value);

/* What a copy is made of. */
struct par_store__copy {
    char from[4096]; /* a folder of its own */
    bool made;       /* the folder that it goes to was made for it */
};

/* A driver. `impl` is what its open made. All but open, close and reopen are called by several
 * threads at once; those three by one, while nobody else is inside. */
struct par_store__driver {
    const char *name;
    bool has_folder; /* it lives in options.path */
    bool by_rows;    /* not atomic: rows land one by one, the higher version of a row holds */

    /* As par_store_open(). *is_new_r: there was no store, and meta is empty. Sets new_incarnation
     * when it finds that what is here is a copy. On an error *impl_r is NULL. */
    enum par_err (*open)(struct par_store_options *options, void **impl_r, bool *is_new_r,
                         struct par_buf *why_r);
    /* Once meta is in order; may be NULL. An error ends par_store_open(). */
    enum par_err (*opened)(void *impl, struct par_buf *why_r);
    void (*close)(void *impl);
    /* Forgets what is not durable, after a commit that was not OK, and reads the durable state
     * again. It may be tried again when it was refused. NULL: nothing to do. */
    enum par_err (*reopen)(void *impl, struct par_buf *why_r);

    enum par_err (*read)(void *impl, size_t n, const struct par_store_key *keys,
                         par_store__value_fn found, void *arg);
    enum par_err (*scan)(void *impl, enum par_table table, struct par_str start, struct par_str end,
                         size_t limit, par_store_row_fn fn, void *arg);
    enum par_outcome (*commit)(void *impl, const struct par_batch *batch, bool sync);
    /* Compare and swap by the engine. NULL: the wrapper reads and commits under a lock of its own.
     */
    int (*swap)(void *impl, enum par_table table, struct par_str key, struct par_str expected,
                struct par_str value, uint64_t version, struct par_buf *value_r);

    /* NULL: nothing to do from time to time; always writable; no copies; no figures. */
    void (*tick)(void *impl);
    bool (*writable)(void *impl);
    /* A copy in two steps, or NULL both: the first makes what is copied, the second copies it,
     * which may take long and needs no open store. After a first that is PAR_OK the second comes
     * once. */
    enum par_err (*copy_begin)(void *impl, const char *dir, struct par_store__copy *copy_r,
                               struct par_buf *why_r);
    enum par_err (*copy_end)(const struct par_store__copy *copy, const char *dir,
                             struct par_buf *why_r);
    void (*stats)(void *impl, struct par_store_stats *stats_r);
};

extern const struct par_store__driver par_store__memory;
extern const struct par_store__driver par_store__fail;
extern const struct par_store__driver par_store__rocksdb;
extern const struct par_store__driver par_store__hbase; /* with PARLEY_CLUSTER only */
/* One more, of a simulated world; NULL in the product. Set before any store is opened. */
extern const struct par_store__driver *par_store__extra;
/* The driver of this name (NULL: the default); NULL when there is none. */
const struct par_store__driver *par_store__driver(const char *name);

/* The part of par_store_fail_set() that the driver `fail` does. */
void par_store__fail_set(void *impl, const struct par_store_fail *fail);

/* The rows of meta that the wrapper keeps. */
#define PAR_META_FORMAT      PAR_STR("format")
#define PAR_META_INCARNATION PAR_STR("incarnation")
#define PAR_META_PROBE       PAR_STR("probe")
enum { PAR_STORE_FORMAT = 1 };

#endif
