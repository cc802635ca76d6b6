/* search: messages of a user's conversations that hold all words of a query.
 *
 * The conversations are gone through one by one, the one with the newest activity first, and each
 * from its newest entry down. The index tells of most blocks of entries that they hold none of the
 * words; all others are read, and their texts decide. One search reads so much and no more: then it
 * answers what it has, and a cursor. */
#include "conv/read_private.h"

#include "base/stats.h"
#include "loop/env.h"
#include "search/cursor.h"
#include "search/index.h"
#include "search/signature.h"
#include "search/words.h"

#include <stdlib.h>

enum {
    CHUNK = 64,    /* rows of the index in one read */
    READ_COST = 8, /* of a read of its own: of a conversation's rows, of what an edit edits */
    SEEK_COST = 16,
    CURSOR_MS = 3600000, /* so old a cursor may become */
    SLACK = 1024
};

/* A message that was found: its JSON in the scratch buffer. */
struct hit {
    int64_t ts;
    uint64_t seq;
    struct par_conv conv;
    size_t at, len;
};

/* A conversation to be searched, in the order of cursors. */
struct place {
    int64_t ts; /* of its newest entry, as of the first page */
    struct par_conv conv;
};

struct search {
    struct par_reader *r;
    uint64_t user;
    const struct par_search_query *q;
    struct par_words words;
    int64_t as_of;
    int64_t budget; /* what may still be read */
    bool begun;     /* each page looks at one block at least */
    struct par_buf scratch;
    struct hit *hits;
    size_t count;
    bool full; /* by bytes */
};

/* ---- one entry ---- */

static bool in_time(const struct par_search_query *q, int64_t ts)
{
    return ts > q->after_ts && ts < q->before_ts;
}

static bool is_hit(const struct search *s, const struct par_entry *e)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->hits[i].seq == e->seq && par_conv_eq(&s->hits[i].conv, &e->conv))
            return true;
    return false;
}

/* The message whose text this entry has; *there_r: it has one, and may be seen. */
static enum par_err message_of(struct par_reader *r, const struct par_entry *e,
                               const struct par_view *view, struct par_entry *message_r,
                               bool *there_r)
{
    *message_r = *e;
    *there_r = e->kind == PAR_ENTRY_TEXT;
    if (*there_r || e->target < view->first_seq)
        return PAR_OK;
    struct par_entry *target;
    enum par_err err = par_read__entries(r, &e->conv, e->target, e->target, &target);
    if (err)
        return err;
    *message_r = *target;
    /* Of a store that lands row by row the target may not show the edit yet (V4). */
    if (message_r->edited_seq < e->seq) {
        message_r->edited_seq = e->seq;
        message_r->text = e->text;
    }
    *there_r = message_r->edited_seq == e->seq && !message_r->deleted_seq;
    return PAR_OK;
}

/* Looks at one entry. s->full: it was found, and there is no room for it. */
static enum par_err look_at(struct search *s, struct par_reader *r, const struct par_entry *e,
                            const struct par_view *view)
{
    struct par_entry message;
    bool there;
    struct par_str text = par_index_text(e);
    if (!text.ptr || (s->q->from && e->sender != s->q->from) || !par_words_in(&s->words, text))
        return PAR_OK;
    enum par_err err = message_of(r, e, view, &message, &there);
    s->budget -= e->kind == PAR_ENTRY_TEXT ? 0 : READ_COST;
    if (err || !there || !in_time(s->q, message.ts) || is_hit(s, &message))
        return err;
    struct par_json_out one = par_json_out(&s->scratch);
    size_t at = s->scratch.len;
    par_json_entry(&one, &message, message.sender == s->user ? PAR_ENTRY_SHOW_CMID : 0);
    if (s->scratch.failed)
        return par_read__no_memory(s->r);
    if (s->count > 0 && s->scratch.len + SLACK > s->r->page_bytes) {
        s->scratch.len = at;
        s->full = true;
        return PAR_OK;
    }
    s->hits[s->count++] = (struct hit){message.ts, message.seq, e->conv, at, s->scratch.len - at};
    return PAR_OK;
}

/* ---- one conversation ---- */

/* The part of it that is left. */
struct range {
    const struct par_conv *conv;
    struct par_view view;
    uint64_t low, next; /* the next entry to look at; below low: it is done */
};

static bool over(const struct search *s)
{
    return s->full || s->count == s->q->limit || (s->begun && s->budget <= 0);
}

/* Reads the entries of one block. */
static enum par_err read_block(struct search *s, struct par_reader *r, struct range *g)
{
    uint64_t first = par_index_first(par_index_block(g->next));
    if (first < g->low)
        first = g->low;
    struct par_entry *entries;
    enum par_err err = par_read__entries(r, g->conv, first, g->next, &entries);
    s->budget -= (int64_t)(g->next - first + 1);
    for (size_t i = err ? 0 : (size_t)(g->next - first + 1); i-- > 0;) {
        /* Times rise with seq; an edit is later than what it edits. */
        if (entries[i].ts <= s->q->after_ts) {
            g->next = g->low - 1;
            return PAR_OK;
        }
        err = look_at(s, r, &entries[i], &g->view);
        if (err || s->full)
            return err;
        g->next = entries[i].seq - 1;
        if (s->count == s->q->limit)
            break;
    }
    s->begun = true;
    return err;
}

/* The next blocks, as far as one read of the index reaches; r has an arena of its own. */
static enum par_err search_chunk(struct search *s, struct par_reader *r, struct range *g)
{
    uint64_t high = par_index_block(g->next), low = par_index_block(g->low);
    if (high - low >= CHUNK)
        low = high - CHUNK + 1;
    struct par_key prefix = par_key_conv(g->conv), start = par_key_search(g->conv, high),
                   end =
                       low ? par_key_search(g->conv, low - 1) : par_key_after(par_key_str(&prefix));
    struct par_store_row *row;
    if (par_store_scan_in(r->store, PAR_T_SEARCH, par_key_str(&start), par_key_str(&end), CHUNK, 0,
                          r->arena, &row, NULL))
        return par_read__unavailable(s->r);
    enum par_err err = PAR_OK;
    while (!err && g->next >= g->low && par_index_block(g->next) >= low && !over(s)) {
        uint64_t block = par_index_block(g->next), indexed = 0;
        struct par_conv in_key;
        while (row && par_key_parse_search(row->key, &in_key, &indexed) && indexed > block)
            row = row->next;
        bool spared = row && indexed == block &&
                      !par_signature_has(row->value, s->words.grams, s->words.gram_count);
        par_stats_inc_at(PAR_C_SEARCH_BLOCKS, !spared);
        s->budget--;
        if (spared)
            g->next = par_index_first(block) - 1;
        else
            err = read_block(s, r, g);
        s->begun = true;
    }
    return err;
}

/* Searches from an entry (0: the newest) on; *next_r: where it ended, 0 when all was looked at. */
static enum par_err search_conv(struct search *s, const struct par_conv *conv, uint64_t from,
                                uint64_t *next_r)
{
    uint64_t top;
    struct range g = {.conv = conv};
    struct par_arena arena = {0};
    struct par_reader r = *s->r;
    r.arena = &arena;
    *next_r = 0;
    s->budget -= READ_COST;
    enum par_err err = par_read__top_and_view(&r, s->user, conv, &top, &g.view);
    g.low = g.view.first_seq ? g.view.first_seq : 1;
    g.next = top < g.view.last_seq ? top : g.view.last_seq;
    if (from && from < g.next)
        g.next = from;
    while (!err && g.next >= g.low && !over(s)) {
        err = search_chunk(s, &r, &g);
        par_arena_fini(&arena);
    }
    par_arena_fini(&arena);
    if (r.message && !s->r->message)
        s->r->message = r.message;
    if (!err && g.next >= g.low)
        *next_r = g.next;
    return err;
}

/* ---- which conversations ---- */

static int newest_first(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->ts != y->ts)
        return x->ts < y->ts ? 1 : -1;
    return par_conv_cmp(&x->conv, &y->conv);
}

/* The time of the newest entry as of the first page. Where all are newer, as of a conversation that
 * was just begun, it comes before all others: on a later page too, where it was searched. */
static enum par_err ts_as_of(struct search *s, const struct par_conversation *row, int64_t *ts_r)
{
    struct par_arena arena = {0};
    struct par_reader r = *s->r;
    uint64_t seq = 0;
    r.arena = &arena;
    *ts_r = row->last_ts;
    if (row->last_ts <= s->as_of)
        return PAR_OK;
    uint64_t top;
    enum par_err err = par_read__top(&r, &row->conv, &top);
    if (!err && top > row->last_seq)
        top = row->last_seq;
    if (!err)
        err = par_read__before_ts(&r, &row->conv, 1, top, s->as_of + 1, &seq);
    *ts_r = INT64_MAX;
    if (!err && seq)
        err = par_read__ts(&r, &row->conv, seq, ts_r);
    s->budget -= SEEK_COST;
    par_arena_fini(&arena);
    return err;
}

static enum par_err list_places(struct search *s, struct place **places_r, size_t *n_r)
{
    struct par_reader *r = s->r;
    struct par_user_conv *own;
    size_t n = 0, kept = 0;
    *n_r = 0;
    enum par_err err = par_read__user_convs(r, s->user, &own, &n);
    if (err)
        return err;
    struct par_read__candidate *candidates = par_arena_alloc(r->arena, n * sizeof *candidates + 1);
    struct place *places = par_arena_alloc(r->arena, n * sizeof *places + 1);
    if (!candidates || !places)
        return par_read__no_memory(r);
    err = par_read__candidates(r, own, n, candidates);
    for (size_t i = 0; i < n && !err; i++) {
        struct place *place = &places[kept];
        if (!candidates[i].conversation.last_seq ||
            candidates[i].conversation.last_ts <= s->q->after_ts)
            continue;
        place->conv = own[i].conv;
        err = ts_as_of(s, &candidates[i].conversation, &place->ts);
        kept++;
    }
    qsort(places, kept, sizeof *places, newest_first);
    *places_r = places;
    *n_r = kept;
    return err;
}

/* ---- the answer ---- */

static int newest_hit_first(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->ts != y->ts)
        return x->ts < y->ts ? 1 : -1;
    int order = par_conv_cmp(&x->conv, &y->conv);
    return order ? order : x->seq < y->seq ? 1 : x->seq > y->seq ? -1 : 0;
}

static void write_answer(struct search *s, const struct par_search_cursor *next,
                         struct par_json_out *w)
{
    qsort(s->hits, s->count, sizeof *s->hits, newest_hit_first);
    par_json_key(w, "results");
    par_json_open_array(w);
    for (size_t i = 0; i < s->count; i++)
        par_json_raw(w, par_str_of(s->scratch.data + s->hits[i].at, s->hits[i].len));
    par_json_close_array(w);
    if (!next)
        return;
    char text[PAR_SEARCH_CURSOR_MAX];
    size_t len = par_search_cursor_write(next, par_store_incarnation(s->r->store), text);
    par_json_key_str(w, "cursor", par_str_of(text, len));
    if (s->count < s->q->limit && !s->full)
        par_stats_inc(PAR_C_SEARCH_CUT);
}

/* Goes through the places from the cursor on. */
static enum par_err go(struct search *s, const struct place *places, size_t n,
                       struct par_search_cursor *c, bool *more_r)
{
    const struct place from = {c->ts, c->conv};
    *more_r = false;
    for (size_t i = 0; i < n; i++) {
        int order = c->conv.kind ? newest_first(&places[i], &from) : 1;
        uint64_t next = 0;
        if (order < 0)
            continue;
        *more_r = over(s);
        enum par_err err =
            *more_r ? PAR_OK : search_conv(s, &places[i].conv, order == 0 ? c->seq : 0, &next);
        /* Of a group that one is just being let into, or its row is still on its way. */
        if (err == PAR_E_NOT_MEMBER && !s->q->conv)
            continue;
        if (err)
            return err;
        if (!*more_r && !next)
            continue;
        *more_r = true;
        *c = (struct par_search_cursor){.digest = c->digest,
                                        .as_of = s->as_of,
                                        .ts = places[i].ts,
                                        .seq = next,
                                        .conv = places[i].conv};
        break;
    }
    return PAR_OK;
}

static enum par_err bad(struct par_reader *r, const char *message)
{
    r->message = message;
    return PAR_E_BAD_REQUEST;
}

static enum par_err run(struct search *s, struct par_json_out *w)
{
    const struct par_search_query *q = s->q;
    struct par_search_cursor cursor = {0};
    int64_t now = par_wall_ms();
    uint32_t digest = par_search_digest(q->query, q->conv ? q->conv : &(struct par_conv){0},
                                        q->from, q->after_ts, q->before_ts);
    if (!par_words_init(&s->words, q->query, s->r->arena))
        return bad(s->r, "query: nothing that could be found");
    if (q->cursor.ptr &&
        (!par_search_cursor_read(q->cursor, par_store_incarnation(s->r->store), &cursor) ||
         cursor.digest != digest || (q->conv && !par_conv_eq(q->conv, &cursor.conv))))
        return bad(s->r, "cursor: not one that this search gave");
    if (q->cursor.ptr && now - cursor.as_of > CURSOR_MS)
        return bad(s->r, "cursor: too old, search again");
    cursor.digest = digest;
    /* What is written from now on has a later time. */
    s->as_of = q->cursor.ptr ? cursor.as_of : now - 1;
    struct place one = {.ts = cursor.ts}, *places = &one;
    size_t n = 1;
    enum par_err err = PAR_OK;
    if (q->conv)
        one.conv = *q->conv;
    else
        err = list_places(s, &places, &n);
    bool more = false;
    if (!err)
        err = go(s, places, n, &cursor, &more);
    if (!err)
        write_answer(s, more ? &cursor : NULL, w);
    return err;
}

enum par_err par_read_search(struct par_reader *r, uint64_t user, const struct par_search_query *q,
                             struct par_json_out *w)
{
    struct search s = {.r = r, .user = user, .q = q, .budget = q->budget};
    s.hits = par_arena_alloc(r->arena, (q->limit + 1) * sizeof *s.hits);
    enum par_err err = s.hits ? run(&s, w) : par_read__no_memory(r);
    par_words_fini(&s.words);
    par_buf_fini(&s.scratch);
    return err;
}
