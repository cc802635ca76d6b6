/* Where a conversation ends for a reader (TAKEOVER.md V1). */
#include "conv/read_private.h"

/* Walks rows that descend from the newest; the newest below which, down to `lowest`, none is
 * missing. */
static bool dense_top(const struct par_store_row *row, uint64_t *top_r)
{
    uint64_t newest = 0, expected = 0, lowest = 1;
    for (; row; row = row->next) {
        struct par_conv in_key;
        uint64_t seq;
        if (!par_key_parse_entry(row->key, &in_key, &seq))
            return false;
        if (newest == 0) {
            *top_r = newest = seq;
            lowest = newest > par_rules.window ? newest - par_rules.window + 1 : 1;
        } else if (seq < lowest) {
            /* W2a: everything from here down is there. */
            break;
        } else if (seq != expected) {
            *top_r = seq;
        }
        expected = seq - 1;
    }
    if (newest && expected >= lowest && !PAR_MUTANT(V1_NAIVE_PAGE))
        *top_r = lowest - 1;
    if (PAR_MUTANT(V1_NAIVE_PAGE))
        *top_r = newest;
    return true;
}

enum par_err par_read__top(struct par_reader *r, const struct par_conv *conv, uint64_t *top_r)
{
    *top_r = 0;
    struct par_key from = par_key_conv(conv), to = par_key_after(par_key_str(&from));
    struct par_store_row *row;
    size_t limit = par_store_atomic(r->store) ? 1 : par_rules.window + 1;
    struct par_conv in_key;
    if (par_store_scan_in(r->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), limit, 0,
                          r->arena, &row, NULL))
        return par_read__unavailable(r);
    if (limit > 1 ? !dense_top(row, top_r) : row && !par_key_parse_entry(row->key, &in_key, top_r))
        return par_read__damaged(r);
    if (limit == 1 || PAR_MUTANT(V1_NAIVE_PAGE))
        return PAR_OK;
    struct par_conversation conversation;
    enum par_err err = par_read__conversation(r, conv, &conversation);
    if (!err && conversation.last_seq < *top_r)
        *top_r = conversation.last_seq;
    return err;
}

enum par_err par_read__last(struct par_reader *r, const struct par_conv *conv, uint64_t seq,
                            struct par_entry **entry_r)
{
    if (par_store_atomic(r->store))
        return par_read__entries(r, conv, seq, seq, entry_r);
    uint64_t lowest = seq > par_rules.window ? seq - par_rules.window : 1;
    struct par_key from = par_key_entry(conv, seq), to = par_key_entry(conv, lowest - 1);
    struct par_store_row *row;
    struct par_conv in_key;
    uint64_t there;
    *entry_r = NULL;
    if (par_store_scan_in(r->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 1, 0,
                          r->arena, &row, NULL))
        return par_read__unavailable(r);
    if (!row)
        return PAR_OK;
    if (!par_key_parse_entry(row->key, &in_key, &there))
        return par_read__damaged(r);
    return par_read__entries(r, conv, there, there, entry_r);
}
