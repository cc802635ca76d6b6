/* Peers: a thread that hands records for other servers to the queue until it has them. */
#include "server/peers.h"

#include "base/log.h"
#include "base/mutant.h"
#include "base/stats.h"
#include "conv/delivery_codec.h"
#include "server/client.h"
#include "server/service.h"

#include <stdlib.h>

/* What waits is bounded; each record is small. */
enum { WAITING_MAX = 65536, RETRY_MS = 250 };

struct record {
    struct par_msg msg;
    struct record *next; /* of those being sent */
    uint64_t to;
    bool once;
    struct par_buf bytes;
};

struct par_peers {
    struct par_server *server;
    struct par_mailbox mailbox;
    struct par_service service;
};

static void free_records(struct record *first)
{
    for (struct record *r = first, *next; r; r = next) {
        next = r->next;
        par_buf_fini(&r->bytes);
        free(r);
    }
}

static bool send_all(struct par_peers *peers, struct record *first, bool again)
{
    struct par_queue *queue = peers->server->queue;
    bool ok = true;
    for (struct record *r = first; r; r = r->next) {
        if (!(again && r->once))
            ok &= par_queue_send(queue, r->to, par_buf_str(&r->bytes)) == PAR_OK || r->once;
    }
    return par_queue_deliver_flush(queue) == PAR_OK && ok;
}

/* A server that is paused for long finds its clients told to sync (R6); what is told here must
 * arrive all the same, so there is no end to trying but the server's. */
static void run(void *arg)
{
    struct par_peers *peers = arg;
    for (;;) {
        /* A rest ends with a post: each wakes the service. */
        bool stopping = par_service_stopping(&peers->service);
        struct record *first = NULL, **end = &first;
        for (struct par_msg *msg = par_mailbox_wait(&peers->mailbox, 0), *next; msg; msg = next) {
            next = par_msg_next(msg);
            struct record *r = PAR_CONTAINER(msg, struct record, msg);
            r->next = NULL;
            *end = r;
            end = &r->next;
        }
        bool again = false;
        while (first && !send_all(peers, first, again) &&
               par_service_rest(&peers->service, RETRY_MS))
            again = true;
        free_records(first);
        if (stopping)
            return;
        (void)par_service_rest(&peers->service, -1);
    }
}

enum par_err par_peers_open(struct par_server *server, struct par_peers **peers_r)
{
    *peers_r = NULL;
    if (!par_queue_remote(server->queue))
        return PAR_OK;
    struct par_peers *peers = calloc(1, sizeof *peers);
    if (!peers)
        return PAR_E_UNAVAILABLE;
    peers->server = server;
    par_mailbox_init(&peers->mailbox, WAITING_MAX);
    enum par_err err = par_service_start(&peers->service, "peers", run, peers);
    if (err) {
        free(peers);
        return err;
    }
    *peers_r = peers;
    return PAR_OK;
}

void par_peers_close(struct par_peers **peers)
{
    struct par_peers *p = *peers;
    if (!p)
        return;
    par_service_stop(&p->service);
    for (struct par_msg *msg = par_mailbox_fini(&p->mailbox), *next; msg; msg = next) {
        next = par_msg_next(msg);
        struct record *r = PAR_CONTAINER(msg, struct record, msg);
        r->next = NULL;
        free_records(r);
    }
    free(p);
    *peers = NULL;
}

void par_peers_tell(struct par_server *server, uint64_t to, const struct par_delivery *delivery)
{
    struct par_peers *peers = server->peers;
    struct record *r = peers ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return;
    r->to = to;
    r->once = delivery->kind == PAR_DELIVERY_TYPING;
    par_delivery_encode(delivery, &r->bytes);
    if (r->bytes.failed || !par_mailbox_try_post(&peers->mailbox, &r->msg)) {
        par_stats_inc(PAR_C_UNEXPECTED);
        par_log_warn("peers.not_told", PAR_KV("user", delivery->user));
        free_records(r);
        return;
    }
    par_service_wake(&peers->service);
}

void par_peers_tell_holders(struct par_server *server, const struct par_delivery *d)
{
    if (!server->peers || d->user_count == 0)
        return;
    struct par_route_hits hits = {0};
    uint64_t *users = malloc(d->user_count * sizeof *users);
    if (users && par_route_lookup(server->route, d->users, d->user_count, &hits) == PAR_OK) {
        for (size_t i = 0; i < hits.count; i++) {
            uint64_t to = hits.hit[i].server;
            bool done = to == server->id;
            for (size_t k = 0; k < i && !done; k++)
                done = hits.hit[k].server == to;
            if (done)
                continue;
            struct par_delivery part = *d;
            part.users = users;
            part.user_count = 0;
            for (size_t k = i; k < hits.count; k++) {
                if (hits.hit[k].server == to)
                    users[part.user_count++] = d->users[hits.hit[k].index];
            }
            par_peers_tell(server, to, &part);
        }
    }
    free(users);
    par_route_hits_fini(&hits);
}

static struct par_delivery close_of(uint64_t user, uint64_t device, enum par_close reason)
{
    return (struct par_delivery){.kind = PAR_DELIVERY_CLOSE,
                                 .user = user,
                                 .device = device,
                                 .close = (uint8_t)reason,
                                 .endpoint_kinds = PAR_DELIVERY_SOCKETS | PAR_DELIVERY_POLLS};
}

void par_peers_close_device(struct par_server *server, uint64_t user, uint64_t device,
                            enum par_close reason)
{
    par_endpoint_close_device(server, user, device, 0, reason);
    struct par_delivery d = close_of(user, device, reason);
    /* Not only those that the routes name: a route may be lost, and a token is not valid any more.
     */
    par_peers_tell(server, PAR_QUEUE_ALL_SERVERS, &d);
}

enum par_err par_peers_signed_out(struct par_server *server, uint64_t user, uint64_t device)
{
    par_endpoint_close_device(server, user, device, 0, PAR_CLOSE_SIGNED_OUT);
    if (!server->peers || PAR_MUTANT(SIGN_OUT_HERE_ONLY))
        return PAR_OK;
    struct par_delivery d = close_of(user, device, PAR_CLOSE_SIGNED_OUT);
    struct par_buf bytes = {0};
    par_delivery_encode(&d, &bytes);
    enum par_err err =
        bytes.failed ? PAR_E_UNAVAILABLE
                     : par_queue_send(server->queue, PAR_QUEUE_ALL_SERVERS, par_buf_str(&bytes));
    enum par_err flushed = par_queue_deliver_flush(server->queue);
    par_buf_fini(&bytes);
    if (!err && !flushed)
        return PAR_OK;
    par_peers_tell(server, PAR_QUEUE_ALL_SERVERS, &d);
    return PAR_E_UNAVAILABLE;
}

void par_peers_replaced(struct par_server *server, uint64_t user, uint64_t device,
                        enum par_endpoint_kind kind, int64_t since_ms)
{
    if (!server->peers)
        return;
    struct par_delivery d = {
        .kind = PAR_DELIVERY_CLOSE,
        .user = user,
        .device = device,
        .close = PAR_CLOSE_REPLACED,
        .endpoint_kinds = kind == PAR_ENDPOINT_SOCKET ? PAR_DELIVERY_SOCKETS : PAR_DELIVERY_POLLS,
        .ts = since_ms,
        .users = &user,
        .user_count = 1,
    };
    par_peers_tell_holders(server, &d);
}
