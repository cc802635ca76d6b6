/* Settings and drafts on their way to the server, merged by conversation; and whose presence is
 * watched. */
#include "sdk/c/sdk_private.h"

enum { DRAFT_MS = 800, AGAIN_MS = 3000 };

void par_sdk_conv_set(struct par_sdk *sdk, int64_t now, struct par_str conv,
                      const struct par_sdk_set_values *values)
{
    unsigned mask = values->mask & (2 * PAR_SDK_SET_DRAFT - 1);
    if (!mask || sdk->link == PAR_SDK_BROKEN)
        return;
    par_sdk__enter(sdk, now);
    struct par_sdk__conv *c = par_sdk__conv_get(sdk, conv);
    if (c) {
        struct par_sdk_conv *v = &c->view;
        if (mask & PAR_SDK_SET_MUTED_UNTIL)
            v->muted_until = values->muted_until;
        if (mask & PAR_SDK_SET_ARCHIVED)
            v->archived = values->archived;
        if (mask & PAR_SDK_SET_PINNED)
            v->pinned = values->pinned;
        if (mask & PAR_SDK_SET_MARKED_UNREAD)
            v->marked_unread = values->marked_unread;
        if ((mask & PAR_SDK_SET_DRAFT) && !par_sdk__conv_draft(c, values->draft))
            par_sdk__break(sdk);
        c->set_pending |= mask;
        if (par_list_empty(&c->sets))
            par_list_append(&sdk->sets, &c->sets);
        /* A draft waits for more of it. */
        if (par_sdk__online(sdk))
            par_sdk__timer_set(sdk, &sdk->set_timer, mask == PAR_SDK_SET_DRAFT ? DRAFT_MS : 0);
        par_sdk__conv_changed(c);
    }
    par_sdk__leave(sdk);
}

void par_sdk__sets_timer(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)timer;
    par_sdk__sets_flush(sdk);
}

static void write_settings(struct par_json_out *w, const struct par_sdk_conv *v, unsigned mask)
{
    if (mask & PAR_SDK_SET_MUTED_UNTIL)
        par_json_key_int(w, "muted_until", v->muted_until);
    if (mask & PAR_SDK_SET_ARCHIVED)
        par_json_key_bool(w, "archived", v->archived);
    if (mask & PAR_SDK_SET_PINNED)
        par_json_key_bool(w, "pinned", v->pinned);
    if (mask & PAR_SDK_SET_MARKED_UNREAD)
        par_json_key_bool(w, "marked_unread", v->marked_unread);
    if (mask & PAR_SDK_SET_DRAFT)
        par_json_key_str(w, "draft", v->draft);
}

void par_sdk__sets_flush(struct par_sdk *sdk)
{
    struct par_json_out w;
    if (!par_sdk__online(sdk) || sdk->set_flying || par_list_empty(&sdk->sets))
        return;
    struct par_sdk__request *r = par_sdk__request_begin(sdk, PAR_SDK__SET, "conv.set", &w);
    if (!r)
        return;
    struct par_sdk__conv *c = PAR_CONTAINER(sdk->sets.next, struct par_sdk__conv, sets);
    par_list_remove(&c->sets);
    r->conv = c;
    sdk->set_flying = true;
    c->set_flying = c->set_pending;
    c->set_pending = 0;
    par_json_key_str(&w, "conv", c->view.id);
    write_settings(&w, &c->view, c->set_flying);
    par_sdk__request_end(sdk, &w);
}

void par_sdk__sets_answer(struct par_sdk__conv *c, const struct par_sdk__answer *a)
{
    struct par_sdk *sdk = c->sdk;
    sdk->set_flying = false;
    /* Refused for good, as for a group one has left: nothing to keep. */
    if (!a->ok && a->retry) {
        c->set_pending |= c->set_flying;
        if (par_list_empty(&c->sets))
            par_list_append(&sdk->sets, &c->sets);
    }
    c->set_flying = 0;
    par_sdk__conv_dirty(c);
    if (!par_sdk__online(sdk))
        return;
    if (!a->ok && a->retry)
        par_sdk__timer_set(sdk, &sdk->set_timer,
                           a->retry_after_ms > AGAIN_MS ? a->retry_after_ms : AGAIN_MS);
    else
        par_sdk__sets_flush(sdk);
}

/* ---- presence ---- */

void par_sdk_watch(struct par_sdk *sdk, int64_t now, const uint64_t *users, uint32_t count)
{
    uint64_t *copy = malloc((count ? count : 1) * sizeof *copy);
    par_sdk__enter(sdk, now);
    if (copy) {
        for (uint32_t i = 0; i < count; i++)
            copy[i] = users[i];
        free(sdk->watched);
        sdk->watched = copy;
        sdk->watched_count = count;
        par_sdk__watch_send(sdk);
    } else {
        par_sdk__break(sdk);
    }
    par_sdk__leave(sdk);
}

void par_sdk__watch_send(struct par_sdk *sdk)
{
    struct par_json_out w;
    if (!par_sdk__online(sdk) || !sdk->watched ||
        !par_sdk__request_begin(sdk, PAR_SDK__WATCH, "watch", &w))
        return;
    par_json_key(&w, "users");
    par_json_open_array(&w);
    for (uint32_t i = 0; i < sdk->watched_count; i++)
        par_json_id(&w, sdk->watched[i]);
    par_json_close_array(&w);
    par_sdk__request_end(sdk, &w);
}

void par_sdk__watch_answer(struct par_sdk *sdk, const struct par_sdk__answer *a)
{
    struct par_json list, row, id;
    if (!a->ok || !sdk->ops->on_presence || !par_sdk__get_array(a->ok, "users", &list))
        return;
    for (struct par_json_iter it = par_json_iter(&list); par_json_next_item(&it, &row);) {
        if (row.type != PAR_JSON_OBJECT || !par_json_get(&row, "id", &id))
            continue;
        bool online = par_str_is(par_sdk__get_text(&row, "status", a->arena), "online");
        sdk->ops->on_presence(sdk->arg, par_sdk__user(&id), online,
                              par_sdk__get_int(&row, "last_seen", 0));
    }
}
