/* How rows come to the tables of the simulated store: at their time, by their version. */
#include "sim/engine/store_private.h"

#include <stdlib.h>

bool sim_store__visible(const struct sim_row *row)
{
    return row->value != NULL && (row->buried_ns == 0 || row->version > row->buried);
}

/* A major compaction removes a delete and what it hides: what comes then is seen again. */
static void compact(struct sim_store *store, struct sim_row *row)
{
    uint64_t keep = store->plan.buried_ns;
    if (row->buried_ns == 0 || keep == 0 || sim_now_ns() < row->buried_ns + keep)
        return;
    if (!sim_store__visible(row))
        sim_row_unset(row);
    row->buried_ns = 0;
    row->buried = 0;
}

void sim_store__land(struct sim_store *store, struct sim_rows *tables,
                     const struct sim_landing_row *landing)
{
    struct sim_row *row = sim_rows_make(&tables[landing->table], sim_bytes_str(landing->key));
    compact(store, row);
    if (landing->value == NULL) {
        if (row->buried_ns == 0 || landing->version > row->buried)
            row->buried = landing->version;
        row->buried_ns = sim_now_ns() + 1;
    } else if (row->value == NULL || landing->version >= row->version) {
        sim_bytes_unref(&row->value);
        row->value = sim_bytes_ref(landing->value);
        row->version = landing->version;
    }
}

int sim_store__swap(struct sim_store *store, enum par_table table, struct par_str key,
                    const struct par_str *expected, struct par_str value, uint64_t version,
                    struct par_buf *value_r)
{
    struct sim_row *row = sim_rows_find(&store->tables[table], key);
    bool there = row != NULL && sim_store__visible(row);
    bool same =
        expected == NULL ? !there : there && par_str_eq(sim_bytes_str(row->value), *expected);
    if (!same) {
        if (there && value_r != NULL)
            par_buf_add_str(value_r, sim_bytes_str(row->value));
        return 0;
    }
    if (row != NULL && row->value != NULL && version <= row->version)
        version = row->version + 1;
    if (row != NULL && row->buried_ns != 0 && version <= row->buried)
        version = row->buried + 1;
    struct sim_landing_row put = {sim_bytes_new(key),
                                  value.ptr != NULL ? sim_bytes_new(value) : NULL, version,
                                  (uint8_t)table};
    sim_store__land(store, store->tables, &put);
    sim_bytes_unref(&put.key);
    sim_bytes_unref(&put.value);
    return 1;
}

struct sim_landing *sim_store__landing(struct sim_store *store, size_t count)
{
    struct sim_landing *l = calloc(1, sizeof *l + count * sizeof l->row[0]);
    PAR_ASSERT(l != NULL);
    l->store = store;
    l->before = store->landings.before;
    l->after = &store->landings;
    l->before->after = l;
    l->after->before = l;
    return l;
}

void sim_store__landing_add(struct sim_landing *l, const struct par_batch *batch, size_t i)
{
    const struct par_store__put *p = par_store__put(batch, i);
    l->row[l->count++] = (struct sim_landing_row){
        .key = sim_bytes_new(par_store__put_key(batch, p)),
        .value = p->deletes ? NULL : sim_bytes_new(par_store__put_value(batch, p)),
        .version = p->version,
        .table = p->table,
    };
    l->store->landing_rows++;
}

static void forget(struct sim_landing *l)
{
    l->before->after = l->after;
    l->after->before = l->before;
    l->store->landing_rows -= l->count;
    for (size_t i = 0; i < l->count; i++) {
        sim_bytes_unref(&l->row[i].key);
        sim_bytes_unref(&l->row[i].value);
    }
    sim_bytes_unref(&l->expected);
    free(l);
}

static void land(struct sim_landing *l)
{
    const struct par_str none = {0};
    struct par_str expected = l->expected != NULL ? sim_bytes_str(l->expected) : none;
    struct par_str value = l->row[0].value != NULL ? sim_bytes_str(l->row[0].value) : none;
    if (l->swaps)
        (void)sim_store__swap(l->store, l->row[0].table, sim_bytes_str(l->row[0].key),
                              l->expected != NULL ? &expected : NULL, value, l->row[0].version,
                              NULL);
    for (size_t i = 0; i < l->count && !l->swaps; i++)
        sim_store__land(l->store, l->store->tables, &l->row[i]);
    forget(l);
}

static void land_event(void *arg)
{
    land(arg);
}

void sim_store__landing_at(struct sim_landing *l, uint64_t when_ns)
{
    if (when_ns == UINT64_MAX)
        l->held = true;
    else if (when_ns <= sim_now_ns())
        land(l);
    else
        l->event = sim_at_ns(when_ns, land_event, l);
}

size_t sim_store_land_held(struct sim_store *store)
{
    size_t rows = 0;
    sim_engine_enter();
    for (struct sim_landing *l = store->landings.after, *after; l != &store->landings; l = after) {
        after = l->after;
        if (!l->held)
            continue;
        rows += l->count;
        land(l);
    }
    sim_engine_leave();
    return rows;
}

void sim_store_settle(struct sim_store *store)
{
    sim_engine_enter();
    while (store->landings.after != &store->landings) {
        struct sim_landing *l = store->landings.after;
        if (!l->held)
            sim_cancel(l->event);
        land(l);
    }
    sim_engine_leave();
}

void sim_store_free(struct sim_store **store)
{
    struct sim_store *s = *store;
    *store = NULL;
    if (s == NULL)
        return;
    sim_engine_enter();
    while (s->landings.after != &s->landings) {
        struct sim_landing *l = s->landings.after;
        if (!l->held)
            sim_cancel(l->event);
        forget(l);
    }
    for (int t = 0; t < PAR_T_COUNT; t++) {
        sim_rows_clear(&s->tables[t]);
        sim_rows_clear(&s->disk[t]);
        sim_rows_clear(&s->copy[t]);
    }
    sim_store__drop_wal(s);
    par_store__extra = NULL;
    sim_store__current = NULL;
    free(s);
    sim_engine_leave();
}
