/* Verify: one conversation. Its entries are read once, the newest first. */
#include "store/verify_private.h"

#include "base/map.h"
#include "base/rules.h"
#include "loop/env.h"

#include <inttypes.h>
#include <stdlib.h>

/* An entry that points at an older one which has not been seen yet. */
struct pending {
    struct par_map_node node;
    uint64_t target;
    uint64_t edited, deleted; /* the newest of each kind that points there */
};

struct walk {
    struct par_verify *v;
    const struct par_conversation *row;
    const struct par_conv *conv;
    struct par_map pending;
    uint64_t expected; /* the next seq; 0: all were seen */
    struct par_entry above;
    bool broken; /* a hole was found: what follows from it is not told again */
    /* By rows: the newest commands may have landed in part. The row, the roster and what was done
     * to older entries may lack it, and above `dense` an entry may be missing (TAKEOVER.md V1). */
    bool loose;
    uint64_t dense, newest;
};

static bool pending_is(const struct par_map_node *node, const void *key, size_t len)
{
    (void)len;
    return PAR_CONTAINER(node, struct pending, node)->target == *(const uint64_t *)key;
}

static struct pending *pending_of(struct walk *w, uint64_t target, bool make)
{
    struct par_map_node *node = par_map_find_u64(&w->pending, target);
    if (node != NULL)
        return PAR_CONTAINER(node, struct pending, node);
    struct pending *p = make ? calloc(1, sizeof *p) : NULL;
    if (p == NULL)
        return NULL;
    p->target = target;
    if (par_map_insert_u64(&w->pending, &p->node, target))
        return p;
    free(p);
    return NULL;
}

#define BAD(w, e, fmt, ...)                                                                        \
    par_verify__violation((w)->v, (w)->conv, "entry %" PRIu64 ": " fmt, (e)->seq, ##__VA_ARGS__)

/* What an entry says about another one, and what others have said about it. */
static void check_targets(struct walk *w, const struct par_entry *e)
{
    bool points = e->kind == PAR_ENTRY_EDITED || e->kind == PAR_ENTRY_DELETED ||
                  e->kind == PAR_ENTRY_REACTION;
    if (points && (e->target == 0 || e->target >= e->seq)) {
        BAD(w, e, "its target %" PRIu64 " is no earlier entry", e->target);
    } else if (points) {
        struct pending *p = pending_of(w, e->target, true);
        if (p == NULL)
            w->v->err = PAR_E_UNAVAILABLE;
        else if (e->kind == PAR_ENTRY_EDITED && p->edited == 0)
            p->edited = e->seq;
        else if (e->kind == PAR_ENTRY_DELETED)
            p->deleted = e->seq;
    }
    struct pending *p = pending_of(w, e->seq, false);
    /* N2: by an entry that is still on its way. */
    bool ahead = w->v->by_rows && (e->edited_seq > w->newest || e->deleted_seq > w->newest);
    if (e->kind == PAR_ENTRY_TEXT && !w->loose && !ahead) {
        if (e->edited_seq != (p ? p->edited : 0))
            BAD(w, e, "edited_seq is %" PRIu64 ", the newest edit of it %" PRIu64, e->edited_seq,
                p ? p->edited : 0);
        if (e->deleted_seq != (p ? p->deleted : 0))
            BAD(w, e, "deleted_seq is %" PRIu64 ", the delete of it %" PRIu64, e->deleted_seq,
                p ? p->deleted : 0);
        if (e->deleted_seq != 0 && e->text.len > 0)
            BAD(w, e, "was deleted and holds text");
        if (e->deleted_seq == 0 && e->text.len == 0)
            BAD(w, e, "a text without text");
    } else if (p != NULL && (p->edited || p->deleted) && e->kind != PAR_ENTRY_TEXT &&
               e->kind != PAR_ENTRY_VOID) {
        BAD(w, e, "is the target of a change and no text");
    }
    if (p != NULL) {
        par_map_remove(&w->pending, &p->node);
        free(p);
    }
}

/* Density and order, against the entry above. */
static void check_order(struct walk *w, const struct par_entry *e)
{
    const struct par_entry *above = &w->above;
    bool may_miss = w->loose && e->seq >= w->dense;
    if (e->seq != w->expected && !w->broken && !may_miss) {
        if (e->seq > w->row->last_seq)
            BAD(w, e, "lies above last_seq %" PRIu64, w->row->last_seq);
        else
            BAD(w, e, "entries %" PRIu64 " … %" PRIu64 " are missing", e->seq + 1, w->expected);
        w->broken = true;
    }
    w->expected = e->seq - 1;
    if (e->kind == PAR_ENTRY_NONE || e->kind >= PAR_ENTRY_COUNT)
        BAD(w, e, "its kind %u is unknown", e->kind);
    if (above->seq == 0 && w->loose)
        return;
    if (above->seq == 0) {
        if (e->ts != w->row->last_ts)
            BAD(w, e, "its ts %" PRId64 " is not last_ts %" PRId64, e->ts, w->row->last_ts);
        if (e->stamp != w->row->last_stamp)
            BAD(w, e, "its stamp is not last_stamp");
        if (e->text_no != w->row->text_count)
            BAD(w, e, "its text_no %" PRIu64 " is not text_count %" PRIu64, e->text_no,
                w->row->text_count);
        return;
    }
    if (above->seq != e->seq + 1)
        return;
    if (above->ts <= e->ts)
        BAD(w, above, "its ts %" PRId64 " is not above %" PRId64 " before it", above->ts, e->ts);
    if (above->stamp < e->stamp)
        BAD(w, above, "its stamp lies below that of the entry before it");
    if (above->text_no != e->text_no + (above->kind == PAR_ENTRY_TEXT))
        BAD(w, above, "its text_no %" PRIu64 " does not follow %" PRIu64, above->text_no,
            e->text_no);
}

/* The cmid of each entry of a page is in the index, with the same seq, stamp and ts. */
static void check_cmids(struct walk *w, const struct par_store_row *rows)
{
    struct par_store_key keys[PAR_VERIFY_PAGE];
    static _Thread_local struct par_key bytes[PAR_VERIFY_PAGE];
    struct par_entry entries[PAR_VERIFY_PAGE];
    struct par_str values[PAR_VERIFY_PAGE];
    struct par_arena arena = {0};
    struct par_conv conv;
    size_t n = 0;
    for (; rows != NULL && n < PAR_VERIFY_PAGE; rows = rows->next) {
        struct par_entry *e = &entries[n];
        if (!par_entry_decode(rows->value, e) || e->cmid.len == 0 ||
            e->cmid.len > PAR_KEY_CMID_MAX || !par_key_parse_entry(rows->key, &conv, &e->seq))
            continue;
        bytes[n] = par_key_cmid(w->conv, e->sender, e->cmid);
        keys[n] = (struct par_store_key){PAR_T_CMIDS, par_key_str(&bytes[n])};
        n++;
    }
    if (n == 0)
        return;
    if (par_store_multi_get(w->v->store, n, keys, &arena, values) != PAR_OK)
        w->v->err = PAR_E_UNAVAILABLE;
    for (size_t i = 0; i < n && w->v->err == PAR_OK; i++) {
        struct par_cmid row;
        const struct par_entry *e = &entries[i];
        if (par_verify__unfinished(w->v, w->conv, e->stamp))
            continue;
        if (values[i].ptr == NULL)
            BAD(w, e, "its cmid is not in the index");
        else if (!par_cmid_decode(values[i], &row))
            BAD(w, e, "the row of its cmid cannot be read");
        else if (row.seq != e->seq || row.stamp != e->stamp || row.ts != e->ts)
            BAD(w, e, "the index says seq %" PRIu64 ", ts %" PRId64 " for its cmid", row.seq,
                row.ts);
    }
    par_arena_fini(&arena);
}

static void check_entry(struct walk *w, const struct par_store_row *row)
{
    struct par_entry e;
    struct par_conv conv;
    uint64_t seq;
    if (!par_key_parse_entry(row->key, &conv, &seq)) {
        par_verify__row(w->v, PAR_T_ENTRIES, row->key, "the key names no entry");
        return;
    }
    bool readable = par_entry_decode(row->value, &e);
    e.seq = seq;
    w->v->counts.entries++;
    if (!readable) {
        BAD(w, &e, "cannot be read");
        w->broken = true;
        w->expected = seq - 1;
        return;
    }
    w->v->counts.texts += e.kind == PAR_ENTRY_TEXT;
    if (e.stamp > w->v->max_stamp)
        w->v->max_stamp = e.stamp;
    check_order(w, &e);
    check_targets(w, &e);
    if (seq == 1 && e.text_no != (e.kind == PAR_ENTRY_TEXT))
        BAD(w, &e, "its text_no is %" PRIu64, e.text_no);
    w->above = e;
    w->above.cmid = w->above.text = w->above.users = (struct par_str){0};
}

static void check_entries(struct walk *w, uint64_t floor)
{
    struct par_key prefix = par_key_conv(w->conv);
    struct par_pages p =
        par_pages_prefix(w->v->store, PAR_T_ENTRIES, par_key_str(&prefix), PAR_VERIFY_PAGE);
    w->expected = w->row->last_seq;
    while (w->v->err == PAR_OK && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; row != NULL; row = row->next)
            check_entry(w, row);
        check_cmids(w, p.rows);
    }
    if (p.err != PAR_OK)
        w->v->err = p.err;
    par_pages_fini(&p);
    /* Retention removes what lies below the floor, and the targets there with it. */
    if (w->expected >= (floor > 0 ? floor : 1) && !w->broken && !(w->loose && w->dense == 0))
        par_verify__violation(w->v, w->conv, "entries 1 … %" PRIu64 " are missing", w->expected);
    struct par_map_iter it;
    for (struct par_map_node *n = par_map_first(&w->pending, &it); n;
         n = par_map_next(&w->pending, &it)) {
        struct pending *left = PAR_CONTAINER(n, struct pending, node);
        if (left->target >= floor && !w->broken && !w->loose)
            par_verify__violation(w->v, w->conv, "entry %" PRIu64 " is a target and missing",
                                  left->target);
        par_map_remove(&w->pending, n);
        free(left);
    }
}

static void check_marks(struct walk *w)
{
    struct par_key prefix = par_key_conv(w->conv);
    struct par_pages p =
        par_pages_prefix(w->v->store, PAR_T_MARKS, par_key_str(&prefix), PAR_VERIFY_PAGE);
    while (w->v->err == PAR_OK && par_pages_next(&p)) {
        for (const struct par_store_row *row = p.rows; row != NULL; row = row->next) {
            struct par_conv conv;
            struct par_mark m;
            uint64_t user;
            w->v->counts.marks++;
            if (!par_key_parse_mark(row->key, &conv, &user) || !par_mark_decode(row->value, &m)) {
                par_verify__row(w->v, PAR_T_MARKS, row->key, "the row cannot be read");
                continue;
            }
            if (m.delivered > w->row->last_seq && !par_verify__unfinished(w->v, w->conv, m.stamp))
                par_verify__violation(w->v, w->conv,
                                      "user %" PRIu64 ": delivered %" PRIu64
                                      " lies above last_seq %" PRIu64,
                                      user, m.delivered, w->row->last_seq);
            if (m.read > m.delivered || m.shown_read > m.read)
                par_verify__violation(w->v, w->conv,
                                      "user %" PRIu64 ": shown %" PRIu64 " <= read %" PRIu64
                                      " <= delivered %" PRIu64 " does not hold",
                                      user, m.shown_read, m.read, m.delivered);
        }
    }
    if (p.err != PAR_OK)
        w->v->err = p.err;
    par_pages_fini(&p);
}

/* A member has the conversation in the own list, as one who is in. */
static void check_member(struct walk *w, uint64_t user, uint64_t joined_seq)
{
    struct par_key key = par_key_user_conv(user, w->conv);
    struct par_buf value = {0};
    struct par_user_conv row;
    int found = par_store_get(w->v->store, PAR_T_USER_CONVS, par_key_str(&key), &value);
    w->v->counts.members++;
    if (found < 0)
        w->v->err = PAR_E_UNAVAILABLE;
    else if (found == 0)
        par_verify__violation(w->v, w->conv, "member %" PRIu64 " does not have it in the list",
                              user);
    else if (!par_user_conv_decode(par_buf_str(&value), &row))
        par_verify__violation(w->v, w->conv, "the list of member %" PRIu64 " cannot be read", user);
    else if (par_verify__unfinished(w->v, w->conv, row.stamp))
        ; /* of a change of which the roster is still on its way */
    else if (row.left_seq != 0)
        par_verify__violation(w->v, w->conv, "member %" PRIu64 " has left it at %" PRIu64, user,
                              row.left_seq);
    else if (joined_seq != 0 && row.joined_seq != joined_seq)
        par_verify__violation(w->v, w->conv,
                              "member %" PRIu64 " joined at %" PRIu64 ", in the list at %" PRIu64,
                              user, joined_seq, row.joined_seq);
    par_buf_fini(&value);
}

static void check_roster(struct walk *w, const struct par_roster *roster)
{
    size_t n = par_roster_count(&roster->now);
    if (roster->now.present && roster->before.present && roster->before.stamp >= roster->now.stamp)
        par_verify__violation(w->v, w->conv, "the two slots of its roster are in the wrong order");
    if (w->loose)
        return;
    if (roster->now.seq > w->row->last_seq)
        par_verify__violation(w->v, w->conv, "its roster is of entry %" PRIu64 ", above last_seq",
                              roster->now.seq);
    if (w->conv->kind == PAR_CONV_DIRECT) {
        uint64_t a, b;
        par_conv_users(w->conv, &a, &b);
        if (w->row->last_seq > 0) {
            check_member(w, a, 0);
            check_member(w, b, 0);
        }
        return;
    }
    if (!roster->now.present)
        par_verify__violation(w->v, w->conv, "it has no roster");
    if (n != w->row->member_count)
        par_verify__violation(w->v, w->conv, "%zu members, member_count is %u", n,
                              w->row->member_count);
    for (size_t i = 0; i < n && w->v->err == PAR_OK; i++) {
        struct par_member m = par_roster_member(&roster->now, i);
        if (m.role == PAR_ROLE_NONE || m.role >= PAR_ROLE_COUNT)
            par_verify__violation(w->v, w->conv, "member %" PRIu64 " has no role", m.user);
        check_member(w, m.user, m.joined_seq);
    }
}

/* Are there rows of commands that are not finished? */
static void find_loose(struct walk *w, const struct par_roster *roster)
{
    struct par_key from = par_key_conv(w->conv), to = par_key_after(par_key_str(&from));
    struct par_arena arena = {0};
    struct par_store_row *row = NULL;
    struct par_entry e = {0};
    struct par_conv conv;
    if (!w->v->by_rows)
        return;
    if (par_store_scan_in(w->v->store, PAR_T_ENTRIES, par_key_str(&from), par_key_str(&to), 1, 0,
                          &arena, &row, NULL) != PAR_OK)
        w->v->err = PAR_E_UNAVAILABLE;
    else if (row != NULL && par_entry_decode(row->value, &e))
        (void)par_key_parse_entry(row->key, &conv, &e.seq);
    w->loose = par_verify__unfinished(w->v, w->conv, w->row->changed) ||
               par_verify__unfinished(w->v, w->conv, e.stamp) ||
               (roster->now.present && par_verify__unfinished(w->v, w->conv, roster->now.stamp));
    uint64_t newest = e.seq > w->row->last_seq ? e.seq : w->row->last_seq;
    w->newest = newest;
    w->dense = newest > par_rules.window ? newest - par_rules.window : 0;
    par_arena_fini(&arena);
}

void par_verify__conversation(struct par_verify *v, const struct par_conversation *row)
{
    struct walk w = {.v = v, .row = row, .conv = &row->conv};
    struct par_roster roster = {0};
    struct par_arena arena = {0};
    struct par_str value;
    uint64_t seed[2] = {par_random_u64(), par_random_u64()};
    struct par_key key = par_key_conv(&row->conv);
    v->counts.conversations++;
    par_map_init(&w.pending, seed, pending_is);
    int found = par_store_get_in(v->store, PAR_T_ROSTERS, par_key_str(&key), &arena, &value);
    if (found < 0)
        v->err = PAR_E_UNAVAILABLE;
    else if (found == 1 && !par_roster_decode(value, &roster))
        par_verify__violation(v, &row->conv, "its roster cannot be read");
    if (row->last_seq == 0)
        par_verify__violation(v, &row->conv, "it has no entry");
    find_loose(&w, &roster);
    if (v->err == PAR_OK)
        check_entries(&w, roster.now.floor);
    if (v->err == PAR_OK)
        check_marks(&w);
    if (v->err == PAR_OK)
        check_roster(&w, &roster);
    par_map_fini(&w.pending);
    par_arena_fini(&arena);
}
