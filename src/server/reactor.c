/* A reactor: its loop, listeners and thread. */
#include "server/reactor.h"

#include "base/log.h"
#include "base/stats.h"
#include "server/client_private.h"
#include "server/drain.h"
#include "server/front.h"
#include "server/poll.h"
#include "server/presence.h"

#include <stdlib.h>

enum { SWEEP_MS = 10000 };

static void take_posts(struct par_msg *first, void *arg)
{
    struct par_reactor *reactor = arg;
    for (struct par_msg *msg = first; msg;) {
        struct par_msg *next = par_msg_next(msg);
        struct par_post *post = PAR_CONTAINER(msg, struct par_post, msg);
        post->fn(reactor, post);
        msg = next;
    }
}

static void sweep(struct par_timer *timer)
{
    struct par_reactor *reactor = PAR_CONTAINER(timer, struct par_reactor, sweep_timer);
    const struct par_config *config = reactor->server->config;
    par_directory_sweep(reactor->server->directory, par_mono_ns(),
                        (uint32_t)PAR_CONFIG_GET(config->limits.sends_per_second),
                        (uint32_t)PAR_CONFIG_GET(config->limits.sends_burst));
    par_timer_set_lazy(reactor->loop, timer, SWEEP_MS);
}

static struct par_http_settings http_settings(const struct par_config *config)
{
    return (struct par_http_settings){
        .limits = {.max_head = (size_t)config->limits.header_bytes,
                   .max_body = (size_t)config->limits.body_bytes,
                   .max_headers = 100},
        .request_ms = (uint32_t)config->heartbeat.http_ms,
        .idle_ms = (uint32_t)config->heartbeat.http_idle_ms,
        .output_bytes = (uint32_t)config->limits.output_bytes,
    };
}

static struct par_ws_settings ws_settings(const struct par_config *config)
{
    return (struct par_ws_settings){
        .max_message = (uint64_t)config->limits.frame_bytes,
        .deflate = config->server.deflate,
        .ping_ms = (uint32_t)config->heartbeat.ping_ms,
        .dead_ms = (uint32_t)config->heartbeat.dead_ms,
        .close_ms = (uint32_t)config->heartbeat.close_ms,
        .output_bytes = (uint32_t)config->limits.output_bytes,
    };
}

enum par_err par_reactor_new(struct par_server *server, unsigned index,
                             struct par_reactor **reactor_r)
{
    *reactor_r = NULL;
    struct par_reactor *reactor = calloc(1, sizeof *reactor);
    if (!reactor)
        return PAR_E_UNAVAILABLE;
    reactor->server = server;
    reactor->index = index;
    enum par_err err = par_loop_new(&reactor->loop);
    if (err) {
        free(reactor);
        return err;
    }
    par_mailbox_bind(&reactor->mailbox, reactor->loop, UINT32_MAX, take_posts, reactor);
    par_handles_init(&reactor->endpoints, index);
    par_handles_init(&reactor->requests, index);
    par_slab_init(&reactor->client_slab, "clients", sizeof(struct par_client));
    par_list_init(&reactor->clients);
    par_list_init(&reactor->polls);
    par_list_init(&reactor->departed);
    struct par_http_settings http = http_settings(server->config);
    par_http_init(&reactor->http, reactor->loop, (uint8_t)index, &http, par_front_request,
                  par_front_closed, reactor);
    par_http_init(&reactor->metrics_http, reactor->loop, (uint8_t)index, &http,
                  par_ops_metrics_request, NULL, reactor);
    struct par_ws_settings ws = ws_settings(server->config);
    par_ws_init(&reactor->ws, reactor->loop, &ws);
    par_drain_init(reactor);
    par_waiting_init(reactor);
    par_timer_init(&reactor->sweep_timer, sweep);
    if (index == 0)
        par_timer_set_lazy(reactor->loop, &reactor->sweep_timer, SWEEP_MS);
    *reactor_r = reactor;
    return PAR_OK;
}

/* ---- accepting ---- */

static void accepted(struct par_listener *listener, int fd, const struct par_addr *peer, void *arg)
{
    struct par_reactor *reactor = arg;
    struct par_server *server = reactor->server;
    if (listener == &reactor->metrics_listener) {
        if (par_http_conn_open(&reactor->metrics_http, listener, fd, peer))
            par_stats_inc(PAR_C_UNEXPECTED);
        return;
    }
    uint64_t most = (uint64_t)server->config->limits.connections;
    if (atomic_fetch_add(&server->connections, 1) >= most) {
        atomic_fetch_sub(&server->connections, 1);
        par_stats_inc_at(PAR_C_RATE_LIMITED, PAR_LIMIT_CONNECTIONS);
        par_stats_inc(PAR_C_CONN_ACCEPTED);
        par_stats_inc_at(PAR_C_CONN_CLOSED, PAR_CLOSE_CONN_LIMIT);
        par_log_warn("accept.limit", PAR_KV("limit", most),
                     PAR_KV("do", "raise limits.connections"));
        par_listener_refuse(listener, fd);
        return;
    }
    if (par_http_conn_open(&reactor->http, listener, fd, peer))
        atomic_fetch_sub(&server->connections, 1);
}

static void accept_paused(struct par_listener *listener, int os_error, void *arg)
{
    (void)listener;
    (void)arg;
    if (os_error) {
        par_stats_inc(PAR_C_ACCEPT_PAUSED);
        par_log_error("accept.paused", PAR_KV("error", strerror(os_error)),
                      PAR_KV("do", "raise the limit of open files (ulimit -n, LimitNOFILE)"));
    } else {
        par_log_info("accept.resumed");
    }
}

enum par_err par_reactor_listen(struct par_reactor *reactor, const struct par_addr *addr,
                                bool metrics, int *os_error_r)
{
    struct par_listener *listener = metrics ? &reactor->metrics_listener : &reactor->listener;
    enum par_listen_mode mode = reactor->index == 0 ? PAR_LISTEN_FIRST : PAR_LISTEN_JOIN;
    return par_listener_open(listener, reactor->loop, addr, mode, accepted, accept_paused, reactor,
                             os_error_r);
}

/* ---- life ---- */

static void run(void *arg)
{
    struct par_reactor *reactor = arg;
    par_loop_run(reactor->loop);
}

enum par_err par_reactor_start(struct par_reactor *reactor)
{
    char name[16];
    snprintf(name, sizeof name, "reactor-%u", reactor->index);
    return par_thread_start(name, run, reactor, &reactor->thread);
}

struct stop_post {
    struct par_post post;
};

static void stop_here(struct par_reactor *reactor, struct par_post *post)
{
    free(PAR_CONTAINER(post, struct stop_post, post));
    par_timer_cancel(&reactor->sweep_timer);
    par_timer_cancel(&reactor->answer_timer);
    par_drain_end(reactor);
    par_loop_stop(reactor->loop);
}

void par_reactor_stop(struct par_reactor *reactor)
{
    struct stop_post *p = malloc(sizeof *p);
    if (p)
        par_reactor_post(reactor, &p->post, stop_here);
    else
        par_loop_stop(reactor->loop);
}

void par_reactor_join(struct par_reactor *reactor)
{
    if (reactor->thread)
        par_thread_join(&reactor->thread);
}

static void close_listener(struct par_listener *listener)
{
    if (listener->_loop)
        par_listener_close(listener);
}

/* What is left when the thread has ended: connections without their close frame, sessions, posts.
 */
static void drop_everything(struct par_reactor *reactor)
{
    close_listener(&reactor->listener);
    close_listener(&reactor->metrics_listener);
    par_http_abort_all(&reactor->http);
    par_http_abort_all(&reactor->metrics_http);
    PAR_LIST_FOR_EACH (node, &reactor->clients) {
        par_client__abort(PAR_CONTAINER(node, struct par_client, node));
    }
    while (!par_list_empty(&reactor->polls))
        par_poll_end_first(reactor);
    for (int i = 0; i < 4; i++)
        par_loop_turn(reactor->loop, 0);
    par_presence_finish(reactor);
    for (uint64_t handle; (handle = par_handles_any(&reactor->requests));)
        par_request_drop(par_handles_get(&reactor->requests, handle));
}

void par_reactor_free(struct par_reactor **reactor)
{
    struct par_reactor *r = *reactor;
    if (!r)
        return;
    drop_everything(r);
    par_timer_cancel(&r->sweep_timer);
    par_timer_cancel(&r->answer_timer);
    take_posts(par_mailbox_fini(&r->mailbox), r);
    par_http_fini(&r->http);
    par_http_fini(&r->metrics_http);
    par_ws_fini(&r->ws);
    par_slab_fini(&r->client_slab);
    par_handles_fini(&r->endpoints);
    par_handles_fini(&r->requests);
    par_loop_free(&r->loop);
    free(r);
    *reactor = NULL;
}
