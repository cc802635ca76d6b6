/* The rows of the index: made from entries. */
#include "search/index.h"

#include "parley/queue.h"
#include "search/signature.h"
#include "parley/words.h"
#include "store/pages.h"
#include "store/record.h"

#include <stdio.h>

enum { PAGE = 128 };

struct par_str par_index_text(const struct par_entry *e)
{
    bool here = e->kind == PAR_ENTRY_EDITED || (e->kind == PAR_ENTRY_TEXT && !e->edited_seq);
    return here && !e->deleted_seq ? e->text : (struct par_str){0};
}

enum par_err par_index_load(struct par_store *store, const struct par_conv *conv,
                            struct par_index_conv *c_r)
{
    struct par_key key = par_key_conv(conv);
    struct par_buf value = {0};
    struct par_conversation row = {0};
    *c_r = (struct par_index_conv){.conv = *conv};
    int found = par_store_get(store, PAR_T_CONVERSATIONS, par_key_str(&key), &value);
    enum par_err err = found < 0 ? PAR_E_UNAVAILABLE
                       : found > 0 && !par_conversation_decode(par_buf_str(&value), &row)
                           ? PAR_E_INTERNAL
                           : PAR_OK;
    if (!err) {
        c_r->last_seq = row.last_seq;
        c_r->changed = row.changed;
    }
    par_buf_fini(&value);
    return err;
}

/* What a store that lands row by row does not wait for can be lost there behind the mark; of one
 * that is atomic, a loss takes the end of all writes, the mark with it. */
static enum par_err commit(struct par_store *store, struct par_batch *batch)
{
    bool sync = !par_store_atomic(store);
    enum par_outcome outcome = par_store_commit(store, batch, sync);
    par_batch_clear(batch);
    return outcome == PAR_OUTCOME_OK ? PAR_OK : PAR_E_UNAVAILABLE;
}

struct sign {
    struct par_signature *signature;
    size_t rows;
    bool damaged;
};

static bool sign_entry(void *arg, struct par_str key, struct par_str value)
{
    struct sign *sign = arg;
    struct par_entry e;
    (void)key;
    sign->rows++;
    sign->damaged = !par_entry_decode(value, &e);
    struct par_str text = sign->damaged ? (struct par_str){0} : par_index_text(&e);
    if (text.ptr)
        par_signature_add(sign->signature, text);
    return !sign->damaged;
}

/* Puts the row of a block into the batch. *whole_r: all its entries are there; what is not is below
 * the floor of the conversation, or still on its way. */
static enum par_err put(struct par_store *store, const struct par_index_conv *c, uint64_t block,
                        struct par_signature *signature, struct par_batch *batch, bool *whole_r)
{
    struct sign sign = {.signature = signature};
    uint64_t first = par_index_first(block);
    struct par_key from = par_key_entry(&c->conv, first + PAR_INDEX_BLOCK - 1),
                   to = par_key_entry(&c->conv, first - 1);
    enum par_err err = par_store_scan(store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to),
                                      PAR_INDEX_BLOCK, sign_entry, &sign);
    *whole_r = sign.rows == PAR_INDEX_BLOCK;
    if (!err && sign.damaged)
        err = PAR_E_INTERNAL;
    struct par_key key = par_key_search(&c->conv, block);
    par_signature_write(signature,
                        par_batch_begin(batch, PAR_T_SEARCH, par_key_str(&key), c->changed));
    par_batch_end(batch);
    return err;
}

/* How many blocks from 0 on have rows. */
static enum par_err indexed(struct par_store *store, const struct par_conv *conv,
                            uint64_t *blocks_r)
{
    struct par_key from = par_key_conv(conv), to = par_key_after(par_key_str(&from));
    struct par_arena arena = {0};
    struct par_store_row *row;
    struct par_conv in_key;
    uint64_t newest;
    enum par_err err = par_store_scan_in(store, PAR_T_SEARCH, par_key_str(&from), par_key_str(&to),
                                         1, 0, &arena, &row, NULL);
    *blocks_r = 0;
    if (!err && row && par_key_parse_search(row->key, &in_key, &newest))
        *blocks_r = newest + 1;
    par_arena_fini(&arena);
    return err;
}

/* Writes rows from a block on; *done_r: how many. */
static enum par_err write_from(struct par_store *store, const struct par_index_conv *c,
                               uint64_t block, size_t most, size_t *done_r)
{
    struct par_signature signature = {0};
    struct par_batch batch = {0};
    uint64_t end = c->last_seq / PAR_INDEX_BLOCK;
    enum par_err err = PAR_OK;
    for (size_t n = 0; !err && n < most && block < end; n++, block++) {
        bool whole;
        err = put(store, c, block, &signature, &batch, &whole);
        /* The newest entries of a partition that is being taken over may be on their way; its
         * writer tells of the block once they are there. */
        if (!err && !whole && block + 1 == end && !par_store_atomic(store))
            break;
        if (!err)
            err = commit(store, &batch);
        if (!err)
            ++*done_r;
    }
    par_batch_fini(&batch);
    par_signature_fini(&signature);
    return err;
}

enum par_err par_index_extend(struct par_store *store, const struct par_index_conv *c, size_t most,
                              size_t *done_r)
{
    uint64_t block;
    *done_r = 0;
    if (c->last_seq < PAR_INDEX_BLOCK)
        return PAR_OK;
    enum par_err err = indexed(store, &c->conv, &block);
    return err ? err : write_from(store, c, block, most, done_r);
}

enum par_err par_index_rebuild(struct par_store *store, const struct par_index_conv *c)
{
    size_t done = 0;
    return write_from(store, c, 0, SIZE_MAX, &done);
}

enum par_err par_index_renew(struct par_store *store, const struct par_index_conv *c,
                             uint64_t block)
{
    struct par_signature signature = {0};
    struct par_batch batch = {0};
    struct par_key key = par_key_search(&c->conv, block);
    struct par_buf value = {0};
    bool whole;
    int found = par_store_get(store, PAR_T_SEARCH, par_key_str(&key), &value);
    enum par_err err = found < 0 ? PAR_E_UNAVAILABLE : PAR_OK;
    if (found > 0)
        err = put(store, c, block, &signature, &batch, &whole);
    if (found > 0 && !err)
        err = commit(store, &batch);
    par_buf_fini(&value);
    par_batch_fini(&batch);
    par_signature_fini(&signature);
    return err;
}

enum par_err par_index_renew_since(struct par_store *store, const struct par_index_conv *c,
                                   uint64_t stamp)
{
    struct par_key prefix = par_key_conv(&c->conv);
    struct par_pages p = par_pages_prefix(store, PAR_T_ENTRIES, par_key_str(&prefix), PAGE);
    enum par_err err = PAR_OK;
    bool newer = true;
    while (!err && newer && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; !err && newer && row; row = row->next) {
            struct par_entry e;
            if (!par_entry_decode(row->value, &e))
                err = PAR_E_INTERNAL;
            newer = !err && e.stamp >= stamp;
            if (newer && e.kind == PAR_ENTRY_DELETED)
                err = par_index_renew(store, c, par_index_block(e.target));
        }
    }
    if (p.err)
        err = p.err;
    par_pages_fini(&p);
    return err;
}

/* ---- marks ---- */

static struct par_key mark_key(uint32_t partition)
{
    char name[32];
    int n = snprintf(name, sizeof name, "search.%u", partition);
    return par_key_text(par_str_of(name, (size_t)n));
}

enum par_err par_index_mark(struct par_store *store, uint32_t partition, uint64_t *stamp_r)
{
    unsigned generation = par_partition_generation(partition);
    unsigned number = par_partition_number(partition);
    int found = 0;
    *stamp_r = 0;
    /* Generations grow by doubling, and partitions by the high bits of a hash (TAKEOVER.md T7). */
    for (;; generation--, number /= 2) {
        struct par_key key = mark_key(par_partition((uint16_t)generation, (uint16_t)number));
        struct par_buf value = {0};
        found = par_store_get(store, PAR_T_META, par_key_str(&key), &value);
        struct par_cursor c = par_cursor(par_buf_str(&value));
        if (found > 0 && !par_cursor_u64(&c, stamp_r))
            *stamp_r = 0;
        par_buf_fini(&value);
        if (found != 0 || generation == 0)
            break;
    }
    return found < 0 ? PAR_E_UNAVAILABLE : PAR_OK;
}

enum par_err par_index_set_mark(struct par_store *store, uint32_t partition, uint64_t stamp)
{
    struct par_batch batch = {0};
    struct par_key key = mark_key(partition);
    par_buf_add_u64(par_batch_begin(&batch, PAR_T_META, par_key_str(&key), stamp), stamp);
    par_batch_end(&batch);
    enum par_err err = commit(store, &batch);
    par_batch_fini(&batch);
    return err;
}
