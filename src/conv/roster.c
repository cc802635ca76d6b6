/* The roster: its row in two slots, and members who come and go. */
#include "conv/writer_private.h"

#include <stdlib.h>

enum par_step par_roster__may_change(const struct par_writer *w, const struct par_conv_state *st)
{
    if (w->embedded)
        return st->batch == w->batch && st->roster_changed ? PAR_STEP_CUT : PAR_STEP_DONE;
    bool above = st->roster_present && st->roster_stamp >= par_stamp(w->generation, w->checkpoint);
    return above && !PAR_MUTANT(W2C_TWO_CHANGES) ? PAR_STEP_CHECKPOINT : PAR_STEP_DONE;
}

struct par_roster_slot par_roster__slot(struct par_writer *w, const struct par_conv_state *st)
{
    struct par_roster_slot slot = {
        .present = st->roster_present,
        .stamp = st->roster_stamp,
        .seq = st->roster_seq,
        .floor = st->floor,
        .history = st->history,
        .blocks = st->blocks,
        .name = par_arena_copy(&w->arena, st->name),
    };
    if (st->name.ptr && !slot.name.ptr)
        w->no_memory = true;
    if (st->conv.kind != PAR_CONV_GROUP || st->member_count == 0)
        return slot;
    struct par_member *members = par_arena_alloc(&w->arena, st->member_count * sizeof *members);
    struct par_buf packed = {0};
    if (members) {
        for (size_t i = 0; i < st->member_count; i++)
            members[i] = (struct par_member){
                .user = st->members[i].user,
                .joined_seq = st->members[i].joined_seq,
                .place = st->members[i].place,
                .role = st->members[i].role,
            };
        par_roster_pack(&packed, members, st->member_count);
        slot.members = par_arena_copy(&w->arena, par_buf_str(&packed));
    }
    if (!members || packed.failed || !slot.members.ptr)
        w->no_memory = true;
    par_buf_fini(&packed);
    return slot;
}

bool par_roster__write(struct par_writer *w, struct par_conv_state *st,
                       const struct par_roster_slot *before, uint64_t stamp, uint64_t seq)
{
    par_batch__dirty(w, st, stamp);
    st->roster_present = true;
    st->roster_stamp = stamp;
    st->roster_seq = seq;
    st->roster_changed = true;
    st->row_last = true;
    /* S3: one cell, two slots, each with its stamp. */
    struct par_roster roster = {.now = par_roster__slot(w, st), .before = *before};
    if (PAR_MUTANT(S3_ONE_SLOT))
        roster.before = roster.now;
    if (w->no_memory)
        return false;
    par_roster_encode(&roster, par_batch_begin(&w->rows, PAR_T_ROSTERS,
                                               par_str_of(st->key, sizeof st->key), stamp));
    par_batch_end(&w->rows);
    par_conv__account(w, st);
    return true;
}

static int by_user(const void *a, const void *b)
{
    const struct par_conv_member *x = a, *y = b;
    return x->user < y->user ? -1 : x->user > y->user;
}

bool par_roster__replace(struct par_writer *w, struct par_conv_state *st,
                         struct par_conv_member *members, size_t count)
{
    struct par_members *list = malloc(sizeof *list + count * sizeof list->user[0]);
    if (!list) {
        free(members);
        w->no_memory = true;
        return false;
    }
    qsort(members, count, sizeof *members, by_user);
    *list = (struct par_members){.count = (uint32_t)count};
    for (size_t i = 0; i < count; i++)
        list->user[i] = members[i].user;
    par_batch__garbage(w, st->members);
    par_batch__garbage(w, st->list);
    st->members = members;
    st->member_count = count;
    st->list = list;
    return true;
}

static bool is_one_of(uint64_t user, const uint64_t *users, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (users[i] == user)
            return true;
    return false;
}

/* How many of these users are members. */
static size_t count_in(const struct par_conv_state *st, const uint64_t *users, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < st->member_count; i++)
        n += is_one_of(st->members[i].user, users, count);
    return n;
}

bool par_roster__take_out(struct par_writer *w, struct par_conv_state *st, const uint64_t *users,
                          size_t count, uint64_t stamp, uint64_t seq)
{
    struct par_conv_member *left = calloc(st->member_count + 1, sizeof *left);
    size_t n = 0;
    if (!left) {
        w->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < st->member_count; i++) {
        struct par_conv_member *m = &st->members[i];
        if (!is_one_of(m->user, users, count)) {
            left[n++] = *m;
            continue;
        }
        /* The mark stays for the day the member comes back. */
        if (m->mark_slot) {
            par_batch__put_mark(w, st, m);
            w->moved[m->mark_slot - 1].user = 0;
        }
        struct par_user_conv_row *row = par_batch__user_conv(w, st, m->user);
        if (!row) {
            free(left);
            w->no_memory = true;
            return false;
        }
        row->record.joined_seq = m->joined_seq;
        row->record.left_seq = seq;
        row->record.left_name = par_arena_copy(&w->arena, st->name);
        row->record.left_members = (uint32_t)(st->member_count - count_in(st, users, count));
        par_batch__user_conv_changed(row, stamp);
    }
    return par_roster__replace(w, st, left, n);
}

/* N7: the longest-standing of the highest role: joined_seq, then the place in `users`. */
static bool goes_before(const struct par_conv_member *a, const struct par_conv_member *b)
{
    if (PAR_MUTANT(N7_ANY_HEIR))
        return false;
    bool a_admin = a->role == PAR_ROLE_ADMIN, b_admin = b->role == PAR_ROLE_ADMIN;
    if (a_admin != b_admin)
        return a_admin;
    if (a->joined_seq != b->joined_seq)
        return a->joined_seq < b->joined_seq;
    return a->place < b->place;
}

struct par_conv_member *par_roster__heir(const struct par_conv_state *st, const uint64_t *gone,
                                         size_t count)
{
    struct par_conv_member *heir = NULL;
    for (size_t i = 0; i < st->member_count; i++) {
        struct par_conv_member *m = &st->members[i];
        if (is_one_of(m->user, gone, count))
            continue;
        if (m->role == PAR_ROLE_OWNER)
            return NULL;
        if (!heir || goes_before(m, heir))
            heir = m;
    }
    return heir;
}

enum par_step par_roster__leave(struct par_writer *w, const struct par_numbering *n, uint8_t kind,
                                const uint64_t *users, size_t count)
{
    struct par_conv_state *st = n->st;
    struct par_members *before = st->list;
    struct par_roster_slot slot = par_roster__slot(w, st);
    struct par_conv_member *heir = par_roster__heir(st, users, count);
    struct par_members *gone = par_number__users(w, users, count);
    if (heir) {
        heir->role = PAR_ROLE_OWNER;
        struct par_entry *e = par_number__append(w, n, PAR_ENTRY_ROLE_CHANGED);
        if (!e)
            return PAR_STEP_LOST;
        e->role = PAR_ROLE_OWNER;
        e->users = par_number__pack_users(w, &heir->user, 1);
        /* It has no answer of its own, so the connection that asked gets it, too, and before the
         * answer, which has the higher seq. */
        par_number__release(w, n, e, before, true);
    }
    struct par_entry *e = par_number__append(w, n, kind);
    if (!e || !gone || !par_roster__take_out(w, st, users, count, n->stamp, e->seq))
        return PAR_STEP_LOST;
    if (kind == PAR_ENTRY_MEMBER_REMOVED)
        e->users = par_number__pack_users(w, users, count);
    if (!par_roster__write(w, st, &slot, n->stamp, e->seq))
        return PAR_STEP_LOST;
    par_number__accept(w, n, e);
    par_number__release(w, n, e, before, false);
    par_number__member_event(w, n, PAR_RELEASE_REMOVED, gone, (struct par_str){0});
    return PAR_STEP_DONE;
}
