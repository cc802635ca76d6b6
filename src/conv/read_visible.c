/* Who may see whose presence (PROTOCOL.md 3, Visibility). */
#include "conv/read_private.h"

/* One question: may `viewer` see `subject`? */
struct question {
    uint64_t viewer;
    uint64_t subject;
    bool settled; /* the answer is in visible_r */
};

enum { ROWS_EACH = 3 }; /* block, contact, direct conversation */

/* What two users have with each other; groups come after. */
static enum par_err ask_pairs(struct par_reader *r, struct question *questions, size_t n,
                              bool *visible_r)
{
    struct par_read__many rows;
    enum par_err err = par_read__many_init(r, n * ROWS_EACH, &rows);
    for (size_t i = 0; i < n && !err; i++) {
        const struct question *q = &questions[i];
        if (q->settled)
            continue;
        struct par_conv direct = par_conv_direct(q->viewer, q->subject);
        par_read__ask(&rows, PAR_T_BLOCKS, par_key_user_id(q->subject, q->viewer));
        par_read__ask(&rows, PAR_T_CONTACTS, par_key_user_id(q->subject, q->viewer));
        par_read__ask(&rows, PAR_T_CONVERSATIONS, par_key_conv(&direct));
    }
    if (!err)
        err = par_read__many(r, &rows);
    if (err)
        return err;
    const struct par_str *value = rows.value;
    for (size_t i = 0; i < n; i++) {
        if (questions[i].settled)
            continue;
        struct par_conversation conversation;
        bool blocks = value[0].ptr, contact = value[1].ptr;
        bool wrote = value[2].ptr && par_conversation_decode(value[2], &conversation) &&
                     conversation.last_seq > 0;
        visible_r[i] = !blocks && (contact || wrote);
        questions[i].settled = blocks || visible_r[i];
        value += ROWS_EACH;
    }
    return PAR_OK;
}

/* Shared groups of one user, who is the same in all questions, with the others. */
static enum par_err ask_groups(struct par_reader *r, uint64_t user, bool user_views,
                               struct question *questions, size_t n, bool *visible_r)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += !questions[i].settled;
    struct par_user_conv *convs;
    size_t count;
    enum par_err err = open ? par_read__user_convs(r, user, &convs, &count) : PAR_OK;
    for (size_t i = 0; !err && open && i < count; i++) {
        struct par_roster_slot roster;
        struct par_member member;
        if (convs[i].conv.kind != PAR_CONV_GROUP || convs[i].left_seq)
            continue;
        err = par_read__roster(r, &convs[i].conv, &roster);
        if (err || !roster.present || !par_roster_find(&roster, user, &member))
            continue;
        for (size_t j = 0; j < n; j++) {
            uint64_t other = user_views ? questions[j].subject : questions[j].viewer;
            if (questions[j].settled || !par_roster_find(&roster, other, &member))
                continue;
            visible_r[j] = questions[j].settled = true;
            open--;
        }
    }
    return err;
}

/* Shows the user's last seen at all? False also for nobody. */
static enum par_err shows(struct par_reader *r, uint64_t user, bool *shows_r)
{
    *shows_r = false;
    struct par_key key = par_key_user(user);
    struct par_str value;
    struct par_user row;
    int found =
        user ? par_store_get_in(r->store, PAR_T_USERS, par_key_str(&key), r->arena, &value) : 0;
    if (found < 0)
        return par_read__unavailable(r);
    if (found && !par_user_decode(value, &row))
        return par_read__damaged(r);
    *shows_r = found && !row.hide_last_seen && !row.deleted;
    return PAR_OK;
}

static enum par_err decide(struct par_reader *r, uint64_t user, bool user_views,
                           struct question *questions, size_t n, bool *visible_r)
{
    bool shown = false;
    enum par_err err = user_views ? PAR_OK : shows(r, user, &shown);
    for (size_t i = 0; i < n && !err; i++) {
        visible_r[i] = questions[i].viewer == questions[i].subject;
        if (!visible_r[i] && user_views)
            err = shows(r, questions[i].subject, &shown);
        questions[i].settled = visible_r[i] || !shown;
    }
    if (!err)
        err = ask_pairs(r, questions, n, visible_r);
    return err ? err : ask_groups(r, user, user_views, questions, n, visible_r);
}

enum par_err par_read_visible(struct par_reader *r, uint64_t viewer, const uint64_t *users,
                              size_t n, bool *visible_r)
{
    struct question *questions = par_arena_alloc(r->arena, n * sizeof *questions + 1);
    if (!questions)
        return par_read__no_memory(r);
    for (size_t i = 0; i < n; i++)
        questions[i] = (struct question){.viewer = viewer, .subject = users[i]};
    return decide(r, viewer, true, questions, n, visible_r);
}

enum par_err par_read_visible_to(struct par_reader *r, uint64_t user, const uint64_t *viewers,
                                 size_t n, bool *visible_r)
{
    struct question *questions = par_arena_alloc(r->arena, n * sizeof *questions + 1);
    if (!questions)
        return par_read__no_memory(r);
    for (size_t i = 0; i < n; i++)
        questions[i] = (struct question){.viewer = viewers[i], .subject = user};
    return decide(r, user, false, questions, n, visible_r);
}

enum par_err par_read_last_seen(struct par_reader *r, uint64_t user, int64_t *last_seen_r)
{
    *last_seen_r = 0;
    struct par_key key = par_key_user(user);
    struct par_str value;
    int found = par_store_get_in(r->store, PAR_T_LAST_SEEN, par_key_str(&key), r->arena, &value);
    if (found < 0)
        return par_read__unavailable(r);
    if (found) {
        struct par_cursor c = par_cursor(value);
        uint64_t ms;
        if (!par_cursor_u64(&c, &ms))
            return par_read__damaged(r);
        *last_seen_r = (int64_t)ms;
    }
    return PAR_OK;
}
