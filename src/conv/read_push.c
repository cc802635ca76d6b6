/* What a push says, and whether it is still worth sending. */
#include "conv/read_private.h"
#include "parley/push.h"

enum { ASKED = 6, TOGETHER = 128 /* conversations whose rows are read in one call */ };

static bool decode_all(const struct par_str values[ASKED], struct par_user_conv *own,
                       struct par_mark *mark, struct par_entry *entry, struct par_user *sender,
                       struct par_user *user, struct par_conversation *conversation)
{
    return (!values[0].ptr || par_user_conv_decode(values[0], own)) &&
           (!values[1].ptr || par_mark_decode(values[1], mark)) &&
           (!values[2].ptr || par_entry_decode(values[2], entry)) &&
           (!values[3].ptr || par_user_decode(values[3], sender)) &&
           (!values[4].ptr || par_user_decode(values[4], user)) &&
           (!values[5].ptr || par_conversation_decode(values[5], conversation));
}

enum par_err par_read_push(struct par_reader *r, const struct par_push_job *job, int64_t now_ms,
                           struct par_push_view *view_r)
{
    const struct par_conv *conv = &job->conv;
    struct par_key keys[ASKED] = {par_key_user_conv(job->user, conv),
                                  par_key_mark(conv, job->user),
                                  par_key_entry(conv, job->seq),
                                  par_key_user(job->from),
                                  par_key_user(job->user),
                                  par_key_conv(conv)};
    static const enum par_table tables[ASKED] = {PAR_T_USER_CONVS, PAR_T_MARKS,
                                                 PAR_T_ENTRIES,    PAR_T_USERS,
                                                 PAR_T_USERS,      PAR_T_CONVERSATIONS};
    struct par_store_key asked[ASKED];
    struct par_str values[ASKED];
    struct par_user_conv own = {0};
    struct par_mark mark = {0};
    struct par_entry entry = {0};
    struct par_user sender = {0}, user = {0};
    struct par_conversation conversation = {0};
    *view_r = (struct par_push_view){0};
    for (size_t i = 0; i < ASKED; i++)
        asked[i] = (struct par_store_key){tables[i], par_key_str(&keys[i])};
    if (par_store_multi_get(r->store, ASKED, asked, r->arena, values))
        return par_read__unavailable(r);
    if (!decode_all(values, &own, &mark, &entry, &sender, &user, &conversation))
        return par_read__damaged(r);
    bool group = conv->kind == PAR_CONV_GROUP;
    bool left = own.left_seq && own.left_seq <= job->seq;
    view_r->gone = !values[0].ptr || left || !values[2].ptr || entry.deleted_seq ||
                   !values[4].ptr || user.disabled || user.deleted;
    view_r->muted = own.muted_until > now_ms;
    view_r->read = mark.read >= job->seq;
    view_r->sender = sender.display_name.ptr ? sender.display_name : sender.name;
    if (group)
        view_r->group = conversation.name.ptr ? conversation.name : PAR_STR("");
    /* A job that stands for what was missed may be one of either kind. */
    view_r->added = entry.kind != PAR_ENTRY_TEXT;
    if (!view_r->added)
        view_r->text = entry.text;
    return PAR_OK;
}

/* Does the user count what is unread there? */
static bool counts(const struct par_user_conv *own, int64_t now_ms)
{
    return !own->left_seq && !own->archived && own->muted_until <= now_ms;
}

/* By the rows of the conversation and of the user's mark. */
static enum par_err unread_of(struct par_reader *r, const struct par_user_conv *own,
                              struct par_str conversation, struct par_str marked, bool *unread_r)
{
    struct par_view view;
    struct par_conversation row = {0};
    struct par_mark mark = {.read = own->joined_seq ? own->joined_seq - 1 : 0};
    uint32_t count = 0;
    *unread_r = false;
    if ((conversation.ptr && !par_conversation_decode(conversation, &row)) ||
        (marked.ptr && !par_mark_decode(marked, &mark)))
        return par_read__damaged(r);
    row.conv = own->conv;
    if (mark.read >= row.last_seq)
        return PAR_OK;
    enum par_err err = par_read_view(r, own->user, &own->conv, &view);
    if (!err)
        err = par_read_unread(r, own->user, &view, &row, mark.read, &count);
    *unread_r = count > 0;
    return err;
}

/* Adds to the badge what is unread in some conversations, whose rows are read in one call: most
 * have nothing unread, and those that have cost some reads more. */
static enum par_err add_unread(struct par_reader *r, const struct par_user_conv *convs, size_t n,
                               int64_t now_ms, uint32_t *badge_r)
{
    struct par_read__many rows;
    enum par_err err = par_read__many_init(r, 2 * n, &rows);
    for (size_t i = 0; !err && i < n; i++) {
        if (!counts(&convs[i], now_ms) || convs[i].marked_unread)
            continue;
        par_read__ask(&rows, PAR_T_CONVERSATIONS, par_key_conv(&convs[i].conv));
        par_read__ask(&rows, PAR_T_MARKS, par_key_mark(&convs[i].conv, convs[i].user));
    }
    if (!err)
        err = par_read__many(r, &rows);
    for (size_t i = 0, at = 0; !err && i < n && *badge_r < PAR_READ_BADGE_MAX; i++) {
        bool unread = convs[i].marked_unread;
        if (!counts(&convs[i], now_ms))
            continue;
        if (!unread) {
            struct par_arena arena = {0};
            struct par_reader one = *r;
            one.arena = &arena;
            err = unread_of(&one, &convs[i], rows.value[at], rows.value[at + 1], &unread);
            r->message = one.message;
            par_arena_fini(&arena);
            at += 2;
        }
        *badge_r += unread;
    }
    return err;
}

enum par_err par_read_badge(struct par_reader *r, uint64_t user, int64_t now_ms, uint32_t *badge_r)
{
    struct par_user_conv *convs;
    size_t n;
    *badge_r = 0;
    enum par_err err = par_read__user_convs(r, user, &convs, &n);
    for (size_t first = 0; !err && first < n && *badge_r < PAR_READ_BADGE_MAX; first += TOGETHER) {
        struct par_arena arena = {0};
        struct par_reader some = *r;
        some.arena = &arena;
        err = add_unread(&some, convs + first, n - first < TOGETHER ? n - first : TOGETHER, now_ms,
                         badge_r);
        r->message = some.message;
        par_arena_fini(&arena);
    }
    return err;
}
