/* Endpoints: signing in and out of the directory and the routes, watching, and events in either
 * form. */
#include "server/presence.h"
#include "conv/delivery.h"
#include "server/client_private.h"
#include "server/peers.h"
#include "server/poll.h"
#include "server/routes.h"
#include "server/standby.h"

#include "ws/frame.h"

#include <stdlib.h>

struct par_event par_event_of(struct par_str json)
{
    uint8_t header[PAR_WS_HEADER_MAX];
    size_t n = par_ws_frame_header(header, PAR_WS_TEXT, 0, json.len, NULL);
    struct par_shared *frame = par_shared_new(n + json.len);
    if (!frame)
        return (struct par_event){0};
    memcpy(frame->data, header, n);
    memcpy(frame->data + n, json.ptr, json.len);
    return (struct par_event){.frame = frame, .json_at = (uint32_t)n};
}

void par_endpoint_event(struct par_reactor *reactor, struct par_endpoint *endpoint,
                        const struct par_event *event)
{
    (void)reactor;
    if (endpoint->kind == PAR_ENDPOINT_SOCKET)
        par_client__event((struct par_client *)endpoint, event);
    else
        par_poll_event(endpoint, par_str_of(event->frame->data + event->json_at,
                                            event->frame->len - event->json_at));
}

void par_endpoint_close(struct par_reactor *reactor, struct par_endpoint *endpoint,
                        enum par_close reason)
{
    if (endpoint->kind == PAR_ENDPOINT_SOCKET)
        par_client__close((struct par_client *)endpoint, reason);
    else
        par_poll_end(reactor, endpoint, reason);
}

enum par_err par_endpoint_sign_in(struct par_reactor *reactor, struct par_endpoint *endpoint)
{
    struct par_server *server = reactor->server;
    endpoint->id = par_handles_add(&reactor->endpoints, endpoint);
    if (!endpoint->id)
        return PAR_E_OVERLOADED;
    endpoint->since_ms = par_wall_ms();
    uint64_t replaced;
    bool arrived;
    enum par_err err = par_directory_add(server->directory, endpoint->who.user,
                                         (struct par_dir_endpoint){.id = endpoint->id,
                                                                   .device = endpoint->who.device,
                                                                   .since_ms = endpoint->since_ms,
                                                                   .kind = endpoint->kind},
                                         &replaced, &arrived);
    if (err) {
        par_handles_remove(&reactor->endpoints, endpoint->id);
        endpoint->id = 0;
        return err;
    }
    if (replaced)
        par_endpoint_close_later(server, replaced, PAR_CLOSE_REPLACED);
    if (arrived)
        par_presence_arrived(reactor, endpoint->who.user);
    return PAR_OK;
}

enum par_err par_endpoint_confirm(struct par_server *server, const struct par_identity *who,
                                  enum par_endpoint_kind kind, int64_t since_ms)
{
    enum par_err err = par_routes_confirm(server, who->user);
    if (!err)
        par_peers_replaced(server, who->user, who->device, kind, since_ms);
    return err;
}

void par_endpoint_sign_out(struct par_reactor *reactor, struct par_endpoint *endpoint)
{
    if (!endpoint->id)
        return;
    struct par_directory *directory = reactor->server->directory;
    for (uint32_t i = 0; i < endpoint->watching_count; i++)
        par_directory_unwatch(directory, endpoint->watching[i], endpoint->id);
    free(endpoint->watching);
    endpoint->watching = NULL;
    endpoint->watching_count = 0;
    bool left, empty;
    par_directory_remove(directory, endpoint->who.user, endpoint->id,
                         par_loop_now_ms(reactor->loop), &left, &empty);
    if (left)
        par_presence_left(reactor, endpoint->who.user);
    if (empty) {
        par_routes_left(reactor->server, endpoint->who.user);
        par_standby_missed(reactor->server, endpoint->who.user);
    }
    par_handles_remove(&reactor->endpoints, endpoint->id);
    endpoint->id = 0;
}

enum par_err par_endpoint_watch(struct par_reactor *reactor, struct par_endpoint *endpoint,
                                const uint64_t *users, size_t count)
{
    struct par_directory *directory = reactor->server->directory;
    uint64_t *copy = NULL;
    if (count) {
        copy = malloc(count * sizeof *copy);
        if (!copy)
            return PAR_E_OVERLOADED;
        memcpy(copy, users, count * sizeof *copy);
    }
    for (uint32_t i = 0; i < endpoint->watching_count; i++)
        par_directory_unwatch(directory, endpoint->watching[i], endpoint->id);
    free(endpoint->watching);
    endpoint->watching = copy;
    endpoint->watching_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        enum par_err err =
            par_directory_watch(directory, copy[i], endpoint->id, endpoint->who.user);
        if (err) {
            endpoint->watching_count = (uint32_t)i;
            return err;
        }
    }
    return PAR_OK;
}

struct close_post {
    struct par_post post;
    uint64_t endpoint;
    enum par_close reason;
};

static void close_now(struct par_reactor *reactor, struct par_post *post)
{
    struct close_post *p = PAR_CONTAINER(post, struct close_post, post);
    struct par_endpoint *endpoint = par_handles_get(&reactor->endpoints, p->endpoint);
    if (endpoint)
        par_endpoint_close(reactor, endpoint, p->reason);
    free(p);
}

void par_endpoint_close_later(struct par_server *server, uint64_t endpoint, enum par_close reason)
{
    struct par_reactor *reactor = par_reactor_of(server, endpoint);
    struct close_post *p = reactor ? malloc(sizeof *p) : NULL;
    if (!p)
        return;
    p->endpoint = endpoint;
    p->reason = reason;
    par_reactor_post(reactor, &p->post, close_now);
}

void par_endpoint_close_device(struct par_server *server, uint64_t user, uint64_t device,
                               uint64_t except, enum par_close reason)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    size_t n = par_directory_endpoints(server->directory, user, endpoints);
    for (size_t i = 0; i < n; i++) {
        if ((device == 0 || endpoints[i].device == device) && endpoints[i].id != except)
            par_endpoint_close_later(server, endpoints[i].id, reason);
    }
}

void par_endpoint_close_told(struct par_server *server, const struct par_delivery *d)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    size_t n = par_directory_endpoints(server->directory, d->user, endpoints);
    for (size_t i = 0; i < n; i++) {
        const struct par_dir_endpoint *e = &endpoints[i];
        unsigned kind = e->kind == PAR_ENDPOINT_POLL ? PAR_DELIVERY_POLLS : PAR_DELIVERY_SOCKETS;
        if ((d->device == 0 || e->device == d->device) && (d->endpoint_kinds & kind) &&
            (d->ts == 0 || e->since_ms <= d->ts))
            par_endpoint_close_later(server, e->id, (enum par_close)d->close);
    }
}
