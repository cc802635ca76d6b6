/* REST: any operation as a frame (POST /v1/op), long polls, and the description of it all. */
#include "proto/openapi.h"
#include "server/poll.h"
#include "server/rest.h"

void par_rest_op(struct par_request *req)
{
    struct par_proto_limits limits;
    struct par_frame_in frame;
    struct par_str body = par_call_of(req)->body;
    par_server_limits(req->reactor->server, &limits);
    req->style = PAR_STYLE_FRAME;
    if (!par_utf8_check(body, NULL)) {
        par_request_fail(req, PAR_E_BAD_REQUEST, "the body is not UTF-8");
        return;
    }
    enum par_decoded result = par_proto_decode(body, &limits, &req->arena, &frame);
    req->re = (struct par_re){.has_id = frame.has_id, .id = frame.id};
    if (result == PAR_DECODED_CLOSE) {
        par_request_fail(req, PAR_E_BAD_REQUEST, frame.message);
        return;
    }
    /* Whatever else is wrong with it: here it is unknown. */
    if (frame.has_id && par_op_info(frame.op)->socket_only) {
        par_request_fail(req, PAR_E_UNKNOWN_OP, "only on a WebSocket");
        return;
    }
    if (result == PAR_DECODED_ERROR && !(frame.args.any && par_op_info(frame.op)->cmid)) {
        par_request_fail(req, frame.err, frame.message);
        return;
    }
    req->too_large = frame.message;
    req->args = frame.args;
    par_call_dispatch(req, frame.op, 200);
}

void par_rest_poll(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    uint32_t most = (uint32_t)req->reactor->server->config->limits.poll_wait_ms;
    struct par_str cursor = par_call_query(call, "cursor");
    struct par_str text = par_call_query(call, "wait_ms");
    uint64_t wait_ms = most;
    if (text.ptr && (!par_str_to_u64(text, &wait_ms) || wait_ms > 30000)) {
        par_request_fail(req, PAR_E_BAD_REQUEST, "wait_ms: 0 to 30000");
        return;
    }
    if (!cursor.ptr)
        par_poll_open(req);
    else
        par_poll_ask(req, cursor, wait_ms < most ? (uint32_t)wait_ms : most);
}

void par_rest_openapi(struct par_request *req)
{
    par_buf_clear(&req->out);
    req->answered = true;
    par_buf_add_str(&req->out, par_proto_openapi());
    par_request_finish(req);
}
