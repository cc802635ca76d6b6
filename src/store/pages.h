/* Walks a table in pages, so that the walk may read the store in between. */
#ifndef PAR_STORE_PAGES_H
#define PAR_STORE_PAGES_H

#include "parley/store.h"
#include "store/key.h"

/* Start with par_pages(); rows are valid until the next page. */
struct par_pages {
    struct par_store *store;
    enum par_table table;
    size_t limit;
    struct par_buf start; /* the least key of the next page */
    struct par_key end;   /* empty: the end of the table */
    struct par_arena arena;
    struct par_store_row *rows;
    bool last;
    enum par_err err;
};

/* Rows with start <= key < end, `limit` a page. */
struct par_pages par_pages(struct par_store *store, enum par_table table, struct par_str start,
                           struct par_str end, size_t limit);
/* Everything with this prefix (empty: the table). */
struct par_pages par_pages_prefix(struct par_store *store, enum par_table table,
                                  struct par_str prefix, size_t limit);
/* The next page, in p->rows; false at the end, or when the store could not be read (p->err). */
bool par_pages_next(struct par_pages *p);
/* The next page begins at this key instead, which lies behind those read. */
void par_pages_jump(struct par_pages *p, struct par_str start);
void par_pages_fini(struct par_pages *p);

#endif
