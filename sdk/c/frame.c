/* What comes from the server: answers go to those who asked, events to the conversations. */
#include "sdk/c/sdk_private.h"

static void on_entry(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    struct par_sdk_entry e;
    struct par_str id;
    if (!par_sdk__entry_read(frame, arena, &e, &id))
        return;
    bool known = par_sdk__conv_find(sdk, id) != NULL;
    struct par_sdk__conv *c = par_sdk__conv_get(sdk, id);
    if (!c)
        return;
    par_sdk__offer(c, &e, PAR_SDK_BY_EVENT);
    par_sdk__fill(c);
    /* Nothing is known of it beyond this entry: its row tells the rest. */
    if (!known && e.seq > 1)
        par_sdk__sync(sdk, NULL, NULL, false);
}

static void on_mark(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    struct par_json others;
    struct par_sdk__conv *c = par_sdk__conv_find(sdk, par_sdk__get_text(frame, "conv", arena));
    if (!c)
        return;
    bool least = par_sdk__get_object(frame, "others", &others);
    const struct par_json *marks = least ? &others : frame;
    struct par_json user;
    uint64_t who = 0;
    if (!least && (!par_json_get(frame, "user", &user) || !(who = par_sdk__user(&user))))
        return;
    par_sdk__mark(c, who, par_sdk__get_seq(marks, "delivered"), par_sdk__get_seq(marks, "read"));
}

static void on_conv(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    struct par_str id = par_sdk__get_text(frame, "conv", arena);
    bool known = par_sdk__conv_find(sdk, id) != NULL;
    struct par_sdk__conv *c = par_sdk__conv_get(sdk, id);
    if (!c)
        return;
    bool was = c->view.member;
    par_sdk__row_fields(c, frame, arena, false);
    par_sdk__conv_changed(c);
    if (c->view.member && (!known || !was))
        par_sdk__sync(sdk, NULL, NULL, false);
}

static void on_presence(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    struct par_json user;
    if (!sdk->ops->on_presence || !par_json_get(frame, "user", &user))
        return;
    bool is_online = par_str_is(par_sdk__get_text(frame, "status", arena), "online");
    sdk->ops->on_presence(sdk->arg, par_sdk__user(&user), is_online,
                          par_sdk__get_int(frame, "last_seen", 0));
}

static void on_typing(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    struct par_json user;
    struct par_str id = par_sdk__get_text(frame, "conv", arena);
    if (sdk->ops->on_typing && id.len && par_json_get(frame, "user", &user))
        sdk->ops->on_typing(sdk->arg, id, par_sdk__user(&user),
                            par_sdk__get_bool(frame, "on", false));
}

static void on_sync(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    (void)frame, (void)arena;
    if (sdk->ops->on_sync_required)
        sdk->ops->on_sync_required(sdk->arg);
    par_sdk__sync(sdk, NULL, NULL, false);
}

static void on_drain(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    (void)arena;
    par_sdk__drain(sdk, par_sdk__get_int(frame, "retry_after_ms", 0));
}

static const struct {
    const char *name;
    void (*handle)(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena);
} events[] = {
    {"entry", on_entry},   {"mark", on_mark}, {"conv", on_conv},   {"presence", on_presence},
    {"typing", on_typing}, {"sync", on_sync}, {"drain", on_drain},
};

static void take(struct par_sdk *sdk, const struct par_json *frame, struct par_arena *arena)
{
    struct par_json re;
    int64_t id;
    if (par_json_get(frame, "re", &re)) {
        if (re.type == PAR_JSON_NUMBER && par_json_to_int(&re, &id))
            par_sdk__answered(sdk, id, frame, arena);
        return;
    }
    struct par_str ev = par_sdk__get_text(frame, "ev", arena);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (par_str_is(ev, events[i].name)) {
            events[i].handle(sdk, frame, arena);
            return;
        }
    }
}

void par_sdk_frame(struct par_sdk *sdk, int64_t now, struct par_str text)
{
    struct par_arena arena = {0};
    struct par_json frame;
    if (!sdk->opened)
        return;
    par_sdk__enter(sdk, now);
    sdk->heard = true;
    /* What is no frame is passed over, as unknown events are: a later protocol may have more. */
    if (par_json_check(text, PAR_JSON_DEPTH_MAX, &arena, &frame) == PAR_JSON_FINE)
        take(sdk, &frame, &arena);
    par_arena_fini(&arena);
    par_sdk__leave(sdk);
}
