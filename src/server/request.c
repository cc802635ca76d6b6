/* Requests: making, answering, the ways to the pool and to the writer and back. */
#include "server/client_private.h"

#include "base/log.h"
#include "base/stats.h"
#include "server/dispatch.h"

#include <stdlib.h>

struct par_request *par_request_new(struct par_reactor *reactor)
{
    struct par_request *req = calloc(1, sizeof *req);
    if (!req)
        return NULL;
    req->handle = par_handles_add(&reactor->requests, req);
    if (!req->handle) {
        free(req);
        return NULL;
    }
    par_list_init(&req->node);
    par_list_init(&req->waiting);
    req->reactor = reactor;
    req->started_ns = par_mono_ns();
    return req;
}

void par_request_run(struct par_request *req)
{
    par_dispatch(req);
}

struct par_json_out par_request_open(struct par_request *req)
{
    par_buf_clear(&req->out);
    req->answered = true;
    if (req->style == PAR_STYLE_FRAME)
        return par_answer_open(&req->out, req->re);
    struct par_json_out w = par_json_out(&req->out);
    par_json_open(&w);
    return w;
}

void par_request_close(struct par_request *req, struct par_json_out *w)
{
    if (req->style == PAR_STYLE_FRAME)
        par_answer_close(w);
    else
        par_json_close(w);
}

void par_request_empty(struct par_request *req)
{
    struct par_json_out w = par_request_open(req);
    par_request_close(req, &w);
}

void par_request_error(struct par_request *req, enum par_err err, const char *message)
{
    req->err = err;
    req->message = message;
}

static void encode_error(struct par_request *req)
{
    par_buf_clear(&req->out);
    uint32_t retry = req->retry_after_ms;
    if (retry == 0 && par_err_retry(req->err))
        retry = 1000;
    if (req->style == PAR_STYLE_FRAME)
        par_answer_error(&req->out, req->re, req->err, req->message, retry);
    else
        par_rest_error(&req->out, req->err, req->message, retry);
}

void par_request_drop(struct par_request *req)
{
    struct par_client *client = req->client;
    if (client) {
        par_list_remove(&req->node);
        client->request_count--;
        if (req->state == PAR_REQUEST_DEFERRED || req->state == PAR_REQUEST_ENDED)
            client->waiting_count--;
    }
    par_arena_fini(&req->arena);
    par_buf_fini(&req->out);
    if (req->late && req->state != PAR_REQUEST_LATE) {
        par_waiting_keep(req);
    } else {
        if (req->state == PAR_REQUEST_LATE)
            par_waiting_forget(req);
        par_list_remove(&req->waiting);
        par_handles_remove(&req->reactor->requests, req->handle);
        free(req);
    }
    if (client) {
        par_client__busy(client);
        par_order_next(client);
    }
}

void par_request_finish(struct par_request *req)
{
    if (!req->err && (req->out.failed || !req->answered))
        par_request_error(req, PAR_E_INTERNAL, "the server could not build the answer");
    if (req->err && req->state != PAR_REQUEST_ENDED)
        encode_error(req);
    if (req->client && par_order_holds(req))
        return;
    if (req->part) {
        req->done(req);
        par_request_drop(req);
        return;
    }
    par_stats_inc_at2(PAR_C_OPS, req->op, req->err);
    if (req->op == PAR_OP_ACK)
        par_stats_inc_at(PAR_C_ACKS, req->err);
    uint64_t took_ns = par_mono_ns() - req->started_ns;
    par_stats_record(PAR_H_OP_TIME, req->op, took_ns);
    if (req->op == PAR_OP_SEND)
        par_stats_record(PAR_H_HOP, PAR_HOP_TOTAL, took_ns);

    req->done(req);
    par_request_drop(req);
}

void par_request_fail(struct par_request *req, enum par_err err, const char *message)
{
    par_request_error(req, err, message);
    par_request_finish(req);
}

static void step_done(struct par_reactor *reactor, struct par_post *post)
{
    (void)reactor;
    struct par_request *req = PAR_CONTAINER(post, struct par_request, post);
    if (req->then)
        req->then(req);
    else
        par_request_finish(req);
}

static void step_run(struct par_job *job)
{
    struct par_request *req = PAR_CONTAINER(job, struct par_request, job);
    req->work(req);
    par_reactor_post(req->reactor, &req->post, step_done);
}

static void submit(struct par_request *req, struct par_pool *pool, par_request_work_fn work,
                   par_request_then_fn then)
{
    req->work = work;
    req->then = then;
    if (!par_pool_submit(pool, &req->job, step_run))
        par_request_fail(req, PAR_E_OVERLOADED, "too much is waiting; try again");
}

void par_request_work(struct par_request *req, par_request_work_fn work, par_request_then_fn then)
{
    submit(req, req->reactor->server->workers, work, then);
}

void par_request_hash(struct par_request *req, par_request_work_fn work, par_request_then_fn then)
{
    submit(req, req->reactor->server->hashers, work, then);
}

void par_request_search(struct par_request *req, par_request_work_fn work, par_request_then_fn then)
{
    submit(req, req->reactor->server->searchers, work, then);
}

/* The bucket of the user's sends: a full one lets the command pass; an empty one is the server's
 * verdict, since a duplicate is answered whatever the rate (TAKEOVER.md L2: the writer looks the
 * cmid up first). */
static void take_token(struct par_request *req, struct par_command *command)
{
    struct par_server *server = req->reactor->server;
    uint32_t per_second = (uint32_t)PAR_CONFIG_GET(server->config->limits.sends_per_second);
    uint32_t burst = (uint32_t)PAR_CONFIG_GET(server->config->limits.sends_burst);
    if (per_second == 0 || burst == 0)
        return;
    uint32_t wait_ms = par_directory_take_send(server->directory, req->who.user, req->started_ns,
                                               per_second, burst);
    req->took_token = wait_ms == 0;
    if (wait_ms == 0)
        return;
    par_stats_inc_at(PAR_C_RATE_LIMITED, PAR_LIMIT_SENDS);
    command->verdict = (struct par_verdict){.err = PAR_E_RATE_LIMITED,
                                            .retry_after_ms = wait_ms,
                                            .message = PAR_STR("too many messages at once")};
}

void par_request_command(struct par_request *req, struct par_command *command)
{
    struct par_queue *queue = req->reactor->server->queue;
    par_request_command_to(req, command, par_queue_partition_of(queue, &command->conv));
}

void par_request_command_to(struct par_request *req, struct par_command *command,
                            uint32_t partition)
{
    struct par_server *server = req->reactor->server;
    command->sender = req->who.user;
    command->reply = (struct par_reply){.server = server->id,
                                        .boot = server->boot,
                                        .handle = req->handle,
                                        .endpoint = req->endpoint,
                                        .poll_device = req->poll_device};
    /* L1: what was accepted before a limit was lowered is answered as ever. */
    if (req->too_large)
        command->verdict =
            (struct par_verdict){.err = PAR_E_TOO_LARGE, .message = par_str(req->too_large)};
    if (command->cmid.ptr && !command->verdict.err)
        take_token(req, command);
    par_buf_clear(&req->out);
    par_command_encode(command, &req->out);
    enum par_err err = req->out.failed
                           ? PAR_E_OVERLOADED
                           : par_queue_produce(server->queue, partition, par_buf_str(&req->out));
    if (err) {
        if (req->took_token)
            par_directory_refund_send(server->directory, req->who.user);
        par_request_fail(req, err, "the server cannot take this now; try again");
        return;
    }
    par_stats_record(PAR_H_HOP, PAR_HOP_PARSE, par_mono_ns() - req->started_ns);
    /* What waits for the writer holds no buffers: thousands may. */
    par_buf_fini(&req->out);
    par_waiting_add(req);
    req->queued = true;
    if (req->client)
        par_order_next(req->client);
}

static void encode_written(struct par_request *req, const struct par_written *written)
{
    struct par_json_out w = par_request_open(req);
    if (par_op_info(req->op)->cmid) {
        par_json_key_conv(&w, "conv", &written->conv);
        par_json_key_int(&w, "seq", (int64_t)written->seq);
        par_json_key_int(&w, "ts", written->ts);
        par_json_key_bool(&w, "dup", written->dup);
        if (req->message_id) {
            char text[PAR_CONV_TEXT_MAX + 24];
            size_t n = par_conv_format(&written->conv, text);
            n += (size_t)snprintf(text + n, sizeof text - n, ":%llu",
                                  (unsigned long long)written->seq);
            par_json_key_str(&w, "message_id", par_str_of(text, n));
        }
    }
    par_request_close(req, &w);
}

void par_request_written(struct par_request *req, const struct par_written *written)
{
    if (!req->waits) {
        par_stats_inc(PAR_C_DELIVERIES_LOST);
        if (req->late && !written->err && !written->dup)
            par_waiting_answered_late(req);
        return;
    }
    /* R3: a release whose first record was lost comes again behind later ones. An answer behind the
     * event of a higher entry would break the order: it is taken for one that did not come, and its
     * entry, which follows it, becomes the event. A duplicate wrote nothing, nor did what makes no
     * entry (a block). */
    if (written->seq && written->seq < req->passed_by && !written->err && !written->dup) {
        par_waiting_give_up(req);
        return;
    }
    par_waiting_end(req);
    if (req->client)
        par_order_answered(req);
    if (req->took_token && (written->err || written->dup))
        par_directory_refund_send(req->reactor->server->directory, req->who.user);
    if (par_op_info(req->op)->cmid) {
        par_stats_inc_at(PAR_C_SENDS, written->err);
        if (written->dup)
            par_stats_inc(PAR_C_SENDS_DUPLICATE);
    }
    req->wrote = written->err || written->dup ? 0 : written->seq;
    if (written->err) {
        req->retry_after_ms = written->retry_after_ms;
        struct par_str message = par_arena_copy(&req->arena, written->message);
        par_request_error(req, written->err, message.len ? message.ptr : NULL);
    } else {
        encode_written(req, written);
        if (req->style == PAR_STYLE_REST && req->status == 201 && written->dup)
            req->status = 200;
    }
    if (req->on_written)
        req->on_written(req);
    else
        par_request_finish(req);
}
