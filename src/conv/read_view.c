/* What a user may see of a conversation, and who is in it. */
#include "conv/read_private.h"

enum par_err par_read_view(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                           struct par_view *view_r)
{
    *view_r = (struct par_view){0};
    bool direct = conv->kind == PAR_CONV_DIRECT;
    if (direct && !par_conv_other(conv, user))
        return PAR_E_NOT_MEMBER;
    struct par_roster both;
    enum par_err err = par_read__rosters(r, conv, &both);
    struct par_roster_slot roster = both.now;
    if (err)
        return err;
    if (direct) {
        *view_r = (struct par_view){.ever = true,
                                    .member = true,
                                    .first_seq = roster.floor ? roster.floor : 1,
                                    .last_seq = UINT64_MAX,
                                    .blocks = roster.blocks};
        return PAR_OK;
    }
    if (!roster.present)
        return PAR_E_NOT_MEMBER;
    struct par_member member;
    uint64_t joined;
    if (par_roster_find(&roster, user, &member)) {
        *view_r = (struct par_view){
            .ever = true, .member = true, .role = member.role, .last_seq = UINT64_MAX};
        joined = view_r->joined_seq = member.joined_seq;
    } else {
        struct par_key key = par_key_user_conv(user, conv);
        struct par_str value;
        struct par_user_conv own;
        int found =
            par_store_get_in(r->store, PAR_T_USER_CONVS, par_key_str(&key), r->arena, &value);
        if (found < 0)
            return par_read__unavailable(r);
        if (found && !par_user_conv_decode(value, &own))
            return par_read__damaged(r);
        /* Taken out by the newest change, of which the user's own row is still on its way. */
        bool just_left = !par_store_atomic(r->store) && (!found || !own.left_seq) &&
                         par_roster_find(&both.before, user, &member);
        if (!just_left && (!found || !own.left_seq))
            return PAR_E_NOT_MEMBER;
        *view_r =
            (struct par_view){.ever = true, .last_seq = just_left ? roster.seq : own.left_seq};
        joined = just_left ? member.joined_seq : own.joined_seq;
    }
    view_r->first_seq = roster.history == PAR_HISTORY_JOINED && joined ? joined : 1;
    if (view_r->first_seq < roster.floor)
        view_r->first_seq = roster.floor;
    return PAR_OK;
}

enum par_err par_read_member_ids(struct par_reader *r, const struct par_conv *conv,
                                 uint64_t **users_r, size_t *n_r)
{
    *users_r = NULL;
    *n_r = 0;
    struct par_roster_slot roster = {0};
    size_t n = PAR_READ_DIRECT_MEMBERS;
    if (conv->kind != PAR_CONV_DIRECT) {
        enum par_err err = par_read__roster(r, conv, &roster);
        if (err)
            return err;
        if (!roster.present)
            return PAR_E_NOT_MEMBER;
        n = par_roster_count(&roster);
    }
    uint64_t *users = par_arena_alloc(r->arena, n * sizeof *users + 1);
    if (!users)
        return par_read__no_memory(r);
    if (conv->kind == PAR_CONV_DIRECT) {
        par_conv_users(conv, &users[0], &users[1]);
    } else {
        for (size_t i = 0; i < n; i++)
            users[i] = par_roster_member(&roster, i).user;
    }
    *users_r = users;
    *n_r = n;
    return PAR_OK;
}

enum par_err par_read_unread(struct par_reader *r, uint64_t user, const struct par_view *view,
                             const struct par_conversation *conversation, uint64_t read,
                             uint32_t *unread_r)
{
    *unread_r = 0;
    uint64_t last =
        conversation->last_seq < view->last_seq ? conversation->last_seq : view->last_seq;
    /* V5: what lies above a hole is not counted. Above `read` only: the rest was read once. */
    if (!par_store_atomic(r->store) && read < last) {
        uint64_t top;
        enum par_err err = par_read__top(r, &conversation->conv, &top);
        if (err)
            return err;
        last = top < last ? top : last;
    }
    uint64_t from = read + 1 > view->first_seq ? read + 1 : view->first_seq;
    enum { PAGE = 256 };
    /* Newest first, in pages, until there is nothing more to count or enough was counted. */
    while (from <= last && *unread_r < PAR_READ_UNREAD_MAX) {
        uint64_t page = last - from + 1 < PAGE ? from : last - PAGE + 1;
        struct par_entry *entries;
        enum par_err err = par_read__entries(r, &conversation->conv, page, last, &entries);
        if (err)
            return err;
        for (size_t i = (size_t)(last - page + 1); i-- > 0 && *unread_r < PAR_READ_UNREAD_MAX;) {
            const struct par_entry *e = &entries[i];
            *unread_r += e->kind == PAR_ENTRY_TEXT && e->sender != user && !e->deleted_seq;
        }
        /* The running number of texts tells when there is none left below. */
        uint64_t texts_to_here = entries[0].text_no - (entries[0].kind == PAR_ENTRY_TEXT);
        last = page - 1;
        if (texts_to_here == 0)
            break;
    }
    return PAR_OK;
}
