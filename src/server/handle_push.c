/* push.register, push.unregister, push.test: where to wake a device that has no connection. */
#include "push/subscription.h"
#include "server/dispatch.h"
#include "server/waker.h"
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

/* What is stored for the user already. */
struct stored {
    bool full;
    bool same;                        /* this very row */
    uint64_t former[PUSH_TOKENS_MAX]; /* other subscriptions of the device: it has one at a time */
    size_t former_count;
};

static bool same_row(const struct par_push_token *a, const struct par_push_token *b)
{
    return a->kind == b->kind && a->device == b->device && a->hide_text == b->hide_text &&
           par_str_eq(a->token, b->token) && par_str_eq(a->endpoint, b->endpoint) &&
           par_str_eq(a->p256dh, b->p256dh) && par_str_eq(a->auth, b->auth);
}

static enum par_err look(struct par_request *req, const struct par_push_token *row,
                         struct stored *stored_r)
{
    struct par_key from = par_key_user(req->who.user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    enum par_err err =
        par_store_scan_in(req->reactor->server->store, PAR_T_PUSH_TOKENS, par_key_str(&from),
                          par_key_str(&to), 0, 0, &req->arena, &rows, NULL);
    size_t others = 0;
    *stored_r = (struct stored){0};
    for (; !err && rows; rows = rows->next) {
        struct par_push_token t;
        if (!par_push_token_decode(rows->value, &t) ||
            !par_key_parse_user_id(rows->key, &t.user, &t.id))
            continue;
        if (t.id == row->id)
            stored_r->same = same_row(&t, row);
        else if (row->kind == PAR_PUSH_WEBPUSH && t.kind == row->kind && t.device == row->device &&
                 stored_r->former_count < PUSH_TOKENS_MAX)
            stored_r->former[stored_r->former_count++] = t.id;
        else
            others++;
    }
    stored_r->full = others >= PUSH_TOKENS_MAX;
    return err;
}

static bool set(struct par_request *req, uint64_t id, struct par_str value)
{
    struct par_key key = par_key_user_id(req->who.user, id);
    return par_store_set(req->reactor->server->store, PAR_T_PUSH_TOKENS, par_key_str(&key), value,
                         (uint64_t)par_wall_ms()) == PAR_OUTCOME_OK;
}

static bool keep(struct par_request *req, const struct par_push_token *row)
{
    struct par_buf value = {0};
    par_push_token_encode(row, &value);
    bool ok = !value.failed && set(req, row->id, par_buf_str(&value));
    par_buf_fini(&value);
    return ok;
}

static void work_register(struct par_request *req)
{
    const struct par_args_push_register *args = req->args.push_register;
    struct par_push_token row = {.id = id_of(args),
                                 .kind = (uint8_t)args->kind,
                                 .device = req->who.device,
                                 .hide_text = args->has_show_text && !args->show_text,
                                 .created = par_wall_ms()};
    struct stored stored;
    if (args->has_token)
        row.token = args->token;
    if (args->has_subscription) {
        row.endpoint = args->subscription.endpoint;
        row.p256dh = args->subscription.keys.p256dh;
        row.auth = args->subscription.keys.auth;
    }
    enum par_err err = look(req, &row, &stored);
    if (err || stored.full) {
        par_request_error(req, err ? err : PAR_E_CONFLICT,
                          err ? NULL : "too many push tokens: unregister one");
        return;
    }
    bool ok = stored.same || keep(req, &row);
    for (size_t i = 0; ok && i < stored.former_count; i++)
        ok = set(req, stored.former[i], (struct par_str){0});
    if (!ok) {
        par_request_error(req, PAR_E_UNAVAILABLE, NULL);
        return;
    }
    struct par_json_out w = par_request_open(req);
    par_json_key_id(&w, "push_id", row.id);
    par_request_close(req, &w);
}

/* NULL, or what is wrong with the subscription. The protocol says nothing of its keys: those that
 * nothing can be encrypted for are taken, and dropped when there is something to send. */
static const char *wrong(struct par_request *req)
{
    const struct par_args_push_register *args = req->args.push_register;
    struct par_subscription sub;
    const char *why;
    if (!args->has_subscription)
        return "subscription: needed for webpush";
    (void)par_subscription_read(
        args->subscription.endpoint, args->subscription.keys.p256dh, args->subscription.keys.auth,
        req->reactor->server->config->push_webpush.private_addresses, &sub, &why);
    return sub.origin.len ? NULL : why;
}

void par_handle_push_register(struct par_request *req)
{
    const struct par_args_push_register *args = req->args.push_register;
    bool web = args->kind == PAR_PUSH_WEBPUSH;
    const char *why = web ? wrong(req) : NULL;
    if (why)
        par_request_fail(req, PAR_E_BAD_REQUEST, why);
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

static void work_test(struct par_request *req)
{
    struct par_server *server = req->reactor->server;
    uint64_t id = 0;
    struct par_str value;
    struct par_push_token row = {0};
    int found = 0;
    if (par_str_to_u64(req->args.push_test->push_id, &id)) {
        struct par_key key = par_key_user_id(req->who.user, id);
        found = par_store_get_in(server->store, PAR_T_PUSH_TOKENS, par_key_str(&key), &req->arena,
                                 &value);
    }
    if (found > 0 && (!par_push_token_decode(value, &row) || row.kind != PAR_PUSH_WEBPUSH))
        found = 0;
    enum par_err err = found < 0    ? PAR_E_UNAVAILABLE
                       : found == 0 ? PAR_E_NOT_FOUND
                                    : par_waker_test(server, req->who.user, id);
    if (err)
        par_request_error(
            req, err, err == PAR_E_NOT_FOUND ? "push_id: no subscription that can be tried" : NULL);
    else
        par_request_empty(req);
}

void par_handle_push_test(struct par_request *req)
{
    par_request_work(req, work_test, NULL);
}
