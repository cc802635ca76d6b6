/* Export and import. */
#include "store/export.h"

#include "store/pages.h"
#include "store/record_json.h"
#include "store/rocksdb/folder.h"
#include "store/store_state.h"

#include <errno.h>
#include <stdlib.h>

enum { PAGE = 1000, BATCH_ROWS = 1000, BATCH_BYTES = 1 << 20, LINE_MAX_BYTES = 8 << 20 };

#define FIRST_LINE "{\"parley\":\"export\",\"format\":1}"

static bool export_table(struct par_store *store, enum par_table table, FILE *out, uint64_t *rows,
                         struct par_buf *why)
{
    struct par_buf line = {0};
    struct par_pages p = par_pages_prefix(store, table, (struct par_str){0}, PAGE);
    bool ok = true;
    while (ok && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; ok && row != NULL; row = row->next) {
            par_buf_clear(&line);
            par_row__to_json(table, row->key, row->value, &line);
            par_buf_add_u8(&line, '\n');
            ok = !line.failed && fwrite(line.data, 1, line.len, out) == line.len;
            if (!ok)
                par_store__why(why, "the file cannot be written: %s", strerror(errno));
            ++*rows;
        }
    }
    if (p.err != PAR_OK) {
        par_store__why(why, "the table %s cannot be read", par_table_name(table));
        ok = false;
    }
    par_pages_fini(&p);
    par_buf_fini(&line);
    return ok;
}

enum par_err par_store_export(struct par_store *store, FILE *out, uint64_t *rows_r,
                              struct par_buf *why_r)
{
    bool ok = fputs(FIRST_LINE "\n", out) >= 0;
    *rows_r = 0;
    for (int t = 0; t < PAR_T_COUNT && ok; t++)
        /* The index of search is made of the rest; the ledger of pushes is for the days it is of.
         */
        if (t != PAR_T_META && t != PAR_T_SEARCH && t != PAR_T_PUSH_LEDGER)
            ok = export_table(store, (enum par_table)t, out, rows_r, why_r);
    if (!ok)
        return PAR_E_UNAVAILABLE;
    if (fprintf(out, "{\"end\":%llu}\n", (unsigned long long)*rows_r) > 0 && fflush(out) == 0)
        return PAR_OK;
    par_store__why(why_r, "the file cannot be written: %s", strerror(errno));
    return PAR_E_UNAVAILABLE;
}

struct import {
    struct par_store *store;
    struct par_batch batch;
    struct par_buf key, value, line;
    uint64_t rows, line_number;
    bool ended;
};

/* One line without its end; 0 at the end of the file, -1 when it is too long or cannot be read. */
static int read_line(FILE *in, struct par_buf *line)
{
    char chunk[4096];
    par_buf_clear(line);
    while (fgets(chunk, sizeof chunk, in) != NULL) {
        size_t n = strlen(chunk);
        bool whole = n > 0 && chunk[n - 1] == '\n';
        par_buf_add(line, chunk, whole ? n - 1 : n);
        if (line->failed || line->len > LINE_MAX_BYTES)
            return -1;
        if (whole)
            return 1;
    }
    return ferror(in) ? -1 : line->len > 0 ? 1 : 0;
}

static enum par_err flush(struct import *im, bool sync, struct par_buf *why)
{
    if (par_store_commit(im->store, &im->batch, sync) != PAR_OUTCOME_OK) {
        par_store__why(why, "the store takes no writes (%s): is the disk full?",
                       par_store_trouble(im->store));
        return PAR_E_UNAVAILABLE;
    }
    par_batch_clear(&im->batch);
    return PAR_OK;
}

static enum par_err import_line(struct import *im, struct par_buf *why)
{
    enum par_table table;
    const char *what;
    char end[64];
    struct par_str line = par_buf_str(&im->line);
    snprintf(end, sizeof end, "{\"end\":%llu}", (unsigned long long)im->rows);
    if (par_str_is(line, end)) {
        im->ended = true;
        return PAR_OK;
    }
    par_buf_clear(&im->key);
    par_buf_clear(&im->value);
    if (im->ended || !par_row__from_json(line, &table, &im->key, &im->value, &what)) {
        par_store__why(why, "line %llu: %s", (unsigned long long)im->line_number,
                       im->ended ? "more follows the end" : what);
        return PAR_E_BAD_REQUEST;
    }
    if (table == PAR_T_META || im->key.len > PAR_STORE_KEY_MAX ||
        im->value.len > PAR_STORE_VALUE_MAX) {
        par_store__why(why, "line %llu: this row cannot be imported",
                       (unsigned long long)im->line_number);
        return PAR_E_BAD_REQUEST;
    }
    par_batch_put(&im->batch, table, par_buf_str(&im->key), par_buf_str(&im->value), 0);
    im->rows++;
    if (im->batch.count >= BATCH_ROWS || par_batch_bytes(&im->batch) >= BATCH_BYTES)
        return flush(im, false, why);
    return PAR_OK;
}

static enum par_err import_all(struct import *im, FILE *in, struct par_buf *why)
{
    enum par_err err = PAR_OK;
    int got = 1;
    while (err == PAR_OK && (got = read_line(in, &im->line)) > 0) {
        im->line_number++;
        if (im->line_number > 1) {
            err = import_line(im, why);
        } else if (!par_str_is(par_buf_str(&im->line), FIRST_LINE)) {
            par_store__why(why, "this is no export of format 1");
            err = PAR_E_BAD_REQUEST;
        }
    }
    if (err == PAR_OK && (got < 0 || !im->ended)) {
        par_store__why(why, "the file ends too early, after %llu rows",
                       (unsigned long long)im->rows);
        err = PAR_E_BAD_REQUEST;
    }
    if (err != PAR_OK)
        return err;
    /* The last commit, synced, makes all those before it durable: there is one log. */
    par_batch_put(&im->batch, PAR_T_META, PAR_META_PROBE, PAR_STR("import"), 0);
    return flush(im, true, why);
}

enum par_err par_store_import(const struct par_store_options *options, FILE *in, uint64_t *rows_r,
                              struct par_buf *why_r)
{
    struct import im = {0};
    struct par_store_options fresh = *options;
    *rows_r = 0;
    fresh.must_be_new = true;
    fresh.must_exist = false;
    fresh.copying = PAR_STORE_COPYING_BEGINS;
    enum par_err err = par_store_open(&fresh, &im.store, why_r);
    if (err != PAR_OK)
        return err;
    bool has_folder = im.store->driver->has_folder;
    err = import_all(&im, in, why_r);
    *rows_r = im.rows;
    par_store_close(&im.store);
    if (err == PAR_OK && options->path != NULL && par_rocksdb__copying_end(options->path) != 0) {
        par_store__why(why_r, "the import to %s cannot be ended: %s", options->path,
                       strerror(errno));
        err = PAR_E_UNAVAILABLE;
    }
    if (err != PAR_OK && has_folder)
        par_rocksdb__copying_undo(options->path);
    par_batch_fini(&im.batch);
    par_buf_fini(&im.key);
    par_buf_fini(&im.value);
    par_buf_fini(&im.line);
    return err;
}
