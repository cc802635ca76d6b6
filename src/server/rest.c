/* The table of REST calls, and the way through it. */
#include "server/rest.h"

#include "base/stats.h"
#include "server/accounts.h"
#include "server/client_address.h"
#include "server/dispatch.h"

enum proof { PROOF_NONE = 0, PROOF_TOKEN, PROOF_TOKEN_OR_KEY, PROOF_KEY };

struct route {
    enum par_http_method method;
    const char *path; /* {} stands for one part */
    enum proof proof;
    uint32_t scope; /* of a key */
    void (*run)(struct par_request *req);
};

static const struct route routes[] = {
    {PAR_HTTP_POST, "/v1/register", PROOF_NONE, 0, par_rest_register},
    {PAR_HTTP_POST, "/v1/login", PROOF_NONE, 0, par_rest_login},
    {PAR_HTTP_POST, "/v1/logout", PROOF_TOKEN, 0, par_rest_logout},
    {PAR_HTTP_GET, "/v1/me", PROOF_TOKEN, 0, par_rest_me},
    {PAR_HTTP_GET, "/v1/users", PROOF_TOKEN, 0, par_rest_users},
    {PAR_HTTP_GET, "/v1/users/{}", PROOF_TOKEN, 0, par_rest_user},
    {PAR_HTTP_GET, "/v1/devices", PROOF_TOKEN, 0, par_rest_devices},
    {PAR_HTTP_DELETE, "/v1/devices/{}", PROOF_TOKEN, 0, par_rest_device_delete},
    {PAR_HTTP_POST, "/v1/messages", PROOF_TOKEN_OR_KEY, PAR_SCOPE_MESSAGES_WRITE,
     par_rest_messages},
    {PAR_HTTP_GET, "/v1/conversations", PROOF_TOKEN, 0, par_rest_conversations},
    {PAR_HTTP_GET, "/v1/conversations/{}", PROOF_TOKEN, 0, par_rest_conversation},
    {PAR_HTTP_GET, "/v1/conversations/{}/messages", PROOF_TOKEN, 0, par_rest_history},
    {PAR_HTTP_GET, "/v1/conversation", PROOF_KEY, PAR_SCOPE_MESSAGES_READ, par_rest_pair_history},
    {PAR_HTTP_GET, "/v1/status", PROOF_TOKEN_OR_KEY, PAR_SCOPE_STATUS_READ, par_rest_status},
    {PAR_HTTP_POST, "/v1/groups", PROOF_TOKEN, 0, par_rest_group_create},
    {PAR_HTTP_GET, "/v1/groups/{}", PROOF_TOKEN, 0, par_rest_group},
    {PAR_HTTP_PATCH, "/v1/groups/{}", PROOF_TOKEN, 0, par_rest_group_rename},
    {PAR_HTTP_POST, "/v1/groups/{}/members", PROOF_TOKEN, 0, par_rest_group_add},
    {PAR_HTTP_PATCH, "/v1/groups/{}/members/{}", PROOF_TOKEN, 0, par_rest_group_role},
    {PAR_HTTP_DELETE, "/v1/groups/{}/members/{}", PROOF_TOKEN, 0, par_rest_group_remove},
    {PAR_HTTP_POST, "/v1/push", PROOF_TOKEN, 0, par_rest_push_register},
    {PAR_HTTP_GET, "/v1/push/key", PROOF_NONE, 0, par_rest_push_key},
    {PAR_HTTP_DELETE, "/v1/push/{}", PROOF_TOKEN, 0, par_rest_push_unregister},
    {PAR_HTTP_GET, "/v1/poll", PROOF_TOKEN, 0, par_rest_poll},
    {PAR_HTTP_POST, "/v1/op", PROOF_TOKEN, 0, par_rest_op},
    {PAR_HTTP_GET, "/v1/openapi.json", PROOF_NONE, 0, par_rest_openapi},
};

/* Compares part by part; what stands for {} goes to part[]. An empty part stands for nothing. */
static bool matches(const char *pattern, struct par_str path, struct par_str part[PAR_CALL_PARTS])
{
    size_t at = 0, parts = 0;
    memset(part, 0, PAR_CALL_PARTS * sizeof *part);
    for (const char *p = pattern; *p; p++) {
        if (*p != '{') {
            if (at >= path.len || path.ptr[at++] != *p)
                return false;
            continue;
        }
        size_t begin = at;
        while (at < path.len && path.ptr[at] != '/')
            at++;
        if (at == begin)
            return false;
        part[parts++] = par_str_of(path.ptr + begin, at - begin);
        p++;
    }
    return at == path.len;
}

static const struct route *find(const struct par_http_request *http,
                                struct par_str part[PAR_CALL_PARTS], bool *path_known_r)
{
    enum par_http_method method = http->method == PAR_HTTP_HEAD ? PAR_HTTP_GET : http->method;
    *path_known_r = false;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!matches(routes[i].path, http->path, part))
            continue;
        *path_known_r = true;
        if (routes[i].method == method)
            return &routes[i];
    }
    return NULL;
}

/* The methods that the path knows, as a line of the answer's head; {NULL, 0}: no memory. */
static struct par_str allowed(struct par_request *req, struct par_str path)
{
    static const struct {
        enum par_http_method method;
        const char *name;
    } methods[] = {{PAR_HTTP_GET, "GET, HEAD"},
                   {PAR_HTTP_POST, "POST"},
                   {PAR_HTTP_PATCH, "PATCH"},
                   {PAR_HTTP_DELETE, "DELETE"}};
    struct par_str part[PAR_CALL_PARTS];
    struct par_buf line = {0};
    const char *before = "Allow: ";
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
        for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
            if (routes[i].method != methods[m].method || !matches(routes[i].path, path, part))
                continue;
            par_buf_printf(&line, "%s%s", before, methods[m].name);
            before = ", ";
            break;
        }
    }
    par_buf_addz(&line, "\r\n");
    struct par_str kept = par_arena_copy(&req->arena, par_buf_str(&line));
    par_buf_fini(&line);
    return kept;
}

/* ---- answers ---- */

static void call_done(struct par_request *req)
{
    /* What the call set is the status of its success, but for the 405 of a wrong method. */
    int status = req->err && req->status != 405 ? par_err_status(req->err)
                 : req->status                  ? req->status
                                                : 200;
    struct par_str body = status == 204 ? (struct par_str){0} : par_buf_str(&req->out);
    struct par_http_answer answer = {.status = status};
    if (req->call)
        answer.headers = req->call->headers;
    if (status == 401)
        answer.headers = PAR_STR("WWW-Authenticate: Bearer\r\n");
    if (req->err && par_err_retry(req->err) && req->retry_after_ms) {
        char *header = par_arena_alloc(&req->arena, 48);
        if (header)
            answer.headers =
                par_str_of(header, (size_t)snprintf(header, 48, "Retry-After: %u\r\n",
                                                    (req->retry_after_ms + 999) / 1000));
    }
    struct par_http_conn *conn = par_http_conn_find(&req->reactor->http, req->http);
    if (conn)
        par_http_answer(conn, &answer, body);
    else
        par_stats_inc(PAR_C_DELIVERIES_LOST);
}

/* ---- arguments ---- */

struct par_str par_call_query(const struct par_call *call, const char *name)
{
    for (size_t i = 0; i < call->query_count; i++) {
        if (par_str_is(call->query[i].name, name))
            return call->query[i].value;
    }
    return (struct par_str){0};
}

struct par_conv_ref par_call_conv(struct par_str text)
{
    static const enum par_err errors[] = {[PAR_CONV_OK] = PAR_OK,
                                          [PAR_CONV_NOT_FOUND] = PAR_E_NOT_FOUND,
                                          [PAR_CONV_NOT_MEMBER] = PAR_E_NOT_MEMBER,
                                          [PAR_CONV_BAD] = PAR_E_BAD_REQUEST};
    struct par_conv_ref ref = {.text = text};
    ref.err = errors[par_conv_parse(text, &ref.conv)];
    return ref;
}

bool par_call_body(struct par_request *req, enum par_body body)
{
    struct par_proto_limits limits;
    struct par_body_in in;
    par_server_limits(req->reactor->server, &limits);
    enum par_err err =
        par_proto_decode_body(body, par_call_of(req)->body, &limits, &req->arena, &in);
    /* Bodies with a text are those of sends. */
    if (err && !in.args.any) {
        par_request_fail(req, err, in.message);
        return false;
    }
    req->too_large = in.message;
    req->args = in.args;
    return true;
}

void par_call_dispatch(struct par_request *req, enum par_op op, int status)
{
    req->op = op;
    req->status = status;
    par_dispatch_order(req);
    par_order_start(req);
}

void par_call_dispatch_texts(struct par_request *req, enum par_op op,
                             const struct par_text_arg *texts, size_t count, int status)
{
    struct par_proto_limits limits;
    struct par_body_in in;
    par_server_limits(req->reactor->server, &limits);
    enum par_err err = par_proto_decode_query(op, texts, count, &limits, &req->arena, &in);
    if (err) {
        par_request_fail(req, err, in.message);
        return;
    }
    req->args = in.args;
    par_call_dispatch(req, op, status);
}

/* ---- who asks ---- */

static void check_proof(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    struct par_accounts accounts = par_request_accounts(req);
    enum par_err err;
    if (call->is_key) {
        struct par_api_key key;
        err = par_api_key_check(&accounts, call->proof, &key);
        if (!err && !(key.scopes & call->scope)) {
            err = PAR_E_FORBIDDEN;
            accounts.message = "the key does not reach this";
        }
        req->who = (struct par_identity){.scopes = key.scopes};
    } else {
        struct par_user user;
        uint64_t device;
        err = par_account_authenticate(&accounts, call->proof, (struct par_str){0}, par_wall_ms(),
                                       &user, &device);
        if (!err) {
            par_identity_set(&req->who, &user, device);
            par_known_add(&req->reactor->server->known, user.id);
        }
    }
    if (err)
        par_request_error(req, err, accounts.message);
}

static void proven(struct par_request *req)
{
    if (req->err) {
        par_request_finish(req);
        return;
    }
    req->poll_device = req->who.device;
    par_call_of(req)->run(req);
}

static bool no_memory(struct par_request *req)
{
    par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
    return false;
}

/* The token or key of the call; without one only where none is needed. False after an answer. */
static bool take_proof(struct par_request *req, const struct route *route,
                       const struct par_http_request *http)
{
    struct par_call *call = par_call_of(req);
    size_t tokens = par_http_header_count(http, "authorization");
    size_t keys = par_http_header_count(http, "x-api-key");
    if (tokens > 1 || keys > 1 || (tokens && keys)) {
        par_request_fail(req, PAR_E_BAD_REQUEST, "one Authorization or one X-Api-Key, not both");
        return false;
    }
    if (keys) {
        call->is_key = true;
        call->proof = par_arena_copy(&req->arena, par_http_header(http, "x-api-key"));
        /* A wrong key is 401 wherever it is shown; a good one reaches only what has a scope. */
        return call->proof.ptr || no_memory(req);
    }
    if (route->proof == PROOF_NONE)
        return true;
    struct par_str header = par_http_header(http, "authorization");
    if (header.len > 7 && strncasecmp(header.ptr, "Bearer ", 7) == 0) {
        struct par_str token = par_str_of(header.ptr + 7, header.len - 7);
        while (token.len && token.ptr[0] == ' ')
            token = par_str_of(token.ptr + 1, token.len - 1);
        call->proof = par_arena_copy(&req->arena, token);
        if (route->proof == PROOF_KEY) {
            par_request_fail(req, PAR_E_FORBIDDEN, "this needs a server-to-server key (X-Api-Key)");
            return false;
        }
        return call->proof.ptr || no_memory(req);
    }
    par_request_fail(req, PAR_E_UNAUTHORIZED,
                     "this needs Authorization: Bearer and a session's token");
    return false;
}

/* False when memory is refused; what is missing stays so. */
static bool copy_str(struct par_request *req, struct par_str from, struct par_str *to_r)
{
    *to_r = par_arena_copy(&req->arena, from);
    return to_r->ptr || !from.ptr;
}

static bool copy_call(struct par_request *req, const struct par_http_request *http,
                      const struct par_str part[PAR_CALL_PARTS])
{
    struct par_call *call = par_arena_zalloc(&req->arena, sizeof *call);
    req->call = call;
    if (!call)
        return false;
    bool ok = copy_str(req, http->body, &call->body);
    for (size_t i = 0; i < PAR_CALL_PARTS; i++)
        ok = copy_str(req, part[i], &call->part[i]) && ok;
    call->query_count = http->param_count;
    call->query = par_arena_zalloc(&req->arena, (http->param_count + 1) * sizeof *call->query);
    for (size_t i = 0; ok && call->query && i < http->param_count; i++)
        ok = copy_str(req, http->params[i].name, &call->query[i].name) &&
             copy_str(req, http->params[i].value, &call->query[i].value);
    if (!ok || !call->query)
        return false;
    call->address = par_client_address(req->reactor->server, http, &req->arena, &call->exempt);
    return true;
}

void par_rest_request(struct par_reactor *reactor, struct par_http_conn *conn,
                      const struct par_http_request *http)
{
    struct par_str part[PAR_CALL_PARTS];
    bool path_known;
    struct par_request *req = par_request_new(reactor);
    if (!req) {
        par_http_answer_error(conn, PAR_E_OVERLOADED, "out of memory; try again", 1000);
        return;
    }
    req->http = par_http_conn_id(conn);
    req->style = PAR_STYLE_REST;
    req->done = call_done;
    const struct route *route = find(http, part, &path_known);
    if (!route && !path_known) {
        par_request_fail(req, PAR_E_NOT_FOUND, "no such path");
        return;
    }
    if (!copy_call(req, http, part)) {
        (void)no_memory(req);
        return;
    }
    struct par_call *call = par_call_of(req);
    if (!route) {
        req->status = 405;
        call->headers = allowed(req, http->path);
        par_request_fail(req, PAR_E_BAD_REQUEST, "another method is needed here: see Allow");
        return;
    }
    call->run = route->run;
    call->scope = route->scope;
    if (!take_proof(req, route, http))
        return;
    if (call->proof.ptr)
        par_request_work(req, check_proof, proven);
    else
        route->run(req);
}
