/* The life of a client core: making and freeing it, its turns, its timers. */
#include "sdk/c/sdk_private.h"

/* ---- timers: few run at a time, so a list will do ---- */

void par_sdk__timer_init(struct par_sdk__timer *t, par_sdk__fire_fn fire)
{
    par_list_init(&t->node);
    t->fire = fire;
}

void par_sdk__timer_set(struct par_sdk *sdk, struct par_sdk__timer *t, int64_t ms)
{
    par_list_remove(&t->node);
    t->at = sdk->now + (ms > 0 ? ms : 0);
    par_list_append(&sdk->timers, &t->node);
}

void par_sdk__timer_stop(struct par_sdk__timer *t)
{
    par_list_remove(&t->node);
}

/* The earliest; of two for the same time the one that was set first. */
static struct par_sdk__timer *first_timer(const struct par_sdk *sdk)
{
    struct par_sdk__timer *first = NULL;
    PAR_LIST_FOR_EACH (node, &sdk->timers) {
        struct par_sdk__timer *t = PAR_CONTAINER(node, struct par_sdk__timer, node);
        if (!first || t->at < first->at)
            first = t;
    }
    return first;
}

int64_t par_sdk_next(const struct par_sdk *sdk)
{
    const struct par_sdk__timer *first = first_timer(sdk);
    return first ? first->at : INT64_MAX;
}

void par_sdk_tick(struct par_sdk *sdk, int64_t now)
{
    par_sdk__enter(sdk, now);
    /* Those that are due now, and none that is set meanwhile, so that this ends. What is stopped by
     * another leaves the list by itself; what fires may be gone when its function returns. */
    struct par_list due;
    par_list_init(&due);
    for (struct par_sdk__timer *t; (t = first_timer(sdk)) && t->at <= sdk->now;) {
        par_list_remove(&t->node);
        par_list_append(&due, &t->node);
    }
    for (struct par_list *node; (node = par_list_pop(&due));) {
        struct par_sdk__timer *t = PAR_CONTAINER(node, struct par_sdk__timer, node);
        t->fire(sdk, t);
    }
    par_sdk__leave(sdk);
}

int64_t par_sdk__backoff(struct par_sdk *sdk, unsigned *step)
{
    static const int64_t steps[] = {500, 1000, 2000, 4000, 8000, 15000, 30000};
    enum { STEPS = sizeof steps / sizeof *steps };
    int64_t base = steps[*step < STEPS ? *step : STEPS - 1];
    ++*step;
    return base / 2 + (int64_t)(sdk->ops->random(sdk->arg) % (uint64_t)(base + 1));
}

/* ---- turns ---- */

void par_sdk__enter(struct par_sdk *sdk, int64_t now)
{
    sdk->depth++;
    if (now > sdk->now)
        sdk->now = now;
}

static void send_frames(struct par_sdk *sdk)
{
    struct par_buf out = sdk->out;
    par_buf_init(&sdk->out);
    struct par_cursor at = par_cursor(par_buf_str(&out));
    uint32_t n;
    struct par_str frame;
    /* A callback that closes the connection takes the rest with it. */
    while (sdk->connected && par_cursor_u32(&at, &n) && par_cursor_bytes(&at, n, &frame))
        sdk->ops->send(sdk->arg, frame);
    if (sdk->out.len == 0) {
        par_buf_clear(&out);
        par_buf_fini(&sdk->out);
        sdk->out = out;
    } else {
        par_buf_fini(&out);
    }
}

/* Close, connect, send: what the transport is told, once the records are safe. */
static void tell_transport(struct par_sdk *sdk)
{
    if (sdk->want_close) {
        sdk->want_close = false;
        sdk->ops->close(sdk->arg);
    }
    if (sdk->want_connect) {
        sdk->want_connect = false;
        sdk->connected = true;
        sdk->ops->connect(sdk->arg);
    }
    if (sdk->out.len)
        send_frames(sdk);
}

static bool has_work(const struct par_sdk *sdk)
{
    return sdk->out.len || sdk->want_close || sdk->want_connect || sdk->batch ||
           !par_list_empty(&sdk->dirty) || !par_list_empty(&sdk->announce);
}

void par_sdk__leave(struct par_sdk *sdk)
{
    if (sdk->depth > 1) {
        sdk->depth--;
        return;
    }
    do {
        par_sdk__outbox_pump(sdk);
        par_sdk__fill_pump(sdk);
        if (sdk->out.failed || (sdk->link != PAR_SDK_BROKEN && !par_sdk__commit(sdk)))
            par_sdk__break(sdk);
        if (sdk->link == PAR_SDK_BROKEN) {
            par_buf_clear(&sdk->out);
            sdk->batch = false;
            while (par_list_pop(&sdk->dirty) || par_list_pop(&sdk->announce))
                ;
        }
        par_sdk__outbox_announce(sdk);
        tell_transport(sdk);
        par_sdk__tell_status(sdk);
    } while (has_work(sdk));
    sdk->depth--;
    if (sdk->ops->wake)
        sdk->ops->wake(sdk->arg);
}

void par_sdk__break(struct par_sdk *sdk)
{
    if (sdk->link == PAR_SDK_BROKEN)
        return;
    par_sdk__unlink(sdk, PAR_SDK_BROKEN);
}

/* ---- making and freeing ---- */

char *par_sdk__strdup(struct par_str s)
{
    if (!s.ptr)
        return NULL;
    char *copy = malloc(s.len + 1);
    if (copy) {
        memcpy(copy, s.ptr, s.len);
        copy[s.len] = '\0';
    }
    return copy;
}

static bool conv_is(const struct par_map_node *node, const void *key, size_t len)
{
    const struct par_sdk__conv *c = PAR_CONTAINER(node, struct par_sdk__conv, in_map);
    return par_str_eq(c->view.id, par_str_of(key, len));
}

static void init_lists(struct par_sdk *sdk)
{
    struct par_list *all[] = {&sdk->timers, &sdk->requests, &sdk->convs,    &sdk->dirty,
                              &sdk->items,  &sdk->lanes,    &sdk->announce, &sdk->fills,
                              &sdk->marks,  &sdk->sets,     &sdk->acking};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        par_list_init(all[i]);
}

struct par_sdk *par_sdk_new(const struct par_sdk_settings *settings, const struct par_sdk_ops *ops,
                            void *arg)
{
    struct par_sdk *sdk = calloc(1, sizeof *sdk);
    if (!sdk)
        return NULL;
    sdk->ops = ops;
    sdk->arg = arg;
    sdk->settings = *settings;
    init_lists(sdk);
    sdk->random_seed[0] = ops->random(arg);
    sdk->random_seed[1] = ops->random(arg);
    par_map_init(&sdk->by_id, sdk->random_seed, conv_is);
    par_sdk__lane_init(&sdk->create_lane);
    par_sdk__link_init(sdk);
    par_sdk__timer_init(&sdk->sync.timer, par_sdk__sync_due);
    par_sdk__timer_init(&sdk->mark_timer, par_sdk__marks_timer);
    par_sdk__timer_init(&sdk->set_timer, par_sdk__sets_timer);
    sdk->frame_bytes = par_proto_limits_default.frame_bytes;
    sdk->history_page = par_proto_limits_default.history_page;
    sdk->store = PAR_STR("");
    sdk->token = par_sdk__strdup(settings->token);
    sdk->client = par_sdk__strdup(settings->client);
    if (!sdk->token || !sdk->client)
        par_sdk_free(&sdk);
    return sdk;
}

void par_sdk_free(struct par_sdk **sdk_at)
{
    struct par_sdk *sdk = *sdk_at;
    *sdk_at = NULL;
    if (!sdk)
        return;
    /* Items first: one that is under way lets go of its request. */
    for (struct par_list *node; (node = par_list_pop(&sdk->items));)
        par_sdk__item_free(PAR_CONTAINER(node, struct par_sdk__item, node));
    for (struct par_list *node; (node = par_list_pop(&sdk->requests));)
        free(PAR_CONTAINER(node, struct par_sdk__request, node));
    for (struct par_list *node; (node = par_list_pop(&sdk->convs));)
        par_sdk__conv_free(PAR_CONTAINER(node, struct par_sdk__conv, node));
    par_map_fini(&sdk->by_id);
    par_buf_fini(&sdk->out);
    free(sdk->token);
    free(sdk->client);
    free(sdk->store_text);
    free(sdk->sync_token);
    free(sdk->sync.cursor);
    free(sdk->watched);
    free(sdk);
}

/* ---- looking ---- */

struct par_sdk_status par_sdk_status(const struct par_sdk *sdk)
{
    return (struct par_sdk_status){
        .link = sdk->link,
        .retry_at = sdk->link == PAR_SDK_WAITING ? sdk->link_timer.at : 0,
        .updating = sdk->sync.active || sdk->fill_count > 0,
        .code = sdk->code,
    };
}

void par_sdk__tell_status(struct par_sdk *sdk)
{
    struct par_sdk_status now = par_sdk_status(sdk), last = sdk->status;
    if (now.link == last.link && now.retry_at == last.retry_at && now.updating == last.updating &&
        now.code == last.code)
        return;
    sdk->status = now;
    if (sdk->ops->on_status)
        sdk->ops->on_status(sdk->arg, &now);
}

struct par_str par_sdk_store(const struct par_sdk *sdk)
{
    return sdk->store;
}
