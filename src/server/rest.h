/* REST calls: which function answers which path, who may call it, and the common way from an HTTP
 * request to a request of the server.
 *
 * The table (rest.c) gives for each method and path what proves who asks (nothing, a token, or a
 * token or a server-to-server key of some scope) and a function. The call is copied out of the
 * connection, the proof is checked on a pool thread, and then the function runs on the reactor: it
 * fills an operation's arguments and dispatches it like a frame, or has work of its own done. The
 * answer goes out by the connection's id, if the connection is still there. */
#ifndef PAR_SERVER_REST_H
#define PAR_SERVER_REST_H

#include "http/connection.h"
#include "server/request.h"

enum { PAR_CALL_PARTS = 3 };

/* What a function needs of the HTTP request; in the request's arena. */
struct par_call {
    struct par_str part[PAR_CALL_PARTS]; /* what stands for {…} in the path, in order */
    struct par_str body;
    struct par_text_arg *query;
    size_t query_count;
    struct par_str proof;   /* the token or key */
    struct par_str address; /* of the client, as the proxy says it */
    bool is_key;
    bool exempt; /* from limits by address */
    uint32_t scope;
    void (*run)(struct par_request *req);
    struct par_str headers; /* lines of the answer's head */
};

/* The call of a request made by par_rest_request. */
static inline struct par_call *par_call_of(struct par_request *req)
{
    return req->call;
}

/* A request under /v1/ (but /v1/ws) came on an HTTP connection. */
void par_rest_request(struct par_reactor *reactor, struct par_http_conn *conn,
                      const struct par_http_request *http);

/* The value of a query parameter; {NULL, 0}: not given. */
struct par_str par_call_query(const struct par_call *call, const char *name);
/* The conversation that a part of the path names, as a frame would name it. */
struct par_conv_ref par_call_conv(struct par_str text);
/* A cmid made by the server, for calls that may come without one; in the arena. */
struct par_str par_call_cmid(struct par_request *req);
/* Decodes the body into req->args. False after an answer. */
bool par_call_body(struct par_request *req, enum par_body body);
/* Fills req->args for op from named texts, and dispatches it; status: of success. */
void par_call_dispatch_texts(struct par_request *req, enum par_op op,
                             const struct par_text_arg *texts, size_t count, int status);
/* Dispatches op, whose arguments the caller has put into req->args. */
void par_call_dispatch(struct par_request *req, enum par_op op, int status);

/* The functions of the table, by file. Each takes a request whose proof was checked, and sees to
 * its answer. */
/* rest_accounts.c */
void par_rest_register(struct par_request *req);
void par_rest_login(struct par_request *req);
void par_rest_logout(struct par_request *req);
void par_rest_me(struct par_request *req);
void par_rest_users(struct par_request *req);
void par_rest_user(struct par_request *req);
void par_rest_devices(struct par_request *req);
void par_rest_device_delete(struct par_request *req);
void par_rest_push_register(struct par_request *req);
void par_rest_push_unregister(struct par_request *req);
void par_rest_push_key(struct par_request *req);
/* rest_messages.c */
void par_rest_messages(struct par_request *req);
void par_rest_conversations(struct par_request *req);
void par_rest_conversation(struct par_request *req);
void par_rest_history(struct par_request *req);
void par_rest_pair_history(struct par_request *req);
void par_rest_status(struct par_request *req);
/* rest_groups.c */
void par_rest_group_create(struct par_request *req);
void par_rest_group(struct par_request *req);
void par_rest_group_rename(struct par_request *req);
void par_rest_group_add(struct par_request *req);
void par_rest_group_role(struct par_request *req);
void par_rest_group_remove(struct par_request *req);
/* rest_op.c */
void par_rest_poll(struct par_request *req);
void par_rest_op(struct par_request *req);
void par_rest_openapi(struct par_request *req);

#endif
