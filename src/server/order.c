/* The order of one connection's requests: about one conversation they take effect, and are
 * answered, in the order asked.
 *
 * Writes of a conversation follow each other into the queue, which is first in, first out, so a
 * write waits for no write. A read looks at the store, so it waits for the writes before it, and
 * writes wait for it. sync counts as every conversation; an ack as those that it names. What
 * concerns none waits for nothing.
 *
 * Conversations have their writers on several machines, and one of these may be slow: an answer
 * must not wait for one about another conversation, since the events that follow it do not. */
#include "server/client_private.h"

#include "base/mutant.h"

static bool list_names(bool has, const struct par_mark_refs *list, const struct par_conv *conv)
{
    for (uint32_t i = 0; has && i < list->count; i++) {
        if (par_conv_eq(&list->marks[i].conv.conv, conv))
            return true;
    }
    return false;
}

static bool ack_names(const struct par_args_ack *ack, const struct par_conv *conv)
{
    return list_names(ack->has_delivered, &ack->delivered, conv) ||
           list_names(ack->has_read, &ack->read, conv);
}

/* Is it an ack that was understood? */
static bool is_ack(const struct par_request *req)
{
    return req->op == PAR_OP_ACK && req->args.ack && !PAR_MUTANT(ACK_HOLDS_ALL);
}

static bool list_meets(bool has, const struct par_mark_refs *list, const struct par_args_ack *ack)
{
    for (uint32_t i = 0; has && i < list->count; i++) {
        if (ack_names(ack, &list->marks[i].conv.conv))
            return true;
    }
    return false;
}

/* Of two long ones it is not worth the time to look. */
enum { COMPARE_MAX = 65536 };

static bool acks_meet(const struct par_args_ack *a, const struct par_args_ack *b)
{
    size_t n = (a->has_delivered ? a->delivered.count : 0) + (a->has_read ? a->read.count : 0);
    size_t m = (b->has_delivered ? b->delivered.count : 0) + (b->has_read ? b->read.count : 0);
    return n * m > COMPARE_MAX || list_meets(a->has_delivered, &a->delivered, b) ||
           list_meets(a->has_read, &a->read, b);
}

static bool same_conv(const struct par_request *a, const struct par_request *b)
{
    bool a_multi = a->class == PAR_OP_CLASS_MULTI, b_multi = b->class == PAR_OP_CLASS_MULTI;
    if (is_ack(a) && is_ack(b))
        return acks_meet(a->args.ack, b->args.ack);
    if (is_ack(a) && !b_multi)
        return ack_names(a->args.ack, &b->conv);
    if (is_ack(b) && !a_multi)
        return ack_names(b->args.ack, &a->conv);
    return a_multi || b_multi || par_conv_eq(&a->conv, &b->conv);
}

/* A command of the writer: the queue keeps their order, once they are in it. */
static bool is_command(const struct par_request *req)
{
    return req->class == PAR_OP_CLASS_WRITE ||
           (req->class == PAR_OP_CLASS_MULTI && req->op != PAR_OP_SYNC);
}

/* Are the two about one conversation? */
static bool concern_each_other(const struct par_request *a, const struct par_request *b)
{
    return a->class != PAR_OP_CLASS_FREE && b->class != PAR_OP_CLASS_FREE && same_conv(a, b);
}

/* May `later` start while `earlier` is not answered? */
static bool may_overtake(const struct par_request *later, const struct par_request *earlier)
{
    return !concern_each_other(later, earlier) || (earlier->queued && is_command(later));
}

static bool blocked(const struct par_request *req, const struct par_list *requests)
{
    PAR_LIST_FOR_EACH (node, requests) {
        const struct par_request *earlier = PAR_CONTAINER(node, struct par_request, node);
        if (earlier == req)
            return false;
        if (!may_overtake(req, earlier))
            return true;
    }
    return false;
}

/* The writer answers in order, so this finds nothing for what it answers; refusals made at once are
 * what waits. */
static bool answered_too_early(const struct par_request *req, const struct par_list *requests)
{
    PAR_LIST_FOR_EACH (node, requests) {
        const struct par_request *earlier = PAR_CONTAINER(node, struct par_request, node);
        if (earlier == req)
            return false;
        if (concern_each_other(req, earlier))
            return true;
    }
    return false;
}

static struct par_request *lost_before(const struct par_request *req)
{
    PAR_LIST_FOR_EACH (node, &req->client->requests) {
        struct par_request *earlier = PAR_CONTAINER(node, struct par_request, node);
        if (earlier == req)
            break;
        if (earlier->waits && concern_each_other(req, earlier))
            return earlier;
    }
    return NULL;
}

void par_order_answered(struct par_request *req)
{
    if (PAR_MUTANT(LOST_HOLDS_ANSWER))
        return;
    for (struct par_request *lost; req->client && (lost = lost_before(req));)
        par_waiting_give_up(lost);
}

/* The first of those before `req`, for which its answer is held, that waits for the writer; NULL:
 * none does. */
static struct par_request *held_for(struct par_request *req)
{
    struct par_list *list = &req->client->requests;
    struct par_request *first = NULL;
    req->needed = true;
    for (struct par_list *at = req->node.prev; at != list; at = at->prev) {
        struct par_request *earlier = PAR_CONTAINER(at, struct par_request, node);
        earlier->needed = false;
        for (struct par_list *k = at->next; !earlier->needed; k = k->next) {
            const struct par_request *later = PAR_CONTAINER(k, struct par_request, node);
            earlier->needed = later->needed && concern_each_other(later, earlier);
            if (later == req)
                break;
        }
        if (earlier->needed && earlier->waits)
            first = earlier;
    }
    return first;
}

/* One that can be given up so that the held answer of an entry below seq goes out; NULL: none. */
static struct par_request *in_the_way(struct par_client *client, const struct par_conv *conv,
                                      uint64_t seq)
{
    struct par_request *found = NULL;
    PAR_LIST_FOR_EACH (node, &client->requests) {
        struct par_request *req = PAR_CONTAINER(node, struct par_request, node);
        bool held = req->state == PAR_REQUEST_ENDED && req->wrote && req->wrote < seq;
        if (held && par_conv_eq(&req->conv, conv) && (found = held_for(req)) != NULL)
            break;
    }
    return found;
}

void par_order_passed(struct par_client *client, const struct par_conv *conv, uint64_t seq)
{
    for (struct par_request *req; client->waiting_count && (req = in_the_way(client, conv, seq));)
        par_waiting_give_up(req);
    PAR_LIST_FOR_EACH (node, &client->requests) {
        struct par_request *req = PAR_CONTAINER(node, struct par_request, node);
        if (req->waits && seq > req->passed_by && par_conv_eq(&req->conv, conv))
            req->passed_by = seq;
    }
}

bool par_order_holds(struct par_request *req)
{
    struct par_client *client = req->client;
    if (req->class == PAR_OP_CLASS_FREE || !answered_too_early(req, &client->requests))
        return false;
    if (req->state != PAR_REQUEST_ENDED)
        client->waiting_count++;
    req->state = PAR_REQUEST_ENDED;
    return true;
}

void par_order_start(struct par_request *req)
{
    struct par_client *client = req->client;
    if (client && req->class != PAR_OP_CLASS_FREE && client->request_count > 1 &&
        blocked(req, &client->requests)) {
        req->state = PAR_REQUEST_DEFERRED;
        client->waiting_count++;
        return;
    }
    req->state = PAR_REQUEST_RUNNING;
    par_request_run(req);
}

/* One that may go on now: begins, or sends its answer. False when there is none. */
static bool let_one_go(struct par_client *client)
{
    PAR_LIST_FOR_EACH (node, &client->requests) {
        struct par_request *req = PAR_CONTAINER(node, struct par_request, node);
        if (req->state == PAR_REQUEST_ENDED && !answered_too_early(req, &client->requests)) {
            par_request_finish(req);
            return true;
        }
        if (req->state == PAR_REQUEST_DEFERRED && !blocked(req, &client->requests)) {
            req->state = PAR_REQUEST_RUNNING;
            client->waiting_count--;
            par_request_run(req);
            return true;
        }
    }
    return false;
}

void par_order_next(struct par_client *client)
{
    /* A request that goes on may end at once and come back here: the outermost call does them all.
     */
    if (client->ordering)
        return;
    client->ordering = true;
    while (client->waiting_count && let_one_go(client))
        ;
    client->ordering = false;
}
