/* Accounts in answers. */
#include "server/accounts.h"

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
