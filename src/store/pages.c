/* Tables in pages. */
#include "store/pages.h"

enum { PAGE_BYTES = 4 << 20 };

struct par_pages par_pages(struct par_store *store, enum par_table table, struct par_str start,
                           struct par_str end, size_t limit)
{
    struct par_pages p = {.store = store, .table = table, .limit = limit};
    par_buf_add_str(&p.start, start);
    p.end = par_key_text(end);
    return p;
}

struct par_pages par_pages_prefix(struct par_store *store, enum par_table table,
                                  struct par_str prefix, size_t limit)
{
    struct par_key end = {0};
    if (prefix.len > 0)
        end = par_key_after(prefix);
    return par_pages(store, table, prefix, par_key_str(&end), limit);
}

bool par_pages_next(struct par_pages *p)
{
    bool more;
    par_arena_fini(&p->arena);
    p->rows = NULL;
    if (p->last || p->err != PAR_OK)
        return false;
    p->err = p->start.failed ? PAR_E_UNAVAILABLE
                             : par_store_scan_in(p->store, p->table, par_buf_str(&p->start),
                                                 par_key_str(&p->end), p->limit, PAGE_BYTES,
                                                 &p->arena, &p->rows, &more);
    if (p->err != PAR_OK || p->rows == NULL)
        return false;
    p->last = !more;
    const struct par_store_row *row = p->rows;
    while (row->next != NULL)
        row = row->next;
    /* The least key above the last one. */
    par_buf_clear(&p->start);
    par_buf_add_str(&p->start, row->key);
    par_buf_add_u8(&p->start, 0);
    return true;
}

void par_pages_jump(struct par_pages *p, struct par_str start)
{
    par_buf_clear(&p->start);
    par_buf_add_str(&p->start, start);
    p->last = start.len == 0;
}

void par_pages_fini(struct par_pages *p)
{
    par_arena_fini(&p->arena);
    par_buf_fini(&p->start);
    p->rows = NULL;
}
