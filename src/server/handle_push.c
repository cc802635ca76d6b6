/* push.register, push.unregister: where to wake a device that has no connection. */
#include "server/dispatch.h"
#include "store/key.h"
#include "store/record.h"

enum { PUSH_TOKENS_MAX = 40 }; /* of a user: several for each device */

/* The same token gets the same id, so registering again replaces. */
static uint64_t id_of(const struct par_args_push_register *args)
{
    struct par_str token = args->has_token ? args->token : args->subscription.endpoint;
    uint64_t id = 0xCBF29CE484222325u + (uint64_t)args->kind;
    for (size_t i = 0; i < token.len; i++)
        id = (id ^ (uint8_t)token.ptr[i]) * 0x100000001B3u;
    id ^= id >> 29;
    return id & INT64_MAX ? id & INT64_MAX : 1;
}

static enum par_err full(struct par_request *req, const struct par_key *key, bool *full_r)
{
    struct par_key from = par_key_user(req->who.user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    enum par_err err =
        par_store_scan_in(req->reactor->server->store, PAR_T_PUSH_TOKENS, par_key_str(&from),
                          par_key_str(&to), 0, 0, &req->arena, &rows, NULL);
    size_t others = 0;
    for (; !err && rows; rows = rows->next)
        others += !par_str_eq(rows->key, par_key_str(key));
    *full_r = others >= PUSH_TOKENS_MAX;
    return err;
}

static void work_register(struct par_request *req)
{
    const struct par_args_push_register *args = req->args.push_register;
    uint64_t id = id_of(args);
    struct par_key key = par_key_user_id(req->who.user, id);
    bool is_full;
    enum par_err err = full(req, &key, &is_full);
    if (!err && is_full)
        err = PAR_E_CONFLICT;
    if (err) {
        par_request_error(req, err,
                          err == PAR_E_CONFLICT ? "too many push tokens: unregister one" : NULL);
        return;
    }
    int64_t now = par_wall_ms();
    struct par_push_token row = {
        .kind = (uint8_t)args->kind, .device = req->who.device, .created = now};
    if (args->has_token)
        row.token = args->token;
    if (args->has_subscription) {
        row.endpoint = args->subscription.endpoint;
        row.p256dh = args->subscription.keys.p256dh;
        row.auth = args->subscription.keys.auth;
    }
    struct par_buf value = {0};
    par_push_token_encode(&row, &value);
    enum par_outcome outcome =
        value.failed ? PAR_OUTCOME_FAILED
                     : par_store_set(req->reactor->server->store, PAR_T_PUSH_TOKENS,
                                     par_key_str(&key), par_buf_str(&value), (uint64_t)now);
    par_buf_fini(&value);
    if (outcome != PAR_OUTCOME_OK) {
        par_request_error(req, PAR_E_UNAVAILABLE, NULL);
        return;
    }
    struct par_json_out w = par_request_open(req);
    par_json_key_id(&w, "push_id", id);
    par_request_close(req, &w);
}

void par_handle_push_register(struct par_request *req)
{
    const struct par_args_push_register *args = req->args.push_register;
    bool web = args->kind == PAR_PUSH_WEBPUSH;
    if (web && !args->has_subscription)
        par_request_fail(req, PAR_E_BAD_REQUEST, "subscription: needed for webpush");
    else if (!web && !args->has_token)
        par_request_fail(req, PAR_E_BAD_REQUEST, "token: needed for this kind");
    else
        par_request_work(req, work_register, NULL);
}

static void work_unregister(struct par_request *req)
{
    struct par_store *store = req->reactor->server->store;
    uint64_t id;
    struct par_str value;
    int found = 0;
    struct par_key key;
    if (par_str_to_u64(req->args.push_unregister->push_id, &id)) {
        key = par_key_user_id(req->who.user, id);
        found = par_store_get_in(store, PAR_T_PUSH_TOKENS, par_key_str(&key), &req->arena, &value);
    }
    if (found < 0 ||
        (found && par_store_set(store, PAR_T_PUSH_TOKENS, par_key_str(&key), (struct par_str){0},
                                (uint64_t)par_wall_ms()) != PAR_OUTCOME_OK))
        par_request_error(req, PAR_E_UNAVAILABLE, NULL);
    else if (!found)
        par_request_error(req, PAR_E_NOT_FOUND, "push_id: no such token");
    else
        par_request_empty(req);
}

void par_handle_push_unregister(struct par_request *req)
{
    par_request_work(req, work_unregister, NULL);
}
