/* REST: registering and signing in, profiles, people, devices, push tokens. */
#include "auth/attempts.h"
#include "base/stats.h"
#include "loop/addr.h"
#include "loop/env.h"
#include "server/accounts.h"
#include "server/client.h"
#include "server/peers.h"
#include "server/rest.h"
#include "server/waker.h"
#include "store/key.h"

/* ---- rates ---- */

/* Whom a limit by address is for: who has an address of IPv6 has all of its network. */
static struct par_str holder(const struct par_call *call, struct par_addr *addr)
{
    enum { NETWORK = 8 };
    bool six = par_addr_parse_ip(call->address, addr) == PAR_OK && addr->family == PAR_ADDR_IP6;
    return six ? par_str_of(addr->ip, NETWORK) : call->address;
}

/* True, with the error set, while `who` is over the limit. Any thread. */
static bool over(struct par_request *req, enum par_attempt kind, struct par_str who,
                 int64_t per_minute, enum par_limit limit)
{
    uint32_t wait = par_attempts_wait(req->reactor->server->attempts, kind, who,
                                      (uint32_t)per_minute, par_mono_ms());
    if (!wait)
        return false;
    par_stats_inc_at(PAR_C_RATE_LIMITED, limit);
    req->retry_after_ms = wait;
    par_request_error(req, PAR_E_RATE_LIMITED, "too many tries; wait");
    return true;
}

static void count(struct par_request *req, enum par_attempt kind, struct par_str who,
                  int64_t per_minute)
{
    par_attempts_count(req->reactor->server->attempts, kind, who, (uint32_t)per_minute,
                       par_mono_ms());
}

/* ---- register, login, logout ---- */

static void answer_session(struct par_request *req, const struct par_session *session)
{
    if (session->removed_device)
        par_peers_close_device(req->reactor->server, session->user.id, session->removed_device,
                               PAR_CLOSE_SIGNED_OUT);
    par_known_add(&req->reactor->server->known, session->user.id);
    struct par_json_out w = par_request_open(req);
    par_write_session(&w, session);
    par_request_close(req, &w);
}

static void register_work(struct par_request *req)
{
    const struct par_args_body_register *args = req->args.body_register;
    const char *mode = PAR_CONFIG_GET(req->reactor->server->config->server.registration);
    struct par_accounts accounts = par_request_accounts(req);
    struct par_registration reg = {
        .name = args->name,
        .password = args->password,
        .display_name = args->has_display_name ? args->display_name : (struct par_str){0},
        .device_name = args->has_device_name ? args->device_name : (struct par_str){0},
        .invite = args->has_invite ? args->invite : (struct par_str){0},
        .needs_invite = strcmp(mode, "invite") == 0,
    };
    struct par_session session;
    enum par_err err = par_account_register(&accounts, &reg, &session);
    par_stats_inc_at(PAR_C_REGISTRATIONS, err);
    if (err)
        par_request_error(req, err, accounts.message);
    else
        answer_session(req, &session);
}

void par_rest_register(struct par_request *req)
{
    const struct par_config *config = req->reactor->server->config;
    const struct par_call *call = par_call_of(req);
    if (strcmp(PAR_CONFIG_GET(config->server.registration), "off") == 0) {
        par_request_fail(req, PAR_E_FORBIDDEN, "registration is switched off on this server");
        return;
    }
    int64_t rate = PAR_CONFIG_GET(config->limits.registrations_per_minute);
    if (!call->exempt) {
        struct par_addr addr;
        struct par_str who = holder(call, &addr);
        if (over(req, PAR_ATTEMPT_REGISTER_ADDRESS, who, rate, PAR_LIMIT_REGISTRATIONS)) {
            par_request_finish(req);
            return;
        }
        count(req, PAR_ATTEMPT_REGISTER_ADDRESS, who, rate);
    }
    if (!par_call_body(req, PAR_BODY_REGISTER))
        return;
    req->status = 201;
    par_request_hash(req, register_work, NULL);
}

/* Only failures count against the name and the address. Any thread. */
static bool login_is_over(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    int64_t rate = PAR_CONFIG_GET(req->reactor->server->config->limits.logins_per_minute);
    struct par_addr addr;
    return (!call->exempt &&
            over(req, PAR_ATTEMPT_LOGIN_ADDRESS, holder(call, &addr), rate, PAR_LIMIT_LOGINS)) ||
           (req->args.body_login &&
            over(req, PAR_ATTEMPT_LOGIN_NAME, req->args.body_login->name, rate, PAR_LIMIT_LOGINS));
}

static void count_failure(struct par_request *req)
{
    const struct par_call *call = par_call_of(req);
    int64_t rate = PAR_CONFIG_GET(req->reactor->server->config->limits.logins_per_minute);
    struct par_addr addr;
    count(req, PAR_ATTEMPT_LOGIN_NAME, req->args.body_login->name, rate);
    if (!call->exempt)
        count(req, PAR_ATTEMPT_LOGIN_ADDRESS, holder(call, &addr), rate);
}

/* Of many that came at once most have waited, and the first of them have failed meanwhile. */
static void login_work(struct par_request *req)
{
    const struct par_args_body_login *args = req->args.body_login;
    struct par_accounts accounts = par_request_accounts(req);
    struct par_session session;
    if (login_is_over(req))
        return;
    enum par_err err = par_account_login(
        &accounts, args->name, args->password,
        args->has_device_name ? args->device_name : (struct par_str){0}, &session);
    par_stats_inc_at(PAR_C_LOGINS, err);
    if (err == PAR_E_UNAUTHORIZED)
        count_failure(req);
    if (err)
        par_request_error(req, err, accounts.message);
    else
        answer_session(req, &session);
}

void par_rest_login(struct par_request *req)
{
    /* Of who is over the limit by address no body is read. */
    if (login_is_over(req)) {
        par_request_finish(req);
        return;
    }
    if (!par_call_body(req, PAR_BODY_LOGIN))
        return;
    if (login_is_over(req))
        par_request_finish(req);
    else
        par_request_hash(req, login_work, NULL);
}

static void revoke(struct par_request *req, uint64_t device)
{
    struct par_accounts accounts = par_request_accounts(req);
    enum par_err err = par_account_revoke(&accounts, req->who.user, device);
    /* Who is told that a device is signed out does not look after it any more, so all servers know
     * before that; of one that is gone already they may not. */
    if ((!err || err == PAR_E_NOT_FOUND) &&
        par_peers_signed_out(req->reactor->server, req->who.user, device)) {
        par_request_error(req, PAR_E_UNAVAILABLE, "it may still be connected; try again");
        return;
    }
    if (err) {
        par_request_error(req, err, err == PAR_E_NOT_FOUND ? "no such device" : accounts.message);
        return;
    }
    req->status = 204;
    par_request_empty(req);
}

static void logout_work(struct par_request *req)
{
    revoke(req, req->who.device);
}

void par_rest_logout(struct par_request *req)
{
    par_request_work(req, logout_work, NULL);
}

/* ---- devices ---- */

static void devices_work(struct par_request *req)
{
    struct par_key from = par_key_user(req->who.user), to = par_key_after(par_key_str(&from));
    struct par_store_row *rows;
    enum par_err err =
        par_store_scan_in(req->reactor->server->store, PAR_T_DEVICES, par_key_str(&from),
                          par_key_str(&to), 0, 0, &req->arena, &rows, NULL);
    if (err) {
        par_request_error(req, err, NULL);
        return;
    }
    struct par_json_out w = par_request_open(req);
    par_json_key(&w, "devices");
    par_json_open_array(&w);
    for (; rows; rows = rows->next) {
        struct par_device device;
        uint64_t user, id;
        if (!par_device_decode(rows->value, &device) ||
            !par_key_parse_user_id(rows->key, &user, &id))
            continue;
        par_json_open(&w);
        par_json_key_id(&w, "id", id);
        par_json_key_str(&w, "name", device.name.ptr ? device.name : PAR_STR(""));
        par_json_key_int(&w, "last_used", device.last_used);
        par_json_key_bool(&w, "current", id == req->who.device);
        par_json_close(&w);
    }
    par_json_close_array(&w);
    par_request_close(req, &w);
}

void par_rest_devices(struct par_request *req)
{
    par_request_work(req, devices_work, NULL);
}

static void device_delete_work(struct par_request *req)
{
    uint64_t device;
    if (par_user_parse(par_call_of(req)->part[0], &device))
        revoke(req, device);
    else
        par_request_error(req, PAR_E_NOT_FOUND, "no such device");
}

void par_rest_device_delete(struct par_request *req)
{
    par_request_work(req, device_delete_work, NULL);
}

/* ---- people ---- */

static void me_work(struct par_request *req)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct par_user user;
    enum par_err err = par_account_get(&accounts, req->who.user, &user);
    if (err) {
        par_request_error(req, err, accounts.message);
        return;
    }
    struct par_json_out w = par_request_open(req);
    par_write_profile(&w, &user);
    par_request_close(req, &w);
}

void par_rest_me(struct par_request *req)
{
    par_request_work(req, me_work, NULL);
}

static void user_work(struct par_request *req)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct par_user user;
    uint64_t id;
    enum par_err err = par_user_parse(par_call_of(req)->part[0], &id)
                           ? par_account_get(&accounts, id, &user)
                           : PAR_E_NOT_FOUND;
    if (err) {
        par_request_error(req, err, err == PAR_E_NOT_FOUND ? "no such user" : accounts.message);
        return;
    }
    struct par_json_out w = par_request_open(req);
    par_json_key_id(&w, "id", user.id);
    par_json_key_str(&w, "name", user.name);
    par_json_key_str(&w, "display_name", user.display_name);
    par_json_key_str(&w, "about", user.about.ptr ? user.about : PAR_STR(""));
    par_request_close(req, &w);
}

void par_rest_user(struct par_request *req)
{
    par_request_work(req, user_work, NULL);
}

enum { SEARCH_MAX = 50 };

static void users_work(struct par_request *req)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct par_str q = par_call_query(par_call_of(req), "q");
    struct par_json_out w = par_request_open(req);
    par_json_key(&w, "users");
    par_json_open_array(&w);
    struct par_store_row *rows = NULL;
    enum par_err err = PAR_OK;
    /* Names are lower case; who types capitals means the same name. */
    if (q.len && q.len <= 32) {
        char prefix[33];
        for (size_t i = 0; i < q.len; i++)
            prefix[i] = q.ptr[i] >= 'A' && q.ptr[i] <= 'Z' ? (char)(q.ptr[i] + 32) : q.ptr[i];
        struct par_key from = par_key_text(par_str_of(prefix, q.len)),
                       to = par_key_after(par_key_str(&from));
        err = par_store_scan_in(accounts.store, PAR_T_NAMES, par_key_str(&from), par_key_str(&to),
                                SEARCH_MAX, 0, &req->arena, &rows, NULL);
    }
    for (; !err && rows; rows = rows->next) {
        struct par_name name;
        struct par_user user;
        if (!par_name_decode(rows->value, &name))
            continue;
        err = par_account_get(&accounts, name.user, &user);
        if (err == PAR_OK)
            par_write_user(&w, NULL, &user);
        else if (err == PAR_E_NOT_FOUND)
            err = PAR_OK;
    }
    par_json_close_array(&w);
    if (err)
        par_request_error(req, err, accounts.message);
    else
        par_request_close(req, &w);
}

void par_rest_users(struct par_request *req)
{
    par_request_work(req, users_work, NULL);
}

/* ---- push tokens ---- */

void par_rest_push_register(struct par_request *req)
{
    /* The body and the operation have the same members. */
    if (!par_call_body(req, PAR_BODY_PUSH))
        return;
    const struct par_args_body_push *body = req->args.body_push;
    struct par_args_push_register *args = par_arena_zalloc(&req->arena, sizeof *args);
    if (!args) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    *args = (struct par_args_push_register){.kind = body->kind,
                                            .has_token = body->has_token,
                                            .token = body->token,
                                            .has_subscription = body->has_subscription,
                                            .subscription = body->subscription,
                                            .has_show_text = body->has_show_text,
                                            .show_text = body->show_text};
    req->args.push_register = args;
    par_call_dispatch(req, PAR_OP_PUSH_REGISTER, 201);
}

void par_rest_push_unregister(struct par_request *req)
{
    struct par_text_arg arg = {PAR_STR("push_id"), par_call_of(req)->part[0]};
    par_call_dispatch_texts(req, PAR_OP_PUSH_UNREGISTER, &arg, 1, 204);
}

void par_rest_push_key(struct par_request *req)
{
    struct par_str key = par_waker_key(req->reactor->server);
    if (!key.len) {
        par_request_fail(req, PAR_E_NOT_FOUND, "this server has no key for Web Push");
        return;
    }
    struct par_json_out w = par_request_open(req);
    par_json_key_str(&w, "key", key);
    par_request_close(req, &w);
    par_request_finish(req);
}
