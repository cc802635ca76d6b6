/* Poll sessions: batches of events under numbers, and polls that wait for them. */
#include "server/poll.h"

#include "base/stats.h"
#include "loop/mailbox.h"
#include "server/presence.h"
#include "server/standby.h"

#include <stdlib.h>
#include <string.h>

struct par_poll {
    struct par_endpoint endpoint; /* first: handles of endpoints lead to it */
    struct par_reactor *reactor;
    struct par_list node; /* among the reactor's polls */
    uint64_t secret;      /* of its cursors, so that nobody guesses them */
    uint64_t number;      /* of the newest batch; 0: none yet */
    struct par_buf batch; /* its events, with commas between */
    struct par_buf waiting;
    uint64_t waiter; /* the request that is held; 0: none */
    struct par_timer hold_timer;
    struct par_timer presence_timer;
    struct par_timer idle_timer;
};

/* ---- answers: from the session's reactor to the one that holds the HTTP connection ---- */

struct poll_answer {
    struct par_post post;
    uint64_t request;
    enum par_err err;
    int status;
    struct par_buf body;
};

static void answer_request(struct par_reactor *reactor, struct par_post *post)
{
    struct poll_answer *a = PAR_CONTAINER(post, struct poll_answer, post);
    struct par_request *req = par_handles_get(&reactor->requests, a->request);
    if (req) {
        req->status = a->status;
        req->answered = true;
        par_buf_fini(&req->out);
        req->out = a->body;
        a->body = (struct par_buf){0};
        if (a->err)
            par_request_error(
                req, a->err,
                a->err == PAR_E_GONE ? "the poll session ended: open a new one and sync" : NULL);
        par_request_finish(req);
    }
    par_buf_fini(&a->body);
    free(a);
}

static void answer(struct par_server *server, uint64_t request, enum par_err err, int status,
                   struct par_buf *body)
{
    struct par_reactor *reactor = par_reactor_of(server, request);
    struct poll_answer *a = reactor ? calloc(1, sizeof *a) : NULL;
    if (!a) {
        if (body)
            par_buf_fini(body);
        return;
    }
    a->request = request;
    a->err = err;
    a->status = status;
    if (body)
        a->body = *body;
    par_reactor_post(reactor, &a->post, answer_request);
}

static void add_cursor(struct par_buf *out, const struct par_poll *poll)
{
    par_buf_printf(out, "%016llx%016llx%llx", (unsigned long long)poll->endpoint.id,
                   (unsigned long long)poll->secret, (unsigned long long)poll->number);
}

static void answer_batch(struct par_poll *poll, uint64_t request)
{
    struct par_buf body = {0};
    par_buf_addz(&body, "{\"cursor\":\"");
    add_cursor(&body, poll);
    par_buf_addz(&body, "\",\"events\":[");
    par_buf_add_str(&body, par_buf_str(&poll->batch));
    par_buf_addz(&body, "]}");
    par_stats_inc_at(PAR_C_POLLS, PAR_POLL_EVENTS);
    answer(poll->reactor->server, request, PAR_OK, 200, &body);
}

/* ---- the session ---- */

static void present(struct par_poll *poll, bool is_present)
{
    struct par_reactor *reactor = poll->reactor;
    uint64_t user = poll->endpoint.who.user;
    if (!par_directory_set_present(reactor->server->directory, user, poll->endpoint.id, is_present,
                                   par_loop_now_ms(reactor->loop)))
        return;
    if (is_present)
        par_presence_arrived(reactor, user);
    else
        par_presence_left(reactor, user);
}

/* Nobody waits any more: the time until the user counts as gone, and until the session is, begins.
 */
static void rest(struct par_poll *poll)
{
    const struct par_config *config = poll->reactor->server->config;
    poll->waiter = 0;
    par_timer_cancel(&poll->hold_timer);
    par_timer_set(poll->reactor->loop, &poll->presence_timer,
                  (uint64_t)PAR_CONFIG_GET(config->presence.poll_ms));
    par_timer_set(poll->reactor->loop, &poll->idle_timer, (uint64_t)config->limits.poll_idle_ms);
}

static void end(struct par_poll *poll, enum par_err err)
{
    struct par_reactor *reactor = poll->reactor;
    if (poll->waiter) {
        par_stats_inc_at(PAR_C_POLLS, PAR_POLL_GONE);
        answer(reactor->server, poll->waiter, err, 0, NULL);
    }
    par_timer_cancel(&poll->hold_timer);
    par_timer_cancel(&poll->presence_timer);
    par_timer_cancel(&poll->idle_timer);
    par_endpoint_sign_out(reactor, &poll->endpoint);
    par_list_remove(&poll->node);
    reactor->poll_count--;
    par_buf_fini(&poll->batch);
    par_buf_fini(&poll->waiting);
    free(poll);
}

void par_poll_end(struct par_reactor *reactor, struct par_endpoint *endpoint, enum par_close reason)
{
    (void)reactor;
    bool signed_out = reason == PAR_CLOSE_SIGNED_OUT || reason == PAR_CLOSE_DISABLED;
    end((struct par_poll *)endpoint, signed_out ? PAR_E_UNAUTHORIZED : PAR_E_GONE);
}

static void hold_due(struct par_timer *timer)
{
    struct par_poll *poll = PAR_CONTAINER(timer, struct par_poll, hold_timer);
    par_stats_inc_at(PAR_C_POLLS, PAR_POLL_EMPTY);
    answer(poll->reactor->server, poll->waiter, PAR_OK, 204, NULL);
    rest(poll);
}

static void presence_due(struct par_timer *timer)
{
    present(PAR_CONTAINER(timer, struct par_poll, presence_timer), false);
}

static void idle_due(struct par_timer *timer)
{
    end(PAR_CONTAINER(timer, struct par_poll, idle_timer), PAR_E_GONE);
}

/* The events that wait become the newest batch, and go to who waits. */
static void make_batch(struct par_poll *poll, uint64_t request)
{
    par_buf_fini(&poll->batch);
    poll->batch = poll->waiting;
    poll->waiting = (struct par_buf){0};
    poll->number++;
    answer_batch(poll, request);
    rest(poll);
}

void par_poll_event(struct par_endpoint *endpoint, struct par_str json)
{
    struct par_poll *poll = (struct par_poll *)endpoint;
    size_t most = (size_t)poll->reactor->server->config->limits.poll_bytes;
    if (poll->waiting.len + json.len + 1 > most) {
        end(poll, PAR_E_GONE);
        return;
    }
    if (poll->waiting.len)
        par_buf_add_u8(&poll->waiting, ',');
    par_buf_add_str(&poll->waiting, json);
    if (poll->waiting.failed) {
        end(poll, PAR_E_GONE);
        return;
    }
    if (poll->waiter)
        make_batch(poll, poll->waiter);
}

void par_poll_event_all(struct par_reactor *reactor, const struct par_event *event)
{
    struct par_list *next;
    for (struct par_list *node = reactor->polls.next; node != &reactor->polls; node = next) {
        /* A session that is full ends and leaves the list. */
        next = node->next;
        struct par_poll *poll = PAR_CONTAINER(node, struct par_poll, node);
        par_endpoint_event(reactor, &poll->endpoint, event);
    }
}

void par_poll_end_first(struct par_reactor *reactor)
{
    end(PAR_CONTAINER(reactor->polls.next, struct par_poll, node), PAR_E_GONE);
}

struct opening {
    uint64_t session;
    int64_t since_ms;
};

static void confirm(struct par_request *req)
{
    const struct opening *opening = req->state_of_op;
    enum par_err err =
        par_endpoint_confirm(req->reactor->server, &req->who, PAR_ENDPOINT_POLL, opening->since_ms);
    if (err)
        par_request_error(req, err, "it cannot be told where you are; try again");
}

/* The members of server.oldest_clients: by long polling a client says no name, so it has them all.
 */
static void write_oldest(struct par_json_out *w, const char *list)
{
    if (!*list)
        return;
    par_json_key(w, "oldest_clients");
    par_json_open_array(w);
    while (*list) {
        list += strspn(list, " ,");
        size_t len = strcspn(list, " ,");
        if (len)
            par_json_str(w, par_str_of(list, len));
        list += len;
    }
    par_json_close_array(w);
}

/* The session has its route (R1): the client may sync. */
static void opened(struct par_request *req)
{
    const struct opening *opening = req->state_of_op;
    struct par_poll *poll = par_handles_get(&req->reactor->endpoints, opening->session);
    if (req->err || !poll) {
        if (poll)
            end(poll, PAR_E_GONE);
        else if (!req->err)
            par_request_error(req, PAR_E_GONE, "another session of the device took its place");
        par_request_finish(req);
        return;
    }
    par_stats_inc_at(PAR_C_POLLS, PAR_POLL_OPENED);
    struct par_buf cursor = {0};
    add_cursor(&cursor, poll);
    struct par_json_out w = par_request_open(req);
    par_json_key_str(&w, "cursor", par_buf_str(&cursor));
    par_json_key(&w, "events");
    par_json_open_array(&w);
    par_json_close_array(&w);
    write_oldest(&w, req->reactor->server->config->server.oldest_clients);
    par_request_close(req, &w);
    par_buf_fini(&cursor);
    par_request_finish(req);
}

void par_poll_open(struct par_request *req)
{
    struct par_reactor *reactor = req->reactor;
    uint64_t most =
        (uint64_t)reactor->server->config->limits.poll_sessions / reactor->server->reactor_count;
    struct par_poll *poll = reactor->poll_count <= most ? calloc(1, sizeof *poll) : NULL;
    if (!poll) {
        par_request_fail(req, PAR_E_OVERLOADED, "too many poll sessions; try again");
        return;
    }
    poll->endpoint.kind = PAR_ENDPOINT_POLL;
    poll->endpoint.who = req->who;
    poll->reactor = reactor;
    poll->secret = par_random_u64();
    par_timer_init(&poll->hold_timer, hold_due);
    par_timer_init(&poll->presence_timer, presence_due);
    par_timer_init(&poll->idle_timer, idle_due);
    enum par_err err = par_endpoint_sign_in(reactor, &poll->endpoint);
    if (err) {
        free(poll);
        par_request_fail(req, err, "too many connections; try again");
        return;
    }
    par_list_append(&reactor->polls, &poll->node);
    reactor->poll_count++;
    rest(poll);
    struct opening *opening = par_arena_alloc(&req->arena, sizeof *opening);
    if (!opening) {
        end(poll, PAR_E_GONE);
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    *opening = (struct opening){poll->endpoint.id, poll->endpoint.since_ms};
    req->state_of_op = opening;
    if (reactor->server->routes)
        par_request_work(req, confirm, opened);
    else
        opened(req);
}

/* ---- a poll on its way to the session ---- */

struct poll_ask {
    struct par_post post;
    uint64_t session, secret, number;
    uint64_t request;
    uint64_t user, device;
    uint32_t wait_ms;
};

static void ask_here(struct par_reactor *reactor, struct par_post *post)
{
    struct poll_ask *ask = PAR_CONTAINER(post, struct poll_ask, post);
    struct par_endpoint *endpoint = par_handles_get(&reactor->endpoints, ask->session);
    struct par_poll *poll =
        endpoint && endpoint->kind == PAR_ENDPOINT_POLL ? (struct par_poll *)endpoint : NULL;
    bool known = poll && poll->secret == ask->secret && endpoint->who.user == ask->user &&
                 endpoint->who.device == ask->device &&
                 (ask->number == poll->number || ask->number + 1 == poll->number);
    if (!known) {
        par_stats_inc_at(PAR_C_POLLS, PAR_POLL_GONE);
        answer(reactor->server, ask->request, PAR_E_GONE, 0, NULL);
        free(ask);
        return;
    }
    present(poll, true);
    par_timer_cancel(&poll->presence_timer);
    par_timer_cancel(&poll->idle_timer);
    /* One poll waits at a time: an earlier one, whose client has given it up, is let go. */
    if (poll->waiter) {
        answer(reactor->server, poll->waiter, PAR_OK, 204, NULL);
        rest(poll);
    }
    if (ask->number + 1 == poll->number) {
        answer_batch(poll, ask->request);
        rest(poll);
    } else if (poll->waiting.len) {
        make_batch(poll, ask->request);
    } else {
        par_timer_cancel(&poll->presence_timer);
        par_timer_cancel(&poll->idle_timer);
        poll->waiter = ask->request;
        par_timer_set(reactor->loop, &poll->hold_timer, ask->wait_ms);
    }
    free(ask);
}

static bool parse_hex(struct par_str s, uint64_t *v_r)
{
    *v_r = 0;
    if (s.len == 0 || s.len > 16)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a' + 10);
        else
            return false;
        *v_r = *v_r << 4 | digit;
    }
    return true;
}

void par_poll_ask(struct par_request *req, struct par_str cursor, uint32_t wait_ms)
{
    struct poll_ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        par_request_fail(req, PAR_E_OVERLOADED, "out of memory; try again");
        return;
    }
    bool well_formed = cursor.len > 32 && parse_hex(par_str_of(cursor.ptr, 16), &ask->session) &&
                       parse_hex(par_str_of(cursor.ptr + 16, 16), &ask->secret) &&
                       parse_hex(par_str_of(cursor.ptr + 32, cursor.len - 32), &ask->number);
    struct par_reactor *home =
        well_formed ? par_reactor_of(req->reactor->server, ask->session) : NULL;
    if (!home) {
        free(ask);
        par_stats_inc_at(PAR_C_POLLS, PAR_POLL_GONE);
        par_request_fail(req, PAR_E_GONE, "unknown cursor: open a new session and sync");
        return;
    }
    ask->request = req->handle;
    ask->user = req->who.user;
    ask->device = req->who.device;
    ask->wait_ms = wait_ms;
    par_reactor_post(home, &ask->post, ask_here);
}

/* ---- watching for a session ---- */

struct watch_post {
    struct par_post post;
    uint64_t session;
    size_t count;
    uint64_t users[];
};

static void watch_here(struct par_reactor *reactor, struct par_post *post)
{
    struct watch_post *p = PAR_CONTAINER(post, struct watch_post, post);
    struct par_endpoint *endpoint = par_handles_get(&reactor->endpoints, p->session);
    if (endpoint && par_endpoint_watch(reactor, endpoint, p->users, p->count))
        par_stats_inc(PAR_C_UNEXPECTED);
    free(p);
}

void par_poll_watch(struct par_server *server, const struct par_identity *who,
                    const uint64_t *users, size_t count)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    size_t n = par_directory_endpoints(server->directory, who->user, endpoints);
    for (size_t i = 0; i < n; i++) {
        if (endpoints[i].kind != PAR_ENDPOINT_POLL || endpoints[i].device != who->device)
            continue;
        struct par_reactor *reactor = par_reactor_of(server, endpoints[i].id);
        struct watch_post *p = reactor ? malloc(sizeof *p + count * sizeof *users) : NULL;
        if (!p)
            continue;
        p->session = endpoints[i].id;
        p->count = count;
        if (count)
            memcpy(p->users, users, count * sizeof *users);
        par_reactor_post(reactor, &p->post, watch_here);
    }
}
