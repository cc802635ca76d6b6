/* Conversations: finding and making them, and what a reader asks of one. */
#include "sdk/c/sdk_private.h"

static struct par_sdk__conv *conv_of(const struct par_list *node)
{
    return PAR_CONTAINER(node, struct par_sdk__conv, node);
}

struct par_sdk__conv *par_sdk__conv_find(const struct par_sdk *sdk, struct par_str id)
{
    struct par_map_node *node = id.len ? par_map_find(&sdk->by_id, id) : NULL;
    return node ? PAR_CONTAINER(node, struct par_sdk__conv, in_map) : NULL;
}

/* As if nothing had been heard of it yet. */
static void blank(struct par_sdk__conv *c)
{
    struct par_sdk_conv *v = &c->view, old = *v;
    unsigned set = c->set_pending;
    *v = (struct par_sdk_conv){
        .id = old.id,
        .name = PAR_STR(""),
        .draft = PAR_STR(""),
        .direct = par_str_starts(old.id, "d."),
        .member = true,
        .first_seq = 1,
        .lo = 1,
    };
    /* What the person set and the server has not heard of yet stays, and goes out again. */
    if (set & PAR_SDK_SET_MUTED_UNTIL)
        v->muted_until = old.muted_until;
    if (set & PAR_SDK_SET_ARCHIVED)
        v->archived = old.archived;
    if (set & PAR_SDK_SET_PINNED)
        v->pinned = old.pinned;
    if (set & PAR_SDK_SET_MARKED_UNREAD)
        v->marked_unread = old.marked_unread;
    if (set & PAR_SDK_SET_DRAFT)
        v->draft = old.draft;
    c->from_start = c->sdk->settings.hole_max == 0;
}

struct par_sdk__conv *par_sdk__conv_get(struct par_sdk *sdk, struct par_str id)
{
    struct par_sdk__conv *c = par_sdk__conv_find(sdk, id);
    if (c || !id.len || id.len > PAR_SDK__ID_MAX || memchr(id.ptr, 0, id.len))
        return c;
    if (sdk->settings.convs_max && sdk->conv_count >= sdk->settings.convs_max)
        return NULL;
    c = calloc(1, sizeof *c);
    if (!c) {
        par_sdk__break(sdk);
        return NULL;
    }
    c->sdk = sdk;
    memcpy(c->id, id.ptr, id.len);
    c->view.id = par_str_of(c->id, id.len);
    blank(c);
    struct par_list *lists[] = {&c->node, &c->dirty, &c->marks, &c->sets, &c->fills};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        par_list_init(lists[i]);
    par_sdk__timer_init(&c->fill_timer, par_sdk__fill_due);
    par_sdk__timer_init(&c->members_timer, par_sdk__members_due);
    par_sdk__lane_init(&c->lane);
    if (!par_map_insert(&sdk->by_id, &c->in_map, c->view.id)) {
        free(c);
        par_sdk__break(sdk);
        return NULL;
    }
    par_list_append(&sdk->convs, &c->node);
    sdk->conv_count++;
    return c;
}

static void free_held(struct par_sdk__conv *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        par_sdk__held_free(c->held[c->head + i]);
    free(c->held);
    c->held = NULL;
    c->head = c->count = c->cap = 0;
    par_sdk__drop_parked(c);
    free(c->parked);
    c->parked = NULL;
    c->parked_cap = 0;
    free(c->members);
    c->members = NULL;
    c->member_rows = 0;
}

void par_sdk__conv_wipe(struct par_sdk__conv *c)
{
    free_held(c);
    par_sdk__fill_stop(c);
    par_sdk__timer_stop(&c->members_timer);
    par_list_remove(&c->marks);
    blank(c);
    c->base_unread = 0;
    c->base_seq = c->base_read = c->counted_seq = 0;
    c->acked_delivered = c->acked_read = 0;
    c->members_stale = false;
    par_list_remove(&c->dirty);
    if (c->set_pending)
        par_sdk__conv_dirty(c);
}

void par_sdk__conv_free(struct par_sdk__conv *c)
{
    free_held(c);
    free(c->name);
    free(c->draft);
    free(c);
}

static bool replace(char **own, struct par_str *view, struct par_str s)
{
    if (par_str_eq(*view, s))
        return true;
    char *copy = par_sdk__strdup(s);
    if (!copy)
        return false;
    free(*own);
    *own = copy;
    *view = par_str_of(copy, s.len);
    return true;
}

bool par_sdk__conv_name(struct par_sdk__conv *c, struct par_str name)
{
    return replace(&c->name, &c->view.name, name);
}

bool par_sdk__conv_draft(struct par_sdk__conv *c, struct par_str draft)
{
    return replace(&c->draft, &c->view.draft, draft);
}

void par_sdk__conv_dirty(struct par_sdk__conv *c)
{
    if (par_list_empty(&c->dirty))
        par_list_append(&c->sdk->dirty, &c->dirty);
}

void par_sdk__conv_changed(struct par_sdk__conv *c)
{
    par_sdk__conv_dirty(c);
    if (c->sdk->ops->on_conv)
        c->sdk->ops->on_conv(c->sdk->arg, &c->view);
}

/* ---- looking ---- */

const struct par_sdk_conv *par_sdk_conv(const struct par_sdk *sdk, struct par_str id)
{
    struct par_sdk__conv *c = par_sdk__conv_find(sdk, id);
    return c ? &c->view : NULL;
}

const struct par_sdk_conv *par_sdk_conv_after(const struct par_sdk *sdk,
                                              const struct par_sdk_conv *conv)
{
    const struct par_list *node =
        conv ? ((const struct par_sdk__conv *)conv)->node.next : sdk->convs.next;
    return node == &sdk->convs ? NULL : &conv_of(node)->view;
}

struct par_sdk__held *par_sdk__held_at(const struct par_sdk__conv *c, uint64_t seq)
{
    if (c->count == 0 || seq < c->view.lo || seq > c->view.hi)
        return NULL;
    return c->held[c->head + (uint32_t)(seq - c->view.lo)];
}

const struct par_sdk_entry *par_sdk_entry(const struct par_sdk_conv *conv, uint64_t seq)
{
    const struct par_sdk__held *h = par_sdk__held_at((const struct par_sdk__conv *)conv, seq);
    return h ? &h->e : NULL;
}

static bool counts(const struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    return e->kind == PAR_SDK_TEXT && e->from != c->sdk->settings.user && !e->deleted_seq;
}

void par_sdk__unread_fold(struct par_sdk__conv *c, const struct par_sdk_entry *e)
{
    /* Held down to the read mark; and the row does not know better what is still to come. */
    bool here = c->view.lo <= c->view.read + 1 &&
                (c->base_seq <= c->view.hi || c->base_read < c->view.read);
    if (here) {
        c->base_unread = 0;
        c->base_read = c->view.read;
    } else if (e->seq <= c->base_seq) {
        return;
    }
    c->base_seq = e->seq;
    if (e->seq > c->view.read && counts(c, e) && c->base_unread < PAR_SDK__UNREAD_MAX)
        c->base_unread++;
}

void par_sdk__unread_ask(struct par_sdk__conv *c)
{
    bool here = c->count && c->view.lo <= c->view.read + 1 && c->base_seq <= c->view.hi;
    if (!here && !c->sdk->settings.by_have)
        par_sdk__sync(c->sdk, NULL, NULL, false);
}

void par_sdk__unread_deleted(struct par_sdk__conv *c, const struct par_sdk_entry *target,
                             const struct par_sdk_entry *deletion)
{
    /* What the row has counted already, and does not know to be deleted. */
    if (deletion->seq <= c->base_seq || deletion->target > c->base_seq ||
        deletion->target <= c->view.read)
        return;
    if (!target)
        par_sdk__unread_ask(c);
    else if (counts(c, target) && c->base_unread > 0)
        c->base_unread--;
}

uint32_t par_sdk_unread(const struct par_sdk_conv *conv)
{
    const struct par_sdk__conv *c = (const struct par_sdk__conv *)conv;
    uint64_t newest = conv->hi > conv->last_seq ? conv->hi : conv->last_seq;
    if (conv->read >= newest)
        return 0;
    /* The row knows of more than is held. */
    if (c->base_seq > conv->hi && c->base_read >= conv->read)
        return c->base_unread;
    /* Held down to the read mark, or read further than the row knew: counted here. Else what the
     * row said, and what came since. */
    bool here = conv->lo <= conv->read + 1 || c->base_read < conv->read;
    uint64_t from = here || conv->read > c->base_seq ? conv->read : c->base_seq;
    uint32_t n = here ? 0 : c->base_unread;
    for (uint32_t i = c->count; i-- > 0 && n < PAR_SDK__UNREAD_MAX;) {
        const struct par_sdk_entry *e = &c->held[c->head + i]->e;
        if (e->seq <= from)
            break;
        n += counts(c, e);
    }
    return n < PAR_SDK__UNREAD_MAX ? n : PAR_SDK__UNREAD_MAX;
}

enum par_sdk_state par_sdk_state(const struct par_sdk_conv *conv, uint64_t seq)
{
    if (!conv->direct && conv->member_count < 2)
        return PAR_SDK_SENT;
    if (conv->others_read >= seq)
        return PAR_SDK_READ;
    return conv->others_delivered >= seq ? PAR_SDK_DELIVERED : PAR_SDK_SENT;
}
