/* REST: messages, conversations, who is on line. */
#include "server/accounts.h"
#include "server/commands.h"
#include "server/presence.h"
#include "server/reading.h"
#include "server/rest.h"

/* ---- sending ---- */

static struct par_args_send *send_args(struct par_request *req)
{
    struct par_args_send *args = par_arena_zalloc(&req->arena, sizeof *args);
    if (!args)
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
    req->args.send = args;
    return args;
}

/* The body of a trusted server: it speaks for the sender. Without a cmid each call is a message of
 * its own. */
static void server_message(struct par_request *req)
{
    if (!par_call_body(req, PAR_BODY_SERVER_MESSAGE))
        return;
    const struct par_args_body_server_message *body = req->args.body_server_message;
    if (!body->sender_id.id) {
        par_request_fail(req, PAR_E_NOT_FOUND, "sender_id: no such user");
        return;
    }
    struct par_args_send *args = send_args(req);
    if (!args)
        return;
    args->has_to = true;
    args->to = body->receiver_id;
    args->text = body->text;
    args->cmid = body->has_cmid ? body->cmid : par_call_cmid(req);
    req->who.user = body->sender_id.id;
    par_call_dispatch(req, PAR_OP_SEND, 201);
}

void par_rest_messages(struct par_request *req)
{
    req->message_id = true;
    if (par_call_of(req)->is_key) {
        server_message(req);
        return;
    }
    if (!par_call_body(req, PAR_BODY_MESSAGE))
        return;
    const struct par_args_body_message *body = req->args.body_message;
    struct par_args_send *args = send_args(req);
    if (!args)
        return;
    *args = (struct par_args_send){.has_conv = body->has_conv,
                                   .conv = body->conv,
                                   .has_to = body->has_to,
                                   .to = body->to,
                                   .cmid = body->cmid,
                                   .text = body->text,
                                   .has_reply_to = body->has_reply_to,
                                   .reply_to = body->reply_to,
                                   .has_client_ts = body->has_client_ts,
                                   .client_ts = body->client_ts};
    par_call_dispatch(req, PAR_OP_SEND, 201);
}

struct par_str par_call_cmid(struct par_request *req)
{
    char text[33];
    int n = snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)par_random_u64(),
                     (unsigned long long)par_random_u64());
    return par_arena_copy(&req->arena, par_str_of(text, (size_t)n));
}

/* ---- reading ---- */

void par_rest_conversations(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    par_call_dispatch_texts(req, PAR_OP_SYNC, call->query, call->query_count, 200);
}

static void conversation_work(struct par_request *req)
{
    struct par_conv_ref ref = par_call_conv(par_call_of(req)->part[0]);
    enum par_err err = ref.err;
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    if (!err)
        err = par_read_conversation(&reader, req->who.user, &ref.conv, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_rest_conversation(struct par_request *req)
{
    par_request_work(req, conversation_work, NULL);
}

void par_rest_history(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    struct par_text_arg *args =
        par_arena_alloc(&req->arena, (call->query_count + 1) * sizeof *args);
    if (!args) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    size_t n = 0;
    args[n++] = (struct par_text_arg){PAR_STR("conv"), call->part[0]};
    for (size_t i = 0; i < call->query_count; i++) {
        if (!par_str_is(call->query[i].name, "conv"))
            args[n++] = call->query[i];
    }
    par_call_dispatch_texts(req, PAR_OP_HISTORY, args, n, 200);
}

/* A number of a query that may be missing. False when it is none. */
static bool number(struct par_str text, uint64_t least, uint64_t most, uint64_t otherwise,
                   uint64_t *v_r)
{
    *v_r = otherwise;
    if (!text.ptr)
        return true;
    return par_str_to_u64(text, v_r) && *v_r >= least && *v_r <= most;
}

static enum par_err both_exist(struct par_request *req, uint64_t a, uint64_t b)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct par_user user;
    enum par_err err = par_account_get(&accounts, a, &user);
    return err ? err : par_account_get(&accounts, b, &user);
}

static void pair_history_work(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    uint64_t a, b, before, count;
    if (!par_user_parse(par_call_query(call, "user1_id"), &a) ||
        !par_user_parse(par_call_query(call, "user2_id"), &b) || a == b) {
        par_request_error(req, PAR_E_BAD_REQUEST, "user1_id and user2_id: two different users");
        return;
    }
    if (!number(par_call_query(call, "before_timestamp"), 0, INT64_MAX, 0, &before)) {
        par_request_error(req, PAR_E_BAD_REQUEST, "before_timestamp: a time in milliseconds");
        return;
    }
    if (!number(par_call_query(call, "count"), 1, 200, 50, &count)) {
        par_request_error(req, PAR_E_BAD_REQUEST, "count: 1 to 200");
        return;
    }
    struct par_history_query q = {
        .conv = par_conv_direct(a, b), .limit = (uint32_t)count, .rest = true};
    if (par_call_query(call, "before_timestamp").ptr) {
        q.from = PAR_BEFORE_TS;
        q.value = (int64_t)before;
    }
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = both_exist(req, a, b);
    if (err)
        reader.message = "no such user";
    else
        err = par_read_history(&reader, 0, &q, &w);
    par_reading_end(req, &w, err, &reader);
}

void par_rest_pair_history(struct par_request *req)
{
    par_request_work(req, pair_history_work, NULL);
}

/* ---- status ---- */

static void status_work(struct par_request *req)
{
    const struct par_user_refs *users = &req->args.presence->users;
    struct par_reader reader = par_reading(req);
    par_buf_clear(&req->out);
    req->answered = true;
    struct par_json_out w = par_json_out(&req->out);
    struct par_presence_read read;
    par_json_open_array(&w);
    enum par_err err = par_presence_write(req->reactor->server, &reader, req->who.user,
                                          users->users, users->count, true, &w, &read);
    par_json_close_array(&w);
    if (err)
        par_request_error(req, err, reader.message);
    else
        par_presence_answered(req->reactor->server, &read);
}

void par_rest_status(struct par_request *req)
{
    struct par_proto_limits limits;
    struct par_body_in in;
    struct par_text_arg arg = {PAR_STR("users"), par_call_query(par_call_of(req), "user_ids")};
    par_server_limits(req->reactor->server, &limits);
    if (!arg.value.ptr) {
        par_request_fail(req, PAR_E_BAD_REQUEST, "user_ids: needed");
        return;
    }
    enum par_err err = par_proto_decode_query(PAR_OP_PRESENCE, &arg, 1, &limits, &req->arena, &in);
    if (err) {
        par_request_fail(req, err, in.message);
        return;
    }
    req->args = in.args;
    req->op = PAR_OP_PRESENCE;
    par_request_work(req, status_work, NULL);
}
