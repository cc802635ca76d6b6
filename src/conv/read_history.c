/* history: a page of entries, in every form it can be asked for. */
#include "conv/read_private.h"

#include <stdio.h>

/* The part of the log that a page is cut from, and what was asked of it. */
struct page {
    uint64_t low;  /* the oldest entry that may be seen */
    uint64_t high; /* the newest */
    uint64_t top;  /* the newest there is */
    uint64_t from; /* the page: from … to; empty when from > to */
    uint64_t to;
    uint64_t centre; /* the entry that must be on it; 0: none */
    uint64_t last;   /* the newest whose text the reader may see */
    bool forward;    /* asked for what is newer: a page that is too large loses its newest */
};

enum par_err par_read__ts(struct par_reader *r, const struct par_conv *conv, uint64_t seq,
                          int64_t *ts_r)
{
    struct par_key key = par_key_entry(conv, seq);
    struct par_str value;
    struct par_entry entry;
    *ts_r = 0;
    int found = par_store_get_in(r->store, PAR_T_ENTRIES, par_key_str(&key), r->arena, &value);
    if (found < 0)
        return par_read__unavailable(r);
    if (found == 0 || !par_entry_decode(value, &entry))
        return par_read__damaged(r);
    *ts_r = entry.ts;
    return PAR_OK;
}

/* Times rise with seq, so halving finds it. */
enum par_err par_read__before_ts(struct par_reader *r, const struct par_conv *conv, uint64_t low,
                                 uint64_t high, int64_t ts, uint64_t *seq_r)
{
    while (low <= high) {
        uint64_t mid = low + (high - low) / 2;
        int64_t at;
        enum par_err err = par_read__ts(r, conv, mid, &at);
        if (err)
            return err;
        if (at < ts)
            low = mid + 1;
        else
            high = mid - 1;
    }
    *seq_r = high;
    return PAR_OK;
}

static void back_from(struct page *p, uint64_t to, uint32_t limit)
{
    p->to = to < p->high ? to : p->high;
    p->from = p->to >= p->low + limit ? p->to - limit + 1 : p->low;
}

static enum par_err place(struct par_reader *r, const struct par_history_query *q, struct page *p)
{
    uint64_t value = q->value > 0 ? (uint64_t)q->value : 0;
    switch (q->from) {
    case PAR_FROM_NEWEST:
        back_from(p, p->high, q->limit);
        break;
    case PAR_BEFORE_SEQ:
        back_from(p, value ? value - 1 : 0, q->limit);
        break;
    case PAR_BEFORE_TS: {
        uint64_t to = 0;
        enum par_err err = par_read__before_ts(r, &q->conv, p->low, p->high, q->value, &to);
        if (err)
            return err;
        back_from(p, to, q->limit);
        break;
    }
    case PAR_AFTER_SEQ:
        p->forward = true;
        p->from = value + 1 > p->low ? value + 1 : p->low;
        p->to = p->from + q->limit - 1 < p->high ? p->from + q->limit - 1 : p->high;
        break;
    case PAR_AROUND_SEQ: {
        uint64_t centre = value < p->low ? p->low : value > p->high ? p->high : value;
        uint64_t older = q->limit / 2;
        p->centre = centre;
        p->from = centre - p->low > older ? centre - older : p->low;
        p->to = p->from + q->limit - 1;
        if (p->to > p->high)
            back_from(p, p->high, q->limit);
        break;
    }
    }
    return PAR_OK;
}

/* An entry's JSON in the scratch buffer. */
struct piece {
    size_t at;
    size_t len;
};

/* Shrinks first … last to what fits: from the end that matters less, never to nothing. */
static void fit(const struct page *p, const struct piece *pieces, size_t n, size_t most,
                size_t *first_r, size_t *last_r)
{
    size_t anchor = p->centre ? (size_t)(p->centre - p->from) : p->forward ? 0 : n - 1;
    size_t first = anchor, last = anchor, total = pieces[anchor].len;
    bool older = true, newer = true;
    while (older || newer) {
        older = older && first > 0 && total + pieces[first - 1].len + 1 <= most;
        if (older)
            total += pieces[--first].len + 1;
        newer = newer && last + 1 < n && total + pieces[last + 1].len + 1 <= most;
        if (newer)
            total += pieces[++last].len + 1;
    }
    *first_r = first;
    *last_r = last;
}

/* Rows are read after the view, and an entry above the top may have edited one of them by then:
 * when the reader was out already, perhaps (V3). *last_r: p->last, or the newest that is theirs
 * now. */
static enum par_err last_now(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                             const struct page *p, const struct par_entry *entries, size_t n,
                             uint64_t *last_r)
{
    bool edited = false;
    for (size_t i = 0; i < n; i++)
        edited |= entries[i].edited_seq > p->top;
    *last_r = p->last;
    if (!edited || !user)
        return PAR_OK;
    struct par_view view;
    enum par_err err = par_read_view(r, user, conv, &view);
    if (!err && view.last_seq < p->last)
        *last_r = view.last_seq;
    return err;
}

static enum par_err write_page(struct par_reader *r, uint64_t user,
                               const struct par_history_query *q, const struct page *p,
                               struct par_json_out *w)
{
    enum { SLACK = 1024 };
    size_t n = p->from <= p->to ? (size_t)(p->to - p->from + 1) : 0;
    struct par_entry *entries = NULL;
    enum par_err err = PAR_OK;
    if (n && p->to == p->top)
        err = par_read__newest(r, &q->conv, p->from, p->top, &entries);
    else if (n)
        err = par_read__entries(r, &q->conv, p->from, p->to, &entries);
    if (!err && n)
        err = par_read__hide_deleted(r, &q->conv, entries, n);
    uint64_t last_seq = p->last;
    if (!err)
        err = last_now(r, user, &q->conv, p, entries, n, &last_seq);
    if (err)
        return err;
    par_read__hide_later(entries, n, last_seq);
    struct par_buf scratch = {0};
    struct piece *pieces = par_arena_alloc(r->arena, n * sizeof *pieces + 1);
    if (!pieces)
        return par_read__no_memory(r);
    for (size_t i = 0; i < n; i++) {
        if (PAR_MUTANT(V1_NAIVE_PAGE) && entries[i].kind == PAR_ENTRY_NONE)
            continue;
        struct par_json_out one = par_json_out(&scratch);
        unsigned show = (user && entries[i].sender == user ? PAR_ENTRY_SHOW_CMID : 0) |
                        (q->rest ? PAR_ENTRY_SHOW_MESSAGE_ID : 0);
        pieces[i].at = scratch.len;
        par_json_entry(&one, &entries[i], show);
        pieces[i].len = scratch.len - pieces[i].at;
    }
    size_t first = 1, last = 0;
    if (n && !scratch.failed)
        fit(p, pieces, n, r->page_bytes - SLACK, &first, &last);
    bool any = first <= last;
    bool descending = q->rest && !p->forward;
    par_json_key(w, q->rest ? "messages" : "entries");
    par_json_open_array(w);
    for (size_t i = first; any && i <= last; i++) {
        const struct piece *piece = &pieces[descending ? last - (i - first) : i];
        par_json_raw(w, par_str_of(scratch.data + piece->at, piece->len));
    }
    par_json_close_array(w);
    uint64_t oldest = any ? p->from + first : 0, newest = any ? p->from + last : 0;
    if (!q->rest) {
        par_json_key_int(w, "first_seq", (int64_t)p->low);
        par_json_key_int(w, "last_seq", (int64_t)(p->high >= p->low ? p->high : 0));
    }
    bool more = p->forward ? (any ? newest < p->high : p->from <= p->high) : any && oldest > p->low;
    par_json_key_bool(w, "more", more);
    if (any && oldest > p->low) {
        char text[24];
        int len = snprintf(text, sizeof text, "%lld", (long long)entries[first].ts);
        par_json_key_str(w, "next_cursor", par_str_of(text, (size_t)len));
    }
    err = scratch.failed ? par_read__no_memory(r) : PAR_OK;
    par_buf_fini(&scratch);
    return err;
}

/* Who is removed in between sees less. One who
 * was let in meanwhile, to what comes from then on, has nothing to see before that entry is there,
 * and may have lost the right to what was theirs before. */
enum par_err par_read__top_and_view(struct par_reader *r, uint64_t user,
                                    const struct par_conv *conv, uint64_t *top_r,
                                    struct par_view *view_r)
{
    for (int tries = 0; tries < 2; tries++) {
        enum par_err err = par_read__top(r, conv, top_r);
        if (!err && user)
            err = par_read_view(r, user, conv, view_r);
        /* Let in, and perhaps taken out again, by what was not there yet. */
        bool later =
            view_r->member ? view_r->first_seq == view_r->joined_seq : view_r->last_seq > *top_r;
        if (err || view_r->first_seq == 1 || view_r->first_seq <= *top_r || !later)
            return err;
    }
    return par_read__unavailable(r);
}

enum par_err par_read_history(struct par_reader *r, uint64_t user,
                              const struct par_history_query *q, struct par_json_out *w)
{
    uint64_t top = 0;
    struct par_view view = {.ever = true, .first_seq = 1, .last_seq = UINT64_MAX};
    enum par_err err = PAR_OK;
    if (user && PAR_MUTANT(V3_ROSTER_FIRST)) {
        err = par_read_view(r, user, &q->conv, &view);
        err = err ? err : par_read__top(r, &q->conv, &top);
    } else {
        err = par_read__top_and_view(r, user, &q->conv, &top, &view);
    }
    if (err)
        return err;
    struct page p = {.top = top,
                     .last = view.last_seq,
                     .low = view.first_seq,
                     .high = top < view.last_seq ? top : view.last_seq,
                     .from = 1};
    if (p.high >= p.low) {
        err = place(r, q, &p);
        if (err)
            return err;
    }
    return write_page(r, user, q, &p, w);
}
