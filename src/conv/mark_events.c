/* Mark events: who is told of marks that moved, and when. Between two people at once; in small
 * groups merged over a fifth of a second; in large ones only the least marks, once a second. A
 * member's own other connections are always told at once. */
#include "conv/writer_private.h"

static bool is_large(const struct par_writer *w, const struct par_conv_state *st)
{
    return st->member_count > w->config.marks_plain_max;
}

static void tell_own(struct par_writer *w, const struct par_moved *moved,
                     const struct par_conv_member *m)
{
    struct par_delivery d = {
        .kind = PAR_DELIVERY_MARK,
        .conv = moved->st->conv,
        .user = m->user,
        .delivered = m->mark.delivered,
        .read = m->mark.read,
    };
    if (!moved->several)
        d.reply = w->commands[moved->command].reply;
    w->live.mark_events++;
    (void)par_release__to_users(w, &d, &m->user, 1);
}

static void tell_others(struct par_writer *w, struct par_conv_state *st,
                        const struct par_conv_member *m)
{
    uint64_t others[64];
    size_t n = 0;
    struct par_delivery d = {
        .kind = PAR_DELIVERY_MARK,
        .conv = st->conv,
        .user = m->user,
        .delivered = m->mark.delivered,
        .read = m->mark.shown_read,
    };
    for (size_t i = 0; i < st->member_count && n < sizeof others / sizeof others[0]; i++)
        if (st->members[i].user != m->user)
            others[n++] = st->members[i].user;
    w->live.mark_events++;
    if (n > 0)
        (void)par_release__to_users(w, &d, others, n);
}

/* The least value of all, the least of all but its holder, and the holder (0: several have the
 * least). */
static void two_least(const struct par_conv_state *st, bool read, uint64_t least_r[2],
                      uint64_t *holder_r)
{
    least_r[0] = least_r[1] = UINT64_MAX;
    *holder_r = 0;
    for (size_t i = 0; i < st->member_count; i++) {
        const struct par_mark *mark = &st->members[i].mark;
        uint64_t v = read ? mark->shown_read : mark->delivered;
        if (v < least_r[0]) {
            least_r[1] = least_r[0];
            least_r[0] = v;
            *holder_r = st->members[i].user;
        } else if (v < least_r[1]) {
            least_r[1] = v;
        }
    }
    if (least_r[1] == least_r[0])
        *holder_r = 0;
}

static void tell_least(struct par_writer *w, struct par_conv_state *st, uint64_t delivered,
                       uint64_t read, const uint64_t *users, size_t count)
{
    struct par_delivery d = {
        .kind = PAR_DELIVERY_OTHERS, .conv = st->conv, .delivered = delivered, .read = read};
    w->live.others_events++;
    if (count > 0)
        (void)par_release__to_users(w, &d, users, count);
}

/* Each member is told the least over the *other* members: who alone holds the least sees the second
 * least. */
static void tell_large(struct par_writer *w, struct par_conv_state *st)
{
    uint64_t delivered[2], read[2], holder[2];
    two_least(st, false, delivered, &holder[0]);
    two_least(st, true, read, &holder[1]);
    struct par_mark told[2] = {{.delivered = delivered[0], .read = read[0]},
                               {.delivered = delivered[1], .read = read[1]}};
    if (memcmp(told, st->told, sizeof told) == 0 &&
        memcmp(holder, st->told_user, sizeof holder) == 0)
        return;
    memcpy(st->told, told, sizeof told);
    memcpy(st->told_user, holder, sizeof holder);
    uint64_t *rest = par_arena_alloc(&w->arena, st->member_count * sizeof *rest);
    size_t n = 0;
    if (!rest) {
        w->owes_sync = true;
        return;
    }
    for (size_t i = 0; i < st->member_count; i++) {
        uint64_t user = st->members[i].user;
        if (user != holder[0] && user != holder[1])
            rest[n++] = user;
    }
    tell_least(w, st, delivered[0], read[0], rest, n);
    for (int i = 0; i < 2; i++)
        if (holder[i] && (i == 0 || holder[1] != holder[0]))
            tell_least(w, st, delivered[holder[i] == holder[0]], read[holder[i] == holder[1]],
                       &holder[i], 1);
}

static void not_due(struct par_writer *w, struct par_conv_state *st)
{
    if (par_list_empty(&st->due))
        return;
    par_list_remove(&st->due);
    w->due_count--;
}

static void tell_now(struct par_writer *w, struct par_conv_state *st)
{
    not_due(w, st);
    st->told_ms = w->now_ms;
    bool large = is_large(w, st);
    for (size_t i = 0; i < st->member_count; i++) {
        if (!st->members[i].event_due)
            continue;
        st->members[i].event_due = false;
        if (!large)
            tell_others(w, st, &st->members[i]);
    }
    if (large)
        tell_large(w, st);
}

void par_marks__tell(struct par_writer *w, struct par_conv_state *st)
{
    if (!par_list_empty(&st->due))
        tell_now(w, st);
}

/* Tells now if the last time was long enough ago, else when it will be. */
static void tell_or_wait(struct par_writer *w, struct par_conv_state *st)
{
    if (!par_list_empty(&st->due))
        return;
    bool large = is_large(w, st);
    uint32_t every = large ? w->config.others_ms : w->config.marks_merge_ms;
    if (st->told_ms == 0 || w->now_ms - st->told_ms >= every) {
        tell_now(w, st);
        return;
    }
    st->due_ms = w->now_ms + every;
    st->due_offset = w->batch_offset;
    par_list_append(large ? &w->due_others : &w->due_merged, &st->due);
    w->due_count++;
}

void par_marks__release(struct par_writer *w)
{
    for (size_t i = 0; i < w->moved_count; i++) {
        const struct par_moved *moved = &w->moved[i];
        struct par_conv_member *m = moved->user ? par_conv__member(moved->st, moved->user) : NULL;
        if (!m)
            continue;
        if (moved->own)
            tell_own(w, moved, m);
        if (!moved->others)
            continue;
        if (moved->st->member_count <= 2)
            tell_others(w, moved->st, m);
        else
            m->event_due = true;
    }
    for (size_t i = 0; i < w->moved_count; i++) {
        const struct par_moved *moved = &w->moved[i];
        if (moved->user && moved->others && moved->st->member_count > 2)
            tell_or_wait(w, moved->st);
    }
}

static void tell_list(struct par_writer *w, struct par_list *list, bool all)
{
    while (!par_list_empty(list)) {
        struct par_conv_state *st = PAR_CONTAINER(list->next, struct par_conv_state, due);
        if (!all && st->due_ms > w->now_ms)
            return;
        tell_now(w, st);
    }
}

void par_marks__tell_due(struct par_writer *w, bool all)
{
    tell_list(w, &w->due_merged, all);
    tell_list(w, &w->due_others, all);
}

static void tell_untouched(struct par_writer *w, struct par_list *list)
{
    for (struct par_list *at = list->next, *next; at != list; at = next) {
        struct par_conv_state *st = PAR_CONTAINER(at, struct par_conv_state, due);
        next = at->next;
        if (st->batch != w->batch)
            tell_now(w, st);
    }
}

void par_marks__tell_untouched(struct par_writer *w)
{
    tell_untouched(w, &w->due_merged);
    tell_untouched(w, &w->due_others);
}

static uint64_t first_of(const struct par_list *list)
{
    /* Who became due later did so by a later batch. */
    return par_list_empty(list) ? UINT64_MAX
                                : PAR_CONTAINER(list->next, struct par_conv_state, due)->due_offset;
}

uint64_t par_marks__first_due(const struct par_writer *w)
{
    uint64_t merged = first_of(&w->due_merged), others = first_of(&w->due_others);
    return merged < others ? merged : others;
}

static uint32_t wait_of(const struct par_writer *w, const struct par_list *list)
{
    if (par_list_empty(list))
        return UINT32_MAX;
    uint64_t due = PAR_CONTAINER(list->next, struct par_conv_state, due)->due_ms;
    return due <= w->now_ms ? 0 : (uint32_t)(due - w->now_ms);
}

uint32_t par_marks__next(const struct par_writer *w)
{
    uint32_t merged = wait_of(w, &w->due_merged), others = wait_of(w, &w->due_others);
    return merged < others ? merged : others;
}
