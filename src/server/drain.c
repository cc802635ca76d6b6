/* Draining. */
#include "server/drain.h"

#include "base/stats.h"
#include "server/client_private.h"
#include "server/poll.h"

#include <stdlib.h>

struct drain_post {
    struct par_post post;
    uint32_t ms;
};

static void close_clients(struct par_reactor *reactor)
{
    PAR_LIST_FOR_EACH (node, &reactor->clients) {
        par_client__close(PAR_CONTAINER(node, struct par_client, node), PAR_CLOSE_GOING_AWAY);
    }
}

static void drain_due(struct par_timer *timer)
{
    close_clients(PAR_CONTAINER(timer, struct par_reactor, drain_timer));
}

void par_drain_init(struct par_reactor *reactor)
{
    par_timer_init(&reactor->drain_timer, drain_due);
}

static void drain_here(struct par_reactor *reactor, struct par_post *post)
{
    struct drain_post *p = PAR_CONTAINER(post, struct drain_post, post);
    struct par_buf json = {0};
    /* Whoever goes last has a moment to go before the rest is closed. */
    par_event_drain(&json, p->ms - p->ms / 10);
    struct par_event event = par_event_of(par_buf_str(&json));
    par_buf_fini(&json);
    par_stats_inc_at(PAR_C_EVENTS, PAR_EVENT_DRAIN);
    if (event.frame) {
        PAR_LIST_FOR_EACH (node, &reactor->clients) {
            par_client__event(PAR_CONTAINER(node, struct par_client, node), &event);
        }
        par_poll_event_all(reactor, &event);
        par_shared_unref(&event.frame);
    }
    par_http_drain(&reactor->http);
    par_timer_set(reactor->loop, &reactor->drain_timer, p->ms);
    free(p);
}

void par_drain_begin(struct par_server *server, uint32_t ms)
{
    atomic_store(&server->phase, PAR_SERVER_DRAINING);
    for (unsigned i = 0; i < server->reactor_count; i++) {
        struct drain_post *p = malloc(sizeof *p);
        if (!p)
            continue;
        p->ms = ms;
        par_reactor_post(server->reactors[i], &p->post, drain_here);
    }
}

void par_drain_end(struct par_reactor *reactor)
{
    par_timer_cancel(&reactor->drain_timer);
    close_clients(reactor);
}
