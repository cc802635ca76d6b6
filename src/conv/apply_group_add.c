/* group.add: one entry `member_added` with those who were not in. */
#include "conv/writer_private.h"

#include <stdlib.h>

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The mark of one who joins starts below the own entry, of one who comes back at the greater of
 * that and the former. */
static bool first_mark(struct par_writer *w, struct par_conv_state *st, struct par_conv_member *m,
                       uint64_t stamp)
{
    struct par_key key = par_conv__key_u64(st, m->user);
    struct par_str value;
    int got = par_store_get_in(w->store, PAR_T_MARKS, par_key_str(&key), &w->arena, &value);
    if (got < 0 || (got > 0 && !par_mark_decode(value, &m->mark)))
        return false;
    /* S4: a row of the future is at least this, and what is put now would lose to it. */
    if (m->mark.stamp > stamp)
        return true;
    uint64_t start = m->joined_seq - 1;
    m->mark.delivered = greater(m->mark.delivered, start);
    m->mark.read = greater(m->mark.read, start);
    m->mark.shown_read = greater(m->mark.shown_read, start);
    m->mark.stamp = stamp;
    par_batch__put_mark(w, st, m);
    return true;
}

static bool join(struct par_writer *w, struct par_conv_state *st, struct par_conv_member *m,
                 uint64_t stamp)
{
    struct par_user_conv_row *row = par_batch__user_conv(w, st, m->user);
    if (!row || !first_mark(w, st, m, stamp))
        return false;
    row->record.joined_seq = m->joined_seq;
    row->record.left_seq = 0;
    row->record.left_name = (struct par_str){0};
    row->record.left_members = 0;
    par_batch__user_conv_changed(row, stamp);
    return true;
}

enum par_step par_apply__group_add(struct par_writer *w, const struct par_numbering *n)
{
    const struct par_command *c = n->c;
    struct par_conv_state *st = n->st;
    enum par_err err = par_number__group_rights(n, true);
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, err == PAR_E_BAD_REQUEST ? "conv" : NULL);
    uint64_t *users = par_arena_alloc(&w->arena, c->user_count * sizeof *users);
    if (!users)
        return PAR_STEP_LOST;
    size_t count = 0;
    for (size_t i = 0; i < c->user_count; i++)
        if (!par_conv__member(st, c->users[i]))
            users[count++] = c->users[i];
    if (count == 0)
        return par_number__done(w, n);
    if (st->member_count + count > c->group_members)
        return par_number__refuse(w, n, PAR_E_GROUP_FULL, NULL);
    /* Marks that are read later in this batch would miss the rows of those who join now. */
    if (!par_conv__load_marks(w, st))
        return PAR_STEP_LOST;

    struct par_roster_slot before = par_roster__slot(w, st);
    struct par_entry *e = par_number__append(w, n, PAR_ENTRY_MEMBER_ADDED);
    struct par_conv_member *members = calloc(st->member_count + count, sizeof *members);
    if (!e || !members) {
        free(members);
        return PAR_STEP_LOST;
    }
    memcpy(members, st->members, st->member_count * sizeof *members);
    for (size_t i = 0; i < count; i++) {
        struct par_conv_member *m = &members[st->member_count + i];
        m->user = users[i];
        m->joined_seq = e->seq;
        m->place = (uint32_t)i;
        m->role = PAR_ROLE_MEMBER;
        if (!join(w, st, m, n->stamp)) {
            free(members);
            return PAR_STEP_LOST;
        }
    }
    e->users = par_number__pack_users(w, users, count);
    struct par_members *added = par_number__users(w, users, count);
    if (!par_roster__replace(w, st, members, st->member_count + count) || !added ||
        !par_roster__write(w, st, &before, n->stamp, e->seq))
        return PAR_STEP_LOST;
    par_number__accept(w, n, e);
    par_number__member_event(w, n, PAR_RELEASE_ADDED, added, st->name);
    par_number__release(w, n, e, st->list, false);
    return PAR_STEP_DONE;
}
