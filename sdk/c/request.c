/* Requests and their answers: each has an id, a deadline, and somebody who takes the answer. */
#include "sdk/c/sdk_private.h"

static struct par_sdk__request *request_of(struct par_list *node)
{
    return PAR_CONTAINER(node, struct par_sdk__request, node);
}

static void give_user(struct par_sdk *sdk, uint64_t tag, const struct par_sdk__answer *a)
{
    if (!sdk->ops->on_answer)
        return;
    if (a->ok)
        sdk->ops->on_answer(sdk->arg, tag, par_json_source(a->ok), PAR_OK, PAR_STR(""));
    else
        sdk->ops->on_answer(sdk->arg, tag, (struct par_str){0}, a->err, a->message);
}

static void finish(struct par_sdk *sdk, struct par_sdk__request *r, const struct par_sdk__answer *a)
{
    struct par_sdk__request done = *r;
    par_sdk__timer_stop(&r->timer);
    par_list_remove(&r->node);
    free(r);
    switch (done.ask) {
    case PAR_SDK__HELLO:
        par_sdk__hello_answer(sdk, a);
        break;
    case PAR_SDK__SYNC:
        par_sdk__sync_answer(sdk, a);
        break;
    case PAR_SDK__FILL:
        par_sdk__fill_answer(done.conv, a);
        break;
    case PAR_SDK__OLDER:
        par_sdk__older_answer(done.conv, a);
        break;
    case PAR_SDK__ACK:
        par_sdk__marks_answer(sdk, a);
        break;
    case PAR_SDK__SET:
        par_sdk__sets_answer(done.conv, a);
        break;
    case PAR_SDK__ITEM:
        sdk->flying--;
        if (done.item)
            par_sdk__outbox_answer(sdk, done.item, a);
        break;
    case PAR_SDK__WATCH:
        par_sdk__watch_answer(sdk, a);
        break;
    case PAR_SDK__MEMBERS:
        par_sdk__members_answer(done.conv, a);
        break;
    case PAR_SDK__PING:
        break;
    case PAR_SDK__USER:
        give_user(sdk, done.tag, a);
        break;
    }
}

/* The connection lives and yet there is no answer: the request may have been lost on the way behind
 * the server. What is asked again is harmless, being a question, or having its cmid. */
static void too_late(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    struct par_sdk__request *r = PAR_CONTAINER(timer, struct par_sdk__request, timer);
    struct par_sdk__answer a = {
        .lost = true, .retry = true, .err = PAR_E_UNAVAILABLE, .message = PAR_STR("no answer")};
    finish(sdk, r, &a);
}

struct par_sdk__request *par_sdk__request_begin(struct par_sdk *sdk, enum par_sdk__ask ask,
                                                const char *op, struct par_json_out *w_r)
{
    struct par_sdk__request *r = calloc(1, sizeof *r);
    if (!r) {
        par_sdk__break(sdk);
        return NULL;
    }
    r->id = ++sdk->next_id;
    r->ask = ask;
    par_sdk__timer_init(&r->timer, too_late);
    /* The wait for the answer to hello is that of the connection. */
    if (ask != PAR_SDK__HELLO && sdk->settings.answer_ms)
        par_sdk__timer_set(sdk, &r->timer, sdk->settings.answer_ms);
    par_list_append(&sdk->requests, &r->node);
    sdk->frame_at = sdk->out.len;
    par_buf_add_u32(&sdk->out, 0);
    *w_r = par_json_out(&sdk->out);
    par_json_open(w_r);
    par_json_key_z(w_r, "op", op);
    par_json_key_int(w_r, "id", r->id);
    return r;
}

void par_sdk__request_end(struct par_sdk *sdk, struct par_json_out *w)
{
    par_json_close(w);
    struct par_buf *out = &sdk->out;
    if (out->failed)
        return;
    uint32_t n = (uint32_t)(out->len - sdk->frame_at - 4);
    uint8_t *at = out->data + sdk->frame_at;
    at[0] = (uint8_t)(n >> 24);
    at[1] = (uint8_t)(n >> 16);
    at[2] = (uint8_t)(n >> 8);
    at[3] = (uint8_t)n;
}

void par_sdk__requests_lost(struct par_sdk *sdk)
{
    static const struct par_sdk__answer lost = {
        .lost = true, .retry = true, .err = PAR_E_GONE, .message = {"", 0}};
    for (struct par_list *node; !par_list_empty(&sdk->requests);) {
        node = sdk->requests.next;
        finish(sdk, request_of(node), &lost);
    }
}

void par_sdk__answered(struct par_sdk *sdk, int64_t re, const struct par_json *frame,
                       struct par_arena *arena)
{
    struct par_sdk__request *r = NULL;
    PAR_LIST_FOR_EACH (node, &sdk->requests) {
        if (request_of(node)->id == re) {
            r = request_of(node);
            break;
        }
    }
    struct par_json ok, error;
    if (!r)
        return;
    struct par_sdk__answer a = {.arena = arena, .message = PAR_STR("")};
    if (par_sdk__get_object(frame, "ok", &ok)) {
        a.ok = &ok;
    } else {
        /* An answer that is neither says nothing of what happened. */
        bool told = par_sdk__get_object(frame, "error", &error);
        struct par_str code = told ? par_sdk__get_text(&error, "code", arena) : (struct par_str){0};
        a.err = told ? par_sdk__err_of(code) : PAR_E_INTERNAL;
        a.retry = told ? par_sdk__get_bool(&error, "retry", false) : true;
        if (told && par_sdk__get_text(&error, "message", arena).ptr)
            a.message = par_sdk__get_text(&error, "message", arena);
        int64_t wait = told ? par_sdk__get_int(&error, "retry_after_ms", 0) : 0;
        a.retry_after_ms = wait < 0 ? 0 : wait > 3600000 ? 3600000 : wait;
    }
    finish(sdk, r, &a);
}

bool par_sdk_ask(struct par_sdk *sdk, int64_t now, const char *op, struct par_str members,
                 uint64_t tag)
{
    struct par_json_out w;
    if (!par_sdk__online(sdk))
        return false;
    par_sdk__enter(sdk, now);
    struct par_sdk__request *r = par_sdk__request_begin(sdk, PAR_SDK__USER, op, &w);
    if (r) {
        r->tag = tag;
        if (members.len) {
            par_buf_addz(&sdk->out, ",");
            par_buf_add_str(&sdk->out, members);
        }
        par_sdk__request_end(sdk, &w);
    }
    par_sdk__leave(sdk);
    return r != NULL;
}
