/* The order of one connection's requests: about one conversation they take effect, and are answered, in the
 * order asked.
 *
 * Writes of a conversation follow each other into the queue, which is first in, first out, so a write waits for
 * no write. A read looks at the store, so it waits for the writes before it, and writes wait for it. Several
 * conversations at once (sync, ack, block) count as every conversation. What concerns none waits for
 * nothing. */
#include "server/client_private.h"

static bool same_conv(const struct par_request *a, const struct par_request *b)
{
    return a->class == PAR_OP_CLASS_MULTI || b->class == PAR_OP_CLASS_MULTI ||
           par_conv_eq(&a->conv, &b->conv);
}

/* A command of the writer: the queue keeps their order, once they are in it. */
static bool is_command(const struct par_request *req)
{
    return req->class == PAR_OP_CLASS_WRITE ||
           (req->class == PAR_OP_CLASS_MULTI && req->op != PAR_OP_SYNC);
}

/* May `later` start while `earlier` is not answered? */
static bool may_overtake(const struct par_request *later, const struct par_request *earlier)
{
    if (later->class == PAR_OP_CLASS_FREE || earlier->class == PAR_OP_CLASS_FREE)
        return true;
    if (!same_conv(later, earlier))
        return true;
    return earlier->queued && is_command(later);
}

static bool blocked(const struct par_request *req, const struct par_list *requests)
{
    PAR_LIST_FOR_EACH(node, requests)
    {
        const struct par_request *earlier = PAR_CONTAINER(node, struct par_request, node);
        if (earlier == req)
            return false;
        if (!may_overtake(req, earlier))
            return true;
    }
    return false;
}

void par_order_start(struct par_request *req)
{
    struct par_client *client = req->client;
    if (!client) {
        req->state = PAR_REQUEST_RUNNING;
        par_request_run(req);
        return;
    }
    if (req->class != PAR_OP_CLASS_FREE && client->request_count > 1 && blocked(req, &client->requests)) {
        req->state = PAR_REQUEST_DEFERRED;
        client->deferred_count++;
        return;
    }
    req->state = PAR_REQUEST_RUNNING;
    par_request_run(req);
}

void par_order_next(struct par_client *client)
{
    /* A request that runs may end at once and come back here: one pass at a time, again when asked. */
    if (client->ordering) {
        client->order_again = true;
        return;
    }
    client->ordering = true;
    do {
        client->order_again = false;
        if (client->deferred_count == 0)
            break;
        PAR_LIST_FOR_EACH(node, &client->requests)
        {
            struct par_request *req = PAR_CONTAINER(node, struct par_request, node);
            if (req->state != PAR_REQUEST_DEFERRED || blocked(req, &client->requests))
                continue;
            req->state = PAR_REQUEST_RUNNING;
            client->deferred_count--;
            client->order_again = true;
            par_request_run(req);
            break;
        }
    } while (client->order_again);
    client->ordering = false;
}
