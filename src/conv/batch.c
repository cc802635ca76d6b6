/* The batch: rows that one commit makes durable. Entries, settings, marks and the conversation are
 * kept as structs until its end and written once, however many commands changed them. */
#include "conv/writer_private.h"

#include <stdlib.h>

/* The keys are those of store/key.h, made from the prefix that the state keeps: hashing the
 * conversation for every row would cost more than the rest of a message. */
struct par_key par_conv__key_u64(const struct par_conv_state *st, uint64_t n)
{
    struct par_key key;
    memcpy(key.bytes, st->key, sizeof st->key);
    for (int i = 7; i >= 0; i--, n >>= 8)
        key.bytes[sizeof st->key + (size_t)i] = (uint8_t)n;
    key.len = sizeof st->key + 8;
    return key;
}

struct par_key par_conv__key_cmid(const struct par_conv_state *st, uint64_t sender,
                                  struct par_str cmid)
{
    struct par_key key = par_conv__key_u64(st, sender);
    memcpy(key.bytes + key.len, cmid.ptr, cmid.len);
    key.len = (uint8_t)(key.len + cmid.len);
    return key;
}

bool par_batch__grow(struct par_writer *w, void **list, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 256;
    void *p = realloc(*list, more * size);
    if (!p) {
        w->no_memory = true;
        return false;
    }
    *list = p;
    *cap = more;
    return true;
}

void par_batch__touch(struct par_writer *w, struct par_conv_state *st)
{
    if (st->batch == w->batch)
        return;
    st->batch = w->batch;
    st->dirty = false;
    st->roster_changed = false;
    st->row_last = false;
    st->entry_count = 0;
    st->entries = NULL;
    st->user_convs = NULL;
    if (par_batch__grow(w, (void **)&w->dirty, &w->dirty_cap, w->dirty_count, sizeof *w->dirty))
        w->dirty[w->dirty_count++] = st;
}

void par_batch__dirty(struct par_writer *w, struct par_conv_state *st, uint64_t stamp)
{
    par_batch__touch(w, st);
    st->dirty = true;
    st->changed = stamp;
}

void par_batch__garbage(struct par_writer *w, void *p)
{
    if (!p)
        return;
    if (par_batch__grow(w, (void **)&w->garbage, &w->garbage_cap, w->garbage_count,
                        sizeof *w->garbage))
        w->garbage[w->garbage_count++] = p;
    else
        free(p); /* the batch is given up, and with it all that could point there */
}

struct par_entry_row *par_batch__entry(struct par_writer *w, struct par_conv_state *st,
                                       uint64_t seq, bool *missing_r)
{
    *missing_r = false;
    par_batch__touch(w, st);
    for (struct par_entry_row *row = st->entries; row; row = row->next)
        if (row->entry.seq == seq)
            return row;
    struct par_entry_row *row = par_arena_alloc(&w->arena, sizeof *row);
    struct par_str value;
    if (!row)
        return NULL;
    struct par_key key = par_conv__key_u64(st, ~seq);
    int got = par_store_get_in(w->store, PAR_T_ENTRIES, par_key_str(&key), &w->arena, &value);
    if (got <= 0) {
        *missing_r = got == 0;
        return NULL;
    }
    if (!par_entry_decode(value, &row->entry)) {
        *missing_r = true;
        return NULL;
    }
    row->entry.conv = st->conv;
    row->entry.seq = seq;
    /* N2: what a later command did to the entry is not there yet. */
    if (row->entry.deleted_seq > st->last_seq && !PAR_MUTANT(N2_DELETED_FUTURE))
        row->entry.deleted_seq = 0;
    if (row->entry.edited_seq > st->last_seq)
        row->entry.edited_seq = 0;
    row->next = NULL;
    return row;
}

struct par_entry_row *par_batch__change(struct par_writer *w, struct par_conv_state *st,
                                        struct par_entry_row *row)
{
    struct par_entry_row *copy = par_arena_alloc(&w->arena, sizeof *copy);
    if (!copy) {
        w->no_memory = true;
        return NULL;
    }
    *copy = *row;
    st->row_last = true;
    for (struct par_entry_row **at = &st->entries; *at; at = &(*at)->next)
        if (*at == row) {
            *at = copy;
            return copy;
        }
    copy->next = st->entries;
    st->entries = copy;
    return copy;
}

struct par_user_conv_row *par_batch__user_conv_new(struct par_writer *w, struct par_conv_state *st,
                                                   uint64_t user)
{
    par_batch__touch(w, st);
    struct par_user_conv_row *row = par_arena_zalloc(&w->arena, sizeof *row);
    if (!row) {
        w->no_memory = true;
        return NULL;
    }
    row->record.user = user;
    row->record.conv = st->conv;
    row->next = st->user_convs;
    st->user_convs = row;
    return row;
}

struct par_user_conv_row *par_batch__user_conv(struct par_writer *w, struct par_conv_state *st,
                                               uint64_t user)
{
    par_batch__touch(w, st);
    for (struct par_user_conv_row *row = st->user_convs; row; row = row->next)
        if (row->record.user == user)
            return row;
    struct par_key key = par_key_user_conv(user, &st->conv);
    struct par_str value;
    struct par_user_conv record = {0};
    int got = par_store_get_in(w->store, PAR_T_USER_CONVS, par_key_str(&key), &w->arena, &value);
    if (got < 0 || (got > 0 && !par_user_conv_decode(value, &record)))
        return NULL;
    struct par_user_conv_row *row = par_batch__user_conv_new(w, st, user);
    if (!row)
        return NULL;
    row->record = record;
    row->record.user = user;
    row->record.conv = st->conv;
    return row;
}

void par_batch__user_conv_changed(struct par_user_conv_row *row, uint64_t stamp)
{
    /* S4: the row may be of the future; then it was made before, and what is put now loses to it.
     */
    if (row->record.stamp == 0 || row->record.first_stamp >= stamp)
        row->record.first_stamp = stamp;
    row->record.stamp = stamp;
    row->changed = true;
}

void par_batch__put_mark(struct par_writer *w, struct par_conv_state *st,
                         const struct par_conv_member *m)
{
    struct par_key key = par_conv__key_u64(st, m->user);
    /* S4: an absolute value, its version the stamp. S5: a cell a member, and only changed ones. */
    uint64_t version = PAR_MUTANT(S4_TIME_VERSION) ? w->now_ms / 1000 : m->mark.stamp;
    par_mark_encode(&m->mark, par_batch_begin(&w->rows, PAR_T_MARKS, par_key_str(&key), version));
    par_batch_end(&w->rows);
}

static void put_entries(struct par_writer *w, struct par_conv_state *st)
{
    for (struct par_entry_row *row = st->entries; row; row = row->next) {
        const struct par_entry *e = &row->entry;
        struct par_key key = par_conv__key_u64(st, ~e->seq);
        /* S1: the states of the row are ordered by the ts of the entry that made them. */
        uint64_t version = (uint64_t)(PAR_MUTANT(S1_VERSION_FIRST) ? e->ts : row->version);
        par_entry_encode(e, par_batch_begin(&w->rows, PAR_T_ENTRIES, par_key_str(&key), version));
        par_batch_end(&w->rows);
    }
}

static void put_user_convs(struct par_writer *w, struct par_conv_state *st)
{
    for (struct par_user_conv_row *row = st->user_convs; row; row = row->next) {
        if (!row->changed)
            continue;
        struct par_key key = par_key_user_conv(row->record.user, &st->conv);
        par_user_conv_encode(&row->record, par_batch_begin(&w->rows, PAR_T_USER_CONVS,
                                                           par_key_str(&key), row->record.stamp));
        par_batch_end(&w->rows);
    }
}

/* W1: readers show entries up to the last_seq of this row (V1). Of several rows that tell of the
 * same command some land before others: an entry of a delete before the text that it deletes, one
 * of a member who left before the roster. What one reader has seen by the first, the next must not
 * miss in the second. */
static void put_conversation(struct par_writer *w, struct par_conv_state *st)
{
    bool last = w->by_rows && st->row_last && !PAR_MUTANT(W1_ROWS_TOGETHER);
    struct par_batch *rows = last ? &w->last_rows : &w->rows;
    struct par_conversation row = {
        .conv = st->conv,
        .last_seq = st->last_seq,
        .last_ts = st->last_ts,
        .last_stamp = st->last_stamp,
        .text_count = st->text_count,
        .changed = st->changed,
        .created = st->created,
        .creator = st->creator,
        .member_count = (uint32_t)st->member_count,
        .name = st->name,
        .partition = par_partition_number(w->config.partition),
    };
    par_conversation_encode(&row,
                            par_batch_begin(rows, PAR_T_CONVERSATIONS,
                                            par_str_of(st->key, sizeof st->key), st->changed));
    par_batch_end(rows);
}

void par_batch__finish(struct par_writer *w)
{
    for (size_t i = 0; i < w->moved_count; i++) {
        const struct par_moved *moved = &w->moved[i];
        const struct par_conv_member *m =
            moved->user ? par_conv__member(moved->st, moved->user) : NULL;
        if (m)
            par_batch__put_mark(w, moved->st, m);
    }
    for (size_t i = 0; i < w->dirty_count; i++) {
        struct par_conv_state *st = w->dirty[i];
        put_entries(w, st);
        put_user_convs(w, st);
        /* A direct conversation exists from its first entry. */
        if (st->dirty && st->last_seq > 0)
            put_conversation(w, st);
    }
    if (w->rows.count == 0 || !w->embedded)
        return;
    /* E6: the position without a log. A batch that changes nothing writes nothing: the offsets it
     * used are in no row, so they may be used again after a crash. */
    struct par_checkpoint checkpoint = w->cell;
    checkpoint.position = w->position;
    checkpoint.batches++;
    struct par_key key = par_key_number(w->config.partition);
    par_checkpoint_encode(&checkpoint,
                          par_batch_begin(&w->rows, PAR_T_CHECKPOINTS, par_key_str(&key),
                                          par_stamp(w->generation, w->position)));
    par_batch_end(&w->rows);
}

void par_batch__clear(struct par_writer *w)
{
    for (size_t i = 0; i < w->moved_count; i++) {
        const struct par_moved *moved = &w->moved[i];
        struct par_conv_member *m = moved->user ? par_conv__member(moved->st, moved->user) : NULL;
        if (m)
            m->mark_slot = 0;
    }
    for (size_t i = 0; i < w->garbage_count; i++)
        free(w->garbage[i]);
    w->garbage_count = w->moved_count = w->release_count = w->dirty_count = 0;
    w->no_memory = false;
    par_batch_clear(&w->rows);
    par_batch_clear(&w->last_rows);
    w->batch++;
}
