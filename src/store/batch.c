/* Batches of rows, and the names of tables. */
#include "store/store_private.h"

static const char *const table_names[PAR_T_COUNT] = {
#define X(name, text, prefix, size) [PAR_T_##name] = text,
#include "parley/tbl/tables.h"
#undef X
};

const char *par_table_name(enum par_table table)
{
    return (unsigned)table < PAR_T_COUNT ? table_names[table] : "";
}

int par_table_by_name(struct par_str name)
{
    for (int i = 0; i < PAR_T_COUNT; i++)
        if (par_str_is(name, table_names[i]))
            return i;
    return -1;
}

static struct par_store__put *last_put(struct par_batch *b)
{
    return (struct par_store__put *)(void *)b->_ops.data + b->count - 1;
}

static void begin(struct par_batch *b, enum par_table table, struct par_str key, uint64_t version,
                  bool deletes)
{
    PAR_ASSERT(!b->_open && (unsigned)table < PAR_T_COUNT);
    struct par_store__put put = {.version = version, .table = (uint8_t)table, .deletes = deletes};
    put.key_at = (uint32_t)b->_bytes.len;
    put.key_len = (uint32_t)key.len;
    par_buf_add_str(&b->_bytes, key);
    put.value_at = (uint32_t)b->_bytes.len;
    par_buf_add(&b->_ops, &put, sizeof put);
    b->count++;
    /* Positions have 32 bits; half of that is far beyond any batch that a store would take. */
    if (b->_bytes.len > INT32_MAX || b->_ops.failed)
        b->_bytes.failed = true;
}

static void end(struct par_batch *b)
{
    if (b->_bytes.failed)
        return;
    struct par_store__put *put = last_put(b);
    put->value_len = (uint32_t)(b->_bytes.len - put->value_at);
}

void par_batch_put(struct par_batch *b, enum par_table table, struct par_str key,
                   struct par_str value, uint64_t version)
{
    begin(b, table, key, version, false);
    par_buf_add_str(&b->_bytes, value);
    end(b);
}

void par_batch_delete(struct par_batch *b, enum par_table table, struct par_str key,
                      uint64_t version)
{
    begin(b, table, key, version, true);
}

struct par_buf *par_batch_begin(struct par_batch *b, enum par_table table, struct par_str key,
                                uint64_t version)
{
    begin(b, table, key, version, false);
    b->_open = true;
    return &b->_bytes;
}

void par_batch_end(struct par_batch *b)
{
    PAR_ASSERT(b->_open);
    b->_open = false;
    end(b);
}

size_t par_batch_bytes(const struct par_batch *b)
{
    return b->_bytes.len;
}

void par_batch_clear(struct par_batch *b)
{
    par_buf_clear(&b->_bytes);
    par_buf_clear(&b->_ops);
    b->count = 0;
    b->_open = false;
}

void par_batch_fini(struct par_batch *b)
{
    par_buf_fini(&b->_bytes);
    par_buf_fini(&b->_ops);
    b->count = 0;
    b->_open = false;
}
