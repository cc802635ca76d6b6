/* Marks (the ack): how far a member has received and read; of many conversations at once. */
#include "conv/writer_private.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* All conversations are looked at before the first mark moves: one that the sender is not in, and
 * nothing is done. */
static enum par_err check(struct par_writer *w, const struct par_numbering *n)
{
    for (size_t i = 0; i < n->c->mark_count; i++) {
        struct par_conv_state *st = par_conv__state(w, &n->c->marks[i].conv, n->stamp);
        if (!st)
            return PAR_E_UNAVAILABLE;
        if (st->damaged)
            return PAR_E_INTERNAL;
        if (!par_conv__member(st, n->c->sender))
            return PAR_E_NOT_MEMBER;
        /* A direct conversation in which nobody has written has no marks. */
        if (st->last_seq > 0 && !par_conv__load_marks(w, st))
            return PAR_E_UNAVAILABLE;
        if (st->damaged)
            return PAR_E_INTERNAL;
    }
    return PAR_OK;
}

static struct par_moved *moved_slot(struct par_writer *w, const struct par_numbering *n,
                                    struct par_conv_state *st, struct par_conv_member *m)
{
    if (m->mark_slot) {
        struct par_moved *moved = &w->moved[m->mark_slot - 1];
        const struct par_reply *first = &w->commands[moved->command].reply;
        if (first->server != n->c->reply.server || first->endpoint != n->c->reply.endpoint ||
            first->poll_device != n->c->reply.poll_device)
            moved->several = true;
        return moved;
    }
    if (!par_batch__grow(w, (void **)&w->moved, &w->moved_cap, w->moved_count, sizeof *w->moved))
        return NULL;
    struct par_moved *moved = &w->moved[w->moved_count++];
    *moved = (struct par_moved){.st = st, .user = m->user, .command = n->index};
    m->mark_slot = (uint32_t)w->moved_count;
    return moved;
}

/* False: no memory. */
static bool move(struct par_writer *w, const struct par_numbering *n, struct par_conv_state *st,
                 const struct par_command_mark *asked)
{
    struct par_conv_member *m = par_conv__member(st, n->c->sender);
    struct par_mark mark = m->mark;
    /* S4: the row is of the future: a later command made it, and comes to be numbered. */
    if (mark.stamp > n->stamp)
        return true;
    uint64_t read = least(asked->read, st->last_seq);
    uint64_t delivered = least(asked->delivered, st->last_seq);
    if (read > mark.read)
        mark.read = read;
    if (mark.read > delivered)
        delivered = mark.read;
    if (delivered > mark.delivered)
        mark.delivered = delivered;
    if (PAR_MUTANT(MARK_OVERWRITTEN))
        mark.delivered = delivered;
    /* R7: the ack says whether others may see it; what they saw last stays beside the true value.
     */
    if (asked->read > 0 && n->c->show_read && mark.read > mark.shown_read)
        mark.shown_read = mark.read;
    bool own = mark.delivered != m->mark.delivered || mark.read != m->mark.read;
    bool others = mark.delivered != m->mark.delivered || mark.shown_read != m->mark.shown_read;
    /* This very command made the row that was read: it is told and written again, as it was. */
    bool again = w->by_rows && m->mark.stamp == n->stamp;
    own |= again;
    others |= again;
    if (!own && !others)
        return true;
    struct par_moved *moved = moved_slot(w, n, st, m);
    if (!moved)
        return false;
    moved->own |= own;
    moved->others |= others;
    mark.stamp = n->stamp;
    m->mark = mark;
    par_batch__dirty(w, st, n->stamp);
    w->live.marks++;
    return true;
}

enum par_step par_apply__marks(struct par_writer *w, const struct par_numbering *n)
{
    enum par_err err = check(w, n);
    if (err == PAR_E_UNAVAILABLE)
        return PAR_STEP_LOST;
    if (err != PAR_OK)
        return par_number__refuse(w, n, err, NULL);
    for (size_t i = 0; i < n->c->mark_count; i++) {
        struct par_conv_state *st = par_conv__state(w, &n->c->marks[i].conv, n->stamp);
        if (st && par_conv__waits(w, st))
            return PAR_STEP_CUT;
    }
    for (size_t i = 0; i < n->c->mark_count; i++) {
        struct par_conv_state *st = par_conv__state(w, &n->c->marks[i].conv, n->stamp);
        if (!st || (st->last_seq > 0 && !move(w, n, st, &n->c->marks[i])))
            return PAR_STEP_LOST;
    }
    return par_number__done(w, n);
}
