/* A reactor of the server: a loop on a thread of its own, with the connections it accepted, the
 * requests they asked, and a mailbox for everything that other threads have for them. */
#ifndef PAR_SERVER_REACTOR_H
#define PAR_SERVER_REACTOR_H

#include "base/slab.h"
#include "http/connection.h"
#include "loop/env.h"
#include "loop/listen.h"
#include "loop/mailbox.h"
#include "server/handles.h"
#include "server/server.h"
#include "ws/connection.h"

/* What other threads post: a function that the reactor's thread calls with it, and which frees it.
 */
struct par_post;
typedef void (*par_post_fn)(struct par_reactor *reactor, struct par_post *post);
struct par_post {
    struct par_msg msg;
    par_post_fn fn;
};

struct par_reactor {
    struct par_server *server;
    unsigned index;
    struct par_loop *loop;
    struct par_thread *thread;
    struct par_listener listener;
    struct par_listener metrics_listener; /* of the first reactor, with metrics.listen */
    struct par_http http;
    struct par_http metrics_http; /* of the first reactor, with metrics.listen */
    struct par_ws ws;
    struct par_mailbox mailbox;
    struct par_handles endpoints; /* struct par_endpoint: clients and poll sessions */
    struct par_handles requests;  /* struct par_request */
    struct par_slab client_slab;
    struct par_list clients;      /* struct par_client */
    struct par_list polls;        /* struct par_poll */
    struct par_list departed;     /* struct par_departure: users whose last endpoint went */
    struct par_timer drain_timer; /* moves clients away, some at a time (drain.c) */
    struct par_timer stop_timer;
    struct par_list waiting;       /* struct par_request: for the writer's answer, oldest first */
    struct par_list late;          /* those for whom it did not come in time, oldest first */
    struct par_timer answer_timer; /* the first of either is due */
    uint64_t answer_due_ms;        /* when it is set for */
    struct par_timer sweep_timer;  /* of the first reactor: housekeeping of the shared tables */
    uint32_t late_count;
    uint32_t client_count;
    uint32_t poll_count;
};

/* Makes the loop and its tables; no thread yet. PAR_E_UNAVAILABLE: no memory or descriptors. */
enum par_err par_reactor_new(struct par_server *server, unsigned index,
                             struct par_reactor **reactor_r) PAR_MUST_CHECK;
/* Listens on the address, before the thread starts; the errno value when it cannot. */
enum par_err par_reactor_listen(struct par_reactor *reactor, const struct par_addr *addr,
                                bool metrics, int *os_error_r) PAR_MUST_CHECK;
/* Starts the thread. */
enum par_err par_reactor_start(struct par_reactor *reactor) PAR_MUST_CHECK;
/* Closes what is open and ends the thread; par_reactor_join waits for it. Any thread. */
void par_reactor_stop(struct par_reactor *reactor);
void par_reactor_join(struct par_reactor *reactor);
/* Frees and nulls a reactor whose thread has ended. */
void par_reactor_free(struct par_reactor **reactor);

/* Hands a post over; its function runs on the reactor's thread. Any thread. */
static inline void par_reactor_post(struct par_reactor *reactor, struct par_post *post,
                                    par_post_fn fn)
{
    post->fn = fn;
    par_mailbox_post(&reactor->mailbox, &post->msg);
}

/* The reactor that a handle names; NULL when there is none. */
static inline struct par_reactor *par_reactor_of(struct par_server *server, uint64_t handle)
{
    unsigned index = par_handle_reactor(handle);
    return handle && index < server->reactor_count ? server->reactors[index] : NULL;
}

#endif
