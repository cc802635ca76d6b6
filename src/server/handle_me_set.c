/* me.set: one's own profile and privacy. */
#include "conv/writer.h"
#include "server/accounts.h"
#include "server/client_private.h"
#include "server/dispatch.h"

#include <stdlib.h>

struct me_set {
    const struct par_args_me_set *args;
    struct par_server *server;
};

/* The position of the log: a profile counts as changed there, for sync since (TAKEOVER.md V7). */
static uint64_t position(struct par_server *server)
{
    struct par_writer_stats stats;
    par_writer_stats(server->writer, &stats);
    return stats.position;
}

static bool change(void *arg, struct par_user *user)
{
    const struct me_set *me = arg;
    const struct par_args_me_set *args = me->args;
    if (args->has_display_name)
        user->display_name = args->display_name;
    if (args->has_about)
        user->about = args->about;
    if (args->has_show_last_seen)
        user->hide_last_seen = !args->show_last_seen;
    if (args->has_show_read)
        user->hide_read = !args->show_read;
    if (args->has_show_typing)
        user->hide_typing = !args->show_typing;
    user->changed = position(me->server);
    return true;
}

/* Every connection of the user keeps what is stamped into acks and asked by typing. */
struct privacy_post {
    struct par_post post;
    uint64_t endpoint;
    bool hide_read;
    bool hide_typing;
};

static void set_privacy(struct par_reactor *reactor, struct par_post *post)
{
    struct privacy_post *p = PAR_CONTAINER(post, struct privacy_post, post);
    struct par_endpoint *endpoint = par_handles_get(&reactor->endpoints, p->endpoint);
    if (endpoint) {
        endpoint->who.hide_read = p->hide_read;
        endpoint->who.hide_typing = p->hide_typing;
    }
    free(p);
}

static void tell_endpoints(struct par_server *server, const struct par_user *user)
{
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    size_t n = par_directory_endpoints(server->directory, user->id, endpoints);
    for (size_t i = 0; i < n; i++) {
        struct par_reactor *reactor = par_reactor_of(server, endpoints[i].id);
        struct privacy_post *p = reactor ? malloc(sizeof *p) : NULL;
        if (!p)
            continue;
        p->endpoint = endpoints[i].id;
        p->hide_read = user->hide_read;
        p->hide_typing = user->hide_typing;
        par_reactor_post(reactor, &p->post, set_privacy);
    }
}

static void work(struct par_request *req)
{
    struct par_accounts accounts = par_request_accounts(req);
    struct me_set me = {.args = req->args.me_set, .server = req->reactor->server};
    struct par_user user;
    enum par_err err = par_account_change(&accounts, req->who.user, change, &me, &user);
    if (err) {
        par_request_error(req, err, accounts.message);
        return;
    }
    tell_endpoints(me.server, &user);
    struct par_json_out w = par_request_open(req);
    par_write_profile(&w, &user);
    par_request_close(req, &w);
}

void par_handle_me_set(struct par_request *req)
{
    par_request_work(req, work, NULL);
}
