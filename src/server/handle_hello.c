/* hello: a connection signs in, and syncs at once if it asks to. */
#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "server/accounts.h"
#include "server/client_private.h"
#include "server/dispatch.h"
#include "server/reading.h"

#include <string.h>

struct hello {
    struct par_user user;
    uint64_t device;
    int64_t since_ms;
};

static void authenticate(struct par_request *req)
{
    const struct par_args_hello *args = req->args.hello;
    struct hello *hello = req->state_of_op;
    struct par_accounts accounts = par_request_accounts(req);
    enum par_err err = par_account_authenticate(&accounts, args->token, args->client, par_wall_ms(),
                                                &hello->user, &hello->device);
    if (err)
        par_request_error(req, err, accounts.message);
    else
        par_known_add(&req->reactor->server->known, hello->user.id);
}

/* Of a list as server.oldest_clients has it: the one with the name of this client; empty: none. */
static struct par_str oldest_of(const char *list, struct par_str client)
{
    const char *slash = memchr(client.ptr, '/', client.len);
    size_t name = slash ? (size_t)(slash - client.ptr) : client.len;
    while (*list) {
        list += strspn(list, " ,");
        size_t len = strcspn(list, " ,");
        if (len > name && list[name] == '/' && memcmp(list, client.ptr, name) == 0)
            return par_str_of(list, len);
        list += len;
    }
    return (struct par_str){0};
}

static enum par_err write_answer(struct par_request *req, struct par_reader *reader,
                                 struct par_json_out *w)
{
    struct par_server *server = req->reactor->server;
    const struct hello *hello = req->state_of_op;
    const struct par_args_sync_ask *ask = &req->args.hello->sync;
    struct par_proto_limits limits;
    par_server_limits(server, &limits);
    par_write_user(w, "user", &hello->user);
    par_json_key_id(w, "device", hello->device);
    par_json_key_z(w, "store", par_store_incarnation(server->store));
    par_json_key_int(w, "server_time", par_wall_ms());
    par_json_key(w, "limits");
    par_json_limits(w, &limits);
    par_json_key_int(w, "heartbeat_ms", server->config->heartbeat.ping_ms);
    struct par_str oldest =
        oldest_of(server->config->server.oldest_clients, req->args.hello->client);
    if (oldest.len)
        par_json_key_str(w, "oldest_client", oldest);
    if (!req->args.hello->has_sync)
        return PAR_OK;
    struct par_sync_query q = {.have = ask->has_have ? &ask->have : NULL,
                               .limit = ask->has_limit ? (uint32_t)ask->limit : 100,
                               .cursor = ask->has_cursor ? ask->cursor : (struct par_str){0},
                               .since = ask->has_since ? ask->since : (struct par_str){0}};
    return par_read_sync(reader, hello->user.id, &q, w);
}

/* The endpoint is in the directory now, so what happens from here on to the route, the account or
 * the device finds it. What happened before is looked at once more. */
static enum par_err confirm(struct par_request *req)
{
    struct par_server *server = req->reactor->server;
    const struct hello *hello = req->state_of_op;
    enum par_err err =
        par_endpoint_confirm(server, &req->who, PAR_ENDPOINT_SOCKET, hello->since_ms);
    if (err)
        par_request_error(req, err, "it cannot be told where you are; try again");
    return err;
}

static void read_sync(struct par_request *req)
{
    if (!PAR_MUTANT(ROUTE_AFTER_SYNC) && confirm(req))
        return;
    authenticate(req);
    if (req->err)
        return;
    struct par_reader reader = par_reading(req);
    struct par_json_out w = par_request_open(req);
    enum par_err err = write_answer(req, &reader, &w);
    par_reading_end(req, &w, err, &reader);
    if (PAR_MUTANT(ROUTE_AFTER_SYNC) && !req->err)
        (void)confirm(req);
}

static void done(struct par_request *req)
{
    struct par_client *client = req->client;
    const struct hello *hello = req->state_of_op;
    enum par_err err = req->err;
    if (client && !err) {
        client->endpoint.who.hide_read = hello->user.hide_read;
        client->endpoint.who.hide_typing = hello->user.hide_typing;
    }
    par_stats_inc_at(PAR_C_HELLOS, err);
    /* The close code tells a disabled account from a bad token; the error is the same. */
    if (err == PAR_E_FORBIDDEN)
        req->err = PAR_E_UNAUTHORIZED;
    par_request_finish(req);
    if (!client)
        return;
    if (!err) {
        par_client__hello_done(client);
        return;
    }
    /* A sync that was asked wrongly leaves the connection as it was before: hello may be tried
     * again. */
    client->hello_asked = false;
    par_endpoint_sign_out(client->reactor, &client->endpoint);
    client->endpoint.who = (struct par_identity){0};
    par_client__busy(client);
    if (err == PAR_E_UNAUTHORIZED)
        par_client__close(client, PAR_CLOSE_BAD_TOKEN);
    else if (err == PAR_E_FORBIDDEN)
        par_client__close(client, PAR_CLOSE_DISABLED);
}

static void authenticated(struct par_request *req)
{
    struct par_client *client = req->client;
    struct hello *hello = req->state_of_op;
    if (req->err || !client || client->closing) {
        done(req);
        return;
    }
    par_identity_set(&client->endpoint.who, &hello->user, hello->device);
    /* In the directory, and so in the routes, before the sync reads: what is released from here on
     * comes as an event, what was before is in the sync (TAKEOVER.md R1). */
    enum par_err err = par_endpoint_sign_in(req->reactor, &client->endpoint);
    if (err) {
        par_request_error(req, err, "too many connections; try again");
        done(req);
        return;
    }
    req->who = client->endpoint.who;
    hello->since_ms = client->endpoint.since_ms;
    par_request_work(req, read_sync, done);
}

void par_handle_hello(struct par_request *req)
{
    struct hello *hello = par_arena_zalloc(&req->arena, sizeof *hello);
    if (!hello) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    req->state_of_op = hello;
    par_request_work(req, authenticate, authenticated);
}
