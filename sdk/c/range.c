/* The part of a conversation's log that is held: it grows at its end without a hole, older pages
 * are put before it, and edits, deletions and reactions are laid over what they point at. */
#include "sdk/c/sdk_private.h"

/* ---- the array ---- */

/* Room for n more entries behind the last, and `before` ahead of the first. */
static bool make_room(struct par_sdk__conv *c, uint32_t before, uint32_t n)
{
    if (before <= c->head && c->head + c->count + n <= c->cap)
        return true;
    /* What was let go of at the front is used again before more is asked for. */
    if (before == 0 && c->head >= c->cap / 2 && c->count + n <= c->cap) {
        memmove(c->held, c->held + c->head, c->count * sizeof *c->held);
        c->head = 0;
        return true;
    }
    uint64_t want = ((uint64_t)c->count + before + n) * 3 / 2 + 8;
    struct par_sdk__held **held = want < UINT32_MAX ? malloc(want * sizeof *held) : NULL;
    if (!held)
        return false;
    if (c->count)
        memcpy(held + before, c->held + c->head, c->count * sizeof *held);
    free(c->held);
    c->held = held;
    c->head = before;
    c->cap = (uint32_t)want;
    return true;
}

static void let_go_of_oldest(struct par_sdk__conv *c)
{
    par_sdk__unread_fold(c, &c->held[c->head]->e);
    par_sdk__held_free(c->held[c->head++]);
    c->count--;
    c->view.lo++;
}

/* ---- what is laid over what ---- */

static void lay_edit(struct par_sdk__conv *c, struct par_sdk__held *t,
                     const struct par_sdk_entry *e)
{
    if (t->e.kind != PAR_SDK_TEXT || t->e.deleted_seq || e->deleted_seq || !e->text.ptr ||
        t->e.edited_seq >= e->seq)
        return;
    char *text = par_sdk__strdup(e->text);
    if (!text) {
        par_sdk__break(c->sdk);
        return;
    }
    free(t->edited);
    t->edited = text;
    t->e.text = par_str_of(text, e->text.len);
    t->e.edited_seq = e->seq;
    par_sdk__put_entry(c, &t->e);
}

static void erase(struct par_sdk__conv *c, struct par_sdk__held *h, uint64_t by)
{
    if (h->e.deleted_seq && !h->e.text.len)
        return;
    free(h->edited);
    h->edited = NULL;
    h->e.text = (struct par_str){0};
    h->e.deleted_seq = by;
    par_sdk__put_entry(c, &h->e);
}

/* The text goes, and that of the edits that point at it. */
static void lay_deletion(struct par_sdk__conv *c, struct par_sdk__held *t,
                         const struct par_sdk_entry *e)
{
    if (t && t->e.kind == PAR_SDK_TEXT)
        erase(c, t, e->seq);
    uint64_t from = e->target > c->view.lo ? e->target : c->view.lo;
    for (uint64_t seq = from; seq <= c->view.hi && c->count; seq++) {
        struct par_sdk__held *h = par_sdk__held_at(c, seq);
        if (h->e.kind == PAR_SDK_EDITED && h->e.target == e->target)
            erase(c, h, e->seq);
    }
}

static void lay_reaction(struct par_sdk__conv *c, struct par_sdk__held *t,
                         const struct par_sdk_entry *e)
{
    struct par_sdk_reaction *r = NULL;
    if (!e->text.len || e->text.len > sizeof r->emoji)
        return;
    for (uint32_t i = 0; i < t->e.reaction_count && !r; i++) {
        struct par_sdk_reaction *had = &t->reactions[i];
        if (had->user == e->from && par_str_eq(par_str_of(had->emoji, had->len), e->text))
            r = had;
    }
    if (!r) {
        uint32_t n = t->e.reaction_count;
        /* Room is doubled, which shows in the count alone. */
        if ((n & (n - 1)) == 0) {
            r = realloc(t->reactions, (n ? (size_t)2 * n : 1) * sizeof *r);
            if (!r) {
                par_sdk__break(c->sdk);
                return;
            }
            t->reactions = r;
            t->e.reactions = r;
        }
        r = &t->reactions[t->e.reaction_count++];
        *r = (struct par_sdk_reaction){.user = e->from, .len = (uint8_t)e->text.len};
        memcpy(r->emoji, e->text.ptr, e->text.len);
    }
    if (e->seq > r->seq) {
        r->seq = e->seq;
        r->on = e->on;
    }
}

void par_sdk__lay(struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    struct par_sdk__held *t = e->target ? par_sdk__held_at(c, e->target) : NULL;
    if (e->kind == PAR_SDK_DELETED && e->target) {
        par_sdk__unread_deleted(c, t ? &t->e : NULL, e);
        lay_deletion(c, t, e);
    }
    if (t && e->kind == PAR_SDK_EDITED)
        lay_edit(c, t, e);
    else if (t && e->kind == PAR_SDK_REACTION)
        lay_reaction(c, t, e);
}

void par_sdk__lay_all(struct par_sdk__conv *c)
{
    for (uint64_t seq = c->view.lo; c->count && seq <= c->view.hi; seq++)
        par_sdk__lay(c, &par_sdk__held_at(c, seq)->e);
}

/* ---- growing ---- */

/* The entry hi + 1. */
static void append(struct par_sdk__conv *c, struct par_sdk__held *h, enum par_sdk_how how)
{
    struct par_sdk *sdk = c->sdk;
    if (!make_room(c, 0, 1)) {
        par_sdk__held_free(h);
        par_sdk__break(sdk);
        return;
    }
    c->held[c->head + c->count++] = h;
    c->view.hi = h->e.seq;
    c->from_start = false;
    par_sdk__put_entry(c, &h->e);
    par_sdk__lay(c, &h->e);
    par_sdk__membership(c, &h->e);
    par_sdk__conv_dirty(c);
    par_sdk__outbox_seen(sdk, c, &h->e);
    if (sdk->ops->on_entry)
        sdk->ops->on_entry(sdk->arg, &c->view, &h->e, how);
    if (sdk->settings.held_max && c->count > sdk->settings.held_max)
        let_go_of_oldest(c);
}

void par_sdk__drop_parked(struct par_sdk__conv *c)
{
    for (uint32_t i = 0; i < c->parked_count; i++)
        par_sdk__held_free(c->parked[i]);
    c->parked_count = 0;
}

/* Keeps it until the hole before it is filled; what finds no room is asked for again later. */
static void park(struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    uint32_t at = c->parked_count;
    while (at > 0 && c->parked[at - 1]->e.seq > e->seq)
        at--;
    if ((at > 0 && c->parked[at - 1]->e.seq == e->seq) || c->parked_count == PAR_SDK__PARKED_MAX)
        return;
    if (c->parked_count == c->parked_cap) {
        uint32_t cap = c->parked_cap ? 2 * c->parked_cap : 8;
        struct par_sdk__held **parked = realloc(c->parked, cap * sizeof *parked);
        if (!parked)
            return;
        c->parked = parked;
        c->parked_cap = cap;
    }
    struct par_sdk__held *h = par_sdk__held_new(e);
    if (!h)
        return;
    memmove(c->parked + at + 1, c->parked + at, (c->parked_count - at) * sizeof *c->parked);
    c->parked[at] = h;
    c->parked_count++;
}

/* Appends what was parked and fits now; what is held already is dropped. */
static void unpark(struct par_sdk__conv *c)
{
    while (c->parked_count && c->parked[0]->e.seq <= c->view.hi + 1) {
        struct par_sdk__held *h = c->parked[0];
        c->parked_count--;
        memmove(c->parked, c->parked + 1, c->parked_count * sizeof *c->parked);
        if (h->e.seq <= c->view.hi)
            par_sdk__held_free(h);
        else
            append(c, h, PAR_SDK_BY_EVENT);
    }
}

void par_sdk__offer(struct par_sdk__conv *c, const struct par_sdk_entry *e, enum par_sdk_how how)
{
    struct par_sdk_conv *v = &c->view;
    if (e->seq > v->last_seq)
        v->last_seq = e->seq;
    if (v->hi == 0 && !c->from_start) {
        v->lo = e->seq;
        v->hi = e->seq - 1;
    }
    if (e->seq <= v->hi)
        return;
    if (e->seq > v->hi + 1) {
        par_sdk__conv_dirty(c);
        park(c, e);
        return;
    }
    struct par_sdk__held *h = par_sdk__held_new(e);
    if (!h) {
        par_sdk__break(c->sdk);
        return;
    }
    append(c, h, how);
    unpark(c);
    par_sdk__marks_held(c);
    par_sdk__fill_done(c);
}

uint32_t par_sdk__prepend(struct par_sdk__conv *c, const struct par_sdk_entry *page, uint32_t n)
{
    /* The part that lies below, and only if it ends right below. */
    while (n && page[n - 1].seq >= c->view.lo)
        n--;
    uint32_t first = n;
    uint64_t want = c->view.lo;
    while (first && page[first - 1].seq + 1 == want) {
        first--;
        want--;
    }
    uint32_t came = n - first;
    if (!came)
        return 0;
    if (!make_room(c, came, 0)) {
        par_sdk__break(c->sdk);
        return 0;
    }
    for (uint32_t i = n; i-- > first;) {
        struct par_sdk__held *h = par_sdk__held_new(&page[i]);
        if (!h) {
            par_sdk__break(c->sdk);
            return n - 1 - i;
        }
        c->held[--c->head] = h;
        c->count++;
        c->view.lo--;
        par_sdk__put_entry(c, &h->e);
    }
    par_sdk__lay_all(c);
    for (uint64_t seq = c->view.lo, end = seq + came; seq < end && c->sdk->ops->on_entry; seq++) {
        const struct par_sdk__held *h = par_sdk__held_at(c, seq);
        if (h)
            c->sdk->ops->on_entry(c->sdk->arg, &c->view, &h->e, PAR_SDK_BY_OLDER);
    }
    return came;
}

void par_sdk__restart_at(struct par_sdk__conv *c, uint64_t seq)
{
    for (; c->count; let_go_of_oldest(c))
        par_sdk__del_entry(c, c->view.lo);
    c->view.lo = seq;
    c->view.hi = seq - 1;
    c->from_start = seq == 1;
    while (c->parked_count && c->parked[0]->e.seq < seq) {
        par_sdk__held_free(c->parked[0]);
        c->parked_count--;
        memmove(c->parked, c->parked + 1, c->parked_count * sizeof *c->parked);
    }
    if (c->base_seq < c->view.hi)
        par_sdk__unread_ask(c);
    par_sdk__conv_dirty(c);
}

bool par_sdk__hold_restored(struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    if (c->count && e->seq <= c->view.hi)
        return false;
    if (c->count && e->seq != c->view.hi + 1)
        while (c->count)
            let_go_of_oldest(c);
    struct par_sdk__held *h = make_room(c, 0, 1) ? par_sdk__held_new(e) : NULL;
    if (!h) {
        par_sdk__break(c->sdk);
        return false;
    }
    if (c->count == 0)
        c->view.lo = e->seq;
    c->held[c->head + c->count++] = h;
    c->view.hi = e->seq;
    c->from_start = false;
    if (c->view.last_seq < e->seq)
        c->view.last_seq = e->seq;
    if (c->sdk->settings.held_max && c->count > c->sdk->settings.held_max)
        let_go_of_oldest(c);
    return true;
}
