/* Walks over all conversations: for `parley store index` and `parley store verify`. */
#include "search/whole.h"

#include "search/index.h"
#include "search/signature.h"
#include "store/pages.h"
#include "store/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { PAGE = 500 };

typedef enum par_err (*each_fn)(void *arg, const struct par_index_conv *c);

static enum par_err for_each(struct par_store *store, each_fn fn, void *arg)
{
    struct par_pages p = par_pages_prefix(store, PAR_T_CONVERSATIONS, (struct par_str){0}, PAGE);
    enum par_err err = PAR_OK;
    while (!err && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; !err && row; row = row->next) {
            struct par_conversation conversation;
            struct par_index_conv c = {0};
            /* What cannot be read is for par_store_verify() to tell. */
            if (!par_key_parse_conv(row->key, &c.conv) ||
                !par_conversation_decode(row->value, &conversation))
                continue;
            c.last_seq = conversation.last_seq;
            c.changed = conversation.changed;
            err = fn(arg, &c);
        }
    }
    if (p.err)
        err = p.err;
    par_pages_fini(&p);
    return err;
}

/* ---- writing ---- */

struct writing {
    struct par_store *store;
    uint64_t conversations, rows;
};

static enum par_err write_one(void *arg, const struct par_index_conv *c)
{
    struct writing *w = arg;
    w->conversations++;
    w->rows += c->last_seq / PAR_INDEX_BLOCK;
    return par_index_rebuild(w->store, c);
}

static enum par_err set_marks(struct par_store *store)
{
    struct par_pages p = par_pages_prefix(store, PAR_T_CHECKPOINTS, (struct par_str){0}, PAGE);
    enum par_err err = PAR_OK;
    while (!err && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; !err && row; row = row->next) {
            struct par_checkpoint c;
            uint64_t id;
            if (par_key_parse_number(row->key, &id) && par_checkpoint_decode(row->value, &c))
                err = par_index_set_mark(store, (uint32_t)id, par_stamp(c.generation, c.position));
        }
    }
    if (p.err)
        err = p.err;
    par_pages_fini(&p);
    return err;
}

enum par_err par_index_write_all(struct par_store *store, uint64_t *conversations_r,
                                 uint64_t *rows_r)
{
    struct writing w = {.store = store};
    enum par_err err = for_each(store, write_one, &w);
    *conversations_r = w.conversations;
    *rows_r = w.rows;
    return err ? err : set_marks(store);
}

/* ---- proving ---- */

struct proof {
    struct par_store *store;
    par_index_report_fn report;
    void *arg;
    struct par_signature signature;
    uint64_t rows, violations;
};

static void violation(struct proof *p, const struct par_conv *conv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void violation(struct proof *p, const struct par_conv *conv, const char *fmt, ...)
{
    char line[256];
    va_list args;
    size_t n = par_conv_format(conv, line);
    n += (size_t)snprintf(line + n, sizeof line - n, ": ");
    va_start(args, fmt);
    vsnprintf(line + n, sizeof line - n, fmt, args);
    va_end(args);
    p->violations++;
    p->report(p->arg, par_str(line));
}

static bool add_entry(void *arg, struct par_str key, struct par_str value)
{
    struct par_entry e;
    (void)key;
    struct par_str text = par_entry_decode(value, &e) ? par_index_text(&e) : (struct par_str){0};
    if (text.ptr)
        par_signature_add(arg, text);
    return true;
}

static enum par_err prove_row(struct proof *p, const struct par_index_conv *c, uint64_t block,
                              struct par_str row)
{
    uint64_t first = par_index_first(block);
    struct par_key from = par_key_entry(&c->conv, first + PAR_INDEX_BLOCK - 1),
                   to = par_key_entry(&c->conv, first - 1);
    enum par_err err = par_store_scan(p->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to),
                                      0, add_entry, &p->signature);
    if (!par_signature_covered(&p->signature, row) && !err)
        violation(p, &c->conv, "the index hides a text of the entries %" PRIu64 " … %" PRIu64,
                  first, first + PAR_INDEX_BLOCK - 1);
    return err;
}

static enum par_err prove_one(void *arg, const struct par_index_conv *c)
{
    struct proof *p = arg;
    struct par_key prefix = par_key_conv(&c->conv);
    struct par_pages pages = par_pages_prefix(p->store, PAR_T_SEARCH, par_key_str(&prefix), PAGE);
    uint64_t complete = c->last_seq / PAR_INDEX_BLOCK, expected = UINT64_MAX;
    enum par_err err = PAR_OK;
    while (!err && par_pages_next(&pages)) {
        for (const struct par_store_row *row = pages.rows; !err && row; row = row->next) {
            struct par_conv conv;
            uint64_t block;
            if (!par_key_parse_search(row->key, &conv, &block)) {
                violation(p, &c->conv, "a key of the index names no block");
                continue;
            }
            p->rows++;
            /* Of a store that lands row by row the conversation's row may be behind. */
            if (block >= complete && par_store_atomic(p->store))
                violation(p, &c->conv, "the index has block %" PRIu64 ", which is not complete",
                          block);
            if (expected != UINT64_MAX && block != expected)
                violation(p, &c->conv, "the index lacks block %" PRIu64, expected);
            expected = block - 1;
            err = prove_row(p, c, block, row->value);
        }
    }
    /* Below block 0 there is none. */
    if (!err && !pages.err && expected != UINT64_MAX)
        violation(p, &c->conv, "the index lacks block %" PRIu64, expected);
    if (pages.err)
        err = pages.err;
    par_pages_fini(&pages);
    return err;
}

enum par_err par_index_verify(struct par_store *store, par_index_report_fn report, void *arg,
                              uint64_t *rows_r, uint64_t *violations_r)
{
    struct proof p = {.store = store, .report = report, .arg = arg};
    enum par_err err = for_each(store, prove_one, &p);
    par_signature_fini(&p.signature);
    *rows_r = p.rows;
    *violations_r = p.violations;
    return err;
}
