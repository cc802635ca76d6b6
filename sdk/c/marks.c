/* Own marks on their way to the server: what this device holds is acked as delivered, what the
 * person saw as read; merged by conversation, many in one request, asked again until the server has
 * them.
 */
#include "sdk/c/sdk_private.h"

enum { BATCH_MS = 150, BATCH_SIZE = 200, ACK_BYTES = 320, AGAIN_MS = 1000 };

static struct par_sdk__conv *conv_of(struct par_list *node)
{
    return PAR_CONTAINER(node, struct par_sdk__conv, marks);
}

static bool due(const struct par_sdk__conv *c)
{
    return c->view.member &&
           (c->view.delivered > c->acked_delivered || c->view.read > c->acked_read);
}

void par_sdk__marks_due(struct par_sdk__conv *c)
{
    struct par_sdk *sdk = c->sdk;
    if (!due(c) || !par_list_empty(&c->marks))
        return;
    par_list_append(&sdk->marks, &c->marks);
    if (par_sdk__online(sdk) && !par_sdk__timer_runs(&sdk->mark_timer))
        par_sdk__timer_set(sdk, &sdk->mark_timer, BATCH_MS);
}

/* Own entries alone need no ack: nobody waits for it. */
void par_sdk__marks_held(struct par_sdk__conv *c)
{
    struct par_sdk_conv *v = &c->view;
    if (!v->member || c->count == 0)
        return;
    for (uint64_t seq = v->hi; seq > v->delivered && seq >= v->lo; seq--) {
        if (par_sdk__held_at(c, seq)->e.from == c->sdk->settings.user)
            continue;
        v->delivered = v->hi;
        par_sdk__conv_dirty(c);
        par_sdk__marks_due(c);
        return;
    }
}

void par_sdk_read(struct par_sdk *sdk, int64_t now, struct par_str conv, uint64_t seq)
{
    struct par_sdk__conv *c = par_sdk__conv_find(sdk, conv);
    if (!c || !c->view.member)
        return;
    struct par_sdk_conv *v = &c->view;
    uint64_t to = seq < v->hi ? seq : v->hi;
    if (to <= v->read)
        return;
    par_sdk__enter(sdk, now);
    v->read = to;
    if (v->delivered < to)
        v->delivered = to;
    par_sdk__marks_due(c);
    par_sdk__conv_changed(c);
    par_sdk__leave(sdk);
}

void par_sdk__marks_timer(struct par_sdk *sdk, struct par_sdk__timer *timer)
{
    (void)timer;
    par_sdk__marks_flush(sdk);
}

/* Moves what goes into this request from marks to acking. */
static void choose(struct par_sdk *sdk)
{
    uint32_t most = sdk->frame_bytes / ACK_BYTES;
    most = sdk->ack_alone || most < 1 ? 1 : most < BATCH_SIZE ? most : BATCH_SIZE;
    for (struct par_list *node; most > 0 && (node = par_list_pop(&sdk->marks));) {
        struct par_sdk__conv *c = conv_of(node);
        if (!due(c))
            continue;
        c->sent_delivered = c->view.delivered;
        c->sent_read = c->view.read;
        par_list_append(&sdk->acking, node);
        most--;
    }
}

static void write_marks(struct par_sdk *sdk, struct par_json_out *w, bool read)
{
    par_json_key(w, read ? "read" : "delivered");
    par_json_open(w);
    PAR_LIST_FOR_EACH (node, &sdk->acking) {
        const struct par_sdk__conv *c = conv_of(node);
        uint64_t seq = read                               ? c->sent_read
                       : c->sent_delivered > c->sent_read ? c->sent_delivered
                                                          : 0;
        /* A mark that the server has already is left out. */
        if (seq > (read ? c->acked_read : c->acked_delivered)) {
            par_json_key_text(w, c->view.id);
            par_json_int(w, (int64_t)seq);
        }
    }
    par_json_close(w);
}

void par_sdk__marks_flush(struct par_sdk *sdk)
{
    struct par_json_out w;
    if (!par_sdk__online(sdk) || sdk->ack_flying)
        return;
    choose(sdk);
    if (par_list_empty(&sdk->acking)) {
        sdk->ack_alone = false;
        return;
    }
    if (!par_sdk__request_begin(sdk, PAR_SDK__ACK, "ack", &w))
        return;
    sdk->ack_flying = true;
    write_marks(sdk, &w, false);
    write_marks(sdk, &w, true);
    par_sdk__request_end(sdk, &w);
}

void par_sdk__marks_answer(struct par_sdk *sdk, const struct par_sdk__answer *a)
{
    struct par_list sent;
    par_list_init(&sent);
    par_list_splice(&sent, &sdk->acking);
    bool one = sent.next->next == &sent;
    /* A conversation that one is no longer in spoils the whole request: which it is shows when they
     * go one by one. That one is given up. */
    bool refused = !a->ok && !a->retry;
    bool had = a->ok || (refused && one);
    sdk->ack_flying = false;
    for (struct par_list *node; (node = par_list_pop(&sent));) {
        struct par_sdk__conv *c = conv_of(node);
        if (had && c->sent_delivered > c->acked_delivered)
            c->acked_delivered = c->sent_delivered;
        if (had && c->sent_read > c->acked_read)
            c->acked_read = c->sent_read;
        if (had)
            par_sdk__conv_dirty(c);
        if (due(c))
            par_list_append(&sdk->marks, &c->marks);
    }
    if (!par_sdk__online(sdk))
        return;
    if (refused)
        sdk->ack_alone = true;
    if (a->ok || refused)
        par_sdk__marks_flush(sdk);
    else
        par_sdk__timer_set(sdk, &sdk->mark_timer,
                           a->retry_after_ms > AGAIN_MS ? a->retry_after_ms : AGAIN_MS);
}
