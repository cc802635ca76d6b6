/* Unit tests only: a store that lands rows one by one, in an order that a test draws. */
#include "store/test_rows.h"

#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

struct test_rows_faults test_rows_faults;
static const struct test_rows_hooks *hooks;

struct row {
    uint8_t table;
    bool deleted;
    uint64_t version;
    struct par_buf key, value;
};

/* A put or a swap that lands later. */
struct late {
    struct row row;
    bool swap, expects;
    struct par_buf expected;
};

static struct row *rows;
static size_t row_count, row_cap;
static struct late *lates;
static size_t late_count, late_cap;

static void grow(void **list, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return;
    *cap = *cap ? *cap * 2 : 64;
    *list = realloc(*list, *cap * size);
    PAR_ASSERT(*list != NULL);
}

static struct par_buf copy(struct par_str s)
{
    struct par_buf b = {0};
    par_buf_add_str(&b, s);
    return b;
}

static void row_fini(struct row *r)
{
    par_buf_fini(&r->key);
    par_buf_fini(&r->value);
}

/* The place of the first row with table and key at or above these. */
static size_t place(enum par_table table, struct par_str key)
{
    size_t low = 0, high = row_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct row *r = &rows[mid];
        int cmp = r->table != table ? (r->table < table ? -1 : 1)
                                    : par_str_cmp(par_buf_str(&r->key), key);
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct row *find(enum par_table table, struct par_str key)
{
    size_t at = place(table, key);
    return at < row_count && rows[at].table == table && par_str_eq(par_buf_str(&rows[at].key), key)
               ? &rows[at]
               : NULL;
}

/* Of two values of a row the one with the higher version holds, of equals the later. */
static void apply(const struct row *put)
{
    struct par_str key = par_buf_str(&put->key);
    struct row *r = find(put->table, key);
    if (!r) {
        size_t at = place(put->table, key);
        grow((void **)&rows, &row_cap, row_count, sizeof *rows);
        memmove(rows + at + 1, rows + at, (row_count - at) * sizeof *rows);
        row_count++;
        rows[at] = (struct row){.table = put->table, .key = copy(key)};
        r = &rows[at];
    } else if (put->version < r->version) {
        return;
    }
    r->version = put->version;
    r->deleted = put->deleted;
    par_buf_clear(&r->value);
    par_buf_add_str(&r->value, par_buf_str(&put->value));
}

static bool swap_now(const struct row *put, bool expects, struct par_str expected,
                     struct par_buf *value_r)
{
    struct row *r = find(put->table, par_buf_str(&put->key));
    bool there = r && !r->deleted;
    if (expects ? there && par_str_eq(par_buf_str(&r->value), expected) : !there) {
        apply(put);
        return true;
    }
    if (value_r && there)
        par_buf_add_str(value_r, par_buf_str(&r->value));
    return false;
}

static void add_late(struct late late)
{
    grow((void **)&lates, &late_cap, late_count, sizeof *lates);
    lates[late_count++] = late;
}

bool test_rows_land(void)
{
    if (late_count == 0)
        return false;
    size_t i = hooks->below(late_count);
    struct late late = lates[i];
    lates[i] = lates[--late_count];
    if (late.swap)
        (void)swap_now(&late.row, late.expects, par_buf_str(&late.expected), NULL);
    else
        apply(&late.row);
    row_fini(&late.row);
    par_buf_fini(&late.expected);
    return true;
}

static enum par_err rows_open(struct par_store_options *options, void **impl_r, bool *is_new_r,
                              struct par_buf *why_r)
{
    (void)options;
    (void)why_r;
    *impl_r = &rows;
    *is_new_r = row_count == 0;
    return PAR_OK;
}

static void rows_close(void *impl)
{
    (void)impl;
}

static enum par_err rows_read(void *impl, size_t n, const struct par_store_key *keys,
                              par_store__value_fn found, void *arg)
{
    (void)impl;
    hooks->gate();
    if (hooks->dead() || hooks->chance(test_rows_faults.read_fails))
        return PAR_E_UNAVAILABLE;
    for (size_t i = 0; i < n; i++) {
        struct row *r = find(keys[i].table, keys[i].key);
        if (r && !r->deleted && !found(arg, i, par_buf_str(&r->value)))
            return PAR_E_UNAVAILABLE;
    }
    return PAR_OK;
}

static enum par_err rows_scan(void *impl, enum par_table table, struct par_str start,
                              struct par_str end, size_t limit, par_store_row_fn fn, void *arg)
{
    size_t n = 0;
    (void)impl;
    hooks->gate();
    if (hooks->dead() || hooks->chance(test_rows_faults.read_fails))
        return PAR_E_UNAVAILABLE;
    for (size_t i = place(table, start); i < row_count && rows[i].table == table; i++) {
        struct par_str key = par_buf_str(&rows[i].key);
        if (end.len > 0 && par_str_cmp(key, end) >= 0)
            break;
        if (rows[i].deleted)
            continue;
        if ((limit > 0 && n++ == limit) || !fn(arg, key, par_buf_str(&rows[i].value)))
            break;
    }
    return PAR_OK;
}

static enum par_outcome rows_commit(void *impl, const struct par_batch *batch, bool sync)
{
    enum par_outcome outcome = PAR_OUTCOME_OK;
    size_t *order = calloc(batch->count, sizeof *order);
    (void)impl;
    (void)sync;
    for (size_t i = 0; i < batch->count; i++) {
        size_t k = hooks->below(i + 1);
        order[i] = order[k];
        order[k] = i;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct par_store__put *p = par_store__put(batch, order[i]);
        struct row row = {.table = p->table,
                          .deleted = p->deletes,
                          .version = p->version,
                          .key = copy(par_store__put_key(batch, p)),
                          .value = copy(par_store__put_value(batch, p))};
        hooks->gate();
        if (hooks->dead() || hooks->chance(test_rows_faults.row_lost)) {
            outcome = PAR_OUTCOME_UNCERTAIN;
        } else if (hooks->chance(test_rows_faults.row_late)) {
            outcome = PAR_OUTCOME_UNCERTAIN;
            add_late((struct late){.row = row});
            continue;
        } else {
            apply(&row);
        }
        row_fini(&row);
    }
    free(order);
    return hooks->chance(test_rows_faults.answer_lost) ? PAR_OUTCOME_UNCERTAIN : outcome;
}

static int rows_swap(void *impl, enum par_table table, struct par_str key, struct par_str expected,
                     struct par_str value, uint64_t version, struct par_buf *value_r)
{
    struct row *there = find(table, key);
    struct row row = {.table = (uint8_t)table,
                      .deleted = value.ptr == NULL,
                      .version = there && there->version >= version ? there->version + 1 : version,
                      .key = copy(key),
                      .value = copy(value)};
    int got = -1;
    (void)impl;
    hooks->gate();
    if (hooks->dead() || hooks->chance(test_rows_faults.swap_lost)) {
        row_fini(&row);
        return -1;
    }
    if (hooks->chance(test_rows_faults.swap_late)) {
        add_late((struct late){
            .row = row, .swap = true, .expects = expected.ptr != NULL, .expected = copy(expected)});
        return -1;
    }
    got = swap_now(&row, expected.ptr != NULL, expected, value_r);
    row_fini(&row);
    return hooks->chance(test_rows_faults.swap_unknown) ? -1 : got;
}

static const struct par_store__driver rows_driver = {
    .name = "rows",
    .by_rows = true,
    .open = rows_open,
    .close = rows_close,
    .read = rows_read,
    .scan = rows_scan,
    .commit = rows_commit,
    .swap = rows_swap,
};

void test_rows_install(const struct test_rows_hooks *hooks_)
{
    hooks = hooks_;
    test_rows_faults = (struct test_rows_faults){0};
    par_store__extra = &rows_driver;
}

void test_rows_remove(void)
{
    while (late_count > 0)
        (void)test_rows_land();
    for (size_t i = 0; i < row_count; i++)
        row_fini(&rows[i]);
    row_count = 0;
    par_store__extra = NULL;
}

void test_rows_install_fail(void)
{
    static struct par_store__driver driver;
    driver = par_store__fail;
    driver.name = "rows";
    driver.by_rows = true;
    par_store__extra = &driver;
}

bool test_rows_has(enum par_table table, struct par_str key)
{
    struct row *r = find(table, key);
    return r && !r->deleted;
}

char *test_rows_dump(void)
{
    struct par_buf out = {0};
    for (size_t i = 0; i < row_count; i++) {
        const struct row *r = &rows[i];
        if (r->deleted || r->table == PAR_T_CHECKPOINTS || r->table == PAR_T_META)
            continue;
        par_buf_printf(&out, "%s v%llu ", par_table_name(r->table), (unsigned long long)r->version);
        for (size_t k = 0; k < r->key.len; k++)
            par_buf_printf(&out, "%02x", r->key.data[k]);
        par_buf_addz(&out, " = ");
        for (size_t k = 0; k < r->value.len; k++)
            par_buf_printf(&out, "%02x", r->value.data[k]);
        par_buf_addz(&out, "\n");
    }
    par_buf_add_u8(&out, 0);
    return (char *)out.data;
}
