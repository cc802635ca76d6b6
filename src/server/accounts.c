/* Accounts in answers. */
#include "server/accounts.h"

#include "server/client.h"
#include "server/peers.h"

#include <stdlib.h>

void par_identity_set(struct par_identity *who, const struct par_user *user, uint64_t device)
{
    *who = (struct par_identity){.user = user->id,
                                 .device = device,
                                 .hide_read = user->hide_read,
                                 .hide_typing = user->hide_typing};
}

bool par_device_in_use(void *arg, uint64_t user, uint64_t device)
{
    struct par_server *server = arg;
    struct par_dir_endpoint endpoints[PAR_DIRECTORY_USER_ENDPOINTS];
    size_t n = par_directory_endpoints(server->directory, user, endpoints);
    for (size_t i = 0; i < n; i++) {
        if (endpoints[i].device == device)
            return true;
    }
    return false;
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

static void reread(struct par_server *server, uint64_t user)
{
    struct par_arena arena = {0};
    struct par_accounts accounts = {.store = server->store, .arena = &arena};
    struct par_user row;
    enum par_err err = par_account_get(&accounts, user, &row);
    if (err == PAR_E_NOT_FOUND) {
        par_known_forget(&server->known, user);
        par_endpoint_close_device(server, user, 0, 0, PAR_CLOSE_SIGNED_OUT);
    } else if (err) {
        /* They sign in again, and read it then. */
        par_endpoint_close_device(server, user, 0, 0, PAR_CLOSE_GOING_AWAY);
    } else if (row.disabled) {
        par_endpoint_close_device(server, user, 0, 0, PAR_CLOSE_DISABLED);
    } else {
        tell_endpoints(server, &row);
    }
    par_arena_fini(&arena);
}

struct changed {
    struct par_job job;
    struct par_server *server;
    uint64_t user;
};

static void changed_work(struct par_job *job)
{
    struct changed *c = PAR_CONTAINER(job, struct changed, job);
    reread(c->server, c->user);
    free(c);
}

void par_account_reread_later(struct par_server *server, uint64_t user)
{
    struct changed *c = malloc(sizeof *c);
    if (c)
        *c = (struct changed){.server = server, .user = user};
    if (!c || !par_pool_submit(server->workers, &c->job, changed_work)) {
        /* Nobody can look now; who signs in again is looked at. */
        par_endpoint_close_device(server, user, 0, 0, PAR_CLOSE_GOING_AWAY);
        free(c);
    }
}

void par_account_changed(struct par_server *server, uint64_t user)
{
    reread(server, user);
    struct par_delivery d = {.kind = PAR_DELIVERY_USER, .user = user};
    par_peers_tell(server, PAR_QUEUE_ALL_SERVERS, &d);
}

static void write_names(struct par_json_out *w, const struct par_user *user)
{
    par_json_key_id(w, "id", user->id);
    par_json_key_str(w, "name", user->name);
    par_json_key_str(w, "display_name", user->display_name);
}

void par_write_user(struct par_json_out *w, const char *name, const struct par_user *user)
{
    if (name)
        par_json_key(w, name);
    par_json_open(w);
    write_names(w, user);
    par_json_close(w);
}

void par_write_profile(struct par_json_out *w, const struct par_user *user)
{
    write_names(w, user);
    par_json_key_str(w, "about", user->about.ptr ? user->about : PAR_STR(""));
    par_json_key_bool(w, "show_last_seen", !user->hide_last_seen);
    par_json_key_bool(w, "show_read", !user->hide_read);
    par_json_key_bool(w, "show_typing", !user->hide_typing);
}

void par_write_session(struct par_json_out *w, const struct par_session *session)
{
    par_json_key_z(w, "token", session->token);
    par_write_user(w, "user", &session->user);
    par_json_key_id(w, "device", session->device);
}
