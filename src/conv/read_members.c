/* members: a page of a conversation's members, ascending by id. */
#include "conv/read_private.h"

#include <stdio.h>

struct member_row {
    struct par_member member;
    struct par_mark mark;
    struct par_user profile;
};

static enum par_err list_members(struct par_reader *r, const struct par_conv *conv,
                                 struct par_member **members_r, size_t *n_r)
{
    *members_r = NULL;
    *n_r = 0;
    if (conv->kind == PAR_CONV_DIRECT) {
        struct par_conversation row;
        enum par_err err = par_read__conversation(r, conv, &row);
        if (err || row.last_seq == 0)
            return err;
        struct par_member *two = par_arena_zalloc(r->arena, PAR_READ_DIRECT_MEMBERS * sizeof *two);
        if (!two)
            return par_read__no_memory(r);
        par_conv_users(conv, &two[0].user, &two[1].user);
        for (size_t i = 0; i < PAR_READ_DIRECT_MEMBERS; i++) {
            two[i].role = PAR_ROLE_MEMBER;
            two[i].joined_seq = 1;
        }
        *members_r = two;
        *n_r = PAR_READ_DIRECT_MEMBERS;
        return PAR_OK;
    }
    struct par_roster_slot roster;
    enum par_err err = par_read__roster(r, conv, &roster);
    if (err)
        return err;
    *n_r = par_roster_count(&roster);
    *members_r = par_roster_list(&roster, r->arena);
    return *n_r && !*members_r ? par_read__no_memory(r) : PAR_OK;
}

static enum par_err read_profiles(struct par_reader *r, const struct par_member *members, size_t n,
                                  struct par_user *profiles)
{
    struct par_read__many rows;
    enum par_err err = par_read__many_init(r, n, &rows);
    for (size_t i = 0; i < n && !err; i++)
        par_read__ask(&rows, PAR_T_USERS, par_key_user(members[i].user));
    if (!err)
        err = par_read__many(r, &rows);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        profiles[i] = (struct par_user){0};
        if (rows.value[i].ptr && !par_user_decode(rows.value[i], &profiles[i]))
            return par_read__damaged(r);
    }
    return PAR_OK;
}

/* V5: marks are cut to `last`. */
static void write_member(struct par_json_out *w, const struct par_member *m,
                         const struct par_user *profile, const struct par_mark *mark, bool own,
                         uint64_t last)
{
    uint64_t delivered = mark->delivered < last ? mark->delivered : last;
    uint64_t read = own ? mark->read : mark->shown_read;
    par_json_open(w);
    par_json_key_id(w, "user", m->user);
    par_json_key_str(w, "name", profile->name.ptr ? profile->name : PAR_STR(""));
    par_json_key_str(w, "display_name",
                     profile->display_name.ptr ? profile->display_name : PAR_STR(""));
    par_json_key_z(w, "role", par_role_name(m->role));
    par_json_key_int(w, "joined_seq", (int64_t)m->joined_seq);
    par_json_key_int(w, "delivered", (int64_t)delivered);
    par_json_key_int(w, "read", (int64_t)(read < last ? read : last));
    par_json_close(w);
}

enum par_err par_read_members(struct par_reader *r, uint64_t user, const struct par_conv *conv,
                              struct par_str cursor, uint32_t limit, struct par_json_out *w)
{
    uint64_t after = 0;
    if (cursor.ptr && !par_user_parse(cursor, &after)) {
        r->message = "cursor: not one that this server gave";
        return PAR_E_BAD_REQUEST;
    }
    struct par_view view;
    enum par_err err = par_read_view(r, user, conv, &view);
    if (!err && !view.member)
        err = PAR_E_NOT_MEMBER;
    struct par_member *members;
    size_t n, mark_count;
    struct par_read__mark *marks;
    struct par_conversation row = {.last_seq = UINT64_MAX};
    if (!err)
        err = list_members(r, conv, &members, &n);
    if (!err)
        err = par_read__marks(r, conv, &marks, &mark_count);
    if (!err && !par_store_atomic(r->store))
        err = par_read__conversation(r, conv, &row);
    if (err)
        return err;
    size_t first = 0;
    while (first < n && members[first].user <= after)
        first++;
    size_t count = n - first < limit ? n - first : limit;
    struct par_user *profiles = par_arena_alloc(r->arena, count * sizeof *profiles + 1);
    if (!profiles)
        return par_read__no_memory(r);
    err = count ? read_profiles(r, members + first, count, profiles) : PAR_OK;
    if (err)
        return err;
    par_json_key(w, "members");
    par_json_open_array(w);
    enum { SLACK = 8192 };
    size_t begin = w->buf->len, i = 0;
    for (; i < count && w->buf->len - begin + SLACK < r->page_bytes; i++) {
        const struct par_member *m = &members[first + i];
        struct par_mark mark = par_read__mark_of(marks, mark_count, m->user, m->joined_seq);
        write_member(w, m, &profiles[i], &mark, m->user == user, row.last_seq);
    }
    par_json_close_array(w);
    if (first + i < n && i > 0) {
        char text[24];
        int len =
            snprintf(text, sizeof text, "%llu", (unsigned long long)members[first + i - 1].user);
        par_json_key_str(w, "cursor", par_str_of(text, (size_t)len));
    }
    return PAR_OK;
}
