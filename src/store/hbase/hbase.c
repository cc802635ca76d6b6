/* The driver `hbase`: the store of many machines, through Thrift2 gateways.
 *
 * It lands rows one by one (par_store_atomic is false): a batch is one or a few calls of many puts,
 * each put with its version as timestamp, so that writing the same again changes nothing and an
 * older value never wins (TAKEOVER.md S1, S4, W1). Compare-and-swap is HBase's. */
#include "store/hbase/layout.h"
#include "store/hbase/pool.h"
#include "store/store_private.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PUTS_MAX = 512,          /* in one call */
    PUT_BYTES_MAX = 1 << 20, /* and their bytes */
    SCAN_ROWS_MAX = 1000,    /* in one call of a scan without a limit */
    CONNECTIONS_DEFAULT = 8,
    REGIONS_DEFAULT = 16,
    CONNECT_MS = 2000,
    ANSWER_MS =
        8000, /* above hbase.client.operation.timeout of the gateway, so that it answers first */
    READ_MS = 10000,
    SPACE_MAX = 32
};

struct hbase {
    struct par_hbase__pool *pool;
    char space[SPACE_MAX];
};

/* ---- opening ---- */

struct make {
    struct par_hbase__shape shapes[PAR_T_COUNT];
    size_t n;
    size_t missing;
};

static enum par_hbase__end look_for(struct par_hbase__gateway *gateway, void *arg)
{
    struct make *make = arg;
    make->missing = 0;
    for (size_t i = 0; i < make->n; i++) {
        bool there;
        enum par_hbase__end end = par_hbase__there(gateway, &make->shapes[i], &there);
        if (end != PAR_HBASE_OK)
            return end;
        make->missing += !there;
    }
    return PAR_HBASE_OK;
}

static enum par_hbase__end make_all(struct par_hbase__gateway *gateway, void *arg)
{
    struct make *make = arg;
    for (size_t i = 0; i < make->n; i++) {
        enum par_hbase__end end = par_hbase__make(gateway, &make->shapes[i]);
        if (end != PAR_HBASE_OK)
            return end;
    }
    return PAR_HBASE_OK;
}

static void explain(struct par_buf *why, const char *what)
{
    struct par_buf line = {0};
    par_buf_addz(&line, what);
    par_buf_addz(&line, ": ");
    par_buf_add_str(&line, par_buf_str(why));
    par_buf_clear(why);
    par_buf_add_str(why, par_buf_str(&line));
    par_buf_fini(&line);
}

static bool is_there(void *arg, size_t i, struct par_str value)
{
    (void)i;
    (void)value;
    *(bool *)arg = true;
    return true;
}

static enum par_err hbase_read(void *impl, size_t n, const struct par_store_key *keys,
                               par_store__value_fn found, void *arg);

/* Makes what is missing when asked to. A store is there when its format is: `store init` may have
 * been interrupted. */
static enum par_err tables(struct hbase *h, const struct par_store_options *options, bool *is_new_r,
                           struct par_buf *why)
{
    const struct par_store_key format = {PAR_T_META, PAR_META_FORMAT};
    struct make make = {0};
    bool there = false;
    make.n = par_hbase__shapes(h->space, options->regions ? options->regions : REGIONS_DEFAULT,
                               make.shapes);
    if (par_hbase__pool_read(h->pool, look_for, &make, why) != PAR_HBASE_OK) {
        explain(why, "HBase cannot be reached");
        return PAR_E_UNAVAILABLE;
    }
    /* A newer program knows more tables than the one that made the store: the row is asked, too. */
    if ((make.missing == 0 || !options->must_be_new) &&
        hbase_read(h, 1, &format, is_there, &there) != PAR_OK && make.missing == 0) {
        par_buf_addz(why, "HBase has the tables and does not serve them; try again");
        return PAR_E_UNAVAILABLE;
    }
    *is_new_r = !there;
    if (there != options->must_be_new || options->copy_id != NULL) {
        if (make.missing > 0 &&
            par_hbase__pool_read(h->pool, make_all, &make, why) != PAR_HBASE_OK) {
            explain(why, "HBase made not all tables; try again");
            return PAR_E_UNAVAILABLE;
        }
        return PAR_OK;
    }
    par_buf_clear(why);
    par_buf_addz(why, there ? "there is a store in this namespace of HBase already"
                            : "there is no store in this namespace of HBase: run `parley store "
                              "init`");
    return PAR_E_CONFLICT;
}

static void hbase_close(void *impl)
{
    struct hbase *h = impl;
    par_hbase__pool_free(&h->pool);
    free(h);
}

static enum par_err hbase_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                               struct par_buf *why_r)
{
    struct par_buf why = {0};
    struct par_hbase__pool_config config = {
        .gateways = options->gateways ? options->gateways : "",
        .connections = options->connections ? options->connections : CONNECTIONS_DEFAULT,
        .connect_ms = CONNECT_MS,
        .answer_ms = ANSWER_MS,
        .read_ms = READ_MS,
    };
    *impl_r = NULL;
    struct hbase *h = calloc(1, sizeof *h);
    if (h == NULL)
        return PAR_E_UNAVAILABLE;
    snprintf(h->space, sizeof h->space, "%s", options->space ? options->space : "parley");
    enum par_err err = par_hbase__pool_new(&config, &h->pool, &why);
    if (err == PAR_OK)
        err = tables(h, options, is_new_r, &why);
    if (err == PAR_OK)
        *impl_r = h;
    else {
        if (why_r != NULL)
            par_buf_add_str(why_r, par_buf_str(&why));
        hbase_close(h);
    }
    par_buf_fini(&why);
    return err;
}

/* ---- reading ---- */

/* Rows of one table: those of keys[at[i]]. */
struct get {
    const struct hbase *h;
    enum par_table table;
    const struct par_str *rows;
    const size_t *at;
    size_t n;
    par_store__value_fn found;
    void *arg;
};

/* Strips the byte in front; false: the row was deleted, or is nothing that this driver wrote. */
static bool open_cell(struct par_str cell, struct par_str *value_r)
{
    if (cell.len == 0 || cell.ptr[0] != PAR_HBASE__THERE)
        return false;
    *value_r = par_str_of(cell.ptr + 1, cell.len - 1);
    return true;
}

static bool got(void *arg, size_t i, const struct par_hbase__cell *cell)
{
    struct get *get = arg;
    struct par_str value;
    return !open_cell(cell->value, &value) || get->found(get->arg, get->at[i], value);
}

static enum par_hbase__end get_rows(struct par_hbase__gateway *gateway, void *arg)
{
    struct get *get = arg;
    char name[PAR_HBASE__NAME_MAX];
    par_hbase__table(get->h->space, get->table, name);
    return par_hbase__get(gateway, name, get->rows, get->n, got, get);
}

static enum par_err unavailable(const char *what, struct par_buf *why)
{
    par_buf_add_u8(why, 0);
    par_log_warn(what, PAR_KV("why", why->failed ? "" : (const char *)why->data));
    par_buf_fini(why);
    return PAR_E_UNAVAILABLE;
}

/* A call for each table of HBase that is asked. */
static enum par_err hbase_read(void *impl, size_t n, const struct par_store_key *keys,
                               par_store__value_fn found, void *arg)
{
    struct hbase *h = impl;
    struct par_hbase__row *bytes = malloc((n + 1) * sizeof *bytes);
    struct par_str *rows = malloc((n + 1) * sizeof *rows);
    size_t *at = malloc((n + 1) * sizeof *at);
    bool *done = calloc(n + 1, sizeof *done);
    struct par_buf why = {0};
    enum par_err err = bytes && rows && at && done ? PAR_OK : PAR_E_UNAVAILABLE;
    for (size_t first = 0; err == PAR_OK && first < n; first++) {
        if (done[first])
            continue;
        const char *name = par_hbase__table_name(keys[first].table);
        struct get get = {h, keys[first].table, rows, at, 0, found, arg};
        for (size_t i = first; i < n; i++) {
            if (done[i] || strcmp(par_hbase__table_name(keys[i].table), name) != 0)
                continue;
            done[i] = true;
            par_hbase__row(keys[i].table, keys[i].key, &bytes[i]);
            rows[get.n] = par_str_of(bytes[i].bytes, bytes[i].len);
            at[get.n++] = i;
        }
        if (par_hbase__pool_read(h->pool, get_rows, &get, &why) != PAR_HBASE_OK)
            err = unavailable("hbase.read_failed", &why);
    }
    free(bytes);
    free(rows);
    free(at);
    free(done);
    par_buf_fini(&why);
    return err;
}

struct scan {
    const struct hbase *h;
    enum par_table table;
    struct par_hbase__row from, to;
    uint32_t ask; /* rows of HBase in this call */
    uint32_t count;
    size_t left; /* rows of the table still wanted; SIZE_MAX: all */
    bool ended;  /* by fn, or the limit */
    par_store_row_fn fn;
    void *arg;
};

static bool scanned(void *arg, size_t i, const struct par_hbase__cell *cell)
{
    struct par_str row = cell->row;
    struct scan *scan = arg;
    struct par_str value;
    uint8_t key[PAR_STORE_KEY_MAX];
    size_t len;
    (void)i;
    /* The next call begins behind this row. */
    bool more = par_hbase__behind(row, &scan->from), wanted = true;
    if (par_hbase__key(scan->table, row, key, &len) && open_cell(cell->value, &value))
        wanted = scan->fn(scan->arg, par_str_of(key, len), value) &&
                 (scan->left == SIZE_MAX || --scan->left > 0);
    scan->ended = !more || !wanted;
    return !scan->ended;
}

static enum par_hbase__end scan_rows(struct par_hbase__gateway *gateway, void *arg)
{
    struct scan *scan = arg;
    char name[PAR_HBASE__NAME_MAX];
    par_hbase__table(scan->h->space, scan->table, name);
    return par_hbase__scan(gateway, name, par_str_of(scan->from.bytes, scan->from.len),
                           par_str_of(scan->to.bytes, scan->to.len), scan->ask, scanned, scan,
                           &scan->count);
}

static enum par_err hbase_scan(void *impl, enum par_table table, struct par_str start,
                               struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    struct scan scan = {
        .h = impl, .table = table, .left = limit ? limit : SIZE_MAX, .fn = fn, .arg = arg};
    struct par_buf why = {0};
    par_hbase__row(table, start, &scan.from);
    par_hbase__row(table, end, &scan.to);
    do {
        /* Rows of other tables may lie between: who was not content asks for more at once. */
        size_t most = scan.left > 8 * (size_t)scan.ask ? scan.left : 8 * (size_t)scan.ask;
        scan.ask = most < SCAN_ROWS_MAX ? (uint32_t)most : SCAN_ROWS_MAX;
        if (par_hbase__pool_read(scan.h->pool, scan_rows, &scan, &why) != PAR_HBASE_OK)
            return unavailable("hbase.scan_failed", &why);
    } while (!scan.ended && scan.count == scan.ask);
    par_buf_fini(&why);
    return PAR_OK;
}

/* ---- writing ---- */

struct put {
    const struct hbase *h;
    enum par_table table; /* any of those that share the table of HBase */
    const struct par_hbase__cell *cells;
    size_t n;
    bool sync;
};

static enum par_hbase__end put_rows(struct par_hbase__gateway *gateway, void *arg)
{
    const struct put *put = arg;
    char name[PAR_HBASE__NAME_MAX];
    par_hbase__table(put->h->space, put->table, name);
    return par_hbase__put(gateway, name, put->cells, put->n, put->sync);
}

/* HBase's timestamp of a put or a delete with this version: a delete hides what is put with the
 * same version, whichever comes last. The two highest are HBase's own. */
static uint64_t time_of(uint64_t version, bool deletes)
{
    const uint64_t most = INT64_MAX - 2;
    return version >= most / 2 ? most : version * 2 + deletes;
}

/* The rows of a batch as cells: bytes holds what they point at. */
struct cells {
    struct par_hbase__cell *cell;
    struct par_buf bytes;
};

/* A cell for each put; of several of a row the one with the highest version holds. */
static bool make_cells(const struct par_batch *batch, struct cells *cells)
{
    cells->cell = calloc(batch->count + 1, sizeof *cells->cell);
    size_t size = 0;
    for (size_t i = 0; i < batch->count; i++)
        size += sizeof(struct par_hbase__row) + par_store__put(batch, i)->value_len + 1;
    if (!cells->cell || !par_buf_reserve(&cells->bytes, size))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *p = par_store__put(batch, i);
        struct par_hbase__cell *cell = &cells->cell[i];
        struct par_hbase__row row;
        par_hbase__row(p->table, par_store__put_key(batch, p), &row);
        size_t at = cells->bytes.len;
        par_buf_add(&cells->bytes, row.bytes, row.len);
        par_buf_add_u8(&cells->bytes, p->deletes ? PAR_HBASE__DELETED : PAR_HBASE__THERE);
        if (!p->deletes)
            par_buf_add_str(&cells->bytes, par_store__put_value(batch, p));
        cell->row = par_str_of(cells->bytes.data + at, row.len);
        cell->value = par_str_of(cells->bytes.data + at + row.len, cells->bytes.len - at - row.len);
        cell->version = time_of(p->version, p->deletes);
    }
    return true;
}

static enum par_outcome put_run(struct hbase *h, enum par_table table,
                                const struct par_hbase__cell *cells, size_t n, bool sync)
{
    struct put put = {h, table, cells, n, sync};
    struct par_buf why = {0};
    enum par_hbase__end end = par_hbase__pool_once(h->pool, put_rows, &put, &why);
    if (end == PAR_HBASE_OK) {
        par_buf_fini(&why);
        return PAR_OUTCOME_OK;
    }
    /* Of an error that HBase itself reports, some rows may be there all the same. */
    (void)unavailable(end == PAR_HBASE_REFUSED ? "hbase.write_refused" : "hbase.write_failed",
                      &why);
    return end == PAR_HBASE_LOST ? PAR_OUTCOME_UNCERTAIN : PAR_OUTCOME_FAILED;
}

/* The next puts that one call can carry: all of one table of HBase, those at `done` left out.
 * Returns how many. */
static size_t next_run(const struct par_batch *batch, const struct cells *cells, bool *done,
                       struct par_hbase__cell run[PUTS_MAX], enum par_table *table_r)
{
    size_t n = 0, bytes = 0;
    for (size_t i = 0; i < batch->count && n < PUTS_MAX; i++) {
        const struct par_store__put *p = par_store__put(batch, i);
        if (done[i])
            continue;
        if (n == 0)
            *table_r = (enum par_table)p->table;
        else if (par_hbase__table_name(p->table) != par_hbase__table_name(*table_r))
            continue;
        else if (bytes + p->value_len > PUT_BYTES_MAX)
            break;
        bytes += p->value_len + p->key_len;
        done[i] = true;
        run[n++] = cells->cell[i];
    }
    return n;
}

static enum par_outcome hbase_commit(void *impl, const struct par_batch *batch, bool sync)
{
    struct cells cells = {0};
    struct par_hbase__cell *run = malloc(PUTS_MAX * sizeof *run);
    bool *done = calloc(batch->count + 1, sizeof *done);
    enum par_outcome outcome =
        run && done && make_cells(batch, &cells) ? PAR_OUTCOME_OK : PAR_OUTCOME_FAILED;
    enum par_table table = PAR_T_META;
    size_t n;
    while (outcome == PAR_OUTCOME_OK && (n = next_run(batch, &cells, done, run, &table)) > 0)
        outcome = put_run(impl, table, run, n, sync);
    free(run);
    free(done);
    free(cells.cell);
    par_buf_fini(&cells.bytes);
    return outcome;
}

/* ---- compare and swap ---- */

struct swap {
    const struct hbase *h;
    enum par_table table;
    struct par_hbase__cell cell;
    struct par_str expected;
    bool done;
};

static enum par_hbase__end swap_row(struct par_hbase__gateway *gateway, void *arg)
{
    struct swap *swap = arg;
    char name[PAR_HBASE__NAME_MAX];
    par_hbase__table(swap->h->space, swap->table, name);
    return par_hbase__swap(gateway, name, &swap->cell, swap->expected, &swap->done);
}

/* The whole cell of a row. */
struct cell_now {
    struct get get;
    struct par_buf cell;
    uint64_t version;
    bool there;
};

static bool keep_cell(void *arg, size_t i, const struct par_hbase__cell *cell)
{
    struct cell_now *now = arg;
    (void)i;
    par_buf_clear(&now->cell);
    now->there = true;
    now->version = cell->version;
    par_buf_add_str(&now->cell, cell->value);
    return true;
}

static enum par_hbase__end get_cell(struct par_hbase__gateway *gateway, void *arg)
{
    struct cell_now *now = arg;
    char name[PAR_HBASE__NAME_MAX];
    par_hbase__table(now->get.h->space, now->get.table, name);
    return par_hbase__get(gateway, name, now->get.rows, 1, keep_cell, now);
}

/* A cell that says "deleted" counts as none, so the swap compares with whichever of the two is
 * there. */
static int swap_cell(struct hbase *h, struct swap *swap, struct par_str expected,
                     struct par_buf *value_r)
{
    struct par_str row = swap->cell.row;
    struct cell_now now = {.get = {.h = h, .table = swap->table, .rows = &row, .n = 1}};
    struct par_str value = {0};
    int result = -1;
    if (par_hbase__pool_read(h->pool, get_cell, &now, NULL) != PAR_HBASE_OK || now.cell.failed)
        goto out;
    struct par_str cell = par_buf_str(&now.cell);
    bool there = now.there && open_cell(cell, &value);
    if (there != (expected.ptr != NULL) || (there && !par_str_eq(value, expected))) {
        if (there && value_r != NULL)
            par_buf_add_str(value_r, value);
        result = 0;
        goto out;
    }
    swap->expected = now.there ? cell : (struct par_str){0};
    /* Behind what is there it would not be seen. */
    if (now.there && swap->cell.version <= now.version)
        swap->cell.version = now.version + 1;
    if (par_hbase__pool_once(h->pool, swap_row, swap, NULL) == PAR_HBASE_OK)
        result = swap->done ? 1 : 2;
out:
    par_buf_fini(&now.cell);
    return result;
}

static int hbase_swap(void *impl, enum par_table table, struct par_str key, struct par_str expected,
                      struct par_str value, uint64_t version, struct par_buf *value_r)
{
    struct par_hbase__row row;
    struct par_buf cell = {0};
    int result = 2;
    par_hbase__row(table, key, &row);
    par_buf_add_u8(&cell, value.ptr ? PAR_HBASE__THERE : PAR_HBASE__DELETED);
    par_buf_add_str(&cell, value);
    struct swap swap = {.h = impl,
                        .table = table,
                        .cell = {.row = par_str_of(row.bytes, row.len),
                                 .value = par_buf_str(&cell),
                                 .version = time_of(version, !value.ptr)}};
    /* 2: somebody was faster than the look and the swap; what is there now decides. */
    while (!cell.failed && result == 2)
        result = swap_cell(impl, &swap, expected, value_r);
    par_buf_fini(&cell);
    return result == 2 ? -1 : result;
}

const struct par_store__driver par_store__hbase = {
    .name = "hbase",
    .by_rows = true,
    .open = hbase_open,
    .close = hbase_close,
    .read = hbase_read,
    .scan = hbase_scan,
    .commit = hbase_commit,
    .swap = hbase_swap,
};
