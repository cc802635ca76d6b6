/* sync: the conversations of a user, newest activity first, that changed. */
#include "conv/read_private.h"

#include "loop/env.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOKEN_INCARNATION = 8 };

/* Where a page ended: rows are in the order of (time, place in the log) of their last entries,
 * descending. */
struct place {
    bool set;
    int64_t ts;
    uint64_t stamp;
    struct par_conv conv;
};

struct sync {
    struct par_reader *r;
    uint64_t user;
    struct par_read__token now; /* read before any row (TAKEOVER.md V7) */
    bool has_since;
    struct par_read__token since;
    struct place after;
};

/* ---- tokens and cursors: the store's incarnation, then positions ---- */

/* The next of the parts between points. False when there is none. */
static bool next_part(struct par_str *text, struct par_str *part_r)
{
    if (!text->ptr)
        return false;
    const char *dot = text->len ? memchr(text->ptr, '.', text->len) : NULL;
    part_r->ptr = text->ptr;
    part_r->len = dot ? (size_t)(dot - text->ptr) : text->len;
    *text = dot ? par_str_of(dot + 1, text->len - part_r->len - 1) : (struct par_str){0};
    return true;
}

static bool next_number(struct par_str *text, uint64_t *v_r)
{
    struct par_str part;
    return next_part(text, &part) && par_str_to_u64(part, v_r);
}

static bool next_incarnation(struct par_reader *r, struct par_str *text)
{
    struct par_str part;
    return next_part(text, &part) &&
           par_str_eq(part, par_str_of(par_store_incarnation(r->store), TOKEN_INCARNATION));
}

static bool parse_since(struct sync *s, struct par_str text)
{
    s->has_since = true;
    return next_incarnation(s->r, &text) && text.ptr &&
           par_read__token_parse(s->r, text, &s->now, &s->since);
}

static bool parse_cursor(struct sync *s, struct par_str text)
{
    uint64_t has_since, ts, stamp;
    struct par_str hex, now, since;
    struct par_read__token first;
    if (!next_incarnation(s->r, &text) || !next_part(&text, &now) ||
        !next_number(&text, &has_since) || !next_part(&text, &since) || !next_number(&text, &ts) ||
        !next_number(&text, &stamp) || !next_part(&text, &hex) || text.ptr)
        return false;
    if (has_since > 1 || ts > INT64_MAX || hex.len != 2 * PAR_CONV_BYTES ||
        !par_read__token_parse(s->r, now, &s->now, &first) ||
        (has_since && !par_read__token_parse(s->r, since, &s->now, &s->since)))
        return false;
    uint8_t *bytes = (uint8_t *)&s->after.conv;
    for (size_t i = 0; i < PAR_CONV_BYTES; i++) {
        unsigned byte;
        char two[3] = {hex.ptr[2 * i], hex.ptr[2 * i + 1], 0};
        if (sscanf(two, "%2x", &byte) != 1)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    /* All pages are as of the first one's position. */
    s->now = first;
    s->has_since = has_since;
    s->after.set = true;
    s->after.ts = (int64_t)ts;
    s->after.stamp = stamp;
    return true;
}

static void write_cursor(const struct sync *s, const struct par_read__candidate *last,
                         struct par_json_out *w)
{
    char text[512], now[PAR_READ_TOKEN_MAX], since[PAR_READ_TOKEN_MAX] = "0";
    size_t now_len = par_read__token_list(&s->now, now);
    size_t since_len = s->has_since ? par_read__token_list(&s->since, since) : 1;
    int n =
        snprintf(text, sizeof text, "%.*s.%.*s.%d.%.*s.%" PRId64 ".%" PRIu64 ".", TOKEN_INCARNATION,
                 par_store_incarnation(s->r->store), (int)now_len, now, s->has_since,
                 (int)since_len, since, last->conversation.last_ts, last->conversation.last_stamp);
    const uint8_t *bytes = (const uint8_t *)&last->own->conv;
    for (size_t i = 0; i < PAR_CONV_BYTES; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%02x", bytes[i]);
    par_json_key_str(w, "cursor", par_str_of(text, (size_t)n));
}

/* ---- which conversations ---- */

/* A display name belongs to the rows of those who see it. */
static bool other_changed(struct sync *s, const struct par_conv *conv)
{
    uint64_t other = par_conv_other(conv, s->user);
    struct par_key key = par_key_user(other);
    struct par_str value;
    struct par_user user;
    return other &&
           par_store_get_in(s->r->store, PAR_T_USERS, par_key_str(&key), s->r->arena, &value) ==
               1 &&
           par_user_decode(value, &user) && user.changed &&
           par_read__token_changed(&s->since, 0, user.changed);
}

/* By time, then by place in the log (of one partition), then by id: <0, 0, >0. */
static int compare(int64_t ts_a, uint64_t stamp_a, const struct par_conv *a, int64_t ts_b,
                   uint64_t stamp_b, const struct par_conv *b)
{
    if (ts_a != ts_b)
        return ts_a < ts_b ? -1 : 1;
    if (stamp_a != stamp_b)
        return stamp_a < stamp_b ? -1 : 1;
    return memcmp(a, b, PAR_CONV_BYTES);
}

static bool changed(const struct sync *s, const struct par_conversation *row, uint64_t stamp)
{
    uint32_t generation = par_stamp_generation(row->changed), of = par_stamp_generation(stamp);
    uint32_t number = row->partition;
    if (of < generation)
        number >>= generation - of;
    return par_read__token_changed(&s->since, number, stamp);
}

static bool wanted(struct sync *s, const struct par_read__candidate *c,
                   const struct par_mark_refs *have)
{
    const struct par_conversation *row = &c->conversation;
    if (row->last_seq == 0)
        return false;
    if (s->after.set && compare(row->last_ts, row->last_stamp, &row->conv, s->after.ts,
                                s->after.stamp, &s->after.conv) >= 0)
        return false;
    for (uint32_t i = 0; have && i < have->count; i++) {
        if (!have->marks[i].conv.err && par_conv_eq(&have->marks[i].conv.conv, &row->conv) &&
            (uint64_t)have->marks[i].seq == row->last_seq)
            return false;
    }
    /* A stamp of an older generation was given where the partition grew out of. */
    return !s->has_since || changed(s, row, row->changed) || changed(s, row, c->own->stamp) ||
           other_changed(s, &row->conv);
}

static int newest_first(const void *a, const void *b)
{
    const struct par_conversation *x = &((const struct par_read__candidate *)a)->conversation;
    const struct par_conversation *y = &((const struct par_read__candidate *)b)->conversation;
    return compare(y->last_ts, y->last_stamp, &y->conv, x->last_ts, x->last_stamp, &x->conv);
}

/* ---- a row ---- */

static enum par_err direct_others(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                                  struct par_conv_row *row)
{
    uint64_t other = par_conv_other(conv, user);
    struct par_key key = par_key_user(other);
    struct par_str value;
    struct par_user profile;
    int found = par_store_get_in(r->store, PAR_T_USERS, par_key_str(&key), r->arena, &value);
    if (found < 0)
        return par_read__unavailable(r);
    if (found && !par_user_decode(value, &profile))
        return par_read__damaged(r);
    row->name = found && profile.display_name.ptr ? profile.display_name : PAR_STR("");
    row->member_count = PAR_READ_DIRECT_MEMBERS;
    return PAR_OK;
}

/* The least of the other current members' marks; of nobody, 0. */
static void least_of_others(const struct par_read__mark *marks, size_t n,
                            const struct par_roster_slot *roster, uint64_t user,
                            struct par_conv_row *row)
{
    uint64_t delivered = UINT64_MAX, read = UINT64_MAX;
    if (row->conv.kind == PAR_CONV_DIRECT) {
        struct par_mark mark = par_read__mark_of(marks, n, par_conv_other(&row->conv, user), 1);
        delivered = mark.delivered;
        read = mark.shown_read;
    }
    for (size_t i = 0; row->conv.kind == PAR_CONV_GROUP && i < par_roster_count(roster); i++) {
        struct par_member member = par_roster_member(roster, i);
        if (member.user == user)
            continue;
        struct par_mark mark = par_read__mark_of(marks, n, member.user, member.joined_seq);
        delivered = mark.delivered < delivered ? mark.delivered : delivered;
        read = mark.shown_read < read ? mark.shown_read : read;
    }
    /* V5: marks may be ahead of the conversation's row. */
    uint64_t most = PAR_MUTANT(V5_MARKS_UNCUT) ? UINT64_MAX - 1 : row->last_seq;
    row->others_delivered = delivered == UINT64_MAX ? 0 : delivered < most ? delivered : most;
    row->others_read = read == UINT64_MAX ? 0 : read < most ? read : most;
}

/* The user was let in, to what comes from then on, by a command of which the roster was read and
 * the rest was not yet there: as it was before, or, once their own row tells of it, as it is now.
 */
static enum par_err look_again(struct par_reader *r, const struct par_user_conv *own,
                               const struct par_conv *conv, struct par_entry **last_r,
                               struct par_view *view_r)
{
    if (own->left_seq) {
        *view_r = (struct par_view){
            .ever = true, .first_seq = own->joined_seq, .last_seq = own->left_seq};
        return (*last_r)->seq > own->left_seq ? par_read__last(r, conv, own->left_seq, last_r)
                                              : PAR_OK;
    }
    struct par_conversation now;
    enum par_err err = par_read__conversation(r, conv, &now);
    /* They may have been taken out again. */
    if (!err)
        err = par_read__last(
            r, conv, now.last_seq < view_r->last_seq ? now.last_seq : view_r->last_seq, last_r);
    if (!err && (!*last_r || (*last_r)->seq < view_r->first_seq))
        err = par_read__unavailable(r);
    return err;
}

/* The newest entry that the user may see, and what the user may see now (V3: in this order). */
static enum par_err last_and_view(struct par_reader *r, uint64_t user,
                                  const struct par_user_conv *own,
                                  const struct par_conversation *conversation,
                                  struct par_entry **last_r, struct par_view *view_r)
{
    const struct par_conv *conv = &conversation->conv;
    /* V5: the conversation's row may be ahead of what is there. */
    enum par_err err = par_read__last(r, conv, conversation->last_seq, last_r);
    if (!err && !*last_r)
        err = PAR_E_NOT_FOUND;
    if (!err)
        err = par_read_view(r, user, conv, view_r);
    /* Taken out meanwhile. */
    if (!err && (*last_r)->seq > view_r->last_seq)
        err = par_read__last(r, conv, view_r->last_seq, last_r);
    if (!err && *last_r && (*last_r)->seq < view_r->first_seq)
        err = look_again(r, own, conv, last_r, view_r);
    if (!err && !*last_r)
        err = PAR_E_NOT_FOUND;
    err = err ? err : par_read__hide_deleted(r, conv, *last_r, 1);
    if (!err)
        par_read__hide_later(*last_r, 1, view_r->last_seq);
    return err;
}

enum par_err par_read__conv_row(struct par_reader *r, uint64_t user,
                                const struct par_user_conv *own,
                                const struct par_conversation *conversation,
                                struct par_conv_row *row_r)
{
    struct par_conv_row *row = row_r;
    const struct par_conv *conv = &conversation->conv;
    *row = (struct par_conv_row){.conv = *conv,
                                 .name = conversation->name,
                                 .last_seq = conversation->last_seq,
                                 .member_count = conversation->member_count,
                                 .muted_until = own->muted_until,
                                 .archived = own->archived,
                                 .pinned = own->pinned,
                                 .marked_unread = own->marked_unread,
                                 .draft = own->draft};
    struct par_entry *last;
    struct par_roster_slot roster = {0};
    struct par_view view;
    struct par_read__mark *marks;
    size_t mark_count;
    enum par_err err = last_and_view(r, user, own, conversation, &last, &view);
    if (!err && conv->kind == PAR_CONV_GROUP)
        err = par_read__roster(r, conv, &roster);
    if (!err)
        err = par_read__marks(r, conv, &marks, &mark_count);
    if (!err && conv->kind == PAR_CONV_DIRECT)
        err = direct_others(r, user, conv, row);
    if (err)
        return err;
    row->member = view.member;
    if (roster.present && view.member) {
        row->name = roster.name.ptr ? roster.name : row->name;
        row->member_count = (uint32_t)par_roster_count(&roster);
    }
    if (!view.member && own->left_seq) {
        row->name = own->left_name.ptr ? own->left_name : PAR_STR("");
        row->member_count = own->left_members;
    }
    row->last_seq = last->seq;
    row->last_entry = last;
    row->last_entry_own = last->sender == user;
    struct par_mark mine = par_read__mark_of(marks, mark_count, user, own->joined_seq);
    uint64_t most = row->last_seq;
    row->delivered = mine.delivered < most ? mine.delivered : most;
    row->read = mine.read < most ? mine.read : most;
    least_of_others(marks, mark_count, &roster, user, row);
    struct par_conversation told = *conversation;
    told.last_seq = row->last_seq;
    return par_read_unread(r, user, &view, &told, mine.read, &row->unread);
}

/* ---- the answer ---- */

static enum par_err write_rows(struct sync *s, const struct par_read__candidate *rows, size_t n,
                               uint32_t limit, bool rest, struct par_json_out *w)
{
    enum { SLACK = 4096 };
    size_t begin = w->buf->len, i;
    enum par_err err = PAR_OK;
    struct par_buf one = {0};
    par_json_key(w, "conversations");
    par_json_open_array(w);
    for (i = 0; i < n && i < limit && !err; i++) {
        struct par_conv_row row;
        par_buf_clear(&one);
        err = par_read__conv_row(s->r, s->user, rows[i].own, &rows[i].conversation, &row);
        if (err == PAR_E_NOT_FOUND) {
            /* Its first entry is still on its way, with a stamp above the token. */
            err = PAR_OK;
            continue;
        }
        /* The user's row and the roster are of one batch, and one of them has not landed. */
        if (err == PAR_E_NOT_MEMBER)
            err = par_read__unavailable(s->r);
        if (err)
            break;
        struct par_json_out scratch = par_json_out(&one);
        par_json_conv_row(&scratch, &row);
        if (i > 0 && w->buf->len - begin + one.len + SLACK > s->r->page_bytes)
            break;
        par_json_raw(w, par_buf_str(&one));
    }
    par_json_close_array(w);
    par_buf_fini(&one);
    if (!err && i < n && i > 0)
        write_cursor(s, &rows[i - 1], w);
    if (!rest)
        par_read__token_write(s->r, &s->now, w);
    return err;
}

enum par_err par_read_sync(struct par_reader *r, uint64_t user, const struct par_sync_query *q,
                           struct par_json_out *w)
{
    struct sync s = {.r = r, .user = user};
    enum par_err err = par_read__token_now(r, &s.now);
    if (err)
        return err;
    if (q->since.ptr && !parse_since(&s, q->since)) {
        r->message = "since: not a sync_token of this store";
        return PAR_E_BAD_REQUEST;
    }
    if (q->cursor.ptr && !parse_cursor(&s, q->cursor)) {
        r->message = "cursor: not one that this store gave";
        return PAR_E_BAD_REQUEST;
    }
    struct par_user_conv *own;
    size_t n, kept = 0;
    err = par_read__user_convs(r, user, &own, &n);
    if (err)
        return err;
    struct par_read__candidate *candidates = par_arena_alloc(r->arena, n * sizeof *candidates + 1);
    if (!candidates)
        return par_read__no_memory(r);
    err = par_read__candidates(r, own, n, candidates);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        if (wanted(&s, &candidates[i], q->have))
            candidates[kept++] = candidates[i];
    }
    qsort(candidates, kept, sizeof *candidates, newest_first);
    if (PAR_MUTANT(V7_TOKEN_LATE) && !q->cursor.ptr && (err = par_read__token_now(r, &s.now)))
        return err;
    return write_rows(&s, candidates, kept, q->limit, q->rest, w);
}

enum par_err par_read_conversation(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                                   struct par_json_out *w)
{
    struct par_view view;
    struct par_key key = par_key_user_conv(user, conv);
    struct par_str value;
    struct par_user_conv own = {0};
    enum par_err err = par_read_view(r, user, conv, &view);
    if (err)
        return err;
    int found = par_store_get_in(r->store, PAR_T_USER_CONVS, par_key_str(&key), r->arena, &value);
    if (found < 0)
        return par_read__unavailable(r);
    if (found && !par_user_conv_decode(value, &own))
        return par_read__damaged(r);
    own.conv = *conv;
    struct par_read__candidate candidate;
    err = par_read__candidates(r, &own, 1, &candidate);
    if (err)
        return err;
    if (candidate.conversation.last_seq == 0) {
        r->message = "nothing was written there yet";
        return PAR_E_NOT_FOUND;
    }
    struct par_conv_row row;
    err = par_read__conv_row(r, user, &own, &candidate.conversation, &row);
    if (err)
        return err;
    par_json_conv_row_members(w, &row);
    return PAR_OK;
}
