/* A client's life: its frames in, its answers and events out, and every reason for which it ends.
 */
#include "server/client_private.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "server/dispatch.h"
#include "server/standby.h"

#include <stdlib.h>

/* ---- out ---- */

static void send_shared(struct par_client *client, struct par_shared *frame)
{
    if (client->ws && !client->closing)
        par_ws_send_frame(client->ws, frame);
}

void par_client__event(struct par_client *client, const struct par_event *event)
{
    struct par_client_hello *hello = client->hello;
    if (event->seq && client->request_count)
        par_order_passed(client, &event->conv, event->seq);
    if (!hello) {
        send_shared(client, event->frame);
        return;
    }
    /* Released between signing in and hello's answer: it goes out behind that. */
    if (hello->held_count == PAR_CLIENT_HELD_MAX) {
        par_client__close(client, PAR_CLOSE_TOO_SLOW);
        return;
    }
    if ((hello->held_count & (hello->held_count - 1)) == 0) {
        size_t room = hello->held_count ? (size_t)hello->held_count * 2 : 1;
        struct par_shared **held = realloc(hello->held, room * sizeof *held);
        if (!held) {
            par_client__close(client, PAR_CLOSE_NO_MEMORY);
            return;
        }
        hello->held = held;
    }
    hello->held[hello->held_count++] = par_shared_ref(event->frame);
}

static void end_hello(struct par_client *client)
{
    struct par_client_hello *hello = client->hello;
    if (!hello)
        return;
    client->hello = NULL;
    par_timer_cancel(&hello->timer);
    for (uint16_t i = 0; i < hello->held_count; i++)
        par_shared_unref(&hello->held[i]);
    free(hello->held);
    if (!PAR_MUTANT(HELLO_KEPT))
        free(hello);
}

void par_client__hello_done(struct par_client *client)
{
    const struct par_client_hello *hello = client->hello;
    for (uint16_t i = 0; hello && i < hello->held_count; i++)
        send_shared(client, hello->held[i]);
    end_hello(client);
    par_client__busy(client);
}

void par_client__answer(struct par_client *client, struct par_request *req)
{
    if (client->ws && !client->closing)
        par_ws_send_text(client->ws, par_buf_str(&req->out));
}

static void request_done(struct par_request *req)
{
    if (req->client)
        par_client__answer(req->client, req);
}

void par_client__busy(struct par_client *client)
{
    if (!client->ws || client->closing)
        return;
    uint16_t most = (uint16_t)PAR_CONFIG_GET(client->reactor->server->config->limits.inflight);
    /* What was sent behind a hello is read when that is answered: until then nobody asks. */
    bool signs_in = client->hello_asked && client->hello;
    if (!client->paused && (signs_in || client->request_count >= most)) {
        client->paused = true;
        par_ws_pause(client->ws);
    } else if (client->paused && !signs_in && client->request_count <= most / 2) {
        client->paused = false;
        par_ws_resume(client->ws);
    }
}

void par_client__close(struct par_client *client, enum par_close reason)
{
    if (client->closing || !client->ws)
        return;
    client->closing = true;
    par_endpoint_sign_out(client->reactor, &client->endpoint);
    par_ws_close(client->ws, reason);
}

void par_client__abort(struct par_client *client)
{
    if (!client->ws)
        return;
    if (!client->closing)
        par_endpoint_sign_out(client->reactor, &client->endpoint);
    client->closing = true;
    par_ws_abort(client->ws, PAR_CLOSE_CLOSE_TIMEOUT);
}

/* ---- in ---- */

/* The bucket of requests: a second's worth at once. False: closed for asking too much. */
static bool within_rate(struct par_client *client)
{
    uint32_t rate =
        (uint32_t)PAR_CONFIG_GET(client->reactor->server->config->limits.ops_per_second);
    if (rate == 0)
        return true;
    uint32_t now_ms = (uint32_t)par_loop_now_ms(client->reactor->loop);
    client->ops += (float)(now_ms - client->ops_ms) * (float)rate / 1000;
    client->ops_ms = now_ms;
    if (client->ops > (float)rate)
        client->ops = (float)rate;
    if (client->ops < 1) {
        par_stats_inc_at(PAR_C_RATE_LIMITED, PAR_LIMIT_OPS);
        par_client__close(client, PAR_CLOSE_TOO_MANY);
        return false;
    }
    client->ops -= 1;
    return true;
}

/* What may be asked before hello was answered. False: it was answered or the client closed. */
static bool allowed(struct par_client *client, struct par_request *req)
{
    if (req->op == PAR_OP_HELLO) {
        if (!client->hello_asked)
            return true;
        par_request_fail(req, PAR_E_BAD_REQUEST, "hello was said already");
        return false;
    }
    /* Not "has asked": without a user a reader would take it for the operator. */
    if (client->endpoint.who.user)
        return true;
    par_request_fail(req, PAR_E_UNAUTHORIZED, "say hello first");
    par_client__close(client, PAR_CLOSE_HELLO_FIRST);
    return false;
}

static void refuse(struct par_client *client, struct par_request *req,
                   const struct par_frame_in *frame)
{
    /* Another operation before hello closes, whatever else is wrong with it. */
    bool is_op = frame->op != PAR_OP_NONE || frame->err == PAR_E_UNKNOWN_OP;
    if (client->hello_asked || !is_op || frame->op == PAR_OP_HELLO) {
        par_request_fail(req, frame->err, frame->message);
        return;
    }
    par_request_fail(req, PAR_E_UNAUTHORIZED, "say hello first");
    par_client__close(client, PAR_CLOSE_HELLO_FIRST);
}

static void start(struct par_client *client, struct par_request *req,
                  const struct par_frame_in *frame)
{
    req->args = frame->args;
    if (!allowed(client, req))
        return;
    if (req->op == PAR_OP_HELLO)
        client->hello_asked = true;
    req->who = client->endpoint.who;
    req->endpoint = client->endpoint.id;
    par_dispatch_order(req);
    par_order_start(req);
}

static struct par_request *new_request(struct par_client *client)
{
    struct par_request *req = par_request_new(client->reactor);
    if (!req)
        return NULL;
    req->done = request_done;
    req->client = client;
    par_list_append(&client->requests, &req->node);
    client->request_count++;
    return req;
}

static void on_message(struct par_ws_conn *ws, struct par_str text)
{
    struct par_client *client = par_ws_arg(ws);
    if (client->closing || !within_rate(client))
        return;
    struct par_request *req = new_request(client);
    if (!req) {
        par_client__close(client, PAR_CLOSE_NO_MEMORY);
        return;
    }
    struct par_proto_limits limits;
    par_server_limits(client->reactor->server, &limits);
    struct par_frame_in frame;
    enum par_decoded result =
        par_proto_decode(par_arena_copy(&req->arena, text), &limits, &req->arena, &frame);
    req->op = frame.op;
    req->re = (struct par_re){.has_id = frame.has_id, .id = frame.id};
    if (result == PAR_DECODED_CLOSE) {
        par_log_debug("client.not_json", PAR_KV("why", frame.message));
        par_request_drop(req);
        par_client__close(client, PAR_CLOSE_NOT_JSON);
    } else if (result == PAR_DECODED_ERROR && !(frame.args.any && par_op_info(frame.op)->cmid)) {
        /* What it was about is not known for sure, so its answer keeps its place among all. */
        req->class = PAR_OP_CLASS_MULTI;
        refuse(client, req, &frame);
    } else {
        req->too_large = frame.message;
        start(client, req, &frame);
    }
    par_client__busy(client);
}

/* ---- life ---- */

static void await_hello(struct par_client_hello *hello, uint64_t ms)
{
    struct par_loop *loop = hello->client->reactor->loop;
    hello->stood_ms = par_loop_stood_ms(loop);
    par_timer_set(loop, &hello->timer, ms);
}

/* A hello that was said in time and takes long is the server's delay, and so is the time in which
 * it stood still: 4401 would tell the client that it is signed out. */
static void hello_due(struct par_timer *timer)
{
    enum { AGAIN_MS = 1000 };
    struct par_client_hello *hello = PAR_CONTAINER(timer, struct par_client_hello, timer);
    uint64_t stood = par_loop_stood_ms(hello->client->reactor->loop) - hello->stood_ms;
    if (hello->client->hello_asked && !PAR_MUTANT(HELLO_CUT_OFF))
        await_hello(hello, AGAIN_MS);
    else if (stood)
        await_hello(hello, stood);
    else
        par_client__close(hello->client, PAR_CLOSE_HELLO_TIMEOUT);
}

/* Too slow: what is queued is dropped, so that the close frame can leave. */
static void on_overflow(struct par_ws_conn *ws)
{
    par_client__close(par_ws_arg(ws), PAR_CLOSE_TOO_SLOW);
}

static void on_closed(struct par_ws_conn *ws, enum par_close reason)
{
    struct par_client *client = par_ws_arg(ws);
    struct par_reactor *reactor = client->reactor;
    par_log_debug("client.closed", PAR_KV("reason", par_close_label(reason)),
                  PAR_KV("user", client->endpoint.who.user));
    client->ws = NULL;
    client->closing = true;
    par_endpoint_sign_out(reactor, &client->endpoint);
    /* Requests under way go on without anybody to answer; those not begun are dropped. */
    struct par_list *node;
    while ((node = par_list_pop(&client->requests))) {
        struct par_request *req = PAR_CONTAINER(node, struct par_request, node);
        bool waits = req->state == PAR_REQUEST_DEFERRED || req->state == PAR_REQUEST_ENDED;
        req->client = NULL;
        if (waits)
            par_request_drop(req);
    }
    atomic_fetch_sub(&reactor->server->connections, 1);
    par_client_free(&client);
}

void par_client_free(struct par_client **client)
{
    struct par_reactor *reactor = (*client)->reactor;
    end_hello(*client);
    par_list_remove(&(*client)->node);
    reactor->client_count--;
    atomic_fetch_sub(&reactor->server->clients, 1);
    par_slab_free(&reactor->client_slab, *client);
    *client = NULL;
}

const struct par_ws_ops par_client_ws_ops = {
    .on_message = on_message,
    .on_overflow = on_overflow,
    .on_closed = on_closed,
};

struct par_client *par_client_new(struct par_reactor *reactor)
{
    struct par_client_hello *hello = calloc(1, sizeof *hello);
    struct par_client *client = hello ? par_slab_alloc(&reactor->client_slab) : NULL;
    if (!client) {
        free(hello);
        return NULL;
    }
    client->reactor = reactor;
    client->hello = hello;
    client->endpoint.kind = PAR_ENDPOINT_SOCKET;
    par_list_init(&client->requests);
    par_list_append(&reactor->clients, &client->node);
    reactor->client_count++;
    atomic_fetch_add(&reactor->server->clients, 1);
    client->ops = (float)PAR_CONFIG_GET(reactor->server->config->limits.ops_per_second);
    client->ops_ms = (uint32_t)par_loop_now_ms(reactor->loop);
    hello->client = client;
    par_timer_init(&hello->timer, hello_due);
    await_hello(hello, (uint64_t)reactor->server->config->heartbeat.hello_ms);
    return client;
}
