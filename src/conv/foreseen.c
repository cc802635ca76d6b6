/* A conversation as of a command, in a store that may hold what later commands made (N2, T3). */
#include "conv/writer_private.h"

#include "base/log.h"

#include <stdlib.h>

enum { SCAN_FIRST = 2, SCAN_MORE = 256 };

static bool remember(struct par_conv_state *st, const struct par_entry *e, size_t *cap)
{
    if (st->foreseen_count == *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        struct par_foreseen *list = realloc(st->foreseen, more * sizeof *list);
        if (!list)
            return false;
        st->foreseen = list;
        *cap = more;
    }
    struct par_foreseen *f = &st->foreseen[st->foreseen_count++];
    *f = (struct par_foreseen){
        .seq = e->seq,
        .stamp = e->stamp,
        .sender = e->sender,
        .ts = e->ts,
        .kind = e->kind,
        .cmid_len = (uint8_t)(e->cmid.len < sizeof f->cmid ? e->cmid.len : sizeof f->cmid)};
    if (f->cmid_len)
        memcpy(f->cmid, e->cmid.ptr, f->cmid_len);
    return true;
}

static void ascending(struct par_conv_state *st)
{
    for (uint32_t i = 0, k = st->foreseen_count; i + 1 < k; i++) {
        struct par_foreseen f = st->foreseen[--k];
        st->foreseen[k] = st->foreseen[i];
        st->foreseen[i] = f;
    }
}

/* T3: rows of the future must lie in the log, and within what one owner may be ahead of its
 * checkpoint. False: they do not, or the log cannot be read. */
static bool may_be(struct par_writer *w, const struct par_conv_state *st)
{
    uint64_t newest = 0, start, end;
    for (uint32_t i = 0; i < st->foreseen_count; i++)
        if (st->foreseen[i].stamp > newest)
            newest = st->foreseen[i].stamp;
    if (newest == 0)
        return true;
    if (par_stamp_generation(newest) > w->generation) {
        par_writer__end(w, PAR_WRITER_REPLACED, "a later generation has written");
        return false;
    }
    uint64_t offset = par_stamp_offset(newest);
    /* The end is read after the rows: a log that has grown meanwhile has them. */
    if (offset >= w->log_end && w->remote && !PAR_MUTANT(T3_NO_LOG_END)) {
        if (par_queue_bounds(w->queue, w->config.partition, &start, &end) != PAR_OK)
            return false;
        w->log_end = end;
        if (offset >= end) {
            par_writer__end(w, PAR_WRITER_HALTED, "entries were made by commands above the log");
            return false;
        }
    }
    if (offset >= w->checkpoint + par_rules.ahead && !PAR_MUTANT(T3_NO_AHEAD)) {
        par_writer__end(w, PAR_WRITER_REPLACED, "another owner is far ahead");
        return false;
    }
    return true;
}

bool par_foreseen__load(struct par_writer *w, struct par_conv_state *st, uint64_t stamp,
                        struct par_entry *base_r)
{
    struct par_str prefix = par_str_of(st->key, sizeof st->key);
    struct par_key from = {.len = sizeof st->key}, to = par_key_after(prefix);
    memcpy(from.bytes, st->key, sizeof st->key);
    size_t cap = 0, limit = SCAN_FIRST;
    bool found = false, more = true, ok = true;
    *base_r = (struct par_entry){0};
    while (!found && more && ok) {
        struct par_arena arena = {0};
        struct par_store_row *row;
        ok = par_store_scan_in(w->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), limit,
                               0, &arena, &row, &more) == PAR_OK;
        for (; ok && row && !found; row = row->next) {
            struct par_entry e;
            struct par_conv conv;
            uint64_t seq;
            if (!par_key_parse_entry(row->key, &conv, &seq) || !par_entry_decode(row->value, &e)) {
                st->damaged = true;
                found = true;
                break;
            }
            e.seq = seq;
            /* N2: the base is the newest entry of a command before this one. */
            found = e.stamp < stamp || PAR_MUTANT(N2_BASE_NEWEST);
            if (found) {
                *base_r = e;
                base_r->cmid = base_r->text = base_r->users = (struct par_str){0};
            } else {
                ok = remember(st, &e, &cap);
            }
            from = par_conv__key_u64(st, ~(seq - 1));
        }
        par_arena_fini(&arena);
        limit = SCAN_MORE;
    }
    ascending(st);
    return ok && may_be(w, st);
}

static bool same(const struct par_foreseen *f, const struct par_entry *e)
{
    struct par_str cmid = par_str_of(f->cmid, f->cmid_len);
    return f->stamp == e->stamp && f->sender == e->sender && f->ts == e->ts && f->kind == e->kind &&
           par_str_eq(cmid, e->cmid);
}

static const struct par_entry *made(const struct par_conv_state *st, uint64_t seq)
{
    for (const struct par_entry_row *row = st->entries; row; row = row->next)
        if (row->entry.seq == seq)
            return &row->entry;
    return NULL;
}

bool par_foreseen__holds(struct par_writer *w, struct par_conv_state *st, uint64_t last,
                         uint64_t stamp)
{
    while (st->foreseen_at < st->foreseen_count) {
        const struct par_foreseen *f = &st->foreseen[st->foreseen_at];
        /* It is the number of this command's entry, or was made by this command or one before it,
         * which have made what they make. */
        bool numbered = f->seq <= st->last_seq;
        if (!numbered && f->stamp > stamp)
            return true;
        const struct par_entry *e = numbered && f->seq > last ? made(st, f->seq) : NULL;
        if ((!e || !same(f, e)) && !PAR_MUTANT(T3_NO_COMPARE)) {
            char id[PAR_CONV_TEXT_MAX];
            size_t len = par_conv_format(&st->conv, id);
            par_log_error("writer.mismatch", PAR_KV("conv", par_str_of(id, len)),
                          PAR_KV("seq", f->seq), PAR_KV("stamp", f->stamp), PAR_KV("at", stamp));
            par_writer__end(w, PAR_WRITER_HALTED,
                            "the store holds an entry that the log does not make");
            return false;
        }
        st->foreseen_at++;
    }
    free(st->foreseen);
    st->foreseen = NULL;
    st->foreseen_at = st->foreseen_count = 0;
    return true;
}
