/* group.create: a conversation, its roster, and the entry `created`. */
#include "conv/writer_private.h"

#include <stdlib.h>

static bool set_name(struct par_writer *w, struct par_conv_state *st, struct par_str name)
{
    char *copy = malloc(name.len + 1);
    if (!copy) {
        w->no_memory = true;
        return false;
    }
    memcpy(copy, name.ptr, name.len);
    par_batch__garbage(w, (void *)st->name.ptr);
    st->name = par_str_of(copy, name.len);
    return true;
}

enum par_step par_apply__group_create(struct par_writer *w, const struct par_numbering *n)
{
    const struct par_command *c = n->c;
    struct par_conv_state *st = n->st;
    if (st->conv.kind != PAR_CONV_GROUP || c->text.len == 0)
        return par_number__refuse(w, n, PAR_E_BAD_REQUEST,
                                  st->conv.kind != PAR_CONV_GROUP ? "conv" : "name");
    /* The id is made of creator and cmid, and the cmid is not known: somebody else's group cannot
     * be meant. */
    if (st->last_seq != 0)
        return par_number__refuse(w, n, PAR_E_CONFLICT, NULL);
    uint64_t *users = par_arena_alloc(&w->arena, (c->user_count + 1) * sizeof *users);
    if (!users)
        return PAR_STEP_LOST;
    size_t count = 0;
    users[count++] = c->sender;
    for (size_t i = 0; i < c->user_count; i++)
        if (c->users[i] != c->sender)
            users[count++] = c->users[i];
    if (count > c->group_members)
        return par_number__refuse(w, n, PAR_E_GROUP_FULL, NULL);

    struct par_roster_slot before = par_roster__slot(w, st);
    struct par_conv_member *members = calloc(count, sizeof *members);
    if (!members)
        return PAR_STEP_LOST;
    for (size_t i = 0; i < count; i++) {
        members[i].user = users[i];
        members[i].joined_seq = 1;
        members[i].place = (uint32_t)i;
        members[i].role = i == 0 ? PAR_ROLE_OWNER : PAR_ROLE_MEMBER;
    }
    if (!par_roster__replace(w, st, members, count) || !set_name(w, st, c->text))
        return PAR_STEP_LOST;
    st->history = c->history;
    st->creator = c->sender;
    st->marks_loaded = true;
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_CREATED);
    if (!e)
        return PAR_STEP_LOST;
    e->text = c->text;
    e->history = c->history;
    e->users = par_number__pack_users(w, users, count);
    for (size_t i = 0; i < count; i++) {
        struct par_user_conv_row *row = par_batch__user_conv_new(w, st, users[i]);
        if (!row)
            return PAR_STEP_LOST;
        row->record.joined_seq = e->seq;
        par_batch__user_conv_changed(row, n->stamp);
    }
    if (!par_roster__write(w, st, &before, n->stamp, e->seq))
        return PAR_STEP_LOST;
    par_number__accept(w, n, e);
    par_number__member_event(w, n, PAR_RELEASE_ADDED, st->list, c->text);
    par_number__release(w, n, e, st->list, false);
    return PAR_STEP_DONE;
}
