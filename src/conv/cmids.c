/* Which cmids are taken: rows read ahead for a whole take, and those that the take itself used. */
#include "conv/writer_private.h"

static bool has_cmid(const struct par_command *c)
{
    return c->cmid.len > 0;
}

static uint64_t hash_of(const struct par_writer *w, const struct par_numbering *n)
{
    uint64_t h = par_siphash(w->seed, n->c->cmid.ptr, n->c->cmid.len);
    return h ^ (n->c->sender ^ (uint64_t)(uintptr_t)n->st) * 0x9E3779B97F4A7C15u;
}

static bool same(const struct par_cmid_used *used, const struct par_numbering *n, uint64_t hash)
{
    return used->hash == hash && used->st == n->st && used->sender == n->c->sender &&
           par_str_eq(used->cmid, n->c->cmid);
}

static bool same_request(const struct par_reply *a, const struct par_reply *b)
{
    return a->server == b->server && a->boot == b->boot && a->handle == b->handle;
}

void par_cmids__reset(struct par_writer *w)
{
    if (w->cmid_count)
        memset(w->cmid_table, 0, w->cmid_cap * sizeof *w->cmid_table);
    w->cmid_count = 0;
}

/* N4: rows read here miss what the take itself writes, so its own cmids stay in memory until all of
 * it is numbered. Nothing else is in flight while this reads. */
bool par_cmids__read_ahead(struct par_writer *w, uint32_t first, uint32_t end)
{
    size_t keys = 0;
    for (uint32_t i = first; i < end; i++) {
        const struct par_command *c = &w->commands[i];
        w->known_rows[i] = (struct par_str){0};
        /* An ack names many conversations, and changes nothing by which they are loaded. */
        if (c->kind == 0 || c->kind == PAR_COMMAND_MARKS)
            continue;
        /* N2: as of the first command in the log that is about it, with a cmid or without. */
        uint64_t stamp = par_stamp(w->generation, w->records[i].offset);
        struct par_conv_state *st = par_conv__state(w, &c->conv, stamp);
        if (!st)
            return false;
        if (!has_cmid(c))
            continue;
        w->known_bytes[keys] = par_conv__key_cmid(st, c->sender, c->cmid);
        w->known_keys[keys] =
            (struct par_store_key){PAR_T_CMIDS, par_key_str(&w->known_bytes[keys])};
        w->known_index[keys++] = i;
    }
    if (keys == 0)
        return true;
    if (par_store_multi_get(w->store, keys, w->known_keys, &w->arena, w->known_values) != PAR_OK)
        return false;
    for (size_t i = 0; i < keys; i++)
        w->known_rows[w->known_index[i]] = w->known_values[i];
    return true;
}

bool par_cmids__find(struct par_writer *w, const struct par_numbering *n, struct par_known *known_r)
{
    struct par_cmid row;
    *known_r = (struct par_known){0};
    /* N2: a row with the stamp of this command or a later one does not exist yet. */
    if (w->known_rows[n->index].ptr && !par_cmid_decode(w->known_rows[n->index], &row)) {
        n->st->damaged = true;
        if (!w->embedded)
            par_writer__end(w, PAR_WRITER_HALTED, "the row of a cmid cannot be understood");
        return false;
    }
    if (w->known_rows[n->index].ptr && PAR_MUTANT(DEDUPE_BY_TIME) && row.ts + 10000 < n->time_ms)
        return false;
    if (w->known_rows[n->index].ptr && (row.stamp < n->stamp || PAR_MUTANT(N2_CMID_FUTURE))) {
        known_r->seq = row.seq;
        known_r->ts = row.ts;
        memcpy(known_r->digest, row.digest, sizeof row.digest);
        return true;
    }
    if (w->cmid_count == 0 || PAR_MUTANT(N4_FORGET_BATCH))
        return false;
    uint64_t hash = hash_of(w, n);
    for (size_t at = hash & (w->cmid_cap - 1); w->cmid_table[at];
         at = (at + 1) & (w->cmid_cap - 1)) {
        const struct par_cmid_used *used = &w->cmids[w->cmid_table[at] - 1];
        if (same(used, n, hash)) {
            *known_r = used->known;
            known_r->same_try = same_request(&w->commands[used->command].reply, &n->c->reply);
            return true;
        }
    }
    return false;
}

void par_cmids__add(struct par_writer *w, const struct par_numbering *n,
                    const struct par_known *known)
{
    /* S2: seq, stamp and the digest as first written; for ever. */
    struct par_key key = par_conv__key_cmid(n->st, n->c->sender, n->c->cmid);
    struct par_cmid row = {.seq = known->seq, .stamp = n->stamp, .ts = known->ts};
    memcpy(row.digest, known->digest, sizeof row.digest);
    struct par_cmid found;
    struct par_str value = w->known_rows[n->index];
    /* T3: a row that is there already is of this very command. */
    if (w->by_rows && value.ptr && par_cmid_decode(value, &found) &&
        (found.seq != row.seq || found.stamp != row.stamp || found.ts != row.ts) &&
        !PAR_MUTANT(T3_NO_COMPARE))
        par_writer__end(w, PAR_WRITER_HALTED, "the store holds a cmid that the log does not make");
    par_cmid_encode(&row, par_batch_begin(&w->rows, PAR_T_CMIDS, par_key_str(&key), n->stamp));
    par_batch_end(&w->rows);

    uint64_t hash = hash_of(w, n);
    size_t at = hash & (w->cmid_cap - 1);
    while (w->cmid_table[at])
        at = (at + 1) & (w->cmid_cap - 1);
    w->cmids[w->cmid_count] =
        (struct par_cmid_used){hash, n->st, n->c->sender, n->c->cmid, n->index, *known};
    w->cmid_table[at] = ++w->cmid_count;
}
