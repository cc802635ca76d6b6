/* Rows that several readers need. */
#include "conv/read_private.h"

enum par_err par_read__unavailable(struct par_reader *r)
{
    r->message = "the store cannot be read; try again";
    return PAR_E_UNAVAILABLE;
}

enum par_err par_read__damaged(struct par_reader *r)
{
    r->message = "a row of the store is damaged; the operator runs `parley store verify`";
    return PAR_E_INTERNAL;
}

enum par_err par_read__no_memory(struct par_reader *r)
{
    r->message = "out of memory; try again";
    return PAR_E_OVERLOADED;
}

enum par_err par_read__many_init(struct par_reader *r, size_t most, struct par_read__many *many_r)
{
    *many_r = (struct par_read__many){
        .value = par_arena_alloc(r->arena, most * sizeof(struct par_str) + 1),
        ._key = par_arena_alloc(r->arena, most * sizeof(struct par_key) + 1),
        ._asked = par_arena_alloc(r->arena, most * sizeof(struct par_store_key) + 1),
    };
    return many_r->value && many_r->_key && many_r->_asked ? PAR_OK : par_read__no_memory(r);
}

enum par_err par_read__many(struct par_reader *r, struct par_read__many *many)
{
    bool ok = many->count == 0 ||
              !par_store_multi_get(r->store, many->count, many->_asked, r->arena, many->value);
    return ok ? PAR_OK : par_read__unavailable(r);
}

enum par_err par_read__rosters(struct par_reader *r, const struct par_conv *conv,
                               struct par_roster *roster_r)
{
    *roster_r = (struct par_roster){0};
    struct par_key key = par_key_conv(conv);
    struct par_str value;
    int found = par_store_get_in(r->store, PAR_T_ROSTERS, par_key_str(&key), r->arena, &value);
    if (found < 0)
        return par_read__unavailable(r);
    if (found && !par_roster_decode(value, roster_r))
        return par_read__damaged(r);
    return PAR_OK;
}

enum par_err par_read__roster(struct par_reader *r, const struct par_conv *conv,
                              struct par_roster_slot *now_r)
{
    struct par_roster roster;
    enum par_err err = par_read__rosters(r, conv, &roster);
    *now_r = roster.now;
    return err;
}

enum par_err par_read__conversation(struct par_reader *r, const struct par_conv *conv,
                                    struct par_conversation *row_r)
{
    *row_r = (struct par_conversation){0};
    struct par_key key = par_key_conv(conv);
    struct par_str value;
    int found =
        par_store_get_in(r->store, PAR_T_CONVERSATIONS, par_key_str(&key), r->arena, &value);
    if (found < 0)
        return par_read__unavailable(r);
    if (found && !par_conversation_decode(value, row_r))
        return par_read__damaged(r);
    row_r->conv = *conv;
    return PAR_OK;
}

/* The rows of entries from … to, newest first. */
static enum par_err scan_entries(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                                 uint64_t to, struct par_store_row **rows_r)
{
    /* Keys descend by seq: the newest asked for comes first, and the end is the one below the
     * oldest. */
    struct par_key start = par_key_entry(conv, to), end = par_key_entry(conv, from - 1);
    if (par_store_scan_in(r->store, PAR_T_ENTRIES, par_key_str(&start), par_key_str(&end),
                          (size_t)(to - from + 1), 0, r->arena, rows_r, NULL))
        return par_read__unavailable(r);
    return PAR_OK;
}

static bool decode_entry(struct par_str value, const struct par_conv *conv, uint64_t seq,
                         struct par_entry *e)
{
    if (!par_entry_decode(value, e))
        return false;
    e->conv = *conv;
    e->seq = seq;
    return true;
}

static enum par_err decode_rows(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                                uint64_t to, const struct par_store_row *rows,
                                struct par_entry **entries_r)
{
    size_t left = (size_t)(to - from + 1);
    struct par_entry *entries = par_arena_alloc(r->arena, left * sizeof *entries);
    if (!entries)
        return par_read__no_memory(r);
    for (; rows && left; rows = rows->next) {
        struct par_conv in_key;
        uint64_t seq;
        left--;
        if (PAR_MUTANT(V1_NAIVE_PAGE) && par_key_parse_entry(rows->key, &in_key, &seq))
            while (left > 0 && seq < from + left)
                entries[left--] = (struct par_entry){0};
        if (!par_key_parse_entry(rows->key, &in_key, &seq) || seq != from + left ||
            !decode_entry(rows->value, conv, seq, &entries[left]))
            return par_read__damaged(r);
    }
    if (left)
        return par_read__damaged(r);
    *entries_r = entries;
    return PAR_OK;
}

enum par_err par_read__entries(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                               uint64_t to, struct par_entry **entries_r)
{
    *entries_r = NULL;
    if (from > to)
        return PAR_OK;
    struct par_store_row *rows;
    enum par_err err = scan_entries(r, conv, from, to, &rows);
    return err ? err : decode_rows(r, conv, from, to, rows, entries_r);
}

/* Takes from … top out of the cache's list. False: a miss. */
static bool cached(struct par_reader *r, const struct par_conv *conv, uint64_t from, uint64_t top,
                   struct par_entry **entries_r)
{
    struct par_cache_entry *list;
    size_t n = (size_t)(top - from + 1);
    uint64_t least = PAR_MUTANT(V6_CACHE_UNCHECKED) ? 0 : top;
    size_t have = par_cache_get(r->cache, conv, least, r->arena, &list);
    if (PAR_MUTANT(V6_CACHE_UNCHECKED) && have >= n)
        list[0].seq = top;
    if (have < n || list[0].seq != top)
        return false;
    struct par_entry *entries = par_arena_alloc(r->arena, n * sizeof *entries);
    for (size_t i = 0; entries && i < n; i++) {
        if (!decode_entry(list[i].value, conv, list[i].seq, &entries[n - 1 - i]))
            return false;
    }
    *entries_r = entries;
    return entries != NULL;
}

enum par_err par_read__newest(struct par_reader *r, const struct par_conv *conv, uint64_t from,
                              uint64_t top, struct par_entry **entries_r)
{
    size_t n = (size_t)(top - from + 1);
    if (!r->cache || n > PAR_CACHE_ENTRIES)
        return par_read__entries(r, conv, from, top, entries_r);
    if (cached(r, conv, from, top, entries_r))
        return PAR_OK;
    struct par_store_row *rows;
    enum par_err err = scan_entries(r, conv, from, top, &rows);
    if (!err)
        err = decode_rows(r, conv, from, top, rows, entries_r);
    struct par_cache_entry *list = err ? NULL : par_arena_alloc(r->arena, n * sizeof *list);
    if (!list)
        return err;
    size_t count = 0;
    for (const struct par_store_row *row = rows; row && count < n; row = row->next, count++)
        list[count] = (struct par_cache_entry){.seq = top - count, .value = row->value};
    par_cache_put(r->cache, conv, list, count);
    return PAR_OK;
}

/* The entry that this one points at, if the page holds it. */
static struct par_entry *target_in(struct par_entry *entries, size_t n, const struct par_entry *e)
{
    uint64_t first = entries[0].seq;
    return e->target >= first && e->target < first + n ? &entries[e->target - first] : NULL;
}

/* The row of an entry may lack what a later one of the same page did to it: as long as not all of
 * that is durable, or because a list of the cache is as old as its top. */
static void apply_own(struct par_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct par_entry *e = &entries[i];
        bool edits = e->kind == PAR_ENTRY_EDITED, deletes = e->kind == PAR_ENTRY_DELETED;
        struct par_entry *target = edits || deletes ? target_in(entries, n, e) : NULL;
        if (!target || target->kind != PAR_ENTRY_TEXT || target->deleted_seq)
            continue;
        if (deletes) {
            target->text = (struct par_str){0};
            target->deleted_seq = e->seq;
        } else if (target->edited_seq < e->seq && e->text.len > 0) {
            target->text = e->text;
            target->edited_seq = e->seq;
        }
    }
}

enum par_err par_read__hide_deleted(struct par_reader *r, const struct par_conv *conv,
                                    struct par_entry *entries, size_t n)
{
    if (!PAR_MUTANT(V4_PAGE_AS_STORED))
        apply_own(entries, n);
    if (PAR_MUTANT(V4_EDIT_OF_DELETED))
        return PAR_OK;
    struct par_read__many targets;
    enum par_err err = par_read__many_init(r, n, &targets);
    for (size_t i = 0; i < n && !err; i++)
        if (entries[i].kind == PAR_ENTRY_EDITED)
            par_read__ask(&targets, PAR_T_ENTRIES, par_key_entry(conv, entries[i].target));
    if (!err)
        err = par_read__many(r, &targets);
    if (err)
        return err;
    for (size_t i = 0, at = 0; i < n; i++) {
        if (entries[i].kind != PAR_ENTRY_EDITED)
            continue;
        struct par_entry target;
        struct par_str value = targets.value[at++];
        if (!value.ptr || !par_entry_decode(value, &target))
            return par_read__damaged(r);
        struct par_entry *own = target_in(entries, n, &entries[i]);
        if (own && own->deleted_seq)
            target.deleted_seq = own->deleted_seq;
        if (target.deleted_seq) {
            entries[i].text = (struct par_str){0};
            entries[i].deleted_seq = target.deleted_seq;
        }
    }
    return PAR_OK;
}

void par_read__hide_later(struct par_entry *entries, size_t n, uint64_t last)
{
    for (size_t i = 0; i < n; i++)
        if (entries[i].edited_seq > last)
            entries[i].text = (struct par_str){0};
}

enum par_err par_read__marks(struct par_reader *r, const struct par_conv *conv,
                             struct par_read__mark **marks_r, size_t *n_r)
{
    *marks_r = NULL;
    *n_r = 0;
    struct par_key from = par_key_conv(conv), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    if (par_store_scan_in(r->store, PAR_T_MARKS, par_key_str(&from), par_key_str(&to), 0, 0,
                          r->arena, &rows, NULL))
        return par_read__unavailable(r);
    size_t n = 0;
    for (struct par_store_row *row = rows; row; row = row->next)
        n++;
    struct par_read__mark *marks = par_arena_alloc(r->arena, n * sizeof *marks + 1);
    if (!marks)
        return par_read__no_memory(r);
    for (size_t i = 0; rows; rows = rows->next, i++) {
        struct par_conv in_key;
        if (!par_key_parse_mark(rows->key, &in_key, &marks[i].user) ||
            !par_mark_decode(rows->value, &marks[i].mark))
            return par_read__damaged(r);
    }
    *marks_r = marks;
    *n_r = n;
    return PAR_OK;
}

struct par_mark par_read__mark_of(const struct par_read__mark *marks, size_t n, uint64_t user,
                                  uint64_t joined_seq)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (marks[mid].user < user)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < n && marks[low].user == user)
        return marks[low].mark;
    uint64_t before = joined_seq ? joined_seq - 1 : 0;
    return (struct par_mark){.delivered = before, .read = before, .shown_read = before};
}

enum par_err par_read__user_convs(struct par_reader *r, uint64_t user,
                                  struct par_user_conv **rows_r, size_t *n_r)
{
    *rows_r = NULL;
    *n_r = 0;
    struct par_key from = par_key_user(user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    if (par_store_scan_in(r->store, PAR_T_USER_CONVS, par_key_str(&from), par_key_str(&to), 0, 0,
                          r->arena, &rows, NULL))
        return par_read__unavailable(r);
    size_t n = 0;
    for (struct par_store_row *row = rows; row; row = row->next)
        n++;
    struct par_user_conv *list = par_arena_alloc(r->arena, n * sizeof *list + 1);
    if (!list)
        return par_read__no_memory(r);
    for (size_t i = 0; rows; rows = rows->next, i++) {
        if (!par_user_conv_decode(rows->value, &list[i]) ||
            !par_key_parse_user_conv(rows->key, &list[i].user, &list[i].conv))
            return par_read__damaged(r);
    }
    *rows_r = list;
    *n_r = n;
    return PAR_OK;
}

enum par_err par_read__candidates(struct par_reader *r, const struct par_user_conv *own, size_t n,
                                  struct par_read__candidate *candidates_r)
{
    struct par_read__many rows;
    enum par_err err = par_read__many_init(r, n, &rows);
    for (size_t i = 0; i < n && !err; i++)
        par_read__ask(&rows, PAR_T_CONVERSATIONS, par_key_conv(&own[i].conv));
    if (!err)
        err = par_read__many(r, &rows);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        struct par_read__candidate *c = &candidates_r[i];
        c->own = &own[i];
        c->conversation = (struct par_conversation){0};
        if (rows.value[i].ptr && !par_conversation_decode(rows.value[i], &c->conversation))
            return par_read__damaged(r);
        c->conversation.conv = own[i].conv;
        if (!own[i].left_seq || own[i].left_seq >= c->conversation.last_seq)
            continue;
        struct par_entry *left;
        err = par_read__last(r, &own[i].conv, own[i].left_seq, &left);
        if (err)
            return err;
        if (!left)
            continue;
        c->conversation.last_seq = left->seq;
        c->conversation.last_ts = left->ts;
        c->conversation.last_stamp = left->stamp;
        if (par_stamp_generation(left->stamp) == par_stamp_generation(c->conversation.changed))
            c->conversation.changed = left->stamp;
    }
    return PAR_OK;
}
